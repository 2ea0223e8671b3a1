"""The kinds of data that tables are measured on: random directions, CLIP-like vectors and WordNet.

A source of vectors has the methods `images(rows)`, `references(rows)` and `queries(rows)`. Each call returns further
rows: float32, rows x dimension, each of length 1.
"""

import functools
import os
from pathlib import Path

import numpy as np

from cliplike import ClipLike

EXAMPLE = Path(__file__).resolve().parents[1] / "Examples" / "wordnet"
KEPT = 0.8  # the share of a finite set that a corpus begins with; later shards take the rest


def test_data(name):
    """The folder `name` in the folder that the environment variable NNND_TEST_DATA names; None if there is none."""
    root = os.environ.get("NNND_TEST_DATA")
    folder = Path(root).resolve() / name if root else None
    return folder if folder and folder.is_dir() else None


def normalised(rows):
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def load(path):
    """The vectors of a .npy file, or of all such files in a folder in the order of their names."""
    paths = sorted(path.glob("*.npy")) if path.is_dir() else [path]
    return normalised(np.vstack([np.load(each) for each in paths]))


class RandomDirections:
    """Directions with an equal distribution; images and queries are alike."""

    def __init__(self, dimension, seed):
        self.dimension, self.random = dimension, np.random.default_rng(seed)

    def images(self, rows):
        return normalised(self.random.standard_normal((rows, self.dimension), dtype=np.float32))

    references = queries = images


@functools.lru_cache(maxsize=4)
def clip_like(dimension):
    return ClipLike(dimension)


class ClipLikeVectors:
    """Images and captions of cliplike.py; references and queries are captions."""

    def __init__(self, dimension, seed):
        self.dimension, self.random = dimension, np.random.default_rng(seed)
        self.model = clip_like(dimension)

    def images(self, rows):
        return self.model.images(self.random, rows)

    def references(self, rows):
        return self.model.captions(self.random, rows)

    queries = references


class WordNet:
    """Word lists as images, glosses as references and queries: a finite set, which begins again after its last row."""

    def __init__(self, dimension, seed):
        files = wordnet_files()
        self.sets = {name: load(path) for name, path in files.items()}
        self.dimension = self.sets["images"].shape[1]
        self.next = dict.fromkeys(self.sets, 0)
        order = np.random.default_rng(seed).permutation(len(self.sets["images"]))
        self.sets["images"] = self.sets["images"][order]

    def rows(self, name, count):
        rows = self.sets[name]
        chosen = np.arange(self.next[name], self.next[name] + count) % len(rows)
        self.next[name] += count
        return rows[chosen]

    def images(self, rows):
        return self.rows("images", rows)

    def references(self, rows):
        return self.rows("references", rows)

    def queries(self, rows):
        return self.rows("queries", rows)


def wordnet_files():
    """The largest set of WordNet there is: a name -> its file, or folder of files."""
    folder = test_data("wordnet-large")
    if folder:
        return {name: folder / f"{name}.npy" for name in ("images", "references", "queries")}
    folder = test_data("wordnet") or EXAMPLE
    return {"images": folder / "images", "references": folder / "references", "queries": folder / "queries.npy"}


@functools.lru_cache(maxsize=1)
def wordnet_size():
    """The number of images in the set of WordNet, and its dimension."""
    path = wordnet_files()["images"]
    shapes = [np.load(each, mmap_mode="r").shape for each in (path.glob("*.npy") if path.is_dir() else [path])]
    return sum(rows for rows, _ in shapes), shapes[0][1]


class Kind:
    """A kind of data: its key for the command line, its title, and how to get vectors of it."""

    def __init__(self, key, title, source, size=None):
        self.key, self.title, self.source, self.size = key, title, source, size

    def open(self, dimension, seed):
        return self.source(dimension, seed)

    def limits(self, images, dimension):
        """The number of images and the dimension of a table that asks for these."""
        if self.size is None:
            return images, dimension
        rows, own = self.size()
        return min(images, int(KEPT * rows)), own


KINDS = {
    kind.key: kind
    for kind in (
        Kind("random", "Random directions", RandomDirections),
        Kind("clip", "CLIP-like", ClipLikeVectors),
        Kind("wordnet", "WordNet", WordNet, wordnet_size),
    )
}
