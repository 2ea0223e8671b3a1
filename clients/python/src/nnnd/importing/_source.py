"""What an import reads: rows of vectors with their ids."""

from __future__ import annotations

import hashlib
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._arrays import PIECE_BYTES, Vectors
from .._formats import BYTES, ElementType


class Rows(ABC):
    """The vectors of one file or table, (count, dimension)."""

    name: str | None = None
    """The column of a table, or the key of a tensor; None if the file has no names."""
    count: int
    dimension: int
    element_type: ElementType

    @abstractmethod
    def read(self, start: int, stop: int) -> Iterator[Vectors]:
        """The vectors of these rows, in pieces. `start` is never below the `stop` of the call before."""

    @property
    def rows_per_piece(self) -> int:
        """The number of rows of a piece of 16 MiB."""
        return max(1, PIECE_BYTES // (self.dimension * BYTES[self.element_type]))


class Ids(ABC):
    """The ids of the rows of a source."""

    @abstractmethod
    def read(self, start: int, stop: int) -> list[str]:
        """The ids of these rows. `start` is never below the `stop` of the call before."""

    @abstractmethod
    def description(self) -> Any:
        """A JSON value that differs if the ids do."""


class RowNumbers(Ids):
    """The number of each row after a prefix, counted from `first`."""

    def __init__(self, first: int = 0, prefix: str = "") -> None:
        self._first = first
        self._prefix = prefix

    def read(self, start: int, stop: int) -> list[str]:
        """The numbers of these rows."""
        return [f"{self._prefix}{self._first + row}" for row in range(start, stop)]

    def description(self) -> Any:
        """The prefix and the first number."""
        return [self._prefix, self._first]


class Source:
    """A file with vectors, and where their ids come from. Its shards have the same names at each import."""

    def __init__(self, path: Path, rows: Rows, ids: Ids) -> None:
        self.path = path
        self.rows = rows
        self.ids = ids

    def shards(self, shard_rows: int) -> list[tuple[str, int, int]]:
        """The shards as (name without suffix, first row, row after the last one).

        The names have a digest of the file's path, size and time, of the column or key, type and dimension of the
        vectors, and of the origin of the ids. A file that was written again, other vectors of the same file, or other
        ids therefore become other shards.
        """
        status, rows = os.stat(self.path), self.rows
        version = [os.path.realpath(self.path), status.st_size, status.st_mtime_ns]
        key = [*version, shard_rows, rows.name, rows.element_type, rows.dimension, self.ids.description()]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:12]
        stem = re.sub(r"[^\w-]", "_", self.path.stem, flags=re.ASCII)[:80]
        starts = range(0, self.rows.count, shard_rows)
        return [(f"{stem}-{digest}-{start:010}", start, min(start + shard_rows, self.rows.count)) for start in starts]
