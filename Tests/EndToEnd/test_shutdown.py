"""Shutdown: the daemon finishes requests and commits in progress and exits with status 0."""

import signal
import threading

import numpy as np
import pytest

from harness.http import NPY, Response, UnixConnection, connect, npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.waiting import wait_until

SIGNALS = [signal.SIGTERM, signal.SIGINT]
# Seconds until the daemon must have stopped; systemd kills a service after 90.
STOP_TIMEOUT = 30


@pytest.mark.parametrize("number", SIGNALS)
def test_each_stop_signal_ends_the_daemon_with_status_0(daemon, number):
    assert daemon.stop(number) == 0


@pytest.mark.parametrize("number", SIGNALS)
def test_searches_in_progress_are_answered(make_daemon, rng, number):
    daemon = make_daemon(k=4).start()
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((100, 2048)).astype(np.float16))
    # The body exceeds the buffers of the socket. When it has been sent, the daemon has read most of it, and the search
    # is in progress. The search is fast, because the daemon waits at most five seconds for answers.
    body = npy_bytes(rng.standard_normal((256, 2048)).astype(np.float32))
    connections = []
    for _ in range(6):
        connection = UnixConnection(daemon.socket)
        connection.request("POST", "/v1/search?top_k=3", body=body, headers={"Content-Type": NPY})
        connections.append(connection)
    daemon.send_signal(number)
    for connection in connections:
        response = Response("POST", "/v1/search", connection.getresponse())
        assert response.status == 200, response
        assert [len(hits) for hits in response.json()["results"]] == [3] * 256
        connection.close()
    assert daemon.wait() == 0


def test_idle_connections_do_not_delay_the_stop(daemon):
    with daemon.client() as used, daemon.client() as another:
        used.status()
        another.status()
        unused = connect(daemon.socket)
        assert daemon.stop() == 0
        assert unused.recv(1) == b""
        unused.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /v1/sta",
        b"GET /v1/status HTTP/1.1\r\nHost: x\r\n",
        b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
        b'POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"queries"',
    ],
    ids=["in the first line", "in the headers", "before the body", "in the body"],
)
def test_an_incomplete_request_does_not_delay_the_stop(daemon, sent):
    connection = connect(daemon.socket)
    connection.sendall(sent)
    # When another client has its answer, the daemon has read what was sent before.
    daemon.status()
    assert daemon.stop(deadline=STOP_TIMEOUT) == 0
    connection.close()


def test_a_client_that_does_not_read_its_answer_does_not_delay_the_stop(make_daemon, rng):
    daemon = make_daemon(k=4).start()
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((20_000, 8)))
    connection = UnixConnection(daemon.socket)
    body = npy_bytes(rng.standard_normal((20, 8)))
    connection.request("POST", "/v1/search?top_k=20000", body=body, headers={"Content-Type": NPY})
    # After the first byte the answer, which exceeds the buffers of the socket, is being sent.
    connection.sock.recv(1)
    assert daemon.stop(deadline=STOP_TIMEOUT) == 0
    connection.close()


@pytest.mark.parametrize("number", SIGNALS)
def test_a_commit_in_progress_is_finished_or_repeated_by_the_next_start(make_daemon, rng, number):
    daemon = make_daemon(k=8).start()
    references, images = rng.standard_normal((3000, 64)), rng.standard_normal((20_000, 64))
    daemon.drop(REFERENCES, "r.npy", references)
    daemon.spool.drop(IMAGES, "i.npy", images)
    wait_until(lambda: daemon.status()["spool"]["backlog"], "the shard in the backlog", alive=daemon.check_alive)
    assert daemon.stop(number) == 0
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "i.npy")["replaced"] == 0
    oracle = Oracle(k=8)
    oracle.put(REFERENCES, default_ids("r.npy", len(references)), references)
    oracle.put(IMAGES, default_ids("i.npy", len(images)), images)
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_stop_while_many_shards_wait_loses_none(make_daemon, rng):
    daemon = make_daemon(k=4)
    daemon.spool.create_incoming_folders()
    for number in range(1500):
        daemon.spool.drop(IMAGES, f"{number:04}.npy", rng.standard_normal((1, 8)))
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "0000.npy")
    assert daemon.stop() == 0
    done = [name for name in daemon.spool.names("done", IMAGES) if name.endswith(".npy")]
    assert len(done) + len(daemon.spool.names(IMAGES)) + len(daemon.spool.names("processing", IMAGES)) == 1500
    daemon.start()
    for number in range(1500):
        daemon.spool.wait_receipt(IMAGES, f"{number:04}.npy")
    assert daemon.status()["images"] == 1500


def test_searches_during_the_stop_get_an_answer_or_a_closed_connection(daemon, rng):
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((100, 8)))
    answered, errors = [], []

    def search():
        with daemon.client() as client:
            while True:
                try:
                    response = client.post("/v1/search", npy_bytes(np.ones((1, 8))), NPY)
                except (ConnectionError, FileNotFoundError):
                    return
                except Exception as error:
                    errors.append(error)
                    return
                if response.status not in (200, 503):
                    errors.append(response)
                answered.append(response.status)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 20, "some answers", alive=daemon.check_alive)
    assert daemon.stop() == 0
    for thread in threads:
        thread.join()
    assert not errors, errors
