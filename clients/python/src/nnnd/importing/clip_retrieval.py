"""Imports the output folder of `clip-retrieval inference`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..client import Client
from ._binary import npy_rows
from ._run import ImportReport, import_sources
from ._source import Ids, RowNumbers, Source
from ._tables import Table, TableIds

ROW_NUMBERS = "row"
DEFAULT_COLUMN = "image_path"
ROW_NUMBERS_INSTEAD = "take row numbers as ids with --ids row (ids='row')"


def import_clip_retrieval(
    client: Client,
    folder: str | os.PathLike[str],
    *,
    ids: str | None = None,
    texts: bool = True,
    shard_rows: int | None = None,
    again: bool = False,
    progress: bool | None = None,
) -> ImportReport:
    """Imports img_emb/*.npy as images, and text_emb/*.npy as references; see `import_sources` for interruptions.

    Args:
        client: a `Client` or `Database`.
        folder: the output folder, with img_emb/img_emb_N.npy, text_emb/text_emb_N.npy and metadata/metadata_N.parquet.
        ids: the column of the metadata with the ids of images, or `row` for the number of the row over all files, as
            clip-retrieval's index counts. By default `image_path`. References always have row numbers.
        texts: whether to import text_emb.
        shard_rows: as for `import_sources`.
        again: as for `import_sources`.
        progress: as for `import_sources`.

    Raises:
        FileNotFoundError: the folder has no embeddings, or one of their files has no metadata and `ids` is not `row`.
        ValueError: metadata have no column of this name, or another number of rows than the embeddings.

    """
    root = Path(folder)
    images = _sources(root, "img_emb", ids, with_metadata=True)
    references = _sources(root, "text_emb", ROW_NUMBERS, with_metadata=False) if texts else []
    if not images and not references:
        raise FileNotFoundError(
            f"{root} has neither img_emb/*.npy nor text_emb/*.npy: is it a folder of clip-retrieval?"
        )
    report = ImportReport()
    if images:
        report += import_sources(client, images, "images", shard_rows=shard_rows, again=again, progress=progress)
    if references:
        report += import_sources(
            client, references, "references", shard_rows=shard_rows, again=again, progress=progress
        )
    return report


def _sources(root: Path, name: str, ids: str | None, *, with_metadata: bool) -> list[Source]:
    """The files of one folder in the order of their numbers."""
    sources: list[Source] = []
    first = 0
    for path in sorted((root / name).glob("*.npy"), key=_number):
        rows = npy_rows(path)
        metadata = root / "metadata" / f"metadata_{path.stem.rpartition('_')[2]}.parquet"
        sources.append(Source(path, rows, _ids(metadata, ids, first, rows.count, with_metadata)))
        first += rows.count
    return sources


def _ids(metadata: Path, column: str | None, first: int, count: int, with_metadata: bool) -> Ids:
    if column == ROW_NUMBERS or not with_metadata:
        return RowNumbers(first)
    if not metadata.exists():
        raise FileNotFoundError(f"{metadata} does not exist, so that ids are missing; {ROW_NUMBERS_INSTEAD}")
    table, name = Table(metadata), column or DEFAULT_COLUMN
    if name not in table.schema.names:
        names = ", ".join(table.schema.names)
        raise ValueError(f"{metadata} has no column {name!r}; name one of {names} (--ids), or {ROW_NUMBERS_INSTEAD}")
    if table.count != count:
        raise ValueError(f"{metadata} has {table.count:,} rows, and its file of embeddings {count:,}; both must agree")
    return TableIds(table, name)


def _number(path: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", path.stem)
    return (int(digits[-1]) if digits else -1, path.name)
