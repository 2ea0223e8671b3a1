"""A second daemon on the same store, socket or spool ends with an error that names the conflict."""

import socket

from harness.daemon import run_to_end
from harness.http import connect

UNAVAILABLE, CONFIGURATION = 69, 78


def check_start_failed(finished, expected, *names):
    """Checks the exit status, and that one line on standard error has these names."""
    status, errors = finished
    assert status == expected, errors
    assert errors.count("\n") == 1, errors
    for name in names:
        assert str(name) in errors


def test_a_second_daemon_on_the_same_store_fails_to_start(daemon, tmp_path):
    finished = run_to_end(tmp_path / "other", k=4, capacity=8, data=daemon.flags["data"])
    check_start_failed(finished, UNAVAILABLE, daemon.flags["data"])
    assert daemon.status()["generation"] == 0


def test_a_second_daemon_on_the_same_socket_fails_to_start(daemon, tmp_path):
    finished = run_to_end(tmp_path / "other", socket=daemon.socket)
    check_start_failed(finished, UNAVAILABLE, daemon.socket)
    assert daemon.status()["generation"] == 0


def test_a_second_daemon_on_the_same_spool_fails_to_start(daemon, tmp_path):
    """Otherwise each daemon would process a part of the shards, for its own corpus."""
    finished = run_to_end(tmp_path / "other", spool=daemon.flags["spool"])
    check_start_failed(finished, UNAVAILABLE, daemon.flags["spool"])
    assert daemon.status()["generation"] == 0


def test_a_stale_socket_is_replaced(make_daemon):
    daemon = make_daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(daemon.socket))
    assert daemon.socket.is_socket()
    assert daemon.start().status()["generation"] == 0


def test_a_socket_of_another_program_is_not_replaced(make_daemon):
    daemon = make_daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(daemon.socket))
        other.listen()
        check_start_failed(run_to_end(daemon.folder), UNAVAILABLE, daemon.socket)
        connect(daemon.socket).close()


def test_a_regular_file_at_the_socket_path_is_not_replaced(make_daemon):
    daemon = make_daemon()
    daemon.socket.write_text("precious")
    check_start_failed(run_to_end(daemon.folder), CONFIGURATION, daemon.socket)
    assert daemon.socket.read_text() == "precious"


def test_a_stopping_daemon_does_not_remove_the_socket_of_another_daemon(make_daemon):
    first = make_daemon().start()
    first.socket.unlink()
    second = make_daemon(socket=first.socket).start()
    assert first.stop() == 0
    assert second.status()["generation"] == 0


def test_a_stopping_daemon_removes_its_socket(make_daemon):
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    assert not daemon.socket.exists()
