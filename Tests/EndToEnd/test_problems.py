"""Invalid requests: each gets a problem document with its own code. Limits are in test_request_limits.py."""

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import JSON, NPY, connect, npy_bytes
from harness.problems import check_problem
from harness.shards import npy_with_header
from harness.spool import IMAGES, REFERENCES


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with a small corpus of dimension 3, which the tests of this file share."""
    with Daemon(tmp_path_factory.mktemp("problems"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3))
        yield daemon


def search_json(client, text):
    return client.post("/v1/search", text if isinstance(text, bytes) else text.encode(), JSON)


@pytest.mark.parametrize(
    ("queries", "reported"),
    [("[[1, 2]]", "Query 0"), ("[[1, 2, 3], [1, 2, 3, 4]]", "Query 1"), ("[[1, 2, 3], []]", "Query 1")],
)
def test_a_query_of_a_wrong_dimension(client, queries, reported):
    check_problem(search_json(client, f'{{"queries": {queries}}}'), 400, "wrong_dimension", reported, "3")


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", ""),
        ("{", ""),
        ("[]", ""),
        ("null", ""),
        ('"text"', ""),
        ("{}", "queries"),
        ('{"queries": null}', "queries"),
        ('{"queries": 1}', "queries"),
        ('{"queries": [1, 2, 3]}', "queries[0]"),
        ('{"queries": [[1, 2, 3], [1, "2", 3]]}', "queries[1][1]"),
        ('{"queries": [[1, 2, null]]}', "queries[0][2]"),
        ('{"queries": [[1, 2, true]]}', "queries[0][2]"),
        ('{"queries": [[1, 2, 1e39]]}', "queries[0][2]"),
        ('{"queries": [[1, 2, 3]], "top_k": "10"}', "top_k"),
        ('{"queries": [[1, 2, 3]], "top_k": 1.5}', "top_k"),
        ('{"queries": [[1, 2, 3]], "top_k": 1e30}', "top_k"),
        ('{"queries": [[1, 2, 3]], "alpha": "0.5"}', "alpha"),
        ('{"queries": [[1, 2, 3]], "alpha": [1]}', "alpha"),
        ('{"queries": [[1, 2, 3]]} x', ""),
        ('{"queries": [[1, 2, 3]', ""),
        (b'{"queries": "\xff"}', ""),
    ],
)
def test_bad_json_is_reported_with_its_place(client, text, reported):
    check_problem(search_json(client, text), 400, "bad_json", reported)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "nan", "1.", ".5", "0x1", "+1", "01"])
def test_an_invalid_json_number_is_reported_with_its_place(client, number):
    """JSON has no NaN. The detail has the line or the column of the number, or its index."""
    response = search_json(client, f'{{"queries": [[1, 2,\n {number}]]}}')
    check_problem(response, 400, "bad_json")
    detail = response.json()["detail"]
    assert "queries[0][2]" in detail or "line 2" in detail or "column" in detail, detail


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("nothing", b""),
        ("text", b"hello"),
        ("cut off", npy_bytes(np.ones((2, 3)))[:-1]),
        ("too long", npy_bytes(np.ones((2, 3))) + b"x"),
        ("integers", npy_bytes(np.ones((2, 3), int))),
        ("objects", npy_with_header("{'descr': '|O', 'fortran_order': False, 'shape': (1, 3), }")),
        ("three dimensions", npy_bytes(np.ones((2, 3, 1)))),
        ("no dimension", npy_bytes(np.float32(1))),
        ("overflowing shape", npy_with_header(f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({2**62}, 9), }}")),
    ],
)
def test_bad_npy(client, name, body):
    check_problem(client.post("/v1/search", body, NPY), 400, "bad_npy")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_number_that_is_not_finite(client, value, dtype):
    queries = np.ones((3, 3), dtype)
    queries[1, 2] = value
    check_problem(client.post("/v1/search", npy_bytes(queries), NPY), 400, "not_finite", "Query 1")


def test_a_number_too_large_for_float32(client):
    check_problem(client.post("/v1/search", npy_bytes([[1, 1e39, 1]]), NPY), 400, "not_finite", "Query 0")


@pytest.mark.parametrize("zero", ["0", "0.0", "-0"])
def test_a_zero_vector(client, zero):
    check_problem(search_json(client, f'{{"queries": [[1,1,1],[{zero},0,0]]}}'), 400, "zero_vector", "Query 1")


def test_a_query_too_long_for_the_inner_product(make_daemon):
    daemon = make_daemon(k=4, metric="inner-product").start()
    with daemon.client() as client:
        check_problem(client.post("/v1/search", npy_bytes([[1e30, 1, 1]]), NPY), 400, "norm_too_large", "Query 0")
        assert client.post("/v1/search", npy_bytes([[0.0, 0, 0]]), NPY).status == 200


@pytest.mark.parametrize("top_k", ["0", "-1", "-9223372036854775808"])
def test_a_bad_top_k(client, top_k):
    body = npy_bytes(np.ones((1, 3)))
    check_problem(client.post(f"/v1/search?top_k={top_k}", body, NPY), 400, "bad_top_k", top_k)
    check_problem(search_json(client, f'{{"queries": [[1,2,3]], "top_k": {top_k}}}'), 400, "bad_top_k", top_k)


@pytest.mark.parametrize("top_k", ["", "ten", "1.5", "1e2", "99999999999999999999"])
def test_a_top_k_in_the_query_string_that_is_not_an_integer(client, top_k):
    response = client.post(f"/v1/search?top_k={top_k}", npy_bytes(np.ones((1, 3))), NPY)
    check_problem(response, 400, "bad_top_k", f"'{top_k}'")


@pytest.mark.parametrize("alpha", ["-0.5", "1000.5", "1e30"])
def test_a_bad_alpha(client, alpha):
    body = npy_bytes(np.ones((1, 3)))
    check_problem(client.post(f"/v1/search?alpha={alpha}", body, NPY), 400, "bad_alpha")
    check_problem(search_json(client, f'{{"queries": [[1,2,3]], "alpha": {alpha}}}'), 400, "bad_alpha")


@pytest.mark.parametrize("alpha", ["", "much", "nan", "inf", "-inf", "1e99"])
def test_an_alpha_in_the_query_string_that_is_not_a_finite_number(client, alpha):
    response = client.post(f"/v1/search?alpha={alpha}", npy_bytes(np.ones((1, 3))), NPY)
    check_problem(response, 400, "bad_alpha")


@pytest.mark.parametrize("sample", [0, -1])
def test_a_bad_sample(client, sample):
    check_problem(client.post_json("/v1/verify", {"sample": sample}), 400, "bad_sample", str(sample))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"sample": "1"}', b'{"sample": 1.5}'])
def test_bad_json_for_verify(client, body):
    check_problem(client.post("/v1/verify", body, JSON), 400, "bad_json")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"])
def test_an_unsupported_media_type(client, media_type):
    response = client.post("/v1/search", b"hello", media_type)
    check_problem(response, 415, "unsupported_media_type", media_type)


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("id", ["unknown", "s:3", "s%3A99", "%00", "a%2Fb", "x" * 600, "%C3%A9"])
def test_an_unknown_id(client, kind, id):
    check_problem(client.get(f"/v1/{kind}/{id}"), 404, "unknown_id")


@pytest.mark.parametrize("id", ["%ff", "%", "%2", "%zz", "%c3"])
def test_an_id_that_is_not_percent_encoded_utf8(client, id):
    check_problem(client.get(f"/v1/images/{id}"), 400, "bad_id")


UNKNOWN_PATHS = [
    "/", "/v1", "/v2/search", "/v1/search/more", "/v1/images/a/b", "/V1/search",
    "/healthz/x", "/%", "/v1/%73earch/x",
]  # fmt: skip


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path(client, method, path):
    check_problem(client.request(method, path), 404, "unknown_path")


# Each path and its only method.
METHODS = {
    "/v1/search": "POST",
    "/v1/verify": "POST",
    "/v1/status": "GET",
    "/v1/images/s%3A0": "GET",
    "/v1/references/s%3A0": "GET",
    "/healthz": "GET",
    "/readyz": "GET",
}


ALLOWED = {"GET": "GET, HEAD, OPTIONS", "POST": "OPTIONS, POST"}


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_a_wrong_method(client, path, method):
    if method == METHODS[path]:
        method = "GET" if method == "POST" else "POST"
    response = client.request(method, path)
    check_problem(response, 405, "wrong_method", method, METHODS[path])
    assert response.headers["Allow"] == ALLOWED[METHODS[path]]


def test_the_answer_to_head_has_no_body(client):
    response = client.request("HEAD", "/v1/search")
    assert (response.status, response.headers["Allow"], response.body) == (405, "OPTIONS, POST", b"")
    assert client.status()["images"] == 3, "the connection cannot be used again"


@pytest.mark.parametrize(
    "head",
    [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"],
)
def test_bytes_that_are_not_http_get_400_or_a_closed_connection(daemon, head):
    with connect(daemon.socket) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer == b"" or answer.split()[1] in (b"400", b"505"), answer
    assert daemon.status()["images"] == 3
