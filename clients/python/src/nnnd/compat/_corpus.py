"""The images and references of one ranker in a private daemon."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._messages import MAX_HITS
from ..embedded import Database, open

FloatArray = npt.NDArray[np.float32]
# The largest alpha that the daemon accepts; the smallest is 0.
MAX_ALPHA = 1000.0


def as_matrix(data: Any, what: str) -> FloatArray:
    """A numpy array or torch tensor as float32, (rows, dimension)."""
    if hasattr(data, "detach"):
        data = data.detach().cpu().float().numpy()
    matrix = np.asarray(data, dtype=np.float32)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ValueError(f"{what} has the shape {matrix.shape}; it must be (rows, dimension) with at least one row")
    return matrix


class Corpus:
    """Images, and references if there are any, in a daemon of their own; ids are row numbers."""

    def __init__(self, images: FloatArray, references: FloatArray | None, k: int) -> None:
        self._count = len(images)
        self._database: Database = open(k=k, metric="inner-product", timeout=None)
        self._database.add_images(images, np.arange(len(images)), progress=False)
        if references is not None:
            self._database.add_references(references, np.arange(len(references)), progress=False)

    def means(self, images: FloatArray) -> FloatArray:
        """The mean of the k largest similarities of each image to references, (n_images,).

        With alpha 1 the bias of an image is its mean, and a search for all images returns all biases.
        """
        means = np.empty(self._count, dtype=np.float32)
        if self._count > MAX_HITS:
            for row in range(self._count):
                means[row] = self._database.explain(row)["mean"]
            return means
        result = self._database.search(images[:1], top_k=self._count, alpha=1.0)
        means[result.ids[0].astype(np.int64)] = result.biases[0]
        return means

    def search(self, queries: FloatArray, top_k: int, alpha: float) -> tuple[FloatArray, npt.NDArray[np.int64]]:
        """Scores and row numbers of the best images, both (n_queries, top_k)."""
        results = list(self._database.search_in_batches(queries, top_k, alpha, progress=False))
        scores = np.concatenate([result.scores for result in results])
        indices = np.concatenate([result.ids for result in results]).astype(np.int64)
        return scores, indices

    def close(self) -> None:
        """Ends the daemon and removes its data."""
        self._database.close()
