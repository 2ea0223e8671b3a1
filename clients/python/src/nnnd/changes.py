"""The change feed: images that were added, replaced or deleted, and whose means have changed, in their latest state.

A consumer keeps a copy of the corpus, for example in another search engine. It reads pages with `Client.changes` or
`Client.new_changes`, applies them, and keeps the cursor of the last page that it has applied.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ._messages import NPZ, Response
from .results import as_texts

if TYPE_CHECKING:
    from typing import Literal

    import numpy.typing as npt

    ChangeKind = Literal["upsert", "mean", "delete"]


class Change(NamedTuple):
    """The latest state of an image.

    `kind` is "upsert" for an image that was added or replaced, "mean" if only its mean has changed, and "delete".
    `mean` is None for a deleted image. `vector` is that of an image that was added or replaced, if it was asked for.
    """

    kind: ChangeKind
    id: str
    mean: float | None
    vector: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class Changes:
    """A page of changes, from one generation of the corpus. An id occurs once on a page.

    >>> page = db.changes("start", vectors=True)
    >>> [(change.kind, change.id) for change in page]
    [('upsert', 'cat'), ('upsert', 'dog'), ('upsert', 'car')]
    >>> page.vectors.shape, page.more
    ((3, 3), False)

    """

    kinds: npt.NDArray[np.str_]
    """For each change "upsert", "mean" or "delete"."""
    ids: npt.NDArray[np.str_] | npt.NDArray[np.object_]
    means: npt.NDArray[np.float32]
    """The means of the images; NaN for deleted ones."""
    vectors: npt.NDArray[np.float32] | None
    """(number of upserts, dimension): the vectors of the images that were added or replaced, if asked for."""
    cursor: str
    """Where the next page begins; keep it together with what was made of this page."""
    more: bool
    """Whether there are further changes. If not, the consumer knows the whole corpus of `generation`."""
    initial: bool
    """Whether there are images that no page has had yet. While there are, pages have no others."""
    generation: int
    k: int
    """How many similarities a mean averages."""
    images: int
    """The number of images in the corpus."""
    dimension: int
    """The dimension of the vectors; 0 in an empty corpus."""

    def __len__(self) -> int:
        """The number of changes."""
        return len(self.ids)

    def __iter__(self) -> Iterator[Change]:
        """The changes one by one."""
        vectors = iter(() if self.vectors is None else self.vectors)
        for kind, id, mean in zip(self.kinds.tolist(), self.ids.tolist(), self.means.tolist()):
            vector = next(vectors, None) if kind == "upsert" else None
            yield Change(kind, id, None if kind == "delete" else mean, vector)

    def __repr__(self) -> str:
        """A short description."""
        return f"<Changes: {len(self)}, generation {self.generation}{', more follow' if self.more else ''}>"


class MeanFilter:
    """Leaves out changes of means that hardly matter to a consumer.

    A mean is left out while it differs from the one that was let through last by less than `eps`. Small changes can
    therefore not add up: the copy of a consumer never differs from the corpus by `eps` or more. Images that were added,
    replaced or deleted are always let through.

    >>> keep = MeanFilter(0.01, {"cat": 0.5})
    >>> changes = [Change("mean", "cat", mean) for mean in (0.504, 0.508, 0.512)]
    >>> [change.mean for change in keep(changes)]
    [0.512]

    Args:
        eps: the smallest difference that is let through; 0 lets everything through.
        sent: the means that the consumer has, by id: after a restart, those of its copy.

    """

    def __init__(self, eps: float, sent: Mapping[str, float] | None = None) -> None:
        if not 0 <= eps < math.inf:
            raise ValueError(f"eps is {eps}; it must be a number that is not negative")
        self.eps = eps
        self.sent = dict(sent or {})
        """The means that the consumer has, by id."""

    def __call__(self, changes: Iterable[Change]) -> Iterator[Change]:
        """The changes that the consumer must apply. They count as sent when the iterator has returned them."""
        for change in changes:
            if change.mean is None:
                self.sent.pop(change.id, None)
            else:
                known = self.sent.get(change.id)
                if change.kind == "mean" and known is not None and abs(change.mean - known) < self.eps:
                    continue
                self.sent[change.id] = change.mean
            yield change


def parse_changes(response: Response) -> Changes:
    """The page in a response to `GET /v1/changes`; raises `ApiError` if the status is not 200."""
    body = response.content()
    return _parse_npz(body) if response.content_type == NPZ else _parse_lines(body)


def _parse_npz(body: bytes) -> Changes:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return Changes(
            kinds=arrays["changes"],
            ids=arrays["ids"],
            means=arrays["means"],
            vectors=arrays.get("vectors"),
            cursor=str(arrays["next_cursor"]),
            more=bool(arrays["more"]),
            initial=bool(arrays["initial"]),
            generation=int(arrays["generation"]),
            k=int(arrays["k"]),
            images=int(arrays["images"]),
            dimension=int(arrays["dimension"]),
        )


def _parse_lines(body: bytes) -> Changes:
    *lines, end = [json.loads(line) for line in body.splitlines()]
    vectors = [line["vector"] for line in lines if "vector" in line]
    return Changes(
        kinds=np.array([line["change"] for line in lines], dtype="<U6"),
        ids=as_texts([line["id"] for line in lines]),
        means=np.array([line.get("mean", math.nan) for line in lines], dtype=np.float32),
        vectors=_matrix(vectors, end.get("dimension", 0)) if vectors else None,
        cursor=end["next_cursor"],
        more=end["more"],
        initial=end["initial"],
        generation=end["generation"],
        k=end["k"],
        images=end["images"],
        dimension=end.get("dimension", 0),
    )


def _matrix(vectors: list[list[Any]], dimension: int) -> npt.NDArray[np.float32]:
    return cast("npt.NDArray[np.float32]", np.array(vectors, dtype=np.float32).reshape(len(vectors), dimension))
