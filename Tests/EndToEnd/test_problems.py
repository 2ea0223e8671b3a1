"""Requests that are wrong: each gets a problem document with its own code."""

import select

import numpy as np
import pytest

from harness.clients import read_to_end
from harness.daemon import Daemon
from harness.http import JSON, NPY, Response, UnixConnection, connect, npy_bytes
from harness.shards import npy_with_header
from harness.spool import IMAGES, REFERENCES
from harness.threads import hung_thread
from harness.waiting import DEADLINE

DIMENSION = 3
LIMIT = 64 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with a small corpus, which all tests of this file share."""
    with Daemon(tmp_path_factory.mktemp("problems"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3))
        yield daemon


def check_problem(response, status, code, *told):
    assert response.status == status, response
    assert response.media_type == "application/problem+json"
    problem = response.json()
    assert (problem["code"], problem["status"], problem["type"]) == (code, status, "about:blank")
    for text in told:
        assert text in problem["detail"], problem["detail"]


def search_json(client, text):
    return client.post("/v1/search", text if isinstance(text, bytes) else text.encode(), JSON)


@pytest.mark.parametrize(
    ("queries", "place"),
    [("[[1, 2]]", "Query 0"), ("[[1, 2, 3], [1, 2, 3, 4]]", "Query 1"), ("[[1, 2, 3], []]", "Query 1")],
)
def test_a_wrong_dimension(client, queries, place):
    check_problem(search_json(client, f'{{"queries": {queries}}}'), 400, "wrong_dimension", place, "3")


@pytest.mark.parametrize(
    ("text", "told"),
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
def test_bad_json_and_where(client, text, told):
    check_problem(search_json(client, text), 400, "bad_json", told)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "nan", "1.", ".5", "0x1", "+1", "01"])
def test_what_is_no_json_number_is_bad_json_and_where(client, number):
    """JSON knows no NaN; the detail says at which line or column, or in which value, it went wrong."""
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


def test_too_many_queries(client):
    assert client.post("/v1/search?top_k=1", npy_bytes(np.ones((4096, 3), np.float16)), NPY).status == 200
    response = client.post("/v1/search?top_k=1", npy_bytes(np.ones((4097, 3), np.float16)), NPY)
    check_problem(response, 400, "too_many_queries", "4097", "4096")
    text = '{"queries": [' + ",".join(["[1,2,3]"] * 4097) + "]}"
    check_problem(search_json(client, text), 400, "too_many_queries", "4097", "4096")


@pytest.mark.parametrize("top_k", ["0", "-1", "-9223372036854775808"])
def test_a_bad_top_k(client, top_k):
    body = npy_bytes(np.ones((1, 3)))
    check_problem(client.post(f"/v1/search?top_k={top_k}", body, NPY), 400, "bad_top_k", top_k)
    check_problem(search_json(client, f'{{"queries": [[1,2,3]], "top_k": {top_k}}}'), 400, "bad_top_k", top_k)


@pytest.mark.parametrize("top_k", ["", "ten", "1.5", "1e2", "99999999999999999999"])
def test_a_top_k_in_the_address_that_is_no_number(client, top_k):
    response = client.post(f"/v1/search?top_k={top_k}", npy_bytes(np.ones((1, 3))), NPY)
    check_problem(response, 400, "bad_top_k", f"'{top_k}'")


@pytest.mark.parametrize("alpha", ["-0.5", "1000.5", "1e30"])
def test_a_bad_alpha(client, alpha):
    body = npy_bytes(np.ones((1, 3)))
    check_problem(client.post(f"/v1/search?alpha={alpha}", body, NPY), 400, "bad_alpha")
    check_problem(search_json(client, f'{{"queries": [[1,2,3]], "alpha": {alpha}}}'), 400, "bad_alpha")


@pytest.mark.parametrize("alpha", ["", "much", "nan", "inf", "-inf", "1e99"])
def test_an_alpha_in_the_address_that_is_no_number(client, alpha):
    response = client.post(f"/v1/search?alpha={alpha}", npy_bytes(np.ones((1, 3))), NPY)
    check_problem(response, 400, "bad_alpha")


@pytest.mark.parametrize("sample", [0, -1])
def test_a_bad_sample(client, sample):
    check_problem(client.post_json("/v1/verify", {"sample": sample}), 400, "bad_sample", str(sample))


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"sample": "1"}', b'{"sample": 1.5}'])
def test_bad_json_for_verify(client, body):
    check_problem(client.post("/v1/verify", body, JSON), 400, "bad_json")


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "x"])
def test_another_media_type(client, media_type):
    response = client.post("/v1/search", b"hello", media_type)
    check_problem(response, 415, "unsupported_media_type", media_type)


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("id", ["unknown", "s:3", "s%3A99", "%00", "a%2Fb", "x" * 600, "%C3%A9"])
def test_an_unknown_id(client, kind, id):
    check_problem(client.get(f"/v1/{kind}/{id}"), 404, "unknown_id")


@pytest.mark.parametrize("id", ["%ff", "%", "%2", "%zz", "%c3"])
def test_an_id_that_is_not_percent_encoded_utf8(client, id):
    check_problem(client.get(f"/v1/images/{id}"), 400, "bad_id")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v2/search", "/v1/search/more", "/v1/images", "/v1/images/", "/v1/images/a/b", "/V1/search", "/healthz/x", "/%", "/v1/%73earch/x"]
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path(client, method, path):
    check_problem(client.request(method, path), 404, "unknown_path")


PATHS = {
    "/v1/search": "POST",
    "/v1/verify": "POST",
    "/v1/status": "GET",
    "/v1/images/s%3A0": "GET",
    "/v1/references/s%3A0": "GET",
    "/healthz": "GET",
    "/readyz": "GET",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_wrong_method(client, path, method):
    if method == PATHS[path]:
        method = "GET" if method == "POST" else "POST"
    response = client.request(method, path)
    check_problem(response, 405, "wrong_method", method, PATHS[path])
    assert response.headers["Allow"] == PATHS[path]


def test_a_wrong_method_without_a_body_in_the_answer(client):
    response = client.request("HEAD", "/v1/search")
    assert (response.status, response.headers["Allow"], response.body) == (405, "POST", b"")
    assert client.status()["images"] == 3, "the connection is still usable"


@pytest.mark.parametrize("target", ["/v1/search", "/v1/verify"])
def test_a_body_too_large_by_its_length(daemon, target):
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", target)
    connection.putheader("Content-Length", str(LIMIT + 1))
    connection.endheaders()
    response = Response("POST", target, connection.getresponse())
    check_problem(response, 413, "body_too_large", str(LIMIT))
    connection.close()


def test_a_body_too_large_that_tells_no_length(daemon):
    """Sent in chunks until the daemon has enough of it."""
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", "/v1/search")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", NPY)
    connection.endheaders()
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    try:
        for _ in range(LIMIT // 0x100000 + 1):
            connection.send(chunk)
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    response = Response("POST", "/v1/search", connection.getresponse())
    check_problem(response, 413, "body_too_large", str(LIMIT))
    connection.close()


def test_a_large_body_within_the_limit_is_read(client):
    """JSON of many digits: 20 MB for few numbers."""
    number = "0." + "1" * 100_000
    text = '{"queries": [' + ",".join([f"[{number},{number},{number}]"] * 70) + "]}"
    assert search_json(client, text).status == 200


@pytest.mark.parametrize(
    "head",
    [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"],
)
def test_what_is_no_http_gets_400_or_a_closed_connection(daemon, head):
    with connect(daemon.socket) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer == b"" or answer.split()[1] in (b"400", b"505"), answer
    assert daemon.status()["images"] == 3


def test_too_much_to_answer_at_once_is_refused(make_daemon):
    """A request of a few kilobytes must not make the daemon hold gigabytes: 4,096 queries for all of 20,000 images
    would be 82 million hits."""
    daemon = make_daemon(k=4).start()
    daemon.drop(IMAGES, "s.npy", np.random.default_rng(1).standard_normal((300, 4)).astype(np.float32))
    with daemon.client() as client:
        response = client.post("/v1/search?top_k=300", npy_bytes(np.ones((4096, 4), np.float16)), NPY)
        check_problem(response, 400, "too_many_hits")
        # What counts is what there is to find.
        assert client.post("/v1/search?top_k=1000000000", npy_bytes(np.ones((3, 4))), NPY).status == 200


def test_more_hits_than_one_answer_may_have(make_daemon, rng):
    daemon = make_daemon(k=4).start()
    daemon.drop("images", "s.npy", rng.standard_normal((300, 4)))
    with daemon.client() as client:
        response = client.post("/v1/search?top_k=1000", npy_bytes(rng.standard_normal((4096, 4))), NPY)
        check_problem(response, 400, "too_many_hits", "1228800", "1000000")
        assert client.post("/v1/search?top_k=100", npy_bytes(rng.standard_normal((4096, 4))), NPY).status == 200


def test_one_verification_at_a_time(make_daemon, rng):
    daemon = make_daemon(k=4, threads=1).start()
    for kind in (REFERENCES, IMAGES):
        daemon.drop(kind, "s.npy", rng.standard_normal((300, 8)))
    connections = [connect(daemon.socket) for _ in range(2)]
    # As long as that thread hangs, the first one goes on.
    with hung_thread(daemon.process.pid, "maintenance"):
        for connection in connections:
            connection.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        (refused,), _, _ = select.select(connections, [], [], DEADLINE)
        answer = read_to_end(refused)
        assert answer.startswith(b"HTTP/1.1 503") and b"verify_running" in answer
    (other,) = (connection for connection in connections if connection is not refused)
    assert read_to_end(other).startswith(b"HTTP/1.1 200")
    with daemon.client() as client:
        assert client.post_json("/v1/verify", {}).json()["wrong"] == 0
