"""Brings images with heaps that were computed in bulk into a daemon."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet as pq

from .._formats import suffix
from .._progress import Progress
from ..client import Client
from ..heaps import Heaps
from ..importing import ImportReport
from ..importing._run import was_received
from ..importing._tables import list_matrix
from ..ingestion import Ingestion, Submission
from ._checksum import checksum_of
from ._output import FINGERPRINT
from ._run import plan
from ._shards import Paths, Shard, filesystem

# The name of the references in the schema of a parquet file.
NAMES = "references.list.element"
# So many shards can wait in the spool. The daemon takes each about as fast as it is written.
MOST_WAITING = 2


def read_heaps(path: str | os.PathLike[str]) -> tuple[list[str], Heaps]:
    """The ids of the images of an output file of `run`, and their heaps.

    Raises:
        ValueError: the file has hashes in place of ids, or is not an output file.

    """
    found, inside = filesystem(os.fspath(path))
    with found.open_input_file(inside) as file:
        # Each id occurs many times.
        columns = ["id", "similarities", "references"]
        return _heaps(pq.read_table(file, columns=columns, read_dictionary=[NAMES]), f"{path} has")


def heaps_of_batches(batches: Sequence[pa.RecordBatch]) -> tuple[list[str], Heaps]:
    """The ids of the images in batches of `heaps`, and their heaps in the form in which the daemon takes them."""
    return _heaps(pa.Table.from_batches(batches), "the batches have")


def _heaps(table: pa.Table, what: str) -> tuple[list[str], Heaps]:
    checksum = checksum_of(table.schema)
    if checksum is None:
        raise ValueError(f"{what} no checksum of the references; run the bulk computation again")
    if pa.types.is_integer(table.schema.field("references").type.value_type):
        raise ValueError(f"{what} hashes of references; run the bulk computation with --names ids")
    names = pc.list_flatten(table.column("references")).dictionary_encode().unify_dictionaries().combine_chunks()
    similarities = pc.list_flatten(table.column("similarities")).to_numpy()
    shape = (table.num_rows, len(similarities) // max(1, table.num_rows))
    heaps = Heaps(
        names.indices.to_numpy().astype(np.uint32).reshape(shape), similarities.reshape(shape),
        names.dictionary.to_pylist(), checksum.count, checksum.sums,
    )  # fmt: skip
    return table.column("id").to_pylist(), heaps


def load(
    client: Client,
    images: Paths | Iterable[Shard],
    references: Paths | Iterable[Shard],
    heaps: str | os.PathLike[str],
    *,
    distinct: bool = False,
    progress: bool | None = None,
) -> ImportReport:
    """Adds references and images to a daemon, with the heaps that `run` has computed for the same files.

    The daemon checks them, and then needs no comparison of the images with all references. A load that was interrupted
    continues when it is called again: the receipts in the spool tell which shards the daemon has.

    Args:
        client: a `Client` or `Database`. It must have no other references than these.
        images: the arguments of `run`.
        references: the same.
        heaps: the folder that `run` has written; all shards of images must be there.
        distinct: whether no id occurs twice.
        progress: whether to show a progress bar; by default on a terminal and in a notebook.

    Returns:
        What was done; rows of references count as well.

    Raises:
        ValueError: a shard has no heaps, or heaps of other images.
        ShardRejected: the daemon rejected a shard, for example because it has other references than those files.

    """
    job = plan(images, references, heaps, distinct=distinct)
    report = ImportReport()
    run = _Load(client, report)
    with Progress("load", sum(shard.rows for shard in (*job.references, *job.images)), "rows", progress) as bar:
        for shard in job.references:
            # Rows that later shards replace are sent too: the daemon replaces them.
            run.send("references", shard, None, None, bar)
        run.wait(0, bar)
        for number, shard in enumerate(job.images):
            path = f"{job.output.rstrip('/')}/{shard.name}.parquet"
            run.send("images", shard, job.replaced_images.get(number), path, bar)
        run.wait(0, bar)
    return report


class _Load:
    """One call of `load`."""

    def __init__(self, client: Client, report: ImportReport) -> None:
        self._client = client
        self._report = report
        self._sent: list[Ingestion] = []

    def send(self, kind: Any, shard: Shard, replaced: Any, path: str | None, bar: Progress) -> None:
        """Writes a shard into the spool, unless the daemon has given a receipt for it."""
        rows = shard.rows - (0 if replaced is None else len(replaced))
        if rows == 0:
            return
        origin = [shard.path, shard.version, shard.vectors, shard.ids_column, rows, path and _fingerprint(path)]
        name = f"{shard.name}-{hashlib.sha256(repr(origin).encode()).hexdigest()[:12]}"
        folders, file = self._client.spool(), name + suffix("float32")
        if was_received(folders, kind, file, rows):
            self._report.rows_before += rows
            bar.add(rows)
            return
        self.wait(MOST_WAITING - 1, bar)
        if (folders.incoming(kind) / file).exists():
            # A load that was interrupted has sent it.
            waiting = Ingestion(self._client.ready)
            waiting.add(Submission(folders, kind, file, rows))
            self._sent.append(waiting)
            return
        parts = list(shard.batches(replaced))
        ids = [id for part in parts for id in part.column("id").to_pylist()]
        vectors = np.concatenate(
            [list_matrix(part.column("vector"), shard.path).without_bfloat16().array for part in parts]
        ).astype(np.float32, copy=False)
        heaps = None
        if path is not None:
            known, heaps = read_heaps(path)
            if known != ids:
                raise ValueError(f"{path} has heaps of other images than {shard.path}; run the bulk computation again")
        # One shard, whose name tells later that the daemon has it.
        self._sent.append(self._client.submit(kind, vectors, ids, name, False, 1 << 62, progress=False, heaps=heaps))

    def wait(self, most_waiting: int, bar: Progress) -> None:
        """Waits until at most so many shards wait."""
        while len(self._sent) > most_waiting:
            done = self._sent.pop(0).wait(progress=False)
            self._report.rows += done.rows
            self._report.replaced += done.replaced
            self._report.generation = max(self._report.generation, done.generation)
            bar.add(done.rows)


def _fingerprint(path: str) -> str:
    found, inside = filesystem(path)
    if found.get_file_info(inside).type != pa.fs.FileType.File:
        raise ValueError(f"there are no heaps {path}; run the bulk computation first")
    with found.open_input_file(inside) as file:
        return str((pq.read_schema(file).metadata or {}).get(FINGERPRINT))
