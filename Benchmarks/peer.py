"""The peer: faiss-cpu, which does in this process what nnn-retrieval does; and comparisons of its results with nnnd's.

Biases come from an IndexFlatIP over the references. A debiased search uses an IndexFlatIP over vectors that have minus
the bias as one more component; queries have a 1 there.
"""

import os

import faiss
import numpy as np

K, ALPHA, TOP = 128, 0.75, 10
TOLERANCE = 1e-5


def use_all_cores():
    faiss.omp_set_num_threads(os.cpu_count())


def biases(images, references):
    """The bias of each image: alpha x mean of its k largest similarities to references."""
    index = faiss.IndexFlatIP(references.shape[1])
    index.add(references)
    return ALPHA * index.search(images, K)[0].mean(axis=1)


def search_index(images, own):
    """An index of the images with the biases `own`."""
    index = faiss.IndexFlatIP(images.shape[1] + 1)
    index.add(np.hstack([images, -own[:, None]]))
    return index


def extended(queries):
    """Queries for an index of `search_index`: with a 1 as one more component."""
    return np.hstack([queries, np.ones((len(queries), 1), np.float32)])


def check_answers(answer, scores, rows, id_of):
    """Compares nnnd's response with the peer's scores and rows. Images whose scores differ by the tolerance may swap.

    `scores` and `rows`: queries x hits. `id_of`: a function from a row to its id.
    """
    for hits, own, places in zip(answer["results"], scores, rows, strict=True):
        assert len(hits) == len(own), "the numbers of hits differ"
        found = np.array([hit["score"] for hit in hits])
        assert np.abs(found - own).max() <= TOLERANCE, f"scores differ by {np.abs(found - own).max():.1e}"
        ids = {id_of(row) for row in places}
        for hit in hits:
            assert hit["id"] in ids or hit["score"] <= own[-1] + TOLERANCE, "the hits differ"


def check_biases(daemon, own, id_of, sample=100):
    """Compares the daemon's biases of `sample` images with the peer's.

    `own`: the peer's biases of all images. `id_of`: a function from a row to its id.
    """
    rows = np.linspace(0, len(own) - 1, sample).astype(int)
    found = np.array([daemon.client.explain(id_of(row))["bias"] for row in rows])
    assert np.abs(found - own[rows]).max() <= TOLERANCE, f"biases differ by {np.abs(found - own[rows]).max():.1e}"
