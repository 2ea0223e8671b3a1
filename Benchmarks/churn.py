"""Rounds that replace images and references: how the file grows, and whether commits and searches become slower."""

import numpy as np

import clients
import peer
from harness import Daemon

TITLE = "Repeated replacement"
ROUNDS = 30
EARLY, LATE = slice(2, 7), slice(25, 30)  # rounds 3 to 7, and 26 to 30: medians around round 5 and of the last five
INTERVAL = 0.05


def image(row):
    return f"image-{row}"


def check(daemon, sets, queries):
    """Compares biases and hits with the peer's. `sets`: "images" and "references" -> the final rows."""
    biases = peer.biases(sets["images"], sets["references"])
    peer.check_biases(daemon, biases, image)
    index = peer.search_index(sets["images"], biases)
    _, answer = daemon.search(queries, peer.TOP, peer.ALPHA)
    peer.check_answers(answer, *index.search(peer.extended(queries), peer.TOP), image)


def run(context):
    report, source = context.report, context.source(3)
    random = np.random.default_rng([context.seed, 3])
    sets = {
        "images": source.images(context.images // 2),
        "references": source.references(context.references),
    }
    tenths = {kind: len(rows) // 10 for kind, rows in sets.items()}
    report.section(TITLE, f"In each of {ROUNDS} rounds, nnnd replaces {tenths['images']:,} of {len(sets['images']):,}"
                          f" images and {tenths['references']:,} of {len(sets['references']):,} references"
                          f" x {context.dimension}, chosen at random, while a client sends {1 / INTERVAL:.0f} single"
                          " queries a second.")
    queries = source.queries(256)
    seconds = {kind: [] for kind in sets}

    def fill(daemon):
        for kind in ("references", "images"):
            daemon.drop(kind, "all", sets[kind], [f"{kind[:-1]}-{row}" for row in range(len(sets[kind]))])

    with Daemon(context.binaries) as daemon:
        fill(daemon)
        with clients.running(daemon, queries, 1, INTERVAL) as load:
            windows = []
            for turn in range(ROUNDS):
                drops = []
                for kind, rows in sets.items():
                    chosen = random.choice(len(rows), tenths[kind], replace=False)
                    rows[chosen] = getattr(source, kind)(tenths[kind])
                    ids = [f"{kind[:-1]}-{row}" for row in chosen]
                    seconds[kind].append(daemon.drop(kind, f"round-{turn}", rows[chosen], ids))
                    drops.append(daemon.last_drop)
                windows.append((drops[0][0], drops[-1][1]))
            times = load.stop()
        inside = [clients.during(times, begin, end) for begin, end in windows]
        middle, high = ([clients.percentile(each, percent) for each in inside] for percent in (50, 95))
        check(daemon, sets, queries)
        grown = daemon.data_bytes()
    with Daemon(context.binaries) as daemon:
        fill(daemon)
        fresh = daemon.data_bytes()
    report.row("data file after the rounds", grown, fresh, "a fresh store of the final rows", unit="B", at_most=1.6)
    for kind in sets:
        report.row(f"{tenths[kind]:,} {kind} replaced, rounds 26 to 30", seconds[kind][LATE], seconds[kind][EARLY],
                   "rounds 3 to 7", at_most=1.25)
    report.row("single query during rounds 26 to 30, median", middle[LATE], middle[EARLY], "rounds 3 to 7",
               at_most=1.25)
    report.row("the same, 95th percentile", high[LATE], high[EARLY], "rounds 3 to 7", at_most=1.25)
    report.text(f"{len(times):,} searches in total; none was rejected.")
