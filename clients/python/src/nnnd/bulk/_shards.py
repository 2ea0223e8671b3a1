"""Shards as record batches: .npy, .npz and parquet files on any file system that pyarrow knows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Union

import numpy as np
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from ..importing._tables import list_matrix
from ._arrays import ArrayFile, lines_of_ids, open_array

# Metadata of a batch, for errors: the path of its file, and the number of its first row there.
WHERE, FIRST_ROW = b"nnnd.file", b"nnnd.first_row"
ARRAYS = (".npy", ".npz")
TABLES = (".parquet", ".pq")
# Files of a spool that change the corpus, and can't be read here.
NOT_READ = {".safetensors": "convert it to .npy or parquet", ".delete": "leave out the rows that it names"}
PIECE_BYTES = 8 << 20
TABLE_ROWS = 8192

Paths = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]]


@dataclass(frozen=True)
class Shard:
    """A file with vectors and ids; `list_shards` makes it.

    `path` is absolute, or a URI. `name` is the file's name without suffix. `version` is a list of the sizes and times
    of change of the file and its sidecar. `vectors` and `ids` are columns of a table; without a column of ids they are
    `NAME:0`, `NAME:1`, ... `sidecar` is the path of the .ids file, if there is one.
    """

    path: str
    name: str
    version: tuple[Any, ...]
    rows: int
    dimension: int
    vectors: str | None = None
    ids_column: str | None = None
    sidecar: str | None = None

    def batches(self, without: np.ndarray[Any, Any] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows in batches of 8 MiB or 8,192 rows, with the columns `id` and `vector`.

        Args:
            without: the numbers of rows that are left out, ascending.

        """
        keep = np.ones(self.rows, dtype=bool)
        if without is not None:
            keep[without] = False
        first = 0
        for ids, vectors in self._pieces():
            kept = keep[first : first + len(ids)]
            if kept.all():
                place = {WHERE: self.path.encode(), FIRST_ROW: str(first).encode()}
            else:
                place = {WHERE: f"{self.path}, without replaced rows".encode()}
                ids, vectors = ids.filter(pa.array(kept)), vectors.filter(pa.array(kept))
            first += len(kept)
            if len(ids):
                schema = pa.schema([("id", pa.string()), ("vector", vectors.type)], metadata=place)
                yield pa.record_batch([ids, vectors], schema=schema)
        if first != self.rows:
            raise ValueError(f"{self.path} had {self.rows:,} rows when the computation began, and has {first:,} now")

    def ids(self) -> Iterator[pa.Array]:
        """The ids alone, in batches of strings."""
        with _open(self.path) as file:
            if not self._is_table:
                yield self._array_ids(open_array(file, self.path))
                return
            table = pq.ParquetFile(file)
            if self.ids_column is None:
                yield self._implicit(0, self.rows)
                return
            for batch in table.iter_batches(TABLE_ROWS, columns=[self.ids_column]):
                yield _strings(batch.column(0), self.path)

    @property
    def _is_table(self) -> bool:
        return PurePosixPath(self.path).suffix in TABLES

    def _pieces(self) -> Iterator[tuple[pa.Array, pa.Array]]:
        """Ids and vectors in batches, none of them empty."""
        with _open(self.path) as file:
            if not self._is_table:
                array = open_array(file, self.path)
                ids = self._array_ids(array)
                rows, first = max(1, PIECE_BYTES // array.row_bytes), 0
                for piece in array.pieces(rows):
                    flat = pa.array(np.ascontiguousarray(piece).reshape(-1))
                    yield ids.slice(first, len(piece)), pa.FixedSizeListArray.from_arrays(flat, array.dimension)
                    first += len(piece)
                return
            columns = [self.vectors, *([self.ids_column] if self.ids_column else [])]
            table, first = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20), 0
            for batch in table.iter_batches(TABLE_ROWS, columns=columns):
                if not batch.num_rows:
                    continue
                vectors = batch.column(batch.schema.get_field_index(self.vectors))
                if self.ids_column:
                    yield _strings(batch.column(batch.schema.get_field_index(self.ids_column)), self.path), vectors
                else:
                    yield self._implicit(first, batch.num_rows), vectors
                first += batch.num_rows

    def _array_ids(self, array: ArrayFile) -> pa.Array:
        if self.sidecar is not None:
            with _open(self.sidecar) as file:
                names = lines_of_ids(file.read(), self.sidecar)
        elif array.ids is not None:
            names = array.ids()
        else:
            return self._implicit(0, self.rows)
        if len(names) != self.rows:
            raise ValueError(f"{self.path} has {self.rows:,} rows and {len(names):,} ids; both must agree")
        return pa.array(names, pa.string())

    def _implicit(self, first: int, count: int) -> pa.Array:
        return pa.array([f"{self.name}:{row}" for row in range(first, first + count)], pa.string())


def list_shards(paths: Paths | Iterable[Shard], vectors: str | None = None, ids: str | None = None) -> list[Shard]:
    """The shards in files and folders, in the order in which the daemon would receive them.

    Args:
        paths: files (.npy, .npz, .parquet), or folders, each of which stands for its files in the order of their names;
            paths or URIs such as `s3://bucket/images`. Names with a dot or underscore first are ignored, and so are
            other files. The ids of an array are those of its sidecar NAME.ids, else of the array `ids` in an .npz file,
            else NAME:0, NAME:1, ...
        vectors: the column of tables with the vectors, if they have several columns of lists.
        ids: the column of tables with the ids; by default `id`, if there is one, else ids are NAME:0, ...

    Raises:
        ValueError: a file can't be read as a shard, or dimensions differ.

    """
    given: list[Any] = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    shards = [
        shard
        for path in given
        for shard in ([path] if isinstance(path, Shard) else _shards_of(os.fspath(path), vectors, ids))
    ]
    for shard in shards[1:]:
        if shard.dimension != shards[0].dimension:
            raise ValueError(
                f"{shards[0].path} has vectors of the dimension {shards[0].dimension}, and {shard.path} of "
                f"{shard.dimension}; all must have the same"
            )
    return shards


def filesystem(path: str) -> tuple[pa.fs.FileSystem, str]:
    """The file system of a path or URI, and the path in it. `s3a` and `s3n`, as Hadoop calls it, are S3."""
    if "://" not in path:
        return pa.fs.LocalFileSystem(), os.path.abspath(path)
    scheme, _, rest = path.partition("://")
    found, inside = pa.fs.FileSystem.from_uri(f"{'s3' if scheme in ('s3a', 's3n') else scheme}://{rest}")
    return found, str(inside)


def _open(path: str) -> Any:
    found, inside = filesystem(path)
    return found.open_input_file(inside)


def _shards_of(path: str, vectors: str | None, ids: str | None) -> list[Shard]:
    found, inside = filesystem(path)
    root = f"{path.partition('://')[0]}://{_authority(path, inside)}" if "://" in path else ""
    info = found.get_file_info(inside)
    if info.type == pa.fs.FileType.NotFound:
        raise FileNotFoundError(f"{path} does not exist")
    if info.type == pa.fs.FileType.File:
        files = [info]
        sidecar = found.get_file_info(str(PurePosixPath(inside).with_suffix(".ids")))
        beside = {sidecar.path: sidecar} if sidecar.type == pa.fs.FileType.File else {}
    else:
        listed = sorted(found.get_file_info(pa.fs.FileSelector(inside)), key=lambda info: str(info.base_name))
        listed = [info for info in listed if info.base_name[0] not in "._" and info.type == pa.fs.FileType.File]
        files = [info for info in listed if PurePosixPath(info.path).suffix in (*ARRAYS, *TABLES, *NOT_READ)]
        beside = {info.path: info for info in listed}
        if not files:
            raise ValueError(f"the folder {path} has no shard; possible are {', '.join((*ARRAYS, *TABLES))}")
    return [_shard(root, info, beside, vectors, ids) for info in files]


def _authority(uri: str, inside: str) -> str:
    """What stands between the scheme of a URI and the path inside its file system: a host, or nothing."""
    rest = uri.partition("://")[2].partition("?")[0].rstrip("/")
    return rest[: len(rest) - len(inside)] if rest.endswith(inside) else ""


def _shard(root: str, info: Any, beside: dict[str, Any], vectors: str | None, ids: str | None) -> Shard:
    path, inside = root + info.path, PurePosixPath(info.path)
    if inside.suffix in NOT_READ:
        raise ValueError(f"{path} can't be read here; {NOT_READ[inside.suffix]}")
    version = (info.size, info.mtime_ns)
    try:
        if inside.suffix in TABLES:
            return _table(path, inside.stem, version, vectors, ids)
        if inside.suffix not in ARRAYS:
            raise ValueError(f"{path} has an unknown suffix; possible are {', '.join((*ARRAYS, *TABLES))}")
        sidecar = beside.get(str(inside.with_suffix(".ids")))
        with _open(path) as file:
            array = open_array(file, path)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"{path} is not a complete file: {(str(error).splitlines() or ['unknown reason'])[0]}"
        ) from None
    if sidecar is None:
        return Shard(path, inside.stem, version, array.rows, array.dimension)
    versions = (*version, sidecar.size, sidecar.mtime_ns)
    return Shard(path, inside.stem, versions, array.rows, array.dimension, sidecar=root + sidecar.path)


def _table(path: str, name: str, version: tuple[Any, ...], vectors: str | None, ids: str | None) -> Shard:
    with _open(path) as file:
        table = pq.ParquetFile(file)
        schema, rows = table.schema_arrow, int(table.metadata.num_rows)
        lists = [field.name for field in schema if "list" in str(field.type)]
        if vectors is None and len(lists) == 1:
            vectors = str(lists[0])
        if vectors not in schema.names:
            raise ValueError(f"{path}: name the column with vectors (--vectors); it has {', '.join(schema.names)}")
        if ids is not None and ids not in schema.names:
            raise ValueError(f"{path} has no column {ids!r} with ids; it has {', '.join(schema.names)}")
        if ids is None and "id" in schema.names:
            ids = "id"
        first = next(table.iter_batches(1, columns=[vectors]), None)
        if first is None or not first.num_rows:
            raise ValueError(f"{path} has no rows; leave it out")
    return Shard(path, name, version, rows, list_matrix(first.column(0), path).dimension, vectors, ids)


def _strings(values: pa.Array, where: str) -> pa.Array:
    kind = values.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind)):
        raise TypeError(f"{where} has ids of the type {kind}; they must be strings or integers")
    if values.null_count:
        raise ValueError(f"{where} has rows without an id")
    return values.cast(pa.string())
