"""Evaluations of a corpus with a daemon: requests, and comparisons of reports with the oracle's."""

import base64
import json

import numpy as np
import pytest

from .http import npy_bytes

NDJSON = "application/x-ndjson"
TOLERANCE = 1e-6


def encoded(queries):
    """Queries as they stand in a request: an .npy file in base64."""
    return base64.b64encode(npy_bytes(queries)).decode()


def normalised(vectors):
    """Vectors of length 1, computed as the daemon does: scaled by 1 / length in float32."""
    vectors = np.asarray(vectors).astype(np.float32)
    norms = np.sqrt((vectors.astype(np.float64) ** 2).sum(axis=1))
    return vectors * (1 / norms).astype(np.float32)[:, None]


def whole_numbers(rng, rows, dimension):
    """Vectors of small whole numbers: their products are exact, and many are equal."""
    return rng.integers(-2, 3, (rows, dimension)).astype(np.float32)


def evaluate(daemon, request, path="/v1/evaluate"):
    """The report of a request that must succeed."""
    with daemon.client() as client:
        response = client.post_json(path, request)
    assert response.status == 200, response
    return response.json()


def lines_of(response):
    return [json.loads(line) for line in response.body.splitlines()]


def approximately(value):
    """The same value with tolerances around its numbers; tuples stand for intervals."""
    if isinstance(value, dict):
        return {key: approximately(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return approximately(dict(zip(("value", "low", "high"), value, strict=True)))
    if isinstance(value, list):
        return [approximately(item) for item in value]
    return pytest.approx(value, abs=TOLERANCE) if isinstance(value, float | np.floating) else value


def check_report(report, expected):
    """Compares all parts of a report that the oracle computes."""
    if "methods" in expected:
        assert report["queries"] == expected["queries"]
        assert report["means"] == approximately(expected["means"])
        methods = {method["name"]: method for method in report["methods"]}
        assert methods.keys() == expected["methods"].keys()
        for name, method in expected["methods"].items():
            for field, value in approximately(method).items():
                assert methods[name][field] == value, (name, field)
        for name, hubness in expected["hubness"].items():
            assert report["hubness"][name] == approximately(hubness), name
    for name in ("reference_curve", "reference_distance"):
        assert report.get(name) == approximately(expected.get(name))
    if "tuning" in expected:
        check_tuning(report, expected)
    if "unlabelled" in expected:
        check_unlabelled(report, expected["unlabelled"])


def near_best(pairs, count):
    """What a report says of the pairs that the data can't tell from the best one."""
    ks, alphas = [k for k, _ in pairs], [alpha for _, alpha in pairs]
    return {
        "pairs": len(pairs), "of": count, "smallest_k": min(ks), "largest_k": max(ks),
        "smallest_alpha": min(alphas), "largest_alpha": max(alphas),
    }  # fmt: skip


def check_sweep(found, expected, near):
    """Compares the points of a sweep; `near` has the pairs that the data can't tell from the best one."""
    near = {tuple(pair) for pair in near}
    marked = [point | {"is_near_best": (point["k"], point["alpha"]) in near} for point in expected]
    assert found == approximately(marked)


def check_tuning(report, expected):
    tuning, wanted = report["tuning"], expected["tuning"]
    check_sweep(report["sweep"], expected["sweep"], wanted["near_best"])
    tuned = next(method for method in report["methods"] if method["name"] == "tuned")
    assert (tuning["k"], tuning["alpha"]) == (wanted["k"], wanted["alpha"]) == (tuned["k"], tuned["alpha"])
    assert tuning["gain"] == approximately(wanted["gain"])
    assert tuning["gain_over_current"] == approximately(wanted["gain_over_current"])
    assert tuning["is_better_than_current"] == (wanted["gain_over_current"][1] > 0)
    assert tuning["near_best"] == near_best(wanted["near_best"], len(report["sweep"]))


def check_unlabelled(report, expected):
    found = report["unlabelled"]
    check_sweep(found["sweep"], expected["sweep"], expected["near_best"])
    assert found["near_best"] == near_best(expected["near_best"], len(found["sweep"]))
    for field in ("k", "alpha", "is_better_than_none"):
        assert found[field] == expected[field], field


def check_hubs(report, expected, oracle, image_ids, reference_ids):
    """Compares a report of `/v1/hubs` with that of the oracle, whose rows have the given ids."""
    assert report["suspicious_count"] == expected["suspicious_count"]
    for name in ("median_mean", "deviation"):
        assert report[name] == approximately(expected[name])
    row_of = {id: row for row, id in enumerate(reference_ids)}
    for name in ("by_mean", "by_appearances", "suspicious"):
        assert [image["id"] for image in report[name]] == [image_ids[entry["row"]] for entry in expected[name]]
        for image, entry in zip(report[name], expected[name], strict=True):
            for field in ("mean", "z", "appearances_before", "appearances"):
                assert image[field] == approximately(entry[field]), field
            assert image["bias"] == approximately(oracle.alpha * entry["mean"])
            # Which of some equally similar references stand in a heap depends on when they came.
            found = [np.float32(reference["similarity"]) for reference in image["references"]]
            assert found == [np.float32(similarity) for _, similarity in entry["references"]]
            rows = [row_of[reference["id"]] for reference in image["references"]]
            assert found == (oracle.images[entry["row"]] @ oracle.references[rows].T).astype(np.float32).tolist()
