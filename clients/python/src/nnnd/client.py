"""The client for a running daemon."""

from __future__ import annotations

import os
from collections.abc import Iterator
from operator import index
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from . import _messages as messages
from ._arrays import ArrayLike, Ids, Vectors, as_vectors
from ._backup import write_backup
from ._connections import default_socket
from ._evaluating import NO_LIMIT, Evaluating
from ._producer import SHARD_BYTES, Batches, Producer, batches_of, deletion_lists, with_ingestion
from ._progress import Progress
from ._reading import Reading
from ._shards import remove_abandoned
from ._transport import Transport
from .documents import Kind, Status, VerifyReport
from .heaps import Heaps
from .ingestion import Ingestion, SpoolFolders
from .results import SearchResult, parse_search

Self = TypeVar("Self", bound="Client")


class Client(Evaluating, Reading):
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

    def add_images(
        self,
        vectors: Batches,
        ids: Ids | None = None,
        *,
        name: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        shard_bytes: int = SHARD_BYTES,
        progress: bool | None = None,
        heaps: Heaps | None = None,
    ) -> Ingestion:
        """Adds images, or replaces those whose ids exist, through the daemon's spool.

        One shard takes effect as a whole; more than `shard_bytes` become several shards, one after another.

        >>> db.add_images(np.eye(2, 3, dtype="float32"), ["north", "east"]).rows
        2

        Args:
            vectors: (n, dimension) of float16, bfloat16, float32 or float64: an array, torch tensor, memory map or
                list; or an iterator of such batches, or of tuples (batch, ids).
            ids: n strings or integers. Without ids a row gets the name of its shard and its number.
            name: the name of the shard, without suffix; by default one that no other shard has.
            wait: whether to wait until searches reflect the images.
            timeout: seconds to wait; None waits without a limit.
            shard_bytes: the size from which on a further shard is begun.
            progress: whether to show a progress bar; by default on a terminal and in a notebook.
            heaps: their best references, if computed elsewhere; used for shards whose ids are all new.

        Raises:
            ShardRejected: the daemon rejected a shard; nothing of that shard took effect.
            ReceiptTimeout: the time is over; the shards can still take effect.

        """
        return self._add("images", vectors, ids, name, wait, timeout, shard_bytes, progress, heaps)

    def add_references(
        self,
        vectors: Batches,
        ids: Ids | None = None,
        *,
        name: str | None = None,
        wait: bool = True,
        timeout: float | None = None,
        shard_bytes: int = SHARD_BYTES,
        progress: bool | None = None,
    ) -> Ingestion:
        """Adds references (typical queries), from which biases are computed; as `add_images` adds images."""
        return self._add("references", vectors, ids, name, wait, timeout, shard_bytes, progress)

    def delete_images(self, ids: Ids, *, wait: bool = True, timeout: float | None = None) -> Ingestion:
        """Deletes images. Ids that do not exist are no error; `missing` counts them.

        >>> db.delete_images(["car", "unicorn"]).missing
        1

        """
        return self._delete("images", ids, wait, timeout)

    def delete_references(self, ids: Ids, *, wait: bool = True, timeout: float | None = None) -> Ingestion:
        """Deletes references, as `delete_images` deletes images."""
        return self._delete("references", ids, wait, timeout)

    def _add(
        self,
        kind: Kind,
        vectors: Batches,
        ids: Ids | None,
        name: str | None,
        wait: bool,
        timeout: float | None,
        shard_bytes: int,
        progress: bool | None,
        heaps: Heaps | None = None,
    ) -> Ingestion:
        ingestion = self.submit(kind, vectors, ids, name, not wait, shard_bytes, progress, heaps)
        return ingestion.wait(timeout, progress=progress) if wait else ingestion

    def _delete(self, kind: Kind, ids: Ids, wait: bool, timeout: float | None) -> Ingestion:
        ingestion = self.submit_deletion(kind, ids, not wait)
        return ingestion.wait(timeout) if wait else ingestion

    def submit(
        self,
        kind: Kind,
        vectors: Batches,
        ids: Ids | None = None,
        name: str | None = None,
        sync: bool = True,
        shard_bytes: int = SHARD_BYTES,
        progress: bool | None = None,
        heaps: Heaps | None = None,
    ) -> Ingestion:
        """Writes shards into the spool without waiting; `sync` flushes them, which callers that wait do not need."""
        batches, total = batches_of(vectors, ids, shard_bytes, heaps)
        producer = Producer(self.spool(), kind, name, sync, self.ready, heaps)
        with Progress(f"write {kind}", total, "rows", progress) as bar, with_ingestion(producer.ingestion):
            producer.add(batches, shard_bytes, bar)
        return producer.ingestion

    def submit_deletion(self, kind: Kind, ids: Ids, sync: bool = True) -> Ingestion:
        """Writes lists of ids to delete into the spool without waiting."""
        lists = deletion_lists(ids)
        producer = Producer(self.spool(), kind, None, sync, self.ready)
        with with_ingestion(producer.ingestion):
            producer.delete(lists)
        return producer.ingestion

    def spool(self) -> SpoolFolders:
        """The folders of the daemon's spool."""
        if self._folders is None:
            spool = self.status()["spool"]
            self._folders = SpoolFolders(
                Path(spool["images"]), Path(spool["references"]), Path(spool["done"]), Path(spool["failed"])
            )
            remove_abandoned(self._folders.images)
            remove_abandoned(self._folders.references)
        return self._folders

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
