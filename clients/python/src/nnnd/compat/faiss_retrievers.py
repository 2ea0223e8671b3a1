"""The counterparts of nnn-retrieval's retrievers with Faiss. Without indexes of the caller's they need no Faiss."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._corpus import as_matrix
from .retrievers import NNNRetriever, check_gpu, check_top_k

METRIC_INNER_PRODUCT = 0


class FaissCPURetriever(NNNRetriever):
    """Exact search with the daemon, or a search with indexes of Faiss that the caller made.

    Args:
        embeds_size: the dimension of the vectors.
        reference_index: an index with inner product, of dimension `embeds_size`. It finds the references closest to
            each image. If it finds fewer than k, their mean is taken.
        reference_nprobes: the number of cells that a search of `reference_index` visits, if it has cells.
        retrieval_index: an index with inner product, of dimension `embeds_size + 1`: the last number of an image in it
            is its alignment mean, that of a query is minus the weight.
        retrieval_nprobes: the number of cells that a search of `retrieval_index` visits, if it has cells.

    """

    def __init__(
        self,
        embeds_size: int,
        reference_index: Any = None,
        reference_nprobes: int = 32,
        retrieval_index: Any = None,
        retrieval_nprobes: int = 32,
    ) -> None:
        super().__init__(embeds_size)
        self.reference_index = _checked_index(reference_index, embeds_size, reference_nprobes, "reference_index")
        self.retrieval_index = _checked_index(retrieval_index, embeds_size + 1, retrieval_nprobes, "retrieval_index")

    def setup_retriever(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> npt.NDArray[np.float32]:
        """Fills the caller's indexes or the private daemon, and returns the alignment means, (n_images, 1)."""
        if self.reference_index is None:
            means = super().setup_retriever(retrieval_embeds, reference_embeds, alternate_ks, batch_size)
        else:
            means = self._means_by_index(retrieval_embeds, reference_embeds, alternate_ks)
        if self.retrieval_index is not None:
            images = self._checked(retrieval_embeds, "retrieval_embeds")
            _fill(self.retrieval_index, np.concatenate([images, means], axis=1), "retrieval_index")
        return means

    def retrieve(
        self,
        retrieval_embeds: Any,
        batch_query: Any,
        top_k: int,
        alternate_weight: float,
        alignment_means: Any,
        batch_size: int,
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Scores and row numbers of the best images for each query, both (n_queries, top_k).

        Raises:
            ValueError: there are fewer than `top_k` images, or `retrieval_index` finds fewer for a query.

        """
        if self.retrieval_index is None:
            return super().retrieve(retrieval_embeds, batch_query, top_k, alternate_weight, alignment_means, batch_size)
        check_top_k(top_k, len(retrieval_embeds))
        # The index is still empty if `setup_retriever` was not called.
        if self.retrieval_index.ntotal != len(retrieval_embeds):
            images = self._checked(retrieval_embeds, "retrieval_embeds")
            means = np.asarray(alignment_means, dtype=np.float32).reshape(-1, 1)
            _fill(self.retrieval_index, np.concatenate([images, means], axis=1), "retrieval_index")
        queries = self._checked(batch_query, "batch_query")
        weights = np.full((len(queries), 1), -alternate_weight, dtype=np.float32)
        scores, indices = self.retrieval_index.search(np.concatenate([queries, weights], axis=1), top_k)
        # Faiss fills up with the row -1 where it finds fewer.
        fewest = int((indices >= 0).sum(axis=1).min())
        if fewest < top_k:
            raise ValueError(
                f"retrieval_index finds {fewest} images for a query, and top_k is {top_k}; raise retrieval_nprobes, or "
                "give a smaller top_k"
            )
        return scores, indices

    def _means_by_index(self, images: Any, references: Any, k: int) -> npt.NDArray[np.float32]:
        _fill(self.reference_index, self._checked(references, "reference_embeds"), "reference_index")
        k = min(k, len(references))
        scores, rows = self.reference_index.search(self._checked(images, "retrieval_embeds"), k)
        # Faiss fills up with the row -1 and a score of about -3.4e38 where it finds fewer.
        found = rows >= 0
        if not found.any(axis=1).all():
            image = int(np.argmin(found.any(axis=1)))
            raise ValueError(f"reference_index finds no reference for image {image}; raise reference_nprobes")
        means: npt.NDArray[np.float32] = np.mean(scores, axis=-1, keepdims=True, where=found)
        return means


class FaissGPURetriever(FaissCPURetriever):
    """`FaissCPURetriever` with the arguments of nnn-retrieval's retriever for GPUs; nnnd computes on the CPU."""

    def __init__(
        self,
        embeds_size: int,
        gpu_id: int,
        reference_index: Any = None,
        reference_nprobes: int = 32,
        retrieval_index: Any = None,
        retrieval_nprobes: int = 32,
    ) -> None:
        super().__init__(embeds_size, reference_index, reference_nprobes, retrieval_index, retrieval_nprobes)
        self.use_gpu = True
        self.gpu_id = gpu_id
        check_gpu(True, gpu_id)


def _checked_index(index: Any, dimension: int, nprobes: int, what: str) -> Any:
    """The caller's index, if it can be used."""
    if index is None:
        return None
    if index.metric_type != METRIC_INNER_PRODUCT:
        raise ValueError(f"{what} must use the inner product as its metric")
    if index.d != dimension:
        raise ValueError(f"{what} has the dimension {index.d}; it must have {dimension}")
    if hasattr(index, "nprobe"):
        index.nprobe = nprobes
    return index


def _fill(index: Any, vectors: Any, what: str) -> None:
    """Adds the vectors to an empty index."""
    vectors = np.ascontiguousarray(as_matrix(vectors, what))
    if index.ntotal:
        raise ValueError(f"{what} has {index.ntotal} vectors already; give each ranker a retriever with new indexes")
    if not index.is_trained:
        index.train(vectors)
    index.add(vectors)
