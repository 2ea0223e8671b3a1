"""A computation that is divided into tasks: one for each image shard."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import pyarrow as pa

from ..errors import NnndError
from ._heaps import heaps, schema
from ._ids import Rows
from ._output import Output
from ._settings import BulkSettings
from ._shards import Shard

FORMAT = 2
REPORT_SCHEMA = pa.schema(
    [
        ("shard", pa.string()),
        ("output", pa.string()),
        ("rows", pa.int64()),
        ("pairs", pa.int64()),
        ("seconds", pa.float64()),
        ("peak_bytes", pa.int64()),
    ]
)


class TaskFailed(NnndError):
    """A task failed for another reason than its input: its processes were killed, or Spark gave up."""


@dataclass(frozen=True)
class ShardReport:
    """What a task did.

    `shard` and `output` are paths, `rows` the number of images, `pairs` the number of similarities that were computed,
    `seconds` the time from the first read to the complete output file, and `peak_bytes` the largest resident memory of
    the task's process so far.
    """

    shard: str
    output: str
    rows: int
    pairs: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Job:
    """A computation. It can be pickled, and each of its tasks can run in another process or on another machine.

    Args:
        images: the image shards; each is a task, known by its number in this list.
        references: the reference shards in the order of arrival.
        output: the folder for the output files, as a path or URI.
        settings: what is computed.
        replaced_images: rows that a later shard replaces: number of the image shard -> rows.
        replaced_references: the same for references.

    """

    images: list[Shard]
    references: list[Shard]
    output: str
    settings: BulkSettings
    replaced_images: dict[int, Rows] = field(default_factory=dict)
    replaced_references: dict[int, Rows] = field(default_factory=dict)

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs tasks, as Spark's `mapInArrow` and other engines of record batches call a function.

        Args:
            batches: batches whose first column has the numbers of tasks.

        Returns:
            One batch with one `ShardReport` for each task.

        """
        for batch in batches:
            for number in batch.column(0).to_pylist():
                report = asdict(self.compute(int(number)))
                yield pa.RecordBatch.from_pylist([report], schema=REPORT_SCHEMA)

    def compute(self, number: int) -> ShardReport:
        """Runs the task of an image shard, and replaces its output file when the new one is complete.

        Raises:
            ValueError: a shard can't be read, or has rows that the daemon would reject.

        """
        start = time.perf_counter()
        shard, output = self.images[number], Output(self.output)
        batches = heaps(shard.batches(self.replaced_images.get(number)), self.reference_batches(), self.settings)
        rows = output.write(shard.name, schema(self.settings), batches, self.fingerprint(number))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        seconds = time.perf_counter() - start
        pairs = rows * self.reference_count
        return ShardReport(shard.path, output.path(shard.name), rows, pairs, seconds, peak)

    @property
    def reference_count(self) -> int:
        """The number of references, without those that were replaced."""
        return sum(shard.rows for shard in self.references) - sum(map(len, self.replaced_references.values()))

    def reference_batches(self) -> Iterator[pa.RecordBatch]:
        """All references in batches; see `Shard.batches`."""
        return itertools.chain.from_iterable(
            shard.batches(self.replaced_references.get(number)) for number, shard in enumerate(self.references)
        )

    def only(self, numbers: list[int]) -> Job:
        """The job with some of its tasks, which get the numbers 0, 1, ... in their order here."""
        replaced = self.replaced_images
        return replace(
            self,
            images=[self.images[number] for number in numbers],
            replaced_images={new: replaced[old] for new, old in enumerate(numbers) if old in replaced},
        )

    def pending(self) -> list[int]:
        """The tasks whose output is missing, or was computed from other input or with other settings."""
        output = Output(self.output)
        return [
            number for number, shard in enumerate(self.images) if not output.has(shard.name, self.fingerprint(number))
        ]

    def fingerprint(self, number: int) -> str:
        """A digest of everything on which the output of a task depends."""
        own = _origin(self.images[number], self.replaced_images.get(number))
        return hashlib.sha256(json.dumps([self._shared, own]).encode()).hexdigest()

    @functools.cached_property
    def _shared(self) -> list[Any]:
        references = [
            _origin(shard, self.replaced_references.get(number)) for number, shard in enumerate(self.references)
        ]
        listed = hashlib.sha256(json.dumps(references).encode()).hexdigest()
        return [FORMAT, self.settings.result, listed]


def _origin(shard: Shard, replaced: Rows | None) -> list[Any]:
    """What decides the vectors and ids that a shard gives, as a JSON value."""
    left_out = "" if replaced is None else hashlib.sha256(replaced.tobytes()).hexdigest()
    return [shard.path, *shard.version, shard.vectors, shard.ids_column, left_out]
