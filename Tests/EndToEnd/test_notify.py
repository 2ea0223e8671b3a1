"""What the daemon tells systemd: sd_notify(3)."""

import signal
import tempfile

import pytest

from harness.manager import Manager
from harness.spool import IMAGES, REFERENCES
from harness.store_lock import writer_lock
from harness.threads import hung_thread
from harness.http import connect


@pytest.fixture
def manager():
    with Manager() as manager:
        yield manager


@pytest.fixture
def make_managed(make_daemon, manager):
    """Makes daemons that tell the manager, started."""

    def make(watchdog=None, **settings):
        daemon = make_daemon(k=4, capacity=8, environment=manager.environment(watchdog), **settings)
        daemon.spawn()
        manager.wait("READY", alive=daemon.check_alive)
        return daemon

    return make


def test_ready_is_told_when_searches_are_answered(make_managed):
    # Asked once, at once.
    assert make_managed().search([[1.0, 2.0]])["results"] == [[]]


def test_a_socket_with_a_path_is_told_too(make_daemon):
    with tempfile.TemporaryDirectory() as folder, Manager(f"{folder}/notify") as manager:
        daemon = make_daemon(environment=manager.environment()).spawn()
        manager.wait("READY", alive=daemon.check_alive)


def test_without_a_manager_nothing_is_told(make_daemon, manager):
    make_daemon().start()
    assert manager.names == []


def test_a_manager_that_is_gone_does_no_harm(make_daemon, tmp_path):
    assert make_daemon(environment={"NOTIFY_SOCKET": f"{tmp_path}/n"}).start().stop() == 0


def test_ready_comes_once_and_stopping_is_the_end(make_managed, manager):
    daemon = make_managed()
    assert daemon.stop() == 0
    names = [name for name in manager.names if name in ("READY", "STOPPING", "RELOADING")]
    assert names == ["READY", "STOPPING"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_is_told(make_managed, manager, number):
    daemon = make_managed()
    daemon.send(number)
    manager.wait("STOPPING")
    assert daemon.wait() == 0


def test_the_status_tells_rows_generation_and_backlog(make_managed, manager, rng):
    daemon = make_managed()
    manager.wait("STATUS", lambda text: text == "0 images, 0 references, generation 0; no shard waits")
    daemon.spool.drop(IMAGES, "i.npy", rng.standard_normal((1234, 2)))
    manager.wait("STATUS", lambda text: text.startswith("1,234 images, 0 references, generation 1;"))
    daemon.spool.drop(REFERENCES, "r.npy", rng.standard_normal((5, 2)))
    manager.wait("STATUS", lambda text: text == "1,234 images, 5 references, generation 2; no shard waits")


def test_the_status_tells_what_waits(make_managed, manager, rng):
    daemon = make_managed()
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.endswith("; 1 shard waits"))
    manager.wait("STATUS", lambda text: text == "6 images, 0 references, generation 2; no shard waits")


def test_a_long_start_asks_for_more_time(make_managed, make_daemon, manager):
    daemon = make_managed()
    assert daemon.stop() == 0
    before = manager.names.count("READY")
    with writer_lock(daemon.flags["data"]):
        # The opening waits for the lock, as it would for a long computation.
        daemon.spawn()
        manager.wait("EXTEND_TIMEOUT_USEC", lambda text: int(text) >= 10_000_000, count=2)
        assert manager.names.count("READY") == before
    manager.wait("READY", alive=daemon.check_alive)


def test_a_long_stop_asks_for_more_time(make_managed, manager, rng):
    daemon = make_managed()
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.startswith("3 images") and text.endswith("; 1 shard waits"))
        daemon.send(signal.SIGTERM)
        manager.wait("EXTEND_TIMEOUT_USEC", count=2)
    assert daemon.wait() == 0


def test_the_watchdog_is_pinged_while_nothing_happens(make_managed, manager):
    make_managed(watchdog=1)
    manager.wait("WATCHDOG", lambda text: text == "1", count=5)


def test_no_pings_where_none_are_wanted(make_managed, manager):
    assert make_managed().stop() == 0
    assert "WATCHDOG" not in manager.names


def test_no_pings_where_another_process_is_meant(make_daemon, manager):
    daemon = make_daemon(environment=manager.environment(watchdog=1) | {"WATCHDOG_PID": "1"}).start()
    manager.wait("READY")
    assert daemon.stop() == 0
    assert "WATCHDOG" not in manager.names


SHORT = 2


def restart_as_systemd_does(daemon, manager):
    """What follows when the watchdog has bitten."""
    daemon.kill()
    daemon.spawn()
    manager.wait("READY", alive=daemon.check_alive)


def test_a_spool_thread_that_hangs_is_not_told_of_as_alive(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT, rescan_seconds=0.1)
    with hung_thread(daemon.process.pid, "spool"):
        manager.wait("STATUS", lambda text: text.startswith("The ingest loop has made no progress for"))
        daemon.spool.drop(IMAGES, "i.npy", rng.standard_normal((3, 2)))
        manager.wait_until_watchdog_bites(SHORT)
    restart_as_systemd_does(daemon, manager)
    daemon.spool.wait_receipt(IMAGES, "i.npy")


def test_a_search_thread_that_hangs_is_not_told_of_as_alive(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT)
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((3, 2)))
    with hung_thread(daemon.process.pid, "search queue"):
        # As long as nobody searches nothing is wrong with it.
        manager.wait("WATCHDOG", count=4)
        connection = connect(daemon.socket)
        body = b'{"queries": [[1, 2]]}'
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        manager.wait("STATUS", lambda text: text.startswith("The search loop has made no progress for"))
        manager.wait_until_watchdog_bites(SHORT)
        connection.close()
    restart_as_systemd_does(daemon, manager)
    assert len(daemon.search([[1.0, 2.0]])["results"][0]) == 3


def test_a_commit_that_hangs_is_not_told_of_as_alive(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT)
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.startswith("The ingest loop has made no progress for"))
        assert "a loop hangs" in daemon.log() and "loop=ingest" in daemon.log()
        manager.wait_until_watchdog_bites(SHORT)
    # Had systemd been more patient, all would be well again.
    manager.wait("WATCHDOG", count=2)
    daemon.spool.wait_receipt(IMAGES, "b.npy")
    assert "all loops make progress again" in daemon.log()
