"""The part of `Client` that adds and deletes images and references through the spool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._arrays import Ids
from ._producer import SHARD_BYTES, Batches, Producer, batches_of, deletion_lists, with_ingestion
from ._progress import Progress
from ._shards import remove_abandoned
from .documents import Kind, Status
from .heaps import Heaps
from .ingestion import Ingestion, SpoolFolders


class Adding:
    """The methods of `Client` that write to the spool."""

    _folders: SpoolFolders | None

    if TYPE_CHECKING:

        def ready(self, *, timeout: float | None = None) -> bool: ...

        def status(self) -> Status: ...

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
            shard_bytes: the largest size of a shard; more vectors go into a further shard.
            progress: whether to show a progress bar; by default on a terminal and in a notebook.
            heaps: the most similar references of each image, if computed elsewhere (`nnnd.Heaps`). The daemon uses them
                only for shards whose ids are all new, and checks them.

        Raises:
            ShardRejected: the daemon rejected a shard; nothing of that shard took effect.
            ReceiptTimeout: `timeout` has passed; the shards can still take effect.

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
