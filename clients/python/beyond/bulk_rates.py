#!/usr/bin/env python3
"""Measures pairs of image and reference per second of one core: nnnd, bulk computations, and faiss-cpu alone.

It prints a table. Each way computes with one thread. Rates are those of CPU seconds, which other work on the machine
changes less than seconds of a clock. Each figure is the best of some runs.

    cd clients/python; NNND_BIN=../../.build/release PYTHONPATH=src:tests python beyond/bulk_rates.py
"""

import argparse
import importlib.util
import multiprocessing
import os
import socket
import struct
import tempfile
import time
from pathlib import Path

import numpy as np

import nnnd
from bar import CAPACITY, REFERENCES, Corpus, K
from nnnd.bulk import BulkSettings, list_shards, plan
from nnnd.bulk._processes import one_thread_each

IMAGES = 20_000
TICKS = os.sysconf("SC_CLK_TCK")


def timed(work):
    """CPU seconds and seconds of a function in this process."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - clock


def bulk_task(job):
    """A task, from the first read of a shard to the complete output file."""
    return timed(lambda: job.compute(0))


def faiss_alone(images, references):
    """`faiss.knn` over arrays in memory: it reads and writes nothing."""
    import faiss

    unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (images, references)]
    return timed(lambda: faiss.knn(*unit, CAPACITY, metric=faiss.METRIC_INNER_PRODUCT))


def in_a_process(function, *arguments):
    """Runs a function in a new process with one thread."""
    with one_thread_each(), multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def daemon_ingestion(images, references):
    """The ingestion of all images by a daemon that has the references, from the call to the receipt."""
    with nnnd.open(k=K, capacity=CAPACITY, threads=1) as db:
        db.add_references(references)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(db.socket))
            pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        statistics = Path(f"/proc/{pid}/stat")

        def cpu():
            return sum(map(int, statistics.read_text().rpartition(")")[2].split()[11:13])) / TICKS

        before, start = cpu(), time.perf_counter()
        db.add_images(images)
        return cpu() - before, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = Corpus(folder)
        images, references = corpus.images[:IMAGES], corpus.references
        np.save(folder / "photos.npy", images)
        shards = list_shards(corpus.reference_folder)
        ways = {"nnnd, `threads: 1`: ingestion of the images": (daemon_ingestion, images, references)}
        for arithmetic in ("numpy", "faiss", "torch"):
            if importlib.util.find_spec(arithmetic):
                settings = BulkSettings(k=K, arithmetic=arithmetic)
                job = plan(folder / "photos.npy", shards, folder, settings, distinct=True)
                ways[f"bulk task, {arithmetic}"] = (in_a_process, bulk_task, job)
        if importlib.util.find_spec("faiss"):
            ways["faiss-cpu alone, arrays in memory"] = (in_a_process, faiss_alone, images, references)
        print("| one core | CPU seconds | seconds | million pairs per CPU second |\n|---|---|---|---|")
        for way, (measure, *arguments) in ways.items():
            cpu, clock = min(measure(*arguments) for _ in range(runs))
            print(f"| {way} | {cpu:.1f} | {clock:.1f} | {IMAGES * sum(REFERENCES) / cpu / 1e6:.0f} |", flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(
        f"\n{IMAGES:,} x {images.shape[1]} images, {sum(REFERENCES):,} references, capacity {CAPACITY}, "
        f"best of {runs}; load averages at the end {load}; {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
