"""`nnnctl backup`: where it writes, how, and what it says when it can't."""

import os
import pathlib
import re
import stat
import subprocess

import numpy as np
import pytest

from harness.daemon import binary, clean_environment
from harness.nnnctl import fails, succeeds
from harness.pretender import pretender, problem
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES
from harness.strace import STRACE

UNUSED = 65534


@pytest.fixture(autouse=True)
def some_images(daemon):
    daemon.drop(IMAGES, "i.npy", np.eye(8))


def modes(folder):
    return [oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, folder / "data.mdb")]


@pytest.mark.parametrize("mask", [0, 0o77])
def test_only_its_owner_can_read_a_backup(daemon, tmp_path, mask):
    before = os.umask(mask)
    try:
        succeeds("backup", tmp_path / "backup", daemon=daemon)
    finally:
        os.umask(before)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]
    assert os.listdir(tmp_path / "backup") == ["data.mdb"]


def test_it_says_what_it_made(daemon, tmp_path):
    told = succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert re.fullmatch(f"{tmp_path}/backup: [0-9.]+ KiB\n", told)


@pytest.mark.parametrize("name", ["backup", "./backup", "backup/", "backup///", "{}/backup"])
def test_the_folder_may_be_named_in_any_way(daemon, tmp_path, name):
    succeeds("backup", name.format(tmp_path), daemon=daemon, cwd=tmp_path)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]


def test_an_empty_folder_is_taken(daemon, tmp_path):
    (tmp_path / "backup").mkdir(mode=0o755)
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]


def in_the_way(path, kind):
    if kind == "a backup":
        path.mkdir()
        (path / "data.mdb").write_text("precious")
    elif kind == "a file":
        path.write_text("precious")
    else:
        (path.parent / "elsewhere").mkdir()
        path.symlink_to("elsewhere")


@pytest.mark.parametrize("kind", ["a backup", "a file", "a link"])
def test_nothing_is_overwritten(daemon, tmp_path, kind):
    target = tmp_path / "backup"
    in_the_way(target, kind)
    before = sorted(tmp_path.rglob("*"))
    reason = fails(74, "backup", target, daemon=daemon)
    assert f"{target} exists" in reason
    assert sorted(tmp_path.rglob("*")) == before


def test_what_comes_into_its_way_meanwhile_is_kept(daemon, tmp_path):
    """The last moment: another has made the folder."""
    target = tmp_path / "backup"
    tracer = [*STRACE, "-o", "/dev/null", "-e", "inject=rename:error=ENOTEMPTY"]
    found = subprocess.run(
        [*tracer, binary("nnnctl"), "backup", target], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    assert (found.returncode, found.stderr) == (74, f"nnnctl: name the backup {target}: Directory not empty\n")
    assert os.listdir(tmp_path) == [daemon.folder.name]


@pytest.mark.parametrize("name", ["", "/", "missing/backup", "x" * 300])
def test_names_of_no_new_folder_are_rejected(daemon, tmp_path, name):
    status = 66 if name.startswith("missing") else 74
    fails(status, "backup", name, daemon=daemon, cwd=tmp_path)
    assert os.listdir(tmp_path) == [daemon.folder.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_folder_that_is_closed_to_us_is_named(daemon, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    os.chmod(daemon.socket, 0o666)
    for folder in (tmp_path, *tmp_path.parents[:3], daemon.folder):
        os.chmod(folder, os.stat(folder).st_mode | 0o111)
    found = subprocess.run(
        [binary("nnnctl"), "backup", closed / "backup"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        user=UNUSED, env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    assert found.returncode == 77 and "Permission denied" in found.stderr, found


@pytest.mark.skipif(not can_mount(), reason="only root can mount a small file system")
def test_a_full_disk_leaves_nothing(daemon, tmp_path, rng):
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((20_000, 8)))
    with small_disk(tmp_path / "disk", 1) as disk:
        reason = fails(74, "backup", disk.folder / "backup", daemon=daemon)
        assert "No space left on device" in reason
        assert os.listdir(disk.folder) == []


def test_everything_is_on_the_disk_before_it_has_its_name(daemon, tmp_path):
    """The file, then its folder, then the name, then the folder with the name."""
    trace = tmp_path / "trace"
    tracer = [*STRACE, "-y", "-o", trace, "-e", "trace=fsync,fdatasync,rename,renameat,renameat2"]
    subprocess.run(
        [*tracer, binary("nnnctl"), "backup", tmp_path / "backup"], check=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    hidden = r"\.nnnctl-backup-\w+"
    expected = [
        rf"fsync\(\d+<{tmp_path}/{hidden}/data\.mdb>\)", rf"fsync\(\d+<{tmp_path}/{hidden}>\)",
        rf'rename\("{tmp_path}/+{hidden}", "{tmp_path}/backup"\)', rf"fsync\(\d+<{tmp_path}>\)",
    ]  # fmt: skip
    calls = re.findall(r"^\d+ +((?:f\w*sync|rename)\(.*)", trace.read_text(), re.M)
    assert len(calls) == len(expected), calls
    for call, pattern in zip(calls, expected, strict=True):
        assert re.match(pattern, call), (call, pattern)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (problem(503, "backup_running"), 75),
        (problem(503, "stopping"), 75),
        (problem(500, "internal"), 70),
        (problem(404, "unknown_path"), 65),
        (None, 69),
    ],
    ids=["another one", "stopping", "internal", "an old daemon", "no answer"],
)
def test_what_the_daemon_says_instead_is_told(daemon, tmp_path, answer, status):
    socket = tmp_path / "s"
    with pretender(socket, {"/v1/status": (200, daemon.status()), "/v1/backup": answer}):
        fails(status, "backup", tmp_path / "backup", "--socket", socket)
    assert sorted(os.listdir(tmp_path)) == sorted([daemon.folder.name, "s"])


def test_the_hidden_folder_lies_beside_the_backup(daemon, tmp_path):
    """A rename leads into it from no other file system."""
    (tmp_path / "below").mkdir()
    trace = tmp_path / "trace"
    subprocess.run(
        [*STRACE, "-o", trace, "-e", "trace=mkdir", binary("nnnctl"), "backup", "below/backup"], check=True,
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    (made,) = re.findall(r'mkdir\("([^"]+)", 0700\)', trace.read_text())
    assert pathlib.Path(made).parent == pathlib.Path("below")
