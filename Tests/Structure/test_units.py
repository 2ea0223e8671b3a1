"""The units, and what comes with them, as systemd's own tools read them."""

import os
import pathlib
import re
import stat
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
UNITS = PROJECT / "systemd"
SERVICES = ["nnnd.service", "nnnd@.service"]
# As `systemd-analyze security` shows it, times ten: 0.6.
MOST_EXPOSURE = 6

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make the files of others")


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60)


def settings(unit):
    """All lines of a unit: (section, name, value)."""
    section, found = None, []
    for line in (UNITS / unit).read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.append((section, name, value))
    return found


@pytest.mark.parametrize("unit", SERVICES)
def test_the_services_are_hardly_exposed(unit):
    found = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE}", UNITS / unit)
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr


@pytest.mark.parametrize("name", ["nnnd", "nnnd@", "nnnd@words"])
def test_systemd_understands_the_units(tmp_path, name):
    """With a program that is there in the place of the daemon."""
    for kind in ("service", "socket"):
        unit = UNITS / f"{name}.{kind}"
        template = unit if unit.exists() else UNITS / f"{name.split('@')[0]}@.{kind}"
        (tmp_path / f"{name}.{kind}").write_text(template.read_text().replace("/usr/bin/nnnd ", "/bin/true "))
    for other in UNITS.glob("*.s*"):
        if not (tmp_path / other.name).exists():
            (tmp_path / other.name).write_text(other.read_text().replace("/usr/bin/nnnd ", "/bin/true "))
    if name.endswith("@"):
        name = f"{name}x"
    found = run("env", f"SYSTEMD_UNIT_PATH={tmp_path}:", "systemd-analyze", "verify", "--man=no",
                tmp_path / f"{name}.service", tmp_path / f"{name}.socket")  # fmt: skip
    complaints = [line for line in found.stderr.splitlines() if "nnnd" in line]
    assert (found.returncode, complaints) == (0, [])


def test_the_template_differs_in_nothing_but_its_places():
    """What is mended in one is mended in both."""
    places = {"Description", "Requires", "After", "Also", "ExecStart", "ExecStartPre", "StateDirectory", "ReadWritePaths"}
    places |= {"ListenStream"}
    for kind in ("service", "socket"):
        one, other = (
            [setting for setting in settings(name) if setting[1] not in places] for name in (f"nnnd.{kind}", f"nnnd@.{kind}")
        )
        assert one == other


@pytest.mark.parametrize("unit", SERVICES)
def test_no_start_is_tried_again_where_that_cannot_help(unit):
    """The statuses of lasting trouble, as the daemon's sources have them."""
    sources = PROJECT / "Sources"
    kept = {name: int(number) for path in ("PosixSupport/StartupError.swift", "DaemonSupport/Settings/ConfigurationError.swift")
            for name, number in re.findall(r"(?:case|static let) (\w+)(?:: Int32)? = (\d+)", (sources / path).read_text())}  # fmt: skip
    lasting = {kept["usage"], kept["data"], kept["configuration"]}
    (prevented,) = [value for _, name, value in settings(unit) if name == "RestartPreventExitStatus"]
    assert {int(number) for number in prevented.split()} == lasting


@pytest.fixture
def root(tmp_path):
    """The root of a machine where the users have been made."""
    (tmp_path / "etc").mkdir()
    found = run("systemd-sysusers", f"--root={tmp_path}", UNITS / "sysusers.d" / "nnnd.conf")
    assert found.returncode == 0, found.stderr
    return tmp_path


@as_root
def test_the_users_and_groups_are_made(root):
    groups = {line.split(":")[0]: line.strip().split(":")[3] for line in (root / "etc/group").read_text().splitlines()}
    assert groups == {"nnnd": "", "nnnd-producers": "nnnd", "nnnd-clients": ""}
    (user,) = (root / "etc/passwd").read_text().splitlines()
    assert user.startswith("nnnd:") and user.endswith("/nologin")


@as_root
def test_the_spool_is_made_for_the_producers(root):
    found = run("systemd-tmpfiles", f"--root={root}", "--create", UNITS / "tmpfiles.d" / "nnnd.conf")
    assert found.returncode == 0, found.stderr
    ids = {line.split(":")[0]: int(line.split(":")[2]) for file in ("group", "passwd")
           for line in (root / "etc" / file).read_text().splitlines()}  # fmt: skip
    spool = root / "var/spool/nnnd"
    modes = {}
    for path in [spool, *spool.rglob("*")]:
        info = path.stat()
        assert (info.st_uid, info.st_gid) == (ids["nnnd"], ids["nnnd-producers"])
        modes[str(path.relative_to(spool))] = oct(stat.S_IMODE(info.st_mode))
    incoming, outgoing = "0o2770", "0o2750"
    assert modes == {
        ".": outgoing, "images": incoming, "references": incoming,
        "done": outgoing, "done/images": outgoing, "done/references": outgoing,
        "failed": outgoing, "failed/images": outgoing, "failed/references": outgoing,
    }  # fmt: skip


def test_what_the_units_name_is_what_comes_with_them():
    """Users, groups and folders are spelled the same everywhere."""
    users = (UNITS / "sysusers.d/nnnd.conf").read_text()
    made = set(re.findall(r"^[ug] (\S+)", users, re.M))
    named = {value for unit in [*SERVICES, "nnnd.socket", "nnnd@.socket"] for _, name, value in settings(unit)
             if name in ("User", "Group", "SupplementaryGroups", "SocketUser", "SocketGroup")}  # fmt: skip
    assert named == made
    spool = dict((name, value) for _, name, value in settings("nnnd.service"))["ReadWritePaths"]
    assert f"d {spool} " in re.sub(" +", " ", (UNITS / "tmpfiles.d/nnnd.conf").read_text())
