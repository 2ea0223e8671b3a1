"""Bodies with a length, in chunks, and in chunks with trailers: the same responses, and the next request is found."""

import gzip

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import JSON, NPY, connect, npy_bytes
from harness.raw import RawResponse, request, send
from harness.spool import IMAGES

LIMIT = 64 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("framing"), k=4) as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(3))
        yield daemon


def chunked(method, target, *lines, body, size, trailers=()):
    """The bytes of a request whose body comes in chunks of `size` bytes."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(f"{len(part):X};name=value\r\n".encode() + part + b"\r\n" for part in parts)
    end = "".join(f"{line}\r\n" for line in ["0", *trailers, ""]).encode()
    return request(method, target, *lines, "Transfer-Encoding: chunked") + chunks + end


def in_each_framing(method, target, *lines, body):
    """The same request with each framing."""
    many = [f"X-Trailer-{number}: {number}" for number in range(50)]
    # Fields that would mean something in the head.
    harmful = ["Content-Type: text/plain", "Content-Encoding: br", "Host: y", "Expect: x", "Connection: keep-alive"]
    yield request(method, target, *lines, f"Content-Length: {len(body)}") + body
    for size in (1, 7, 4096):
        yield chunked(method, target, *lines, body=body, size=size)
    yield chunked(method, target, *lines, body=body, size=11, trailers=["Digest: x"])
    yield chunked(method, target, *lines, "Trailer: Digest", body=body, size=4096, trailers=["Digest: x", *many])
    yield chunked(method, target, *lines, body=body, size=4096, trailers=harmful)


NPY_BODY = npy_bytes(np.ones((2, 3)))
NPY_TYPE = f"Content-Type: {NPY}"
JSON_TYPE = f"Content-Type: {JSON}"
# name: (method, target, lines, body, status, code)
CASES = {
    "npy": ("POST", "/v1/search?top_k=2", [NPY_TYPE], NPY_BODY, 200, None),
    "json": ("POST", "/v1/search", [JSON_TYPE], b'{"queries": [[1, 2, 3]], "top_k": 2}', 200, None),
    "gzip": ("POST", "/v1/search", [NPY_TYPE, "Content-Encoding: gzip"], gzip.compress(NPY_BODY), 200, None),
    "verify": ("POST", "/v1/verify", [JSON_TYPE], b'{"sample": 1}', 200, None),
    "verify without a body": ("POST", "/v1/verify", [], b"", 200, None),
    "no body": ("POST", "/v1/search", [JSON_TYPE], b"", 400, "bad_json"),
    "cut npy": ("POST", "/v1/search", [NPY_TYPE], NPY_BODY[:-1], 400, "bad_npy"),
    "too long npy": ("POST", "/v1/search", [NPY_TYPE], NPY_BODY + b"x", 400, "bad_npy"),
    "cut json": ("POST", "/v1/search", [JSON_TYPE], b'{"queries": [[1, 2, 3]]', 400, "bad_json"),
    "damaged gzip": ("POST", "/v1/search", ["Content-Encoding: gzip"], gzip.compress(b"{}")[:-1], 400, "bad_gzip"),
    "an unknown field": ("POST", "/v1/verify", [JSON_TYPE], b'{"samples": 1}', 400, "unknown_field"),
    "another type": ("POST", "/v1/search", ["Content-Type: text/plain"], b"x" * 5000, 415, "unsupported_media_type"),
    "another coding": ("POST", "/v1/search", ["Content-Encoding: br"], b"x" * 5000, 415, "unsupported_encoding"),
    "an unknown path": ("POST", "/v1/find", [], b"x" * 5000, 404, "unknown_path"),
    "a wrong method": ("PUT", "/v1/search", [], b"x" * 5000, 405, "wrong_method"),
    "a body that nobody reads": ("GET", "/healthz", [], b"x" * 5000, 200, None),
}


def without_time(body):
    """A document without the time that its search took."""
    return body.partition(b',"took_ms"')[0]


@pytest.mark.parametrize("case", CASES)
def test_each_framing_gives_the_same_on_one_connection(daemon, case):
    method, target, lines, body, status, code = CASES[case]
    responses = send(daemon, *in_each_framing(method, target, *lines, body=body), request("GET", "/readyz"))
    assert responses.pop().body == b'{"status":"ready"}'
    for response in responses:
        assert (response.status, response.headers["Connection"]) == (status, None), response
        assert code is None or f'"code":"{code}"'.encode() in response.body
        assert without_time(response.body) == without_time(responses[0].body)


def test_requests_with_trailers_can_be_sent_ahead(daemon):
    method, target, lines, body, *_ = CASES["npy"]
    sent = list(in_each_framing(method, target, *lines, body=body)) * 3
    with connect(daemon.socket) as connection:
        connection.sendall(b"".join(sent) + request("GET", "/readyz"))
        assert [RawResponse(connection).status for _ in sent] == [200] * len(sent)
        assert RawResponse(connection).body == b'{"status":"ready"}'


@pytest.mark.parametrize("target", ["/v1/search", "/v1/verify"])
@pytest.mark.parametrize("excess", [0, 1])
def test_the_limit_is_the_same(daemon, target, excess):
    """JSON that is cut at the end, so that it is an error at the limit too, but another one."""
    body = b"[" + b" " * (LIMIT + excess - 1)
    codes = []
    for sent in (
        request("POST", target, body=body),
        chunked("POST", target, body=body, size=1 << 20),
        chunked("POST", target, body=body, size=1 << 20, trailers=["Digest: x"]),
    ):
        response, after = send(daemon, sent, request("GET", "/readyz"))
        codes.append((response.status, b"body_too_large" in response.body))
        assert after.status == 200
    assert codes == [(413, True) if excess else (400, False)] * 3


@pytest.mark.parametrize("target", ["/v1/verify", "/v1/find"])
def test_a_close_in_trailers_is_one(daemon, target):
    sent = chunked("POST", target, body=b"{}", size=1, trailers=["Digest: x", "connection: Close"])
    with connect(daemon.socket) as connection:
        connection.sendall(sent + request("GET", "/healthz"))
        response = RawResponse(connection)
        assert (response.status, response.headers["Connection"]) == (200 if "verify" in target else 404, "close")
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    "trailers",
    [b"0\r\nno colon\r\n\r\n", b"0\r\n: x\r\n\r\n", b"0\r\nA: " + b"x" * 200_000 + b"\r\n\r\n", b"0\r\nA: b\0\r\n\r\n",
     b"0\r\nContent-Length: 2\r\n\r\n", b"0\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ids=["no colon", "no name", "too long", "NUL", "a length", "an encoding"],
)
def test_bad_trailers_are_an_error_and_end_the_connection(daemon, trailers):
    with connect(daemon.socket) as connection:
        connection.sendall(request("POST", "/v1/verify", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n" + trailers)
        response = RawResponse(connection)
        assert (response.status, response.headers["Connection"]) == (400, "close"), response
        assert connection.recv(1) == b""
