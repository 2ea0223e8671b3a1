"""Disks that are full, or take no writes: shards wait, searches go on, and the work goes on by itself afterwards."""

import pytest

from harness.daemon import run_to_end
from harness.nnnctl import succeeds
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(not can_mount(), reason="only root may mount file systems")

MEGABYTES = 12
ROWS = 2000


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", MEGABYTES) as disk:
        yield disk


def wait_for_trouble(daemon):
    wait_until(lambda: "No space left" in daemon.log(), "the full disk in the log", alive=daemon.check_alive)


def fill_and_free(corpus, disk, leaving):
    """Fills the disk, drops a shard that doesn't fit, looks whether searches go on, makes room."""
    daemon = corpus.daemon
    disk.fill(leaving)
    ids = [f"n{row}" for row in range(ROWS)]
    vectors = corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_for_trouble(daemon)
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
def test_a_full_disk_for_the_data(make_corpus, disk, leaving):
    """Full before a commit, after its first page, and in the middle of it, which LMDB takes for a broken disk."""
    corpus = make_corpus(data=disk.folder / "data")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    fill_and_free(corpus, disk, leaving)


def test_a_full_disk_for_the_data_and_a_kill(make_corpus, disk):
    corpus = make_corpus(data=disk.folder / "data")
    daemon = corpus.daemon
    disk.fill(50_000)
    ids = [f"n{row}" for row in range(ROWS)]
    vectors = corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_for_trouble(daemon)
    daemon.kill()
    daemon.start()
    corpus.check()
    disk.free()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()


def test_a_full_disk_for_the_spool(make_corpus, disk):
    """Nothing can be dropped, but what was dropped before takes effect; its receipt comes when there is room."""
    corpus = make_corpus(spool=disk.folder / "spool")
    daemon = corpus.daemon
    ids, vectors = ["n0", "n1"], corpus.vectors(2)
    daemon.pause()
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    disk.fill()
    daemon.resume()
    wait_for_trouble(daemon)
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()
    disk.free()
    assert daemon.spool.wait_receipt(IMAGES, "new.npy")["rows"] == 2
    corpus.check()
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []


def test_a_start_on_a_full_disk_says_so(tmp_path, disk):
    disk.fill()
    status, errors = run_to_end(tmp_path / "daemon", data=disk.folder / "data")
    assert status == 71, errors
    assert "No space left" in errors and errors.count("\n") == 1, errors


@pytest.mark.parametrize("which", ["data", "spool"])
def test_a_start_on_a_disk_that_takes_no_writes_says_so(make_daemon, disk, which):
    daemon = make_daemon(**{which: disk.folder / which}).start()
    assert daemon.stop() == 0
    disk.forbid_writes()
    status, errors = run_to_end(daemon.folder, **{which: disk.folder / which})
    assert status == 71, errors
    assert "Read-only file system" in errors, errors
    disk.allow_writes()
    daemon.start()
