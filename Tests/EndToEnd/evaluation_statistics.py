"""The measures of an evaluation, from their definitions; what `Sources/Evaluation` computes is compared with these."""

import math

import numpy as np

MASK = (1 << 64) - 1
NORMAL = 1.959963984540054
FIXED = 1 << 40


class SplitMix64:
    """Random choices for a seed, as the daemon makes them."""

    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        mixed = self.state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        return mixed ^ (mixed >> 31)

    def below(self, count):
        return (self.next() * count) >> 64

    def shuffled(self, count):
        """The numbers from 0 to count - 1 in random order (Fisher and Yates, from the last place down)."""
        numbers = list(range(count))
        for place in range(count - 1, 0, -1):
            other = self.below(place + 1)
            numbers[place], numbers[other] = numbers[other], numbers[place]
        return numbers


def rank_measures(ranks):
    """Recall at 1, 5 and 10, mean reciprocal rank and median rank of the ranks of some queries."""
    ranks = np.asarray(ranks)
    recall = {str(n): float((ranks <= n).mean()) for n in (1, 5, 10)}
    return {"recall": recall, "mrr": float((1 / ranks).mean()), "median_rank": float(np.median(ranks))}


def average_precision(ranks):
    """The average precision of a query from the ranks of all its right answers."""
    return float(np.mean([(place + 1) / rank for place, rank in enumerate(sorted(ranks))]))


def bootstrap(differences, seed, resamples=1000):
    """The mean of differences with its percentile interval, as (value, low, high)."""
    random, differences = SplitMix64(seed), np.asarray(differences, dtype=float)
    count = len(differences)
    rows = np.array([random.below(count) for _ in range(resamples * count)]).reshape(resamples, count)
    low, high = np.quantile(differences[rows].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), float(low), float(high)


def student_quantile(degrees):
    """The 97.5% quantile of Student's t-distribution (Abramowitz and Stegun, 26.7.5)."""
    x = NORMAL
    terms = (
        x,
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return sum(term / degrees**power for power, term in enumerate(terms))


def interval_of_divisions(gains, choosing, measuring):
    """The mean gain of repeated random divisions with the interval of Nadeau and Bengio, as (value, low, high)."""
    value = float(np.mean(gains)) if len(gains) else 0.0
    if len(gains) < 2 or choosing == 0:
        return value, -1.0, 1.0
    variance = np.var(gains, ddof=1) * (1 / len(gains) + measuring / choosing)
    margin = student_quantile(len(gains) - 1) * math.sqrt(variance)
    return value, float(value - margin), float(value + margin)


def sign_test(first, second):
    """The two-sided probability of McNemar's exact test."""
    total, sum_, choose_ = first + second, 0, 1
    for count in range(min(first, second) + 1):
        sum_, choose_ = sum_ + choose_, choose_ * (total - count) // (count + 1)
    # Whole numbers of any size, divided with 30 decimal places.
    return min(1.0, 2 * (10**30 * sum_ >> total) / 10**30)


def choose(ranks, candidates):
    """The candidate with the most ranks of 1, then the largest mean reciprocal rank, then the earliest."""
    scores = [
        ((ranks[:, variant] == 1).sum(), (FIXED // ranks[:, variant].astype(np.int64)).sum()) for variant in candidates
    ]
    return candidates[max(range(len(candidates)), key=lambda place: (*scores[place], -place))]


def halves(ranks, candidates, none, current, repeats, seed):
    """The choice of a variant by all queries, and what choosing gains on the halves that did not choose.

    `ranks` has a row for each query and a column for each variant.
    """
    ranks, count = np.asarray(ranks), len(ranks)
    random, half, hits = SplitMix64(seed), len(ranks) // 2, np.asarray(ranks) == 1
    reciprocals = FIXED // ranks[:, candidates].astype(np.int64)
    gains = {none: [], current: []}
    for _ in range(repeats if count >= 2 else 0):
        order = np.array(random.shuffled(count))
        sums = hits[order[:half]][:, candidates].sum(axis=0), reciprocals[order[:half]].sum(axis=0)
        place = np.lexsort((np.arange(len(candidates)), -sums[1], -sums[0]))[0]
        chosen = hits[order[half:], candidates[place]].astype(int)
        for base in gains:
            gains[base].append((chosen - hits[order[half:], base]).mean())
    best = choose(ranks, candidates)

    def is_near(variant):
        differences = hits[:, best].astype(int) - hits[:, variant]
        return sign_test(int((differences > 0).sum()), int((differences < 0).sum())) > 0.05

    return {
        "best": best,
        "gain": interval_of_divisions(gains[none], half, count - half),
        "gain_over_current": interval_of_divisions(gains[current], half, count - half),
        "near_best": [variant for variant in candidates if is_near(variant)],
    }


def proposal(sweep, none, current, images):
    """The choice of k and alpha by antihubs, and the pairs that the sample can't tell from the one with the fewest.

    Pairs with A and B antihubs can't be told apart if A - B <= 1.96 sqrt(A + B). Of those near the fewest the one with
    the smallest alpha is proposed, then with the largest k. If the ranking without correction, which has the share
    `none` of antihubs, is near too, the pair `current` is proposed.
    """
    least = min(point["antihubs"] for point in sweep) * images

    def is_near(share):
        return share * images - least <= NORMAL * math.sqrt(share * images + least)

    near = [(point["k"], point["alpha"]) for point in sweep if is_near(point["antihubs"])]
    helps = not is_near(none)
    k, alpha = min(near, key=lambda pair: (pair[1], -pair[0])) if helps else current
    return {"k": k, "alpha": alpha, "is_better_than_none": helps, "near_best": near}


def hubness(appearances):
    """The hubness measures of N_10 of all images."""
    counts = np.sort(np.asarray(appearances, dtype=float))
    mean, total, variance = counts.mean(), counts.sum(), counts.var()
    values, images = np.unique(counts, return_counts=True)
    if total:
        cumulated = np.concatenate([[0], np.cumsum(counts)]) / total
        lorenz = np.interp(np.arange(101) / 100 * len(counts), np.arange(len(counts) + 1), cumulated)
    else:
        lorenz = np.arange(101) / 100
    return {
        "skewness": float(((counts - mean) ** 3).mean() / variance**1.5) if variance else 0.0,
        "robin_hood": float(np.abs(counts - mean).sum() / 2 / total) if total else 0.0,
        "antihubs": float((counts == 0).mean()),
        "largest": int(counts[-1]),
        "histogram": [
            {"appearances": int(value), "images": int(number)} for value, number in zip(values, images, strict=True)
        ],
        "lorenz": lorenz.tolist(),
    }


def group_measures(rankings, shares, sizes):
    """Bias, MaxSkew and NDKL of rankings, which have the index of each image's label by rank."""

    def share(ranking):
        return np.bincount(ranking, minlength=len(shares)) / len(ranking)

    def divergence(ranking):
        found = share(ranking)
        return sum(p * math.log(p / q) for p, q in zip(found, shares, strict=True) if p > 0)

    def ndkl(ranking):
        weights = [1 / math.log2(place + 2) for place in range(len(ranking))]
        return np.dot(weights, [divergence(ranking[: n + 1]) for n in range(len(ranking))]) / sum(weights)

    def skew(ranking):
        return max(math.log(p / q) for p, q in zip(share(ranking), shares, strict=True) if p > 0)

    measured = []
    for n in sizes:
        firsts = [np.asarray(ranking[:n]) for ranking in rankings]
        entry = {"n": n, "max_skew": float(np.mean([skew(first) for first in firsts]))}
        if len(shares) == 2:
            entry["bias"] = float(np.mean([share(first) @ [1, -1] for first in firsts]))
        measured.append(entry)
    largest = max(sizes)
    return {"sizes": measured, "ndkl": float(np.mean([ndkl(np.asarray(ranking[:largest])) for ranking in rankings]))}


def robust_deviation(values):
    """The median of values, and 1.4826 x the median distance from it (or 1.253314 x the mean distance)."""
    values = np.asarray(values, dtype=float)
    median = np.median(values)
    distances = np.abs(values - median)
    typical = np.median(distances)
    return float(median), float(1.4826 * typical if typical > 0 else 1.253314 * distances.mean())


def quantiles(values):
    """The quantiles that a report has."""
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    values = np.quantile(np.asarray(values, dtype=float), shares)
    return dict(zip(("p05", "p25", "p50", "p75", "p95"), values.tolist(), strict=True))


def histogram(values, bins):
    """The counts of values in bins of equal width from the smallest to the largest value."""
    values = np.asarray(values, dtype=float)
    low, high = values.min(), values.max()
    if low == high:
        low, high = low - 0.5, high + 0.5
    places = np.minimum(((values - low) / (high - low) * bins).astype(int), bins - 1)
    return {"low": float(low), "high": float(high), "counts": np.bincount(places, minlength=bins).tolist()}
