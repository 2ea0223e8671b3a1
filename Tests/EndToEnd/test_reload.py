"""SIGHUP: settings are read anew, and what can change without a restart does."""

import signal
import socket

import pytest

from harness.manager import Manager
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until


@pytest.fixture
def manager():
    with Manager() as manager:
        yield manager


class Reloadable:
    """A daemon with a configuration file, and a manager who tells when it has been read."""

    def __init__(self, make_daemon, manager, path, text, **settings):
        self.manager = manager
        self.path = path
        path.write_text(text)
        self.daemon = make_daemon(config=path, environment=manager.environment(), **settings)
        self.daemon.spawn()
        manager.wait("READY", alive=self.daemon.check_alive)

    def reload(self, text):
        """Reloads with another file; what the log says of it."""
        before = len(self.daemon.log())
        self.path.write_text(text)
        self.daemon.send(signal.SIGHUP)
        self.manager.wait("RELOADING", lambda value: value == "1", alive=self.daemon.check_alive)
        self.manager.wait("READY", alive=self.daemon.check_alive)
        return self.daemon.log()[before:]


@pytest.fixture
def make(make_daemon, manager, tmp_path):
    def make(text, **settings):
        return Reloadable(make_daemon, manager, tmp_path / "nnnd.yaml", text, **settings)

    return make


def test_alpha_changes(make):
    reloadable = make("alpha: 0.5\n")
    said = reloadable.reload("alpha: 0.25\n")
    assert reloadable.daemon.status()["alpha"] == 0.25
    assert "settings changed alpha=0.25" in said


def test_each_reload_is_told_of_and_ends_with_ready(make, manager):
    reloadable = make("alpha: 0.5\n")
    reloadable.reload("alpha: 0.25\n")
    reloadable.reload("alpha: 0.125\n")
    told = [name for name in manager.names if name in ("RELOADING", "READY", "MONOTONIC_USEC")]
    assert told == ["READY"] + ["RELOADING", "MONOTONIC_USEC", "READY"] * 2
    assert all(int(value) > 0 for value in manager.values("MONOTONIC_USEC"))
    assert reloadable.daemon.metrics().values("nnnd_reloads_total") == {"ok": 2, "failed": 0}


def test_a_file_without_news_changes_nothing(make):
    assert "nothing has changed" in make("alpha: 0.5\n").reload("alpha: 0.5\n")


def test_what_cannot_change_is_named(make):
    reloadable = make("k: 4\ncapacity: 8\nalpha: 0.5\n")
    said = reloadable.reload("k: 5\ncapacity: 9\nalpha: 0.25\nprecision: float16\n")
    assert 'settings that take effect at a restart only settings="k, capacity, precision"' in said
    status = reloadable.daemon.status()
    assert (status["k"], status["alpha"]) == (4, 0.25)
    # And again, as long as the file and what is in force differ.
    assert "k, capacity, precision" in reloadable.reload("k: 5\ncapacity: 9\nalpha: 0.25\nprecision: float16\n")


@pytest.mark.parametrize("text", ["alpha: loud\n", "colour: red\n", "k: [1"])
def test_a_bad_file_changes_nothing(make, text):
    reloadable = make("alpha: 0.5\n")
    said = reloadable.reload(text)
    assert "the settings stay as they were" in said and str(reloadable.path) in said
    assert reloadable.daemon.status()["alpha"] == 0.5
    assert reloadable.daemon.metrics().values("nnnd_reloads_total") == {"ok": 0, "failed": 1}


def test_a_flag_still_goes_before_the_file(make):
    reloadable = make("alpha: 0.5\n", alpha=0.375)
    assert "nothing has changed" in reloadable.reload("alpha: 0.25\n")
    assert reloadable.daemon.status()["alpha"] == 0.375


def test_a_lower_log_level_silences(make, rng):
    reloadable = make("log-level: info\n")
    reloadable.reload("log-level: error\n")
    before = reloadable.daemon.log()
    reloadable.daemon.drop(IMAGES, "i.npy", rng.standard_normal((2, 2)))
    assert reloadable.daemon.log() == before
    reloadable.reload("log-level: info\n")
    reloadable.daemon.drop(IMAGES, "j.npy", rng.standard_normal((2, 2)))
    wait_until(lambda: "name=j.npy" in reloadable.daemon.log(), "the line", alive=reloadable.daemon.check_alive)


def test_retention_applies_at_once(make, rng):
    reloadable = make("k: 4\n")
    reloadable.daemon.drop(REFERENCES, "r.npy", rng.standard_normal((9, 2)))
    reloadable.reload("k: 4\nmax-references: 5\n")
    wait_until(lambda: reloadable.daemon.status()["references"] == 5, "four to go", alive=reloadable.daemon.check_alive)


def test_limits_change(make, rng):
    reloadable = make("largest-shard: 1MiB\nfinished-shards: move\n")
    daemon = reloadable.daemon
    reloadable.reload("largest-shard: 200\nfinished-shards: delete\n")
    daemon.drop(IMAGES, "small.npy", rng.standard_normal((1, 2)))
    assert not (daemon.spool.done(IMAGES) / "small.npy").exists()
    daemon.spool.drop(IMAGES, "large.npy", rng.standard_normal((100, 2)))
    assert daemon.spool.wait_failure(IMAGES, "large.npy")["code"] == "too_large"


def test_the_spool_is_looked_through_as_often_as_said_last(make, rng):
    reloadable = make("rescan-seconds: 86400\n", rescan_seconds=None, quiet_seconds=None)
    reloadable.reload("rescan-seconds: 0.1\nquiet-seconds: 0\n")
    # Written in place by a link, of which nothing is told but that something happened.
    reloadable.daemon.drop(IMAGES, "i.npy", rng.standard_normal((1, 2)))


def test_clients_have_as_long_as_said_last(make):
    reloadable = make("client-seconds: 86400\n")
    reloadable.reload("client-seconds: 0.1\n")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(reloadable.daemon.socket))
        assert client.recv(1) == b"", "it closes a connection without a request"


def test_a_hangup_without_a_manager_reloads_too(make_daemon, tmp_path):
    path = tmp_path / "nnnd.yaml"
    path.write_text("alpha: 0.5\n")
    daemon = make_daemon(config=path).start()
    path.write_text("alpha: 0.25\n")
    daemon.send(signal.SIGHUP)
    wait_until(lambda: daemon.status()["alpha"] == 0.25, "the new alpha", alive=daemon.check_alive)
