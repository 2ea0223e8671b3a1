"""Bias maintenance: the time from drop to receipt, compared with the peer's time to compute all biases again."""

import numpy as np

import peer
from base import name
from harness import Daemon, settle, timed

TITLE = "Bias maintenance"


def fresh_images(context, base):
    """All images as one shard, with few references, compared with the peer's time for the biases alone."""
    references = base.references[: context.scaled(4096)]
    own, other = [], []
    for run in range(context.runs):
        with Daemon(context.binaries) as daemon:
            daemon.drop("references", "references", references)
            settle()
            own.append(daemon.drop("images", "images", base.images))
            settle()
            seconds, biases = timed(lambda: peer.biases(base.images, references))
            other.append(seconds)
            peer.check_biases(daemon, biases, name)
    context.report.row(f"{context.images:,} images dropped on {len(references):,} references", own, other,
                       "faiss-cpu, biases alone", at_most=0.8)


def more_references(context, base):
    """More references, compared with the peer's time for all biases; then the deletion of these references."""
    count = context.scaled(1000)
    own, other, gone = [], [], []
    for run in range(context.runs):
        shard, fresh = base.fresh(count)
        settle()
        own.append(base.daemon.drop("references", shard, fresh))
        references = np.vstack([base.references, fresh])
        settle()
        seconds, biases = timed(lambda: peer.biases(base.images, references))
        other.append(seconds)
        peer.check_biases(base.daemon, biases, name)
        settle()
        gone.append(base.daemon.delete("references", shard, [f"{shard}:{row}" for row in range(count)]))
    context.report.row(f"{count:,} references dropped on {context.references:,}", own, other,
                       "faiss-cpu, all biases again", at_most=1 / 15)
    context.report.row(f"the same {count:,} references deleted", gone, other, "the same")


def small_shards(context, base):
    """One reference, and a few images, compared with a search for one query."""
    for kind, count, words in (("references", 1, "1 reference dropped"),
                               ("images", context.scaled(100), f"{context.scaled(100)} images dropped")):
        own, other = [], []
        for run in range(3 * context.runs):
            shard, fresh = base.fresh(count)
            settle()
            other.append(base.daemon.search(base.queries[run % len(base.queries)][None, :])[0])
            settle()
            own.append(base.daemon.drop(kind, shard, fresh))
            base.daemon.delete(kind, shard, [f"{shard}:{row}" for row in range(count)])
        context.report.row(words, own, other, "search of 1 query", at_most=10)
    peer.check_biases(base.daemon, base.biases()[1], name)


def run(context, base):
    context.report.section(TITLE, f"{context.shape}. The times are from drop to receipt.")
    fresh_images(context, base)
    small_shards(context, base)
    more_references(context, base)
