"""Counts the trials in which the interval of the recall that nnnd measures contains the recall that numpy computes.

In each trial nnnd answers 160 queries approximately, in requests of ten, and measures 64 of them. numpy computes the
exact ranking of all 160. A further column counts the trials whose interval contains the mean recall of all trials.

    python Benchmarks/recall_trials.py --build .build/release
"""

import argparse
from pathlib import Path

import numpy as np

from harness import Daemon, wait_for

IMAGES, REFERENCES, DIMENSION = 12_000, 1_200, 48
K, ALPHA, TOP = 8, 0.75, 10
REQUESTS, QUERIES = 16, 10
MEASURED = 4 * REQUESTS
# Scores in float32 and in float64 can differ by this much.
ROUNDING = 1e-6


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def vectors(random, count):
    scales = 1 / (1 + np.arange(DIMENSION) / 8)
    return unit(random.standard_normal((count, DIMENSION)) * scales).astype(np.float32)


def trial(client, random, target, rows, biases):
    """The recall by numpy, and what nnnd has measured."""
    found = 0
    for _ in range(REQUESTS):
        queries = vectors(random, QUERIES)
        answer = client.search(queries, TOP, alpha=ALPHA, recall=target)
        scores = queries.astype(np.float64) @ rows.T - biases
        lowest = -np.partition(-scores, TOP - 1, axis=1)[:, TOP - 1]
        own = np.take_along_axis(scores, answer.ids.astype(int), axis=1)
        found += (own >= lowest[:, None] - ROUNDING).sum()

    def measured():
        entries = client.status()["recall"]["measured"]
        return next((entry for entry in entries if entry["target"] == target and entry["queries"] == MEASURED), None)

    wait_for(measured, 0.02)
    return found / (REQUESTS * QUERIES * TOP), measured()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path(".build/release"), help="the folder of nnnd")
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--target", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    images, references = vectors(random, IMAGES), vectors(random, REFERENCES)
    rows = images.astype(np.float64)
    products = rows @ references.astype(np.float64).T
    biases = ALPHA * -np.partition(-products, K - 1, axis=1)[:, :K].mean(axis=1)
    with Daemon(options.build, "--k", str(K)) as daemon:
        daemon.client.add_references(references)
        daemon.client.add_images(images, [f"{row}" for row in range(IMAGES)])
        # The first search asks for a calibration, and is exact.
        daemon.client.search(images[:1], alpha=ALPHA, recall=options.target)
        wait_for(lambda: daemon.client.status()["recall"]["calibrations"], 0.05)
        # Each trial has a target of its own, so that nnnd measures it separately.
        trials = [
            trial(daemon.client, random, options.target + number * 1e-6, rows, biases)
            for number in range(options.trials)
        ]
    mean = np.mean([recall for recall, _ in trials])
    own = sum(entry["low"] <= recall <= entry["high"] for recall, entry in trials)
    common = sum(entry["low"] <= mean <= entry["high"] for _, entry in trials)
    width = np.mean([entry["high"] - entry["low"] for _, entry in trials])
    print(f"target {options.target}: mean recall {mean:.4f}, mean width of the intervals {width:.4f}")
    print(f"contains the recall of the trial: {own} of {len(trials)}; the mean of all: {common} of {len(trials)}")


if __name__ == "__main__":
    main()
