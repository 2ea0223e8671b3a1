"""Two daemons that get in each other's way: the second one gives up and says why."""

import socket

from harness.daemon import run_to_end
from harness.http import connect

UNAVAILABLE, CONFIGURATION = 69, 78


def check_refused(found, expected, *names):
    status, errors = found
    assert status == expected, errors
    assert errors.count("\n") == 1, errors
    for name in names:
        assert str(name) in errors


def test_a_second_daemon_on_one_store_gives_up(daemon, tmp_path):
    found = run_to_end(tmp_path / "other", k=4, capacity=8, data=daemon.flags["data"])
    check_refused(found, UNAVAILABLE, daemon.flags["data"])
    assert daemon.status()["generation"] == 0


def test_a_second_daemon_on_one_socket_gives_up(daemon, tmp_path):
    found = run_to_end(tmp_path / "other", socket=daemon.socket)
    check_refused(found, UNAVAILABLE, daemon.socket)
    assert daemon.status()["generation"] == 0


def test_a_second_daemon_on_one_spool_gives_up(daemon, tmp_path):
    """Both would take shards, each for a corpus of its own."""
    found = run_to_end(tmp_path / "other", spool=daemon.flags["spool"])
    check_refused(found, UNAVAILABLE, daemon.flags["spool"])
    assert daemon.status()["generation"] == 0


def test_a_socket_that_nobody_listens_on_is_replaced(make_daemon):
    daemon = make_daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(daemon.socket))
    assert daemon.socket.is_socket()
    assert daemon.start().status()["generation"] == 0


def test_the_socket_of_another_program_is_left_alone(make_daemon):
    daemon = make_daemon()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(daemon.socket))
        other.listen()
        check_refused(run_to_end(daemon.folder), UNAVAILABLE, daemon.socket)
        connect(daemon.socket).close()


def test_a_file_in_the_place_of_the_socket_is_left_alone(make_daemon):
    daemon = make_daemon()
    daemon.socket.write_text("precious")
    check_refused(run_to_end(daemon.folder), CONFIGURATION, daemon.socket)
    assert daemon.socket.read_text() == "precious"


def test_the_end_of_one_leaves_a_socket_that_another_made_in_its_place(make_daemon):
    first = make_daemon().start()
    first.socket.unlink()
    second = make_daemon(socket=first.socket).start()
    assert first.stop() == 0
    assert second.status()["generation"] == 0


def test_the_socket_is_removed_at_the_end(make_daemon):
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    assert not daemon.socket.exists()
