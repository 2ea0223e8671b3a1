"""Backups: copies of the store while the daemon works, each as one commit left it, and what becomes of them."""

import copy
import os
import shutil
import signal
import subprocess
import threading

import numpy as np
import pytest

from harness.corpus import Corpus, ids_of
from harness.daemon import binary, clean_environment
from harness.http import connect
from harness.nnnctl import nnnctl, succeeds
from harness.oracle import check_everything
from harness.sanitizers import WITHOUT_RACE_DETECTION
from harness.spool import IMAGES, REFERENCES
from harness.store_lock import writer_lock
from harness.strace import STRACE, faults
from harness.waiting import wait_until

# More than pipes and sockets hold, so that a copy of it waits for whoever takes it.
MUCH = (20_000, 64)


def read_problem(response):
    return response.status, response.json()["code"]


@pytest.fixture
def large(make_daemon, rng):
    """A daemon with several MB of images."""
    daemon = make_daemon(k=4, capacity=8, client_seconds=1).start()
    daemon.drop(IMAGES, "i.npy", rng.standard_normal(MUCH).astype(np.float32))
    return daemon


def restore(make_daemon, backup):
    """A daemon that runs on a copy of a backup."""
    daemon = make_daemon(k=4)
    shutil.copytree(backup, daemon.flags["data"])
    return daemon.start()


def check_verified(daemon):
    with daemon.client() as client:
        report = client.post_json("/v1/verify", {}).json()
    assert (report["wrong"], report["checked"]) == (0, daemon.status()["images"])


def change(corpus, rng, step):
    """One random commit; its generation."""
    kind = str(rng.choice([IMAGES, REFERENCES]))
    ids = ids_of(kind, rng.choice(60, int(rng.integers(1, 30)), replace=False))
    if rng.random() < 0.3:
        return corpus.delete(kind, f"{step}.delete", ids)["generation"]
    return corpus.add(kind, f"{step}.npy", ids)["generation"]


def test_each_backup_under_load_is_some_generation(make_daemon, rng, tmp_path):
    """Shards, deletions and searches go on while it is made; the restored store is what one commit left."""
    corpus = Corpus(make_daemon(k=4, capacity=6, rescan_seconds=0.2).start(), rng)
    daemon, backups, failures = corpus.daemon, [], []
    enough = threading.Event()

    def back_up():
        while not enough.is_set():
            backups.append(tmp_path / f"backup-{len(backups)}")
            finished = nnnctl("backup", backups[-1], daemon=daemon)
            if finished.status != 0:
                failures.append(finished)

    def search():
        with daemon.client() as client:
            while not enough.is_set():
                client.search(np.ones((4, 6)), top_k=5)

    oracles = {}

    def note(generation):
        oracles[generation] = copy.deepcopy(corpus.oracle)

    corpus.add(IMAGES, "first.npy", ids_of(IMAGES, range(40)))
    note(corpus.add(REFERENCES, "first.npy", ids_of(REFERENCES, range(40)))["generation"])
    threads = [threading.Thread(target=work) for work in (back_up, search)]
    for thread in threads:
        thread.start()
    try:
        step = 0
        while len(backups) < 8:
            note(change(corpus, rng, step))
            step += 1
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    seen = set()
    for backup in backups:
        restored = restore(make_daemon, backup)
        generation = restored.status()["generation"]
        with restored.client() as client:
            check_everything(client, oracles[generation])
        check_verified(restored)
        seen.add(generation)
        assert restored.stop() == 0
    assert len(seen) > 1, "nothing changed meanwhile"
    corpus.check()


def test_a_restored_store_knows_its_shards(make_daemon, rng, tmp_path):
    """The same shard changes nothing, and what came after the backup can be dropped again."""
    corpus = Corpus(make_daemon(k=4, capacity=6).start(), rng)
    corpus.add(IMAGES, "a.npy", ["a", "b"])
    succeeds("backup", tmp_path / "backup", daemon=corpus.daemon)
    corpus.add(REFERENCES, "later.npy", ["r", "s"])
    restored = restore(make_daemon, tmp_path / "backup")
    for kind, name, known in ((IMAGES, "a", True), (REFERENCES, "later", False)):
        before = restored.spool.receipt_stamp(kind, f"{name}.npy")
        for file in (f"{name}.ids", f"{name}.npy"):
            os.rename(corpus.daemon.spool.done(kind) / file, restored.spool.incoming(kind) / file)
        assert restored.spool.wait_receipt(kind, f"{name}.npy", before)["unchanged"] is known
    with restored.client() as client:
        check_everything(client, corpus.oracle)


def test_a_backup_of_an_empty_corpus_is_one(make_daemon, daemon, tmp_path):
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    status = restore(make_daemon, tmp_path / "backup").status()
    assert (status["images"], status["generation"]) == (0, 0)


def test_a_backup_waits_for_no_commit(daemon, tmp_path):
    """Nor does it go on with one that is not durable yet."""
    with writer_lock(daemon.flags["data"]):
        succeeds("backup", tmp_path / "backup", daemon=daemon)


def test_a_backup_leaves_out_free_room(make_daemon, rng, tmp_path):
    daemon = make_daemon(k=4, capacity=8).start()
    rows = rng.standard_normal((2000, 64)).astype(np.float32)
    for name in ("a.npy", "b.npy", "c.npy"):
        daemon.drop(IMAGES, name, rows, ids=range(2000))
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert (tmp_path / "backup/data.mdb").stat().st_size < 0.8 * daemon.status()["store"]["bytes"]


def test_one_backup_at_a_time(large, tmp_path):
    with connect(large.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        with large.client() as client:
            assert read_problem(client.get("/v1/backup")) == (503, "backup_running")
        finished = nnnctl("backup", tmp_path / "backup", daemon=large)
        assert (finished.status, os.listdir(tmp_path)) == (75, [large.folder.name]), finished
    wait_until(lambda: nnnctl("backup", tmp_path / "backup", daemon=large).status == 0, "the next one's turn")


def test_who_takes_no_backup_is_disconnected(large):
    """So that no snapshot is held for ever."""
    with connect(large.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        received = 0
        connection.settimeout(0.05)

        def closed():
            # A little from time to time doesn't help.
            nonlocal received
            try:
                part = connection.recv(16)
            except TimeoutError:
                return False
            except ConnectionResetError:
                return True
            received += len(part)
            return part == b"" or "was not finished" in large.log()

        wait_until(closed, "the connection to be closed")
        assert received < MUCH[0] * MUCH[1]
    with large.client() as client:
        assert client.get("/v1/backup").status == 200


def test_a_daemon_that_is_stopped_leaves_no_backup(large, tmp_path):
    """A slow client is not waited for: it gets an end before the last chunk."""
    with connect(large.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        received = connection.recv(100)
        assert large.stop() == 0
        while part := connection.recv(1 << 16):
            received += part
    assert not received.endswith(b"0\r\n\r\n")


def test_a_copy_that_fails_in_the_daemon_is_no_backup(large, tmp_path):
    assert large.stop() == 0
    large.environment = WITHOUT_RACE_DETECTION
    large.start()
    with faults(large, "write", "error=EIO", when="30+"):
        finished = nnnctl("backup", tmp_path / "backup", daemon=large)
    assert finished.status == 69, finished
    assert os.listdir(tmp_path) == [large.folder.name]
    succeeds("backup", tmp_path / "backup", daemon=large)


def start_backup(daemon, target, *strace):
    """nnnctl under strace."""
    return subprocess.Popen(
        [*STRACE, "-o", "/dev/null", *strace, binary("nnnctl"), "backup", target], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment({"NNND_SOCKET": str(daemon.socket)}),
    )  # fmt: skip


def start_slow_backup(daemon, target):
    """nnnctl in the middle of a backup, which goes on slowly."""
    process = start_backup(daemon, target, "-D", "-e", "trace=write", "-e", "inject=write:delay_enter=20000:when=10+")
    wait_until(lambda: list(target.parent.glob(".nnnctl-backup-*/data.mdb")), "it to begin")
    return process


def test_a_daemon_that_is_killed_leaves_no_backup(large, tmp_path):
    """The client has a part, and knows."""
    with start_slow_backup(large, tmp_path / "backup") as process:
        large.kill()
        _, errors = process.communicate()
    assert (process.returncode, errors.count(b"\n")) == (69, 1), errors
    assert os.listdir(tmp_path) == [large.folder.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_nothing(large, tmp_path, number):
    with start_slow_backup(large, tmp_path / "backup") as process:
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, b"nnnctl: interrupted\n")
    assert os.listdir(tmp_path) == [large.folder.name]


@pytest.mark.parametrize(("call", "when"), [("write", 20), ("fsync", 1), ("fsync", 2), ("rename", 1)])
def test_nnnctl_that_is_killed_leaves_nothing_that_looks_finished(large, tmp_path, call, when):
    target = tmp_path / "backup"
    with start_backup(large, target, "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}") as process:
        process.communicate()
    assert process.returncode != 0
    assert not target.exists()
    # The daemon doesn't mind.
    wait_until(lambda: nnnctl("backup", target, daemon=large).status == 0, "the next backup's turn")
