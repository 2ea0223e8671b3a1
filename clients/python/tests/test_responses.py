"""How responses are read from a socket: the usual ones directly, all others by http.client."""

import http.client
import socket
import threading

import pytest

from nnnd._responses import WholeResponse, read_response


def response_of(*pieces, closes=False):
    """What read_response makes of bytes that the daemon sends; `closes` ends the connection after them."""
    ours, daemons = socket.socketpair()
    with ours, daemons:
        ours.settimeout(10)

        def send():
            for piece in pieces:
                daemons.sendall(piece)
            if closes:
                daemons.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            response = read_response(ours, "POST")
        finally:
            sender.join()
        if not closes:
            ours.setblocking(False)
            with pytest.raises(BlockingIOError):
                ours.recv(1)
        return response


@pytest.mark.parametrize("size", [0, 1, 5000, 3_000_000])
def test_a_body_of_the_length_in_the_head_is_read_and_no_more(size):
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-LENGTH:  {size} \r\n\r\n".encode()
    assert response_of(head + body) == WholeResponse(200, body, None, "text/plain", False)


def test_a_problem_can_name_a_time_to_retry_after():
    head = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nContent-Length: 2\r\n\r\n"
    assert response_of(head + b"{}") == WholeResponse(503, b"{}", "2", None, False)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab"], (b"ab", True)),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"], (b"ab", False)),
        ([b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"], (b"ab", False)),
        ([b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab"], (b"ab", True)),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000 + b"\r\nContent-Length: 2\r\n\r\nab"], (b"ab", False)),
        ([b"HTTP/1.1 200 O", b"K\r\nContent-Le", b"ngth: 2\r\n\r", b"\nab"], (b"ab", False)),
    ],
    ids=["close", "chunked", "interim", "old", "long-head", "head-in-pieces"],
)
def test_other_responses_are_read_too(pieces, expected):
    status, body, retry_after, _, will_close = response_of(*pieces)
    assert (status, retry_after) == (200, None)
    assert (body, will_close) == expected


def test_a_body_without_a_length_ends_with_the_connection():
    assert response_of(b"HTTP/1.1 200 OK\r\n\r\nab", closes=True) == WholeResponse(200, b"ab", None, None, True)


@pytest.mark.parametrize(
    "data",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", b"\x00\x01\x02\r\n\r\n"],
    ids=["nothing", "half-a-body", "no-http"],
)
def test_an_incomplete_response_is_an_error(data):
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        response_of(data, closes=True)
