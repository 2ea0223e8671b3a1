"""Searches with 1 to 1,000 queries, compared with faiss-cpu; and many clients compared with one."""

import clients
import native
import peer
from base import name
from harness import settle, timed
from report import queries_in_words

TITLE = "Search"
BATCHES = (1, 16, 100, 1000)
TARGETS = dict(zip(BATCHES, (0.25, 0.12, 0.08, 0.90)))
TARGETS_OF_LEVELS = {"avx512vnni": TARGETS, "avx512": TARGETS, "avx2": dict(zip(BATCHES, (0.50, 0.25, 0.15, 1.50)))}
MANY = 64


def batches(context, base, lower):
    """Measures nnnd, nnnd with the kernels for AVX2 (`lower`) and the peer alternately.

    Returns the seconds of nnnd's searches with one query.
    """
    report = context.report
    levels = [daemon.status()["kernels"] for daemon in (base.daemon, lower)]
    index = peer.search_index(base.images, base.biases()[1])
    singles = None
    for batch in BATCHES:
        queries = base.queries[:batch]
        extended = peer.extended(queries)
        own, other, slower = [], [], []
        for run in range(context.runs * (3 if batch < 100 else 1) + 1):
            settle()
            seconds, answer = base.daemon.search(queries, peer.TOP, peer.ALPHA)
            settle()
            seconds_lower, answer_lower = lower.search(queries, peer.TOP, peer.ALPHA)
            settle()
            seconds_peer, (scores, rows) = timed(lambda: index.search(extended, peer.TOP))
            peer.check_answers(answer, scores, rows, name)
            peer.check_answers(answer_lower, scores, rows, name)
            if run > 0:
                own.append(seconds)
                slower.append(seconds_lower)
                other.append(seconds_peer)
        for level, seconds in zip(levels, (own, slower)):
            targets = TARGETS_OF_LEVELS.get(level, {})
            report.row(f"{queries_in_words(batch)}, {level}", seconds, other, "faiss-cpu", at_most=targets.get(batch))
        singles = singles or own
    return singles


def many_clients(context, base):
    one, many, note = [], [], ""
    for run in range(context.runs + 1):
        settle()
        times_one = clients.run(base.daemon, base.queries[:256], 1, context.seconds)
        settle()
        times_many = clients.run(base.daemon, base.queries[:256], MANY, context.seconds)
        if run > 0:
            one.append(clients.rate(times_one))
            many.append(clients.rate(times_many))
            note = f"95% within {1e3 * clients.percentile(times_many, 95):.0f} ms"
    context.report.row(
        f"{MANY} clients, each sending single queries", many, one, "1 client", unit="1/s", at_least=6, note=note)


def run(context, base):
    report = context.report
    report.section(TITLE, f"{context.shape}, {context.references:,} references. Each row names the kernels: the best"
                          " of this CPU, or those of `NNND_KERNELS=avx2`.")
    with base.daemon.copy(env={"NNND_KERNELS": "avx2"}) as lower:
        singles = batches(context, base, lower)
    bandwidth = max(context.limits()["bandwidth"], native.limits(context.cores)["bandwidth"])
    report.row("1 query, compared with reading all vectors", singles, base.images.nbytes / bandwidth,
               f"reading all float32 vectors once at {bandwidth / 1e9:.1f} GB/s", at_most=1)
    many_clients(context, base)
