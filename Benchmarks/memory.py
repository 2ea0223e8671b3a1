"""Anonymous memory and the size of the data file after typical work, compared with an older nnnd if one is given."""

import time

import counters
import peer
from harness import Daemon, settle

TITLE = "Memory and disk"
STAGES = ("references dropped", "images dropped", "searches", "more references dropped")
SPREAD = 1.05  # the ratio of two runs of the same program can reach this
RETURNED = 12  # seconds after which nnnd has returned freed memory


def measured(context, binaries):
    """The peaks of anonymous memory by stage, that when idle, and the size of the data file."""
    source = context.source(8)
    few, some = source.references(context.enough(4096)), source.references(context.scaled(1000))
    images, queries = source.images(context.images), source.queries(1000)
    with Daemon(binaries) as daemon:
        work = (
            lambda: daemon.drop("references", "few", few),
            lambda: daemon.drop("images", "images", images),
            lambda: [daemon.search(queries[:batch], peer.TOP, peer.ALPHA) for batch in (1, 100, 1000)],
            lambda: daemon.drop("references", "some", some),
        )
        peaks = {}
        for stage, call in zip(STAGES, work):
            with counters.Memory(daemon) as memory:
                call()
            peaks[stage] = memory.most
            settle()
        time.sleep(RETURNED)
        return peaks, daemon.anonymous_bytes(), daemon.data_bytes()


def run(context):
    report = context.report
    report.section(TITLE, f"{context.shape}; {context.enough(4096):,} references, then {context.scaled(1000):,} more."
                          " The figures are anonymous memory: the largest of each stage, and that when idle.")
    peaks, idle, size = measured(context, context.binaries)
    old_peaks, old_idle, old_size = measured(context, context.old) if context.old else ({}, None, None)
    against = f"nnnd {context.old_version}" if context.old else ""

    def row(words, own, other, at_most):
        target = context.target(at_most=at_most) if other else {}
        report.row(words, own, other, against, unit="B", **target)

    for stage in STAGES:
        row(f"{stage}, peak", peaks[stage], old_peaks.get(stage), SPREAD)
    row("idle", idle, old_idle, SPREAD)
    row("data file", size, old_size, 1.15)
