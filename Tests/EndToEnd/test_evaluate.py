"""`POST /v1/evaluate`: every figure equals that of the numpy oracle."""

import json

import numpy as np
import pytest

from evaluation_oracle import EvaluationOracle
from harness.evaluation import NDJSON, check_report, encoded, evaluate, lines_of, whole_numbers
from harness.spool import IMAGES, REFERENCES, default_ids

ALPHA = 0.75
K = 4
CAPACITY = 24
IMAGE_COUNT = 700


class Case:
    """A daemon with random vectors of whole numbers, under the inner product, with queries and the oracle."""

    def __init__(self, make_daemon, rng, *, references=90, queries=60, dimension=9):
        self.daemon = make_daemon(k=K, capacity=CAPACITY, alpha=ALPHA, metric="inner-product").start()
        images = whole_numbers(rng, IMAGE_COUNT, dimension)
        vectors = whole_numbers(rng, references, dimension)
        # References come before and after the images: the heaps then have pending entries.
        self.daemon.drop(REFERENCES, "a.npy", vectors[: references // 2])
        self.daemon.drop(IMAGES, "i.npy", images)
        self.daemon.drop(REFERENCES, "b.npy", vectors[references // 2 :])
        self.ids = default_ids("i.npy", IMAGE_COUNT)
        self.queries = whole_numbers(rng, queries, dimension)
        self.answers = [rng.choice(IMAGE_COUNT, rng.integers(1, 4), replace=False).tolist() for _ in range(queries)]
        self.oracle = EvaluationOracle(images, vectors, K, ALPHA, CAPACITY)

    def request(self, **fields):
        answers = [[self.ids[row] for row in rows] for rows in self.answers]
        return {"queries": encoded(self.queries), "answers": answers, "repeats": 10} | fields

    def evaluate(self, **fields):
        return evaluate(self.daemon, self.request(**fields))

    def expected(self, **fields):
        return self.oracle.report(self.queries, self.answers, repeats=10, **fields)


@pytest.fixture
def case(make_daemon, rng):
    return Case(make_daemon, rng)


def test_each_figure_of_labelled_queries_equals_the_oracles_with_ties_and_several_right_images(case):
    report = case.evaluate(seed=7)
    check_report(report, case.expected(seed=7))
    assert (report["images"], report["references"]) == (IMAGE_COUNT, 90)
    assert (report["k"], report["alpha"], report["capacity"]) == (K, ALPHA, CAPACITY)
    assert report["generation"] == case.daemon.status()["generation"]


def test_queries_with_one_right_image_have_its_reciprocal_rank_as_average_precision(case):
    case.answers = [rows[:1] for rows in case.answers]
    report = case.evaluate()
    check_report(report, case.expected())
    assert all(method["average_precision"] == method["mrr"] for method in report["methods"])


def test_queries_can_be_arrays_of_numbers_and_have_their_own_pairs(case):
    pairs = {"ks": [2, 4], "alphas": [0, 0.25]}
    check_report(case.evaluate(queries=case.queries.tolist(), **pairs), case.expected(**pairs))


def test_the_pair_of_the_daemon_is_always_tried_and_no_correction_is_compared_without_being_tried(case):
    report = case.evaluate(ks=[8], alphas=[0.5])
    assert [(point["k"], point["alpha"]) for point in report["sweep"]] == [(4, 0.5), (4, ALPHA), (8, 0.5), (8, ALPHA)]
    check_report(report, case.expected(ks=[8], alphas=[0.5]))


def test_deleted_and_replaced_images_do_not_count(case, rng):
    replaced = whole_numbers(rng, 3, 9)
    case.daemon.drop(IMAGES, "again.npy", replaced, ids=[case.ids[row] for row in (5, 6, 7)])
    case.daemon.delete(IMAGES, "old.delete", [case.ids[row] for row in range(10, 20)])
    kept = [row for row in range(IMAGE_COUNT) if not 10 <= row < 20]
    images = case.oracle.images.copy()
    images[5:8] = replaced
    case.answers = [[row for row in rows if row in kept] or [20] for rows in case.answers]
    report = case.evaluate()
    case.oracle = EvaluationOracle(images[kept], case.oracle.references, K, ALPHA, CAPACITY)
    case.answers = [[kept.index(row) for row in rows] for rows in case.answers]
    check_report(report, case.expected())


@pytest.fixture
def labels(rng):
    """The label of each image; some have none."""
    return rng.choice(["a", "b", None], IMAGE_COUNT, p=[0.2, 0.5, 0.3]).tolist()


@pytest.fixture
def groups(case, labels):
    return {id: label for id, label in zip(case.ids, labels, strict=True) if label}


def test_group_measures_equal_the_oracles_over_labelled_images(case, labels, groups):
    report = case.evaluate(groups=groups, group_sizes=[3, 10])
    check_report(report, case.expected(labels=labels, group_sizes=[3, 10]))


def test_the_curve_and_the_distance_of_references_equal_the_oracles(case):
    check_report(case.evaluate(reference_curve=True, seed=2), case.expected(with_curve=True, seed=2))


def test_the_baselines_equal_the_oracles(case, labels, groups):
    # Shorter vectors: the exponential sums of long ones have only one term that counts.
    case.queries = case.queries / 4
    expected = case.expected(with_baselines=True, labels=labels, group_sizes=[3, 10])
    report = case.evaluate(baselines=True, groups=groups, group_sizes=[3, 10])
    check_report(report, expected)
    assert len(report["methods"]) == len(report["hubness"]) == len(expected["hubness"]) == 8
    assert all("ndkl" in method["groups"] and "average_precision" in method for method in report["methods"])


def test_intervals_without_a_signal_contain_zero(make_daemon):
    """Answers are drawn at random; of 100 times, 95 are expected to have such intervals."""
    # The seed is fixed, so that chance decides nothing.
    random = np.random.default_rng(18)
    daemon = make_daemon(k=8).start()
    daemon.drop(IMAGES, "i.npy", random.standard_normal((12, 8)))
    daemon.drop(REFERENCES, "r.npy", random.standard_normal((50, 8)))
    request = {
        "queries": encoded(random.standard_normal((200, 8))), "ks": [1, 4, 10], "alphas": [0, 0.5, 1, 2], "repeats": 40,
    }  # fmt: skip
    covered = {"gain": 0, "gain_over_current": 0}
    for seed in range(100):
        answers = [[f"i:{row}"] for row in random.integers(12, size=200)]
        tuning = evaluate(daemon, request | {"answers": answers, "seed": seed})["tuning"]
        for name in covered:
            covered[name] += tuning[name]["low"] <= 0 <= tuning[name]["high"]
    assert min(covered.values()) >= 93, covered


def test_requests_that_would_take_much_memory_are_rejected(case, groups):
    many = encoded(np.ones((32_768, 9), np.float16))
    for fields, code, part in (
        ({"answers": [["i:0"] * 20_000] * 60}, "wrong_answers", "1200000 ids; one evaluation can have 1048576"),
        ({"queries": many, "answers": None, "groups": groups, "group_sizes": [65]}, "bad_group_sizes", "64 at most"),
        ({"queries": many, "answers": None}, "too_many_pairs", "4194304"),
    ):
        with case.daemon.client() as client:
            response = client.post_json("/v1/evaluate", case.request(**fields))
        assert (response.status, response.json()["code"]) == (400, code), response
        assert part in response.json()["detail"]


def test_queries_without_right_images_give_the_proposal_of_the_oracle(case):
    report = case.evaluate(answers=None)
    check_report(report, case.oracle.report(case.queries))
    assert report["unlabelled"]["source"] == "queries" and report["sweep"] == []


def test_without_queries_half_of_the_references_are_left_out_and_taken(case):
    report = evaluate(case.daemon, {"seed": 5})
    check_report(report, case.oracle.report(seed=5))
    assert (report["queries"], report["references"]) == (45, 45)
    assert report["unlabelled"]["source"] == "references"


def test_the_same_request_gives_the_same_report(case):
    first, second = case.evaluate(seed=3), case.evaluate(seed=3)
    assert first | {"took_ms": 0} == second | {"took_ms": 0}


def test_lines_have_progress_and_last_the_report(case):
    with case.daemon.client() as client:
        response = client.request("POST", "/v1/evaluate", json.dumps(case.request()), {"Accept": NDJSON})
    *progress, last = lines_of(response)
    assert response.status == 200 and response.media_type == NDJSON
    assert progress and all(line.keys() == {"progress"} for line in progress)
    assert last["report"] | {"took_ms": 0} == case.evaluate() | {"took_ms": 0}


@pytest.mark.parametrize(
    ("fields", "code", "part"),
    [
        ({"answers": [["i:0"]]}, "wrong_answers", "1 lists for 60 queries"),
        ({"answers": [["i:0"]] * 59 + [[]]}, "wrong_answers", "Query 59 "),
        ({"answers": [["i:0"]] * 58 + [["x"], ["y", "x"]]}, "unknown_images", "2 ids that no image has; the first is"),
        ({"ks": [1, 25]}, "bad_ks", "from 1 to 24"),
        ({"alphas": [0, 1001]}, "bad_alphas", "1001"),
        ({"repeats": 1001}, "bad_repeats", "from 1 to 1000"),
        ({"queries": [[1, 2]] * 60}, "wrong_dimension", "9"),
        ({"queries": encoded(np.full((60, 9), np.nan))}, "not_finite", "Query 0 "),
        ({"queries": "no base64"}, "bad_npy", "base64"),
        ({"groups": {"i:0": "a", "z": "b"}}, "unknown_images", "'z'"),
        ({"answers": [["i:0"]] * 58 + [[""], ["x" * 600]]}, "unknown_images", "2 ids that no image has"),
        ({"groups": {"i:0": "a"}}, "bad_groups", "two labels"),
        ({"answers": None, "reference_curve": True}, "missing_field", "'reference_curve' needs 'answers'"),
        ({"queries": None}, "missing_field", "'answers' needs 'queries'"),
        ({"seeds": 1}, "unknown_field", "'seeds'"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", NDJSON])
def test_a_wrong_request_gets_an_error_that_says_what_is_wrong(case, fields, code, part, accept):
    with case.daemon.client() as client:
        response = client.request("POST", "/v1/evaluate", json.dumps(case.request(**fields)), {"Accept": accept})
    assert (response.status, response.json()["code"]) == (400, code), response
    assert part in response.json()["detail"]
