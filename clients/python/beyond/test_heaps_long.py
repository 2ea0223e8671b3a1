"""The long corpus with heaps of a bulk computation: the store equals the daemon's own, and stays right afterwards."""

import time

import nnnd
from bar import K
from nnnd.bulk import load, run
from oracle import Oracle

STEPS = 500
MOST_ROWS = 50
SAMPLE = 100


def seconds(body):
    start = time.monotonic()
    body()
    return time.monotonic() - start


def test_a_store_starts_with_heaps_and_stays_right(tmp_path, bar, rng):
    run(bar.image_folder, bar.reference_folder, tmp_path / "heaps")
    with nnnd.open(tmp_path / "own") as own:
        own_seconds = seconds(lambda: own.add_references(bar.references, bar.reference_ids))
        own_seconds += seconds(lambda: own.add_images(bar.images, bar.image_ids))
        own_means = {change.id: change.mean for page in own.new_changes("start") for change in page}
    with nnnd.open(tmp_path / "db") as db:
        loaded = seconds(lambda: load(db, bar.image_folder, bar.reference_folder, tmp_path / "heaps"))
        print(f"\nthe daemon's own heaps: {own_seconds:.1f} s; heaps of the bulk computation: {loaded:.1f} s")
        means = {change.id: change.mean for page in db.new_changes("start") for change in page}
        assert means == own_means
        assert db.verify()["wrong"] == 0
        oracle = Oracle(dict(zip(bar.image_ids, bar.images)), dict(zip(bar.reference_ids, bar.references)), K, rng)
        for step in range(STEPS):
            oracle.step(db, MOST_ROWS)
            if step % 20 == 19:
                oracle.check(db, SAMPLE)
        assert db.verify()["wrong"] == 0
