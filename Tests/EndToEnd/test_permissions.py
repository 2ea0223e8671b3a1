"""Who may do what: the socket, the data, the spool; and nothing follows a link that a producer made."""

import os
import stat
import subprocess

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.spool import IMAGES, REFERENCES
from harness.users import let_others_reach
from harness.waiting import wait_until

VECTORS = np.eye(2, 4, dtype=np.float32)
PRODUCER, GROUP, STRANGER = 61_001, 61_002, 61_003

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_modes_are_the_same_under_every_umask(make_daemon, mask):
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


def succeeds_as(user, group, command, *paths):
    """Whether a shell of another user can do this."""
    finished = subprocess.run(["sh", "-c", command, "sh", *map(str, paths)], user=user, group=group, extra_groups=[], capture_output=True)
    return finished.returncode == 0


@pytest.fixture
def shared(make_daemon, tmp_path):
    """A daemon whose spool belongs to a group of producers; and its folder can be reached by all."""
    let_others_reach(tmp_path)
    daemon = make_daemon(k=4).start()
    os.chown(daemon.socket, -1, GROUP)
    for kind in (IMAGES, REFERENCES):
        os.chown(daemon.spool.incoming(kind), -1, GROUP)
    return daemon


@needs_root
def test_producers_may_write_and_others_not(shared, tmp_path):
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
    # Nor can it take the place of a folder.
    assert not succeeds_as(PRODUCER, GROUP, 'mv "$1" "$1.gone"', images)


@needs_root
def test_only_the_group_may_connect(shared):
    connect = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    for user, group, may in ((PRODUCER, GROUP, True), (STRANGER, STRANGER, False)):
        finished = subprocess.run(
            ["/usr/bin/python3", "-c", connect, shared.socket], user=user, group=group, extra_groups=[], capture_output=True
        )
        assert (finished.returncode == 0) == may, finished.stderr


# What a producer may put into the spool, and where it leads: nothing may be read or changed there.
LINKS = {
    "a shard": ("link.npy", "secret.npy"),
    "a list to delete": ("link.delete", "secret.ids"),
    "ids": ("link.ids", "secret.ids"),
}


@pytest.mark.parametrize("case", LINKS)
def test_links_are_not_followed(make_daemon, tmp_path, case):
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


def test_what_a_document_would_overwrite_is_replaced_and_not_followed(make_daemon, tmp_path):
    """Links where the daemon writes documents: only its own user can make them, and even those lead nowhere."""
    daemon = make_daemon(k=4).start()
    precious = tmp_path / "precious"
    precious.write_text("precious")
    os.symlink(precious, daemon.spool.receipt_path(IMAGES, "s.npy"))
    os.symlink(precious, daemon.spool.done(IMAGES) / "s.npy")
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    wait_until(lambda: daemon.spool.receipt_path(IMAGES, "s.npy").is_file() and not daemon.spool.receipt_path(IMAGES, "s.npy").is_symlink(), "the receipt", alive=daemon.check_alive)
    assert precious.read_text() == "precious"
    assert not (daemon.spool.done(IMAGES) / "s.npy").is_symlink()


@pytest.mark.parametrize("name", ["..npy", "...npy", "..%2f..%2fx.npy", "..\\..\\x.npy", "images\nx.npy", "~root.npy", "$HOME.npy", "-.npy"])
def test_no_path_in_a_name_leads_out(make_daemon, name):
    daemon = make_daemon(k=4).start()
    outside = set(os.listdir(daemon.folder)), set(os.listdir(daemon.spool.root))
    daemon.spool.drop(IMAGES, name, VECTORS)
    if name.startswith("."):
        # Hidden.
        daemon.drop(IMAGES, "good.npy", VECTORS)
        assert name in daemon.spool.names(IMAGES)
    else:
        daemon.spool.wait_receipt(IMAGES, name)
        assert name in daemon.spool.names("done", IMAGES)
    assert (set(os.listdir(daemon.folder)), set(os.listdir(daemon.spool.root)) - {".being-written-images"}) == outside
