"""`GET /v1/hubs` and `POST /v1/hubs`: counts, z-scores and explanations equal those of the numpy oracle."""

import datetime

import numpy as np
import pytest

from evaluation_oracle import EvaluationOracle
from harness.evaluation import NDJSON, check_hubs, encoded, evaluate, lines_of, whole_numbers
from harness.nnnctl import fails, succeeds
from harness.spool import IMAGES, REFERENCES, default_ids

ALPHA = 0.75
K = 4
IMAGE_COUNT = 300


class Case:
    """A daemon under the inner product with two images that are near many references, and the oracle."""

    def __init__(self, make_daemon, rng):
        self.daemon = make_daemon(k=K, capacity=16, alpha=ALPHA, metric="inner-product").start()
        images, references = whole_numbers(rng, IMAGE_COUNT, 8), whole_numbers(rng, 80, 8) + 1
        images[[17, 200]] = 6
        self.daemon.drop(IMAGES, "i.npy", images)
        self.daemon.drop(REFERENCES, "r.npy", references)
        self.ids = default_ids("i.npy", IMAGE_COUNT)
        self.reference_ids = default_ids("r.npy", 80)
        self.oracle = EvaluationOracle(images, references, K, ALPHA, 16)

    def get(self, query=""):
        with self.daemon.client() as client:
            response = client.get(f"/v1/hubs{query}")
        assert response.status == 200, response
        return response.json()

    def check(self, report, expected):
        assert expected["suspicious_count"] > 0
        check_hubs(report, expected, self.oracle, self.ids, self.reference_ids)


@pytest.fixture
def case(make_daemon, rng):
    return Case(make_daemon, rng)


def test_hubs_of_all_references_equal_the_oracles(case):
    report = case.get()
    assert (report["queries"], report["source"], report["k"], report["alpha"]) == (80, "references", K, ALPHA)
    case.check(report, case.oracle.hubs())


def test_a_sample_of_references_and_a_limit_can_be_asked_for(case):
    report = case.get("?limit=3&sample=30")
    assert report["queries"] == 30
    case.check(report, case.oracle.hubs(sample=30, limit=3))


def test_hubs_of_given_queries_equal_the_oracles(case, rng):
    queries = whole_numbers(rng, 40, 8) + 1
    report = evaluate(case.daemon, {"queries": encoded(queries), "limit": IMAGE_COUNT}, "/v1/hubs")
    assert (report["queries"], report["source"]) == (40, "queries")
    case.check(report, case.oracle.hubs(queries, limit=IMAGE_COUNT))


def test_lines_have_progress_and_last_the_report(case):
    with case.daemon.client() as client:
        response = client.request("GET", "/v1/hubs", headers={"Accept": NDJSON})
    *progress, last = lines_of(response)
    assert response.status == 200 and response.media_type == NDJSON
    assert progress and all(line.keys() == {"progress"} for line in progress)
    assert last == {"report": case.get()}


def now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_changes_since_a_generation_or_a_time_equal_the_oracles(case, rng, api_document):
    daemon, oracle = case.daemon, case.oracle
    generation, time = daemon.status()["generation"], now()
    new = 2 * rng.standard_normal((25, 8)).astype(np.float32) + 1
    daemon.drop(REFERENCES, "new.npy", new)
    similarities = oracle.images @ np.concatenate([oracle.references, new]).T.astype(float)

    def means(part):
        return np.sort(part, axis=1)[:, -K:].mean(axis=1)

    change = means(similarities) - means(similarities[:, : len(oracle.references)])
    order = [row for row in np.argsort(-np.abs(change), kind="stable") if abs(change[row]) > 1e-6]
    report = case.get(f"?since={generation}&limit=1000")
    api_document.validate(report, "HubsReport")
    changes = report["changes"]
    assert (changes["generation"], changes["new_references"]) == (generation, 25) and len(changes["images"]) > 50
    assert [image["id"] for image in changes["images"]] == [case.ids[row] for row in order]
    for image, row in zip(changes["images"], order, strict=True):
        assert image["bias_change"] == pytest.approx(ALPHA * change[row], abs=1e-5)
        assert image["mean"] - image["mean_before"] == pytest.approx(change[row], abs=1e-5)
        best = np.argsort(-similarities[row], kind="stable")[:K]
        causes = [f"new:{column - len(oracle.references)}" for column in best if column >= len(oracle.references)]
        assert (image["new_references"], [each["id"] for each in image["references"]]) == (len(causes), causes)
    since_time = case.get(f"?since={time}&limit=1000")["changes"]
    assert since_time.pop("time") == time and since_time == {k: v for k, v in changes.items() if k != "generation"}
    # A replaced reference is new; removed ones are not known.
    daemon.drop(REFERENCES, "again.npy", np.full((1, 8), 9.0), ["new:3"])
    daemon.delete(REFERENCES, "gone.delete", ["new:4"])
    later = case.get(f"?since={generation + 1}")["changes"]
    assert later["new_references"] == 1
    assert {each["id"] for image in later["images"] for each in image["references"]} == {"new:3"}
    assert case.get(f"?since={generation + 3}")["changes"]["images"] == [] and "changes" not in case.get()
    output = succeeds("hubs", "--since", str(generation), "--limit", "1", daemon=daemon)
    assert f"Biases that changed most since generation {generation}" in output and "new references: " in output
    assert "None" not in succeeds("hubs", "--since", time, "--limit", "1", daemon=daemon)
    fails(64, "hubs", "--since", "yesterday", daemon=daemon)


@pytest.mark.parametrize("query", ["since=", "since=x", "since=-1", "since=2026-11-28", "limit=0", "limit=1001",
    "limit=x", "sample=0", "sample=10001", "sample=1.5",
])  # fmt: skip
def test_a_wrong_parameter_is_an_error_that_names_it(case, query):
    with case.daemon.client() as client:
        response = client.get(f"/v1/hubs?{query}")
    name = query.partition("=")[0]
    assert (response.status, response.json()["code"]) == (400, f"bad_{name}"), response


def test_a_corpus_without_references_is_an_error_that_says_so(daemon, client):
    assert client.get("/v1/hubs").json()["code"] == "no_images"
    daemon.drop(IMAGES, "i.npy", np.eye(3))
    response = client.get("/v1/hubs")
    assert (response.status, response.json()["code"]) == (409, "no_references")
