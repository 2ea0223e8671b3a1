"""Retention: the oldest references retire while new ones arrive."""

import numpy as np

import peer
from base import image_id
from harness import Daemon, settle, timed

TITLE = "Retirement of references"


def run(context):
    report, source = context.report, context.source(2)
    many, some, early = context.images // 2, context.scaled(1000), context.references
    report.section(TITLE, f"{context.shape}, {many:,} references. In each commit {some:,} references arrive and the"
                          f" {some:,} oldest retire (`--max-references {many}`).")
    images = source.images(context.images)
    references = source.references(many)
    with Daemon(context.binaries) as growing:
        growing.drop("references", "early", references[:early])
        growing.drop("images", "images", images)
        growing.drop("references", "late", references[early:])
        with growing.copy("--max-references", str(many)) as living:
            alone, both = [], []
            for run in range(context.runs + 1):
                fresh = source.references(some)
                settle()
                seconds = growing.drop("references", f"fresh-{run}", fresh)
                settle()
                seconds_both = living.drop("references", f"fresh-{run}", fresh)
                references = np.vstack([references[some:], fresh])
                if run > 0:
                    alone.append(seconds)
                    both.append(seconds_both)
            assert living.client.status()["references"] == many
            settle()
            recomputed, biases = timed(lambda: peer.biases(images, references))
            peer.check_biases(living, biases, image_id)
    report.row(f"{some:,} retire, {some:,} arrive", both, alone, f"{some:,} arrive", **context.target(at_most=3))
    report.row(f"{some:,} retire, {some:,} arrive", both, recomputed, "faiss-cpu, all biases again",
               **context.target(at_most=1 / 20))
