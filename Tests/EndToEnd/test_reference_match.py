"""How well the references match the traffic: the status, the metrics and nnnctl tell drifted traffic from its own."""

import math

import numpy as np
import pytest

from harness.nnnctl import succeeds
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

DIMENSION = 16
ALPHA = 0.75
K = 8


def around(rng, direction, count):
    """Vectors of length 1 around one of the axes."""
    vectors = rng.standard_normal((count, DIMENSION))
    vectors[:, direction] += 5
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def measured(daemon, queries):
    """Searches, and returns what is measured on these queries."""
    with daemon.client() as client:
        client.search(queries, 3)
        # These are not measured.
        client.search(around(np.random.default_rng(1), 2, 50), 3, sample=False)
        client.search_by_id(["i:0"])
    match = wait_until(lambda: daemon.status().get("reference_match"), "a measurement", alive=daemon.check_alive)
    assert match["queries"] == len(queries)
    return match


def top(images, references, queries):
    nearest = np.sort(images @ references.T, axis=1)[:, -K:]
    return np.argsort(-(queries @ images.T - ALPHA * nearest.mean(axis=1)), axis=1)[:, :10]


def test_drifted_traffic_is_told_from_traffic_that_the_references_match(make_daemon, rng, api_document):
    daemon = make_daemon(k=K, alpha=ALPHA).start()
    images = np.concatenate([around(rng, direction, 150) for direction in (0, 1)])
    given, queries = around(rng, 0, 300), around(rng, 1, 500)
    assert math.isnan(daemon.metrics().value("nnnd_match_farther_ratio"))
    daemon.drop(IMAGES, "i.npy", images)
    daemon.drop(REFERENCES, "given.npy", given)
    drifted = measured(daemon, queries)
    api_document.validate(daemon.status(), "Status")
    assert drifted["farther"] > 0.95 and drifted["new_references"] == len(given)
    assert drifted["query_similarity"] == pytest.approx(np.median((queries @ given.T).max(axis=1)), abs=1e-5)
    # All references are of the last hour, and without them there is no correction.
    plain = np.argsort(-(queries @ images.T), axis=1)[:, :10]
    pairs = zip(top(images, given, queries), plain, strict=True)
    changed = np.mean([len(set(now) - set(before)) / 10 for now, before in pairs])
    assert drifted["changed"] == pytest.approx(changed, abs=0.01)
    metrics = daemon.metrics()
    assert metrics.value("nnnd_match_farther_ratio") == drifted["farther"]
    assert metrics.value("nnnd_match_queries") == 500
    assert "from each other in " in succeeds("status", daemon=daemon)

    daemon.drop(REFERENCES, "more.npy", around(rng, 1, 300))
    daemon.restart()
    assert "reference_match" not in daemon.status()
    alike = measured(daemon, queries)
    assert abs(alike["farther"] - 0.5) < 0.1
    assert alike["query_similarity"] > drifted["query_similarity"] + 0.1
