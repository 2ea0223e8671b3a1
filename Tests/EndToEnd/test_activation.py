"""Socket activation: the daemon uses the listening socket that systemd passes (sd_listen_fds(3))."""

import http.client
import os
import socket
import threading

import numpy as np
import pytest

from harness.daemon import run_to_end
from harness.http import UnixConnection
from harness.service_manager import PassedDescriptors, bound_socket
from harness.spool import IMAGES
from harness.waiting import wait_until

CONFIGURATION = 78


@pytest.fixture
def listening_socket(tmp_path):
    """A listening socket such as a socket unit creates."""
    with bound_socket(tmp_path / "s") as listening:
        yield listening


@pytest.fixture
def activated(make_daemon, listening_socket, tmp_path):
    """A daemon to which the socket will be passed; it has not been started."""
    passed = PassedDescriptors(listening_socket)
    return make_daemon(k=4, capacity=8, socket=tmp_path / "own", socket_path=tmp_path / "s", passed_descriptors=passed)


def test_the_daemon_answers_on_the_passed_socket(activated, tmp_path):
    activated._socket_path = tmp_path / "s"
    assert activated.start().status()["generation"] == 0
    assert not (tmp_path / "own").exists()


def test_the_daemon_does_not_remove_the_passed_socket(activated, tmp_path):
    assert activated.start().stop() == 0
    assert (tmp_path / "s").is_socket()


def test_a_connection_from_before_the_start_is_answered(activated, tmp_path):
    connection = UnixConnection(tmp_path / "s")
    connection.request("GET", "/healthz")
    activated.spawn()
    assert connection.getresponse().status == 200
    connection.close()


def test_connections_made_during_a_restart_are_answered(activated, rng, tmp_path):
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
        # Later searches are answered too.
        assert activated.search(np.ones((1, 8))).ids.shape == (1, 3)


@pytest.mark.parametrize("keep_alive", [False, True], ids=["a connection a request", "one connection"])
def test_no_request_fails_during_restarts(activated, tmp_path, keep_alive):
    activated.start()
    failed, answered, stop = [], [], threading.Event()

    def send_requests():
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
            if not keep_alive:
                connection.close()
        connection.close()

    threads = [threading.Thread(target=send_requests) for _ in range(4)]
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


@pytest.mark.parametrize("process", [1, pytest.param(os.getpid(), id="the test's process"), "x"])
def test_a_socket_passed_to_another_process_is_not_used(make_daemon, listening_socket, process):
    """The daemon creates a socket itself if LISTEN_PID is not its process id."""
    daemon = make_daemon(passed_descriptors=PassedDescriptors(listening_socket, process=process)).start()
    assert daemon.status()["generation"] == 0
    assert daemon.stop() == 0
    assert not daemon.socket.exists()


def test_without_a_passed_socket_the_daemon_creates_one(make_daemon):
    assert make_daemon(passed_descriptors=PassedDescriptors()).start().status()["generation"] == 0


def check_rejected(folder, passed, *texts):
    """Checks that the start fails with one line that has these texts, and creates no store."""
    status, errors = run_to_end(folder, passed_descriptors=passed)
    assert (status, errors.count("\n")) == (CONFIGURATION, 1), errors
    for text in texts:
        assert text in errors, errors
    assert not (folder / "data").exists()


def test_several_sockets_are_rejected(listening_socket, tmp_path):
    with bound_socket(tmp_path / "t") as another:
        check_rejected(tmp_path / "d", PassedDescriptors(listening_socket, another), "2 sockets")


def test_a_pipe_is_rejected(tmp_path):
    ends = os.pipe()
    check_rejected(tmp_path / "d", PassedDescriptors(ends[0]), "is not a socket")
    for end in ends:
        os.close(end)


def test_a_file_is_rejected(tmp_path):
    with open(tmp_path / "file", "w") as file:
        check_rejected(tmp_path / "d", PassedDescriptors(file), "not a socket")


def test_a_descriptor_that_is_not_open_is_rejected(tmp_path):
    check_rejected(tmp_path / "d", PassedDescriptors(count="1"), "descriptor 3")


def test_a_socket_that_does_not_listen_is_rejected(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        bound.bind(str(tmp_path / "bound"))
        check_rejected(tmp_path / "d", PassedDescriptors(bound), "not a listening socket")


def test_a_datagram_socket_is_rejected(tmp_path):
    with bound_socket(tmp_path / "datagrams", socket.SOCK_DGRAM) as datagrams:
        check_rejected(tmp_path / "d", PassedDescriptors(datagrams), "not a stream socket")


def test_a_network_socket_is_rejected(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as network:
        check_rejected(tmp_path / "d", PassedDescriptors(network), "not a Unix socket")


@pytest.mark.parametrize("count", ["-1", "one", "1.5"])
def test_an_invalid_number_of_descriptors_is_rejected(listening_socket, tmp_path, count):
    check_rejected(tmp_path / "d", PassedDescriptors(listening_socket, count=count), f"'{count}'")
