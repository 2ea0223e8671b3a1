"""Bulk computations on Spark: in one process, through Spark Connect, and on a cluster, one executor of which is killed.

A session of one kind excludes sessions of others in a process. So all but those on the cluster run as commands.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import nnnd
from bar import IMAGES, REFERENCES, check_equal, read_output
from bulk_data import check_heaps, read_heaps, stored, write_shards
from conftest import wait_until
from nnnd.bulk import run
from nnnd.bulk._spark import open_session

SOURCES = Path(nnnd.__file__).parents[1]
MEBIBYTE = 1 << 20


def bulk_command(*options):
    return subprocess.run(
        [sys.executable, "-m", "nnnd", "bulk", *map(str, options)],
        env={**os.environ, "PYTHONPATH": str(SOURCES)}, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["local", "connect"])
def test_the_command_runs_on_spark(tmp_path, rng, request, kind):
    address = "local[2]" if kind == "local" else request.getfixturevalue("connect_server").address
    images, references = rng.standard_normal((3000, 32)), rng.standard_normal((6000, 32))
    image_ids, reference_ids = [f"i{row}" for row in range(3000)], [f"r{row}" for row in range(6000)]
    options = [
        "--images", write_shards(tmp_path / "images", images, image_ids, [10, 1990, 700, 300]),
        "--references", write_shards(tmp_path / "references", references, reference_ids, [5000, 1, 999]),
        "--output", tmp_path / "heaps", "-k", 16, "--spark", address,
    ]  # fmt: skip
    (tmp_path / "heaps").mkdir()
    result = bulk_command(*options)
    assert "3,000 images in 4 shards" in result.stdout, result.stderr[-3000:]
    expected = [dict(zip(ids, stored(v))) for ids, v in ((image_ids, images), (reference_ids, references))]
    check_heaps(read_heaps(tmp_path / "heaps"), *expected, 24, [16])
    np.save(tmp_path / "images" / "zero.npy", np.zeros((1, 32)))
    result = bulk_command(*options)
    assert result.returncode == 65 and "zero.npy: these rows have the length 0" in result.stderr.splitlines()[-1]


@pytest.fixture(scope="module")
def session(cluster):
    session = open_session(cluster.address)
    yield session
    session.stop()


def test_a_cluster_loses_an_executor_and_one_task(tmp_path, bar, daemon_heaps, cluster, session):
    output, reports = tmp_path / "heaps", []
    thread = threading.Thread(
        target=lambda: reports.append(run(bar.image_folder, bar.reference_folder, output, spark=session))
    )
    thread.start()
    # While a task runs, its output has a hidden name.
    wait_until(lambda: len(running(output)) == 2 and len(cluster.executors()) == 2, "two tasks")
    (killed, _), before = cluster.executors(), set(cluster.executors())
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: set(cluster.executors()) - before, "another executor")
    thread.join()
    (report,) = reports
    assert report.rows == sum(IMAGES) and report.pairs == sum(IMAGES) * sum(REFERENCES)
    assert failed_tasks(session) == 1
    check_equal(read_output(output, sum(IMAGES)), daemon_heaps)
    # The largest image shard with its heaps, the largest reference shard, and what Python and its libraries take.
    image, reference = max(IMAGES) * (384 * 4 + 160 * 8), max(REFERENCES) * 384 * 4
    assert max(shard.peak_bytes for shard in report.shards) < 256 * MEBIBYTE + image + reference


def running(output):
    return list(output.glob(".*.part")) if output.exists() else []


def failed_tasks(session):
    """The number of failed tasks of the only job of the session."""
    tracker = session.sparkContext.statusTracker()
    (job,) = tracker.getJobIdsForGroup(None)
    return sum(tracker.getStageInfo(stage).numFailedTasks for stage in tracker.getJobInfo(job).stageIds)
