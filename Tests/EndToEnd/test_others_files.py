"""A daemon that isn't root, beside producers who are other users: what it may not move, read or replace waits or is
refused, and holds up neither the other shards nor a start."""

import os
import subprocess

import numpy as np
import pytest

from harness.spool import IMAGES, REFERENCES, id_lines
from harness.users import let_others_reach
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")

DAEMON, PRODUCER, GROUP = 61_010, 61_001, 61_002
VECTORS = np.eye(2, 4, dtype=np.float32)


@pytest.fixture
def daemon(make_daemon, tmp_path):
    let_others_reach(tmp_path)
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", DAEMON, GROUP)
    daemon = make_daemon(tmp_path / "own", k=4, user=DAEMON).start()
    for kind in (IMAGES, REFERENCES):
        os.chown(daemon.spool.incoming(kind), DAEMON, GROUP)
    return daemon


def as_producer(folder, command):
    subprocess.run(["sh", "-c", command], cwd=folder, user=PRODUCER, group=GROUP, extra_groups=[], umask=0o022, check=True)


def wait_log(daemon, text):
    wait_until(lambda: text in daemon.log(), f"{text!r} in the log", alive=daemon.check_alive)


@pytest.mark.parametrize("name", ["x.npy", "$(printf '\\377.npy')"], ids=["text", "no text"])
def test_a_folder_that_can_not_be_moved_holds_nobody_up(daemon, name):
    incoming = daemon.spool.incoming(IMAGES)
    as_producer(incoming, f'mkdir "{name}" && touch "{name}/within"')
    wait_log(daemon, "shard waits")
    daemon.drop(IMAGES, "good.npy", VECTORS)
    daemon.drop(REFERENCES, "good.npy", VECTORS)
    # The reason is there, the folder too, and so it is after a start.
    (document,) = daemon.spool.failed(IMAGES).glob("*.error.json")
    assert len(os.listdir(incoming)) == 1
    document.unlink()
    daemon.restart()
    wait_until(document.exists, "the reason again", alive=daemon.check_alive)
    daemon.drop(IMAGES, "better.npy", VECTORS)
    as_producer(incoming, f'rm -r "{name}"')
    daemon.drop(IMAGES, "best.npy", VECTORS)
    assert daemon.status()["images"] == 6


def test_a_folder_named_as_a_reason_makes_room_for_it(daemon):
    as_producer(daemon.spool.incoming(IMAGES), "mkdir -m 777 .x && touch .x/within && mv .x x.npy.error.json")
    daemon.spool.wait_failure(IMAGES, "x.npy.error.json")
    reason = daemon.spool.error_path(IMAGES, "x.npy")
    daemon.spool.drop_bytes(IMAGES, "x.npy", b"no shard")
    wait_until(reason.is_file, "the reason", alive=daemon.check_alive)
    assert [path for path in daemon.spool.failed(IMAGES).iterdir() if path.is_dir() and (path / "within").exists()]
    daemon.drop(IMAGES, "good.npy", VECTORS)


def test_ids_that_are_a_folder_leave_room_for_others(daemon):
    incoming, failed = daemon.spool.incoming(IMAGES), daemon.spool.failed(IMAGES)
    as_producer(incoming, "mkdir -m 777 w.ids")
    daemon.spool.drop_bytes(IMAGES, "w.npy", b"no shard")
    daemon.spool.wait_failure(IMAGES, "w.npy")
    assert (failed / "w.ids").is_dir()
    before = daemon.spool.error_stamp(IMAGES, "w.npy")
    daemon.spool.drop_bytes(IMAGES, "w.npy", b"no shard", ids=b"a\nb\n")
    daemon.spool.wait_failure(IMAGES, "w.npy", before)
    assert [path for path in failed.iterdir() if path.is_file() and path.read_bytes() == b"a\nb\n"]
    daemon.drop(IMAGES, "good.npy", VECTORS, ids=["a", "b"])


@pytest.mark.parametrize("spoil", [lambda path: os.chmod(path, 0), lambda path: os.truncate(path, 1 << 40)], ids=["closed", "huge"])
def test_ids_spoiled_in_done_do_not_keep_it_from_starting(daemon, spoil):
    """They were put away, and their receipt could not be written before the end."""
    done = daemon.spool.done(IMAGES)
    (done / ".w.npy.receipt.json.tmp").mkdir()
    daemon.spool.drop(IMAGES, "w.npy", VECTORS, ids=["a", "b"])
    wait_log(daemon, "shard waits")
    assert daemon.stop() == 0
    assert daemon.spool.names("processing", IMAGES) == [] and (done / "w.ids").exists()
    spoil(done / "w.ids")
    (done / ".w.npy.receipt.json.tmp").rmdir()
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "w.npy")["rows"] == 2
    daemon.drop(IMAGES, "good.npy", VECTORS)


def test_a_closed_folder_of_one_kind_holds_the_other_not_up(daemon):
    done = daemon.spool.done(IMAGES)
    done.chmod(0o500)
    daemon.spool.drop(IMAGES, "i.npy", VECTORS)
    wait_log(daemon, "shard waits")
    daemon.drop(REFERENCES, "r.npy", VECTORS)
    # It took effect, and waits for its receipt alone.
    assert daemon.status()["images"] == 2
    assert daemon.spool.names(IMAGES) + daemon.spool.names("processing", IMAGES) == ["i.npy"]
    done.chmod(0o750)
    receipt = daemon.spool.wait_receipt(IMAGES, "i.npy")
    assert (receipt["rows"], receipt["generation"]) == (2, 1)
    assert (done / "i.npy").exists()


def test_a_shard_waits_for_an_earlier_one_of_its_name(daemon):
    """One that couldn't be put away isn't replaced by the next: each goes its own way."""
    done = daemon.spool.done(IMAGES)
    done.chmod(0o500)
    daemon.spool.drop(IMAGES, "i.npy", VECTORS)
    wait_log(daemon, "shard waits")
    daemon.spool.drop(IMAGES, "i.npy", VECTORS[1:], ids=["new"])
    daemon.drop(REFERENCES, "r.npy", VECTORS)
    assert daemon.spool.names("processing", IMAGES) == ["i.npy"] and "i.npy" in daemon.spool.names(IMAGES)
    # It is not even looked at: its ids are not for the other.
    assert daemon.status()["images"] == 2
    done.chmod(0o750)
    wait_until(lambda: daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == [], "both", alive=daemon.check_alive)
    wait_until(lambda: daemon.spool.wait_receipt(IMAGES, "i.npy")["rows"] == 1, "the receipt of the newer", alive=daemon.check_alive)
    status = daemon.status()
    assert (status["images"], status["generation"]) == (3, 3)
    assert [receipt["rows"] for receipt in status["last_receipts"]] == [1, 2, 2]
