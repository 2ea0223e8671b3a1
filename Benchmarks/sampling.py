"""What the sampling of queries costs: latencies of searches with and without it, and when sampled shards take effect.

    python Benchmarks/sampling.py --images 200000 --dimension 512

A client sends CLIP-like queries in batches of 8, 1,000 queries a second or `--rate`, in turn to a daemon without
sampling and to one with `sample-queries: 5%`, both on copies of one store. It prints the median and the 95th percentile
of the latencies, and the time from the rename of shards of sampled queries into the spool until their receipts.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np

import native
from datasets import ClipLikeVectors
from harness import Daemon

BATCH, CONNECTIONS = 8, 4
SHARD = "nnnd-sampled-queries.npz"
FLAGS = ("--sample-queries", "5%", "--sample-client-share", "100%")
WARM_UP = 3  # seconds before each measurement, so that the processor's clock and its caches are settled


def request(queries):
    """The bytes of an HTTP request for a batch of queries."""
    body = io.BytesIO()
    np.save(body, queries)
    body = body.getvalue()
    head = (f"POST /v1/search?top_k=10&alpha=0.75 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-npy\r\n"
            f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def latencies(daemon, batches, seconds, rate):
    """Sends the batches at `rate` queries a second, again and again; returns the latency of each request in seconds."""
    with tempfile.TemporaryDirectory(prefix="nnnd-bench-") as folder:
        requests, output = Path(folder) / "requests", Path(folder) / "times"
        all_requests = [request(batch) for batch in batches]
        requests.write_bytes(b"".join(all_requests))
        interval = int(1e6 * BATCH * CONNECTIONS / rate)
        subprocess.run(
            [native.program("clients", "-O2"), daemon.socket, requests, str(len(all_requests[0])), str(CONNECTIONS),
             "2000000", str(seconds), str(interval), output], check=True)
        times = np.fromfile(output).reshape(-1, 2)
    return times[:, 1] - times[:, 0]


class Receipts:
    """The seconds from the rename of each shard of sampled queries until its receipt."""

    def __init__(self, daemon):
        self.shard = daemon.spool / "done" / "references" / SHARD
        self.path = self.shard.with_name(f"{SHARD}.receipt.json")
        self.seconds, self.stopped = {}, threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.stopped.wait(0.01):
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                with self.path.open() as file:
                    written = os.fstat(file.fileno()).st_mtime
                    document = json.load(file)
                # It was written just before its rename into the spool.
                self.seconds.setdefault(document["generation"], written - self.shard.stat().st_mtime)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def fill(daemon, options, source):
    daemon.drop("references", "references", source.references(options.references))
    for number, start in enumerate(range(0, options.images, 20_000)):
        daemon.drop("images", f"images-{number}", source.images(min(20_000, options.images - start)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=Path(".build/release"), help="the folder with nnnd")
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--references", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--rate", type=int, default=1000, help="queries a second, a multiple of 8")
    parser.add_argument("--delay", default="10s", help="`sample-delay`; a shard follows after half of it")
    parser.add_argument("--seconds", type=int, default=20, help="the duration of one measurement")
    parser.add_argument("--runs", type=int, default=5, help="the number of measurements of each daemon")
    options = parser.parse_args()
    source, rate = ClipLikeVectors(options.dimension, 21), options.rate
    figures = {"without": [], "with 5%": []}
    with Daemon(options.bin) as without:
        fill(without, options, source)
        with without.copy(*FLAGS, "--sample-delay", options.delay) as sampling, Receipts(sampling) as receipts:
            for run in range(options.runs):
                for (name, found), daemon in zip(figures.items(), (without, sampling)):
                    # Each run has other queries, so that they are not repeats.
                    batches = source.queries(rate * (WARM_UP + options.seconds)).reshape(-1, BATCH, options.dimension)
                    latencies(daemon, batches[: WARM_UP * rate // BATCH], WARM_UP, rate)
                    times = latencies(daemon, batches[WARM_UP * rate // BATCH :], options.seconds, rate)
                    found.append(np.percentile(times, [50, 95]) * 1000)
                    print(f"run {run + 1}, {name}: p50 {found[-1][0]:.2f} ms, p95 {found[-1][1]:.2f} ms,"
                          f" {len(times) * BATCH / options.seconds:,.0f} queries/s; load {os.getloadavg()[0]:.2f}",
                          flush=True)
            sampled = sampling.client.status()["sampled_references"]
            report(figures, sorted(receipts.seconds.values()), sampled)


def report(figures, receipts, sampled):
    for position, name in enumerate(("p50", "p95")):
        medians = [float(np.median([run[position] for run in runs])) for runs in figures.values()]
        print(f"{name}: {medians[0]:.2f} ms without, {medians[1]:.2f} ms with sampling, ratio"
              f" {medians[1] / medians[0]:.3f}")
    print(f"{sampled:,} sampled references in {len(receipts)} shards; from rename to receipt: median"
          f" {np.median(receipts):.3f} s, largest {receipts[-1]:.3f} s")


if __name__ == "__main__":
    main()
