"""Malformed HTTP requests: each gets the expected status, and the daemon continues to answer others."""

import re

import pytest

import test_problems
from harness.daemon import Daemon
from harness.http import connect

END = b"\r\n\r\n"


def get(*lines, target=b"/v1/status", version=b"HTTP/1.1"):
    return b"\r\n".join([b"GET " + target + b" " + version, b"Host: x", b"Connection: close", *lines]) + END


def post(*lines, body=b""):
    head = [b"POST /v1/search HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Type: application/json", *lines]
    return b"\r\n".join(head) + END + body


# name: (bytes to send, statuses of the answers)
RAW = {
    "a header name with a space": (get(b"A b: c"), [400]),
    "a header without a colon": (get(b"nonsense"), [400]),
    "a header without a name": (get(b": x"), [400]),
    "a header with NUL": (get(b"A: b\0c"), [400]),
    "a header of 200 KB": (get(b"A: " + b"x" * 200_000), [400]),
    "10,000 headers": (get(*[b"A: b"] * 10_000), [400]),
    "a target of 200 KB": (get(target=b"/" + b"x" * 200_000), [400]),
    "a target with a space": (get(target=b"/a b"), [400]),
    "a target with NUL": (get(target=b"/\0"), [400]),
    "a target that is not a path": (get(target=b"status"), [400]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "HTTP/3.7": (get(version=b"HTTP/3.7"), [400]),
    "no version": (b"GET /v1/status\r\n\r\n", [400]),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300), [400]),
    "an unknown method": (get().replace(b"GET", b"STEAL"), [400]),
    "a method of 10 KB": (b"X" * 10_000 + b" / HTTP/1.1" + END, [400]),
    "two lengths": (post(b"Content-Length: 2", b"Content-Length: 3", body=b"{}x"), [400]),
    "a negative length": (post(b"Content-Length: -1"), [400]),
    "a length that is not a number": (post(b"Content-Length: two"), [400]),
    "a length of 2^64 + 2": (post(b"Content-Length: 18446744073709551618", body=b"{}"), [400]),
    "a length and chunks": (post(b"Content-Length: 2", b"Transfer-Encoding: chunked", body=b"0" + END), [400]),
    "a transfer coding after chunked": (post(b"Transfer-Encoding: chunked, identity", body=b"0" + END), [400]),
    "a chunk size that is not a number": (post(b"Transfer-Encoding: chunked", body=b"zz\r\n{}\r\n0" + END), [400]),
    "a chunk size of 2^64": (post(b"Transfer-Encoding: chunked", body=b"10000000000000000\r\n{}\r\n0" + END), [400]),
    "a body that is shorter than its length": (post(b"Content-Length: 2", body=b"{"), []),
    "a body without a length": (post(body=b"{}"), [400]),
}  # fmt: skip


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("requests"), k=4, client_seconds=1) as daemon:
        yield daemon


@pytest.mark.parametrize("case", RAW)
def test_a_malformed_request_gets_the_expected_status(daemon, case):
    sent, expected = RAW[case]
    with connect(daemon.socket) as connection:
        try:
            connection.sendall(sent)
        except BrokenPipeError:
            pass
        received = b""
        try:
            while part := connection.recv(1 << 16):
                received += part
        except ConnectionResetError:
            pass
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]
    print(case, statuses)
    assert statuses == expected
    assert daemon.status()["images"] == 0


def test_there_are_at_least_80_bad_requests():
    """Counts the cases here and in test_problems.py, with all parameters, so that many can't be lost unnoticed."""
    cases = len(RAW)
    for name, test in vars(test_problems).items():
        if name.startswith("test_"):
            product = 1
            for mark in getattr(test, "pytestmark", []):
                if mark.name == "parametrize":
                    product *= len(mark.args[1])
            cases += product
    assert cases >= 80
