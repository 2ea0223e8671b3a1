"""Further peers of searches: Faiss's PQ fast-scan with re-scoring, which is not exact, and usearch's exact search."""

import os
import statistics

import faiss
import numpy as np

import peer

REFINED = 20  # the rows scored again in float32, as a multiple of the number of hits
SAMPLE, ROUNDS = 4_096, 10  # rows and rounds of training; there are 16 centroids only
PAIR = 2  # the components that one 4-bit code stands for


class PQ:
    """IndexPQFastScan and IndexRefineFlat over vectors with minus the bias as one more component."""

    name = "faiss-cpu PQ"

    def __init__(self, images, own):
        rows = self.even(np.hstack([images, -own[:, None]]))
        codes = faiss.IndexPQFastScan(rows.shape[1], rows.shape[1] // PAIR, 4, faiss.METRIC_INNER_PRODUCT)
        codes.pq.cp.niter = ROUNDS
        codes.train(rows[:: max(1, len(rows) // SAMPLE)])
        self.index = faiss.IndexRefineFlat(codes)
        self.index.k_factor = REFINED
        self.index.add(rows)

    def even(self, rows):
        """Rows with a zero appended if their dimension is odd."""
        return np.ascontiguousarray(np.pad(rows, ((0, 0), (0, rows.shape[1] % PAIR))))

    def prepare(self, queries):
        return self.even(peer.extended(queries))

    def search(self, prepared):
        return self.index.search(prepared, peer.TOP)


class USearch:
    """usearch's exact search of vectors with minus the bias as one more component."""

    name = "usearch"

    def __init__(self, images, own):
        from usearch.index import MetricKind, search

        self.call, self.metric = search, MetricKind.IP
        self.rows = np.hstack([images, -own[:, None]])

    def prepare(self, queries):
        return peer.extended(queries)

    def search(self, prepared):
        found = self.call(self.rows, prepared, peer.TOP, self.metric, exact=True, threads=os.cpu_count())
        shape = len(prepared), peer.TOP
        return 1 - np.asarray(found.distances).reshape(shape), np.asarray(found.keys).reshape(shape)


def recall(found, exact):
    """The mean share of the exact rows that were found. Both: queries x hits."""
    pairs = zip(found.tolist(), exact.tolist())
    return statistics.mean(len(set(one) & set(other)) / len(other) for one, other in pairs)
