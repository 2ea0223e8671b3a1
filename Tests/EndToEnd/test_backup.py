"""`/v1/backup` and `nnnctl backup`: a backup is the store at one generation, or there is no backup."""

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

# More data than pipe and socket buffers hold, so that a backup blocks until its client reads.
LARGE_SHAPE = (20_000, 64)


def status_and_code(response):
    return response.status, response.json()["code"]


@pytest.fixture
def large_daemon(make_daemon, rng):
    """A daemon with 5 MB of images."""
    daemon = make_daemon(k=4, capacity=8, client_seconds=1).start()
    daemon.drop(IMAGES, "i.npy", rng.standard_normal(LARGE_SHAPE).astype(np.float32))
    return daemon


def start_from_backup(make_daemon, backup):
    """Starts a daemon on a copy of a backup."""
    daemon = make_daemon(k=4)
    shutil.copytree(backup, daemon.flags["data"])
    return daemon.start()


def check_nothing_is_left(daemon, folder):
    """Checks that `folder` has no files of a backup, only the folder of the daemon."""
    assert os.listdir(folder) == [daemon.folder.name]


def check_verified(daemon):
    with daemon.client() as client:
        report = client.verify()
    assert (report["wrong"], report["checked"]) == (0, daemon.status()["images"])


def commit_random_shard(corpus, rng, step):
    """Commits a random shard or deletion list and returns the generation."""
    kind = str(rng.choice([IMAGES, REFERENCES]))
    ids = ids_of(kind, rng.choice(60, int(rng.integers(1, 30)), replace=False))
    if rng.random() < 0.3:
        return corpus.delete(kind, f"{step}.delete", ids)["generation"]
    return corpus.add(kind, f"{step}.npy", ids)["generation"]


def test_each_backup_taken_under_load_equals_one_generation(make_daemon, rng, tmp_path):
    """Shards, deletions and searches continue during the backups; each restored store equals one generation."""
    corpus = Corpus(make_daemon(k=4, capacity=6, rescan_seconds=0.2).start(), rng)
    daemon, backups, failures = corpus.daemon, [], []
    stopping = threading.Event()

    def back_up():
        while not stopping.is_set():
            backups.append(tmp_path / f"backup-{len(backups)}")
            finished = nnnctl("backup", backups[-1], daemon=daemon)
            if finished.status != 0:
                failures.append(finished)

    def search():
        with daemon.client() as client:
            while not stopping.is_set():
                client.search(np.ones((4, 6)), top_k=5)

    oracles = {}

    def record_oracle(generation):
        oracles[generation] = copy.deepcopy(corpus.oracle)

    corpus.add(IMAGES, "first.npy", ids_of(IMAGES, range(40)))
    record_oracle(corpus.add(REFERENCES, "first.npy", ids_of(REFERENCES, range(40)))["generation"])
    threads = [threading.Thread(target=work) for work in (back_up, search)]
    for thread in threads:
        thread.start()
    try:
        step = 0
        while len(backups) < 8:
            record_oracle(commit_random_shard(corpus, rng, step))
            step += 1
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert not failures, failures
    generations = set()
    for backup in backups:
        restored = start_from_backup(make_daemon, backup)
        generation = restored.status()["generation"]
        with restored.client() as client:
            check_everything(client, oracles[generation])
        check_verified(restored)
        generations.add(generation)
        assert restored.stop() == 0
    assert len(generations) > 1, "all backups have the same generation"
    corpus.check()


def test_a_restored_store_recognises_shards_from_before_the_backup(make_daemon, rng, tmp_path):
    """Such a shard changes nothing when dropped again; a shard from after the backup takes effect."""
    corpus = Corpus(make_daemon(k=4, capacity=6).start(), rng)
    corpus.add(IMAGES, "a.npy", ["a", "b"])
    # The commit of another shard acknowledges the receipt of the first one. Otherwise that receipt would still be
    # pending in the backup, and the restored daemon would write it again.
    corpus.add(IMAGES, "other.npy", ["c"])
    succeeds("backup", tmp_path / "backup", daemon=corpus.daemon)
    corpus.add(REFERENCES, "later.npy", ["r", "s"])
    restored = start_from_backup(make_daemon, tmp_path / "backup")
    for kind, name, unchanged in ((IMAGES, "a", True), (REFERENCES, "later", False)):
        before = restored.spool.receipt_version(kind, f"{name}.npy")
        for file in (f"{name}.ids", f"{name}.npy"):
            os.rename(corpus.daemon.spool.done(kind) / file, restored.spool.incoming(kind) / file)
        assert restored.spool.wait_receipt(kind, f"{name}.npy", before)["unchanged"] is unchanged
    with restored.client() as client:
        check_everything(client, corpus.oracle)


def test_a_backup_of_an_empty_corpus_can_be_restored(make_daemon, daemon, tmp_path):
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    status = start_from_backup(make_daemon, tmp_path / "backup").status()
    assert (status["images"], status["generation"]) == (0, 0)


def test_a_backup_does_not_wait_for_a_write_transaction(daemon, tmp_path):
    """The backup succeeds while another process holds the writer lock."""
    with writer_lock(daemon.flags["data"]):
        succeeds("backup", tmp_path / "backup", daemon=daemon)


def test_a_backup_leaves_out_free_pages(make_daemon, rng, tmp_path):
    daemon = make_daemon(k=4, capacity=8).start()
    rows = rng.standard_normal((2000, 64)).astype(np.float32)
    for name in ("a.npy", "b.npy", "c.npy"):
        daemon.drop(IMAGES, name, rows, ids=range(2000))
    succeeds("backup", tmp_path / "backup", daemon=daemon)
    assert (tmp_path / "backup/data.mdb").stat().st_size < 0.8 * daemon.status()["store"]["bytes"]


def wait_for_backup(daemon, target):
    """Tries `nnnctl backup` until it succeeds."""
    wait_until(lambda: nnnctl("backup", target, daemon=daemon).status == 0, "the next backup to succeed")


def test_a_second_backup_at_the_same_time_is_rejected(large_daemon, tmp_path):
    with connect(large_daemon.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
        with large_daemon.client() as client:
            assert status_and_code(client.get("/v1/backup")) == (503, "backup_running")
        finished = nnnctl("backup", tmp_path / "backup", daemon=large_daemon)
        assert finished.status == os.EX_TEMPFAIL, finished
        check_nothing_is_left(large_daemon, tmp_path)
    wait_for_backup(large_daemon, tmp_path / "backup")


def test_a_client_that_reads_a_backup_too_slowly_is_disconnected(large_daemon):
    """Otherwise it could keep an LMDB snapshot open for ever."""
    with connect(large_daemon.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        received = 0
        connection.settimeout(0.05)

        def closed():
            # The client reads a few bytes from time to time, which is too slow.
            nonlocal received
            try:
                part = connection.recv(16)
            except TimeoutError:
                return False
            except ConnectionResetError:
                return True
            received += len(part)
            return part == b"" or "was not finished" in large_daemon.log()

        wait_until(closed, "the connection to be closed")
        # Far less than the backup: its vectors alone have four times as many bytes.
        assert received < LARGE_SHAPE[0] * LARGE_SHAPE[1]
    with large_daemon.client() as client:
        assert client.get("/v1/backup").status == 200


def test_stopping_the_daemon_cuts_off_a_running_backup(large_daemon, tmp_path):
    """The daemon does not wait for a slow client; the response ends without its last chunk."""
    with connect(large_daemon.socket) as connection:
        connection.sendall(b"GET /v1/backup HTTP/1.1\r\nHost: x\r\n\r\n")
        received = connection.recv(100)
        assert large_daemon.stop() == 0
        while part := connection.recv(1 << 16):
            received += part
    assert not received.endswith(b"0\r\n\r\n")


def test_a_write_error_in_the_daemon_fails_the_backup(large_daemon, tmp_path):
    assert large_daemon.stop() == 0
    large_daemon.environment = WITHOUT_RACE_DETECTION
    large_daemon.start()
    # The first writes succeed, so that the backup has begun.
    with faults(large_daemon, "write", "error=EIO", when="30+"):
        finished = nnnctl("backup", tmp_path / "backup", daemon=large_daemon)
    assert finished.status == os.EX_UNAVAILABLE, finished
    check_nothing_is_left(large_daemon, tmp_path)
    succeeds("backup", tmp_path / "backup", daemon=large_daemon)


def start_backup(daemon, target, *strace):
    """Starts `nnnctl backup` under strace with these arguments."""
    return subprocess.Popen(
        [*STRACE, "-o", "/dev/null", *strace, binary("nnnctl"), "backup", target], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment({"NNND_SOCKET": str(daemon.socket)}),
    )  # fmt: skip


def start_slow_backup(daemon, target):
    """Starts a slow `nnnctl backup` and waits until it has begun to write."""
    process = start_backup(daemon, target, "-D", "-e", "trace=write", "-e", "inject=write:delay_enter=20000:when=10+")
    wait_until(lambda: list(target.parent.glob(".nnnctl-backup-*/data.mdb")), "the backup to begin")
    return process


def test_killing_the_daemon_fails_a_running_backup(large_daemon, tmp_path):
    """nnnctl detects that the response is incomplete."""
    with start_slow_backup(large_daemon, tmp_path / "backup") as process:
        large_daemon.kill()
        _, errors = process.communicate()
    assert (process.returncode, errors.count(b"\n")) == (os.EX_UNAVAILABLE, 1), errors
    check_nothing_is_left(large_daemon, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_backup_leaves_no_files(large_daemon, tmp_path, number):
    with start_slow_backup(large_daemon, tmp_path / "backup") as process:
        process.send_signal(number)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (130, b"nnnctl: interrupted\n")
    check_nothing_is_left(large_daemon, tmp_path)


@pytest.mark.parametrize(("call", "when"), [("write", 20), ("fsync", 1), ("fsync", 2), ("rename", 1)])
def test_killing_nnnctl_leaves_no_backup_under_its_final_name(large_daemon, tmp_path, call, when):
    target = tmp_path / "backup"
    strace = ["-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={when}"]
    with start_backup(large_daemon, target, *strace) as process:
        process.communicate()
    assert process.returncode != 0
    assert not target.exists()
    wait_for_backup(large_daemon, target)
