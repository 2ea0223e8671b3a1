"""The Python package in clients/python: what it adds to the daemon's own time, and to the memory of its process."""

import os
import sys
import time
from pathlib import Path

import numpy as np

import peer
from harness import Daemon, settle, timed, wait_for
from report import queries_in_words

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients" / "python" / "src"))

import nnnd  # noqa: E402
import nnnd.ingestion  # noqa: E402

TITLE = "The Python package"
SINGLE_QUERIES, MANY_QUERIES, MANY_HITS = 500, 1000, 100


def drop(daemon, vectors, ids):
    """Adds images without the package: numpy.save and a sidecar, both renamed, and a wait for the receipt.

    Returns the seconds from the begin of writing to the receipt. As in the package, nothing is synced, and the pauses
    between two looks for the receipt are as long: where other programs use the cores too, a process that looks more
    often gets the daemon more of their time.
    """
    folder, receipt = daemon.spool / "images", daemon.spool / "done" / "images" / "added.npy.receipt.json"
    begin = time.perf_counter()
    with open(folder / ".added.npy", "wb") as file:
        np.save(file, vectors)
    with open(folder / ".added.ids", "w") as file:
        file.write("\n".join(ids) + "\n")
    (folder / ".added.ids").rename(folder / "added.ids")
    (folder / ".added.npy").rename(folder / "added.npy")
    wait_for(receipt.exists, nnnd.ingestion.LONGEST_PAUSE)
    return time.perf_counter() - begin


def add(daemon, vectors, ids):
    """Adds images with the package. Returns the seconds, and how much the memory of this process grew meanwhile."""
    with nnnd.Client(daemon.socket) as client:
        client.ready()
        Path("/proc/self/clear_refs").write_text("5")  # The peak begins at the present size.
        before = resident("VmRSS")
        seconds, added = timed(lambda: client.add_images(vectors, ids, progress=False))
        assert added.rows == len(vectors)
        return seconds, max(0, resident("VmHWM") - before)


def resident(field):
    """The present size (VmRSS) or the peak (VmHWM) of the memory of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure_adding(context, images):
    """Adds images to an empty corpus, with and without the package, in turn."""
    ids = [f"photo-{row:06}" for row in range(len(images))]
    dropped, added, grown = [], [], []

    def measure_drop(daemon):
        dropped.append(drop(daemon, images, ids))

    def measure_add(daemon):
        seconds, size = add(daemon, images, ids)
        added.append(seconds)
        grown.append(size)

    for run in range(max(context.runs, 5)):
        for measure in (measure_drop, measure_add)[:: 1 if run % 2 else -1]:
            with Daemon(context.binaries) as daemon:
                os.sync()  # Otherwise the disk still writes what the measurement before has left.
                measure(daemon)
    context.report.row(f"{len(images):,} images: add_images(vectors, ids)", added, dropped, "dropped by rename",
                       **context.target(at_most=1.1))
    context.report.row("growth of the client's memory meanwhile", grown, images.nbytes, "the vectors", unit="B",
                       **context.target(at_most=0.25))


def measure_searches(context, client, queries):
    """Compares searches from the call to the arrays with the daemon's own time."""
    beyond, computed = [], []
    for query in queries[:SINGLE_QUERIES]:
        begin = time.thread_time()
        seconds, found = timed(lambda: client.search(query, peer.TOP, peer.ALPHA))
        computed.append(time.thread_time() - begin)
        beyond.append(seconds - found.took)
    context.report.row(f"{queries_in_words(1)}: from the call to the arrays, minus the daemon's time", beyond,
                       **context.target(own_at_most=0.0005))
    context.report.row(f"{queries_in_words(1)}: the client's processor time", computed)
    called, took = [], []
    for run in range(context.runs + 1):
        settle()
        seconds, found = timed(lambda: client.search(queries[:MANY_QUERIES], MANY_HITS, peer.ALPHA))
        if run > 0:
            called.append(seconds)
            took.append(found.took)
    context.report.row(f"{queries_in_words(MANY_QUERIES)}, top {MANY_HITS}: from the call to the arrays", called, took,
                       "the daemon's time", **context.target(at_most=1.25))


def run(context):
    source = context.source(8)
    context.report.section(
        TITLE, f"{context.shape}. The drop by rename is numpy.save and a sidecar of ids, their renames into the spool"
               " of an empty corpus without references, and a wait for the receipt; the clock starts before the first"
               f" byte is written. The searches have {context.references:,} references.")
    images = source.images(context.images)
    measure_adding(context, images)
    with Daemon(context.binaries) as daemon, nnnd.Client(daemon.socket) as client:
        client.add_references(source.references(context.references), progress=False)
        client.add_images(images, progress=False)
        measure_searches(context, client, source.queries(MANY_QUERIES))
