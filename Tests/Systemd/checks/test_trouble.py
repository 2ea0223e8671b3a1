"""Kills and hangs heal by themselves."""

from harness.http import connect
from harness.threads import hung_thread, reap_thread
from harness.waiting import wait_until
from machine import DEADLINE, run

QUERY = b'{"queries": [[%s]], "top_k": 1}' % b", ".join([b"1"] * 384)


def test_a_killed_daemon_is_restarted_and_knows_all(nnnd):
    before, process, corpus = nnnd.restarts, nnnd.process, nnnd.status()
    run("systemctl", "kill", "--kill-who=main", "--signal=KILL", nnnd.unit)
    nnnd.wait_restarted(before, process)
    after = nnnd.status()
    assert [after[name] for name in ("images", "references", "generation")] == \
           [corpus[name] for name in ("images", "references", "generation")]  # fmt: skip
    assert nnnd.check_biases() == corpus["images"]


def test_a_stopped_daemon_is_restarted_by_the_watchdog(nnnd):
    nnnd.set(WatchdogSec="3s", TimeoutAbortSec="1s")
    before, process, place = nnnd.restarts, nnnd.process, nnnd.now()
    run("systemctl", "kill", "--kill-who=main", "--signal=STOP", nnnd.unit)
    nnnd.wait_restarted(before, process)
    assert any("Watchdog timeout" in line for _, line in nnnd.journal(since=place))
    assert nnnd.status()["images"] > 0


def test_a_hung_ingest_loop_is_restarted_by_the_watchdog(nnnd, rng):
    nnnd.set(WatchdogSec="3s", Environment="SWIFT_BACKTRACE=enable=no NNND_RESCAN_SECONDS=0.1")
    before, process, place = nnnd.restarts, nnnd.process, nnnd.now()
    with hung_thread(process, "spool") as thread:
        nnnd.spool.drop("images", "hung.npy", rng.standard_normal((3, 384)))
        nnnd.wait_restarted(before, process, alive=lambda: reap_thread(thread))
    assert any("a loop hangs" in line and "loop=ingest" in line for _, line in nnnd.journal(since=place))
    assert nnnd.spool.wait_receipt("images", "hung.npy")["rows"] == 3


def test_a_hung_search_loop_is_restarted_by_the_watchdog(nnnd):
    nnnd.set(WatchdogSec="3s")
    before, process, place = nnnd.restarts, nnnd.process, nnnd.now()
    with hung_thread(process, "search queue") as thread, connect(nnnd.socket) as connection:
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(QUERY), QUERY))
        nnnd.wait_restarted(before, process, alive=lambda: reap_thread(thread))
    assert any("a loop hangs" in line and "loop=search" in line for _, line in nnnd.journal(since=place))
    assert nnnd.status()["images"] > 0


def test_an_idle_daemon_is_left_alone_by_the_watchdog(nnnd):
    nnnd.set(WatchdogSec="1s")
    before, process = nnnd.restarts, nnnd.process
    # A ping later than the limit after the start is one that was in time.
    first = int(nnnd.show("WatchdogTimestampMonotonic"))
    wait_until(lambda: int(nnnd.show("WatchdogTimestampMonotonic")) > first + 3_000_000, "pings", deadline=DEADLINE)
    assert (nnnd.restarts, nnnd.process) == (before, process)


def test_settings_that_can_not_be_are_not_tried_again(nnnd):
    nnnd.do("stop")
    try:
        nnnd.set(Environment="NNND_K=many")
    except AssertionError:
        pass
    wait_until(lambda: nnnd.state == "failed", "the service to fail")
    assert (nnnd.show("ExecMainStatus"), nnnd.show("NRestarts")) == ("78", "0")
    assert any("NNND_K" in line for level, line in nnnd.journal() if level == 3)


def test_a_daemon_that_can_not_start_is_given_up_though_clients_connect(nnnd):
    nnnd.do("stop")
    try:
        nnnd.set(Environment="NNND_K=many")
    except AssertionError:
        pass
    with connect(nnnd.socket):
        # Each failed start leaves the connection waiting, for which the socket starts it again.
        wait_until(lambda: nnnd.show("ActiveState", nnnd.socket_unit) == "failed", "systemd to give up", deadline=DEADLINE)
    nnnd.forget_drop_ins()
    assert nnnd.status()["images"] > 0
