"""What removing and purging the package deletes, and what they keep."""

import grp
import os
import pathlib
import pwd

from machine import PACKAGE, Service, run, systemctl

SERVICES = [Service("nnnd"), Service("nnnd@words"), Service("nnnd@glosses")]
# The number of images of each service before the removal.
images_before = {}


def active_units():
    """The units of the package that are active, activating or failed."""
    options = ["--state=active,activating,failed", "--no-legend", "--plain"]
    output = systemctl("list-units", *options, "nnnd.*", "nnnd@*").stdout
    return [line.split()[0] for line in output.splitlines()]


def test_removing_the_package_stops_all_units_and_deletes_the_programs(nnnd):
    images_before.update({service.name: service.status()["images"] for service in SERVICES})
    processes = [service.process for service in SERVICES]
    run("dpkg", "--remove", "nnnd")
    assert not any(pathlib.Path(f"/proc/{process}").exists() for process in processes)
    assert not any(service.socket.exists() for service in SERVICES)
    assert active_units() == []
    assert not pathlib.Path("/usr/bin/nnnd").exists()


def test_removing_the_package_keeps_settings_and_data():
    for name in ("nnnd", "words", "glosses"):
        assert pathlib.Path(f"/etc/nnnd/{name}.yaml").exists()
    for service in SERVICES:
        assert (service.store / "data.mdb").exists()
        assert service.spool.incoming("images").is_dir()


def test_installing_the_package_again_restores_settings_and_data():
    run("dpkg", "--install", PACKAGE)
    # The instances are still enabled, and the next boot would start them.
    systemctl("start", "nnnd@words", "nnnd@glosses")
    assert {service.name: service.status()["images"] for service in SERVICES} == images_before
    # test_upgrade.py has set it.
    assert SERVICES[0].status()["alpha"] == 0.6


def test_purging_the_package_deletes_the_settings_without_questions():
    output = run("dpkg", "--purge", "nnnd").stdout
    assert not pathlib.Path("/etc/nnnd").exists()
    assert "/var/lib/nnnd contains data and is kept" in output
    for folder in ("/etc/systemd/system", "/var/lib/systemd", "/run"):
        # nnnd-checks.service runs these checks.
        links = [path for path in pathlib.Path(folder).rglob("nnnd*") if path.name != "nnnd-checks.service"]
        assert links == []


def test_purging_the_package_keeps_stores_and_receipts():
    for service in SERVICES:
        assert (service.store / "data.mdb").stat().st_size > 0
    # test_operation.py has dropped this shard.
    assert SERVICES[0].spool.receipt_path("images", "day.npy").exists()
    assert not SERVICES[0].spool.incoming("references").exists(), "an empty folder was not removed"


def test_purging_the_package_keeps_the_owners_of_the_data():
    assert os.stat("/var/lib/nnnd").st_uid == pwd.getpwnam("nnnd").pw_uid
    assert grp.getgrnam("nnnd-producers") and grp.getgrnam("nnnd-clients")
    assert run("dpkg-query", "-W", "-f", "${Status}", "nnnd", check=False).stdout in ("", "unknown ok not-installed")
