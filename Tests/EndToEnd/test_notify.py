"""Messages of the daemon to systemd: sd_notify(3) and the watchdog."""

import signal
import tempfile

import pytest

from harness.service_manager import ServiceManager
from harness.spool import IMAGES, REFERENCES
from harness.store_lock import writer_lock
from harness.threads import hung_thread
from harness.http import connect


@pytest.fixture
def manager():
    with ServiceManager() as manager:
        yield manager


@pytest.fixture
def make_managed(make_daemon, manager):
    """Starts daemons that send messages to the service manager, and waits until they are ready."""

    def make(watchdog=None, **settings):
        daemon = make_daemon(k=4, capacity=8, environment=manager.environment(watchdog), **settings)
        daemon.spawn()
        manager.wait("READY", alive=daemon.check_alive)
        return daemon

    return make


def test_searches_succeed_as_soon_as_ready_was_sent(make_managed):
    assert make_managed().search([[1.0, 2.0]]).ids.shape == (1, 0)


def test_the_notify_socket_can_have_a_path_instead_of_an_abstract_name(make_daemon):
    with tempfile.TemporaryDirectory() as folder, ServiceManager(f"{folder}/notify") as manager:
        daemon = make_daemon(environment=manager.environment()).spawn()
        manager.wait("READY", alive=daemon.check_alive)


def test_without_notify_socket_nothing_is_sent(make_daemon, manager):
    make_daemon().start()
    assert manager.names == []


def test_a_missing_notify_socket_is_ignored(make_daemon, tmp_path):
    assert make_daemon(environment={"NOTIFY_SOCKET": f"{tmp_path}/n"}).start().stop() == 0


def test_ready_is_sent_once_at_the_start_and_stopping_once_at_the_stop(make_managed, manager):
    daemon = make_managed()
    assert daemon.stop() == 0
    names = [name for name in manager.names if name in ("READY", "STOPPING", "RELOADING")]
    assert names == ["READY", "STOPPING"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_stop_signal_sends_stopping(make_managed, manager, number):
    daemon = make_managed()
    daemon.send_signal(number)
    manager.wait("STOPPING")
    assert daemon.wait() == 0


def test_the_status_text_has_rows_generation_and_backlog(make_managed, manager, rng):
    daemon = make_managed()
    manager.wait("STATUS", lambda text: text == "0 images, 0 references, generation 0; no shard waits")
    daemon.spool.drop(IMAGES, "i.npy", rng.standard_normal((1234, 2)))
    manager.wait("STATUS", lambda text: text.startswith("1,234 images, 0 references, generation 1;"))
    daemon.spool.drop(REFERENCES, "r.npy", rng.standard_normal((5, 2)))
    manager.wait("STATUS", lambda text: text == "1,234 images, 5 references, generation 2; no shard waits")


def test_the_status_text_has_the_number_of_waiting_shards(make_managed, manager, rng):
    daemon = make_managed()
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.endswith("; 1 shard waits"))
    manager.wait("STATUS", lambda text: text == "6 images, 0 references, generation 2; no shard waits")


def test_a_long_start_extends_the_start_timeout(make_managed, make_daemon, manager):
    daemon = make_managed()
    assert daemon.stop() == 0
    before = manager.names.count("READY")
    with writer_lock(daemon.flags["data"]):
        # The start waits for the lock of the store, which stands for a long computation.
        daemon.spawn()
        manager.wait("EXTEND_TIMEOUT_USEC", lambda text: int(text) >= 10_000_000, count=2)
        assert manager.names.count("READY") == before
    manager.wait("READY", alive=daemon.check_alive)


def test_a_long_stop_extends_the_stop_timeout(make_managed, manager, rng):
    daemon = make_managed()
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.startswith("3 images") and text.endswith("; 1 shard waits"))
        daemon.send_signal(signal.SIGTERM)
        manager.wait("EXTEND_TIMEOUT_USEC", count=2)
    assert daemon.wait() == 0


def test_an_idle_daemon_pings_the_watchdog(make_managed, manager):
    make_managed(watchdog=1)
    manager.wait("WATCHDOG", lambda text: text == "1", count=5)


def test_without_watchdog_usec_no_pings_are_sent(make_managed, manager):
    assert make_managed().stop() == 0
    assert "WATCHDOG" not in manager.names


def test_with_another_watchdog_pid_no_pings_are_sent(make_daemon, manager):
    daemon = make_daemon(environment=manager.environment(watchdog=1) | {"WATCHDOG_PID": "1"}).start()
    manager.wait("READY")
    assert daemon.stop() == 0
    assert "WATCHDOG" not in manager.names


# Seconds.
SHORT_WATCHDOG = 2


def restart_as_systemd_does(daemon, manager):
    """Kills and restarts the daemon, as systemd does after a watchdog timeout."""
    daemon.kill()
    daemon.spawn()
    manager.wait("READY", alive=daemon.check_alive)


def test_pings_stop_while_the_spool_thread_hangs(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT_WATCHDOG, rescan_seconds=0.1)
    with hung_thread(daemon.process.pid, "spool"):
        manager.wait("STATUS", lambda text: text.startswith("The ingest loop has made no progress for"))
        daemon.spool.drop(IMAGES, "i.npy", rng.standard_normal((3, 2)))
        manager.wait_for_watchdog_timeout(SHORT_WATCHDOG)
    restart_as_systemd_does(daemon, manager)
    daemon.spool.wait_receipt(IMAGES, "i.npy")


def test_pings_stop_while_the_search_thread_hangs_with_a_waiting_search(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT_WATCHDOG)
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((3, 2)))
    with hung_thread(daemon.process.pid, "search queue"):
        # Without a waiting search the thread counts as idle.
        manager.wait("WATCHDOG", count=4)
        connection = connect(daemon.socket)
        body = b'{"queries": [[1, 2]]}'
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        manager.wait("STATUS", lambda text: text.startswith("The search loop has made no progress for"))
        manager.wait_for_watchdog_timeout(SHORT_WATCHDOG)
        connection.close()
    restart_as_systemd_does(daemon, manager)
    assert daemon.search([[1.0, 2.0]]).ids.shape == (1, 3)


def test_pings_stop_while_a_commit_hangs_and_continue_afterwards(make_managed, manager, rng):
    daemon = make_managed(watchdog=SHORT_WATCHDOG)
    daemon.drop(IMAGES, "a.npy", rng.standard_normal((3, 2)))
    with writer_lock(daemon.flags["data"]):
        daemon.spool.drop(IMAGES, "b.npy", rng.standard_normal((3, 2)))
        manager.wait("STATUS", lambda text: text.startswith("The ingest loop has made no progress for"))
        assert "a loop hangs" in daemon.log() and "loop=ingest" in daemon.log()
        manager.wait_for_watchdog_timeout(SHORT_WATCHDOG)
    # The daemon recovers if systemd does not kill it.
    manager.wait("WATCHDOG", count=2)
    daemon.spool.wait_receipt(IMAGES, "b.npy")
    assert "all loops make progress again" in daemon.log()
