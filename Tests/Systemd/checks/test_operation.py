"""Reload, restart and stop by an administrator, and the journal's messages."""

import pathlib
import re
import threading

import numpy as np
import pytest

from harness.http import UnixConnection, npy_bytes, NPY
from harness.waiting import wait_until
from machine import run

SETTINGS = pathlib.Path("/etc/nnnd/nnnd.yaml")


@pytest.fixture
def settings(nnnd):
    """A function that appends lines to nnnd.yaml; the file is restored after the check."""
    before = SETTINGS.read_text()
    yield lambda lines: SETTINGS.write_text(before + lines)
    SETTINGS.write_text(before)
    nnnd.do("reload")


def test_a_reload_applies_live_settings_and_names_those_that_need_a_restart(nnnd, settings):
    process, cursor = nnnd.process, nnnd.journal_cursor()
    threads = nnnd.status()["threads"]
    settings(f"alpha: 0.25\nk: 100\nthreads: {threads + 1}\n")
    nnnd.do("reload")
    # systemctl does not wait until the daemon has reloaded.
    wait_until(lambda: any("restart only" in line for _, line in nnnd.journal(since=cursor)), "the reload")
    status = nnnd.status()
    assert (status["alpha"], status["k"], status["threads"], nnnd.process) == (0.25, 100, threads, process)
    lines = nnnd.journal(since=cursor)
    (change,) = [line for level, line in lines if level == 5 and line.startswith("settings changed")]
    assert {"alpha=0.25", "k=100"} <= set(change.split())
    (warning,) = [line for level, line in lines if level == 4]
    assert re.fullmatch(r"settings that take effect at a restart only settings=\"?threads\b.*", warning)
    settings("")
    nnnd.do("reload")
    wait_until(
        lambda: (nnnd.status()["alpha"], nnnd.status()["k"], nnnd.state) == (0.75, 128, "active"), "the old settings")


def test_a_reload_of_invalid_settings_changes_nothing(nnnd, settings):
    cursor = nnnd.journal_cursor()
    settings("alpha: much\n")
    nnnd.do("reload")
    wait_until(
        lambda: any(level == 3 and "'much'" in line for level, line in nnnd.journal(since=cursor)), "the error message")
    wait_until(lambda: nnnd.state == "active", "the service")
    assert nnnd.status()["alpha"] == 0.75


class Searchers:
    """Three clients that send requests while the context lasts.

    One opens a connection for each search, one keeps its connection, and one runs `nnnctl status`.
    """

    def __init__(self, service, query):
        self.service = service
        self.body = npy_bytes(query)
        # The number of answers of each client.
        self.answered = [0, 0, 0]
        self.failures = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._search, args=(0, False)),
            threading.Thread(target=self._search, args=(1, True)),
            threading.Thread(target=self._run_nnnctl),
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, count):
        """Waits until each client has had `count` more answers, or one has failed."""
        targets = [number + count for number in self.answered]
        wait_until(
            lambda: self.failures or all(number >= target for number, target in zip(self.answered, targets)), "answers")

    def _search(self, index, keep_alive):
        connection = UnixConnection(self.service.socket)
        while not self._stopping.is_set():
            try:
                connection.request("POST", "/v1/search?top_k=3", body=self.body, headers={"Content-Type": NPY})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise OSError(f"{answer.status}: {body[:200]}")
            except Exception as error:
                self.failures.append(f"{'persistent' if keep_alive else 'new'} connection: {error!r}")
                return
            self.answered[index] += 1
            if not keep_alive:
                connection.close()
        connection.close()

    def _run_nnnctl(self):
        while not self._stopping.is_set():
            finished = run("nnnctl", "status", "--socket", self.service.socket, user="bob", check=False)
            if finished.returncode != 0:
                self.failures.append(finished)
                return
            self.answered[2] += 1


def test_no_request_fails_during_restarts(nnnd):
    with Searchers(nnnd, np.ones((1, 384), np.float32)) as searchers:
        for _ in range(5):
            process = nnnd.process
            searchers.wait_for_more(5)
            nnnd.do("restart")
            assert nnnd.process != process
            searchers.wait_for_more(5)
    assert searchers.failures == []
    print(f"answered: {searchers.answered}")


def test_no_request_fails_when_the_service_is_stopped(nnnd):
    with Searchers(nnnd, np.ones((1, 384), np.float32)) as searchers:
        for _ in range(3):
            searchers.wait_for_more(5)
            # Socket activation starts the service again.
            run("systemctl", "stop", nnnd.unit)
            searchers.wait_for_more(5)
    assert searchers.failures == []


def test_stops_under_load_lose_no_shard(nnnd, rng):
    shards = 60
    before = nnnd.status()["images"]
    for number in range(shards):
        nnnd.spool.drop("images", f"load-{number}.npy", rng.standard_normal((200, 384)).astype(np.float32))
        if number % 20 == 10:
            run("systemctl", "stop", nnnd.unit)
            assert nnnd.show("Result") == "success"
            nnnd.do("start")
    receipts = [nnnd.spool.wait_receipt("images", f"load-{number}.npy") for number in range(shards)]
    assert [(receipt["rows"], receipt["replaced"]) for receipt in receipts] == [(200, 0)] * shards
    assert nnnd.status()["images"] == before + shards * 200
    assert nnnd.check_biases() == before + shards * 200


def test_the_journal_has_shards_starts_and_stops_with_priorities(nnnd, rng):
    cursor = nnnd.journal_cursor()
    nnnd.spool.drop("images", "day.npy", rng.standard_normal((3, 384)))
    nnnd.spool.wait_receipt("images", "day.npy")
    nnnd.spool.drop_bytes("images", "bad.npy", b"nothing")
    nnnd.spool.wait_failure("images", "bad.npy")
    nnnd.do("restart")
    lines = nnnd.journal(since=cursor)
    (accepted,) = [(level, line) for level, line in lines if line.startswith("shard committed")]
    assert accepted[0] == 6
    assert all(f" {name}=" in accepted[1] for name in ("kind", "name", "rows", "generation", "seconds"))
    (rejected,) = [(level, line) for level, line in lines if line.startswith("shard rejected")]
    assert rejected[0] == 4 and "name=bad.npy" in rejected[1]
    assert (6, "nnnd stopped") in lines
    assert any(line.startswith("nnnd ") and "answers on /run/nnnd/nnnd.sock" in line for _, line in lines)


def test_metrics_have_the_number_of_images(nnnd):
    with nnnd.client() as client:
        assert f'nnnd_corpus_rows{{kind="images"}} {nnnd.status()["images"]}' in client.metrics()
