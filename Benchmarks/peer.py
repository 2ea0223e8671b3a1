"""The peer: faiss-cpu doing in process what nnn-retrieval does; and whether it and nnnd agree.

Biases by an IndexFlatIP over the references, debiased search by an IndexFlatIP over vectors with minus the bias as one
number more, queries with a 1.
"""

import os

import faiss
import numpy as np

K, ALPHA, TOP = 128, 0.75, 10
TOLERANCE = 1e-5


def use_all_cores():
    faiss.omp_set_num_threads(os.cpu_count())


def biases(images, references):
    """alpha x mean of the k largest similarities to references, of each image."""
    index = faiss.IndexFlatIP(references.shape[1])
    index.add(references)
    return ALPHA * index.search(images, K)[0].mean(axis=1)


def search_index(images, own):
    """An index of images with these biases."""
    index = faiss.IndexFlatIP(images.shape[1] + 1)
    index.add(np.hstack([images, -own[:, None]]))
    return index


def extended(queries):
    """Queries as the index takes them."""
    return np.hstack([queries, np.ones((len(queries), 1), np.float32)])


def check_answers(answer, scores, rows, name):
    """Holds nnnd's answer to the peer's scores and rows; images tie where their scores are within the tolerance.

    `name` gives the id of a row.
    """
    for hits, own, places in zip(answer["results"], scores, rows, strict=True):
        assert len(hits) == len(own), "another number of hits"
        found = np.array([hit["score"] for hit in hits])
        assert np.abs(found - own).max() <= TOLERANCE, f"scores differ by {np.abs(found - own).max():.1e}"
        ids = {name(row) for row in places}
        for hit in hits:
            assert hit["id"] in ids or hit["score"] <= own[-1] + TOLERANCE, "other hits"


def check_biases(daemon, own, name, sample=100):
    """Holds the daemon's biases of some images to those of the peer for all of them."""
    rows = np.linspace(0, len(own) - 1, sample).astype(int)
    found = np.array([daemon.bias(name(row)) for row in rows])
    assert np.abs(found - own[rows]).max() <= TOLERANCE, f"biases differ by {np.abs(found - own[rows]).max():.1e}"
