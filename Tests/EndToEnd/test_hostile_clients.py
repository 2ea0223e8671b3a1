"""Hostile or faulty clients: other clients get answers, and memory and descriptors stay bounded.

Slow clients are in test_slow_clients.py. NNND_TEST_LARGE_CLIENTS=64 sets how many clients send the largest requests at
once.
"""

import os
import socket
import threading

import numpy as np
import pytest

from harness.clients import SEARCH_HEAD, MIB, check_search_works, descriptors, memory_peak, read_to_end
from harness.http import NPY, UnixConnection, connect, npy_bytes
from harness.spool import IMAGES
from harness.waiting import wait_until

LARGE_CLIENTS = int(os.environ.get("NNND_TEST_LARGE_CLIENTS") or 12)
IDLE_CONNECTIONS = 1000
LARGEST_BODY = 64 * MIB


def test_a_half_closed_connection_gets_its_answer_and_is_closed(make_filled_daemon):
    daemon = make_filled_daemon(client_seconds=60)
    with connect(daemon.socket) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b'"alive"' in read_to_end(connection)
    with connect(daemon.socket) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert read_to_end(connection) == b""
    check_search_works(daemon)


def test_hundreds_of_pipelined_requests_are_answered_in_order(make_filled_daemon):
    daemon = make_filled_daemon(client_seconds=60)
    body = npy_bytes(np.ones((1, 4)))
    search = SEARCH_HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    unknown_path = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
    count = 200
    with connect(daemon.socket) as connection:
        sender = threading.Thread(target=connection.sendall, args=((search + unknown_path) * count,))
        sender.start()
        received = b""
        while received.count(b"HTTP/1.1 ") < 2 * count or not received.endswith(b"}"):
            received += connection.recv(1 << 16)
        sender.join()
    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [b"200", b"404"] * count
    check_search_works(daemon)


def test_a_thousand_idle_connections_block_no_other_client(make_filled_daemon):
    daemon = make_filled_daemon(client_seconds=60)
    idle = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            idle.append(connect(daemon.socket))
        check_search_works(daemon)
        daemon.drop(IMAGES, "new.npy", np.ones((1, 4)))
        assert memory_peak(daemon) < 300 * MIB
    finally:
        for connection in idle:
            connection.close()
    wait_until(lambda: descriptors(daemon) < 100, "the connections to be closed", alive=daemon.check_alive)


def test_connections_closed_by_their_clients_leave_no_descriptors(make_filled_daemon):
    daemon = make_filled_daemon()
    check_search_works(daemon)
    before = descriptors(daemon)
    for turn in range(2000):
        connection = connect(daemon.socket)
        if turn % 3:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"[: turn % 40])
        connection.close()
    check_search_works(daemon)
    wait_until(lambda: descriptors(daemon) <= before + 4, "the connections to be closed", alive=daemon.check_alive)


# The largest requests, as (media type, body, query string, expected statuses); the limits are those of RequestLimits.
LARGE_REQUESTS = {
    # 64 MiB of vectors in the wrong dimension.
    "npy": (NPY, npy_bytes(np.ones((4096, 4095), np.float32)), "?top_k=1", (400, 503)),
    # As many numbers as the body can hold, which takes most memory to parse.
    "json": ("application/json", b'{"queries":[[' + b"1," * (LARGEST_BODY // 2 - 20) + b"1]]}", "", (400, 503)),
    # No JSON: a number with as many decimal points as the body can hold.
    "points": ("application/json", b'{"queries":[[1' + b"." * (LARGEST_BODY - 20) + b"]]}", "", (400, 503)),
    # As many hits as an answer can have.
    "hits": (NPY, npy_bytes(np.ones((4000, 4), np.float32)), "?top_k=250", (200, 503)),
}
MAX_MEMORY = 2 << 30


@pytest.mark.parametrize("case", LARGE_REQUESTS)
def test_memory_is_bounded_while_many_clients_send_the_largest_requests(make_filled_daemon, case, rng):
    media_type, body, query, expected = LARGE_REQUESTS[case]
    daemon = make_filled_daemon(client_seconds=600)
    daemon.drop(IMAGES, "more.npy", rng.standard_normal((300, 4)))
    statuses, errors = [], []

    def send():
        connection = UnixConnection(daemon.socket)
        try:
            connection.request("POST", "/v1/search" + query, body=body, headers={"Content-Type": media_type})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        except (BrokenPipeError, ConnectionResetError):
            # The daemon answered before it had received the whole body, and closed the connection.
            statuses.append(503)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(LARGE_CLIENTS)]
    for thread in threads:
        thread.start()
    check_search_works(daemon)
    for thread in threads:
        thread.join()
    check_search_works(daemon)
    print(case, {status: statuses.count(status) for status in set(statuses)}, memory_peak(daemon) // MIB, "MiB")
    assert not errors and set(statuses) <= set(expected), (errors, statuses)
    assert set(statuses) != {503}, "all requests were rejected as overload"
    assert memory_peak(daemon) < MAX_MEMORY
