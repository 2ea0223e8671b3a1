"""How many rows each step of a scan leaves: codes must fit the data that people have, or every search is slow.

The daemon has one thread, because the numbers depend on how threads share the blocks. They then depend only on the
data. The limits are about one and a half times what was measured, or less.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from harness import wordnet
from harness.daemon import Daemon
from harness.spool import IMAGES, REFERENCES

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Benchmarks"))

from cliplike import ClipLike  # noqa: E402

TOP_K = 10
QUERIES = 50


def clip_like(rng):
    model = ClipLike()
    return model.images(rng, 20_000), model.captions(rng, 2_000), model.captions(rng, QUERIES)


def random_directions(rng):
    return tuple(rng.standard_normal((rows, 512)).astype(np.float32) for rows in (20_000, 2_000, QUERIES))


def real_clip(_):
    folder = Path(os.environ.get("NNND_TEST_DATA", "/nowhere")) / "clip"
    if not folder.exists():
        pytest.skip("NNND_TEST_DATA names no folder with clip/")
    captions = np.load(folder / "captions.npy").astype(np.float32)
    return np.load(folder / "images.npy").astype(np.float32), captions[QUERIES:], captions[:QUERIES]


def glosses(_):
    images = np.concatenate([wordnet.read(path)[1] for path in wordnet.image_files()])
    references = np.concatenate([wordnet.read(path)[1] for path in wordnet.reference_files()])
    return images, references[QUERIES:], references[:QUERIES]


class Rows:
    """The rows that each step of the daemon's scans has left so far, added up over all queries."""

    def __init__(self, daemon):
        metrics = daemon.metrics()
        self.scanned = metrics.value("nnnd_search_scanned_rows_total")
        self.bounded = metrics.values("nnnd_search_bounded_rows_total")
        self.rescored = metrics.value("nnnd_search_rescored_rows_total")


def check(before, after, rows, most_high, most_low, most_rescored):
    """Compares the rows that QUERIES queries on `rows` images left with limits.

    The first two limits are shares of the rows; the third is a number of rows for each query.
    """
    all_rows = QUERIES * rows
    assert after.scanned - before.scanned == all_rows
    high, low = ((after.bounded[step] - before.bounded[step]) / all_rows for step in ("high", "low"))
    rescored = (after.rescored - before.rescored) / QUERIES
    assert TOP_K / rows <= low <= high, (high, low)
    assert high <= most_high, high
    assert low <= most_low, low
    assert TOP_K <= rescored <= most_rescored, rescored


# For each kind of data the limits of `check`: for all queries in one request, and for each in a request of its own.
#
# A scan of 12 queries or more multiplies whole codes in its first 16 blocks, which are most of these small corpora, and
# counts what they leave as `high` too. A scan of one query multiplies the high halves of codes in all blocks.
LIMITS = [
    (clip_like, (0.03, 0.03, 50), (0.11, 0.022, 35)),
    (random_directions, (0.065, 0.055, 60), (0.65, 0.032, 48)),
    (real_clip, (0.27, 0.27, 25), (0.45, 0.25, 21)),
    (glosses, (0.07, 0.067, 23), (0.13, 0.06, 21)),
]


@pytest.mark.parametrize(("data", "together", "one_by_one"), LIMITS)
def test_each_step_of_a_scan_leaves_few_rows(tmp_path, rng, data, together, one_by_one):
    images, references, queries = data(rng)
    with Daemon(tmp_path, k=128, threads=1) as daemon:
        daemon.drop(REFERENCES, "references.npy", references)
        daemon.drop(IMAGES, "images.npy", images)
        start = Rows(daemon)
        daemon.search(queries, top_k=TOP_K)
        middle = Rows(daemon)
        for query in queries:
            daemon.search(query[None], top_k=TOP_K)
        check(start, middle, len(images), *together)
        check(middle, Rows(daemon), len(images), *one_by_one)
