"""Reads the real embeddings in Examples/wordnet."""

import functools

import numpy as np

from .daemon import PROJECT
from .spool import IMAGES, REFERENCES

_FOLDER = PROJECT / "Examples" / "wordnet"
QUERIES = _FOLDER / "queries.npy"
# The id of the right image of each query, a line for each.
ANSWERS = _FOLDER / "queries.ids"
TEXTS = _FOLDER / "texts.tsv"


def image_files():
    return sorted((_FOLDER / "images").glob("*.npy"))


def reference_files():
    return sorted((_FOLDER / "references").glob("*.npy"))


def read(path):
    """The ids and vectors of one shard."""
    return path.with_suffix(".ids").read_text().splitlines(), np.load(path)


@functools.cache
def queries():
    return np.load(QUERIES)


def right_answers():
    """The id of the image that each query describes."""
    return ANSWERS.read_text().splitlines()


def ingest(daemon):
    """Ingests all images and references, and waits for their receipts."""
    shards = [(IMAGES, path) for path in image_files()] + [(REFERENCES, path) for path in reference_files()]
    for kind, path in shards:
        daemon.spool.drop_bytes(kind, path.name, path.read_bytes(), path.with_suffix(".ids").read_bytes())
    for kind, path in shards:
        daemon.spool.wait_receipt(kind, path.name)
