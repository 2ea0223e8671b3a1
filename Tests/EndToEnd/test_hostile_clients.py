"""Clients that mean harm, or have bugs: others are served, memory and descriptors stay bounded. Slow ones: test_slow_clients.py.

NNND_TEST_LARGE_CLIENTS=64 is how many send the largest requests at once.
"""

import os
import socket
import threading

import numpy as np
import pytest

from harness.clients import HEAD, MIB, check_served, descriptors, memory_peak, read_to_end
from harness.http import NPY, UnixConnection, connect, npy_bytes
from harness.spool import IMAGES
from harness.waiting import wait_until

LARGE_CLIENTS = int(os.environ.get("NNND_TEST_LARGE_CLIENTS") or 12)
IDLE = 1000
LARGEST_BODY = 64 * MIB


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
