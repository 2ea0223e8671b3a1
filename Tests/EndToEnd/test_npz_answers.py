"""Searches that numpy reads: `Accept: application/x-npz`. The arrays are compared with the JSON of the same search."""

import gzip
import io
import zipfile

import numpy as np
import pytest

from harness.corpus import drop_random_corpus
from harness.http import JSON, NPY, NPZ, npy_bytes
from harness.problems import check_problem
from harness.spool import IMAGES, REFERENCES

BOTH = f"{NPZ}, {JSON};q=0.5"
NAMES = ["ids", "scores", "similarities", "biases", "generation", "took_ms"]
# Of one to four bytes of UTF-8 for each code point, with NUL inside, and in two normal forms.
IDS = ["a", "über", "日本語", "🙂🙃🙂🙃", "𝔘nicode", "e\u0301", "\u00e9", "x\0y", " ", "\U0010ffff"]


def post(client, queries, top_k, accept, **headers):
    headers = {"Content-Type": NPY, "Accept": accept} | headers
    return client.request("POST", f"/v1/search?top_k={top_k}", npy_bytes(queries), headers)


def json_answer(client, queries, top_k=10):
    response = post(client, queries, top_k, JSON)
    assert (response.status, response.media_type) == (200, JSON), response
    return response.json()


def arrays(response):
    assert (response.status, response.media_type) == (200, NPZ), response
    assert int(response.headers["Content-Length"]) == len(response.body)
    with np.load(io.BytesIO(response.body), allow_pickle=False) as file:
        assert file.files == NAMES
        return {name: file[name] for name in NAMES}


def check_same(found, answer):
    """Whether the arrays are exactly what the JSON has; returns the dtype of the ids."""
    results = answer["results"]
    shape = (len(results), len(results[0]) if results else 0)
    ids = found["ids"]
    assert ids.shape == shape and ids.dtype.kind == "U" and ids.dtype.isnative
    assert ids.tolist() == [[hit["id"] for hit in hits] for hits in results]
    for array, field in (("scores", "score"), ("similarities", "similarity"), ("biases", "bias")):
        assert found[array].dtype == np.float32 and found[array].shape == shape
        expected = np.array([[hit[field] for hit in hits] for hits in results], np.float32).reshape(shape)
        np.testing.assert_array_equal(found[array], expected)
    assert (found["generation"].dtype, found["generation"].shape) == (np.uint64, ())
    assert found["generation"] == answer["generation"]
    assert (found["took_ms"].dtype, found["took_ms"].shape) == (np.float64, ()) and found["took_ms"] >= 0
    return ids.dtype


@pytest.mark.parametrize(("queries", "top_k"), [(1, 1), (1, 10), (7, 300), (500, 40), (3, 2**40)])
def test_the_arrays_have_what_the_json_has(daemon, client, rng, queries, top_k):
    drop_random_corpus(daemon, rng, images=300, references=40, dimension=8)
    vectors = rng.standard_normal((queries, 8)).astype(np.float32)
    check_same(arrays(post(client, vectors, top_k, NPZ)), json_answer(client, vectors, top_k))


def test_ids_can_have_any_code_points(daemon, client, rng):
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((len(IDS), 5)), ids=IDS)
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((6, 5)))
    vectors = rng.standard_normal((4, 5))
    assert check_same(arrays(post(client, vectors, 10, NPZ)), json_answer(client, vectors, 10)) == np.dtype("U7")
    # The longest id among the hits is the width, not the longest one of the corpus.
    images = [json_answer(client, vectors, 1)["results"][0][0]["id"]]
    found = arrays(post(client, vectors[:1], 1, NPZ))
    assert check_same(found, json_answer(client, vectors[:1], 1)) == np.dtype(f"U{len(images[0])}")


def test_without_images_or_queries_the_arrays_are_empty(daemon, client, rng):
    vectors = np.ones((3, 5), np.float32)
    found = arrays(post(client, vectors, 10, NPZ))
    check_same(found, json_answer(client, vectors))
    assert found["ids"].shape == (3, 0)
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((4, 5)))
    body = b'{"queries": []}'
    found = arrays(client.request("POST", "/v1/search", body, {"Content-Type": JSON, "Accept": NPZ}))
    assert found["scores"].shape == (0, 0) and found["generation"] == 1


def test_the_file_is_a_zip_archive_without_compression(daemon, client, rng):
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((50, 5)))
    body = post(client, rng.standard_normal((9, 5)), 20, NPZ).body
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        assert file.testzip() is None
        members = file.infolist()
    assert [member.filename for member in members] == [f"{name}.npy" for name in NAMES]
    assert {(m.compress_type, m.flag_bits, m.date_time) for m in members} == {(0, 0, (1980, 1, 1, 0, 0, 0))}
    end = 22 + sum(46 + len(member.filename) for member in members)
    assert file.start_dir + end == len(body)


def test_requests_can_be_compressed_or_json(daemon, client, rng):
    drop_random_corpus(daemon, rng, images=60, references=20, dimension=6)
    vectors = rng.standard_normal((5, 6)).astype(np.float32)
    expected = json_answer(client, vectors, 10)
    headers = {"Content-Type": NPY, "Accept": NPZ, "Content-Encoding": "gzip"}
    check_same(arrays(client.request("POST", "/v1/search", gzip.compress(npy_bytes(vectors)), headers)), expected)
    body = f'{{"queries": {vectors.tolist()}}}'
    check_same(arrays(client.request("POST", "/v1/search", body, {"Content-Type": JSON, "Accept": NPZ})), expected)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (NPZ, NPZ), (BOTH, NPZ), (f"{NPZ}, */*;q=0.9", NPZ), (f"{JSON};q=0, */*", NPZ), (NPZ.upper(), NPZ),
        (f"{JSON};q=0.1,{NPZ} ;\tq=0.2 ", NPZ), ("*/*", JSON), ("application/*", JSON), (JSON, JSON), ("", JSON),
        (f"{NPZ}, {JSON}", JSON), (f"{NPZ};q=0.5, {JSON}", JSON), (f"{NPZ};q=0", JSON), (f"{NPZ};q=7", JSON),
        ("text/html", JSON), ("nonsense", JSON),
    ],
)  # fmt: skip
def test_the_quality_decides_and_json_is_the_default(daemon, client, accept, media_type):
    daemon.drop(IMAGES, "s.npy", np.eye(3))
    response = post(client, np.eye(3), 2, accept)
    assert (response.status, response.media_type) == (200, media_type)


def test_errors_are_problem_documents(daemon, client):
    daemon.drop(IMAGES, "s.npy", np.eye(3))
    check_problem(post(client, np.ones((1, 4)), 2, NPZ), 400, "wrong_dimension")
    check_problem(post(client, np.eye(3), 0, NPZ), 400, "bad_top_k")
    assert arrays(post(client, np.eye(3), 2, NPZ))["ids"].shape == (3, 2)


def test_an_id_that_numpy_would_change_is_not_sent(daemon, client):
    daemon.drop(IMAGES, "s.npy", np.eye(3), ids=["a\0", "b", "c"])
    check_problem(post(client, np.eye(3), 3, NPZ), 400, "npz_impossible", "NUL", JSON)
    response = post(client, np.eye(3), 3, BOTH)
    assert response.media_type == JSON
    assert {hit["id"] for hit in response.json()["results"][0]} == {"a\0", "b", "c"}
    # Other hits can be sent.
    assert arrays(post(client, [[0, 1, 0.5]], 2, NPZ))["ids"].tolist() == [["b", "c"]]


def test_a_file_that_one_long_id_makes_too_large_is_not_sent(daemon, client, rng):
    """700 queries x 240 hits x 500 code points of 4 bytes exceed 256 MiB; with 100 hits for each they don't."""
    vectors = rng.standard_normal((240, 4)) + [9, 0, 0, 0]
    daemon.drop(IMAGES, "s.npy", vectors, ids=["x" * 500, *(f"i{n}" for n in range(239))])
    queries = np.tile(vectors[0], (700, 1)).astype(np.float32)
    check_problem(post(client, queries, 240, NPZ), 400, "npz_impossible", str(256 << 20), "top_k", JSON)
    response = post(client, queries, 240, BOTH)
    assert (response.status, response.media_type) == (200, JSON)
    found = arrays(post(client, queries, 100, NPZ))
    assert found["ids"].shape == (700, 100) and found["ids"].dtype == np.dtype("U500")
