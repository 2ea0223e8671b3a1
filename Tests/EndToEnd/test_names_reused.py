"""A shard is dropped while an earlier one of its name is not yet published: each of the two gets its own ids."""

import contextlib
import json
import os

import numpy as np
import pytest

from harness.nnnctl import succeeds
from harness.spool import IMAGES, REFERENCES
from harness.strace import faults
from harness.waiting import wait_until

DIMENSION = 6
IDS = ["a", "b", "c"]


@pytest.fixture
def corpus(make_corpus):
    corpus = make_corpus(quiet_seconds=60)
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    return corpus


@contextlib.contextmanager
def while_committing(corpus, vectors):
    """Drops vectors as s.npy with ids, and runs the context while the commit that includes them is synced."""
    daemon = corpus.daemon
    data = daemon.flags["data"] / "data.mdb"
    daemon.pause()
    daemon.spool.drop(IMAGES, "s.npy", vectors, IDS)
    others = corpus.vectors(2)
    daemon.spool.drop(IMAGES, "other.npy", others)
    corpus.oracle.put(IMAGES, ["other:0", "other:1"], others)
    before = data.stat().st_mtime_ns
    with faults(daemon, "fdatasync", "delay_enter=2000000", path=data):
        daemon.resume()
        wait_until(lambda: data.stat().st_mtime_ns != before, "the pages of the commit", alive=daemon.check_alive)
        yield
        daemon.spool.wait_receipt(IMAGES, "other.npy")


def check(corpus):
    spool = corpus.daemon.spool
    corpus.check()
    succeeds("verify", daemon=corpus.daemon)
    assert spool.names(IMAGES) == spool.names("processing", IMAGES) == []


def test_a_rejection_does_not_affect_the_corrected_shard_and_its_sidecar(corpus):
    """A shard of a wrong dimension is rejected during the commit."""
    vectors = corpus.vectors(3)
    with while_committing(corpus, np.ones((3, DIMENSION + 1))):
        corpus.daemon.spool.drop(IMAGES, "s.npy", vectors, IDS)
    spool = corpus.daemon.spool
    wait_until(spool.receipt_path(IMAGES, "s.npy").exists, "the receipt", alive=corpus.daemon.check_alive)
    corpus.oracle.put(IMAGES, IDS, vectors)
    check(corpus)
    # The first shard has an error document, the second one a receipt.
    assert spool.names("failed", IMAGES) == ["s.ids", "s.npy", "s.npy.error.json"]
    rejected = json.loads(spool.error_path(IMAGES, "s.npy").read_text())
    assert rejected["code"] == "wrong_dimension"
    receipt = spool.receipt_path(IMAGES, "s.npy").read_text()
    assert json.loads(receipt)["replaced"] == 0


def test_a_rejection_does_not_affect_the_sidecar_of_the_corrected_shard(corpus):
    spool = corpus.daemon.spool
    with while_committing(corpus, np.ones((3, DIMENSION + 1))):
        ids = spool.incoming(IMAGES) / ".s.ids"
        ids.write_text("a\nb\nc\n")
        os.rename(ids, spool.incoming(IMAGES) / "s.ids")
    wait_until(lambda: spool.names("failed", IMAGES) == ["s.ids", "s.npy", "s.npy.error.json"], "the rejection")
    assert spool.names(IMAGES) == ["s.ids"]
    spool.error_path(IMAGES, "s.npy").unlink()
    vectors = corpus.vectors(3)
    corpus.daemon.drop(IMAGES, "s.npy", vectors)
    corpus.oracle.put(IMAGES, IDS, vectors)
    check(corpus)


def test_an_incomplete_file_written_during_the_commit_waits_until_it_is_complete(corpus):
    daemon = corpus.daemon
    path = daemon.spool.incoming(IMAGES) / "s.npy"
    first, second = corpus.vectors(3), corpus.vectors(40)
    with while_committing(corpus, first):
        array = np.lib.format.open_memmap(path, "w+", np.float32, second.shape)
        array[:20] = second[:20]
        array.flush()
    corpus.oracle.put(IMAGES, IDS, first)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 3
    # Other shards take effect while it waits.
    corpus.add(IMAGES, "later.npy", ["o"])
    corpus.check()
    assert "s.npy" in daemon.spool.names(IMAGES) and daemon.spool.names("processing", IMAGES) == []
    before = daemon.spool.receipt_version(IMAGES, "s.npy")
    array[20:] = second[20:]
    array.flush()
    # A file that is renamed into the spool counts as complete, without the quiet time.
    os.rename(path, path.with_name(".s"))
    os.rename(path.with_name(".s"), path)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy", before)["rows"] == 40
    corpus.oracle.put(IMAGES, [f"s:{row}" for row in range(40)], second)
    check(corpus)


def test_a_claimed_file_that_a_producer_still_writes_waits_for_the_quiet_time(corpus):
    """This happens if a producer replaces a file at the moment of its claim."""
    daemon = corpus.daemon
    claimed = daemon.spool.root / "processing" / IMAGES / "s.npy"
    vectors = corpus.vectors(3)
    with open(claimed, "wb") as file:
        np.save(file, np.zeros_like(vectors))
    corpus.add(IMAGES, "other.npy", ["o"])
    assert daemon.spool.names("processing", IMAGES) == ["s.npy"]
    with open(claimed, "wb") as file:
        np.save(file, vectors)
    daemon.kill()
    daemon.flags["quiet_seconds"] = 0
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "s.npy")
    corpus.oracle.put(IMAGES, [f"s:{row}" for row in range(3)], vectors)
    check(corpus)


def test_the_spool_folders_are_synced_before_the_next_shard_of_a_name_is_committed(corpus, tmp_path):
    """Otherwise a power failure could undo the move of the earlier shard, whose receipt is then no longer known."""
    daemon = corpus.daemon
    corpus.add(IMAGES, "s.npy", IDS)
    trace = tmp_path / "trace"
    # No delay: the calls are only recorded.
    with faults(daemon, "fsync,fdatasync", "delay_exit=0", trace=trace):
        corpus.add(IMAGES, "s.npy", IDS)
    calls = trace.read_text()
    before, commit, _ = calls.partition("fdatasync(")
    assert commit
    for folder in (daemon.spool.incoming(IMAGES), daemon.spool.root / "processing" / IMAGES):
        assert f"<{folder}>" in before, calls
    corpus.check()
