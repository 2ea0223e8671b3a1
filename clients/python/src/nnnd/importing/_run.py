"""Cuts sources into shards and sends those that the daemon has not received."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index

from .._arrays import id_lines
from .._formats import BYTES, suffix
from .._progress import Progress
from .._shards import ShardFile
from ..client import Client
from ..documents import Kind
from ..ingestion import Ingestion, SpoolFolders, Submission
from ._source import Source

# From 32 MiB on the daemon stores new images piece by piece; fewer shards cost fewer commits.
SHARD_BYTES = 128 << 20
# The ids of a shard are in memory at once.
MAX_SHARD_ROWS = 1 << 18
# So many shards can wait in the spool; the disk need not hold a second copy of everything.
MOST_WAITING = 4


@dataclass
class ImportReport:
    """What an import did: rows sent now, rows received by an earlier run, and rows that replaced others of the same id.

    `generation` is the first one that contains all rows sent now.
    """

    rows: int = 0
    rows_before: int = 0
    replaced: int = 0
    generation: int = 0

    def __add__(self, other: ImportReport) -> ImportReport:
        """The sum of two imports."""
        return ImportReport(
            self.rows + other.rows,
            self.rows_before + other.rows_before,
            self.replaced + other.replaced,
            max(self.generation, other.generation),
        )


def import_sources(
    client: Client,
    sources: Sequence[Source],
    kind: Kind,
    *,
    shard_rows: int | None = None,
    again: bool = False,
    progress: bool | None = None,
) -> ImportReport:
    """Imports all rows of these sources, and waits until they have taken effect.

    An import that was interrupted, even by SIGKILL, continues when it is called again: the receipts in the spool tell
    which shards the daemon has.

    Args:
        client: a `Client` or `Database`.
        sources: where the vectors and ids are.
        kind: `images` or `references`.
        shard_rows: the number of rows of a shard; by default 128 MiB of them, but at most 262,144. A run that
            continues another needs the same number.
        again: whether to send everything, also what the daemon has received before, for example after rows were
            deleted. The shards get new names, because the daemon ignores content that it has under a name.
        progress: whether to show a progress bar; by default on a terminal and in a notebook.

    Raises:
        ShardRejected: the daemon rejected a shard. Those before it have taken effect.

    """
    shard_rows = None if shard_rows is None else index(shard_rows)
    if shard_rows is not None and shard_rows < 1:
        raise ValueError(f"shard_rows is {shard_rows}; it must be at least 1")
    folders = client.spool()
    ingestion = Ingestion(client.ready)
    report = ImportReport()
    run = f"-{time.time_ns():x}" if again else ""
    with Progress(f"import {kind}", sum(source.rows.count for source in sources), "rows", progress) as bar:
        for source in sources:
            rows = source.rows
            size = shard_rows or max(1, min(MAX_SHARD_ROWS, SHARD_BYTES // (rows.dimension * BYTES[rows.element_type])))
            for stem, start, stop in source.shards(size):
                name = f"{stem}{run}{suffix(rows.element_type)}"
                if was_received(folders, kind, name, stop - start):
                    report.rows_before += stop - start
                    bar.add(stop - start)
                    continue
                ingestion.wait_for(MOST_WAITING - 1, None, bar.add)
                ingestion.raise_rejections()
                submission = Submission(folders, kind, name, stop - start)
                if not (folders.incoming(kind) / name).exists():
                    _send(source, folders, kind, name, start, stop)
                ingestion.add(submission)
        ingestion.wait_for(0, None, bar.add)
    ingestion.raise_rejections()
    report.rows, report.replaced, report.generation = ingestion.rows, ingestion.replaced, ingestion.generation
    return report


def was_received(folders: SpoolFolders, kind: Kind, name: str, rows: int) -> bool:
    """Whether the daemon has given a receipt for a shard of this name."""
    try:
        receipt = json.loads((folders.done / kind / f"{name}.receipt.json").read_text())
    except FileNotFoundError:
        return False
    return bool(receipt["rows"] == rows)


def _send(source: Source, folders: SpoolFolders, kind: Kind, name: str, start: int, stop: int) -> None:
    ids = id_lines(source.ids.read(start, stop), stop - start)
    with ShardFile(folders.incoming(kind), source.rows.element_type, source.rows.dimension) as shard:
        for vectors in source.rows.read(start, stop):
            shard.append(vectors)
        # The receipt tells that the shard is safe. Before, it can be sent again from its source.
        shard.publish(name, ids, sync=False)
