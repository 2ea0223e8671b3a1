"""A million images in float16 with 100,000 references: times, memory, size of the file."""

import time

import numpy as np

import clients
import counters
import peer
from harness import Daemon, settle, sync_seconds
from report import queries_in_words

TITLE = "A million images"
SHARDS = 10


# Targets, most of them with 1,000,000 images: seconds of searches and shards, and bytes.
AGAINST_A_FIFTH = 5  # one query, as a multiple of its time with a fifth of the images
DROPS = {("references", 1): 0.060, ("references", 50): 0.250, ("references", 1000): 2.5, ("images", 100): None}
WRITTEN = 20e6  # bytes by one reference
# Of nnnd 0.1.0: the peak and the idle anonymous memory, and the size of the data file.
PEAK, IDLE, FILE = 1.21 * 2**30, 34.1 * 2**20, 4.34 * 2**30


def fill(context, daemon, source, count):
    """Drops the images. Returns the seconds, the first rows of each shard, and seconds of one query with a fifth."""
    seconds, sample, fifth = 0.0, [], []
    for shard in range(SHARDS):
        rows = source.images(count // SHARDS).astype(np.float16)
        seconds += daemon.drop("images", f"images-{shard}", rows)
        sample.append(rows[:10])
        if 5 * (shard + 1) == SHARDS:
            fifth = searches(context, daemon, source.queries(1))
    return seconds, np.vstack(sample), fifth


def searches(context, daemon, queries):
    """The seconds of several searches with all queries at once."""
    daemon.search(queries)
    seconds = []
    for run in range(context.runs * (3 if len(queries) < 100 else 1)):
        settle()
        seconds.append(daemon.search(queries, peer.TOP, peer.ALPHA)[0])
    return seconds


def run(context):
    report, source = context.report, context.source(4)
    images, references = 5 * context.images, context.enough(100_000)
    early = context.enough(20_000)
    report.section(TITLE, f"{images:,} x {context.dimension} float16 images (`--precision float16`). First {early:,}"
                          f" references are dropped, then the images in {SHARDS} shards, then small shards, then"
                          f" references up to {references:,}. Targets for memory and disk are what nnnd 0.1.0 needed.")
    with Daemon(context.binaries, "--precision", "float16") as daemon:
        known = source.references(references).astype(np.float16)
        with counters.Memory(daemon) as memory:
            daemon.drop("references", "early", known[:early])
            seconds, sample, fifth = fill(context, daemon, source, images)
            report.row(f"{images:,} images dropped on {early:,} references", seconds)
            small_shards(context, daemon, source)
            seconds = daemon.drop("references", "late", known[early:])
            report.row(f"{references - early:,} more references dropped", seconds)
        check(daemon, sample, known)
        vectors = images * context.dimension * 2
        report.row("peak of anonymous memory", memory.most, vectors, "the vectors", unit="B",
                   **context.target(own_at_most=PEAK))
        time.sleep(12)  # nnnd keeps freed memory for ten seconds
        report.row("anonymous memory when idle", daemon.anonymous_bytes(), unit="B", **context.target(own_at_most=IDLE))
        report.row("data file", daemon.data_bytes(), vectors, "the vectors", unit="B",
                   **context.target(own_at_most=1.15 * FILE))
        latencies(context, daemon, source, fifth)


def check(daemon, sample, references):
    """Compares biases of the first images of each shard with the peer's, computed from the float16 values.

    nnnd normalises again before it rounds, which can change a component by one unit of float16.
    """
    biases = peer.biases(sample.astype(np.float32), references.astype(np.float32))
    names = [f"images-{shard}:{row}" for shard in range(SHARDS) for row in range(10)]
    difference = max(abs(daemon.client.explain(name)["bias"] - bias) for name, bias in zip(names, biases))
    assert difference <= 2e-4, f"biases differ by {difference:.1e}"


def small_shards(context, daemon, source):
    """Drops shards of a few rows, and deletes them again."""
    sync = sync_seconds(daemon.data)
    for (kind, meant), most in DROPS.items():
        count = context.scaled(meant) if meant > 50 else meant
        seconds, disk = [], counters.Disk(daemon)
        for run in range(min(3, context.runs) if meant > 50 else context.runs):
            shard, rows = f"{kind}-{meant}-{run}", getattr(source, kind)(count).astype(np.float16)
            settle()
            seconds.append(disk.during(lambda: daemon.drop(kind, shard, rows)))
            daemon.delete(kind, shard, [f"{shard}:{row}" for row in range(count)])
        words = f"{count:,} {kind if count > 1 else kind[:-1]} dropped"
        if meant == 1:
            context.report.row(words, seconds, most + sync, f"60 ms + a sync of the disk ({1e3 * sync:.2f} ms)",
                               figure="million reference", **context.target(at_most=1))
        else:
            target = context.target(own_at_most=most) if most else {}
            context.report.row(words, seconds, **target)
        target = context.target(own_at_most=WRITTEN) if meant == 1 else {}
        context.report.row("bytes written by it", disk.written, unit="B", **target)


def latencies(context, daemon, source, fifth):
    report, queries = context.report, source.queries(1000)
    for batch in (1, 16, 100, 1000):
        seconds = searches(context, daemon, queries[:batch])
        if batch == 1:
            report.row("search, 1 query", seconds, fifth, f"the same with {context.images:,} images", figure="million",
                       **context.target(at_most=AGAINST_A_FIFTH))
        else:
            report.row(f"search, {queries_in_words(batch)}", seconds)
    times = clients.run(daemon, queries[:256], 1, 5 * context.seconds)
    report.row("single queries back to back, 95th percentile", clients.percentile(times, 95))
    daemon.stop()
    report.row("start to ready", daemon.start(), own_at_most=1)
