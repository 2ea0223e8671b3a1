"""What goes with the package, and what stays."""

import grp
import os
import pathlib
import pwd

from machine import PACKAGE, Service, run, systemctl

SERVICES = [Service("nnnd"), Service("nnnd@words"), Service("nnnd@glosses")]
kept = {}


def units():
    """The units of the package that are not at rest."""
    told = systemctl("list-units", "--state=active,activating,failed", "--no-legend", "--plain", "nnnd.*", "nnnd@*").stdout
    return [line.split()[0] for line in told.splitlines()]


def test_a_removal_ends_everything(nnnd):
    kept.update({service.name: service.status()["images"] for service in SERVICES})
    processes = [service.process for service in SERVICES]
    run("dpkg", "--remove", "nnnd")
    assert not any(pathlib.Path(f"/proc/{process}").exists() for process in processes)
    assert not any(service.socket.exists() for service in SERVICES)
    assert units() == []
    assert not pathlib.Path("/usr/bin/nnnd").exists()


def test_a_removal_keeps_settings_and_data():
    for name in ("nnnd", "words", "glosses"):
        assert pathlib.Path(f"/etc/nnnd/{name}.yaml").exists()
    for service in SERVICES:
        assert (service.store / "data.mdb").exists()
        assert service.spool.incoming("images").is_dir()


def test_what_was_removed_comes_back_as_it_was():
    run("dpkg", "--install", PACKAGE)
    # The instances are enabled still; a boot would start them.
    systemctl("start", "nnnd@words", "nnnd@glosses")
    assert {service.name: service.status()["images"] for service in SERVICES} == kept
    assert SERVICES[0].status()["alpha"] == 0.6


def test_a_purge_asks_nothing_and_takes_the_settings():
    told = run("dpkg", "--purge", "nnnd").stdout
    assert not pathlib.Path("/etc/nnnd").exists()
    assert "/var/lib/nnnd has data and stays" in told
    for folder in ("/etc/systemd/system", "/var/lib/systemd", "/run"):
        links = [path for path in pathlib.Path(folder).rglob("nnnd*") if path.name != "nnnd-checks.service"]
        assert links == []


def test_a_purge_keeps_stores_shards_and_receipts():
    for service in SERVICES:
        assert (service.store / "data.mdb").stat().st_size > 0
    assert SERVICES[0].spool.receipt_path("images", "day.npy").exists()
    assert not SERVICES[0].spool.incoming("references").exists(), "an empty folder stayed"


def test_a_purge_keeps_those_who_own_the_data():
    assert os.stat("/var/lib/nnnd").st_uid == pwd.getpwnam("nnnd").pw_uid
    assert grp.getgrnam("nnnd-producers") and grp.getgrnam("nnnd-clients")
    assert run("dpkg-query", "-W", "-f", "${Status}", "nnnd", check=False).stdout in ("", "unknown ok not-installed")
