"""Reload by SIGHUP: the daemon reads its settings again and applies those that need no restart."""

import signal
import socket

import ml_dtypes
import numpy as np
import pytest

from harness.http import NPY, npy_bytes
from harness.oracle import Oracle, check_everything
from harness.service_manager import ServiceManager
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.waiting import wait_until


@pytest.fixture
def manager():
    with ServiceManager() as manager:
        yield manager


class Reloadable:
    """A daemon with a configuration file, and a service manager that waits for the messages of a reload."""

    def __init__(self, make_daemon, manager, path, text, **settings):
        self.manager = manager
        self.path = path
        path.write_text(text)
        self.daemon = make_daemon(config=path, environment=manager.environment(), **settings)
        self.daemon.spawn()
        manager.wait("READY", alive=self.daemon.check_alive)

    def reload(self, text):
        """Changes the file, reloads, waits for the end of the reload, and returns the new part of the log."""
        before = len(self.daemon.log())
        self.path.write_text(text)
        self.daemon.send_signal(signal.SIGHUP)
        self.manager.wait("RELOADING", lambda value: value == "1", alive=self.daemon.check_alive)
        self.manager.wait("READY", alive=self.daemon.check_alive)
        return self.daemon.log()[before:]


@pytest.fixture
def make(make_daemon, manager, tmp_path):
    """Starts a daemon whose configuration file has the given text."""

    def make(text, **settings):
        return Reloadable(make_daemon, manager, tmp_path / "nnnd.yaml", text, **settings)

    return make


def test_a_reload_changes_alpha(make):
    reloadable = make("alpha: 0.5\n")
    log = reloadable.reload("alpha: 0.25\n")
    assert reloadable.daemon.status()["alpha"] == 0.25
    assert "settings changed alpha=0.25" in log


def test_each_reload_sends_reloading_and_then_ready(make, manager):
    reloadable = make("alpha: 0.5\n")
    reloadable.reload("alpha: 0.25\n")
    reloadable.reload("alpha: 0.125\n")
    names = [name for name in manager.names if name in ("RELOADING", "READY", "MONOTONIC_USEC")]
    assert names == ["READY"] + ["RELOADING", "MONOTONIC_USEC", "READY"] * 2
    assert all(int(value) > 0 for value in manager.values("MONOTONIC_USEC"))
    assert reloadable.daemon.metrics().values("nnnd_reloads_total") == {"ok": 2, "failed": 0}


def test_a_reload_of_an_unchanged_file_changes_nothing(make):
    assert "nothing has changed" in make("alpha: 0.5\n").reload("alpha: 0.5\n")


def test_a_reload_names_settings_that_need_a_restart(make):
    reloadable = make("k: 4\ncapacity: 8\nalpha: 0.5\n")
    log = reloadable.reload("k: 5\ncapacity: 9\nalpha: 0.25\nprecision: float16\n")
    assert 'settings that take effect at a restart only settings="capacity, precision"' in log
    status = reloadable.daemon.status()
    assert (status["k"], status["capacity"], status["alpha"]) == (5, 8, 0.25)
    # Each reload names them while the file and the settings in use differ.
    assert "capacity, precision" in reloadable.reload("k: 5\ncapacity: 9\nalpha: 0.25\nprecision: float16\n")


def test_a_reload_with_a_k_above_the_capacity_changes_nothing(make):
    reloadable = make("k: 4\ncapacity: 8\nalpha: 0.5\n")
    log = reloadable.reload("k: 9\ncapacity: 9\nalpha: 0.25\n")
    assert "the settings stay as they were" in log and "k is 9" in log and "nnnd rebuild" in log
    status = reloadable.daemon.status()
    assert (status["k"], status["alpha"]) == (4, 0.5)
    assert reloadable.daemon.metrics().values("nnnd_reloads_total") == {"ok": 0, "failed": 1}


def test_a_reload_applies_k_to_all_images(make, rng):
    reloadable = make("k: 4\ncapacity: 8\n")
    oracle = Oracle(k=4)
    for kind in (REFERENCES, IMAGES):
        vectors = rng.standard_normal((30, 5))
        reloadable.daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", 30), vectors)
    for k in (8, 1, 6):
        assert f"k={k}" in reloadable.reload(f"k: {k}\ncapacity: 8\n")
        oracle.k = k
        with reloadable.daemon.client() as client:
            check_everything(client, oracle)


@pytest.mark.parametrize("text", ["alpha: loud\n", "colour: red\n", "k: [1"])
def test_a_reload_of_an_invalid_file_changes_nothing(make, text):
    reloadable = make("alpha: 0.5\n")
    log = reloadable.reload(text)
    assert "the settings stay as they were" in log and str(reloadable.path) in log
    assert reloadable.daemon.status()["alpha"] == 0.5
    assert reloadable.daemon.metrics().values("nnnd_reloads_total") == {"ok": 0, "failed": 1}


def test_a_flag_overrides_the_file_in_a_reload_too(make):
    reloadable = make("alpha: 0.5\n", alpha=0.375)
    assert "nothing has changed" in reloadable.reload("alpha: 0.25\n")
    assert reloadable.daemon.status()["alpha"] == 0.375


def test_a_reload_changes_the_log_level(make, rng):
    reloadable = make("log-level: info\n")
    reloadable.reload("log-level: error\n")
    before = reloadable.daemon.log()
    reloadable.daemon.drop(IMAGES, "i.npy", rng.standard_normal((2, 2)))
    assert reloadable.daemon.log() == before
    reloadable.reload("log-level: info\n")
    reloadable.daemon.drop(IMAGES, "j.npy", rng.standard_normal((2, 2)))
    wait_until(lambda: "name=j.npy" in reloadable.daemon.log(), "the log line", alive=reloadable.daemon.check_alive)


def test_a_lower_max_references_retires_references_without_a_new_shard(make, rng):
    reloadable = make("k: 4\n")
    reloadable.daemon.drop(REFERENCES, "r.npy", rng.standard_normal((9, 2)))
    reloadable.reload("k: 4\nmax-references: 5\n")
    wait_until(
        lambda: reloadable.daemon.status()["references"] == 5, "four references to retire",
        alive=reloadable.daemon.check_alive,
    )  # fmt: skip


def test_a_reload_changes_largest_shard_and_finished_shards(make, rng):
    reloadable = make("largest-shard: 1MiB\nfinished-shards: move\n")
    daemon = reloadable.daemon
    reloadable.reload("largest-shard: 200\nfinished-shards: delete\n")
    daemon.drop(IMAGES, "small.npy", rng.standard_normal((1, 2)))
    assert not (daemon.spool.done(IMAGES) / "small.npy").exists()
    daemon.spool.drop(IMAGES, "large.npy", rng.standard_normal((100, 2)))
    assert daemon.spool.wait_failure(IMAGES, "large.npy")["code"] == "too_large"


def test_a_reload_changes_npy_v2(make):
    reloadable = make("npy-v2: reject\n")
    daemon = reloadable.daemon
    content = npy_bytes(np.ones((3, 2), ml_dtypes.bfloat16))
    daemon.spool.drop_bytes(IMAGES, "a.npy", content)
    assert daemon.spool.wait_failure(IMAGES, "a.npy")["code"] == "unsupported_dtype"
    reloadable.reload("npy-v2: bfloat16\n")
    daemon.spool.drop_bytes(IMAGES, "b.npy", content)
    daemon.spool.wait_receipt(IMAGES, "b.npy")
    with daemon.client() as client:
        assert client.post("/v1/search", content, NPY).status == 200
        reloadable.reload("npy-v2: reject\n")
        assert client.post("/v1/search", content, NPY).status == 400


def test_ingestion_continues_after_a_reload_of_the_scan_intervals(make, rng):
    reloadable = make("rescan-seconds: 86400\n", rescan_seconds=None, quiet_seconds=None)
    reloadable.reload("rescan-seconds: 0.1\nquiet-seconds: 0\n")
    reloadable.daemon.drop(IMAGES, "i.npy", rng.standard_normal((1, 2)))


def test_a_reload_changes_client_seconds(make):
    reloadable = make("client-seconds: 86400\n")
    reloadable.reload("client-seconds: 0.1\n")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(reloadable.daemon.socket))
        assert client.recv(1) == b"", "the daemon did not close a connection without a request"


def test_sighup_reloads_without_a_service_manager_too(make_daemon, tmp_path):
    path = tmp_path / "nnnd.yaml"
    path.write_text("alpha: 0.5\n")
    daemon = make_daemon(config=path).start()
    path.write_text("alpha: 0.25\n")
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: daemon.status()["alpha"] == 0.25, "the new alpha", alive=daemon.check_alive)
