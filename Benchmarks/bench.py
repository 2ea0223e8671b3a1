"""nnnd against faiss-cpu: the same data in the same run, nnnd from a client over its socket, everything included.

The peer does what the authors' package does on a CPU: biases by an IndexFlatIP over the references, debiased search by
an IndexFlatIP over vectors with the bias as one number more. Prints seconds, and ratios nnnd / peer.
"""

import argparse
import os
import platform
import statistics
import time
from pathlib import Path

import faiss
import numpy as np

from harness import Daemon

K, ALPHA, TOP = 128, 0.75, 10
BATCHES = (1, 4, 16, 100, 1000)


def vectors(random, rows, dimension):
    """Random directions, normalised float32: rows x dimension."""
    values = random.standard_normal((rows, dimension), dtype=np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def timed(call):
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def peer_biases(images, references):
    index = faiss.IndexFlatIP(references.shape[1])
    index.add(references)
    return ALPHA * index.search(images, K)[0].mean(axis=1)


def row(name, own, peer=None, note=""):
    """One line of the table: medians, the ratio of the medians and its spread over pairs."""
    own = own if isinstance(own, list) else [own]
    line = f"| {name} | {statistics.median(own):.4f} |"
    if peer is None:
        print(f"{line} | | {note} |")
        return
    peer = peer if isinstance(peer, list) else [peer]
    pairs = [a / b for a, b in zip(own, peer)] if len(own) == len(peer) else [own[0] / peer[0]]
    ratio = statistics.median(own) / statistics.median(peer)
    print(f"{line} {statistics.median(peer):.4f} | {ratio:.3f} ({min(pairs):.3f} to {max(pairs):.3f}) | {note} |")


def searches(daemon, index, queries, runs):
    extended = np.hstack([queries, np.ones((len(queries), 1), np.float32)])
    for batch in BATCHES:
        own, peer = [], []
        for run in range(runs + 1):
            seconds, answer = daemon.search(queries[:batch], TOP, ALPHA)
            other, (scores, _) = timed(lambda: index.search(extended[:batch], TOP))
            found = np.array([[hit["score"] for hit in hits] for hits in answer["results"]])
            assert np.abs(found - scores).max() < 1e-5, "the answers differ"
            if run > 0:
                own.append(seconds)
                peer.append(other)
        row(f"search, {batch} queries at once", own, peer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=Path(".build/release"))
    parser.add_argument("--images", type=int, default=200_000)
    parser.add_argument("--references", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    random = np.random.default_rng(1)
    images = vectors(random, options.images, options.dimension)
    references = vectors(random, options.references, options.dimension)
    queries = vectors(random, max(BATCHES), options.dimension)
    faiss.omp_set_num_threads(os.cpu_count())
    print(f"{options.images} x {options.dimension} float32 images, {options.references} references, k = {K};"
          f" {os.cpu_count()} cores, {platform.machine()}, faiss-cpu {faiss.__version__},"
          f" load {os.getloadavg()[0]:.2f}\n")
    print("| | nnnd (s) | faiss-cpu (s) | ratio | |\n|---|---|---|---|---|")
    with Daemon(options.bin.resolve()) as daemon:
        brought = daemon.drop("references", "references.npy", references)
        ingest = brought + daemon.drop("images", "images.npy", images)
        once, biases = timed(lambda: peer_biases(images, references))
        row("drop to receipt of all, against computing the biases once", ingest, once)
        time.sleep(1)
        share = daemon.anonymous_bytes() / images.nbytes
        row("anonymous memory of the idle daemon / bytes of the vectors", share)
        index = faiss.IndexFlatIP(options.dimension + 1)
        index.add(np.hstack([images, -biases[:, None].astype(np.float32)]))
        searches(daemon, index, queries, options.runs)
        for rows in (1, 1000):
            fresh = vectors(random, rows, options.dimension)
            seconds = daemon.drop("references", f"more-{rows}.npy", fresh)
            row(f"{rows} references more, against computing all biases", seconds, once)
        row("100 images more", daemon.drop("images", "more.npy", vectors(random, 100, options.dimension)))
        daemon.stop()
        row("restart to ready", daemon.start())
        row("data file / bytes of the vectors", daemon.data_bytes() / images.nbytes)


if __name__ == "__main__":
    main()
