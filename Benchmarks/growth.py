"""How times grow with the number of images, of references and of queries, and with the dimension."""

import statistics

import numpy as np

import peer
from base import image_id
from harness import Daemon, settle, timed
from report import queries_in_words

TITLE = "Growth"
BATCHES = (1, 4, 16, 64, 100, 256, 1000)


def twice(context, base):
    """Compares a copy of the base that has twice the images with the base."""
    report, runs = context.report, context.runs
    count = context.scaled(1000)
    with base.daemon.copy() as large:
        large.drop("images", "twice", base.source.images(context.images))
        daemons = (large, base.daemon)
        words = f"{2 * context.images:,} instead of {context.images:,} images"
        for batch in (1, 16, 100, 1000):
            queries = base.queries[:batch]
            times = [[], []]
            for run in range((3 if batch < 100 else 1) * runs + 1):
                for side, daemon in enumerate(daemons):
                    settle()
                    seconds, _ = daemon.search(queries, peer.TOP, peer.ALPHA)
                    if run > 0:
                        times[side].append(seconds)
            report.row(f"{words}: search, {queries_in_words(batch)}", *times, f"{context.images:,} images", at_most=2.2)
        for rows in (1, count):
            times = [[], []]
            for run in range(runs):
                shard, fresh = base.fresh("references", rows)
                for side, daemon in enumerate(daemons):
                    settle()
                    times[side].append(daemon.drop("references", shard, fresh))
                    daemon.delete("references", shard, [f"{shard}:{row}" for row in range(rows)])
            report.row(f"{words}: {rows:,} reference{'s' * (rows > 1)} dropped", *times, f"{context.images:,} images",
                       at_most=2.2)
        for daemon, images in zip(daemons, (2 * context.images, context.images)):
            starts = []
            for run in range(runs):
                daemon.stop()
                starts.append(daemon.start())
            daemon.stop()
            daemon.forget_pages()
            cold = daemon.start()
            report.row(f"{images:,} images: start to ready", starts, own_at_most=1,
                       note=f"{cold:.2f} s if the store is not in the page cache")
            if daemon is base.daemon:
                daemon.search(base.queries[:16])
            else:
                large.stop()
                large.start()


def point(context, images, references, dimension, batches=(1,)):
    """Measures a corpus of one size.

    Returns pairs of seconds of nnnd and of the peer by name: "maintenance" for 1,000 more references, and "search N"
    for each N in `batches`, the median for N queries at once.
    """
    source = context.source(images, references, dimension=dimension)
    corpus, known, queries = source.images(images), source.references(references), source.queries(max(BATCHES))
    some = context.scaled(1000)
    found = {}
    with Daemon(context.binaries) as daemon:
        daemon.drop("references", "references", known)
        daemon.drop("images", "images", corpus)
        fresh = source.references(some)
        settle()
        own = daemon.drop("references", "more", fresh)
        settle()
        other, biases = timed(lambda: peer.biases(corpus, np.vstack([known, fresh])))
        peer.check_biases(daemon, biases, image_id)
        found["maintenance"] = (own, other)
        index = peer.search_index(corpus, biases)
        for batch in batches:
            own, other = [], []
            for run in range(4 if batch >= 64 else 8):
                settle()
                seconds, answer = daemon.search(queries[:batch], peer.TOP, peer.ALPHA)
                settle()
                seconds_peer, (scores, rows) = timed(lambda: index.search(peer.extended(queries[:batch]), peer.TOP))
                peer.check_answers(answer, scores, rows, image_id)
                if run > 0:
                    own.append(seconds)
                    other.append(seconds_peer)
            found[f"search {batch}"] = (statistics.median(own), statistics.median(other))
    return found


def sweeps(context):
    """The axes of the plot: a label -> the values, and a function from a value to what `point` returns for it."""
    images, few = context.images, context.enough(4096)
    least, d = max(peer.K + 2, few // 4), context.dimension
    return {
        "images": ([images // 8, images // 4, images // 2, images, 2 * images], lambda n: point(context, n, few, d)),
        "references": ([least, few, 4 * few, 16 * few], lambda n: point(context, images // 4, n, d)),
        "dimension": ([d // 4, d // 2, d, 2 * d], lambda n: point(context, images // 2, few, n)),
    }


def draw(path, measured, setting, labels, where):
    """Plots times against sizes, log-log, with one panel per axis.

    measured[axis][what] is the sizes, and for each size the seconds of nnnd and of the peer. `what`: "search" or
    "maintenance".
    """
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "nnnd", "font.size": 9})
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 2, figsize=(9, 7), sharey=True, layout="constrained")
    for panel, (axis, lines) in zip(panels.flat, measured.items()):
        for what, (sizes, pairs) in lines.items():
            for side, color in enumerate(("tab:blue", "tab:orange")):
                line, marker = ("-", "o") if what == "search" else ("--", "s")
                panel.loglog(sizes, [pair[side] for pair in pairs], line, marker=marker, markersize=4, color=color,
                             label=labels[what][side])
        panel.set_title(setting[axis], fontsize=8)
        panel.set_xlabel(axis)
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes], fontsize=8)
        panel.minorticks_off()
        panel.grid(True, which="major", alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("seconds")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
    figure.suptitle(where, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def run(context, base):
    report, some = context.report, context.scaled(1000)
    images, few, d = context.images, context.enough(4096), context.dimension
    report.section(TITLE, f"The base has {context.shape} and {context.references:,} references.")
    twice(context, base)

    setting = {
        "images": f"{few:,} references x {d}",
        "references": f"{images // 4:,} images x {d}",
        "dimension": f"{images // 2:,} images, {few:,} references",
        "queries at once": f"{images:,} images x {d}, one request",
    }
    labels = {
        "search": ("nnnd, search", "faiss-cpu, search"),
        "maintenance": (f"nnnd, {some:,} references dropped", "faiss-cpu, all biases again"),
    }
    report.text("Other sizes: milliseconds of nnnd / of faiss-cpu. *search* is the median of 7 runs (from 64 queries"
                " on: of 3) with one query, unless the row says otherwise. *bias maintenance* compares"
                f" {some:,} more references"
                " for nnnd with all biases again for faiss-cpu, in one run.")
    report.table("| varied | constant | search | bias maintenance |\n|---|---|---|---|")

    def line(axis, size, pairs):
        cells = [f"{1e3 * own:,.1f} / {1e3 * other:,.1f}" for own, other in pairs]
        report.line(f"| {axis} {size:,} | {setting[axis]} | {' | '.join([*cells, ''][:2])} |")

    measured = {}
    for axis, (sizes, at) in sweeps(context).items():
        found = []
        for size in sizes:
            found.append(at(size))
            line(axis, size, [found[-1]["search 1"], found[-1]["maintenance"]])
        measured[axis] = {"search": (sizes, [one["search 1"] for one in found]),
                          "maintenance": (sizes, [one["maintenance"] for one in found])}
    found = point(context, images, few, d, BATCHES)
    for batch in BATCHES:
        line("queries at once", batch, [found[f"search {batch}"]])
    measured["queries at once"] = {"search": (BATCHES, [found[f"search {batch}"] for batch in BATCHES])}
    if context.plots:
        picture = f"benchmarks-growth-{context.kind.key}.svg"
        draw(context.plots / picture, measured, setting, labels, context.where)
        report.text(f"![cost against size, log-log]({picture})")
