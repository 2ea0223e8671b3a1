"""What a search returns."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._messages import NPZ, Response

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd


MAX_TEXT_BYTES = 256 << 20
# What fills the row of a query that has fewer hits than another one.
NO_HIT = {"id": "", "score": float("nan"), "similarity": float("nan"), "bias": float("nan")}


class Hit(NamedTuple):
    """An image that a search found; `score` is `similarity` - `bias`."""

    id: str
    score: float
    similarity: float
    bias: float


@dataclass(frozen=True)
class Recall:
    """How a search that asked for a recall below 1 was answered.

    >>> recall = db.search([[1.0, 0.1, 0.0]], top_k=2, recall=0.99).recall
    >>> recall.target, recall.exact, recall.reason
    (0.99, True, 'few_images')

    """

    target: float
    """The recall that was asked for."""
    exact: bool
    """Whether the answers are exact."""
    scanned_rows: int
    """The rows that were compared by codes; a row counts once for each query."""
    reason: str | None = None
    """Why the answers are exact: few_images, large_top_k, uncalibrated or many_candidates."""
    calibration: int | None = None
    """The generation of the corpus in which the calibration was made that approximate answers rely on; None with
    `rescore`."""
    rescored_rows: int | None = None
    """The rows whose exact scores were computed for approximate answers."""
    probed_cells: int | None = None
    """The cells that were read; a cell counts once for each query. None if all rows were compared."""


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The images found for each query, by falling score.

    The arrays have the shape (n_queries, n_hits); n_hits is `top_k`, or the number of images if that is smaller.
    `similarities` - `biases` are the `scores`. All of it reflects one generation of the corpus.

    With `min_score` queries can have different numbers of hits. n_hits is then the largest of them, and the rows of
    the other queries end with empty ids and NaN. `counts`, indices, iteration and `to_pandas` leave these out.

    `ids` is an array of text (`<U`), in which each id takes the memory of the longest one. If that would be more than
    256 MiB, or if an id ends in NUL, which numpy removes from text, it is an array of `str` objects.

    >>> result = db.search([[1.0, 0.1, 0.0], [0.0, 0.1, 1.0]], top_k=2, alpha=0)
    >>> result.ids
    array([['cat', 'dog'],
           ['car', 'dog']], dtype='<U3')
    >>> result.scores.shape
    (2, 2)
    >>> [hits[0].id for hits in result]
    ['cat', 'car']

    """

    ids: npt.NDArray[np.str_] | npt.NDArray[np.object_]
    scores: npt.NDArray[np.float32]
    similarities: npt.NDArray[np.float32]
    biases: npt.NDArray[np.float32]
    generation: int
    """The generation that the whole result reflects."""
    took: float
    """Seconds that the daemon took, from the last byte of the request to the response."""
    recall: Recall | None = None
    """How the search was answered; None if neither it nor the daemon's setting asked for a recall below 1."""

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The number of hits of each query."""
        return np.asarray((self.ids != "").sum(axis=1), dtype=np.int64)

    def __len__(self) -> int:
        """The number of queries."""
        return len(self.ids)

    def __iter__(self) -> Iterator[list[Hit]]:
        """The hits of each query, in the order of the queries."""
        return (self[query] for query in range(len(self)))

    def __getitem__(self, query: int) -> list[Hit]:
        """The hits of one query, best first."""
        columns = (self.ids, self.scores, self.similarities, self.biases)
        hits = map(Hit._make, zip(*(column[query].tolist() for column in columns)))
        return [hit for hit in hits if hit.id]

    def __repr__(self) -> str:
        """A short description; `print(result.to_pandas())` shows the hits."""
        queries, hits = self.ids.shape
        return f"<SearchResult: {queries} x {hits} hits, generation {self.generation}, {1000 * self.took:.1f} ms>"

    def _repr_html_(self) -> str:
        """The hits of the first queries as a table, for notebooks."""
        rows = [
            f"<tr><td>{query}<td>{rank}<td>{_escaped(hit.id)}<td>{hit.score:.6f}<td>{hit.similarity:.6f}"
            f"<td>{hit.bias:.6f}"
            for query in range(min(len(self), 10))
            for rank, hit in enumerate(self[query][:10], 1)
        ]
        head = "".join(f"<th>{name}" for name in ("query", "rank", "id", "score", "similarity", "bias"))
        return f"<table><tr>{head}{''.join(rows)}</table><p>{_escaped(repr(self))}"

    def to_pandas(self) -> pd.DataFrame:
        """The hits as a table with the columns query, rank (from 1), id, score, similarity and bias."""
        import pandas as pd

        queries, hits = self.ids.shape
        table: pd.DataFrame = pd.DataFrame(
            {
                "query": np.repeat(np.arange(queries), hits),
                "rank": np.tile(np.arange(1, hits + 1), queries),
                "id": self.ids.ravel(),
                "score": self.scores.ravel(),
                "similarity": self.similarities.ravel(),
                "bias": self.biases.ravel(),
            }
        )
        return table[table["id"] != ""].reset_index(drop=True)


def parse_search(response: Response) -> SearchResult:
    """The result in a response to `POST /v1/search`; raises `ApiError` if the status is not 200."""
    body = response.content()
    return _parse_npz(body) if response.content_type == NPZ else _parse_json(body)


def _parse_npz(body: bytes) -> SearchResult:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return SearchResult(
            ids=arrays["ids"],
            scores=arrays["scores"],
            similarities=arrays["similarities"],
            biases=arrays["biases"],
            generation=int(arrays["generation"]),
            took=float(arrays["took_ms"]) / 1000,
            recall=_recall_of_arrays(arrays) if "recall_target" in arrays else None,
        )


def _recall_of_arrays(arrays: Any) -> Recall:
    exact = bool(arrays["recall_exact"])
    return Recall(
        target=float(arrays["recall_target"]),
        exact=exact,
        scanned_rows=int(arrays["recall_scanned_rows"]),
        reason=str(arrays["recall_reason"]) if exact else None,
        calibration=int(arrays["recall_calibration"]) or None,
        rescored_rows=None if exact else int(arrays["recall_rescored_rows"]),
        # An older daemon has no cells.
        probed_cells=int(arrays["recall_probed_cells"]) or None if "recall_probed_cells" in arrays else None,
    )


def _recall_of_document(document: dict[str, Any]) -> Recall:
    # A newer daemon can add fields.
    return Recall(**{field.name: document[field.name] for field in fields(Recall) if field.name in document})


def _parse_json(body: bytes) -> SearchResult:
    answer = json.loads(body)
    results = answer["results"]
    shape = (len(results), max(map(len, results), default=0))
    hits = [hit for found in results for hit in found + [NO_HIT] * (shape[1] - len(found))]

    def column(name: str) -> npt.NDArray[np.float32]:
        return np.array([hit[name] for hit in hits], dtype=np.float32).reshape(shape)

    return SearchResult(
        ids=as_texts([hit["id"] for hit in hits]).reshape(shape),
        scores=column("score"),
        similarities=column("similarity"),
        biases=column("bias"),
        generation=answer["generation"],
        took=answer["took_ms"] / 1000,
        recall=_recall_of_document(answer["recall"]) if "recall" in answer else None,
    )


def as_texts(ids: list[str]) -> npt.NDArray[np.str_] | npt.NDArray[np.object_]:
    """An array of ids, as text if numpy can keep them so in `MAX_TEXT_BYTES`."""
    width = max(map(len, ids), default=1) or 1
    if 4 * width * len(ids) <= MAX_TEXT_BYTES and not any(id.endswith("\0") for id in ids):
        return np.array(ids, dtype=f"<U{width}")
    objects = np.empty(len(ids), dtype=object)
    objects[:] = ids
    return objects


def _escaped(text: Any) -> str:
    import html

    return html.escape(str(text))
