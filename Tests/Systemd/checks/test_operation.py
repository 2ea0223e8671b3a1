"""What an administrator does: reload, restart, stop; what the journal tells."""

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
    """The settings, which are as before after the check."""
    before = SETTINGS.read_text()
    yield lambda more: SETTINGS.write_text(before + more)
    SETTINGS.write_text(before)
    nnnd.do("reload")


def test_a_reload_applies_what_can_change_and_names_what_can_not(nnnd, settings):
    process, place = nnnd.process, nnnd.now()
    settings("alpha: 0.25\nk: 100\n")
    nnnd.do("reload")
    # systemctl doesn't wait until the daemon has done it.
    wait_until(lambda: any("restart only" in line for _, line in nnnd.journal(since=place)), "the reload")
    status = nnnd.status()
    assert (status["alpha"], status["k"], nnnd.process) == (0.25, 128, process)
    lines = nnnd.journal(since=place)
    assert (5, "settings changed alpha=0.25") in lines
    (told,) = [line for level, line in lines if level == 4]
    assert re.fullmatch(r"settings that take effect at a restart only settings=\"?k\b.*", told)
    settings("")
    nnnd.do("reload")
    wait_until(lambda: (nnnd.status()["alpha"], nnnd.state) == (0.75, "active"), "the settings as before")


def test_a_reload_of_settings_that_can_not_be_changes_nothing(nnnd, settings):
    place = nnnd.now()
    settings("alpha: much\n")
    nnnd.do("reload")
    wait_until(
        lambda: any(level == 3 and "'much'" in line for level, line in nnnd.journal(since=place)), "the refusal")
    wait_until(lambda: nnnd.state == "active", "the service")
    assert nnnd.status()["alpha"] == 0.75


class Searchers:
    """Clients that keep searching, one on new connections, one on a kept one, one by nnnctl; as a context manager."""

    def __init__(self, service, query):
        self.service = service
        self.body = npy_bytes(query)
        self.answered = [0, 0, 0]
        self.failed = []
        self._end = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(0, False)), threading.Thread(target=self._ask, args=(1, True)),
            threading.Thread(target=self._run),
        ]  # fmt: skip

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def wait_for_more(self, count):
        """Waits until each has had that many more answers, or one has failed."""
        wanted = [number + count for number in self.answered]
        wait_until(
            lambda: self.failed or all(now >= then for now, then in zip(self.answered, wanted)), "answers")

    def _ask(self, place, kept):
        connection = UnixConnection(self.service.socket)
        while not self._end.is_set():
            try:
                connection.request("POST", "/v1/search?top_k=3", body=self.body, headers={"Content-Type": NPY})
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200:
                    raise OSError(f"{answer.status}: {body[:200]}")
            except Exception as error:
                self.failed.append(f"{'kept' if kept else 'new'} connection: {error!r}")
                return
            self.answered[place] += 1
            if not kept:
                connection.close()
        connection.close()

    def _run(self):
        while not self._end.is_set():
            finished = run("nnnctl", "status", "--socket", self.service.socket, user="bob", check=False)
            if finished.returncode != 0:
                self.failed.append(finished)
                return
            self.answered[2] += 1


def test_no_request_fails_while_it_restarts(nnnd):
    with Searchers(nnnd, np.ones((1, 384), np.float32)) as searchers:
        for _ in range(5):
            process = nnnd.process
            searchers.wait_for_more(5)
            nnnd.do("restart")
            assert nnnd.process != process
            searchers.wait_for_more(5)
    assert searchers.failed == []
    print(f"answered: {searchers.answered}")


def test_no_request_fails_while_it_is_stopped(nnnd):
    with Searchers(nnnd, np.ones((1, 384), np.float32)) as searchers:
        for _ in range(3):
            searchers.wait_for_more(5)
            # The next connection starts it again.
            run("systemctl", "stop", nnnd.unit)
            searchers.wait_for_more(5)
    assert searchers.failed == []


def test_a_stop_under_load_loses_nothing(nnnd, rng):
    shards = 60
    before = nnnd.status()["images"]
    for number in range(shards):
        nnnd.spool.drop("images", f"load-{number}.npy", rng.standard_normal((200, 384)).astype(np.float32))
        if number % 20 == 10:
            run("systemctl", "stop", nnnd.unit)
            assert nnnd.show("Result") == "success"
            nnnd.do("start")
    rows = [nnnd.spool.wait_receipt("images", f"load-{number}.npy") for number in range(shards)]
    assert [(receipt["rows"], receipt["replaced"]) for receipt in rows] == [(200, 0)] * shards
    assert nnnd.status()["images"] == before + shards * 200
    assert nnnd.check_biases() == before + shards * 200


def test_the_journal_tells_the_day_with_priorities(nnnd, rng):
    place = nnnd.now()
    nnnd.spool.drop("images", "day.npy", rng.standard_normal((3, 384)))
    nnnd.spool.wait_receipt("images", "day.npy")
    nnnd.spool.drop_bytes("images", "bad.npy", b"nothing")
    nnnd.spool.wait_failure("images", "bad.npy")
    nnnd.do("restart")
    lines = nnnd.journal(since=place)
    (good,) = [(level, line) for level, line in lines if line.startswith("shard took effect")]
    assert good[0] == 6
    assert all(f" {name}=" in good[1] for name in ("kind", "name", "rows", "generation", "seconds"))
    (bad,) = [(level, line) for level, line in lines if line.startswith("shard refused")]
    assert bad[0] == 4 and "name=bad.npy" in bad[1]
    assert (6, "nnnd stopped") in lines
    assert any(line.startswith("nnnd ") and "answers on /run/nnnd/nnnd.sock" in line for _, line in lines)


def test_metrics_are_there(nnnd):
    with nnnd.client() as client:
        assert f'nnnd_corpus_rows{{kind="images"}} {nnnd.status()["images"]}' in client.get("/metrics").body.decode()
