"""Which connections stay open after a response: HTTP/1.0 and HTTP/1.1, with each form of `Connection`.

The rules are in RFC 9112, section 9.
"""

import re
import subprocess

import numpy as np
import pytest

from harness.clients import read_to_end
from harness.daemon import Daemon
from harness.http import JSON, connect
from harness.raw import RawResponse, request, send
from harness.relay import tcp_port
from harness.spool import IMAGES
from harness.waiting import DEADLINE

BODY = b'{"queries": [[1, 2, 3]], "top_k": 1}'


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """The default client-seconds: no connection in these tests ends because its time is over."""
    with Daemon(tmp_path_factory.mktemp("persistence"), k=4) as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(3))
        yield daemon


# name: (method, target, body, status)
REQUESTS = {
    "a document": ("GET", "/v1/status", b"", 200),
    "text": ("GET", "/metrics", b"", 200),
    "a search": ("POST", "/v1/search", BODY, 200),
    "an unknown path": ("GET", "/v1/nothing", b"", 404),
    "a body that nobody reads": ("POST", "/v1/nothing", BODY, 404),
    "a wrong method": ("PUT", "/v1/search", BODY, 405),
    "no content": ("OPTIONS", "/v1/search", b"", 204),
    "a head": ("HEAD", "/healthz", b"", 200),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_http_1_0_ends_with_the_response(daemon, case):
    method, target, body, status = REQUESTS[case]
    with connect(daemon.socket) as connection:
        connection.sendall(request(method, target, body=body, version="1.0"))
        response = RawResponse(connection, method)
        assert response.head.startswith(b"HTTP/1.0 "), response
        assert (response.status, response.headers["Connection"]) == (status, "close"), response
        assert "Transfer-Encoding" not in response.headers
        assert connection.recv(1) == b""


@pytest.mark.parametrize("line", ["Connection: keep-alive", "connection: Keep-Alive", "Connection: TE, Keep-alive"])
@pytest.mark.parametrize("case", REQUESTS)
def test_http_1_0_with_keep_alive_stays_open(daemon, case, line):
    method, target, body, status = REQUESTS[case]
    sent = request(method, target, line, body=body, version="1.0")
    for response in send(daemon, sent, sent, sent, method=method):
        assert (response.status, response.headers["Connection"]) == (status, "keep-alive"), response


@pytest.mark.parametrize("line", ["Connection: close", "Connection: keep-alive, close", "Connection: keep, alive"])
def test_http_1_0_without_keep_alive_in_the_list_ends(daemon, line):
    with connect(daemon.socket) as connection:
        connection.sendall(request("GET", "/healthz", line, version="1.0"))
        assert b"\r\nConnection: close\r\n" in read_to_end(connection)


@pytest.mark.parametrize("lines", [[], ["Connection: keep-alive"]])
def test_http_1_0_gets_a_backup_without_chunks(daemon, lines):
    with connect(daemon.socket) as connection:
        connection.sendall(request("GET", "/v1/backup", *lines, version="1.0"))
        head, _, body = read_to_end(connection).partition(b"\r\n\r\n")
    assert b"\r\nConnection: close" in head and b"Transfer-Encoding" not in head and b"Content-Length" not in head
    with daemon.client() as client:
        assert body == client.get("/v1/backup").body


@pytest.mark.parametrize(
    "line", ["Connection: close", "Connection: Close", "connection: TE, CLOSE", "Connection: close, x"]
)
@pytest.mark.parametrize("case", REQUESTS)
def test_http_1_1_ends_where_the_client_says_so(daemon, case, line):
    method, target, body, status = REQUESTS[case]
    with connect(daemon.socket) as connection:
        connection.sendall(request(method, target, line, body=body))
        response = RawResponse(connection, method)
        assert response.head.startswith(b"HTTP/1.1 "), response
        assert (response.status, response.headers["Connection"]) == (status, "close"), response
        assert connection.recv(1) == b""


@pytest.mark.parametrize("lines", [[], ["Connection: keep-alive"], ["Connection: TE"], ["Connection: closed"]])
def test_http_1_1_stays_open_otherwise(daemon, lines):
    sent = request("GET", "/healthz", *lines)
    for response in send(daemon, sent, sent):
        assert (response.status, response.headers["Connection"]) == (200, None), response


@pytest.mark.parametrize(("version", "lines"), [("1.0", []), ("1.1", ["Connection: close"])])
def test_nothing_after_the_last_request_is_one(daemon, version, lines):
    last = request("GET", "/healthz", *lines, version=version)
    with connect(daemon.socket) as connection:
        connection.sendall(request("GET", "/readyz") + last + request("GET", "/v1/status") * 2 + b"garbage" * 100)
        received = read_to_end(connection)
    assert received.count(b"HTTP/1.") == 2 and received.endswith(b'{"status":"alive"}')


def ab(daemon, target, *arguments):
    """Sends 40 requests with ApacheBench; what it counted."""
    with tcp_port(daemon.socket) as port:
        command = ["ab", "-q", "-n", "40", "-c", "4", "-s", str(DEADLINE), *arguments]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{target}"], capture_output=True, text=True, timeout=2 * DEADLINE
        )
    assert done.returncode == 0, done.stderr
    counted = dict(re.findall(r"^([\w -]+?(?:requests|responses)): +(\d+)$", done.stdout, re.M))
    return {name: int(count) for name, count in counted.items()}


@pytest.mark.parametrize("flags", [[], ["-k"]], ids=["closed", "kept alive"])
@pytest.mark.parametrize("kind", ["get", "head", "post"])
def test_apache_bench(daemon, tmp_path, kind, flags):
    (tmp_path / "body").write_bytes(BODY)
    # Responses to searches differ in length.
    kinds = {"get": [], "head": ["-i"], "post": ["-l", "-p", tmp_path / "body", "-T", JSON]}
    counted = ab(daemon, "/v1/search" if kind == "post" else "/healthz", *kinds[kind], *flags)
    assert (counted["Complete requests"], counted["Failed requests"]) == (40, 0)
    assert "Non-2xx responses" not in counted
    assert counted.get("Keep-Alive requests", 0) == (40 if flags else 0)
