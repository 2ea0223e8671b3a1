"""Searches with each form of request, and the endpoints for images, references, `verify` and `status`."""

import threading

import numpy as np
import pytest
from nnnd.results import parse_search

from harness.corpus import drop_random_corpus
from harness.http import JSON, NPY, npy_bytes
from harness.oracle import Oracle, check_everything, check_rankings
from harness.spool import IMAGES, REFERENCES, default_ids

DIMENSION = 12


@pytest.fixture
def oracle(daemon, rng):
    """The oracle of a daemon with 300 images and 90 references."""
    return drop_random_corpus(daemon, rng, images=300, references=90, dimension=DIMENSION)


@pytest.fixture
def queries(rng):
    return rng.standard_normal((7, DIMENSION)).astype(np.float32)


@pytest.mark.parametrize("alpha", [0, 0.3, 0.75, 1, 20, None])
def test_the_ranking_equals_that_of_the_oracle_for_each_alpha(client, oracle, queries, alpha):
    result = client.search(queries, top_k=25, alpha=alpha)
    check_rankings(oracle, queries, result, alpha, tolerance=1e-5 * max(1, alpha or 0))


def test_alpha_0_ranks_by_similarity(client, oracle, queries):
    result = client.search(queries, top_k=300, alpha=0)
    assert result.ids.shape == (len(queries), 300)
    assert (result.biases == 0).all() and (result.scores == result.similarities).all()


def test_score_is_similarity_minus_bias(client, oracle, queries):
    result = client.search(queries, top_k=300)
    assert result.scores == pytest.approx(result.similarities - result.biases, abs=1e-6)
    assert (np.diff(result.scores) <= 0).all()


def test_json_and_npy_give_the_same_answer(client, oracle, queries):
    body = {"queries": queries.astype(float).tolist(), "top_k": 9, "alpha": 0.5}
    response = client.post_json("/v1/search", body)
    assert list(parse_search(response)) == list(client.search(queries, top_k=9, alpha=0.5))


def test_json_defaults_are_ten_images_and_the_daemons_alpha(client, oracle, queries):
    response = client.post_json("/v1/search", {"queries": queries.astype(float).tolist()})
    assert list(parse_search(response)) == list(client.search(queries, top_k=10, alpha=0.75))
    same = {"queries": queries.astype(float).tolist(), "top_k": None, "alpha": None}
    assert client.post_json("/v1/search", same).json()["results"] == response.json()["results"]


def test_npy_defaults_are_ten_images_and_the_daemons_alpha(client, oracle, queries):
    response = client.post("/v1/search", npy_bytes(queries), NPY)
    assert list(parse_search(response)) == list(client.search(queries, top_k=10, alpha=0.75))


@pytest.mark.parametrize("media_type", [NPY, "application/octet-stream", "Application/X-NPY; a=b"])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_queries_of_each_type_order_and_media_type(client, oracle, queries, dtype, order, media_type):
    array = np.asarray(queries, dtype=dtype, order=order)
    response = client.post("/v1/search?top_k=5", npy_bytes(array), media_type)
    assert response.status == 200, response
    check_rankings(oracle, array.astype(np.float64), parse_search(response))


@pytest.mark.parametrize("media_type", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", None])
def test_json_queries_of_each_media_type(client, oracle, media_type):
    body = b'{"queries": [[1,2,3,4,5,6,7,8,9,10,11,12]]}'
    response = client.request("POST", "/v1/search", body, {"Content-Type": media_type} if media_type else {})
    assert response.status == 200, response


def test_a_one_dimensional_npy_array_is_one_query(client, oracle, queries):
    response = client.post("/v1/search?top_k=5", npy_bytes(queries[0]), NPY)
    assert list(parse_search(response)) == list(client.search(queries[:1], top_k=5))


@pytest.mark.parametrize("top_k", [299, 300, 301, 100_000, 2**40])
def test_a_top_k_above_the_number_of_images_returns_all_images(client, oracle, queries, top_k):
    result = client.search(queries, top_k=top_k)
    assert result.ids.shape == (len(queries), min(top_k, 300))
    check_rankings(oracle, queries, result)


def test_top_k_1_returns_the_best_image(client, oracle, queries):
    result = client.search(queries, top_k=1)
    assert result.ids.shape == (len(queries), 1)
    check_rankings(oracle, queries, result)


def test_a_search_in_an_empty_corpus_returns_empty_lists(client):
    result = client.search(np.ones((3, 5)))
    assert (result.ids.shape, result.generation) == ((3, 0), 0)


def test_a_search_in_a_corpus_without_images_returns_empty_lists(daemon, client, rng):
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((3, 5)))
    assert client.search(np.ones((2, 5))).ids.shape == (2, 0)


def test_without_references_biases_are_0(daemon, client, rng):
    vectors = rng.standard_normal((9, 5))
    daemon.drop(IMAGES, "s.npy", vectors)
    assert client.search(np.ones((1, 5))).biases.tolist() == [[0] * 9]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_with_fewer_references_than_k_the_mean_is_that_of_all_references(daemon, client, rng, count):
    oracle = Oracle(k=4)
    for kind, rows in ((IMAGES, 5), (REFERENCES, count)):
        vectors = rng.standard_normal((rows, 5))
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", rows), vectors)
    check_everything(client, oracle)


def test_a_search_without_queries_returns_no_lists(client, oracle):
    assert client.post_json("/v1/search", {"queries": []}).json()["results"] == []


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e3, 1e30, 3e38])
def test_the_length_of_a_query_does_not_matter_under_cosine(client, oracle, queries, scale):
    scaled = (queries / np.abs(queries).max() * scale).astype(np.float32)
    check_rankings(oracle, scaled, client.search(scaled, top_k=20))


def test_tiny_and_huge_vectors_are_normalised(daemon, client, rng):
    oracle = Oracle(k=4)
    for kind, rows in ((IMAGES, 40), (REFERENCES, 40)):
        scales = 10.0 ** rng.uniform(-36, 38, size=(rows, 1))
        vectors = rng.uniform(-1, 1, size=(rows, DIMENSION)) * scales
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", rows), vectors.astype(np.float32))
    check_everything(client, oracle)


def test_images_with_equal_scores_always_have_the_same_order(daemon, client, rng):
    vectors = rng.integers(0, 2, size=(400, 3)).astype(np.float32)
    vectors[:, 0] = 1
    daemon.drop(IMAGES, "s.npy", vectors)
    daemon.drop(REFERENCES, "r.npy", vectors[:50])
    query = np.ones((1, 3))
    first = client.search(query, top_k=400)[0]
    assert len({hit.score for hit in first}) < 10, "there are too few equal scores"
    for _ in range(10):
        assert client.search(query, top_k=400)[0] == first
    # A shorter list is a prefix of a longer one.
    for top_k in (1, 2, 10, 57, 150, 399):
        assert client.search(query, top_k=top_k)[0] == first[:top_k]
    daemon.restart()
    assert daemon.search(query, top_k=400)[0] == first


def test_the_hits_of_a_query_do_not_depend_on_other_queries_of_the_request(client, oracle, rng):
    queries = rng.standard_normal((70, DIMENSION)).astype(np.float32)
    together = list(client.search(queries, top_k=30))
    for size in (1, 2, 3, 5, 16, 31, 33, 64):
        for start in (0, 5):
            alone = list(client.search(queries[start : start + size], top_k=30))
            assert alone == together[start : start + size]


def test_the_hits_of_a_search_do_not_depend_on_concurrent_searches(daemon, client, oracle, rng):
    """Concurrent searches share scans; they differ in alpha and top_k, and some of them are invalid."""
    searches = []
    for number in range(24):
        queries = rng.standard_normal((int(rng.integers(1, 9)), DIMENSION)).astype(np.float32)
        searches.append((queries, int(rng.integers(1, 50)), round(float(rng.uniform(0, 2)), 3), number % 4 == 3))
    expected = [list(client.search(queries, top_k, alpha)) for queries, top_k, alpha, _ in searches]
    errors = []

    def search(number):
        queries, top_k, alpha, with_invalid = searches[number]
        try:
            with daemon.client() as connection:
                for _ in range(15):
                    if with_invalid:
                        response = connection.post("/v1/search", npy_bytes(queries[:, 1:]), NPY)
                        assert response.json()["code"] == "wrong_dimension"
                    assert list(connection.search(queries, top_k, alpha)) == expected[number]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=search, args=(number,)) for number in range(len(searches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]


UNUSUAL_IDS = [
    "a/b", "100%", "a b", "ü", "日本語", "?x=1&y=2", "#", ".", "..", "../..", "%2F", "+", "\\", "a\tb", '"', "x" * 500,
    "é" * 250, "e\u0301", ";", "a%",
]  # fmt: skip


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_unusual_ids_are_found_by_their_percent_encoded_paths(daemon, client, rng, kind):
    vectors = rng.standard_normal((len(UNUSUAL_IDS), DIMENSION)).astype(np.float32)
    daemon.drop(kind, "s.npy", vectors, ids=UNUSUAL_IDS)
    for id, vector in zip(UNUSUAL_IDS, vectors, strict=True):
        if kind == IMAGES:
            assert client.explain(id)["id"] == id
        else:
            normal = vector / np.linalg.norm(vector.astype(np.float64))
            np.testing.assert_allclose(client.reference(id), normal, rtol=0, atol=1e-6)


def test_the_report_of_an_image_has_its_bias_and_best_references(client, oracle):
    similarities = oracle.similarities(np.stack(list(oracle.references.values())))
    for index in (0, 17, 299):
        id = list(oracle.images)[index]
        report = client.explain(id)
        by_reference = dict(zip(oracle.references, similarities[:, index], strict=True))
        best = sorted(by_reference.values(), reverse=True)
        assert report["used"] == 4
        assert report["mean"] == pytest.approx(np.mean(best[:4]), abs=1e-5)
        assert report["bias"] == pytest.approx(0.75 * np.mean(best[:4]), abs=1e-5)
        reported = [entry["similarity"] for entry in report["references"]]
        assert 4 <= len(reported) <= 8
        np.testing.assert_allclose(reported, best[: len(reported)], rtol=0, atol=1e-5)
        for entry in report["references"]:
            assert entry["similarity"] == pytest.approx(by_reference[entry["id"]], abs=1e-5)


def test_verify_checks_all_images_or_a_sample(client, oracle):
    report = client.verify()
    assert (report["checked"], report["wrong"], report["images"]) == (300, 0, [])
    assert client.request("POST", "/v1/verify").json()["checked"] == 300
    assert client.verify(sample=20)["checked"] == 20
    assert client.verify(sample=10_000)["checked"] == 300


def test_status_has_counts_settings_paths_and_receipts(daemon, client, oracle):
    status = client.status()
    expected = {
        "version": "0.1.0", "generation": 2, "images": 300, "references": 90, "dimension": DIMENSION, "k": 4,
        "capacity": 8, "alpha": 0.75, "metric": "cosine", "precision": "float32", "threads": 2, "last_failures": [],
    }  # fmt: skip
    assert {field: status[field] for field in expected} == expected
    assert [receipt["name"] for receipt in status["last_receipts"]] == ["references.npy", "images.npy"]
    spool = status["spool"]
    assert (spool["images"], spool["references"]) == tuple(str(daemon.spool.incoming(k)) for k in (IMAGES, REFERENCES))
    assert (spool["done"], spool["failed"]) == (str(daemon.spool.root / "done"), str(daemon.spool.root / "failed"))
    assert spool["backlog"] == 0
    assert status["store"]["path"] == str(daemon.flags["data"])
    assert 0 < status["store"]["bytes"] < status["store"]["maximum_bytes"]
    assert client.status()["uptime_s"] >= status["uptime_s"] >= 0


def test_the_status_of_an_empty_corpus_has_no_dimension(client):
    assert "dimension" not in client.status()
