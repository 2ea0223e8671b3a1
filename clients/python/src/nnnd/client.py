"""The client for a running daemon."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import index
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from . import _messages as messages
from ._adding import Adding
from ._arrays import ArrayLike, Vectors, as_vectors
from ._backup import write_backup
from ._connections import default_socket
from ._evaluating import NO_LIMIT, Evaluating
from ._progress import Progress
from ._reading import Reading
from ._transport import Transport
from .documents import Status, VerifyReport
from .ingestion import SpoolFolders
from .results import SearchResult, parse_search

Self = TypeVar("Self", bound="Client")


class Client(Adding, Evaluating, Reading):
    """A client for the daemon on a Unix socket. Any number of threads, and processes after a fork, can use it at once.

    >>> with Client(db.socket) as client:
    ...     client.search([1.0, 0.1, 0.0], top_k=1, alpha=0).ids
    array([['cat']], dtype='<U3')

    In all examples `db` is a `Database` with k = 2, the images cat (1, 0.1, 0), dog (0.7, 0.7, 0.1) and car
    (0, 0.2, 1), and the references x (1, 0, 0), y (0, 1, 0) and z (0, 0, 1).

    Args:
        socket: the path of the socket; by default the one that NNND_SOCKET names, or /run/nnnd/nnnd.sock.
        timeout: seconds for a response; None waits without a limit.
        retry_seconds: how long a request is tried again while the daemon restarts or is overloaded. A second time
            changes nothing, so that this is safe. A daemon that has never answered is not waited for. Backups and
            evaluations are not begun again when they have begun.

    """

    def __init__(
        self, socket: str | os.PathLike[str] | None = None, *, timeout: float | None = 60.0, retry_seconds: float = 5.0
    ) -> None:
        self._transport = Transport(socket or default_socket(), timeout, retry_seconds)
        self._folders: SpoolFolders | None = None

    @property
    def socket(self) -> str:
        """The path of the socket."""
        return self._transport.pool.path

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. The daemon continues to run."""
        self._transport.pool.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.socket!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes a client for the same socket."""
        transport = self._transport
        return _client, (transport.pool.path, transport.pool.timeout, transport.retries.seconds)

    def search(
        self,
        queries: ArrayLike,
        top_k: int = 10,
        alpha: float | None = None,
        min_score: float | None = None,
        *,
        recall: float | None = None,
        rescore: int | None = None,
        sample: bool = True,
    ) -> SearchResult:
        """Finds the best images for each query, all in one snapshot of the corpus.

        >>> db.search([[1.0, 0.1, 0.0]], top_k=2, alpha=0).ids
        array([['cat', 'dog']], dtype='<U3')

        Args:
            queries: (n_queries, dimension), or (dimension,) for one query; at most 4,096 queries and 64 MiB.
            top_k: how many images to find for each query; n_queries x top_k can be a million.
            alpha: the weight of the bias; 0 ranks by similarity alone. By default the daemon's setting.
            min_score: leaves out images with a lower score. Queries can then have fewer hits than others.
            recall: the share of the best images to find on average, 0.5 to 1 (exact). By default the daemon's setting.
            rescore: for experts: the rows to score exactly for each query, top_k to 2,048; it needs a recall below 1.
            sample: whether the queries can become references, if the daemon's setting `sample-queries` is set.

        """
        request = messages.search_request(queries, top_k, alpha, min_score, recall, sample, rescore)
        return parse_search(self._transport.send(request))

    def search_in_batches(
        self,
        queries: ArrayLike,
        top_k: int = 10,
        alpha: float | None = None,
        *,
        recall: float | None = None,
        rescore: int | None = None,
        progress: bool | None = None,
    ) -> Iterator[SearchResult]:
        """Searches for any number of queries, with as many requests as that takes.

        Each result reflects one generation; two results can reflect different ones.

        >>> [result.ids.shape for result in db.search_in_batches(np.ones((5000, 3), np.float32), 2)]
        [(4096, 2), (904, 2)]

        """
        if not 1 <= top_k <= messages.MAX_HITS:
            raise ValueError(f"top_k is {top_k}; it must be from 1 to {messages.MAX_HITS:,}")
        messages.check_search(top_k, alpha, recall=recall, rescore=rescore)
        vectors = as_vectors(queries, "queries").without_bfloat16()
        return self._search_in_batches(vectors, index(top_k), progress, alpha=alpha, recall=recall, rescore=rescore)

    def _search_in_batches(self, vectors: Vectors, top_k: int, show: bool | None, **how: Any) -> Iterator[SearchResult]:
        most = messages.most_queries(vectors.row_bytes, top_k)
        with Progress("search", vectors.rows, "queries", show) as bar:
            for start in range(0, vectors.rows, max(1, most)):
                result = self.search(vectors.array[start : start + max(1, most)], top_k, **how)
                bar.add(len(result))
                yield result

    def status(self) -> Status:
        """The sizes of the corpus, the settings, and the newest receipts and rejections."""
        return cast(Status, self._transport.send(messages.STATUS).json())

    def verify(self, sample: int | None = None, *, timeout: float | None = None) -> VerifyReport:
        """Compares the stored means and vectors with a computation from scratch, for all images or a sample.

        `timeout` is in seconds; None waits without a limit, whatever the timeout of the client.

        >>> db.verify()["wrong"]
        0

        """
        limit = NO_LIMIT if timeout is None else timeout
        return cast(VerifyReport, self._transport.send(messages.verify_request(sample), limit).json())

    def ready(self, *, timeout: float | None = None) -> bool:
        """Asks whether the daemon can answer searches; raises `NotReachable` or `Unavailable` if not.

        `timeout` is the most seconds that the answer can take, if that is less than the timeout of the client.
        """
        self._transport.send_within(timeout, messages.READY).content()
        return True

    def metrics(self) -> str:
        """The metrics in Prometheus' text format."""
        return self._transport.send(messages.METRICS).content().decode()

    def backup(self, folder: str | os.PathLike[str], *, progress: bool | None = None) -> Path:
        """Copies the store into a new folder while the daemon continues to work, and returns the folder.

        The folder appears when its content is complete and on the disk. An existing one is not overwritten.
        """
        with Progress("backup", self.status()["store"]["bytes"], "B", progress) as bar:
            return write_backup(
                Path(folder), lambda write: self._transport.stream(messages.BACKUP, write), report=bar.add
            )


def _client(socket: str, timeout: float | None, retry_seconds: float) -> Client:
    return Client(socket, timeout=timeout, retry_seconds=retry_seconds)
