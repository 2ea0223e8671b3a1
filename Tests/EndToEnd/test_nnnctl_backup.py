"""`nnnctl backup`: target folder, file modes, durability, and errors."""

import os
import pathlib
import re
import stat
import subprocess

import numpy as np
import pytest

from harness.daemon import binary, clean_environment
from harness.fake_daemon import fake_daemon, problem
from harness.nnnctl import fails, succeeds
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES
from harness.strace import STRACE
from harness.users import make_accessible_to_all_users

# A user id other than root; on Debian that of nobody.
OTHER_USER = 65534


@pytest.fixture(autouse=True)
def add_images(daemon):
    daemon.drop(IMAGES, "i.npy", np.eye(8))


def modes(folder):
    return [oct(stat.S_IMODE(path.stat().st_mode)) for path in (folder, folder / "data.mdb")]


@pytest.mark.parametrize("mask", [0, 0o77])
def test_a_backup_is_readable_only_by_its_owner(daemon, tmp_path, mask):
    before = os.umask(mask)
    try:
        succeeds("backup", tmp_path / "backup", daemon=daemon)
    finally:
        os.umask(before)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]
    assert os.listdir(tmp_path / "backup") == ["data.mdb"]


def test_it_prints_the_path_and_size_of_the_backup(daemon, tmp_path):
    output = succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert re.fullmatch(f"{tmp_path}/backup: [0-9.]+ KiB\n", output)


@pytest.mark.parametrize("name", ["backup", "./backup", "backup/", "backup///", "{}/backup"])
def test_the_target_can_be_relative_or_end_with_slashes(daemon, tmp_path, name):
    succeeds("backup", name.format(tmp_path), daemon=daemon, cwd=tmp_path)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]


def test_an_empty_target_folder_is_used(daemon, tmp_path):
    (tmp_path / "backup").mkdir(mode=0o755)
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert modes(tmp_path / "backup") == ["0o700", "0o600"]


def create_existing(path, kind):
    if kind == "a backup":
        path.mkdir()
        (path / "data.mdb").write_text("precious")
    elif kind == "a file":
        path.write_text("precious")
    else:
        (path.parent / "elsewhere").mkdir()
        path.symlink_to("elsewhere")


@pytest.mark.parametrize("kind", ["a backup", "a file", "a link"])
def test_an_existing_target_is_not_overwritten(daemon, tmp_path, kind):
    target = tmp_path / "backup"
    create_existing(target, kind)
    before = sorted(tmp_path.rglob("*"))
    reason = fails(os.EX_IOERR, "backup", target, daemon=daemon)
    assert f"{target} exists" in reason
    assert sorted(tmp_path.rglob("*")) == before


def test_a_target_created_during_the_backup_is_not_overwritten(daemon, tmp_path):
    """The final rename fails as it would if another process had just created the folder."""
    target = tmp_path / "backup"
    tracer = [*STRACE, "-o", "/dev/null", "-e", "inject=rename:error=ENOTEMPTY"]
    process = subprocess.run(
        [*tracer, binary("nnnctl"), "backup", target], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (74, f"nnnctl: name the backup {target}: Directory not empty\n")
    assert os.listdir(tmp_path) == [daemon.folder.name]


@pytest.mark.parametrize("name", ["", "/", "missing/backup", "x" * 300])
def test_an_invalid_target_is_rejected(daemon, tmp_path, name):
    status = 66 if name.startswith("missing") else 74
    fails(status, "backup", name, daemon=daemon, cwd=tmp_path)
    assert os.listdir(tmp_path) == [daemon.folder.name]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as another user")
def test_a_target_without_write_permission_is_rejected(daemon, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o755)
    os.chmod(daemon.socket, 0o666)
    make_accessible_to_all_users(tmp_path)
    daemon.folder.chmod(0o755)
    process = subprocess.run(
        [binary("nnnctl"), "backup", closed / "backup"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        user=OTHER_USER, env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    assert process.returncode == 77 and "Permission denied" in process.stderr, process


@pytest.mark.skipif(not can_mount(), reason="only root can mount a small file system")
def test_a_backup_to_a_full_disk_leaves_no_files(daemon, tmp_path, rng):
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((20_000, 8)))
    with small_disk(tmp_path / "disk", 1) as disk:
        reason = fails(os.EX_IOERR, "backup", disk.folder / "backup", daemon=daemon)
        assert "No space left on device" in reason
        assert os.listdir(disk.folder) == []


def test_a_backup_is_durable_before_it_has_its_final_name(daemon, tmp_path):
    """nnnctl syncs the file, then its folder, renames the folder, and syncs the parent folder."""
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
    ids=["another backup runs", "stopping", "internal", "an old daemon", "no answer"],
)
def test_an_error_of_the_daemon_gives_its_exit_status_and_leaves_no_files(daemon, tmp_path, answer, status):
    socket = tmp_path / "s"
    with fake_daemon(socket, {"/v1/status": (200, daemon.status()), "/v1/backup": answer}):
        fails(status, "backup", tmp_path / "backup", "--socket", socket)
    assert sorted(os.listdir(tmp_path)) == sorted([daemon.folder.name, "s"])


def test_the_temporary_folder_is_beside_the_target(daemon, tmp_path):
    """A rename can't move a folder between file systems."""
    (tmp_path / "below").mkdir()
    trace = tmp_path / "trace"
    subprocess.run(
        [*STRACE, "-o", trace, "-e", "trace=mkdir", binary("nnnctl"), "backup", "below/backup"], check=True,
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        env=clean_environment({"NNND_SOCKET": str(daemon.socket)}), timeout=60,
    )  # fmt: skip
    (created,) = re.findall(r'mkdir\("([^"]+)", 0700\)', trace.read_text())
    assert pathlib.Path(created).parent == pathlib.Path("below")
