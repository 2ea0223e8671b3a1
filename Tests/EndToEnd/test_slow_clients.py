"""Clients that do not send a request, do not complete it, or do not read the answer: the daemon disconnects them.

It waits `client-seconds`, which `make_filled_daemon` sets to 0.3.
"""

import numpy as np
import pytest

from harness.clients import SEARCH_HEAD, check_search_works, daemon_closed, read_to_end
from harness.http import connect, npy_bytes
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

UNFINISHED = {
    "nothing": b"",
    "a part of the first line": b"GET /v1/sta",
    "a head without an end": b"GET /v1/status HTTP/1.1\r\nHost: x\r\n",
    "no body": SEARCH_HEAD + b"Content-Length: 1000\r\n\r\n",
    "a part of a body": SEARCH_HEAD + b"Content-Length: 1000\r\n\r\nabc",
    "a part of a chunk": SEARCH_HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a body of a GET request": b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
    "a complete request and a part of the next": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_a_client_that_stops_sending_is_disconnected(make_filled_daemon, case):
    daemon = make_filled_daemon()
    with connect(daemon.socket) as connection:
        connection.sendall(UNFINISHED[case])
        read_to_end(connection)
    check_search_works(daemon)


def send_until_closed(connection, first, again):
    """Sends `first` and then `again` every 20 ms, until the daemon closes the connection."""
    connection.sendall(first)
    connection.settimeout(0.02)

    def closed():
        try:
            connection.sendall(again)
            return connection.recv(1 << 16) == b""
        except TimeoutError:
            return False
        except (BrokenPipeError, ConnectionResetError):
            return True

    wait_until(closed, "the connection to be closed")


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"GET /v1/status HTTP/1.1\r\n", b"A: b\r\n"),
        (b"", b"\r\n"),
        (SEARCH_HEAD + b"Content-Length: 60000000\r\n\r\n", b"x"),
        (SEARCH_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (SEARCH_HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 1000),
    ],
    ids=["headers", "empty lines", "a body", "chunks", "the rest of a body that was rejected"],
)
def test_a_client_that_sends_slowly_is_disconnected(make_filled_daemon, first, again):
    daemon = make_filled_daemon()
    with connect(daemon.socket) as connection:
        send_until_closed(connection, first, again)
    check_search_works(daemon)


def test_a_client_that_does_not_read_its_answer_is_disconnected(make_filled_daemon):
    daemon = make_filled_daemon()
    daemon.drop(IMAGES, "more.npy", np.random.default_rng(1).standard_normal((20_000, 4)))
    with connect(daemon.socket) as connection:
        body = npy_bytes(np.ones((20, 4)))
        length = f"Content-Length: {len(body)}\r\n\r\n".encode()
        head = SEARCH_HEAD.replace(b"/v1/search", b"/v1/search?top_k=20000") + length
        connection.sendall(head + body)
        wait_until(lambda: daemon_closed(connection), "the connection to be closed")
    check_search_works(daemon)


def test_a_client_is_not_disconnected_while_the_daemon_computes_its_answer(make_filled_daemon, rng):
    # On one thread the verification takes longer than 0.1 s.
    daemon = make_filled_daemon(client_seconds=0.1, threads=1)
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((30_000, 4)))
    daemon.drop(REFERENCES, "more.npy", rng.standard_normal((3_000, 4)))
    with daemon.client() as client:
        assert client.verify()["wrong"] == 0
