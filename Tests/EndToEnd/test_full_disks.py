"""Full and read-only disks: shards wait, searches succeed, and ingestion continues when there is space again."""

import pytest

from harness.daemon import run_to_end
from harness.nnnctl import succeeds
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(not can_mount(), reason="only root can mount file systems")

MEGABYTES = 12
ROWS = 2000


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        yield disk


def wait_for_full_disk(daemon):
    wait_until(lambda: "No space left" in daemon.log(), "the full disk in the log", alive=daemon.check_alive)


def fill_and_free(corpus, disk, leaving):
    """Fills the disk, drops a shard that does not fit, searches, frees the space, and waits for the receipt."""
    daemon = corpus.daemon
    disk.fill(leaving)
    ids = [f"n{row}" for row in range(ROWS)]
    vectors = corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_for_full_disk(daemon)
    with daemon.client() as client:
        client.search(corpus.vectors(2), top_k=3)
    daemon.check_alive()
    disk.free()
    assert daemon.spool.wait_receipt(IMAGES, "new.npy")["replaced"] == 0
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()
    succeeds("verify", daemon=daemon)
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []


@pytest.mark.parametrize("leaving", [0, 4096, 100_000])
def test_a_shard_waits_while_the_disk_of_the_store_is_full(make_corpus, disk, leaving):
    """The disk is full before the commit, after its first page, or in its middle, which LMDB reports as EIO."""
    corpus = make_corpus(data=disk.folder / "data")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    fill_and_free(corpus, disk, leaving)


def test_a_shard_takes_effect_after_a_full_disk_and_a_kill(make_corpus, disk):
    corpus = make_corpus(data=disk.folder / "data")
    daemon = corpus.daemon
    disk.fill(50_000)
    ids = [f"n{row}" for row in range(ROWS)]
    vectors = corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_for_full_disk(daemon)
    daemon.kill()
    daemon.start()
    corpus.check()
    disk.free()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()


def test_a_shard_takes_effect_while_the_disk_of_the_spool_is_full(make_corpus, disk):
    """Its receipt is written when there is space again."""
    corpus = make_corpus(spool=disk.folder / "spool")
    daemon = corpus.daemon
    ids, vectors = ["n0", "n1"], corpus.vectors(2)
    daemon.pause()
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    disk.fill()
    daemon.resume()
    wait_for_full_disk(daemon)
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()
    disk.free()
    assert daemon.spool.wait_receipt(IMAGES, "new.npy")["rows"] == 2
    corpus.check()
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []


def test_a_start_on_a_full_disk_fails_with_that_reason(tmp_path, disk):
    disk.fill()
    status, errors = run_to_end(tmp_path / "daemon", data=disk.folder / "data")
    assert status == 71, errors
    assert "No space left" in errors and errors.count("\n") == 1, errors


@pytest.mark.parametrize("which", ["data", "spool"])
def test_a_start_on_a_read_only_disk_fails_with_that_reason(make_daemon, disk, which):
    daemon = make_daemon(**{which: disk.folder / which}).start()
    assert daemon.stop() == 0
    disk.forbid_writes()
    status, errors = run_to_end(daemon.folder, **{which: disk.folder / which})
    assert status == 71, errors
    assert "Read-only file system" in errors, errors
    disk.allow_writes()
    daemon.start()
