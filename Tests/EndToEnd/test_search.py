"""What searches answer, beside the plain right ranking that other tests hold against the oracle."""

import re
import socket
import threading
import urllib.parse

import numpy as np
import pytest

from harness.http import JSON, NPY, connect, npy_bytes
from harness.oracle import Oracle, check_everything, check_rankings
from harness.spool import IMAGES, REFERENCES, default_ids

DIMENSION = 12


@pytest.fixture
def oracle(daemon, rng):
    """The oracle of a daemon with 300 images and 90 references."""
    oracle = Oracle(k=4)
    for kind, rows in ((IMAGES, 300), (REFERENCES, 90)):
        vectors = rng.standard_normal((rows, DIMENSION)).astype(np.float32)
        daemon.drop(kind, f"{kind}.npy", vectors)
        oracle.put(kind, default_ids(f"{kind}.npy", rows), vectors)
    return oracle


@pytest.fixture
def queries(rng):
    return rng.standard_normal((7, DIMENSION)).astype(np.float32)


@pytest.mark.parametrize("alpha", [0, 0.3, 0.75, 1, 20, None])
def test_the_ranking_is_the_oracles_for_every_alpha(client, oracle, queries, alpha):
    results = client.search(queries, top_k=25, alpha=alpha)["results"]
    check_rankings(oracle, queries, results, alpha, tolerance=1e-5 * max(1, alpha or 0))


def test_alpha_0_gives_the_plain_ranking(client, oracle, queries):
    for hits in client.search(queries, top_k=300, alpha=0)["results"]:
        assert all(hit["bias"] == 0 and hit["score"] == hit["similarity"] for hit in hits)
        assert len(hits) == 300


def test_score_is_similarity_minus_bias(client, oracle, queries):
    for hits in client.search(queries, top_k=300)["results"]:
        for hit in hits:
            assert hit["score"] == pytest.approx(hit["similarity"] - hit["bias"], abs=1e-6)
        scores = [hit["score"] for hit in hits]
        assert scores == sorted(scores, reverse=True)


def test_json_and_npy_give_the_same_answer(client, oracle, queries):
    body = {"queries": queries.astype(float).tolist(), "top_k": 9, "alpha": 0.5}
    response = client.post_json("/v1/search", body)
    assert response.json()["results"] == client.search(queries, top_k=9, alpha=0.5)["results"]


def test_json_defaults_are_ten_images_and_the_daemons_alpha(client, oracle, queries):
    answer = client.post_json("/v1/search", {"queries": queries.astype(float).tolist()}).json()
    assert answer["results"] == client.search(queries, top_k=10, alpha=0.75)["results"]
    same = {"queries": queries.astype(float).tolist(), "top_k": None, "alpha": None}
    assert client.post_json("/v1/search", same).json()["results"] == answer["results"]


def test_npy_defaults_are_ten_images_and_the_daemons_alpha(client, oracle, queries):
    answer = client.post("/v1/search", npy_bytes(queries), NPY).json()
    assert answer["results"] == client.search(queries, top_k=10, alpha=0.75)["results"]


@pytest.mark.parametrize("media_type", [NPY, "application/octet-stream", "Application/X-NPY; a=b"])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_every_type(client, oracle, queries, dtype, order, media_type):
    array = np.asarray(queries, dtype=dtype, order=order)
    response = client.post("/v1/search?top_k=5", npy_bytes(array), media_type)
    assert response.status == 200, response
    check_rankings(oracle, array.astype(np.float64), response.json()["results"])


@pytest.mark.parametrize("media_type", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON", None])
def test_json_of_every_media_type(client, oracle, media_type):
    body = b'{"queries": [[1,2,3,4,5,6,7,8,9,10,11,12]]}'
    response = client.request("POST", "/v1/search", body, {"Content-Type": media_type} if media_type else {})
    assert response.status == 200, response


def test_an_npy_of_one_dimension_is_one_query(client, oracle, queries):
    response = client.post("/v1/search?top_k=5", npy_bytes(queries[0]), NPY)
    assert response.json()["results"] == client.search(queries[:1], top_k=5)["results"]


@pytest.mark.parametrize("top_k", [299, 300, 301, 100_000, 2**40])
def test_top_k_beyond_the_corpus_gives_the_corpus(client, oracle, queries, top_k):
    results = client.search(queries, top_k=top_k)["results"]
    assert [len(hits) for hits in results] == [min(top_k, 300)] * len(queries)
    check_rankings(oracle, queries, results)


def test_top_k_1_gives_the_best(client, oracle, queries):
    results = client.search(queries, top_k=1)["results"]
    assert [len(hits) for hits in results] == [1] * len(queries)
    check_rankings(oracle, queries, results)


def test_an_empty_corpus_gives_empty_lists(client):
    answer = client.search(np.ones((3, 5)))
    assert (answer["results"], answer["generation"]) == ([[], [], []], 0)


def test_a_corpus_of_references_alone_gives_empty_lists(daemon, client, rng):
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((3, 5)))
    assert client.search(np.ones((2, 5)))["results"] == [[], []]


def test_without_references_biases_are_0(daemon, client, rng):
    vectors = rng.standard_normal((9, 5))
    daemon.drop(IMAGES, "s.npy", vectors)
    hits = client.search(np.ones((1, 5)))["results"][0]
    assert [hit["bias"] for hit in hits] == [0] * 9


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_fewer_references_than_k_give_the_mean_of_those_there_are(daemon, client, rng, count):
    oracle = Oracle(k=4)
    for kind, rows in ((IMAGES, 5), (REFERENCES, count)):
        vectors = rng.standard_normal((rows, 5))
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", rows), vectors)
    check_everything(client, oracle)


def test_no_queries_give_no_lists(client, oracle):
    assert client.post_json("/v1/search", {"queries": []}).json()["results"] == []


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e3, 1e30, 3e38])
def test_the_length_of_a_query_does_not_matter_under_cosine(client, oracle, queries, scale):
    scaled = (queries / np.abs(queries).max() * scale).astype(np.float32)
    check_rankings(oracle, scaled, client.search(scaled, top_k=20)["results"])


def test_tiny_and_huge_vectors_are_normalised(daemon, client, rng):
    oracle = Oracle(k=4)
    for kind, rows in ((IMAGES, 40), (REFERENCES, 40)):
        scales = 10.0 ** rng.uniform(-36, 38, size=(rows, 1))
        vectors = rng.uniform(-1, 1, size=(rows, DIMENSION)) * scales
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", rows), vectors.astype(np.float32))
    check_everything(client, oracle)


def test_ties_come_in_the_same_order_each_time(daemon, client, rng):
    vectors = rng.integers(0, 2, size=(400, 3)).astype(np.float32)
    vectors[:, 0] = 1
    daemon.drop(IMAGES, "s.npy", vectors)
    daemon.drop(REFERENCES, "r.npy", vectors[:50])
    query = np.ones((1, 3))
    first = client.search(query, top_k=400)["results"][0]
    assert len({hit["score"] for hit in first}) < 10, "there are ties"
    for _ in range(10):
        assert client.search(query, top_k=400)["results"][0] == first
    # A shorter list is the beginning of a longer one.
    for top_k in (1, 2, 10, 57, 150, 399):
        assert client.search(query, top_k=top_k)["results"][0] == first[:top_k]
    daemon.restart()
    assert daemon.search(query, top_k=400)["results"][0] == first


def test_what_else_is_in_a_request_changes_no_answer(client, oracle, rng):
    queries = rng.standard_normal((70, DIMENSION)).astype(np.float32)
    together = client.search(queries, top_k=30)["results"]
    for size in (1, 2, 3, 5, 16, 31, 33, 64):
        for start in (0, 5):
            alone = client.search(queries[start : start + size], top_k=30)["results"]
            assert alone == together[start : start + size]


def test_searches_at_the_same_time_get_the_answers_that_they_get_alone(daemon, client, oracle, rng):
    """They share scans, with other alphas, other counts and wrong queries among them."""
    asked = []
    for number in range(24):
        queries = rng.standard_normal((int(rng.integers(1, 9)), DIMENSION)).astype(np.float32)
        asked.append((queries, int(rng.integers(1, 50)), round(float(rng.uniform(0, 2)), 3), number % 4 == 3))
    expected = [client.search(queries, top_k, alpha)["results"] for queries, top_k, alpha, _ in asked]
    errors = []

    def ask(number):
        queries, top_k, alpha, wrong = asked[number]
        try:
            with daemon.client() as own:
                for _ in range(15):
                    if wrong:
                        response = own.post("/v1/search", npy_bytes(queries[:, 1:]), NPY)
                        assert response.json()["code"] == "wrong_dimension"
                    assert own.search(queries, top_k, alpha)["results"] == expected[number]
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]


def test_a_connection_is_kept_open(client, oracle, queries):
    client.search(queries)
    first = client.connection.sock
    for _ in range(5):
        client.search(queries)
        client.status()
        client.get("/nothing")
        client.post_json("/v1/search", {"wrong": 1})
    assert client.connection.sock is first


STATUSES = re.compile(rb"HTTP/1\.1 (\d+) ")


def ask_at_once(connection, paths, last=""):
    """Sends requests without waiting for answers; the statuses of all answers until the other end closes."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n" for path in paths]
    connection.sendall("\r\n".join([*requests[:-1], f"{requests[-1]}{last}\r\n"]).encode())


def statuses(connection):
    answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return [int(status) for status in STATUSES.findall(answer)]


def test_requests_sent_at_once_are_answered_in_order(daemon):
    """Pipelining, as HTTP/1.1 allows it."""
    with connect(daemon.socket) as connection:
        ask_at_once(connection, ["/healthz", "/v1/status", "/nothing", "/readyz"], "Connection: close\r\n")
        assert statuses(connection) == [200, 200, 404, 200]


def test_a_client_that_has_sent_all_it_will_gets_its_answer(daemon):
    """It closes its side of the connection right after the request, as `socat` does at the end of its input."""
    with connect(daemon.socket) as connection:
        ask_at_once(connection, ["/v1/status"])
        connection.shutdown(socket.SHUT_WR)
        assert statuses(connection) == [200]


def test_a_client_that_goes_away_harms_nobody(daemon, client, oracle, queries):
    body = npy_bytes(np.repeat(queries, 40, axis=0))
    for cut in (10, 100, len(body)):
        for _ in range(5):
            with connect(daemon.socket) as connection:
                head = f"POST /v1/search?top_k=300 HTTP/1.1\r\nHost: x\r\nContent-Type: {NPY}\r\nContent-Length: {len(body)}\r\n\r\n"
                connection.sendall(head.encode() + body[:cut])
    check_rankings(oracle, queries, client.search(queries)["results"])


IDS = ["a/b", "100%", "a b", "ü", "日本語", "?x=1&y=2", "#", ".", "..", "../..", "%2F", "+", "\\", "a\tb", '"', "x" * 500, "é" * 250, "e\u0301", ";", "a%"]  # fmt: skip


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_ids_of_all_kinds_are_found_percent_encoded(daemon, client, rng, kind):
    vectors = rng.standard_normal((len(IDS), DIMENSION)).astype(np.float32)
    daemon.drop(kind, "s.npy", vectors, ids=IDS)
    for id, vector in zip(IDS, vectors, strict=True):
        response = client.get(f"/v1/{kind}/{urllib.parse.quote(id, safe='')}")
        assert response.status == 200, response
        assert response.json()["id"] == id
        if kind == REFERENCES:
            normal = vector / np.linalg.norm(vector.astype(np.float64))
            np.testing.assert_allclose(response.json()["vector"], normal, rtol=0, atol=1e-6)


def test_an_image_is_explained(client, oracle):
    similarities = oracle.similarities(np.stack(list(oracle.references.values())))
    for place in (0, 17, 299):
        id = list(oracle.images)[place]
        report = client.get(f"/v1/images/{urllib.parse.quote(id, safe='')}").json()
        own = dict(zip(oracle.references, similarities[:, place], strict=True))
        best = sorted(own.values(), reverse=True)
        assert report["used"] == 4
        assert report["mean"] == pytest.approx(np.mean(best[:4]), abs=1e-5)
        assert report["bias"] == pytest.approx(0.75 * np.mean(best[:4]), abs=1e-5)
        told = [entry["similarity"] for entry in report["references"]]
        assert 4 <= len(told) <= 8
        np.testing.assert_allclose(told, best[: len(told)], rtol=0, atol=1e-5)
        for entry in report["references"]:
            assert entry["similarity"] == pytest.approx(own[entry["id"]], abs=1e-5)


def test_verify_finds_nothing_wrong(client, oracle):
    report = client.post_json("/v1/verify", {}).json()
    assert (report["checked"], report["wrong"], report["images"]) == (300, 0, [])
    assert client.request("POST", "/v1/verify").json()["checked"] == 300
    assert client.post_json("/v1/verify", {"sample": 20}).json()["checked"] == 20
    assert client.post_json("/v1/verify", {"sample": 10_000}).json()["checked"] == 300


def test_status_tells_what_there_is(daemon, client, oracle):
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


def test_no_dimension_is_told_before_there_is_one(client):
    assert "dimension" not in client.status()
