"""Connections to the socket: keep-alive, pipelining, half-closed connections and clients that disconnect."""

import re
import socket

import numpy as np
import pytest

from harness.corpus import drop_random_corpus
from harness.http import NPY, connect, npy_bytes
from harness.oracle import check_rankings

DIMENSION = 12


@pytest.fixture
def oracle(daemon, rng):
    """The oracle of a daemon with 300 images and 90 references."""
    return drop_random_corpus(daemon, rng, images=300, references=90, dimension=DIMENSION)


@pytest.fixture
def queries(rng):
    return rng.standard_normal((7, DIMENSION)).astype(np.float32)


def send_requests(connection, paths, last_header=""):
    """Sends GET requests for all paths at once; `last_header` is a header of the last one."""
    requests = [f"GET {path} HTTP/1.1\r\nHost: x\r\n" for path in paths]
    connection.sendall("\r\n".join([*requests[:-1], f"{requests[-1]}{last_header}\r\n"]).encode())


def read_statuses(connection):
    """The statuses of all responses until the daemon closes the connection."""
    received = b"".join(iter(lambda: connection.recv(65536), b""))
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", received)]


def test_a_connection_stays_open_after_successful_and_failed_requests(client, oracle, queries):
    search = "/v1/search", npy_bytes(queries), NPY
    assert client.post(*search).status == 200
    first = client.connection.sock
    for _ in range(5):
        client.post(*search)
        client.get("/v1/status")
        client.get("/nothing")
        client.post_json("/v1/search", {"wrong": 1})
    assert client.connection.sock is first


def test_pipelined_requests_are_answered_in_order(daemon):
    with connect(daemon.socket) as connection:
        send_requests(connection, ["/healthz", "/v1/status", "/nothing", "/readyz"], "Connection: close\r\n")
        assert read_statuses(connection) == [200, 200, 404, 200]


def test_a_client_that_half_closes_its_connection_gets_its_answer(daemon):
    """The client closes its side of the connection right after the request, as `socat` does at the end of its input."""
    with connect(daemon.socket) as connection:
        send_requests(connection, ["/v1/status"])
        connection.shutdown(socket.SHUT_WR)
        assert read_statuses(connection) == [200]


def test_clients_that_disconnect_do_not_affect_others(daemon, client, oracle, queries):
    body = npy_bytes(np.repeat(queries, 40, axis=0))
    head = "POST /v1/search?top_k=300 HTTP/1.1\r\nHost: x\r\n"
    head += f"Content-Type: {NPY}\r\nContent-Length: {len(body)}\r\n\r\n"
    for sent in (10, 100, len(body)):
        for _ in range(5):
            with connect(daemon.socket) as connection:
                connection.sendall(head.encode() + body[:sent])
    check_rankings(oracle, queries, client.search(queries))
