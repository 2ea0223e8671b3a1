"""What an engine must be able to do so that a copy of the corpus can be kept in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..changes import Changes
    from ._state import CopyState


class Applied(NamedTuple):
    """What a page has changed in a copy."""

    state: CopyState
    upserts: int
    """Rows that were written with their vectors."""
    means: int
    """Rows of which only the mean was written; those that `eps` left out do not count."""
    deletes: int


class Copy(Protocol):
    """A copy of the corpus in an engine."""

    engine: str
    """postgres or milvus."""
    name: str
    """The table or collection."""
    outages: tuple[type[Exception], ...]
    """The exceptions after which another try can succeed: the engine is away, or restarts."""

    failures: type[Exception]
    """The base of the engine's exceptions."""

    def open(self) -> CopyState | None:
        """Connects, checks the versions, and returns the state; None if there is no copy yet."""

    def close(self) -> None:
        """Ends the connections."""

    def begin(self, state: CopyState, centre: float) -> CopyState:
        """Begins a snapshot: stores `state` with the cursor `start`. Rows of an older copy stay until its end."""

    def apply(self, page: Changes, state: CopyState) -> Applied:
        """Applies a page that follows `state`, and stores the state after it."""

    def finish(self, state: CopyState, changed: int, index: str) -> CopyState:
        """Called when the copy is complete; `changed` rows were written since the last call.

        Makes the index none or hnsw, if the copy has another one, and does what many changes make necessary.
        """

    def rows(self) -> int:
        """The number of images in the copy."""

    def sample(self, count: int) -> tuple[list[str], npt.NDArray[Any], npt.NDArray[Any]]:
        """Ids, vectors (n, dimension) and means (n,) of some images."""

    def rank(self, queries: npt.NDArray[Any], top_k: int, alpha: float, ids: list[str]) -> Any:
        """An exact search among some images: a `SearchResult`."""
