"""Searches in copies of the corpus that `python -m nnnd sync` keeps in PostgreSQL or Milvus.

    from nnnd import serving
    result = serving.search("postgresql://user@host/database", queries, top_k=10, alpha=0.75)

A copy takes a while to follow the corpus: `generation` of a result says which generation it has.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from ..sync._state import CopyError
from ._result import CopyResult

if TYPE_CHECKING:
    from .._arrays import ArrayLike

__all__ = ["CopyError", "CopyResult", "Searcher", "connect", "search"]


class _Engine(Protocol):
    def search(
        self, queries: ArrayLike, top_k: int = 10, alpha: float | None = None, *, ef: int | None = None
    ) -> CopyResult: ...

    def close(self) -> None: ...


class Searcher:
    """A connection to a copy, for many searches. Threads can share it; it is a context manager."""

    def __init__(self, engine: _Engine) -> None:
        self._engine = engine

    def search(
        self, queries: ArrayLike, top_k: int = 10, alpha: float | None = None, *, ef: int | None = None
    ) -> CopyResult:
        """As `search` of this module."""
        if top_k < 1:
            raise ValueError(f"top_k is {top_k}; it must be at least 1")
        return self._engine.search(queries, int(top_k), None if alpha is None else float(alpha), ef=ef)

    def close(self) -> None:
        """Ends the connection."""
        self._engine.close()

    def __enter__(self) -> Searcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(url: str, name: str = "images", **options: Any) -> Searcher:
    """Connects to a copy.

    Args:
        url: a connection string of PostgreSQL (`postgresql://...`, or `host=... dbname=...`), the address of a Milvus
            server (`http://host:19530`), or a file of milvus-lite (`NAME.db`).
        name: the table or collection.
        options: for Milvus, arguments of `pymilvus.MilvusClient`, for example `token`.

    """
    if url.startswith(("postgresql://", "postgres://")) or "=" in url.split("/")[0]:
        from ._postgres import PostgresSearch

        return Searcher(PostgresSearch(url, name, **options))
    from ._milvus import MilvusSearch

    return Searcher(MilvusSearch(url, name, **options))


def search(
    url: str,
    queries: ArrayLike,
    top_k: int = 10,
    alpha: float | None = None,
    *,
    name: str = "images",
    ef: int | None = None,
    **options: Any,
) -> CopyResult:
    """Finds the best images for each query in a copy of the corpus, as `Client.search` finds them in the corpus.

    For many searches, `connect` keeps the connection.

    Args:
        url: as for `connect`.
        queries: (n_queries, dimension), or (dimension,) for one query.
        top_k: how many images to find for each query.
        alpha: the weight of the bias; by default the daemon's setting, as the sync has seen it last.
        name: the table or collection.
        ef: None for an exact search; else how many candidates the HNSW index keeps: more find more of the best images,
            and take longer. `sync --index hnsw` makes the index.
        options: as for `connect`.

    """
    with connect(url, name, **options) as searcher:
        return searcher.search(queries, top_k, alpha, ef=ef)
