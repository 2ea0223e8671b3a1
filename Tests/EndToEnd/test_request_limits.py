"""Limits of one request: queries, bytes of the body, hits of the answer, and one verification at a time."""

import select

import numpy as np
import pytest

from harness.clients import memory_peak, read_to_end
from harness.daemon import Daemon
from harness.http import JSON, NPY, Response, UnixConnection, connect, npy_bytes
from harness.problems import check_problem
from harness.spool import IMAGES, REFERENCES
from harness.threads import hung_thread
from harness.waiting import DEADLINE

MIB = 1 << 20
LARGEST_BODY = 64 * MIB


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with a small corpus, which the tests of this file share."""
    with Daemon(tmp_path_factory.mktemp("limits"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3))
        yield daemon


def test_more_than_4096_queries_are_rejected(client):
    assert client.post("/v1/search?top_k=1", npy_bytes(np.ones((4096, 3), np.float16)), NPY).status == 200
    response = client.post("/v1/search?top_k=1", npy_bytes(np.ones((4097, 3), np.float16)), NPY)
    check_problem(response, 400, "too_many_queries", "4097", "4096")
    text = '{"queries": [' + ",".join(["[1,2,3]"] * 4097) + "]}"
    check_problem(client.post("/v1/search", text.encode(), JSON), 400, "too_many_queries", "4097", "4096")


@pytest.mark.parametrize("target", ["/v1/search", "/v1/verify"])
def test_a_body_whose_length_exceeds_the_limit_is_rejected(daemon, target):
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", target)
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    connection.endheaders()
    response = Response("POST", target, connection.getresponse())
    check_problem(response, 413, "body_too_large", str(LARGEST_BODY))
    connection.close()


def test_a_chunked_body_that_exceeds_the_limit_is_rejected(daemon):
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", "/v1/search")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.putheader("Content-Type", NPY)
    connection.endheaders()
    chunk = b"100000\r\n" + b"x" * MIB + b"\r\n"
    try:
        for _ in range(LARGEST_BODY // MIB + 1):
            connection.send(chunk)
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    response = Response("POST", "/v1/search", connection.getresponse())
    check_problem(response, 413, "body_too_large", str(LARGEST_BODY))
    connection.close()


def test_a_large_body_within_the_limit_is_accepted(client):
    """20 MB of JSON with few numbers that have many digits."""
    number = "0." + "1" * 100_000
    text = '{"queries": [' + ",".join([f"[{number},{number},{number}]"] * 70) + "]}"
    assert client.post("/v1/search", text.encode(), JSON).status == 200


def test_top_k_above_the_number_of_images_does_not_count_as_hits(make_daemon):
    """Only hits that the corpus can give count; 4,096 queries for all of 300 images exceed the limit."""
    daemon = make_daemon(k=4).start()
    daemon.drop(IMAGES, "s.npy", np.random.default_rng(1).standard_normal((300, 4)).astype(np.float32))
    with daemon.client() as client:
        response = client.post("/v1/search?top_k=300", npy_bytes(np.ones((4096, 4), np.float16)), NPY)
        check_problem(response, 400, "too_many_hits")
        assert client.post("/v1/search?top_k=1000000000", npy_bytes(np.ones((3, 4))), NPY).status == 200


def test_more_than_a_million_hits_are_rejected(make_daemon, rng):
    daemon = make_daemon(k=4).start()
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((300, 4)))
    with daemon.client() as client:
        response = client.post("/v1/search?top_k=1000", npy_bytes(rng.standard_normal((4096, 4))), NPY)
        check_problem(response, 400, "too_many_hits", "1228800", "1000000")
        assert client.post("/v1/search?top_k=100", npy_bytes(rng.standard_normal((4096, 4))), NPY).status == 200


def test_many_equal_scores_for_many_queries_take_little_memory(make_daemon):
    """All rows of a block are candidates for all queries: 17 million pairs, of which few may be in memory at once."""
    daemon = make_daemon(k=4, threads=1).start()
    daemon.drop(IMAGES, "s.npy", np.ones((4096, 2), np.float32))
    with daemon.client() as client:
        client.search(np.ones((1, 2), np.float32), top_k=1)
        before = memory_peak(daemon)
        result = client.search(np.ones((4096, 2), np.float32), top_k=2)
        assert (result.ids == ["s:0", "s:1"]).all()
        assert memory_peak(daemon) - before < 100 * MIB


def test_a_second_verification_at_the_same_time_is_rejected(make_daemon, rng):
    daemon = make_daemon(k=4, threads=1).start()
    for kind in (REFERENCES, IMAGES):
        daemon.drop(kind, "s.npy", rng.standard_normal((300, 8)))
    connections = [connect(daemon.socket) for _ in range(2)]
    # The first verification cannot end while this thread hangs.
    with hung_thread(daemon.process.pid, "maintenance"):
        for connection in connections:
            connection.sendall(b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        (rejected,), _, _ = select.select(connections, [], [], DEADLINE)
        answer = read_to_end(rejected)
        assert answer.startswith(b"HTTP/1.1 503") and b"verify_running" in answer
    (other,) = (connection for connection in connections if connection is not rejected)
    assert read_to_end(other).startswith(b"HTTP/1.1 200")
    with daemon.client() as client:
        assert client.verify()["wrong"] == 0
