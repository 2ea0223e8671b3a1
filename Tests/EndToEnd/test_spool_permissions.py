"""Modes of the spool's folders, also in a spool that an administrator created with the setgid bit."""

import os
import stat

from harness.spool import IMAGES
from harness.waiting import wait_until

FOLDERS = {
    "images": 0o770, "references": 0o770, "done": 0o750, "done/images": 0o750, "done/references": 0o750,
    "failed": 0o750, "failed/images": 0o750, "failed/references": 0o750,
}  # fmt: skip


def modes(root):
    return {name: stat.S_IMODE(os.stat(root / name).st_mode) for name in FOLDERS}


def test_the_folders_of_a_new_spool_have_the_documented_modes(daemon):
    assert modes(daemon.spool.root) == FOLDERS


def test_folders_inherit_the_setgid_bit_of_the_spool(make_daemon):
    daemon = make_daemon()
    daemon.spool.root.mkdir()
    os.chmod(daemon.spool.root, 0o2750)
    daemon.start()
    assert modes(daemon.spool.root) == {name: mode | stat.S_ISGID for name, mode in FOLDERS.items()}


def test_modes_are_as_documented_under_the_umask_of_the_units(make_daemon, rng):
    """The units set RestrictSUIDSGID=, which forbids chmod(2) with the setgid bit, so the umask must give the modes."""
    daemon = make_daemon()
    daemon.spool.root.mkdir()
    os.chmod(daemon.spool.root, 0o2750)
    daemon.flags["data"].mkdir(mode=0o700)
    before = os.umask(0o007)
    try:
        daemon.spawn()
    finally:
        os.umask(before)
    wait_until(daemon.is_ready, "the daemon to be ready", alive=daemon.check_alive)
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((2, 2)))
    assert modes(daemon.spool.root) == {name: mode | stat.S_ISGID for name, mode in FOLDERS.items()}
    receipt = daemon.spool.receipt_path(IMAGES, "i.npy")
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o640
