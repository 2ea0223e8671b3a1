"""The oracle of evaluations gives values worked by hand and the published figures of real embeddings."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

import evaluation_baselines as baselines
import evaluation_statistics as statistics
from evaluation_oracle import EvaluationOracle, geometric

DATA = Path(os.environ.get("NNND_TEST_DATA", "/nowhere"))


def real_data(name):
    return pytest.mark.skipif(not (DATA / name).is_dir(), reason=f"NNND_TEST_DATA has no folder {name}")


def unit(vectors):
    vectors = np.asarray(vectors, dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_random_choices_are_those_of_splitmix64():
    random = statistics.SplitMix64(1234567)
    assert [random.next() for _ in range(2)] == [6457827717110365317, 3203168211198807973]
    assert statistics.SplitMix64(0).shuffled(5) == [2, 3, 0, 1, 4]


def test_measures_by_hand():
    measures = statistics.rank_measures([1, 4, 10, 20])
    assert measures["recall"] == {"1": 0.25, "5": 0.5, "10": 0.75}
    assert measures["mrr"] == pytest.approx(0.35) and measures["median_rank"] == 7
    assert statistics.average_precision([3, 1]) == pytest.approx(5 / 6)
    assert statistics.bootstrap([0, 1], 0, resamples=4) == pytest.approx((0.5, 0.0375, 0.5))
    assert statistics.robust_deviation([1, 2, 3, 4, 100]) == (3, 1.4826)
    assert statistics.robust_deviation([5, 5, 9, 5]) == (5, 1.253314)
    assert statistics.histogram([0, 1, 2, 3, 4], 4) == {"low": 0, "high": 4, "counts": [1, 1, 1, 2]}
    assert statistics.histogram([2, 2], 3) == {"low": 1.5, "high": 2.5, "counts": [0, 2, 0]}


def test_intervals_by_hand():
    assert statistics.student_quantile(30) == pytest.approx(2.0423, abs=1e-4)
    value, low, high = statistics.interval_of_divisions([0.5, 0, 0.5, 0], 40, 60)
    assert value == 0.25 and high - value == pytest.approx(1.2152, abs=0.003) and value - low == high - value
    assert statistics.sign_test(5, 0) == 0.0625 and statistics.sign_test(1, 7) == 0.0703125
    assert statistics.sign_test(5200, 5000) == pytest.approx(0.0488, abs=0.0002)


def test_halves_by_hand():
    ranks = np.array([[2, 1], [1, 3], [5, 1], [1, 1]])
    tuning = statistics.halves(ranks, [0, 1], 0, 1, repeats=3, seed=0)
    assert tuning["best"] == 1 and tuning["near_best"] == [0, 1]
    assert tuning["gain"] == pytest.approx(statistics.interval_of_divisions([-0.5, 0.5, 0], 2, 2))
    assert tuning["gain_over_current"] == pytest.approx(statistics.interval_of_divisions([0, 0, -1], 2, 2))


def test_hubness_by_hand():
    measures = statistics.hubness([0, 4, 0, 0])
    assert measures["skewness"] == pytest.approx(6 / 3**1.5)
    assert (measures["robin_hood"], measures["antihubs"], measures["largest"]) == (0.75, 0.75, 4)
    assert measures["histogram"] == [{"appearances": 0, "images": 3}, {"appearances": 4, "images": 1}]
    assert measures["lorenz"][75] == 0 and measures["lorenz"][80] == pytest.approx(0.2)


def test_group_measures_of_the_package_reranking():
    ranking = [0, 0, 0, 1, 0, 0, 0, 1, 1, 0]
    measures = statistics.group_measures([ranking], [0.5, 0.5], [10])
    assert measures["ndkl"] == pytest.approx(0.412, abs=5e-4)
    assert measures["sizes"][0]["max_skew"] == pytest.approx(math.log(1.4))
    assert measures["sizes"][0]["bias"] == pytest.approx(0.4)


def test_a_proposal_is_the_weakest_correction_near_the_fewest_antihubs():
    sweep = [
        {"k": k, "alpha": alpha, "antihubs": antihubs}
        for k, alpha, antihubs in [(1, 0, 0.9), (1, 1, 0.10), (8, 0.5, 0.11), (16, 0.5, 0.11), (32, 0.5, 0.4)]
    ]
    near = [(1, 1), (8, 0.5), (16, 0.5)]
    found = statistics.proposal(sweep, 0.9, (128, 0.75), 1000)
    assert found == {"k": 16, "alpha": 0.5, "is_better_than_none": True, "near_best": near}
    found = statistics.proposal(sweep, 0.12, (128, 0.75), 1000)
    assert found == {"k": 128, "alpha": 0.75, "is_better_than_none": False, "near_best": near}


def test_a_report_by_hand():
    # Similarities of the query (4, 1): 4, 1, 5, 1. The largest similarities to references are 3, 1, 3, 1.
    images = [[1, 0], [0, 1], [1, 1], [0, 1]]
    references = [[3, 0], [1, 1], [0, 1]]
    oracle = EvaluationOracle(images, references, k=2, alpha=1, capacity=2)
    assert oracle.mean(oracle.nearest(), 2).tolist() == [2, 1, 2.5, 1]
    report = oracle.report([[4, 1]], answers=[[0, 3]], ks=[1], alphas=[2], repeats=2)
    # The ranks of images 0 and 3 by similarity are 2 and 4.
    assert report["methods"]["none"]["mrr"] == 0.5
    assert report["methods"]["none"]["average_precision"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    # Scores with k = 1: 1, 0, 2, 0 and -2, -1, -1, -1; with k = 2: 2, 0, 2.5, 0 and 0, -1, 0, -1.
    assert [(point["k"], point["alpha"]) for point in report["sweep"]] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [point["recall"] for point in report["sweep"]] == [0, 0, 0, 1]
    assert (report["tuning"]["k"], report["tuning"]["alpha"]) == (2, 2)
    assert report["tuning"]["gain"] == (0, -1, 1)
    assert report["methods"]["tuned"]["gain"] == (0, -1, 1)
    assert oracle.appearances(np.float32([[2, 0, 2.5, 0]]), top=2).tolist() == [1, 0, 1, 0]


def test_equal_scores_are_ranked_by_row():
    assert EvaluationOracle.ranks(np.float32([[1, 2, 1, 2]]), [[3, 2]]) == [[2, 4]]


def test_hubs_by_hand():
    oracle = EvaluationOracle([[1, 0], [9, 0], [1, 0], [1.5, 0]], [[1, 0], [0, 1]], k=1, alpha=1, capacity=2)
    hubs = oracle.hubs(limit=2)
    assert hubs["median_mean"] == 1.25 and hubs["deviation"] == pytest.approx(1.4826 * 0.25)
    assert [image["row"] for image in hubs["by_mean"]] == [1, 3]
    assert hubs["suspicious_count"] == 1 and hubs["suspicious"][0]["references"] == [(0, 9), (1, 0)]


def test_sums_of_exponentials_do_not_overflow():
    found = baselines.log_sums(np.array([[1e4, 1e4], [0, -1e4]]), 80)
    assert found == pytest.approx([8e5 + math.log(2), 0])


def best_recalls(oracle, queries, answers, ks):
    """For each baseline the largest recall at 1 of all its parameters, in percent."""
    similarities, nearest = oracle.similarities(queries), oracle.nearest()
    means = {k: oracle.mean(nearest, k) for k in ks}
    recalls = {}
    for name, _, bias in baselines.variants(oracle.images, oracle.references, ks, means):
        recall = 100 * (oracle.best_ranks(similarities - bias, answers) == 1).mean()
        recalls[name] = max(recall, recalls.get(name, 0))
    return recalls


@real_data("wordnet")
def test_real_words_give_the_published_figures():
    folder = DATA / "wordnet"
    images = np.concatenate([unit(np.load(path)) for path in sorted((folder / "images").glob("*.npy"))])
    references = np.concatenate([unit(np.load(path)) for path in sorted((folder / "references").glob("*.npy"))])
    names = [name for path in sorted((folder / "images").glob("*.ids")) for name in path.read_text().split()]
    answers = [[names.index(name)] for name in (folder / "queries.ids").read_text().split()]
    queries = unit(np.load(folder / "queries.npy"))
    oracle = EvaluationOracle(images, references, k=128, alpha=0.75, capacity=160)
    report = oracle.report(queries, answers, ks=[4, 16, 64], alphas=[0, 0.5, 1, 1.5], repeats=20)
    recall = {name: 100 * method["recall"]["1"] for name, method in report["methods"].items()}
    assert recall["none"] == pytest.approx(34.1, abs=0.05)
    assert recall["current"] == pytest.approx(36.5, abs=0.15)
    _, low, high = report["tuning"]["gain"]
    assert low > 0 and 100 * low < 37.6 - 34.1 < 100 * high
    recalls = best_recalls(oracle, queries, answers, geometric(160, 8))
    assert recalls["distribution_normalization"] == pytest.approx(34.6, abs=0.15)
    assert recalls["csls"] == pytest.approx(37.0, abs=0.35)
    assert recalls["inverted_softmax"] == pytest.approx(37.1, abs=0.15)
    assert recalls["dual_inverted_softmax"] == pytest.approx(37.0, abs=0.55)


@real_data("clip")
def test_real_captions_give_the_published_figures():
    images, captions = unit(np.load(DATA / "clip/images.npy")), unit(np.load(DATA / "clip/captions.npy"))
    rows = np.load(DATA / "clip/answers.npy")
    left_out = np.random.default_rng(0).permutation(100)[:50]
    kept = np.setdiff1d(np.arange(len(images)), left_out)
    is_reference = np.isin(rows, left_out)
    answers = [[int(np.searchsorted(kept, row))] for row in rows[~is_reference]]
    oracle = EvaluationOracle(images[kept], captions[is_reference], k=128, alpha=0.75, capacity=160)
    report = oracle.report(captions[~is_reference], answers, ks=[16], alphas=[0], repeats=20, with_baselines=True)
    recall = {name: 100 * method["recall"]["1"] for name, method in report["methods"].items()}
    assert recall["none"] == pytest.approx(59.6) and recall["current"] == pytest.approx(65.2)
    assert recall["distribution_normalization"] == pytest.approx(64.0)
    assert recall["dynamic_inverted_softmax"] == pytest.approx(64.0)
