"""Files of other users, with a daemon that does not run as root.

A file that the daemon cannot move, read or replace waits or is rejected. It blocks neither other shards nor a start.
"""

import os
import subprocess

import numpy as np
import pytest

from harness.spool import IMAGES, REFERENCES
from harness.users import make_accessible_to_all_users
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as other users")

DAEMON, PRODUCER, GROUP = 61_010, 61_001, 61_002
VECTORS = np.eye(2, 4, dtype=np.float32)


@pytest.fixture
def daemon(make_daemon, tmp_path):
    make_accessible_to_all_users(tmp_path)
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", DAEMON, GROUP)
    daemon = make_daemon(tmp_path / "own", k=4, user=DAEMON).start()
    for kind in (IMAGES, REFERENCES):
        os.chown(daemon.spool.incoming(kind), DAEMON, GROUP)
    return daemon


def run_as_producer(folder, command):
    """Runs a shell command in the folder as the user PRODUCER."""
    user = {"user": PRODUCER, "group": GROUP, "extra_groups": [], "umask": 0o022}
    subprocess.run(["sh", "-c", command], cwd=folder, check=True, **user)


def wait_log(daemon, text):
    wait_until(lambda: text in daemon.log(), f"{text!r} in the log", alive=daemon.check_alive)


@pytest.mark.parametrize("name", ["x.npy", "$(printf '\\377.npy')"], ids=["UTF-8", "not UTF-8"])
def test_a_folder_that_cannot_be_moved_does_not_block_others(daemon, name):
    incoming = daemon.spool.incoming(IMAGES)
    run_as_producer(incoming, f'mkdir "{name}" && touch "{name}/within"')
    wait_log(daemon, "shard waits")
    daemon.drop(IMAGES, "good.npy", VECTORS)
    daemon.drop(REFERENCES, "good.npy", VECTORS)
    # The error document exists although the folder is not in failed/. Each start writes it again.
    (document,) = daemon.spool.failed(IMAGES).glob("*.error.json")
    assert len(os.listdir(incoming)) == 1
    document.unlink()
    daemon.restart()
    wait_until(document.exists, "the error document", alive=daemon.check_alive)
    daemon.drop(IMAGES, "better.npy", VECTORS)
    run_as_producer(incoming, f'rm -r "{name}"')
    daemon.drop(IMAGES, "best.npy", VECTORS)
    assert daemon.status()["images"] == 6


def test_a_folder_in_failed_with_the_name_of_a_sidecar_is_not_replaced(daemon):
    incoming, failed = daemon.spool.incoming(IMAGES), daemon.spool.failed(IMAGES)
    run_as_producer(incoming, "mkdir -m 777 w.ids")
    daemon.spool.drop_bytes(IMAGES, "w.npy", b"no shard")
    daemon.spool.wait_failure(IMAGES, "w.npy")
    assert (failed / "w.ids").is_dir()
    before = daemon.spool.error_version(IMAGES, "w.npy")
    daemon.spool.drop_bytes(IMAGES, "w.npy", b"no shard", ids=b"a\nb\n")
    daemon.spool.wait_failure(IMAGES, "w.npy", before)
    assert [path for path in failed.iterdir() if path.is_file() and path.read_bytes() == b"a\nb\n"]
    daemon.drop(IMAGES, "good.npy", VECTORS, ids=["a", "b"])


CHANGES = {"unreadable": lambda path: os.chmod(path, 0), "huge": lambda path: os.truncate(path, 1 << 40)}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_sidecar_in_done_does_not_prevent_the_start(daemon, change):
    """The sidecar moved to done/ before the daemon stopped, but the receipt could not be written."""
    done = daemon.spool.done(IMAGES)
    (done / ".w.npy.receipt.json.tmp").mkdir()
    daemon.spool.drop(IMAGES, "w.npy", VECTORS, ids=["a", "b"])
    wait_log(daemon, "shard waits")
    assert daemon.stop() == 0
    assert daemon.spool.names("processing", IMAGES) == [] and (done / "w.ids").exists()
    CHANGES[change](done / "w.ids")
    (done / ".w.npy.receipt.json.tmp").rmdir()
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "w.npy")["rows"] == 2
    daemon.drop(IMAGES, "good.npy", VECTORS)


def test_a_read_only_done_folder_of_images_does_not_block_references(daemon):
    done = daemon.spool.done(IMAGES)
    done.chmod(0o500)
    daemon.spool.drop(IMAGES, "i.npy", VECTORS)
    wait_log(daemon, "shard waits")
    daemon.drop(REFERENCES, "r.npy", VECTORS)
    # The shard has taken effect and waits to be published.
    assert daemon.status()["images"] == 2
    assert daemon.spool.names(IMAGES) + daemon.spool.names("processing", IMAGES) == ["i.npy"]
    done.chmod(0o750)
    receipt = daemon.spool.wait_receipt(IMAGES, "i.npy")
    assert (receipt["rows"], receipt["generation"]) == (2, 1)
    assert (done / "i.npy").exists()


def test_a_shard_waits_for_an_earlier_one_of_its_name(daemon):
    """The earlier shard has taken effect and could not be published; the next one must not replace its files."""
    done = daemon.spool.done(IMAGES)
    done.chmod(0o500)
    daemon.spool.drop(IMAGES, "i.npy", VECTORS)
    wait_log(daemon, "shard waits")
    daemon.spool.drop(IMAGES, "i.npy", VECTORS[1:], ids=["new"])
    daemon.drop(REFERENCES, "r.npy", VECTORS)
    assert daemon.spool.names("processing", IMAGES) == ["i.npy"] and "i.npy" in daemon.spool.names(IMAGES)
    # The next shard has not been claimed, so its sidecar is not used for the earlier one.
    assert daemon.status()["images"] == 2
    done.chmod(0o750)
    spool, alive = daemon.spool, daemon.check_alive
    wait_until(lambda: spool.names(IMAGES) == spool.names("processing", IMAGES) == [], "both shards", alive=alive)
    wait_until(lambda: spool.wait_receipt(IMAGES, "i.npy")["rows"] == 1, "the receipt of the next shard", alive=alive)
    status = daemon.status()
    assert (status["images"], status["generation"]) == (3, 3)
    assert [receipt["rows"] for receipt in status["last_receipts"]] == [1, 2, 2]
