"""`Expect: 100-continue` (RFC 9110, section 10.1.1): the daemon asks for a body, or rejects the request without it."""

import asyncio
import json
import subprocess

import aiohttp
import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import JSON, NPY, connect
from harness.raw import RawResponse, read_head, request, send
from harness.spool import IMAGES
from harness.waiting import DEADLINE

LIMIT = 64 << 20
BODY = b'{"queries": [[1, 2, 3]], "top_k": 1}'
LARGE = BODY[:-1] + b" " * (2 << 20) + b"}"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
EXPECT = "Expect: 100-continue"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("expect"), k=4) as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(3))
        yield daemon


def search_head(length, *lines, target="/v1/search", method="POST"):
    """The head of a request that announces a body."""
    return request(method, target, *(lines or (EXPECT,)), f"Content-Length: {length}")


@pytest.mark.parametrize("line", [EXPECT, "expect: 100-Continue", "Expect: other, 100-continue"])
@pytest.mark.parametrize("target", ["/v1/search", "/v1/verify"])
def test_the_client_is_asked_for_the_body(daemon, line, target):
    body = BODY if target == "/v1/search" else b'{"sample": 1}'
    with connect(daemon.socket) as connection:
        for _ in range(2):
            connection.sendall(search_head(len(body), line, target=target))
            assert read_head(connection) == CONTINUE
            connection.sendall(body)
            response = RawResponse(connection)
            assert (response.status, response.headers["Connection"]) == (200, None), response


def test_the_client_is_asked_for_chunks(daemon):
    with connect(daemon.socket) as connection:
        connection.sendall(request("POST", "/v1/search", EXPECT, "Transfer-Encoding: chunked"))
        assert read_head(connection) == CONTINUE
        connection.sendall(f"{len(BODY):x}\r\n".encode() + BODY + b"\r\n0\r\n\r\n")
        assert RawResponse(connection).status == 200


REJECTED = {
    "a length beyond the limit": (search_head(LIMIT + 1), 413),
    "another media type": (search_head(9, EXPECT, "Content-Type: text/plain"), 415),
    "a malformed media type": (search_head(9, EXPECT, "Content-Type: a b"), 415),
    "another media type for verify": (search_head(9, EXPECT, f"Content-Type: {NPY}", target="/v1/verify"), 415),
    "another coding": (search_head(9, EXPECT, "Content-Encoding: br"), 415),
    "an unknown path": (search_head(9, target="/v1/find"), 404),
    "a wrong method": (search_head(9, method="PUT"), 405),
    "an unknown parameter": (search_head(9, target="/v1/search?topk=1"), 400),
    "a body that nobody reads": (search_head(9, target="/healthz", method="GET"), 200),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_final_response_ends_the_connection_without_the_body(daemon, case):
    head, status = REJECTED[case]
    with connect(daemon.socket) as connection:
        connection.sendall(head)
        response = RawResponse(connection)
        assert (response.status, response.headers["Connection"]) == (status, "close"), response
        assert connection.recv(1) == b""


@pytest.mark.parametrize("case", REJECTED)
def test_a_client_that_sends_the_body_all_the_same_can_read_the_response(daemon, case):
    head, status = REJECTED[case]
    body = b"x" * (LIMIT + 1 if status == 413 else 8 << 20)
    with connect(daemon.socket) as connection:
        connection.sendall(head.replace(b"Length: 9", b"Length: %d" % len(body)))
        # Far more than the socket holds: this returns because the daemon reads it.
        connection.sendall(body)
        response = RawResponse(connection)
        assert response.status == status, response
        if response.headers["Connection"] == "close":
            assert connection.recv(1) == b""
        else:
            # The body began to come before the request was rejected.
            connection.sendall(request("GET", "/healthz"))
            assert RawResponse(connection).status == 200


@pytest.mark.parametrize(
    "rest", [b"garbage\r\n" * 100_000, request("GET", "/healthz") * 1000], ids=["garbage", "requests"]
)
def test_what_follows_the_final_response_is_dropped(daemon, rest):
    head, status = REJECTED["another media type"]
    with connect(daemon.socket) as connection:
        connection.sendall(head)
        response = RawResponse(connection)
        connection.sendall(b"x" * 9 + rest)
        assert (response.status, connection.recv(1)) == (status, b"")


def test_a_body_that_has_come_is_not_asked_for(daemon):
    sent = request("POST", "/v1/search", EXPECT, body=BODY)
    first, second = send(daemon, sent, sent)
    assert (first.status, second.status) == (200, 200)


def test_a_request_without_a_body_is_not_asked_for_one(daemon):
    first, second = send(daemon, search_head(0), request("GET", "/healthz", EXPECT))
    assert (first.status, first.headers["Connection"]) == (400, None), first
    assert (second.status, second.headers["Connection"]) == (200, None), second


def test_other_expectations_are_ignored(daemon):
    (response,) = send(daemon, request("POST", "/v1/search", "Expect: 200-ok", body=BODY))
    assert response.status == 200


def test_http_1_0_knows_no_expectations(daemon):
    with connect(daemon.socket) as connection:
        connection.sendall(request("POST", "/v1/search", EXPECT, f"Content-Length: {len(BODY)}", version="1.0"))
        connection.sendall(BODY)
        assert RawResponse(connection).status == 200


def post_with_aiohttp(daemon, *requests):
    """Posts to searches with expect100=True in one session; the statuses and documents."""

    async def post():
        answers = []
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        connector = aiohttp.UnixConnector(path=str(daemon.socket))
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            for body, media_type in requests:
                headers = {"Content-Type": media_type}
                url = "http://localhost/v1/search"
                async with session.post(url, data=body, headers=headers, expect100=True) as response:
                    answers.append((response.status, await response.json(content_type=None)))
        return answers

    return asyncio.run(post())


def test_aiohttp(daemon):
    answers = post_with_aiohttp(daemon, (BODY, JSON), (LARGE, JSON), (BODY, "text/plain"), (LARGE, "x"), (BODY, JSON))
    assert [status for status, _ in answers] == [200, 200, 415, 415, 200]
    assert answers[0][1]["results"] == answers[4][1]["results"] != []


def curl(daemon, body, *arguments):
    """Posts a search with curl, which waits for 100 longer than the test does; the status and the bytes sent."""
    command = [
        "curl", "--silent", "--show-error", "--unix-socket", daemon.socket, "--max-time", str(DEADLINE), "--header",
        EXPECT, "--expect100-timeout", str(10 * DEADLINE), "--data-binary", "@-", "--output", "-", "--write-out",
        "\\n%{http_code} %{size_upload}", *arguments, "http://localhost/v1/search",
    ]  # fmt: skip
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    document, numbers = done.stdout.rsplit(b"\n", 1)
    return json.loads(document), *map(int, numbers.split())


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["small", "large"])
def test_curl(daemon, body):
    document, status, sent = curl(daemon, body, "--header", f"Content-Type: {JSON}")
    assert (status, sent, len(document["results"])) == (200, len(body), 1)


def test_curl_sends_no_body_that_is_rejected(daemon):
    document, status, sent = curl(daemon, LARGE, "--header", "Content-Type: text/plain")
    assert (status, sent, document["code"]) == (415, 0, "unsupported_media_type")
