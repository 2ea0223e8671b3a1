"""Biases and rankings of each precision and metric, compared with an oracle that uses the stored vectors."""

import numpy as np
import pytest

from harness import wordnet
from harness.oracle import Oracle, check_everything, check_rankings
from harness.spool import IMAGES, REFERENCES, default_ids


def random_vectors(rng, rows, dimension, metric):
    """Random vectors of shape (rows, dimension), with lengths around 1 for the inner product.

    For cosine, no normalised component is so close to the midpoint of two float16 values that an error of float32
    arithmetic decides how it is rounded.
    """
    vectors = rng.standard_normal((rows, dimension)).astype(np.float32)
    if metric == "inner-product":
        return (vectors * rng.uniform(0.2, 2, size=(rows, 1)) / np.sqrt(dimension)).astype(np.float32)
    while (ambiguous := ~rounds_unambiguously(vectors)).any():
        vectors[ambiguous] = rng.standard_normal((ambiguous.sum(), dimension))
    return vectors


def rounds_unambiguously(vectors):
    """For each vector, whether a relative error of 1e-6 leaves its normalised float16 components the same."""
    normalised = Oracle(k=1).prepared(vectors)
    below, above = ((normalised * (1 + shift)).astype(np.float16) for shift in (-1e-6, 1e-6))
    return (below == above).all(axis=1)


STORES = [(metric, precision) for metric in ("cosine", "inner-product") for precision in ("float32", "float16")]


@pytest.mark.parametrize(("metric", "precision"), STORES)
@pytest.mark.parametrize("dimension", [1, 2, 7, 64, 384, 1000])
def test_biases_and_rankings_equal_those_of_the_oracle(make_daemon, rng, metric, precision, dimension):
    daemon = make_daemon(k=10, capacity=14, metric=metric, precision=precision).start()
    oracle = Oracle(k=10, metric=metric, precision=precision)
    shards = [(IMAGES, 150), (REFERENCES, 40), (REFERENCES, 200), (IMAGES, 90), (REFERENCES, 1)]
    for step, (kind, rows) in enumerate(shards):
        vectors = random_vectors(rng, rows, dimension, metric)
        # The second shard of references also replaces those of the first.
        name = f"{kind}-{step}.npy"
        ids = default_ids(name, rows) if step != 2 else [*default_ids(f"{kind}-1.npy", 40), *default_ids(name, 160)]
        daemon.drop(kind, name, vectors, ids)
        oracle.put(kind, ids, vectors)
        with daemon.client() as client:
            check_everything(client, oracle)
    queries = rng.standard_normal((20, dimension)).astype(np.float32)
    if metric == "inner-product":
        queries /= np.sqrt(dimension).astype(np.float32)
    check_rankings(oracle, queries, daemon.search(queries, top_k=50))
    daemon.restart()
    with daemon.client() as client:
        check_everything(client, oracle)
        assert client.verify()["wrong"] == 0


@pytest.mark.parametrize(("metric", "precision"), STORES)
def test_the_reference_endpoint_returns_the_stored_vector(make_daemon, rng, metric, precision):
    daemon = make_daemon(k=4, metric=metric, precision=precision).start()
    vectors = rng.standard_normal((5, 33)).astype(np.float32)
    daemon.drop(REFERENCES, "s.npy", vectors)
    expected = Oracle(k=4, metric=metric).prepared(vectors).astype(np.float32)
    tolerance = 1e-7 if precision == "float32" else 2**-11
    with daemon.client() as client:
        for row, vector in enumerate(expected):
            returned = client.reference(f"s:{row}")
            np.testing.assert_allclose(returned, vector, rtol=tolerance, atol=1e-7)
            if precision == "float16":
                assert (returned == returned.astype(np.float16)).all(), "a component is not a float16 value"
            elif metric == "inner-product":
                assert (returned == vector).all(), "the store changed the vector"


@pytest.mark.parametrize(("metric", "precision"), STORES)
def test_biases_are_exact_with_many_tied_similarities(make_daemon, rng, metric, precision):
    """Vectors of small integers, many of them equal, so that references tie with the last entry of a heap."""
    daemon = make_daemon(k=6, capacity=8, metric=metric, precision=precision).start()
    oracle = Oracle(k=6, metric=metric, precision=precision)
    for step in range(12):
        kind = (IMAGES, REFERENCES)[step % 2]
        rows = int(rng.integers(1, 40))
        vectors = rng.integers(-1, 2, size=(rows, 4)).astype(np.float32)
        # With the metric cosine, a vector of zeros would be rejected.
        vectors[:, 0] = 1
        ids = [f"id-{number}" for number in rng.choice(60, size=rows, replace=False)]
        daemon.drop(kind, f"{step}.npy", vectors, ids)
        oracle.put(kind, ids, vectors)
        with daemon.client() as client:
            check_everything(client, oracle)


@pytest.mark.parametrize("size", ["one row", "one block and a row", "several blocks"])
def test_searches_never_find_unused_rows_of_a_block(make_daemon, rng, size):
    """At dimension 16 a block has 4,096 rows, so the last block is partly unused."""
    rows = {"one row": 1, "one block and a row": 4097, "several blocks": 9000}[size]
    daemon = make_daemon(k=4).start()
    oracle = Oracle(k=4)
    for kind, count in ((REFERENCES, 30), (IMAGES, rows)):
        vectors = rng.standard_normal((count, 16)).astype(np.float32)
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", count), vectors)
    with daemon.client() as client:
        check_everything(client, oracle)
        queries = rng.standard_normal((5, 16)).astype(np.float32)
        check_rankings(oracle, queries, client.search(queries, top_k=20))


def test_biases_and_rankings_of_real_data_in_float16_equal_those_of_the_oracle(make_daemon):
    daemon = make_daemon(k=128, precision="float16").start()
    oracle = Oracle(k=128, precision="float16")
    for kind, files in ((IMAGES, wordnet.image_files()[:2]), (REFERENCES, wordnet.reference_files()[:3])):
        for path in files:
            ids, vectors = wordnet.read(path)
            daemon.spool.drop(kind, path.name, vectors, ids)
            oracle.put(kind, ids, vectors)
        for path in files:
            daemon.spool.wait_receipt(kind, path.name)
    with daemon.client() as client:
        # The daemon computes in float32 and the oracle in float64. If a component is about halfway between two float16
        # values, the two can round it differently.
        check_everything(client, oracle, tolerance=2e-5)
        result = client.search(wordnet.queries()[:200], top_k=30)
    check_rankings(oracle, wordnet.queries()[:200], result, tolerance=2e-5)
