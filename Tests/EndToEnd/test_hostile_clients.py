"""Clients that mean harm, or have bugs: what hangs is ended, others are served, memory stays bounded.

NNND_TEST_LARGE_CLIENTS=64 is how many send the largest requests at once.
"""

import os
import pathlib
import select
import socket
import threading

import numpy as np
import pytest

from harness.http import NPY, UnixConnection, connect, npy_bytes
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

LARGE_CLIENTS = int(os.environ.get("NNND_TEST_LARGE_CLIENTS") or 12)
IDLE = 1000
MIB = 1 << 20
LARGEST_BODY = 64 * MIB

HEAD = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-npy\r\n"


@pytest.fixture
def served(make_daemon, rng):
    """Makes a daemon with a few images, which has little patience unless told otherwise."""

    def make(**settings):
        daemon = make_daemon(k=4, capacity=8, **{"client_seconds": 0.3} | settings).start()
        daemon.drop(IMAGES, "i.npy", rng.standard_normal((50, 4)))
        daemon.drop(REFERENCES, "r.npy", rng.standard_normal((20, 4)))
        return daemon

    return make


def memory_peak(daemon):
    """The most memory of its own that the daemon has had, in bytes; pages of the map count as well."""
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def check_served(daemon):
    with daemon.client() as client:
        assert len(client.search(np.ones((1, 4)), top_k=3)["results"][0]) == 3


def read_to_end(connection):
    """What comes until the other end closes, however it does."""
    received = b""
    while True:
        try:
            part = connection.recv(1 << 16)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


UNFINISHED = {
    "nothing": b"",
    "a part of the first line": b"GET /v1/sta",
    "a head without an end": b"GET /v1/status HTTP/1.1\r\nHost: x\r\n",
    "no body": HEAD + b"Content-Length: 1000\r\n\r\n",
    "a part of a body": HEAD + b"Content-Length: 1000\r\n\r\nabc",
    "a part of a chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "a body for what takes none": b"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
    "a whole request and a part of the next": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /heal",
}


@pytest.mark.parametrize("case", UNFINISHED)
def test_who_sends_no_more_is_disconnected(served, case):
    daemon = served()
    with connect(daemon.socket) as connection:
        connection.sendall(UNFINISHED[case])
        read_to_end(connection)
    check_served(daemon)


def send_until_closed(connection, first, again):
    """Sends a little again and again, each when the daemon has had time for the last; until the connection closes."""
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
        (HEAD + b"Content-Length: 60000000\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"Content-Length: 99999999999\r\n\r\n", b"x" * 1000),
    ],
    ids=["headers", "empty lines", "a body", "chunks", "the rest of a body that was refused"],
)
def test_who_sends_slowly_is_disconnected(served, first, again):
    daemon = served()
    with connect(daemon.socket) as connection:
        send_until_closed(connection, first, again)
    check_served(daemon)


def test_who_takes_no_answer_is_disconnected(served):
    daemon = served()
    daemon.drop(IMAGES, "more.npy", np.random.default_rng(1).standard_normal((20_000, 4)))
    with connect(daemon.socket) as connection:
        body = npy_bytes(np.ones((20, 4)))
        head = HEAD.replace(b"/v1/search", b"/v1/search?top_k=20000") + f"Content-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body)
        wait_until(lambda: daemon_closed(connection), "the connection to be closed")
    check_served(daemon)


def daemon_closed(connection):
    """Whether the other end of a socket has gone, without reading from it."""
    poller = select.poll()
    poller.register(connection, 0)
    return any(event & select.POLLHUP for _, event in poller.poll(0))


def test_a_request_that_takes_the_daemon_long_is_waited_for(served, rng):
    """Time runs for the client only while it is the client's turn."""
    daemon = served(client_seconds=0.1, threads=1)
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((30_000, 4)))
    daemon.drop(REFERENCES, "more.npy", rng.standard_normal((3_000, 4)))
    with daemon.client() as client:
        assert client.post("/v1/verify", b"", "application/json").json()["wrong"] == 0


def test_half_closed_connections_get_their_answer_and_an_end(served):
    daemon = served(client_seconds=60)
    with connect(daemon.socket) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b'"alive"' in read_to_end(connection)
    with connect(daemon.socket) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection) == b""
    check_served(daemon)


def test_requests_sent_ahead_are_answered_in_turn(served):
    daemon = served(client_seconds=60)
    body = npy_bytes(np.ones((1, 4)))
    search = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    count = 200
    with connect(daemon.socket) as connection:
        sender = threading.Thread(target=connection.sendall, args=((search + b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n") * count,))
        sender.start()
        received = b""
        while received.count(b"HTTP/1.1 ") < 2 * count or not received.endswith(b"}"):
            received += connection.recv(1 << 16)
        sender.join()
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404"] * count
    check_served(daemon)


def test_a_thousand_idle_connections_hold_nobody_up(served):
    daemon = served(client_seconds=60)
    idle = []
    try:
        for _ in range(IDLE):
            idle.append(connect(daemon.socket))
        check_served(daemon)
        daemon.drop(IMAGES, "new.npy", np.ones((1, 4)))
        assert memory_peak(daemon) < 300 * MIB
    finally:
        for connection in idle:
            connection.close()
    wait_until(lambda: descriptors(daemon) < 100, "the connections to be gone", alive=daemon.check_alive)


def test_connections_that_come_and_go_at_once_leave_nothing(served):
    daemon = served()
    check_served(daemon)
    before = descriptors(daemon)
    for turn in range(2000):
        connection = connect(daemon.socket)
        if turn % 3:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"[: turn % 40])
        connection.close()
    check_served(daemon)
    wait_until(lambda: descriptors(daemon) <= before + 4, "the connections to be gone", alive=daemon.check_alive)


# What large requests may take together: RequestLimits in Sources/nnnd/HTTP/Problems.swift.
LARGE = {
    # 64 MiB of numbers as they are.
    "npy": (NPY, npy_bytes(np.ones((4096, 4095), np.float32)), "?top_k=1", (400, 503)),
    # As many numbers as fit, which is what parsing makes most of.
    "json": ("application/json", b'{"queries":[[' + b"1," * (LARGEST_BODY // 2 - 20) + b"1]]}", "", (400, 503)),
    # As many hits as one answer may have.
    "hits": (NPY, npy_bytes(np.ones((4000, 4), np.float32)), "?top_k=250", (200, 503)),
}
MOST_MEMORY = 2 << 30


@pytest.mark.parametrize("case", LARGE)
def test_the_largest_requests_from_many_clients_at_once(served, case, rng):
    media_type, body, query, expected = LARGE[case]
    daemon = served(client_seconds=600)
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((300, 4)))
    found, errors = [], []

    def send():
        connection = UnixConnection(daemon.socket)
        try:
            connection.request("POST", "/v1/search" + query, body=body, headers={"Content-Type": media_type})
            answer = connection.getresponse()
            answer.read()
            found.append(answer.status)
        except (BrokenPipeError, ConnectionResetError):
            # An answer before all was sent, and the rest cut off.
            found.append(503)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(LARGE_CLIENTS)]
    for thread in threads:
        thread.start()
    check_served(daemon)
    for thread in threads:
        thread.join()
    check_served(daemon)
    print(case, {status: found.count(status) for status in set(found)}, memory_peak(daemon) // MIB, "MiB")
    assert not errors and set(found) <= set(expected), (errors, found)
    assert set(found) != {503}, "some get through"
    assert memory_peak(daemon) < MOST_MEMORY
