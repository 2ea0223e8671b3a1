"""What nnnd and the kernel count: rows that a search scans and scores, bytes of the disk, and anonymous memory."""

import re
import threading
from pathlib import Path

# Counters of GET /metrics, in the order of the steps of a scan, and what a table calls them. All are optional.
STEPS = {
    "nnnd_search_scanned_rows_total": "rows scanned",
    'nnnd_search_bounded_rows_total{step="high"}': "left after the high halves of codes",
    'nnnd_search_bounded_rows_total{step="low"}': "left after whole codes",
    "nnnd_search_rescored_rows_total": "scored exactly",
}
RESCORED = "nnnd_search_rescored_rows_total"
QUERIES = "nnnd_scan_queries_sum"


def metrics(daemon):
    """The metrics of a daemon: the name with its labels -> value."""
    lines = daemon.client.metrics().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
    return {re.sub(r"\s", "", name): float(value) for name, value in pairs}


class Rows:
    """Counts rows while a with statement runs. Then `per_query` has rows a query, by the name of the counter.

    It lacks the counters that the daemon lacks.
    """

    def __init__(self, daemon):
        self.daemon, self.per_query = daemon, {}

    def __enter__(self):
        self.before = metrics(self.daemon)
        return self

    def __exit__(self, *_):
        after = metrics(self.daemon)
        queries = after[QUERIES] - self.before[QUERIES]
        if queries:
            self.per_query = {name: (after[name] - self.before[name]) / queries for name in STEPS if name in after}


def disk(daemon):
    """The bytes that the daemon has had read from the disk and written to it: a pair."""
    lines = Path(f"/proc/{daemon.process.pid}/io").read_text().splitlines()
    found = dict(line.split(": ") for line in lines)
    return int(found["read_bytes"]), int(found["write_bytes"])


class Disk:
    """Collects the bytes read and written during each of several commits."""

    def __init__(self, daemon):
        self.daemon, self.read, self.written = daemon, [], []

    def during(self, call):
        """Returns what `call` returns, and keeps the bytes that were read and written meanwhile."""
        before = disk(self.daemon)
        result = call()
        after = disk(self.daemon)
        self.read.append(after[0] - before[0])
        self.written.append(after[1] - before[1])
        return result


class Memory(threading.Thread):
    """Records the largest anonymous memory of a daemon while a with statement runs."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.nnnd, self.most, self.ended = daemon, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            self.sample()

    def sample(self):
        self.most = max(self.most, self.nnnd.anonymous_bytes())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()
        self.sample()
