"""A stream of small shards of references, as live queries give: rate, pending entries, file size, searches."""

import re

import numpy as np

import clients
import counters
import peer
from harness import Daemon

TITLE = "Stream of references"
IMAGES, SHARDS, ROWS, KEPT = 500_000, 2_000, 20, 20_000
INTERVAL = 0.05  # seconds from one search to the next
IMAGE_SHARDS = 5
# Optional metrics: the number of entries that have not yet been merged into heaps.
PENDING = re.compile(r"^nnnd_pending_(heap_)?entries$")
ENTRIES_AN_IMAGE = 16  # the bound of pending entries, as a multiple of the number of images


def pending(daemon):
    """The number of pending heap entries, or None if the daemon states none."""
    found = [value for name, value in counters.metrics(daemon).items() if PENDING.match(name)]
    return found[0] if found else None


def fill(daemon, references, images):
    daemon.drop("references", "first", references)
    for shard, part in enumerate(np.array_split(images, IMAGE_SHARDS)):
        daemon.drop("images", f"images-{shard}", part)


class Stream:
    """What was measured of a daemon while the shards came."""

    def __init__(self, daemon, shards):
        self.disk, self.windows, self.pending = counters.Disk(daemon), [], []
        for number, rows in enumerate(shards):
            self.disk.during(lambda: daemon.drop("references", f"live-{number}", rows))
            self.windows.append(daemon.last_drop)
            if number % 20 == 0:
                self.pending.append(pending(daemon))

    def rate(self, part):
        """Shards a second of a slice of the stream, from receipt to receipt."""
        windows = self.windows[part]
        return len(windows) / sum(end - begin for begin, end in windows)


def run(context):
    report, source = context.report, context.source(7)
    count, shards, kept = (context.scaled(number) for number in (IMAGES, SHARDS, KEPT))
    kept, shards = max(kept, peer.K + 2), max(shards, 20)
    report.section(TITLE, f"{count:,} x {context.dimension} float32 images, {kept:,} references"
                          f" (`--max-references {kept}`). {shards:,} shards of {ROWS} references are dropped one after"
                          f" the other, each after the receipt of the last, while a client sends"
                          f" {1 / INTERVAL:.0f} single queries a second.")
    images, queries = source.images(count), source.queries(256)
    references = source.references(kept + shards * ROWS)
    with Daemon(context.binaries, "--max-references", str(kept)) as daemon:
        fill(daemon, references[:kept], images)
        idle = clients.run(daemon, queries, 1, 5 * context.seconds, INTERVAL)
        with clients.running(daemon, queries, 1, INTERVAL) as load:
            stream = Stream(daemon, np.array_split(references[kept:], shards))
            times = load.stop()
        assert daemon.client.status()["references"] == kept
        check(daemon, images, references[-kept:])
        grown = daemon.data_bytes()
    with Daemon(context.binaries) as daemon:
        fill(daemon, references[-kept:], images)
        fresh = daemon.data_bytes()
    add_rows(context, stream, clients.percentile(idle, 95), times, (grown, fresh), count)


def check(daemon, images, references, sample=200):
    """Compares the biases of some images with the peer's."""
    rows = np.linspace(0, len(images) - 1, sample).astype(int)
    sizes = np.cumsum([0, *(len(part) for part in np.array_split(np.arange(len(images)), IMAGE_SHARDS))])
    shards = np.searchsorted(sizes, rows, side="right") - 1
    names = [f"images-{shard}:{row - sizes[shard]}" for shard, row in zip(shards, rows)]
    peer.check_biases(daemon, peer.biases(images[rows], references), names.__getitem__, sample)


def add_rows(context, stream, idle, times, sizes, images):
    report, tenth = context.report, max(1, len(stream.windows) // 10)
    first, last = slice(0, tenth), slice(-tenth, None)
    seconds = [end - begin for begin, end in stream.windows]
    report.row("shards a second, last tenth", stream.rate(last), stream.rate(first), "first tenth", unit="1/s",
               **context.target(at_least=0.8))
    report.row(f"{ROWS} references dropped, last tenth", seconds[last], seconds[first], "first tenth",
               **context.target(at_most=1.2))
    entries = [value for value in stream.pending if value is not None]
    if entries:
        report.row("pending heap entries, largest number", max(entries), images, "images", unit="",
                   **context.target(at_most=ENTRIES_AN_IMAGE))
    report.row("bytes written by one shard", stream.disk.written, unit="B")
    report.row("data file after the stream", sizes[0], sizes[1], "a fresh store of the final rows", unit="B",
               **context.target(at_most=1.6))
    begin, end = stream.windows[0][0], stream.windows[-1][1]
    inside = clients.during(times, begin, end)
    report.row("single query during the stream, 95th percentile", clients.percentile(inside, 95), idle, "idle",
               note=f"{len(inside):,} searches in {end - begin:.0f} s", **context.target(at_most=3))
