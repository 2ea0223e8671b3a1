"""`nnnd rebuild` recomputes heaps, means, thresholds and codes from the vectors, also for another k and capacity."""

import os
import re
import struct

import numpy as np
import pytest

from harness.raw_lmdb import put_in_lmdb
from harness.oracle import TOLERANCE, Oracle, check_everything
from harness.rebuild import rebuild, run_rebuild
from harness.spool import IMAGES, REFERENCES

# Images per block, and the bytes of a block of codes of dimension 6 and of a block of heaps of capacity 6.
BLOCK = 4096
CODES_BYTES = 48 + BLOCK * (32 + 0 + 4 + 32)
SIGNS_BYTES = 48 + BLOCK * (12 + 0 + 1)
HEAPS_BYTES = 8176 // 56 * 56


@pytest.fixture
def stopped_corpus(make_corpus):
    """A corpus with deletions and k = 4, capacity 6; its daemon has been stopped."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    corpus.delete(IMAGES, "some.delete", [f"m{number}" for number in range(0, 300, 3)])
    corpus.delete(REFERENCES, "some.delete", [f"r{number}" for number in range(5)])
    assert corpus.daemon.stop() == 0
    return corpus


def check_verified(corpus):
    with corpus.daemon.client() as client:
        report = client.verify()
    assert (report["wrong"], report["wrong_references"], report["checked"]) == (0, 0, len(corpus.oracle.images))


def check_changes_work(corpus):
    """Checks biases now and after changes of each kind, which use heaps, thresholds, codes and free rows."""
    corpus.check()
    check_verified(corpus)
    corpus.add(REFERENCES, "later.npy", [f"l{number}" for number in range(15)])
    corpus.check()
    corpus.delete(REFERENCES, "later.delete", [f"r{number}" for number in range(5, 30)])
    corpus.check()
    corpus.add(IMAGES, "later.npy", [f"n{number}" for number in range(120)])
    corpus.delete(IMAGES, "later.delete", [f"m{number}" for number in range(1, 300, 3)])
    corpus.check()
    check_verified(corpus)
    corpus.check_explanations()


def damage(corpus, table, rng):
    data = corpus.daemon.flags["data"]
    if table == "images.heaps":
        # Full heaps that name existing references, with wrong similarities.
        heap = struct.pack("<2I6f6I", 6, 0, *[0.99] * 6, *range(10, 16))
        put_in_lmdb(data, table, struct.pack("<I", 0), heap * (HEAPS_BYTES // len(heap)))
    elif table == "images.codes":
        put_in_lmdb(data, table, struct.pack("<I", 0), rng.bytes(CODES_BYTES))
    elif table == "images.signs":
        put_in_lmdb(data, table, struct.pack("<I", 0), rng.bytes(SIGNS_BYTES))
    else:
        # The first block has all images of the store; unused rows should be infinite and become finite.
        put_in_lmdb(data, table, struct.pack("<I", 0), np.full(BLOCK, 0.5, np.float32).tobytes())


@pytest.mark.parametrize("table", ["images.heaps", "images.means", "images.thresholds", "images.codes", "images.signs"])
def test_a_rebuild_repairs_a_damaged_table(stopped_corpus, rng, table):
    damage(stopped_corpus, table, rng)
    rebuild(stopped_corpus.daemon)
    stopped_corpus.daemon.start()
    check_changes_work(stopped_corpus)


@pytest.mark.parametrize("table", ["images.means", "images.codes", "images.signs"])
def test_verify_reports_a_damaged_table_that_was_not_rebuilt(stopped_corpus, rng, table):
    """Without this the test above could pass without damage."""
    damage(stopped_corpus, table, rng)
    stopped_corpus.daemon.start()
    with stopped_corpus.daemon.client() as client:
        report = client.post_json("/v1/verify", {})
        assert report.status == 500 or report.json()["wrong"] > 0


def test_a_rebuild_replaces_a_free_list_that_names_rows_in_use(stopped_corpus):
    data = stopped_corpus.daemon.flags["data"]
    for row in range(50):
        put_in_lmdb(data, "images.free", struct.pack("<I", row), bytes(4))
    rebuild(stopped_corpus.daemon)
    stopped_corpus.daemon.start()
    check_changes_work(stopped_corpus)


@pytest.mark.parametrize(
    ("flags", "k", "capacity"),
    [
        ({}, 4, 6),
        ({"k": 6}, 6, 6),
        ({"k": 7}, 7, 15),
        ({"k": 20}, 20, 28),
        ({"k": 50}, 50, 62),
        ({"k": 1, "capacity": 1}, 1, 1),
        ({"k": 3, "capacity": 300}, 3, 300),
        ({"capacity": 5}, 4, 5),
    ],
)
def test_a_rebuild_changes_k_and_capacity(stopped_corpus, flags, k, capacity):
    output = rebuild(stopped_corpus.daemon, **flags)
    assert f"k={k} " in output and f"capacity={capacity} " in output, output
    stopped_corpus.oracle.k = k
    # A start without `--capacity` keeps the capacity of the store.
    stopped_corpus.daemon.flags |= {"k": k, "capacity": None}
    stopped_corpus.daemon.start()
    status = stopped_corpus.daemon.status()
    assert (status["k"], status["capacity"]) == (k, capacity)
    check_changes_work(stopped_corpus)


def test_a_rebuild_makes_a_k_above_the_old_capacity_possible(stopped_corpus):
    """The start with that k fails before, and its message names `nnnd rebuild`."""
    daemon = stopped_corpus.daemon
    daemon.flags |= {"k": 30, "capacity": None}
    daemon.spawn()
    assert daemon.wait() == 78 and "nnnd rebuild" in daemon.log().splitlines()[-1]
    rebuild(daemon)
    stopped_corpus.oracle.k = 30
    daemon.start()
    check_changes_work(stopped_corpus)


def test_a_rebuild_increases_the_generation_by_one(stopped_corpus):
    generation = max(receipt["generation"] for receipt in receipts(stopped_corpus))
    rebuild(stopped_corpus.daemon)
    assert stopped_corpus.daemon.start().status()["generation"] == generation + 1


def receipts(corpus):
    corpus.daemon.start()
    last_receipts = corpus.daemon.status()["last_receipts"]
    assert corpus.daemon.stop() == 0
    return last_receipts


def test_a_rebuild_keeps_receipts_and_the_order_of_arrival(stopped_corpus):
    before = receipts(stopped_corpus)
    rebuild(stopped_corpus.daemon)
    assert receipts(stopped_corpus) == before
    stopped_corpus.daemon.flags["max_references"] = 20
    stopped_corpus.max_references = 20
    stopped_corpus.oracle.keep_newest_references(20)
    stopped_corpus.daemon.start()
    stopped_corpus.wait_for_references(20)
    finished = stopped_corpus.daemon.spool.done(IMAGES) / "more.npy"
    before = stopped_corpus.daemon.spool.receipt_version(IMAGES, "more.npy")
    os.rename(finished.with_suffix(".ids"), stopped_corpus.daemon.spool.incoming(IMAGES) / "more.ids")
    os.rename(finished, stopped_corpus.daemon.spool.incoming(IMAGES) / "more.npy")
    assert stopped_corpus.daemon.spool.wait_receipt(IMAGES, "more.npy", before)["unchanged"]


@pytest.mark.parametrize("settings", [{"metric": "inner-product"}, {"precision": "float16"}])
def test_a_rebuild_works_with_each_metric_and_precision(make_daemon, tmp_path, rng, settings):
    config = tmp_path / "nnnd.yaml"
    config.write_text("".join(f"{name}: {value}\n" for name, value in settings.items()))
    daemon = make_daemon(k=4, config=config).start()
    oracle = Oracle(k=4, **settings)
    for kind, rows in ((IMAGES, 700), (REFERENCES, 300)):
        ids, vectors = [f"{kind}{row}" for row in range(rows)], rng.standard_normal((rows, 100)).astype(np.float32)
        daemon.drop(kind, "s.npy", vectors, ids)
        oracle.put(kind, ids, vectors)
    assert daemon.stop() == 0
    rebuild(daemon, config=config, k=40)
    oracle.k = daemon.flags["k"] = 40
    daemon.start()
    with daemon.client() as client:
        # The daemon and the oracle can round a component differently that is halfway between two float16 values.
        check_everything(client, oracle, tolerance=1e-4 if "precision" in settings else TOLERANCE)
        assert client.verify()["wrong"] == 0


def test_a_rebuild_of_a_large_store_makes_several_commits(make_daemon, rng):
    """With k = 3000 heaps take most of the space, and a block has 16 images."""
    daemon = make_daemon(k=3000, threads=2).start()
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((9000, 4096)).astype(np.float16))
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((50, 4096)).astype(np.float16))
    assert daemon.stop() == 0
    output = rebuild(daemon)
    assert "images=9000" in output
    daemon.start()
    with daemon.client() as client:
        assert client.verify(sample=2000)["wrong"] == 0
        assert client.search(rng.standard_normal((1, 4096)), top_k=9000).ids.shape == (1, 9000)


def test_an_empty_store_can_be_rebuilt(make_daemon, rng):
    daemon = make_daemon(k=4).start()
    assert daemon.stop() == 0
    rebuild(daemon, k=20)
    daemon.flags["k"] = 20
    assert daemon.start().status()["capacity"] == 28
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((3, 4)))


def test_a_rebuild_logs_its_progress_and_result(stopped_corpus):
    lines = rebuild(stopped_corpus.daemon).splitlines()
    assert "copying" in lines[0]
    assert re.search(rf"rebuilt .*images={len(stopped_corpus.oracle.images)} .*references=35", lines[-1]), lines


def test_a_rebuild_returns_free_pages_to_the_file_system(stopped_corpus, rng):
    daemon = stopped_corpus.daemon.start()
    for name in ("a.npy", "b.npy", "c.npy"):
        stopped_corpus.add(IMAGES, name, [f"x{number}" for number in range(3000)])
    path = daemon.flags["data"] / "data.mdb"
    assert daemon.stop() == 0
    before = path.stat().st_size
    rebuild(daemon)
    assert path.stat().st_size < 0.8 * before
    daemon.start()
    stopped_corpus.check()


def test_a_rebuild_keeps_file_modes_and_leaves_no_other_files(stopped_corpus):
    rebuild(stopped_corpus.daemon)
    data = stopped_corpus.daemon.flags["data"]
    assert [oct(os.stat(path).st_mode & 0o7777) for path in (data, data / "data.mdb")] == ["0o700", "0o600"]
    assert sorted(os.listdir(data)) == ["data.mdb", "lock.mdb", "nnnd.lock"]


def test_a_rebuild_rejects_a_capacity_below_k(stopped_corpus):
    status, errors = run_rebuild(stopped_corpus.daemon, k=5, capacity=4)
    assert (status, errors.count("\n")) == (64, 1), errors
