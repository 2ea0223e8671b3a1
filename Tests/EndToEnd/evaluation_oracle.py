"""The expected reports of `POST /v1/evaluate` and `/v1/hubs`, computed from their definitions with whole matrices.

Vectors are those that the daemon stores: float32, normalised under the cosine metric. Products are computed in float64
and rounded once. The daemon adds float32 products, so scores can differ by some 1e-7, and with them the ranks of images
whose scores are that close. Vectors of small whole numbers under the inner-product metric have exact products, and so
exact ranks.
"""

import numpy as np

import evaluation_baselines as baselines
import evaluation_statistics as statistics
from evaluation_statistics import SplitMix64

TOP = 10
CURVE_SHARES = (0.01, 0.05, 0.2, 0.5, 1.0)
CURVE_REPEATS = 5
MEAN_BINS = 40
SUSPICIOUS = 3.5


def geometric(last, count=16):
    """Different whole numbers from 1 to `last`, in a geometric series, rounded."""
    return sorted({int(last ** (step / (count - 1)) + 0.5) for step in range(count)})


def ranking(scores):
    """The columns by falling score in each row; equal scores by column."""
    return np.argsort(-scores, axis=1, kind="stable")


def among_first(scores, count):
    """Whether a column is one of the first `count` of its row by `ranking`."""
    count = min(count, scores.shape[1])
    last = -np.partition(-scores, count - 1, axis=1)[:, count - 1 : count]
    above, equal = scores > last, scores == last
    return above | (equal & (equal.cumsum(axis=1) <= count - above.sum(axis=1, keepdims=True)))


class EvaluationOracle:
    """The corpus, with the settings of the daemon's searches."""

    def __init__(self, images, references, k, alpha, capacity):
        self.images = np.asarray(images, dtype=np.float32).astype(np.float64)
        self.references = np.asarray(references, dtype=np.float32).astype(np.float64)
        self.k, self.alpha, self.capacity = k, float(alpha), capacity

    def nearest(self, rows=None):
        """The largest similarities of each image to references, largest first, as many as the capacity at most."""
        references = self.references if rows is None else self.references[rows]
        similarities = (self.images @ references.T).astype(np.float32)
        count = min(self.capacity, len(references))
        return -np.sort(np.partition(-similarities, count - 1, axis=1)[:, :count], axis=1)

    @staticmethod
    def mean(nearest, k):
        """The mean of the k largest similarities of each image, rounded to float32."""
        return nearest[:, :k].astype(np.float64).mean(axis=1).astype(np.float32)

    def similarities(self, queries):
        """Queries x images."""
        return (np.asarray(queries, dtype=np.float64) @ self.images.T).astype(np.float32)

    @staticmethod
    def ranks(scores, answers):
        """For each query the rank of each of its right images, counted from 1; equal scores by row."""

        def rank(row_scores, row):
            before = (row_scores > row_scores[row]).sum() + (row_scores[:row] == row_scores[row]).sum()
            return int(before) + 1

        return [[rank(scores[query], row) for row in rows] for query, rows in enumerate(answers)]

    def best_ranks(self, scores, answers):
        return np.array([min(ranks) for ranks in self.ranks(scores, answers)])

    def appearances(self, scores, top=TOP):
        """N_10 of each image."""
        return among_first(scores, top).sum(axis=0)

    def report(
        self, queries=None, answers=None, labels=None, group_sizes=(6, 10), with_baselines=False,
        with_curve=False, ks=None, alphas=None, repeats=100, seed=0,
    ):  # fmt: skip
        """The report for queries, with the rows of their right images and the label of each image (or `None`)."""
        ks = sorted({*(ks or geometric(self.capacity)), self.k})
        alphas = sorted({*(alphas or [step / 8 for step in range(17)]), self.alpha})
        pairs = [(k, alpha) for k in ks for alpha in alphas]
        if queries is None:
            return {"unlabelled": self.unlabelled(None, pairs, seed)}
        nearest, similarities = self.nearest(), self.similarities(queries)
        means = {k: self.mean(nearest, k) for k in ks}

        def scores(k, alpha):
            return similarities - np.float32(alpha) * means[k]

        methods = {"none": (ks[0], 0.0), "current": (self.k, self.alpha)}
        report = {"queries": len(similarities), "methods": {}, "means": statistics.histogram(means[self.k], MEAN_BINS)}
        gains = {}
        if answers is not None:
            table = np.stack([self.best_ranks(scores(*pair), answers) for pair in pairs], axis=1)
            none = table[:, [alpha for _, alpha in pairs].index(0)] if 0 in alphas else self.best_ranks(
                similarities, answers)  # fmt: skip
            table = np.column_stack([table, none])
            candidates, current = list(range(len(pairs))), pairs.index((self.k, self.alpha))
            tuning = statistics.halves(table, candidates, len(pairs), current, repeats, seed)
            methods["tuned"] = pairs[tuning["best"]]
            hits = (table[:, current] == 1).astype(int) - (none == 1)
            gains = {"none": (0.0, 0.0, 0.0), "current": statistics.bootstrap(hits, seed), "tuned": tuning["gain"]}
            report["tuning"] = tuning | {
                "k": methods["tuned"][0], "alpha": methods["tuned"][1],
                "near_best": [pairs[variant] for variant in tuning["near_best"]],
            }  # fmt: skip
            recall = (table[:, : len(pairs)] == 1).mean(axis=0)
            report["sweep"] = [
                {"k": k, "alpha": alpha, "recall": share} for (k, alpha), share in zip(pairs, recall, strict=True)
            ]
        else:
            report["unlabelled"] = self.unlabelled(similarities, pairs, seed)
        scored = {
            name: (scores(*pair), {"gain": gains[name]} if gains else {}) for name, pair in methods.items()
        }  # fmt: skip
        if with_baselines:
            scored |= self.baselines(similarities, answers, ks, means, none, repeats, seed)
        report["hubness"] = {
            name: statistics.hubness(self.appearances(of_method)) for name, (of_method, _) in scored.items()
        }
        for name, (of_method, chosen) in scored.items():
            method = report["methods"][name] = chosen
            if answers is not None:
                method |= self.measures(of_method, answers)
            if labels is not None:
                method["groups"] = self.groups(of_method, labels, group_sizes)
        if with_curve:
            report["reference_curve"] = self.curve(similarities, answers, none, methods["tuned"], seed)
            report["reference_distance"] = self.distances(queries, seed)
        return report

    def measures(self, scores, answers):
        """The measures of the ranks, and the mean over the queries of the average precision."""
        every = self.ranks(scores, answers)
        precision = float(np.mean([statistics.average_precision(ranks) for ranks in every]))
        return statistics.rank_measures([min(ranks) for ranks in every]) | {"average_precision": precision}

    @staticmethod
    def groups(scores, labels, sizes):
        """The group measures of the labelled images; labels count in alphabetical order."""
        names = sorted({label for label in labels if label is not None})
        labelled = [row for row, label in enumerate(labels) if label is not None]
        index = np.array([names.index(labels[row]) for row in labelled])
        shares = np.bincount(index) / len(index)
        return statistics.group_measures(index[ranking(scores[:, labelled])[:, : max(sizes)]], shares, sizes)

    def unlabelled(self, similarities, pairs, seed):
        """The hubness of each pair over queries, or over references that are left out of the heaps."""
        nearest = self.nearest()
        if similarities is None:
            order = SplitMix64(seed).shuffled(len(self.references))
            held = min(5000, len(order) // 2)
            nearest = self.nearest(order[held:])
            similarities = self.similarities(self.references[order[:held]])
        sweep = []
        for k, alpha in pairs:
            scores = similarities - np.float32(alpha) * self.mean(nearest, k)
            antihubs, first = (self.appearances(scores) == 0).mean(), len(np.unique(scores.argmax(axis=1)))
            sweep.append({"k": k, "alpha": alpha, "antihubs": float(antihubs), "distinct_first": first})
        none = float((self.appearances(similarities) == 0).mean())
        return statistics.proposal(sweep, none, (self.k, self.alpha), len(self.images)) | {"sweep": sweep}

    def baselines(self, similarities, answers, ks, means, none, repeats, seed):
        """For each baseline its scores, and its gain and parameters, as the halves choose them."""
        found = baselines.variants(self.images, self.references, ks, means)
        active = baselines.first_is_active(similarities, (self.images @ self.references.T).astype(np.float32))
        found += [
            ("dynamic_inverted_softmax", parameters, np.where(active[:, None], bias, np.float32(0)))
            for name, parameters, bias in found if name == "inverted_softmax"
        ]  # fmt: skip
        methods = {}
        for method in dict.fromkeys(name for name, _, _ in found):
            own = [(parameters, bias) for name, parameters, bias in found if name == method]
            table = np.column_stack([*(self.best_ranks(similarities - bias, answers) for _, bias in own), none])
            # Of a baseline only the gain over no correction is known; that column stands for the current settings too.
            tuning = statistics.halves(table, list(range(len(own))), len(own), len(own), repeats, seed)
            parameters, bias = own[tuning["best"]]
            methods[method] = (similarities - bias, {"parameters": parameters, "gain": tuning["gain"]})
        return methods

    def curve(self, similarities, answers, none, pair, seed):
        """The gain with parts of the references: prefixes of several random orders."""
        k, alpha = pair
        orders = [SplitMix64(seed + repeat).shuffled(len(self.references)) for repeat in range(CURVE_REPEATS)]
        points = []
        for share in CURVE_SHARES:
            count = max(1, int(share * len(self.references) + 0.5))
            gains = []
            for order in orders:
                bias = np.float32(alpha) * self.mean(self.nearest(order[:count]), k)
                ranks = self.best_ranks(similarities - bias, answers)
                gains.append(float((ranks == 1).mean() - (none == 1).mean()))
            points.append({"share": share, "references": count, "gains": gains, "gain": float(np.mean(gains))})
        return points

    def distances(self, queries, seed, sample=1000):
        """Quantiles of the largest similarity to a reference, of queries and of references to others."""
        rows = SplitMix64(seed).shuffled(len(self.references))[:sample]
        others = self.references[rows] @ self.references.T
        others[np.arange(len(rows)), rows] = -np.inf
        largest = (np.asarray(queries, dtype=np.float64) @ self.references.T).max(axis=1)
        return {"queries": statistics.quantiles(largest), "references": statistics.quantiles(others.max(axis=1))}

    def hubs(self, queries=None, sample=1000, limit=20):
        """The report of `/v1/hubs`, with rows instead of ids."""
        if queries is None:
            queries = self.references[sorted(SplitMix64(0).shuffled(len(self.references))[:sample])]
        similarities, mean = self.similarities(queries), self.mean(self.nearest(), self.k)
        before, after = (
            self.appearances(similarities - np.float32(alpha) * mean) for alpha in (0, self.alpha)
        )
        median, deviation = statistics.robust_deviation(mean)
        z = (mean.astype(np.float64) - median) / deviation if deviation else np.zeros(len(mean))
        to_references = (self.images @ self.references.T).astype(np.float32)
        by_mean = np.argsort(-mean, kind="stable")
        by_appearances = [row for row in np.argsort(-before, kind="stable") if before[row] > 0]
        suspicious = [row for row in by_mean if z[row] > SUSPICIOUS]

        def entry(row):
            references = np.argsort(-to_references[row], kind="stable")[:5]
            return {
                "row": int(row), "mean": float(mean[row]), "z": float(z[row]),
                "appearances_before": int(before[row]), "appearances": int(after[row]),
                "references": [(int(place), float(to_references[row, place])) for place in references],
            }  # fmt: skip

        lists = {"by_mean": by_mean, "by_appearances": by_appearances, "suspicious": suspicious}
        return {name: [entry(row) for row in rows[:limit]] for name, rows in lists.items()} | {
            "median_mean": median, "deviation": deviation, "suspicious_count": len(suspicious),
        }  # fmt: skip
