"""Searches with 1 to 1,000 queries: beside other programs, the machine's limits and an older nnnd; and many clients."""

import contextlib
import statistics
from collections import defaultdict

import clients
import counters
import peer
from base import image_id
from harness import settle, timed
from other_peers import PQ, USearch, recall
from report import queries_in_words

TITLE = "Search"
BATCHES = (1, 16, 100, 1000)
# Targets for the ratio to the flat index of faiss-cpu.
FLAT = dict(zip(BATCHES, (0.12, 0.07, 0.045, 0.3)))
# The longest time that a search may take is this factor times the time in which the machine reads (1 query) or
# multiplies (more queries) one byte for each component of each image, plus REST seconds for everything else.
FACTORS = dict(zip(BATCHES, (0.8, 1.6, 1.4, 1.35)))
REST = 0.0005
SLOW = 1.0  # seconds: PQ and usearch are measured in three runs if they take longer, in one if they take ten times that
RESCORED = {"random": 60, "clip": 120, "wordnet": 60}  # targets for rows that are scored exactly, top 10
FASTER_THAN_OLD = {"random": 1 / 1.4, "clip": 1 / 3}  # targets for the ratio to nnnd 0.1.0 with NNND_KERNELS=avx2
MANY = 64


class Programs:
    """The programs that are compared: a name -> a function from queries to (seconds, scores, rows)."""

    def __init__(self, context, base, daemons):
        _, own = base.biases()
        self.calls = {title: self.by_daemon(daemon) for title, daemon in daemons.items()}
        flat = peer.search_index(base.images, own)
        self.calls["faiss-cpu"] = self.in_process(peer.extended, lambda queries: flat.search(queries, peer.TOP))
        for other in (PQ(base.images, own), USearch(base.images, own)):
            self.calls[other.name] = self.in_process(other.prepare, other.search)

    @staticmethod
    def by_daemon(daemon):
        return lambda queries: daemon.search(queries, peer.TOP, peer.ALPHA)

    @staticmethod
    def in_process(prepare, search):
        def call(queries):
            prepared = prepare(queries)
            return timed(lambda: search(prepared))

        return call

    def measure(self, queries, runs):
        """Calls all programs in turn, `runs` times and once before that.

        Returns their seconds (name -> list), and PQ's recall.
        """
        seconds, most = defaultdict(list), {}
        for run in range(runs + 1):
            answers = {}
            for title, call in self.calls.items():
                if run > most.get(title, runs):
                    continue
                settle()
                took, answers[title] = call(queries)
                if run > 0:
                    seconds[title].append(took)
                elif took > SLOW and title in (PQ.name, USearch.name):
                    most[title] = 3 if took < 10 * SLOW else 1
            self.check(answers)
            if run == 0:
                found = recall(answers[PQ.name][1], answers["faiss-cpu"][1])
        return seconds, found

    @staticmethod
    def check(answers):
        """All programs but PQ must give the same results as the flat index."""
        scores, rows = answers["faiss-cpu"]
        for title, answer in answers.items():
            if isinstance(answer, dict):
                peer.check_answers(answer, scores, rows, image_id)
            elif title != PQ.name:
                difference = abs(answer[0] - scores).max()
                assert difference <= peer.TOLERANCE, f"scores of {title} differ by {difference:.1e}"


def longest(batch, rows, dimension, limits):
    """The longest time in seconds that a search may take on this machine, and how it is computed, in words.

    It counts one byte for each component of an image, although a scan by halves of codes reads fewer bytes.
    """
    factor = FACTORS[batch]
    if batch == 1:
        seconds, words = rows * dimension / limits["bandwidth"], "reading a byte per component"
    else:
        seconds, words = 2 * rows * dimension * batch / limits["int8"], "int8 products of all components"
    return factor * seconds + REST, f"{factor:g} x {words} ({1e3 * seconds:.2f} ms) + {1e3 * REST:g} ms"


def compared(context, seconds, batch, found, levels):
    """Adds the rows of one number of queries."""
    report, words = context.report, queries_in_words(batch)
    best, limits = levels["nnnd"], context.limits()
    report.row(f"{words}, {best}", seconds["nnnd"], seconds["faiss-cpu"], "faiss-cpu", figure=f"search {batch:,}",
               **context.target(at_most=FLAT[batch]))
    for title, against in ((PQ.name, f"faiss-cpu PQ, recall@10 {found:.3f}"), (USearch.name, USearch.name)):
        report.row(f"{words}, {best}", seconds["nnnd"], seconds[title], against)
    most, in_words = longest(batch, context.images, context.dimension, limits)
    report.row(f"{words}, {best}", seconds["nnnd"], most, in_words, **context.target(at_most=1))
    if levels["lower"] != best:
        report.row(f"{words}, {levels['lower']}", seconds["lower"], seconds["faiss-cpu"], "faiss-cpu")
    if "older" in seconds:
        at_most = FASTER_THAN_OLD.get(context.kind.key)
        report.row(f"{words}, {levels['lower']}", seconds["lower"], seconds["older"],
                   f"nnnd {context.old_version} with the same kernels", **context.target(at_most=at_most))


def batches(context, base, daemons):
    levels = {title: daemon.client.status()["kernels"] for title, daemon in daemons.items()}
    programs = Programs(context, base, daemons)
    for batch in BATCHES:
        seconds, found = programs.measure(base.queries[:batch], context.runs * (3 if batch < 100 else 1))
        compared(context, seconds, batch, found, levels)


def rows_per_query(context, base):
    """A table of the rows that each step of a scan leaves, if the daemon counts them."""
    lines, own = [], {}
    for batch in BATCHES:
        with counters.Rows(base.daemon) as rows:
            for start in range(0, max(batch, 100), batch):
                base.daemon.search(base.queries[start : start + batch], peer.TOP, peer.ALPHA)
        own[batch] = rows.per_query
    present = [step for step in counters.STEPS if step in own[1]]
    if not present:
        return
    report = context.report
    if counters.RESCORED in present:
        report.row("rows scored exactly, 1 query", own[1][counters.RESCORED], unit="", figure="rescored",
                   own_at_most=RESCORED[context.kind.key])
    for batch in BATCHES:
        cells = [f"{own[batch][step]:,.1f}" for step in present]
        lines.append(f"| {queries_in_words(batch)} | {' | '.join(cells)} |")
    report.text("Rows per query, means of 100 queries or more:")
    report.table(f"| | {' | '.join(counters.STEPS[step] for step in present)} |\n|---{'|---' * len(present)}|")
    for line in lines:
        report.line(line)


def many_clients(context, base):
    """Many clients of single queries, compared with one request of as many queries, and with one client."""
    one, many, batch, note = [], [], [], ""
    for run in range(context.runs + 1):
        settle()
        times_one = clients.run(base.daemon, base.queries[:256], 1, context.seconds)
        settle()
        times_many = clients.run(base.daemon, base.queries[:256], MANY, context.seconds)
        settle()
        took = [base.daemon.search(base.queries[:MANY], peer.TOP, peer.ALPHA)[0] for _ in range(5)]
        if run > 0:
            one.append(clients.rate(times_one))
            many.append(clients.rate(times_many))
            batch.append(MANY / statistics.median(took))
            note = f"95% within {1e3 * clients.percentile(times_many, 95):.0f} ms"
    words = f"{MANY} clients, each sending single queries"
    context.report.row(words, many, batch, f"queries of one request of {MANY}", unit="1/s", note=note,
                       **context.target(at_least=0.6))
    context.report.row(words, many, one, "1 client", unit="1/s")


def run(context, base):
    report = context.report
    report.section(TITLE, f"{context.shape}, {context.references:,} references. Each row names the kernels: the best"
                          " of this CPU, or those of `NNND_KERNELS=avx2`.")
    environment = {"NNND_KERNELS": "avx2"}
    with contextlib.ExitStack() as stack:
        daemons = {"nnnd": base.daemon, "lower": stack.enter_context(base.daemon.copy(env=environment))}
        if context.old:
            daemons["older"] = stack.enter_context(base.filled(context.old, environment))
        batches(context, base, daemons)
    many_clients(context, base)
    rows_per_query(context, base)
