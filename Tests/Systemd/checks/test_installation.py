"""The package installs without questions, and the daemon runs afterwards."""

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


def test_dpkg_verify_finds_no_changed_file():
    # A machine may be set up to install no documentation (path-exclude in dpkg.cfg.d); dpkg reports it as missing.
    changed = [line for line in run("dpkg", "--verify", "nnnd").stdout.splitlines() if not line.startswith("missing")]
    assert changed == []


def test_the_programs_run_without_a_swift_toolchain():
    # boot.py hides the toolchain. A script that starts it may still be on the PATH, but fails.
    assert shutil.which("swiftc") is None or run("swiftc", "--version", check=False).returncode != 0
    for program in ("nnnd", "nnnctl"):
        assert run(program, "--version").stdout.strip()


def test_the_user_and_the_groups_exist():
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
def test_the_security_exposure_is_at_most_0_6(unit):
    # The option is in tenths; systemd-analyze fails if the exposure is above it.
    finished = run("systemd-analyze", "security", "--no-pager", "--threshold=6", unit)
    print(finished.stdout.splitlines()[-1])  # the exposure, for the output of the checks


def test_the_status_text_has_counts_and_generation(nnnd):
    assert nnnd.show("StatusText").startswith("0 images, 0 references, generation 0")
