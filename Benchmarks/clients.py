"""Clients that send searches all the time: the C program clients.c, which leaves nearly all CPU time to nnnd."""

import contextlib
import io
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import native
from peer import ALPHA, TOP

MOST = 2_000_000  # the maximum number of requests of one run


def request(query):
    """The bytes of an HTTP request for one query."""
    body = io.BytesIO()
    np.save(body, query[None, :])
    body = body.getvalue()
    head = (f"POST /v1/search?top_k={TOP}&alpha={ALPHA} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/x-npy\r\nContent-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


class Load:
    """Running clients; `stop` ends them."""

    def __init__(self, daemon, queries, connections, seconds, interval):
        self.folder = tempfile.TemporaryDirectory(prefix="nnnd-bench-clients-")
        requests, self.output = Path(self.folder.name) / "requests", Path(self.folder.name) / "times"
        all_requests = [request(query) for query in queries]
        requests.write_bytes(b"".join(all_requests))
        command = [native.program("clients", "-O2"), daemon.socket, requests, len(all_requests[0]), connections, MOST,
                   seconds, int(interval * 1e6), self.output]
        self.process = subprocess.Popen([str(word) for word in command])

    def wait(self):
        """Returns the times when each request was due and when its response was complete: requests x 2.

        The times are those of time.perf_counter.
        """
        with self.folder:
            if self.process.wait() != 0:
                raise RuntimeError("the clients failed")
            return np.fromfile(self.output).reshape(-1, 2)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.wait()


@contextlib.contextmanager
def running(daemon, queries, connections, interval=0.0, seconds=3600):
    """Runs clients in the background of a with statement. Its value is a Load; its end stops the clients."""
    load = Load(daemon, queries, connections, seconds, interval)
    try:
        yield load
    finally:
        if load.process.poll() is None:
            load.process.kill()
            load.process.wait()
        if os.path.exists(load.folder.name):
            load.folder.cleanup()


def run(daemon, queries, connections, seconds, interval=0.0):
    """Sends single queries on `connections` connections for `seconds`.

    Each connection sends a query every `interval` seconds, or as soon as it has a response if that is 0. Returns what
    Load.wait returns.
    """
    with running(daemon, queries, connections, interval, seconds) as load:
        return load.wait()


def during(times, begin, end):
    """The requests that were under way between two times; if there was none, the last one before."""
    found = times[(times[:, 1] > begin) & (times[:, 0] < end)]
    return found if len(found) else times[times[:, 0] < end][-1:]


def rate(times):
    """Requests per second."""
    return len(times) / (times[:, 1].max() - times[:, 0].min())


def percentile(times, percent):
    """A percentile of the latencies, in seconds."""
    return float(np.percentile(times[:, 1] - times[:, 0], percent))
