"""Heaps and means of images from iterators of record batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ..heaps import ReferenceChecksum
from ..importing._tables import list_matrix
from ._checksum import with_checksum
from ._ids import hashes
from ._running import Positions, running_heaps
from ._settings import BulkSettings
from ._shards import FIRST_ROW, WHERE
from ._vectors import Matrix, prepared

OUTPUT_ROWS = 8192


def heaps(
    images: Iterable[pa.RecordBatch], references: Iterable[pa.RecordBatch], settings: BulkSettings | None = None
) -> Iterator[pa.RecordBatch]:
    """The heaps and means of images: the references with the largest similarities to each of them.

    It keeps the vectors and heaps of all these images, the ids of all references, and one batch of references. It does
    no input or output, so that any program with record batches can call it.

    Args:
        images: batches with the columns `id` (strings) and `vector` (lists of floats of the same length).
        references: batches with the same columns. Ids must differ.
        settings: what is computed.

    Returns:
        Batches with the columns `id`; `similarities` (lists of float32 in falling order, min(capacity, number of
        references) of them); `references` (lists of ids, or of 64-bit hashes, in the same order); and `mean_K` for each
        k, float32. The images have the order in which they came. The metadata of the batches tell the daemon from
        which references they were computed.

    >>> batch = lambda ids, rows: pa.record_batch({"id": ids, "vector": rows})
    >>> images = [batch(["cat", "car"], [[1.0, 0.0], [0.0, 1.0]])]
    >>> references = [batch(["a"], [[1.0, 0.0]]), batch(["b"], [[0.6, 0.8]])]
    >>> next(heaps(images, references, BulkSettings(k=1))).to_pylist()[0]
    {'id': 'cat', 'similarities': [1.0, 0.6000000238418579], 'references': ['a', 'b'], 'mean_1': 1.0}

    """
    settings = BulkSettings() if settings is None else settings
    # Batches of images stay apart, so that there is no second copy of their vectors.
    parts = [(batch.column("id"), running_heaps(_matrix(batch, settings, "images"), settings)) for batch in images]
    if not parts:
        return
    names = []
    checksum = ReferenceChecksum()
    for batch in references:
        vectors = _matrix(batch, settings, "references")
        checksum.add(batch.column("id").to_pylist(), vectors)
        for _, running in parts:
            running.add(vectors)
        names.append(hashes(batch.column("id")) if settings.references == "hashes" else batch.column("id"))
    of_all = pa.concat_arrays(names) if names else pa.array([], schema(settings).field("references").type.value_type)
    columns = with_checksum(schema(settings), checksum)
    for ids, running in parts:
        yield from _output(ids, *running.result(), of_all, settings, columns)


def schema(settings: BulkSettings) -> pa.Schema:
    """The columns of the heaps."""
    name = pa.int64() if settings.references == "hashes" else pa.string()
    means = [(f"mean_{k}", pa.float32()) for k in settings.ks]
    return pa.schema(
        [("id", pa.string()), ("similarities", pa.list_(pa.float32())), ("references", pa.list_(name)), *means]
    )


def means(similarities: Matrix, k: int) -> Matrix:
    """The mean of the first k similarities of each row, or of all if there are fewer; 0 if there are none.

    The sum is computed in double precision, as the daemon does.

    >>> means(np.float32([[0.5, 0.25]]), 128)
    array([0.375], dtype=float32)

    """
    used = similarities[:, :k]
    if not used.shape[1]:
        return np.zeros(len(similarities), dtype=np.float32)
    return np.asarray(used.sum(axis=1, dtype=np.float64) / used.shape[1], dtype=np.float32)


def _output(
    ids: pa.Array,
    similarities: Matrix,
    positions: Positions,
    names: pa.Array,
    settings: BulkSettings,
    schema: pa.Schema,
) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(ids), OUTPUT_ROWS):
        values, places = similarities[start : start + OUTPUT_ROWS], positions[start : start + OUTPUT_ROWS]
        offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1])
        columns = [
            ids.slice(start, len(values)),
            pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(values).reshape(-1))),
            pa.ListArray.from_arrays(offsets, names.take(pa.array(np.ascontiguousarray(places).reshape(-1)))),
            *(pa.array(means(values, k)) for k in settings.ks),
        ]
        yield pa.record_batch(columns, schema=schema)


def _matrix(batch: pa.RecordBatch, settings: BulkSettings, what: str) -> Matrix:
    """The vectors of a batch as the daemon stores them. Errors name the file and the row if the batch has them."""
    origin: dict[bytes, Any] = batch.schema.metadata or {}
    where = origin[WHERE].decode() if WHERE in origin else what
    return prepared(list_matrix(batch.column("vector"), where), settings, where, int(origin.get(FIRST_ROW, 0)))
