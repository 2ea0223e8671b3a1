"""`nnnd rebuild`: everything that follows from the vectors is right again, also for another k and capacity."""

import os
import re
import struct

import numpy as np
import pytest

from harness.raw_lmdb import put_in_lmdb
from harness.oracle import TOLERANCE, Oracle, check_everything
from harness.rebuild import rebuild, run_rebuild
from harness.spool import IMAGES, REFERENCES

# For six numbers a vector: images of a block, bytes of a block of codes, and of two pages of heaps of capacity 6.
BLOCK = 4096
CODES = 48 + BLOCK * (64 + 12)
HEAPS = 8176 // 56 * 56


@pytest.fixture
def stopped(make_corpus):
    """A corpus with deletions in it, whose daemon has stopped; k = 4, capacity 6."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    corpus.delete(IMAGES, "some.delete", [f"m{number}" for number in range(0, 300, 3)])
    corpus.delete(REFERENCES, "some.delete", [f"r{number}" for number in range(5)])
    assert corpus.daemon.stop() == 0
    return corpus


def check_verified(corpus):
    with corpus.daemon.client() as client:
        report = client.post_json("/v1/verify", {}).json()
    assert (report["wrong"], report["wrong_references"], report["checked"]) == (0, 0, len(corpus.oracle.images))


def check_goes_on(corpus):
    """Biases, and then those after changes of each kind, which need heaps, thresholds, codes and free rows."""
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
        # Full heaps, of the right references with similarities that are none.
        heap = struct.pack("<2I6f6I", 6, 0, *[0.99] * 6, *range(10, 16))
        put_in_lmdb(data, table, struct.pack("<I", 0), heap * (HEAPS // len(heap)))
    elif table == "images.codes":
        put_in_lmdb(data, table, struct.pack("<I", 0), rng.bytes(CODES))
    else:
        # No images are where infinity stands: those of the store are all in this block.
        put_in_lmdb(data, table, struct.pack("<I", 0), np.full(BLOCK, 0.5, np.float32).tobytes())


@pytest.mark.parametrize("table", ["images.heaps", "images.means", "images.thresholds", "images.codes"])
def test_what_was_damaged_is_right_again(stopped, rng, table):
    damage(stopped, table, rng)
    rebuild(stopped.daemon)
    stopped.daemon.start()
    check_goes_on(stopped)


@pytest.mark.parametrize("table", ["images.means", "images.codes"])
def test_the_damage_shows_without_a_rebuild(stopped, rng, table):
    """Else the test above would show nothing."""
    damage(stopped, table, rng)
    stopped.daemon.start()
    with stopped.daemon.client() as client:
        report = client.post_json("/v1/verify", {})
        assert report.status == 500 or report.json()["wrong"] > 0


def test_a_table_that_is_not_there_is_made(stopped):
    """Even a list of free rows that names what is in use."""
    data = stopped.daemon.flags["data"]
    for row in range(50):
        put_in_lmdb(data, "images.free", struct.pack("<I", row), bytes(4))
    rebuild(stopped.daemon)
    stopped.daemon.start()
    check_goes_on(stopped)


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
def test_k_and_capacity_can_change(stopped, flags, k, capacity):
    told = rebuild(stopped.daemon, **flags)
    assert f"k={k} " in told and f"capacity={capacity} " in told, told
    stopped.oracle.k = k
    # Without naming one again, a store keeps its capacity.
    stopped.daemon.flags |= {"k": k, "capacity": None}
    stopped.daemon.start()
    status = stopped.daemon.status()
    assert (status["k"], status["capacity"]) == (k, capacity)
    check_goes_on(stopped)


def test_a_capacity_beyond_which_k_was_refused_is_fine_after_it(stopped):
    """As the refusal says."""
    daemon = stopped.daemon
    daemon.flags |= {"k": 30, "capacity": None}
    daemon.spawn()
    assert daemon.wait() == 78 and "nnnd rebuild" in daemon.log().splitlines()[-1]
    rebuild(daemon)
    stopped.oracle.k = 30
    daemon.start()
    check_goes_on(stopped)


def test_it_is_one_generation(stopped):
    generation = max(receipt["generation"] for receipt in receipts(stopped))
    rebuild(stopped.daemon)
    assert stopped.daemon.start().status()["generation"] == generation + 1


def receipts(corpus):
    corpus.daemon.start()
    found = corpus.daemon.status()["last_receipts"]
    assert corpus.daemon.stop() == 0
    return found


def test_receipts_stay_and_the_order_of_arrival(stopped):
    before = receipts(stopped)
    rebuild(stopped.daemon)
    assert receipts(stopped) == before
    stopped.daemon.flags["max_references"] = 20
    stopped.max_references = 20
    stopped.oracle.keep_newest_references(20)
    stopped.daemon.start()
    stopped.wait_for_references(20)
    known = stopped.daemon.spool.done(IMAGES) / "more.npy"
    stamp = stopped.daemon.spool.receipt_stamp(IMAGES, "more.npy")
    os.rename(known.with_suffix(".ids"), stopped.daemon.spool.incoming(IMAGES) / "more.ids")
    os.rename(known, stopped.daemon.spool.incoming(IMAGES) / "more.npy")
    assert stopped.daemon.spool.wait_receipt(IMAGES, "more.npy", stamp)["unchanged"]


@pytest.mark.parametrize("settings", [{"metric": "inner-product"}, {"precision": "float16"}])
def test_every_kind_of_store_can_be_rebuilt(make_daemon, tmp_path, rng, settings):
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
        # Numbers near to the middle between two float16 may be rounded either way.
        check_everything(client, oracle, tolerance=1e-4 if "precision" in settings else TOLERANCE)
        assert client.post_json("/v1/verify", {}).json()["wrong"] == 0


def test_more_images_than_one_commit_takes(make_daemon, rng):
    """Blocks are 16 images, heaps take most of the room, and several commits are made."""
    daemon = make_daemon(k=3000, threads=2).start()
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((9000, 4096)).astype(np.float16))
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((50, 4096)).astype(np.float16))
    assert daemon.stop() == 0
    told = rebuild(daemon)
    assert "images=9000" in told
    daemon.start()
    with daemon.client() as client:
        assert client.post_json("/v1/verify", {"sample": 2000}).json()["wrong"] == 0
        assert len(client.search(rng.standard_normal((1, 4096)), top_k=9000)["results"][0]) == 9000


def test_an_empty_store_can_be_rebuilt(make_daemon, rng):
    daemon = make_daemon(k=4).start()
    assert daemon.stop() == 0
    rebuild(daemon, k=20)
    daemon.flags["k"] = 20
    assert daemon.start().status()["capacity"] == 28
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((3, 4)))


def test_it_tells_how_far_it_is(stopped):
    told = rebuild(stopped.daemon).splitlines()
    assert "copying" in told[0]
    assert re.search(rf"rebuilt .*images={len(stopped.oracle.images)} .*references=35", told[-1]), told


def test_free_room_goes_back_to_the_disk(stopped, rng):
    daemon = stopped.daemon.start()
    for name in ("a.npy", "b.npy", "c.npy"):
        stopped.add(IMAGES, name, [f"x{number}" for number in range(3000)])
    path = daemon.flags["data"] / "data.mdb"
    assert daemon.stop() == 0
    before = path.stat().st_size
    rebuild(daemon)
    assert path.stat().st_size < 0.8 * before
    daemon.start()
    stopped.check()


def test_modes_stay(stopped):
    rebuild(stopped.daemon)
    data = stopped.daemon.flags["data"]
    assert [oct(os.stat(path).st_mode & 0o7777) for path in (data, data / "data.mdb")] == ["0o700", "0o600"]
    assert sorted(os.listdir(data)) == ["data.mdb", "lock.mdb", "nnnd.lock"]


def test_what_no_rebuild_can_know_is_refused_as_usual(stopped):
    status, errors = run_rebuild(stopped.daemon, k=5, capacity=4)
    assert (status, errors.count("\n")) == (64, 1), errors
