"""systemd restarts the daemon after kills and hangs, but not after invalid settings."""

import contextlib

from harness.http import connect
from harness.threads import hung_thread, reap_thread
from harness.waiting import wait_until
from machine import DEADLINE, run

QUERY = b'{"queries": [[%s]], "top_k": 1}' % b", ".join([b"1"] * 384)


def test_a_killed_daemon_is_restarted_and_has_lost_nothing(nnnd):
    before, process, corpus = nnnd.restarts, nnnd.process, nnnd.status()
    run("systemctl", "kill", "--kill-who=main", "--signal=KILL", nnnd.unit)
    nnnd.wait_restarted(before, process)
    after = nnnd.status()
    assert [after[name] for name in ("images", "references", "generation")] == \
           [corpus[name] for name in ("images", "references", "generation")]  # fmt: skip
    assert nnnd.check_biases() == corpus["images"]


def test_the_watchdog_restarts_a_daemon_stopped_by_sigstop(nnnd):
    nnnd.set(WatchdogSec="3s", TimeoutAbortSec="1s")
    before, process, cursor = nnnd.restarts, nnnd.process, nnnd.journal_cursor()
    run("systemctl", "kill", "--kill-who=main", "--signal=STOP", nnnd.unit)
    nnnd.wait_restarted(before, process)
    assert any("Watchdog timeout" in line for _, line in nnnd.journal(since=cursor))
    assert nnnd.status()["images"] > 0


def test_the_watchdog_restarts_a_daemon_with_a_hung_ingest_loop(nnnd, rng):
    nnnd.set(WatchdogSec="3s", Environment="NNND_RESCAN_SECONDS=0.1")
    before, process, cursor = nnnd.restarts, nnnd.process, nnnd.journal_cursor()
    # systemd waits for the end of the killed process, which comes only when its traced thread has been reaped.
    with hung_thread(process, "spool") as thread:
        nnnd.spool.drop("images", "hung.npy", rng.standard_normal((3, 384)))
        nnnd.wait_restarted(before, process, alive=lambda: reap_thread(thread))
    assert any("a loop hangs" in line and "loop=ingest" in line for _, line in nnnd.journal(since=cursor))
    assert nnnd.spool.wait_receipt("images", "hung.npy")["rows"] == 3


def test_the_watchdog_restarts_a_daemon_with_a_hung_search_loop(nnnd):
    nnnd.set(WatchdogSec="3s")
    before, process, cursor = nnnd.restarts, nnnd.process, nnnd.journal_cursor()
    with hung_thread(process, "search queue") as thread, connect(nnnd.socket) as connection:
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(QUERY), QUERY))
        nnnd.wait_restarted(before, process, alive=lambda: reap_thread(thread))
    assert any("a loop hangs" in line and "loop=search" in line for _, line in nnnd.journal(since=cursor))
    assert nnnd.status()["images"] > 0


def test_the_watchdog_does_not_restart_an_idle_daemon(nnnd):
    nnnd.set(WatchdogSec="1s")
    before, process = nnnd.restarts, nnnd.process
    # If pings arrive after three times the interval, no ping was late.
    first = int(nnnd.show("WatchdogTimestampMonotonic"))
    wait_until(lambda: int(nnnd.show("WatchdogTimestampMonotonic")) > first + 3_000_000, "pings", deadline=DEADLINE)
    assert (nnnd.restarts, nnnd.process) == (before, process)


def start_with_an_invalid_setting(service):
    """Tries to start the service. The start fails, which systemctl may report."""
    with contextlib.suppress(AssertionError):
        service.set(Environment="NNND_K=many")


def test_a_daemon_with_invalid_settings_is_not_restarted(nnnd):
    nnnd.do("stop")
    start_with_an_invalid_setting(nnnd)
    wait_until(lambda: nnnd.state == "failed", "the service to fail")
    assert (nnnd.show("ExecMainStatus"), nnnd.show("NRestarts")) == ("78", "0")
    assert any("NNND_K" in line for level, line in nnnd.journal() if level == 3)


def test_socket_activation_stops_after_repeated_failed_starts(nnnd):
    nnnd.do("stop")
    start_with_an_invalid_setting(nnnd)
    with connect(nnnd.socket):
        # After each failed start the connection is still pending, so the socket unit starts the service again.
        wait_until(
            lambda: nnnd.show("ActiveState", nnnd.socket_unit) == "failed", "the socket to fail", deadline=DEADLINE
        )
    nnnd.remove_drop_ins()
    assert nnnd.status()["images"] > 0
