"""Bulk computations of the long corpus in a pool of processes: equality with the daemon, a kill, and memory."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

import nnnd
from bar import IMAGES, check_equal, read_output
from conftest import wait_until
from nnnd.bulk import list_shards, plan, run
from nnnd.bulk._processes import run_in_processes

MEBIBYTE = 1 << 20


def test_heaps_equal_those_of_the_daemon_after_a_kill(tmp_path, bar, daemon_heaps):
    output = tmp_path / "heaps"
    process = subprocess.Popen(
        [sys.executable, "-m", "nnnd", "bulk", "--images", bar.image_folder, "--references", bar.reference_folder,
         "--output", output],
        env={**os.environ, "PYTHONPATH": str(Path(nnnd.__file__).parents[1])}, start_new_session=True,
    )  # fmt: skip
    wait_until(lambda: len(list(output.glob("*.parquet"))) >= 3 and list(output.glob(".*.part")), "three shards")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    report = run(bar.image_folder, bar.reference_folder, output)
    assert report.shards_before >= 3 and report.shards_before + len(report.shards) == len(IMAGES)
    assert not list(output.glob(".*"))
    check_equal(read_output(output, sum(IMAGES)), daemon_heaps)


def test_the_memory_of_a_task_does_not_grow_with_the_number_of_reference_shards(tmp_path, rng):
    image_rows, reference_rows, dimension = 8_000, 20_000, 384
    np.save(tmp_path / "tiny.npy", np.ones((1, dimension), dtype=np.float32))
    np.save(tmp_path / "images.npy", rng.standard_normal((image_rows, dimension), dtype=np.float32))
    (tmp_path / "references").mkdir()
    for number in range(8):
        vectors = rng.standard_normal((reference_rows, dimension), dtype=np.float32)
        np.save(tmp_path / f"references/{number}.npy", vectors)
    references = list_shards(tmp_path / "references")

    def peak(images, references):
        job = plan(tmp_path / images, references, tmp_path, distinct=True)
        return next(run_in_processes(job, 1)).peak_bytes

    image_bytes, reference_bytes = image_rows * (dimension * 4 + 160 * 8), reference_rows * dimension * 4
    least, two = peak("tiny.npy", references[:1]), peak("images.npy", references[:2])
    assert two - least < image_bytes + reference_bytes + 64 * MEBIBYTE
    assert peak("images.npy", references) - two < reference_bytes
