"""How many rows need an exact score: codes must fit the data that people have, or every search is slow.

The bounds are about twice what was measured.
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


@pytest.mark.parametrize(
    ("data", "most_scored", "most_compared"),
    [(clip_like, 60, 0.30), (random_directions, 60, 0.30), (real_clip, 50, 0.60), (glosses, 60, 0.50)],
)
def test_few_rows_need_an_exact_score(tmp_path, rng, data, most_scored, most_compared):
    images, references, queries = data(rng)
    with Daemon(tmp_path, k=128) as daemon:
        daemon.drop(REFERENCES, "references.npy", references)
        daemon.drop(IMAGES, "images.npy", images)
        daemon.search(queries, top_k=TOP_K)
        metrics = daemon.metrics()
        assert metrics.value("nnnd_search_scanned_rows_total") == len(queries) * len(images)
        steps = metrics.values("nnnd_search_bounded_rows_total")
        scored = metrics.value("nnnd_search_rescored_rows_total") / len(queries)
        assert steps["high"] >= steps["low"]
        assert TOP_K <= scored <= most_scored, (scored, steps)
        assert steps["high"] <= most_compared * len(queries) * len(images), steps
