"""Large shards of images, which are staged piece by piece: each takes effect as a whole or not at all.

NNND_TEST_KILLS_EACH=20 sets the number of kills at each chosen point.
"""

import os
import signal

import numpy as np
import pytest

from harness.nnnctl import succeeds
from harness.sanitizers import WITHOUT_LEAK_DETECTION
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES, REFERENCES
from harness.strace import faults, killing
from harness.waiting import wait_until

# 72 MB: five pieces of 16 MiB, stored in two commits of pieces.
ROWS, DIMENSION = 35_000, 512
# Beyond 512 references a search for fresh heaps also estimates thresholds (docs/bias-maintenance.md).
REFERENCE_ROWS, MANY_REFERENCE_ROWS = 100, 700
KILLS_EACH = int(os.environ.get("NNND_TEST_KILLS_EACH") or 1)
DATA = "data/data.mdb"


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(5).standard_normal((ROWS, DIMENSION), np.float32)


@pytest.fixture
def corpus(make_corpus):
    corpus = make_corpus(dimension=DIMENSION)
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(REFERENCE_ROWS)])
    corpus.add(IMAGES, "before.npy", [f"b{number}" for number in range(300)])
    return corpus


def default_ids(rows=ROWS):
    """The ids of the first rows of large.npy."""
    return [f"large:{row}" for row in range(rows)]


def check(corpus):
    """Compares the corpus with the oracle and runs `nnnctl verify`."""
    corpus.check()
    succeeds("verify", daemon=corpus.daemon)


def data_bytes(daemon):
    return daemon.status()["store"]["bytes"]


def test_a_large_shard_takes_effect(corpus, vectors):
    daemon = corpus.daemon
    corpus.add(REFERENCES, "many.npy", [f"m{number}" for number in range(MANY_REFERENCE_ROWS - REFERENCE_ROWS)])
    daemon.drop(IMAGES, "large.npy", vectors)
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    check(corpus)
    # Later references update the heaps of its images too.
    corpus.add(REFERENCES, "r2.npy", [f"s{number}" for number in range(50)])
    check(corpus)


@pytest.mark.parametrize("dtype", ["<f2", ">f2", ">f4", "<f8"])
def test_a_large_shard_of_other_numbers_is_staged(corpus, vectors, dtype):
    """When it is killed at the second commit, all pieces are in the store's file, but the shard has no receipt."""
    daemon = corpus.daemon
    daemon.kill()
    before = (daemon.folder / DATA).stat().st_size
    numbers = vectors.astype(dtype)
    daemon.spool.drop(IMAGES, "large.npy", numbers)
    daemon.wrapper = killing("fdatasync", path=daemon.folder / DATA, when=2)
    daemon.spawn()
    assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    assert (daemon.folder / DATA).stat().st_size > before + vectors.nbytes
    assert not daemon.spool.receipt_path(IMAGES, "large.npy").exists()
    daemon.wrapper = []
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "large.npy")
    corpus.oracle.put(IMAGES, default_ids(), numbers.astype(np.float32))
    check(corpus)


def test_a_receipt_that_cannot_be_written_is_written_after_the_fault(corpus, vectors):
    daemon = corpus.daemon
    receipt = daemon.folder / "spool/done/images/.large.npy.receipt.json.tmp"
    small = corpus.vectors(3)
    with faults(daemon, "openat", "error=ENOSPC", path=receipt):
        daemon.spool.drop(IMAGES, "large.npy", vectors)
        wait_until(lambda: "shards wait" in daemon.log(), "the fault in the log", alive=daemon.check_alive)
    # The daemon tries again without a new file in the spool.
    daemon.spool.wait_receipt(IMAGES, "large.npy")
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    daemon.drop(IMAGES, "small.npy", small)
    corpus.oracle.put(IMAGES, [f"small:{row}" for row in range(3)], small)
    check(corpus)


def test_the_same_large_shard_again_changes_nothing(corpus, vectors):
    daemon = corpus.daemon
    daemon.drop(IMAGES, "large.npy", vectors)
    generation = daemon.status()["generation"]
    before = daemon.spool.receipt_version(IMAGES, "large.npy")
    daemon.spool.drop(IMAGES, "large.npy", vectors)
    wait_until(
        lambda: daemon.spool.receipt_version(IMAGES, "large.npy") != before, "another receipt", alive=daemon.check_alive
    )
    assert daemon.status()["generation"] == generation


def test_a_large_shard_can_replace_images(corpus, vectors):
    ids = default_ids()
    ids[7], ids[ROWS - 1] = "b3", "b299"
    receipt = corpus.daemon.drop(IMAGES, "large.npy", vectors, ids)
    assert receipt["replaced"] == 2
    corpus.oracle.put(IMAGES, ids, vectors)
    check(corpus)


def test_a_large_shard_uses_free_rows(corpus, vectors):
    ids = [f"b{number}" for number in range(100, 200)]
    corpus.delete(IMAGES, "some.delete", ids)
    corpus.daemon.drop(IMAGES, "large.npy", vectors)
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    check(corpus)


@pytest.mark.parametrize("row", [0, ROWS - 1])
@pytest.mark.parametrize(("number", "code"), [(np.nan, "not_finite"), (0, "zero_vector")])
def test_a_large_shard_with_a_bad_row_is_rejected_and_its_space_is_reused(corpus, vectors, row, number, code):
    daemon = corpus.daemon
    bad = vectors.copy()
    bad[row] = number
    daemon.spool.drop(IMAGES, "large.npy", bad)
    failure = daemon.spool.wait_failure(IMAGES, "large.npy")
    assert (failure["code"], failure["rows"]) == (code, [row])
    check(corpus)
    # The next shard uses the space of the pieces that had been stored.
    before = data_bytes(daemon)
    daemon.drop(IMAGES, "large-2.npy", vectors)
    after = data_bytes(daemon)
    corpus.oracle.put(IMAGES, [f"large-2:{row}" for row in range(ROWS)], vectors)
    check(corpus)
    # If the first row is bad, no piece was stored.
    if row:
        assert after < before * 1.25


def test_a_large_shard_with_too_few_ids_is_rejected(corpus, vectors):
    daemon = corpus.daemon
    daemon.spool.drop(IMAGES, "large.npy", vectors, default_ids(ROWS - 1))
    assert daemon.spool.wait_failure(IMAGES, "large.npy")["code"] == "ids_too_few"
    check(corpus)


def test_a_large_shard_of_another_dimension_is_rejected(corpus, vectors):
    daemon = corpus.daemon
    daemon.spool.drop(IMAGES, "large.npy", vectors.reshape(2 * ROWS, DIMENSION // 2))
    assert daemon.spool.wait_failure(IMAGES, "large.npy")["code"] == "wrong_dimension"
    check(corpus)


def test_the_first_shard_of_a_store_can_be_large(make_corpus, vectors):
    corpus = make_corpus(dimension=DIMENSION)
    corpus.daemon.drop(IMAGES, "large.npy", vectors)
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    check(corpus)
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(60)])
    check(corpus)


# Where the daemon is killed, as (system call, number): right before the call of this number.
POINTS = {
    "before the first commit of pieces": ("fdatasync", 1),
    "while it writes pieces": ("writev", 3),
    "between two commits of pieces": ("fdatasync", 2),
    "before the shard is claimed": ("rename", 1),
    "before the shard moves to done": ("rename", 2),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_large_shard_takes_effect_once_through_a_kill(corpus, vectors, rng, point):
    calls, first = POINTS[point]
    daemon = corpus.daemon
    for turn in range(KILLS_EACH):
        daemon.kill()
        daemon.spool.drop(IMAGES, f"large{turn}.npy", vectors)
        when = first + int(rng.integers(4)) if turn and calls == "writev" else first
        daemon.wrapper = killing(calls, path=daemon.folder / DATA if calls != "rename" else None, when=when)
        daemon.spawn()
        assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
        daemon.wrapper = []
        daemon.start()
        daemon.spool.wait_receipt(IMAGES, f"large{turn}.npy")
        ids = [f"large{turn}:{row}" for row in range(ROWS)]
        corpus.oracle.put(IMAGES, ids, vectors)
        check(corpus)
        # The next large shard uses the freed rows.
        corpus.delete(IMAGES, f"large{turn}.delete", ids)


def test_the_space_of_a_large_shard_that_disappears_after_a_kill_is_reused(corpus, vectors):
    daemon = corpus.daemon
    daemon.kill()
    before = (daemon.folder / DATA).stat().st_size
    daemon.spool.drop(IMAGES, "large.npy", vectors)
    daemon.wrapper = killing("fdatasync", path=daemon.folder / DATA, when=2)
    daemon.spawn()
    assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    daemon.wrapper = []
    assert (daemon.folder / DATA).stat().st_size > before + vectors.nbytes
    os.unlink(daemon.spool.root / "processing" / IMAGES / "large.npy")
    daemon.start()
    check(corpus)
    # Another shard of the same size uses the space of the pieces, so the file hardly grows.
    before = data_bytes(daemon)
    daemon.drop(IMAGES, "other.npy", vectors)
    corpus.oracle.put(IMAGES, [f"other:{row}" for row in range(ROWS)], vectors)
    check(corpus)
    assert data_bytes(daemon) < before * 1.25


# Faults during staging that the daemon survives; staging starts again from the beginning when the fault has ended.
SURVIVED = {
    "EIO on reading it": ("pread64", "EIO", "spool/processing/images/large.npy"),
    "ENOSPC on writing pieces": ("writev,pwrite64", "ENOSPC", DATA),
    "ENOSPC on syncing pieces": ("fdatasync", "ENOSPC", DATA),
}


@pytest.mark.parametrize("case", SURVIVED)
def test_a_large_shard_takes_effect_after_a_fault_during_staging(corpus, vectors, case):
    calls, error, path = SURVIVED[case]
    daemon = corpus.daemon
    with faults(daemon, calls, f"error={error}", path=daemon.folder / path):
        daemon.spool.drop(IMAGES, "large.npy", vectors)
        wait_until(lambda: "wait" in daemon.log(), "the fault in the log", alive=daemon.check_alive)
        corpus.check()
    # A new file makes the daemon scan the spool again.
    corpus.add(REFERENCES, "another.npy", ["another"])
    daemon.spool.wait_receipt(IMAGES, "large.npy")
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    check(corpus)


@pytest.mark.parametrize(("calls", "when"), [("writev", 3), ("fdatasync", 1), ("fdatasync", 2)])
def test_the_daemon_exits_after_a_disk_error_during_staging_and_the_next_start_recovers(corpus, vectors, calls, when):
    daemon = corpus.daemon
    assert daemon.stop() == 0
    daemon.environment = WITHOUT_LEAK_DETECTION
    daemon.start()
    with faults(daemon, calls, "error=EIO", path=daemon.folder / DATA, when=when):
        daemon.spool.drop(IMAGES, "large.npy", vectors)
        assert daemon.wait() == 71
    last = daemon.log().strip().splitlines()[-1]
    assert last.startswith("nnnd: ") and "mdb_txn_commit" in last, last
    assert daemon.spool.names("processing", IMAGES) == ["large.npy"]
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "large.npy")
    corpus.oracle.put(IMAGES, default_ids(), vectors)
    check(corpus)


@pytest.mark.skipif(not can_mount(), reason="only root can mount file systems")
@pytest.mark.parametrize("leaving", [0, 20 << 20, 90 << 20])
def test_a_large_shard_waits_while_the_disk_is_full(make_corpus, vectors, tmp_path, leaving):
    """The disk is full before the first piece, within the first commit of pieces, or within the second one."""
    with small_disk(tmp_path / "disk", 300) as disk:
        corpus = make_corpus(dimension=DIMENSION, data=disk.folder / "data")
        daemon = corpus.daemon
        corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(REFERENCE_ROWS)])
        disk.fill(leaving)
        daemon.spool.drop(IMAGES, "large.npy", vectors)
        wait_until(lambda: "No space left" in daemon.log(), "the full disk in the log", alive=daemon.check_alive)
        corpus.check()
        disk.free()
        daemon.spool.wait_receipt(IMAGES, "large.npy")
        corpus.oracle.put(IMAGES, default_ids(), vectors)
        check(corpus)
        assert daemon.stop() == 0


def test_searches_do_not_find_a_large_shard_before_its_last_commit(corpus, vectors):
    daemon = corpus.daemon
    queries = corpus.vectors(2)
    with daemon.client() as client:
        daemon.spool.drop(IMAGES, "large.npy", vectors)
        answers = []
        while not daemon.spool.receipt_path(IMAGES, "large.npy").exists():
            daemon.check_alive()
            answers.append(client.search(queries, top_k=5))
    ids = {id for answer in answers for id in answer.ids.flat}
    generations = {answer.generation for answer in answers}
    assert len(generations) <= 2
    if len(generations) == 1:
        assert not any(name.startswith("large:") for name in ids)
