"""Bias maintenance: the time from drop to receipt, compared with the peer's time to compute all biases again."""

import statistics

import numpy as np

import counters
import peer
from base import image_id
from harness import Daemon, settle, sync_seconds, timed
from report import written

TITLE = "Bias maintenance"
# Seconds that shards may take with SIZE images, besides the disk's own sync.
ONE_REFERENCE, MANY_REFERENCES = 0.015, 0.5
# All images are dropped on so many references: references -> (target, runs). The target is for nnnd's time divided by
# the peer's time for the biases alone.
FRESH = {4096: (0.45, 7), 20_000: (0.4, 3)}


def fresh_images(context, base, count, at_most, runs):
    """All images as one shard on some references, compared with the peer's time for the biases alone."""
    count = context.enough(count)
    references = base.references[:count]
    own, other, disk = [], [], None
    for run in range(min(runs, context.runs)):
        with Daemon(context.binaries) as daemon:
            daemon.drop("references", "references", references)
            settle()
            # Each run has another daemon; the report names the bytes of the last one.
            disk = counters.Disk(daemon)
            own.append(disk.during(lambda: daemon.drop("images", "images", base.images)))
            settle()
            seconds, biases = timed(lambda: peer.biases(base.images, references))
            other.append(seconds)
            peer.check_biases(daemon, biases, image_id)
    figure = "images" if count == context.enough(4096) else None
    context.report.row(f"{context.images:,} images dropped on {len(references):,} references", own, other,
                       "faiss-cpu, biases alone", figure=figure, note=disk_in_words(disk),
                       **context.target(at_most=at_most))


def disk_in_words(disk):
    read, written_bytes = statistics.median(disk.read), statistics.median(disk.written)
    words = f"writes {written(written_bytes, 'B')}"
    return words + (f", reads {written(read, 'B')}" if read else "")


def dropped(context, base, kind, count, runs):
    """Drops shards and deletes them again. Returns seconds, those of the deletions, bytes of the disk and searches."""
    own, gone, searches, disk = [], [], [], counters.Disk(base.daemon)
    for run in range(runs):
        shard, fresh = base.fresh(kind, count)
        settle()
        searches.append(base.daemon.search(base.queries[run % len(base.queries)][None, :])[0])
        settle()
        own.append(disk.during(lambda: base.daemon.drop(kind, shard, fresh)))
        settle()
        gone.append(base.daemon.delete(kind, shard, [f"{shard}:{row}" for row in range(count)]))
    return own, gone, disk, searches


def small_shards(context, base):
    """One reference, beside the disk's own sync; and a few images, beside a search for one query."""
    sync = sync_seconds(base.daemon.data)
    own, gone, disk, _ = dropped(context, base, "references", 1, 3 * context.runs)
    most = ONE_REFERENCE + sync
    context.report.row("1 reference dropped", own, most, f"15 ms + a sync of the disk ({1e3 * sync:.2f} ms)",
                       figure="reference", note=disk_in_words(disk), **context.target(at_most=1))
    context.report.row("the same reference deleted", gone)
    count = context.scaled(100)
    own, _, disk, searches = dropped(context, base, "images", count, 3 * context.runs)
    context.report.row(f"{count} images dropped", own, searches, "search of 1 query", note=disk_in_words(disk),
                       **context.target(at_most=10))


def more_references(context, base):
    """More references, compared with the peer's time for all biases, and their deletion."""
    count = context.scaled(1000)
    own, gone, disk, _ = dropped(context, base, "references", count, context.runs)
    shard, fresh = base.fresh("references", count)
    base.daemon.drop("references", shard, fresh)
    other, biases = timed(lambda: peer.biases(base.images, np.vstack([base.references, fresh])))
    peer.check_biases(base.daemon, biases, image_id)
    base.daemon.delete("references", shard, [f"{shard}:{row}" for row in range(count)])
    words = f"{count:,} references dropped on {context.references:,}"
    context.report.row(words, own, other, "faiss-cpu, all biases again", figure="references", note=disk_in_words(disk),
                       **context.target(at_most=1 / 15))
    context.report.row(words, own, **context.target(own_at_most=MANY_REFERENCES))
    context.report.row(f"the same {count:,} references deleted", gone, other, "the same")


def run(context, base):
    context.report.section(TITLE, f"{context.shape}. The times are from drop to receipt.")
    for count, (at_most, runs) in FRESH.items():
        fresh_images(context, base, count, at_most, runs)
    small_shards(context, base)
    more_references(context, base)
    _, biases = base.biases()
    peer.check_biases(base.daemon, biases, image_id)
