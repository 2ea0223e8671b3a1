"""The listening socket that systemd passes: sd_listen_fds(3)."""

import http.client
import os
import socket
import threading

import numpy as np
import pytest

from harness.daemon import run_to_end
from harness.http import UnixConnection
from harness.manager import HandedOver, listening
from harness.spool import IMAGES
from harness.waiting import wait_until

CONFIGURATION = 78


@pytest.fixture
def handed(tmp_path):
    """A listening socket, as a socket unit makes it."""
    with listening(tmp_path / "s") as made:
        yield made


@pytest.fixture
def activated(make_daemon, handed, tmp_path):
    """A daemon that is given the socket, and isn't started yet."""
    return make_daemon(k=4, capacity=8, socket=tmp_path / "own", socket_path=tmp_path / "s", handed_over=HandedOver(handed))


def test_it_answers_on_the_socket_that_is_handed_over(activated, tmp_path):
    activated._socket_path = tmp_path / "s"
    assert activated.start().status()["generation"] == 0
    assert not (tmp_path / "own").exists()


def test_it_leaves_the_socket_to_systemd_at_the_end(activated, tmp_path):
    assert activated.start().stop() == 0
    assert (tmp_path / "s").is_socket()


def test_a_connection_made_before_the_start_waits(activated, tmp_path):
    connection = UnixConnection(tmp_path / "s")
    connection.request("GET", "/healthz")
    activated.spawn()
    assert connection.getresponse().status == 200
    connection.close()


def test_connections_made_during_a_restart_wait(activated, rng, tmp_path):
    activated.start()
    activated.drop(IMAGES, "i.npy", rng.standard_normal((3, 8)))
    for number in range(3):
        assert activated.stop() == 0
        connections = [UnixConnection(tmp_path / "s") for _ in range(20)]
        for connection in connections:
            connection.request("GET", "/v1/status")
        activated.spawn()
        for connection in connections:
            response = connection.getresponse()
            assert (response.status, b'"images":3' in response.read()) == (200, True), number
            connection.close()
        # Searches that come later are answered too.
        assert len(activated.search(np.ones((1, 8)))["results"][0]) == 3


@pytest.mark.parametrize("kept", [False, True], ids=["a connection a request", "a connection for all"])
def test_no_request_fails_during_restarts(activated, tmp_path, kept):
    activated.start()
    failed, answered, stop = [], [], threading.Event()

    def ask():
        connection = UnixConnection(tmp_path / "s")
        while not stop.is_set():
            try:
                connection.request("GET", "/healthz")
                response = connection.getresponse()
                response.read()
                answered.append(response.status)
            except (http.client.HTTPException, OSError) as error:
                failed.append(repr(error))
                return
            if not kept:
                connection.close()
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(5):
        activated.restart()
        wait_until(lambda: len(answered) > 20 * (number + 1) or failed, "answers", alive=activated.check_alive)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
    assert set(answered) == {200}


@pytest.mark.parametrize("process", [1, pytest.param(os.getpid(), id="ours"), "x"])
def test_a_socket_for_another_process_is_not_taken(make_daemon, handed, process):
    daemon = make_daemon(handed_over=HandedOver(handed, process=process)).start()
    assert daemon.status()["generation"] == 0
    assert daemon.stop() == 0
    assert not daemon.socket.exists()


def test_no_socket_handed_over_means_one_of_its_own(make_daemon):
    assert make_daemon(handed_over=HandedOver()).start().status()["generation"] == 0


def check_refused(folder, given, *told):
    status, errors = run_to_end(folder, handed_over=given)
    assert (status, errors.count("\n")) == (CONFIGURATION, 1), errors
    for text in told:
        assert text in errors, errors
    assert not (folder / "data").exists()


def test_several_sockets_are_refused(handed, tmp_path):
    with listening(tmp_path / "t") as another:
        check_refused(tmp_path / "d", HandedOver(handed, another), "2 sockets")


def test_a_pipe_is_refused(tmp_path):
    ends = os.pipe()
    check_refused(tmp_path / "d", HandedOver(ends[0]), "is not a socket")
    for end in ends:
        os.close(end)


def test_a_file_is_refused(tmp_path):
    with open(tmp_path / "file", "w") as file:
        check_refused(tmp_path / "d", HandedOver(file), "not a socket")


def test_a_descriptor_that_is_not_open_is_refused(tmp_path):
    check_refused(tmp_path / "d", HandedOver(count="1"), "descriptor 3")


def test_a_socket_that_does_not_listen_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(tmp_path / "silent"))
        check_refused(tmp_path / "d", HandedOver(silent), "not a listening socket")


def test_a_datagram_socket_is_refused(tmp_path):
    with listening(tmp_path / "datagrams", socket.SOCK_DGRAM) as datagrams:
        check_refused(tmp_path / "d", HandedOver(datagrams), "not a stream socket")


def test_a_network_socket_is_refused(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as network:
        check_refused(tmp_path / "d", HandedOver(network), "not a Unix socket")


@pytest.mark.parametrize("count", ["-1", "one", "1.5"])
def test_a_count_that_is_none_is_refused(handed, tmp_path, count):
    check_refused(tmp_path / "d", HandedOver(handed, count=count), f"'{count}'")
