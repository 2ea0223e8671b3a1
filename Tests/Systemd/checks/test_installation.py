"""The package goes in, asks nothing, and the daemon runs."""

import grp
import os
import pwd
import shutil

import pytest

from machine import PACKAGE, run, systemctl

UNITS = ["nnnd.service", "nnnd.socket"]


def test_the_package_installs():
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    run("dpkg", "--install", PACKAGE)
    assert run("dpkg-query", "-W", "-f", "${Status}", "nnnd").stdout == "install ok installed"


def test_all_files_are_as_they_were_packed():
    changed = [line for line in run("dpkg", "--verify", "nnnd").stdout.splitlines() if not line.startswith("missing")]
    assert changed == []


def test_the_programs_run_where_there_is_no_swift():
    assert shutil.which("swiftc") is None or run("swiftc", "--version", check=False).returncode != 0
    for program in ("nnnd", "nnnctl"):
        assert run(program, "--version").stdout.strip()


def test_user_and_groups_are_made():
    user = pwd.getpwnam("nnnd")
    assert user.pw_shell.endswith("nologin")
    assert grp.getgrnam("nnnd-producers").gr_mem == ["nnnd"]
    assert grp.getgrnam("nnnd-clients").gr_mem == []


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_is_enabled_and_runs(unit):
    assert systemctl("is-enabled", unit).stdout.strip() == "enabled"
    assert systemctl("is-active", unit).stdout.strip() == "active"


def test_no_unit_has_failed():
    assert "nnnd" not in systemctl("--failed", "--no-legend", "--plain").stdout


@pytest.mark.parametrize("unit", ["nnnd.service", "nnnd@words.service"])
def test_the_exposure_is_at_most_0_6(unit):
    found = run("systemd-analyze", "security", "--no-pager", "--threshold=6", unit)
    print(found.stdout.splitlines()[-1])


def test_status_tells_what_goes_on(nnnd):
    assert nnnd.show("StatusText").startswith("0 images, 0 references, generation 0")
