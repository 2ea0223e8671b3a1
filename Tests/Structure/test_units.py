"""The systemd units with their users, groups and folders, checked with systemd's own tools."""

import os
import pathlib
import re
import stat
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
UNITS = PROJECT / "systemd"
SERVICES = ["nnnd.service", "nnnd@.service"]
# The largest exposure of `systemd-analyze security`, times ten: 0.6.
MAX_EXPOSURE = 6

requires_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can create files of other users")


def run(*arguments):
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60)


def settings(unit):
    """All settings of a unit as (section, name, value)."""
    section, lines = None, []
    for line in (UNITS / unit).read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, value = line.split("=", 1)
            lines.append((section, name, value))
    return lines


@pytest.mark.parametrize("unit", SERVICES)
def test_the_security_exposure_is_at_most_0_6(unit):
    threshold = f"--threshold={MAX_EXPOSURE}"
    finished = run("systemd-analyze", "security", "--offline=true", "--no-pager", threshold, UNITS / unit)
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr


@pytest.mark.parametrize("name", ["nnnd", "nnnd@", "nnnd@words"])
def test_systemd_analyze_verify_accepts_the_units(tmp_path, name):
    """The units run /bin/true instead of the daemon, so that it need not be installed."""
    for kind in ("service", "socket"):
        unit = UNITS / f"{name}.{kind}"
        template = unit if unit.exists() else UNITS / f"{name.split('@')[0]}@.{kind}"
        (tmp_path / f"{name}.{kind}").write_text(template.read_text().replace("/usr/bin/nnnd ", "/bin/true "))
    for other in UNITS.glob("*.s*"):
        if not (tmp_path / other.name).exists():
            (tmp_path / other.name).write_text(other.read_text().replace("/usr/bin/nnnd ", "/bin/true "))
    if name.endswith("@"):
        name = f"{name}x"
    finished = run("env", f"SYSTEMD_UNIT_PATH={tmp_path}:", "systemd-analyze", "verify", "--man=no",
                   tmp_path / f"{name}.service", tmp_path / f"{name}.socket")  # fmt: skip
    warnings = [line for line in finished.stderr.splitlines() if "nnnd" in line]
    assert (finished.returncode, warnings) == (0, [])


def test_the_template_unit_differs_from_the_unit_only_in_names_and_paths():
    """A change of one must be made in both."""
    excluded = {"Description", "Requires", "After", "Also", "ExecStart", "ExecStartPre", "StateDirectory"}
    excluded |= {"ReadWritePaths", "ListenStream"}
    for kind in ("service", "socket"):
        unit, template = (
            [setting for setting in settings(name) if setting[1] not in excluded]
            for name in (f"nnnd.{kind}", f"nnnd@.{kind}")
        )
        assert unit == template


@pytest.mark.parametrize("unit", SERVICES)
def test_systemd_does_not_restart_after_permanent_errors(unit):
    """RestartPreventExitStatus has the statuses of permanent errors in the daemon's sources."""
    statuses = {}
    for path in ("PosixSupport/StartupError.swift", "DaemonSupport/Settings/ConfigurationError.swift"):
        text = (PROJECT / "Sources" / path).read_text()
        statuses |= dict(re.findall(r"(?:case|static let) (\w+)(?:: Int32)? = (\d+)", text))
    permanent = {statuses[name] for name in ("usage", "data", "missingStore", "configuration")}
    (prevented,) = [value for _, name, value in settings(unit) if name == "RestartPreventExitStatus"]
    assert set(prevented.split()) == permanent


@pytest.fixture
def root(tmp_path):
    """A root folder in which systemd-sysusers has created the user and the groups."""
    (tmp_path / "etc").mkdir()
    finished = run("systemd-sysusers", f"--root={tmp_path}", UNITS / "sysusers.d" / "nnnd.conf")
    assert finished.returncode == 0, finished.stderr
    return tmp_path


@requires_root
def test_sysusers_creates_the_user_and_the_groups(root):
    groups = {line.split(":")[0]: line.strip().split(":")[3] for line in (root / "etc/group").read_text().splitlines()}
    assert groups == {"nnnd": "", "nnnd-producers": "nnnd", "nnnd-clients": ""}
    (user,) = (root / "etc/passwd").read_text().splitlines()
    assert user.startswith("nnnd:") and user.endswith("/nologin")


@requires_root
def test_tmpfiles_creates_a_spool_that_producers_can_write_to(root):
    finished = run("systemd-tmpfiles", f"--root={root}", "--create", UNITS / "tmpfiles.d" / "nnnd.conf")
    assert finished.returncode == 0, finished.stderr
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


def test_the_units_use_the_users_groups_and_folders_that_are_created():
    users = (UNITS / "sysusers.d/nnnd.conf").read_text()
    created = set(re.findall(r"^[ug] (\S+)", users, re.M))
    used = {value for unit in [*SERVICES, "nnnd.socket", "nnnd@.socket"] for _, name, value in settings(unit)
            if name in ("User", "Group", "SupplementaryGroups", "SocketUser", "SocketGroup")}  # fmt: skip
    assert used == created
    spool = dict((name, value) for _, name, value in settings("nnnd.service"))["ReadWritePaths"]
    assert f"d {spool} " in re.sub(" +", " ", (UNITS / "tmpfiles.d/nnnd.conf").read_text())
