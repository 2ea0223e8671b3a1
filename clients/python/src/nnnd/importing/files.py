"""Imports single files: .npy, memory maps, .safetensors, .pt, parquet and Arrow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..client import Client
from ..documents import Kind
from ._binary import npy_rows, raw_rows, safetensors_rows, torch_rows
from ._run import ImportReport, import_sources
from ._source import Ids, RowNumbers, Rows, Source
from ._tables import Table, TableIds, TableRows

TABLES = (".parquet", ".pq", ".arrow", ".feather")
TORCH = (".pt", ".pth", ".bin")
RAW = (".mmap", ".dat", ".raw", ".memmap")


def import_files(
    client: Client,
    paths: Sequence[str | os.PathLike[str]],
    kind: Kind = "images",
    *,
    vectors: str | None = None,
    ids: str | None = None,
    element_type: str | None = None,
    dimension: int | None = None,
    shard_rows: int | None = None,
    again: bool = False,
    progress: bool | None = None,
) -> ImportReport:
    """Imports files with vectors; see `import_sources` for what happens if it is interrupted.

    Args:
        client: a `Client` or `Database`.
        paths: .npy, .safetensors, .pt, .parquet or .arrow files; or .mmap, .dat or .raw files without a header, which
            need `element_type` and `dimension`. A folder stands for its files with such suffixes, in the order of
            their names.
        kind: `images` or `references`.
        vectors: the column of a table, or the key of the tensor, if the file has several.
        ids: the column of a table with the ids. Without it ids are `NAME:0`, `NAME:1`, ... for a file NAME.npy, so
            that no two files may have the same name without suffix.
        element_type: float16, bfloat16, float32 or float64.
        dimension: the number of components of a vector.
        shard_rows: as for `import_sources`.
        again: as for `import_sources`.
        progress: as for `import_sources`.

    Raises:
        ValueError: a file cannot be read, or two files would give their rows the same ids. Nothing was sent then.

    """
    files = [file for path in paths for file in _files_of(Path(path))]
    if ids is None:
        _check_names(files)
    sources = [
        open_source(path, vectors=vectors, ids=ids, element_type=element_type, dimension=dimension) for path in files
    ]
    return import_sources(client, sources, kind, shard_rows=shard_rows, again=again, progress=progress)


def open_source(
    path: Path,
    *,
    vectors: str | None = None,
    ids: str | None = None,
    element_type: str | None = None,
    dimension: int | None = None,
) -> Source:
    """The vectors of one file and their ids; the arguments are those of `import_files`."""
    is_table = path.suffix in TABLES
    if ids is not None and not is_table:
        raise ValueError(f"{path} is not a table, so that it has no column {ids!r} with ids")
    names: Ids = RowNumbers(prefix=f"{path.stem}:")
    rows: Rows
    if is_table:
        table = Table(path)
        rows = TableRows(table, vectors or _vector_column(table))
        if ids is not None:
            names = TableIds(table, ids)
    elif path.suffix == ".npy":
        rows = npy_rows(path)
    elif path.suffix == ".safetensors":
        rows = safetensors_rows(path, vectors)
    elif element_type is not None and dimension is not None:
        rows = raw_rows(path, element_type, dimension)
    elif path.suffix in TORCH:
        rows = torch_rows(path, vectors)
    elif path.suffix in RAW:
        raise ValueError(f"{path} has no header: give the type and the dimension of its vectors")
    else:
        raise ValueError(f"{path} has an unknown suffix; possible are .npy, .safetensors, .pt, .parquet, .arrow, .mmap")
    return Source(path, rows, names)


def _files_of(path: Path) -> list[Path]:
    """The file itself; of a folder its files with a known suffix, in the order of their names."""
    if not path.is_dir():
        return [path]
    known = (".npy", ".safetensors", *TABLES, *TORCH, *RAW)
    files = sorted(file for file in path.iterdir() if file.suffix in known and file.name[0] != "." and file.is_file())
    if not files:
        raise ValueError(f"the folder {path} has no file that can be imported; possible are {', '.join(known)}")
    return files


def _check_names(files: Sequence[Path]) -> None:
    """Raises ValueError if the rows of two files would have the same ids."""
    first: dict[str, Path] = {}
    for file in files:
        other = first.setdefault(file.stem, file)
        if other is not file:
            raise ValueError(
                f"the rows of {other} and {file} would have the same ids, {file.stem}:0 and so on; rename one of them, "
                "or, for tables, name the column with the ids (--ids)"
            )


def _vector_column(table: Table) -> str:
    lists = [field.name for field in table.schema if "list" in str(field.type)]
    if len(lists) != 1:
        raise ValueError(f"{table.path} has {len(lists)} columns of lists ({', '.join(lists)}); name that with vectors")
    return str(lists[0])
