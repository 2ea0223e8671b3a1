"""Rankers: how scores are corrected. The counterparts of nnn-retrieval's `base_ranker.py` and its siblings."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ._corpus import FloatArray, as_matrix
from .retrievers import Retriever


class Ranker:
    """How scores are corrected: inner products minus weighted alignment means."""

    retriever: Retriever
    batch_size: int
    alternate_weight: float = 0
    alignment_means: npt.NDArray[Any]

    def search(self, batch_query: Any, top_k: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Scores and row numbers of the best images for each query, both (n_queries, top_k), by falling score."""
        queries = as_matrix(batch_query, "batch_query")
        return self.retriever.retrieve(
            self.retrieval_embeds, queries, top_k, self.alternate_weight, self.alignment_means, self.batch_size
        )

    def _set_up(
        self,
        retriever: Retriever,
        retrieval_embeds: Any,
        reference_embeds: Any,
        batch_size: int,
        use_gpu: bool,
        gpu_id: int,
    ) -> None:
        if use_gpu and gpu_id == -1:
            raise ValueError("GPU flag set but no GPU device given!")
        if use_gpu != retriever.use_gpu or gpu_id != retriever.gpu_id:
            raise ValueError("Ranker and retriever must use same device!")
        # An array of the ranker's own, by whose identity the retriever knows its daemon.
        images: FloatArray = as_matrix(retrieval_embeds, "retrieval_embeds").view()
        references = as_matrix(reference_embeds, "reference_embeds")
        if images.shape[1] != references.shape[1]:
            raise ValueError(
                f"Mismatch in embedding dimensions between retrieval and reference set: {images.shape[1]} "
                f"and {references.shape[1]}"
            )
        self.retriever = retriever
        self.batch_size = batch_size
        self.device = "cpu"
        self.embed_size = images.shape[1]
        self.retrieval_embeds = images
        self.reference_embeds = references


class BaseRanker(Ranker):
    """Scores are the inner products.

    Args:
        retriever: how images are searched.
        retrieval_embeds: the images, (n_images, dimension).
        reference_embeds: the references, (n_references, dimension), which have no effect.
        batch_size: the number of queries at once, where numpy searches.
        use_gpu: whether the retriever was made for a GPU.
        gpu_id: the GPU of the retriever.

    """

    def __init__(
        self,
        retriever: Retriever,
        retrieval_embeds: Any,
        reference_embeds: Any,
        batch_size: int = 128,
        use_gpu: bool = False,
        gpu_id: int = -1,
    ) -> None:
        self._set_up(retriever, retrieval_embeds, reference_embeds, batch_size, use_gpu, gpu_id)
        self.alignment_means = np.zeros(len(self.retrieval_embeds), dtype=np.float32)


class NNNRanker(Ranker):
    """Nearest Neighbor Normalization: scores are inner products minus weighted alignment means.

    Args:
        retriever: how images are searched.
        retrieval_embeds: the images, (n_images, dimension).
        reference_embeds: the references, (n_references, dimension).
        alternate_ks: the number of references that the alignment mean of an image averages (k).
        batch_size: the number of queries at once, where numpy searches.
        alternate_weight: the weight of the alignment means (alpha). It can be changed between searches.
        use_gpu: whether the retriever was made for a GPU.
        gpu_id: the GPU of the retriever.

    """

    def __init__(
        self,
        retriever: Retriever,
        retrieval_embeds: Any,
        reference_embeds: Any,
        alternate_ks: int = 256,
        batch_size: int = 128,
        alternate_weight: float = 0.5,
        use_gpu: bool = False,
        gpu_id: int = -1,
    ) -> None:
        self._set_up(retriever, retrieval_embeds, reference_embeds, batch_size, use_gpu, gpu_id)
        self.alternate_weight = alternate_weight
        self.alternate_ks = alternate_ks
        self.alignment_means = retriever.setup_retriever(
            self.retrieval_embeds, self.reference_embeds, alternate_ks, batch_size
        )


class DNRanker(NNNRanker):
    """Distribution Normalization (arXiv 2302.11084): vectors are shifted by means of other data.

    Images are shifted by `dn_lambda` times the mean of `retrieval_dev_embeds`; references and queries by that of
    `query_dev_embeds`. The arguments before them are those of `NNNRanker`.
    """

    def __init__(
        self,
        retriever: Retriever,
        retrieval_embeds: Any,
        reference_embeds: Any,
        alternate_ks: int = 256,
        batch_size: int = 128,
        alternate_weight: float = 0.5,
        use_gpu: bool = False,
        gpu_id: int = -1,
        retrieval_dev_embeds: Any = None,
        query_dev_embeds: Any = None,
        dn_lambda: float = 0.5,
    ) -> None:
        if retrieval_dev_embeds is None or query_dev_embeds is None:
            raise ValueError("must provide both query and reference dev embeds for distribution normalization!")
        self.dn_lambda = dn_lambda
        self.retrieval_dev_embeds_avg = as_matrix(retrieval_dev_embeds, "retrieval_dev_embeds").mean(0, keepdims=True)
        self.query_dev_embeds_avg = as_matrix(query_dev_embeds, "query_dev_embeds").mean(0, keepdims=True)
        super().__init__(
            retriever,
            as_matrix(retrieval_embeds, "retrieval_embeds") - dn_lambda * self.retrieval_dev_embeds_avg,
            as_matrix(reference_embeds, "reference_embeds") - dn_lambda * self.query_dev_embeds_avg,
            alternate_ks,
            batch_size,
            alternate_weight,
            use_gpu,
            gpu_id,
        )

    def search(self, batch_query: Any, top_k: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Scores and row numbers of the best images for each query, both (n_queries, top_k)."""
        queries = as_matrix(batch_query, "batch_query")
        return super().search(queries - self.dn_lambda * self.query_dev_embeds_avg, top_k)
