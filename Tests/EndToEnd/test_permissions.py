"""Permissions of the socket, the store and the spool; links that producers create are not followed."""

import os
import stat
import subprocess

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.spool import IMAGES, REFERENCES
from harness.users import make_accessible_to_all_users
from harness.waiting import wait_until

VECTORS = np.eye(2, 4, dtype=np.float32)
PRODUCER, GROUP, STRANGER = 61_001, 61_002, 61_003

requires_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as other users")


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_file_modes_do_not_depend_on_the_umask(make_daemon, mask):
    daemon = make_daemon()
    before = os.umask(mask)
    try:
        daemon.spawn()
    finally:
        os.umask(before)
    wait_until(daemon.is_ready, "the daemon to be ready", alive=daemon.check_alive)
    spool = daemon.spool
    assert mode(daemon.socket) == 0o660
    assert mode(daemon.flags["data"]) == 0o700
    assert mode(spool.root) == 0o755
    for kind in (IMAGES, REFERENCES):
        assert mode(spool.incoming(kind)) == 0o770
        assert mode(spool.done(kind)) == mode(spool.failed(kind)) == 0o750
        assert mode(spool.root / "processing" / kind) == 0o700
    for path in daemon.flags["data"].iterdir():
        assert mode(path) & 0o077 == 0, path


def succeeds_as(user, group, command, *arguments):
    """Whether a shell command succeeds as another user; $1, $2, ... are the arguments."""
    finished = subprocess.run(
        ["sh", "-c", command, "sh", *map(str, arguments)], user=user, group=group, extra_groups=[], capture_output=True,
    )  # fmt: skip
    return finished.returncode == 0


@pytest.fixture
def shared(make_daemon, tmp_path):
    """A daemon whose socket and spool belong to a group of producers, in a folder that all users can enter."""
    make_accessible_to_all_users(tmp_path)
    daemon = make_daemon(k=4).start()
    os.chown(daemon.socket, -1, GROUP)
    for kind in (IMAGES, REFERENCES):
        os.chown(daemon.spool.incoming(kind), -1, GROUP)
    return daemon


@requires_root
def test_only_producers_can_drop_shards_and_only_into_the_incoming_folders(shared, tmp_path):
    shard = tmp_path / "shard.npy"
    shard.write_bytes(npy_bytes(VECTORS))
    drop = 'cp "$1" "$2/.p" && mv "$2/.p" "$2/$3.npy"'
    images = shared.spool.incoming(IMAGES)
    assert not succeeds_as(STRANGER, STRANGER, drop, shard, images, "no")
    assert not succeeds_as(STRANGER, STRANGER, 'ls "$1"', images)
    assert not succeeds_as(STRANGER, STRANGER, 'ls "$1"', shared.flags["data"])
    assert succeeds_as(PRODUCER, GROUP, drop, shard, images, "yes")
    shared.spool.wait_receipt(IMAGES, "yes.npy")
    for path in (shared.spool.root, shared.spool.done(IMAGES), shared.spool.failed(IMAGES), shared.flags["data"]):
        assert not succeeds_as(PRODUCER, GROUP, 'touch "$1/x"', path), path
    # A producer cannot rename an incoming folder either.
    assert not succeeds_as(PRODUCER, GROUP, 'mv "$1" "$1.gone"', images)


@requires_root
def test_only_the_group_can_connect_to_the_socket(shared):
    connect = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    for user, group, allowed in ((PRODUCER, GROUP, True), (STRANGER, STRANGER, False)):
        finished = subprocess.run(
            ["/usr/bin/python3", "-c", connect, shared.socket], user=user, group=group, extra_groups=[],
            capture_output=True,
        )  # fmt: skip
        assert (finished.returncode == 0) == allowed, finished.stderr


# The names of links in the spool, and their targets.
LINKS = {
    "a shard": ("link.npy", "secret.npy"),
    "a deletion list": ("link.delete", "secret.ids"),
    "a sidecar": ("link.ids", "secret.ids"),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_in_the_spool_are_rejected_and_not_followed(make_daemon, tmp_path, case):
    name, target = LINKS[case]
    (tmp_path / "secret.npy").write_bytes(npy_bytes(VECTORS))
    (tmp_path / "secret.ids").write_text("a\nb\n")
    daemon = make_daemon(k=4).start()
    os.symlink(tmp_path / target, daemon.spool.incoming(IMAGES) / name)
    if name.endswith(".ids"):
        daemon.spool.drop(IMAGES, "link.npy", VECTORS)
        name = "link.npy"
    assert daemon.spool.wait_failure(IMAGES, name)["code"] == "not_regular_file"
    assert daemon.status()["images"] == 0
    assert (tmp_path / "secret.npy").read_bytes() == npy_bytes(VECTORS)
    assert (tmp_path / "secret.ids").read_text() == "a\nb\n"


def test_links_in_done_are_replaced_and_not_followed(make_daemon, tmp_path):
    """Only the daemon's user can create links there."""
    daemon = make_daemon(k=4).start()
    precious = tmp_path / "precious"
    precious.write_text("precious")
    receipt = daemon.spool.receipt_path(IMAGES, "s.npy")
    os.symlink(precious, receipt)
    os.symlink(precious, daemon.spool.done(IMAGES) / "s.npy")
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    wait_until(lambda: receipt.is_file() and not receipt.is_symlink(), "the receipt", alive=daemon.check_alive)
    assert precious.read_text() == "precious"
    assert not (daemon.spool.done(IMAGES) / "s.npy").is_symlink()


SUSPICIOUS_NAMES = [
    "..npy", "...npy", "..%2f..%2fx.npy", "..\\..\\x.npy", "images\nx.npy", "~root.npy", "$HOME.npy", "-.npy",
]  # fmt: skip


@pytest.mark.parametrize("name", SUSPICIOUS_NAMES)
def test_a_shard_with_a_suspicious_name_creates_no_file_outside_its_folder(make_daemon, name):
    daemon = make_daemon(k=4).start()
    outside = set(os.listdir(daemon.folder)), set(os.listdir(daemon.spool.root))
    daemon.spool.drop(IMAGES, name, VECTORS)
    if name.startswith("."):
        # Names with a leading dot are ignored.
        daemon.drop(IMAGES, "good.npy", VECTORS)
        assert name in daemon.spool.names(IMAGES)
    else:
        daemon.spool.wait_receipt(IMAGES, name)
        assert name in daemon.spool.names("done", IMAGES)
    assert (set(os.listdir(daemon.folder)), set(os.listdir(daemon.spool.root)) - {".being-written-images"}) == outside
