"""Columns of parquet and Arrow files: vectors and ids. They need pyarrow: `nnnd[arrow]`."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import Vectors, as_vectors
from ._source import Ids, Rows

BATCH_ROWS = 8192


class Table:
    """A parquet or Arrow file that is read in batches from the first row to the last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_parquet = path.suffix in (".parquet", ".pq")
        try:
            self._read_header()
        except _pyarrow().ArrowInvalid as error:
            reason = (str(error).splitlines() or ["unknown reason"])[0]
            raise ValueError(f"{path} is not a complete parquet or Arrow file: {reason}") from error

    def _read_header(self) -> None:
        """Reads the schema and the number of rows."""
        if self._is_parquet:
            with self._parquet() as file:
                self.schema = file.schema_arrow
                self.count = int(file.metadata.num_rows)
        else:
            with _arrow_batches(self.path) as (schema, batches):
                self.schema = schema
                self.count = sum(batch.num_rows for batch in batches)

    def column_type(self, name: str) -> Any:
        """The type of a column; raises ValueError if there is none with this name."""
        if name not in self.schema.names:
            raise ValueError(f"{self.path} has no column {name!r}; it has {', '.join(self.schema.names)}")
        return self.schema.field(name).type

    def batches(self, column: str, first: int) -> Generator[tuple[int, Any], None, None]:
        """The column in batches, each with the number of its first row, from the batch with the row `first` on.

        None of them is empty. Row groups of a parquet file before this row are not read.
        """
        if not self._is_parquet:
            with _arrow_batches(self.path) as (_, batches):
                row = 0
                for batch in batches:
                    if row + batch.num_rows > first:
                        yield row, batch.column(column)
                    row += batch.num_rows
            return
        with self._parquet() as file:
            row, groups = 0, list(range(file.metadata.num_row_groups))
            while groups and row + file.metadata.row_group(groups[0]).num_rows <= first:
                row += file.metadata.row_group(groups.pop(0)).num_rows
            for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=groups, columns=[column]):
                if batch.num_rows:
                    yield row, batch.column(0)
                row += batch.num_rows

    def _parquet(self) -> Any:
        pq = _pyarrow("parquet")
        # Without buffers of whole columns the memory does not depend on the size of the row groups.
        return pq.ParquetFile(self.path, pre_buffer=False, buffer_size=1 << 20)


class Column:
    """A column of a table that is read from the first row to the last. Its file is open meanwhile only."""

    def __init__(self, table: Table, name: str) -> None:
        self._table = table
        self._name = name
        self._batches: Generator[tuple[int, Any], None, None] | None = None
        self._current: tuple[int, Any] | None = None

    def read(self, start: int, stop: int) -> Iterator[Any]:
        """The values of these rows, as Arrow arrays."""
        if self._batches is None:
            self._batches = self._table.batches(self._name, start)
        row = start
        while row < stop:
            if self._current is None or self._current[0] + len(self._current[1]) <= row:
                self._current = next(self._batches)
                continue
            first, values = self._current
            end = min(stop, first + len(values))
            yield values.slice(row - first, end - row)
            row = end
        if stop == self._table.count:
            self._batches.close()
            self._batches = self._current = None


class TableRows(Rows):
    """A column of lists with the same number of floats: parquet, Arrow, and the data sets of Hugging Face."""

    def __init__(self, table: Table, column: str) -> None:
        self._column = Column(table, column)
        self._what = f"{table.path}, column {column!r}"
        self.name = column
        table.column_type(column)
        self.count = table.count
        if self.count == 0:
            raise ValueError(f"{table.path} has no rows; leave it out")
        _, first = next(table.batches(column, 0))
        vectors = self._matrix(first.slice(0, 1))
        self.element_type, self.dimension = vectors.element_type, vectors.dimension

    def read(self, start: int, stop: int) -> Iterator[Vectors]:
        """The vectors of these rows, in pieces."""
        for values in self._column.read(start, stop):
            yield self._matrix(values)

    def _matrix(self, values: Any) -> Vectors:
        return list_matrix(values, self._what)


def list_matrix(values: Any, what: str) -> Vectors:
    """The vectors in an Arrow array of lists of floats; `what` names the array in an error.

    Raises:
        TypeError: the array has another type.
        ValueError: a vector or number is missing, or vectors have different lengths.

    """
    types = _pyarrow("types")
    kind = values.type
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        raise TypeError(f"{what} has the type {kind}; it must have lists of floats")
    if values.null_count:
        raise ValueError(f"{what} has rows without a vector; remove them first")
    flat = values.flatten()
    if not len(flat):
        raise ValueError(f"{what} has vectors without numbers")
    if flat.null_count or len(flat) % len(values):
        raise ValueError(f"{what} has vectors of different lengths, or with missing numbers")
    matrix = flat.to_numpy(zero_copy_only=False).reshape(len(values), -1)
    if not types.is_fixed_size_list(kind):
        lengths = np.diff(values.offsets.to_numpy())
        if (lengths != matrix.shape[1]).any():
            raise ValueError(f"{what} has vectors of different lengths")
    return as_vectors(matrix, what)


class TableIds(Ids):
    """A column of strings or integers as ids."""

    def __init__(self, table: Table, column: str) -> None:
        self._column = Column(table, column)
        self._name = column
        self._what = f"{table.path}, column {column!r}"
        types, kind = _pyarrow("types"), table.column_type(column)
        if not (types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind)):
            raise TypeError(f"{self._what} has the type {kind}; ids must be strings or integers")
        status = table.path.stat()
        self._version = [table.path.name, status.st_size, status.st_mtime_ns]

    def read(self, start: int, stop: int) -> list[str]:
        """The ids of these rows."""
        ids: list[str] = []
        for values in self._column.read(start, stop):
            if values.null_count:
                raise ValueError(f"{self._what} has rows without an id; use row numbers as ids")
            ids += map(str, values.to_pylist())
        return ids

    def description(self) -> Any:
        """The column and the version of its file."""
        return [self._name, *self._version]


@contextlib.contextmanager
def _arrow_batches(path: Path) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Opens an Arrow file, or a stream in a file as Hugging Face's `datasets` writes it: the schema and its batches."""
    arrow = _pyarrow()
    with arrow.memory_map(str(path)) as content:
        try:
            file = arrow.ipc.open_file(content)
        except arrow.ArrowInvalid:
            content.seek(0)
            stream = arrow.ipc.open_stream(content)
            yield stream.schema, iter(stream)
        else:
            yield file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def _pyarrow(module: str = "") -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
        import pyarrow.parquet
        import pyarrow.types
    except ImportError:
        raise ImportError("parquet and Arrow files need pyarrow: pip install 'nnnd[arrow]'") from None
    return getattr(pyarrow, module) if module else pyarrow
