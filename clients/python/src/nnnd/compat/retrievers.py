"""Retrievers: how images are searched. The counterparts of nnn-retrieval's `retriever.py` and `nnn_retriever.py`."""

from __future__ import annotations

import warnings
import weakref
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from ._corpus import MAX_ALPHA, Corpus, FloatArray, as_matrix

Indices = npt.NDArray[np.int64]


class Retriever(ABC):
    """How images are searched. A ranker calls these methods; programs use the ranker."""

    use_gpu: bool = False
    gpu_id: int = -1

    @abstractmethod
    def compute_alignment_means(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> npt.NDArray[Any]:
        """The mean of the `alternate_ks` largest similarities of each image to references, (n_images, 1)."""

    @abstractmethod
    def setup_retriever(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> npt.NDArray[Any]:
        """Prepares searches and returns the alignment means, (n_images, 1)."""

    @abstractmethod
    def retrieve(
        self,
        retrieval_embeds: Any,
        batch_query: Any,
        top_k: int,
        alternate_weight: float,
        alignment_means: Any,
        batch_size: int,
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Scores and row numbers of the best images for each query, both (n_queries, top_k)."""


class DaemonRetriever(Retriever):
    """Searches with a private daemon for each array of images that it is given."""

    def __init__(self, embeds_size: int, use_gpu: bool = False, gpu_id: int = -1) -> None:
        self.embeds_size = embeds_size
        self.use_gpu = use_gpu
        self.gpu_id = gpu_id
        check_gpu(use_gpu, gpu_id)
        # The corpora by the identity of the array of images, for as long as this array exists.
        self._corpora: dict[int, tuple[Corpus, FloatArray]] = {}

    def compute_alignment_means(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> FloatArray:
        """The mean of the `alternate_ks` largest similarities of each image to references, (n_images, 1).

        If there are fewer references, it is the mean over all of them.
        """
        return self.setup_retriever(retrieval_embeds, reference_embeds, alternate_ks, batch_size)

    def setup_retriever(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> FloatArray:
        """Brings images and references into a private daemon and returns the alignment means, (n_images, 1)."""
        if alternate_ks < 1:
            raise ValueError(f"alternate_ks is {alternate_ks}; it must be at least 1")
        images = self._checked(retrieval_embeds, "retrieval_embeds")
        references = self._checked(reference_embeds, "reference_embeds")
        corpus = Corpus(images, references, min(int(alternate_ks), len(references)))
        means = corpus.means(images).reshape(-1, 1)
        self._keep(retrieval_embeds, corpus, means)
        return means

    def retrieve(
        self,
        retrieval_embeds: Any,
        batch_query: Any,
        top_k: int,
        alternate_weight: float,
        alignment_means: Any,
        batch_size: int,
    ) -> tuple[FloatArray, Indices]:
        """Scores and row numbers of the best images for each query, both (n_queries, top_k), by falling score."""
        queries = self._checked(batch_query, "batch_query")
        count = len(retrieval_embeds)
        check_top_k(top_k, count)
        corpus, means = self._corpora.get(id(retrieval_embeds), (None, None))
        if corpus is None and alternate_weight == 0:
            images = self._checked(retrieval_embeds, "retrieval_embeds")
            corpus, means = Corpus(images, None, 1), np.zeros((len(images), 1), np.float32)
            self._keep(retrieval_embeds, corpus, means)
        is_daemons = corpus is not None and 0 <= alternate_weight <= MAX_ALPHA
        if is_daemons and alternate_weight != 0:
            given = np.asarray(alignment_means, dtype=np.float32).reshape(-1)
            is_daemons = means is not None and np.array_equal(given, means.reshape(-1))
        if corpus is not None and is_daemons:
            return corpus.search(queries, top_k, float(alternate_weight))
        images = self._checked(retrieval_embeds, "retrieval_embeds")
        return search_with_numpy(images, queries, top_k, alternate_weight, alignment_means, batch_size)

    def close(self) -> None:
        """Ends the daemons; otherwise they end with the arrays of images or with the process."""
        for corpus, _ in self._corpora.values():
            corpus.close()
        self._corpora.clear()

    def _keep(self, embeds: Any, corpus: Corpus, means: FloatArray) -> None:
        key = id(embeds)
        previous = self._corpora.pop(key, None)
        if previous is not None:
            previous[0].close()
        self._corpora[key] = (corpus, means)
        corpora = self._corpora

        def drop() -> None:
            if corpora.get(key, (None,))[0] is corpus:
                del corpora[key]
            corpus.close()

        finalizer = weakref.finalize(embeds, drop)
        # At the end of the process the daemons end by themselves.
        finalizer.atexit = False

    def _checked(self, data: Any, what: str) -> FloatArray:
        matrix = as_matrix(data, what)
        if matrix.shape[1] != self.embeds_size:
            raise ValueError(f"{what} has {matrix.shape[1]} columns, and the retriever was made for {self.embeds_size}")
        return matrix


class NNNRetriever(DaemonRetriever):
    """Exact search with Nearest Neighbor Normalization."""


class BaseRetriever(DaemonRetriever):
    """Exact search without corrections: the alignment means are 0, and weights are ignored."""

    def compute_alignment_means(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> FloatArray:
        """Zeros, (n_images,)."""
        return np.zeros(len(retrieval_embeds), dtype=np.float32)

    def setup_retriever(
        self, retrieval_embeds: Any, reference_embeds: Any, alternate_ks: int, batch_size: int
    ) -> FloatArray:
        """Zeros, (n_images,)."""
        return self.compute_alignment_means(retrieval_embeds, reference_embeds, alternate_ks, batch_size)

    def retrieve(
        self,
        retrieval_embeds: Any,
        batch_query: Any,
        top_k: int,
        alternate_weight: float,
        alignment_means: Any,
        batch_size: int,
    ) -> tuple[FloatArray, Indices]:
        """Similarities and row numbers of the best images for each query, both (n_queries, top_k)."""
        return super().retrieve(retrieval_embeds, batch_query, top_k, 0.0, alignment_means, batch_size)


def search_with_numpy(
    images: FloatArray, queries: FloatArray, top_k: int, weight: float, means: Any, batch_size: int
) -> tuple[FloatArray, Indices]:
    """The search by its definition, for weights and means that the daemon does not have."""
    biases = np.float32(weight) * np.asarray(means, dtype=np.float32).reshape(1, -1)
    scores, indices = [], []
    for start in range(0, len(queries), batch_size):
        part = queries[start : start + batch_size] @ images.T - biases
        order = np.argsort(-part, axis=1, kind="stable")[:, :top_k]
        indices.append(order)
        scores.append(np.take_along_axis(part, order, axis=1))
    return np.concatenate(scores), np.concatenate(indices).astype(np.int64)


def check_top_k(top_k: int, images: int) -> None:
    """Raises ValueError if there are fewer than `top_k` images."""
    if not 1 <= top_k <= images:
        raise ValueError(f"top_k is {top_k}; it must be from 1 to the number of images, {images}")


def check_gpu(use_gpu: bool, gpu_id: int) -> None:
    """Rejects a GPU without a number, as nnn-retrieval does, and warns that nnnd uses none."""
    if not use_gpu:
        return
    if gpu_id == -1:
        raise ValueError("GPU flag set but no GPU device given!")
    warnings.warn("nnnd computes on the CPU; use_gpu and gpu_id have no effect", UserWarning, stacklevel=4)
