"""Reads the real embeddings in Examples/wordnet."""

import functools

import numpy as np

from .daemon import PROJECT

_FOLDER = PROJECT / "Examples" / "wordnet"


def image_files():
    return sorted((_FOLDER / "images").glob("*.npy"))


def reference_files():
    return sorted((_FOLDER / "references").glob("*.npy"))


def read(path):
    """The ids and vectors of one shard."""
    return path.with_suffix(".ids").read_text().splitlines(), np.load(path)


@functools.cache
def queries():
    return np.load(_FOLDER / "queries.npy")


def right_answers():
    """The id of the image that each query describes."""
    return (_FOLDER / "queries.ids").read_text().splitlines()
