"""Adds vectors and deletes ids through the spool."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Callable, Optional, Union, cast

from ._arrays import ArrayLike, Ids, Vectors, as_vectors, id_lines, is_array, list_of_ids
from ._formats import suffix
from ._memory import memory_limit
from ._progress import Progress
from ._shards import ShardFile, publish_bytes
from .documents import Kind
from .heaps import Heaps
from .ingestion import Ingestion, SpoolFolders, Submission

# The daemon takes several shards more slowly than one, because each ends with a commit of its own. But it reads a shard
# whose ids exist already as a whole, which takes several times its size in memory, and by default rejects it above an
# eighth of the memory.
SHARD_BYTES = min(512 << 20, memory_limit() // 16)
IDS_PER_LIST = 1_000_000
MAX_NAME_BYTES = 200

Batch = tuple[Vectors, Optional[Ids]]
# An array with its ids, or an iterator of batches: arrays, or tuples of an array and its ids.
Batches = Union[ArrayLike, Iterable[Any]]


class Producer:
    """Writes shards and lists of ids of one call into the spool."""

    def __init__(
        self,
        folders: SpoolFolders,
        kind: Kind,
        name: str | None,
        sync: bool,
        ready: Callable[..., Any],
        heaps: Heaps | None = None,
    ) -> None:
        self._folders = folders
        self._kind: Kind = kind
        self._name = name
        # Without a wait for the receipt nothing else tells that the file is on the disk.
        self._sync = sync
        self._stem = checked_name(name) if name is not None else _unique_name()
        self._number = 0
        self._heaps = heaps
        # The number of rows in shards that have been published.
        self._rows = 0
        self.ingestion = Ingestion(ready)

    @property
    def folder(self) -> Path:
        """The folder into which the files are renamed."""
        return self._folders.incoming(self._kind)

    def add(self, batches: Iterator[Batch], shard_bytes: int, bar: Progress) -> None:
        """Writes the vectors as shards of at most about this size."""
        current: ShardFile | None = None
        ids: list[bytes] = []
        first: Vectors | None = None
        heap_bytes = 0 if self._heaps is None else self._heaps.row_bytes
        try:
            for vectors, names in batches:
                first = first or vectors
                _check_alike(first, vectors)
                lines = None if names is None else id_lines(names, vectors.rows)
                is_full = (
                    current is not None
                    and (vectors.row_bytes + heap_bytes) * (current.rows + vectors.rows) > shard_bytes
                )
                if current is not None and (is_full or (lines is None) != (not ids)):
                    self._publish(current, ids, vectors)
                    current, ids = None, []
                current = current or ShardFile(self.folder, vectors.element_type, vectors.dimension)
                current.append(vectors)
                if lines is not None:
                    ids.append(lines)
                bar.add(vectors.rows)
            if current is None or first is None:
                raise ValueError("there are no vectors: the iterator of batches is empty")
            self._publish(current, ids, first)
            current = None
        finally:
            if current is not None:
                current.__exit__()

    def delete(self, lists: list[tuple[int, bytes]]) -> None:
        """Writes lists of ids to delete, which `deletion_lists` has made."""
        for rows, content in lists:
            name = self._next_name(".delete")
            submission = Submission(self._folders, self._kind, name, rows)
            publish_bytes(self.folder, name, content, self._sync)
            self.ingestion.add(submission)

    def _publish(self, shard: ShardFile, ids: list[bytes], vectors: Vectors) -> None:
        with shard:
            name = self._next_name(suffix(vectors.element_type))
            submission = Submission(self._folders, self._kind, name, shard.rows)
            stop = self._rows + shard.rows
            heaps = None
            if self._heaps is not None:
                if stop > len(self._heaps):
                    raise ValueError(f"there are {len(self._heaps):,} heaps, and more images; each must have one")
                heaps = self._heaps.slice(self._rows, stop).to_bytes()
            shard.publish(name, b"".join(ids) if ids else None, self._sync, heaps)
            self._rows = stop
        self.ingestion.add(submission)

    def _next_name(self, ending: str) -> str:
        number = f"-{self._number:05}" if self._number else ""
        self._number += 1
        name = f"{self._stem}{number}{ending}"
        if self._name is not None and (self.folder / name).exists():
            raise FileExistsError(f"{self.folder / name} still waits in the spool; try again when it was processed")
        return name


def deletion_lists(ids: Ids) -> list[tuple[int, bytes]]:
    """The number of ids, and the content, of each of the lists of ids to delete."""
    names = list_of_ids(ids)
    if not names:
        raise ValueError("there are no ids to delete")
    parts = (names[start : start + IDS_PER_LIST] for start in range(0, len(names), IDS_PER_LIST))
    return [(len(part), id_lines(part, len(part))) for part in parts]


@contextlib.contextmanager
def with_ingestion(ingestion: Ingestion) -> Iterator[None]:
    """Gives an exception the files that were sent before it, as its attribute `ingestion`."""
    try:
        yield
    except BaseException as error:
        if ingestion.names:
            with contextlib.suppress(AttributeError):
                error.ingestion = ingestion  # type: ignore[attr-defined]
        raise


def batches_of(
    vectors: Batches, ids: Ids | None, shard_bytes: int, heaps: Heaps | None = None
) -> tuple[Iterator[Batch], int | None]:
    """The batches of an array or of an iterator, and the number of all rows if it is known before."""
    if not is_array(vectors):
        if ids is not None:
            raise TypeError("for an iterator of batches, give pairs (vectors, ids) in it instead of the argument ids")
        return _from_iterator(cast("Iterable[Any]", vectors), shard_bytes), None
    if isinstance(vectors, (list, tuple)) and vectors and getattr(vectors[0], "ndim", 0) == 2:
        raise ValueError("vectors is a list of batches; give an iterator over it: iter(batches)")
    matrix = as_vectors(vectors)
    names = None if ids is None else list_of_ids(ids)
    if names is not None and len(names) != matrix.rows:
        raise ValueError(f"there are {len(names):,} ids for {matrix.rows:,} rows; there must be one id for each row")
    if heaps is not None and len(heaps) != matrix.rows:
        raise ValueError(f"there are {len(heaps):,} heaps for {matrix.rows:,} rows; there must be one for each row")
    if names is not None:
        # All ids are checked before the first shard is sent.
        step = max(1, shard_bytes // matrix.row_bytes)
        for part in (names[start : start + step] for start in range(0, len(names), step)):
            id_lines(part, len(part))
    return _parts(matrix, names, shard_bytes, 0 if heaps is None else heaps.row_bytes), matrix.rows


def checked_name(name: str) -> str:
    """The name, if a shard can have it."""
    if not name or name.startswith(".") or "/" in name or "\0" in name or name.endswith((".tmp", ".part")):
        raise ValueError(f"{name!r} cannot be the name of a shard: it must not be empty, begin with '.' or have a '/'")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise ValueError(f"the name of a shard can have {MAX_NAME_BYTES} bytes, and this one is longer: {name[:80]!r}")
    return name


def _parts(vectors: Vectors, names: list[str] | None, most_bytes: int, heap_bytes: int = 0) -> Iterator[Batch]:
    """The rows in parts of at most so many bytes, with the bytes of a heap for each row."""
    step = max(1, most_bytes // (vectors.row_bytes + heap_bytes))
    for start in range(0, vectors.rows, step):
        stop = min(start + step, vectors.rows)
        yield vectors.slice(start, stop), None if names is None else names[start:stop]


def _from_iterator(batches: Iterable[Any], shard_bytes: int) -> Iterator[Batch]:
    for batch in batches:
        vectors, names = batch if _is_pair(batch) else (batch, None)
        yield from _parts(as_vectors(vectors), None if names is None else list_of_ids(names), shard_bytes)


def _is_pair(batch: Any) -> bool:
    """Whether a batch is (vectors, ids): a tuple of two, or a list of two that begins with a matrix.

    A DataLoader of torch makes such lists. Another list of two has two rows.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        return False
    return is_array(batch[0]) if isinstance(batch, tuple) else getattr(batch[0], "ndim", 0) == 2


def _check_alike(first: Vectors, other: Vectors) -> None:
    if (first.element_type, first.dimension) != (other.element_type, other.dimension):
        raise ValueError(
            f"a batch has vectors of {other.dimension} {other.element_type} numbers, and the first one of "
            f"{first.dimension} {first.element_type} numbers; all must be alike"
        )


def _unique_name() -> str:
    return f"py-{time.time_ns():x}-{secrets.token_hex(4)}"
