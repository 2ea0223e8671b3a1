"""A million images in float16 with 100,000 references: times, memory, size of the file."""

import threading
import time

import numpy as np

import clients
import peer
from harness import Daemon, settle, vectors
from report import queries_in_words

TITLE = "A million images"
SHARDS = 10


class Memory(threading.Thread):
    """Records the largest anonymous memory of a daemon while a with statement runs."""

    def __init__(self, nnnd):
        super().__init__(daemon=True)
        self.nnnd, self.most, self.ended = nnnd, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.05):
            self.most = max(self.most, self.nnnd.anonymous_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def halves(random, rows, dimension):
    """Random directions as float16: rows x dimension."""
    return vectors(random, rows, dimension).astype(np.float16)


def run(context):
    report, random = context.report, np.random.default_rng([context.seed, 4])
    images, references = 5 * context.images, context.images // 2
    early = references // 5
    report.section(TITLE, f"{images:,} x {context.dimension} float16 images (`--precision float16`), {references:,}"
                          f" references. First {early:,} references are dropped, then the images in {SHARDS} shards, then"
                          " the other references.")
    with Daemon(context.binaries, "--precision", "float16") as daemon:
        known = halves(random, references, context.dimension)
        sample, in_images = [], 0.0
        with Memory(daemon) as memory:
            daemon.drop("references", "early", known[:early])
            for shard in range(SHARDS):
                rows = halves(random, images // SHARDS, context.dimension)
                in_images += daemon.drop("images", f"images-{shard}", rows)
                sample.append(rows[:10])
            in_references = daemon.drop("references", "late", known[early:])
        report.row(f"{images:,} images dropped on {early:,} references", in_images)
        report.row(f"{references - early:,} more references dropped", in_references)
        check(daemon, np.vstack(sample), known)
        report.row("peak of anonymous memory", memory.most, images * context.dimension * 2, "the vectors", unit="B")
        time.sleep(12)  # nnnd keeps freed memory for ten seconds
        report.row("anonymous memory when idle", daemon.anonymous_bytes(), unit="B")
        report.row("data file", daemon.data_bytes(), images * context.dimension * 2, "the vectors", unit="B")
        latencies(context, daemon, random)


def check(daemon, sample, references):
    """Compares biases of the first images of each shard with the peer's, computed from the float16 values.

    nnnd normalises again before it rounds, which can change a component by one unit of float16.
    """
    biases = peer.biases(sample.astype(np.float32), references.astype(np.float32))
    names = [f"images-{shard}:{row}" for shard in range(SHARDS) for row in range(10)]
    difference = max(abs(daemon.bias(name) - bias) for name, bias in zip(names, biases))
    assert difference <= 2e-4, f"biases differ by {difference:.1e}"


def latencies(context, daemon, random):
    report = context.report
    queries = vectors(random, 1000, context.dimension)
    for batch in (1, 16, 100, 1000):
        daemon.search(queries[:batch])
        seconds = []
        for run in range(context.runs):
            settle()
            seconds.append(daemon.search(queries[:batch], peer.TOP, peer.ALPHA)[0])
        report.row(f"search, {queries_in_words(batch)}", seconds)
    times = clients.run(daemon, queries[:256], 1, 5 * context.seconds)
    report.row("single queries back to back, 95th percentile", clients.percentile(times, 95))
    for kind, count in (("references", 1), ("references", context.scaled(1000)), ("images", context.scaled(100))):
        seconds = []
        for run in range(min(3, context.runs)):
            shard = f"{kind}-{count}-{run}"
            settle()
            seconds.append(daemon.drop(kind, shard, halves(random, count, context.dimension)))
        report.row(f"{count:,} {kind if count > 1 else 'reference'} dropped", seconds)
    daemon.stop()
    report.row("start to ready", daemon.start(), own_at_most=1)
