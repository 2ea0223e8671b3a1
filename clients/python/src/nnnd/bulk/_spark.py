"""Runs the tasks of a job on Spark: in one process, on a cluster, or through Spark Connect."""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ._job import Job, ShardReport, TaskFailed

PACKAGE = Path(__file__).resolve().parents[1]
REPORT_COLUMNS = "shard string, output string, rows long, pairs long, seconds double, peak_bytes long"
# The time of files in an archive whose content decides its name.
ARCHIVE_TIME = (1980, 1, 1, 0, 0, 0)


def open_session(address: str) -> Any:
    """A session of Spark.

    Args:
        address: a master (`local[2]`, `spark://host:7077`, `yarn`), or `sc://host` for Spark Connect.

    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ImportError("Spark needs pyspark: pip install 'nnnd[spark]'") from None
    builder = SparkSession.builder.appName("nnnd bulk")
    builder = builder.remote(address) if address.startswith("sc://") else builder.master(address)
    return builder.getOrCreate()


def run_on_spark(job: Job, spark: Any) -> Iterator[ShardReport]:
    """Runs all tasks of a job, each in a partition of its own, and yields their reports when all have ended.

    Nothing is shuffled or broadcast: a partition is the number of a task, which reads its shards itself. The package
    is sent to the executors.

    Raises:
        TaskFailed: a task failed as often as Spark allows; the message has the error of the last attempt.

    """
    from pyspark.errors import PySparkException

    def tasks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return job(batches)

    count = len(job.images)
    spark.addArtifacts(_archive(), pyfile=True)
    try:
        rows = spark.range(0, count, 1, count).mapInArrow(tasks, REPORT_COLUMNS).collect()
    except PySparkException as error:
        raise TaskFailed(f"a task on Spark failed: {_reason(str(error))}") from error
    return (ShardReport(**row.asDict()) for row in rows)


@functools.lru_cache(maxsize=1)
def _archive() -> str:
    """The path of an archive with the Python files of this package; its name has a digest of its content.

    It exists until this process ends, since executors that start later ask for it too.
    """
    files = sorted(PACKAGE.rglob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = tempfile.mkdtemp(prefix="nnnd-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(folder, f"nnnd-{digest}.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            name = str(file.relative_to(PACKAGE.parent))
            archive.writestr(zipfile.ZipInfo(name, ARCHIVE_TIME), file.read_bytes())
    return path


def _reason(text: str) -> str:
    r"""The line of a Python error in the text of an error of Spark: the last one of its first traceback.

    >>> _reason("Job aborted\nTraceback (most recent call last):\n  File x\nValueError: no rows\n\n\tat java")
    'ValueError: no rows'

    """
    lines = iter(text.splitlines())
    for line in lines:
        if "Traceback" in line:
            break
    for line in lines:
        if line and line[0] not in " \t":
            return line
    return (text.splitlines() or ["unknown reason"])[0]
