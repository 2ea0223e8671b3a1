"""Runs a computation in this process, in a pool of processes, or on Spark."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .._progress import Progress
from ._ids import replaced_rows
from ._job import Job, ShardReport
from ._output import Output
from ._processes import run_in_processes
from ._settings import BulkSettings
from ._shards import Paths, Shard, list_shards


@dataclass(frozen=True)
class BulkReport:
    """What a computation did.

    `shards` has a report for each task that ran now, `shards_before` the number of output files that an earlier run
    had written, and `seconds` the time of the whole call.
    """

    shards: list[ShardReport]
    shards_before: int
    seconds: float

    @property
    def rows(self) -> int:
        """The number of images whose heaps were computed now."""
        return sum(shard.rows for shard in self.shards)

    @property
    def pairs(self) -> int:
        """The number of similarities that were computed now."""
        return sum(shard.pairs for shard in self.shards)

    @property
    def pairs_per_core_second(self) -> float:
        """The number of similarities per second of a task, which is one core if each task has one thread."""
        return self.pairs / max(1e-9, sum(shard.seconds for shard in self.shards))


def run(
    images: Paths | Iterable[Shard],
    references: Paths | Iterable[Shard],
    output: str | os.PathLike[str],
    settings: BulkSettings | None = None,
    *,
    workers: int | None = None,
    spark: Any = None,
    distinct: bool = False,
    again: bool = False,
    progress: bool | None = None,
) -> BulkReport:
    """Computes heaps and means of images, and writes a parquet file for each image shard.

    A run that was interrupted, even by SIGKILL, continues when it is called again: output files that were computed from
    the same files with the same settings stay. `heaps` describes the columns.

    Args:
        images: files and folders, as `list_shards` takes them; or its result, which names columns.
        references: the same. If an id occurs in several shards, the last one counts, as in the daemon.
        output: the folder of the output, on a file system that all tasks see; NAME.parquet for an image shard NAME.npy.
        settings: what is computed; `BulkSettings.of(client)` has the settings of a daemon.
        workers: the number of processes, each with one thread; by default one for each core. With 1 or on another
            device than the CPU, tasks run in this process.
        spark: a SparkSession, also of Spark Connect, which runs the tasks. Its executors need numpy and pyarrow.
        distinct: whether no id occurs twice. Then ids are not read before the computation begins, which needs about
            50 bytes for each row.
        again: whether to compute all output files anew.
        progress: whether to show a progress bar; by default on a terminal and in a notebook.

    Raises:
        ValueError: a file can't be read, or has rows that the daemon would reject.
        TaskFailed: a task failed for another reason; output files that are complete stay.

    """
    start = time.perf_counter()
    job = plan(images, references, output, settings, distinct)
    Output(job.output).create()
    now = job if again else job.only(job.pending())
    reports = []
    with Progress("bulk", sum(shard.rows for shard in now.images), "images", progress) as bar:
        try:
            for report in _reports(now, workers, spark):
                reports.append(report)
                bar.add(report.rows)
        finally:
            Output(job.output).remove_temporary(shard.name for shard in now.images)
    return BulkReport(reports, len(job.images) - len(now.images), time.perf_counter() - start)


def plan(
    images: Paths | Iterable[Shard],
    references: Paths | Iterable[Shard],
    output: str | os.PathLike[str],
    settings: BulkSettings | None = None,
    distinct: bool = False,
) -> Job:
    """The job that `run` would run; the arguments are those of `run`."""
    image_shards, reference_shards = list_shards(images), list_shards(references)
    for shard in (*image_shards[:1], *reference_shards[:1]):
        if shard.dimension != image_shards[0].dimension:
            raise ValueError(
                f"images have the dimension {image_shards[0].dimension} and references {shard.dimension}; "
                "both must be the same"
            )
    twice = [name for name, count in Counter(shard.name for shard in image_shards).items() if count > 1]
    if twice:
        raise ValueError(f"several image shards have the name {twice[0]!r}, which names their output; rename them")
    return Job(
        images=image_shards,
        references=reference_shards,
        output=Output(os.fspath(output)).folder,
        settings=BulkSettings() if settings is None else settings,
        replaced_images={} if distinct else replaced_rows(image_shards),
        replaced_references={} if distinct else replaced_rows(reference_shards),
    )


def _reports(job: Job, workers: int | None, spark: Any) -> Iterator[ShardReport]:
    """Runs all tasks of a job and yields their reports."""
    if not job.images:
        return iter(())
    if spark is not None:
        from ._spark import run_on_spark

        return run_on_spark(job, spark)
    count = len(os.sched_getaffinity(0)) if workers is None else workers
    if count < 1:
        raise ValueError(f"there are {count} workers; there must be at least 1")
    if count == 1 or job.settings.device != "cpu":
        return map(job.compute, range(len(job.images)))
    return run_in_processes(job, min(count, len(job.images)))
