"""A change of few references writes what is new, and not the heaps that it touches; heaps contain it all the same."""

import pathlib
import struct

import nnnd
import numpy as np
import pytest

from harness.corpus import Corpus, ids_of
from harness.oracle import check_everything
from harness.raw_lmdb import put_in_lmdb
from harness.rebuild import rebuild
from harness.spool import IMAGES, REFERENCES

IMAGE_COUNT, REFERENCE_COUNT = 3000, 400


@pytest.fixture
def corpus(make_daemon, rng):
    """Many images and references with k = 40 and capacity 50: a reference enters an eighth of the heaps."""
    corpus = Corpus(make_daemon(k=40, capacity=50).start(), rng, dimension=8)
    corpus.add(REFERENCES, "r.npy", ids_of(REFERENCES, range(REFERENCE_COUNT)))
    corpus.add(IMAGES, "i.npy", ids_of(IMAGES, range(IMAGE_COUNT)))
    return corpus


def written_bytes(daemon):
    """The bytes that the daemon has passed to write(2) and its relatives so far."""
    lines = pathlib.Path(f"/proc/{daemon.process.pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar"))


def check_heaps(corpus, numbers):
    """Compares the heaps of some images with the oracle: the best references, and their similarities."""
    images = ids_of(IMAGES, numbers)
    references = list(corpus.oracle.references)
    vectors = corpus.oracle.prepared(list(corpus.oracle.references.values()))
    with corpus.daemon.client() as client:
        for id in images:
            if id not in corpus.oracle.images:
                continue
            heap = client.explain(id)["references"]
            products = vectors @ corpus.oracle.prepared([corpus.oracle.images[id]])[0]
            best = np.argsort(-products)[: len(heap)]
            assert [entry["id"] for entry in heap] == [references[index] for index in best], id
            assert np.allclose([entry["similarity"] for entry in heap], products[best], atol=1e-5), id


CHANGES = {
    "a new reference": lambda corpus: corpus.add(REFERENCES, "one.npy", ["new"]),
    "a replaced reference": lambda corpus: corpus.add(REFERENCES, "one.npy", ["r7"]),
    "a deleted reference": lambda corpus: corpus.delete(REFERENCES, "one.delete", ["r8"]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_one_reference_writes_little(corpus, change):
    heaps = IMAGE_COUNT * 8 * 50
    before = written_bytes(corpus.daemon)
    CHANGES[change](corpus)
    assert written_bytes(corpus.daemon) - before < heaps / 4
    corpus.check()
    check_heaps(corpus, range(0, IMAGE_COUNT, 100))


def change_everything(corpus, rng, step):
    """Adds, replaces and deletes references and images, some of them with pending entries."""
    corpus.add(REFERENCES, f"{step}.npy", [f"s{step}-{row}" for row in range(4)] + ids_of(REFERENCES, [step, step + 1]))
    corpus.delete(REFERENCES, f"{step}.delete", [f"s{step}-0", f"s{step - 1}-1", f"r{step + 100}"])
    rows = rng.choice(IMAGE_COUNT, 20, replace=False)
    corpus.delete(IMAGES, f"{step}.delete", ids_of(IMAGES, rows[:10]))
    corpus.add(IMAGES, f"{step}.npy", ids_of(IMAGES, rows[5:]))


def test_heaps_equal_the_oracle_after_many_changes_and_restarts(corpus, rng):
    for step in range(24):
        change_everything(corpus, rng, step)
        if step % 6 == 5:
            corpus.check()
            check_heaps(corpus, range(0, IMAGE_COUNT, 60))
            corpus.daemon.kill()
            corpus.daemon.start()
    # Another k: the means are computed from heaps with their pending entries.
    corpus.oracle.k = 30
    corpus.daemon.restart(k=30)
    corpus.check()
    check_heaps(corpus, range(0, IMAGE_COUNT, 60))


def test_a_backup_has_the_pending_entries(corpus, make_daemon):
    corpus.add(REFERENCES, "one.npy", ["new"])
    daemon = make_daemon(k=40)
    with corpus.daemon.client() as client:
        client.backup(daemon.flags["data"])
    corpus.daemon = daemon.start()
    corpus.check()
    check_heaps(corpus, range(0, IMAGE_COUNT, 100))


# What is wrong in a damaged store: key and value in the table of pending entries.
DAMAGE = {
    "a directory that ends early": (0, struct.pack("<5Q", 1, 64, 0, 0, 3)),
    "a run that is missing": (0, struct.pack("<8Q", 9, 64, 5, 0, 1, 9, 1, 5)),
    "a directory of other numbers": (0, bytes(range(256))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_reported_and_a_rebuild_repairs_it(corpus, damage):
    corpus.add(REFERENCES, "one.npy", ["new"])
    assert corpus.daemon.stop() == 0
    key, value = DAMAGE[damage]
    put_in_lmdb(corpus.daemon.flags["data"], "images.heaps.pending", struct.pack("<Q", key), value)
    corpus.daemon.start()
    with corpus.daemon.client() as client:
        with pytest.raises(nnnd.InternalError):
            client.explain("i1")
        # Searches need no heaps.
        check_everything(client, corpus.oracle)
    rebuild_and_check(corpus)


def test_a_rebuild_computes_heaps_without_pending_entries(corpus):
    corpus.add(REFERENCES, "one.npy", ["new"])
    rebuild_and_check(corpus)


def rebuild_and_check(corpus):
    """Rebuilds the store of the running daemon, and checks heaps before and after another change."""
    assert corpus.daemon.stop() == 0
    rebuild(corpus.daemon)
    corpus.daemon.start()
    check_heaps(corpus, range(0, IMAGE_COUNT, 100))
    corpus.add(REFERENCES, "after.npy", ["newer"])
    corpus.check()
    check_heaps(corpus, range(0, IMAGE_COUNT, 100))
