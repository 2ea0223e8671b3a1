"""What a search in a copy returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._arrays import ArrayLike, as_vectors
from ..results import SearchResult, as_texts

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..sync._state import CopyState


@dataclass(frozen=True, eq=False, repr=False)
class CopyResult(SearchResult):
    """The images that a search in a copy found, in the form of a `SearchResult`. `took` are seconds of this process."""

    exact: bool = True
    """Whether the ranking is that of all images; if not, an approximate index chose the images. Scores are exact."""
    complete: bool = True
    """Whether the copy was the corpus of `generation`; if not, some of its images were of other generations."""


def queries_of(queries: ArrayLike, state: CopyState) -> npt.NDArray[np.float32]:
    """Queries as the engine needs them, (n, dimension); normalised under the metric cosine."""
    array = np.asarray(as_vectors(queries, "queries").without_bfloat16().array, dtype=np.float32)
    if state.dimension and array.shape[1] != state.dimension:
        raise ValueError(f"the queries have dimension {array.shape[1]}; the images have {state.dimension}")
    if not np.isfinite(array).all():
        raise ValueError("a query has a value that is not finite")
    if state.metric == "cosine":
        norms = np.linalg.norm(array.astype(np.float64), axis=1, keepdims=True)
        if not norms.all():
            raise ValueError("a query is 0, which has no direction")
        array = (array / norms).astype(np.float32)
    return array


def result_of(
    found: Sequence[Sequence[tuple[str, float, float]]], alpha: float, state: CopyState, took: float, exact: bool
) -> CopyResult:
    """A result from the id, similarity and mean of each hit."""
    width = max(map(len, found), default=0)
    ids, similarities, means = [], np.full((len(found), width), np.nan), np.full((len(found), width), np.nan)
    for query, hits in enumerate(found):
        ordered: list[Any] = sorted(hits, key=lambda hit: (alpha * hit[2] - hit[1], hit[0]))
        ids += [hit[0] for hit in ordered] + [""] * (width - len(hits))
        similarities[query, : len(hits)] = [hit[1] for hit in ordered]
        means[query, : len(hits)] = [hit[2] for hit in ordered]
    biases = alpha * means
    return CopyResult(
        ids=as_texts(ids).reshape(len(found), width), scores=(similarities - biases).astype(np.float32),
        similarities=similarities.astype(np.float32), biases=biases.astype(np.float32), generation=state.generation,
        took=took, exact=exact, complete=state.complete,
    )  # fmt: skip
