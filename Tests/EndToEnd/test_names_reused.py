"""Another shard of a name comes before the last one is put away: each gets its own ids, and neither is taken for the other."""

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
    """Drops vectors as s.npy, with ids, and gives control while the commit that has them is being synced."""
    daemon = corpus.daemon
    data = daemon.flags["data"] / "data.mdb"
    daemon.pause()
    daemon.spool.drop(IMAGES, "s.npy", vectors, IDS)
    others = corpus.vectors(2)
    daemon.spool.drop(IMAGES, "with-it.npy", others)
    corpus.oracle.put(IMAGES, ["with-it:0", "with-it:1"], others)
    before = data.stat().st_mtime_ns
    with faults(daemon, "fdatasync", "delay_enter=2000000", path=data):
        daemon.resume()
        wait_until(lambda: data.stat().st_mtime_ns != before, "a commit to be written", alive=daemon.check_alive)
        yield
        daemon.spool.wait_receipt(IMAGES, "with-it.npy")


def check(corpus):
    spool = corpus.daemon.spool
    corpus.check()
    succeeds("verify", daemon=corpus.daemon)
    assert spool.names(IMAGES) == spool.names("processing", IMAGES) == []


def test_a_refusal_leaves_the_corrected_shard_and_its_ids(corpus):
    """For its dimension a shard is refused with the commit."""
    vectors = corpus.vectors(3)
    with while_committing(corpus, np.ones((3, DIMENSION + 1))):
        corpus.daemon.spool.drop(IMAGES, "s.npy", vectors, IDS)
    spool = corpus.daemon.spool
    wait_until(spool.receipt_path(IMAGES, "s.npy").exists, "the receipt", alive=corpus.daemon.check_alive)
    corpus.oracle.put(IMAGES, IDS, vectors)
    check(corpus)
    # Both have been told.
    assert spool.names("failed", IMAGES) == ["s.ids", "s.npy", "s.npy.error.json"]
    rejected = json.loads(spool.error_path(IMAGES, "s.npy").read_text())
    assert rejected["code"] == "wrong_dimension"
    receipt = spool.receipt_path(IMAGES, "s.npy").read_text()
    assert json.loads(receipt)["replaced"] == 0


def test_a_refusal_leaves_the_ids_of_the_corrected_shard(corpus):
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


def test_a_file_that_is_written_in_place_meanwhile_is_left_until_it_is_whole(corpus):
    daemon = corpus.daemon
    path = daemon.spool.incoming(IMAGES) / "s.npy"
    first, second = corpus.vectors(3), corpus.vectors(40)
    with while_committing(corpus, first):
        array = np.lib.format.open_memmap(path, "w+", np.float32, second.shape)
        array[:20] = second[:20]
        array.flush()
    corpus.oracle.put(IMAGES, IDS, first)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 3
    # Others go through meanwhile.
    corpus.add(IMAGES, "other.npy", ["o"])
    corpus.check()
    assert "s.npy" in daemon.spool.names(IMAGES) and daemon.spool.names("processing", IMAGES) == []
    stamp = daemon.spool.receipt_stamp(IMAGES, "s.npy")
    array[20:] = second[20:]
    array.flush()
    os.rename(path, path.with_name(".s"))
    os.rename(path.with_name(".s"), path)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy", stamp)["rows"] == 40
    corpus.oracle.put(IMAGES, [f"s:{row}" for row in range(40)], second)
    check(corpus)


def test_a_claimed_file_that_a_producer_writes_to_is_left_until_it_is_quiet(corpus):
    """As when it is replaced in the very moment in which it is claimed."""
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


def test_the_last_shard_of_a_name_is_gone_for_good_before_the_next_one_counts(corpus, tmp_path):
    """It could come back after a power failure, and take effect again: only the last receipt of a name tells."""
    daemon = corpus.daemon
    corpus.add(IMAGES, "s.npy", IDS)
    trace = tmp_path / "trace"
    with faults(daemon, "fsync,fdatasync", "delay_exit=0", trace=trace):
        corpus.add(IMAGES, "s.npy", IDS)
    calls = trace.read_text()
    before, commit, _ = calls.partition("fdatasync(")
    assert commit
    for folder in (daemon.spool.incoming(IMAGES), daemon.spool.root / "processing" / IMAGES):
        assert f"<{folder}>" in before, calls
    corpus.check()
