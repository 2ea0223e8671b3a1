"""`nnnd rebuild` leaves the store unchanged if it is killed, is interrupted, fails or rejects the store."""

import os
import shutil
import signal
import struct

import numpy as np
import pytest

from harness.raw_lmdb import put_in_lmdb
from harness.rebuild import run_rebuild, start_rebuild
from harness.small_disk import can_mount, small_disk
from harness.spool import IMAGES, REFERENCES
from harness.strace import STRACE, injecting
from harness.waiting import wait_until

FILES = ["data.mdb", "lock.mdb", "nnnd.lock"]


@pytest.fixture
def stopped_corpus(make_corpus):
    """A corpus with k = 4, capacity 6; its daemon has been stopped."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    assert corpus.daemon.stop() == 0
    return corpus


def data_files(corpus):
    return sorted(os.listdir(corpus.daemon.flags["data"]))


def content(corpus):
    return (corpus.daemon.flags["data"] / "data.mdb").read_bytes()


def check_unchanged(corpus, before):
    """Checks the data file and the folder, and that the daemon starts with the right corpus."""
    assert content(corpus) == before
    assert data_files(corpus) == FILES
    corpus.daemon.start()
    corpus.check()


# Where the rebuild is killed: right before the call of this number.
KILLS = [
    ("mkdir", 1), ("pwrite64", 1), ("pwrite64", 4), ("writev", 1), ("fdatasync", 1), ("fdatasync", 3),
    ("fdatasync", 20), ("rename", 1), ("fsync", 1), ("rmdir", 1), ("unlink,unlinkat", 1),
]  # fmt: skip


@pytest.mark.parametrize(("calls", "when"), KILLS)
def test_a_killed_rebuild_leaves_the_old_store_or_the_new_one(stopped_corpus, calls, when):
    """The capacity shows which one it is. The next start removes temporary files."""
    daemon = stopped_corpus.daemon
    killed, errors = run_rebuild(daemon, *STRACE, *injecting(calls, "signal=KILL", when=when), k=9, capacity=12)
    finished = "rebuilt" in errors
    daemon.flags |= {"k": 4, "capacity": None}
    if killed == 0:
        # The rebuild makes fewer than `when` of these calls.
        assert finished, errors
    daemon.start()
    assert data_files(stopped_corpus) == FILES, "temporary files are left"
    capacity = daemon.status()["capacity"]
    assert capacity in (6, 12) and (capacity == 12 or not finished)
    stopped_corpus.check()
    assert daemon.stop() == 0
    status, errors = run_rebuild(daemon, k=9, capacity=12)
    assert status == 0, errors
    stopped_corpus.oracle.k = daemon.flags["k"] = 9
    daemon.start()
    stopped_corpus.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_rebuild_changes_nothing(stopped_corpus, number):
    before = content(stopped_corpus)
    delay = injecting("fdatasync", "delay_enter=100000")
    with start_rebuild(stopped_corpus.daemon, *STRACE, "-D", *delay, k=9, capacity=12) as process:
        wait_until((stopped_corpus.daemon.flags["data"] / "rebuild.tmp/data.mdb").exists, "the rebuild to begin")
        process.send_signal(number)
        _, errors = process.communicate()
    assert process.returncode == 130 and errors.splitlines()[-1].startswith("nnnd: interrupted; "), errors
    check_unchanged(stopped_corpus, before)


def check_rebuild_fails(corpus, status, *texts, **flags):
    """Checks the exit status, the texts in the last line of output, and that the store is unchanged."""
    before = content(corpus)
    actual, errors = run_rebuild(corpus.daemon, **flags)
    assert actual == status, errors
    last = errors.splitlines()[-1]
    assert last.startswith("nnnd: ") and all(text in last for text in texts), errors
    assert content(corpus) == before and data_files(corpus) == FILES


def test_a_rebuild_fails_while_the_daemon_runs(stopped_corpus):
    stopped_corpus.daemon.start()
    check_rebuild_fails(stopped_corpus, 69, "in use")
    stopped_corpus.check()


def test_a_rebuild_fails_while_another_one_runs(stopped_corpus):
    delay = injecting("fdatasync", "delay_enter=50000")
    with start_rebuild(stopped_corpus.daemon, *STRACE, "-D", *delay) as process:
        wait_until((stopped_corpus.daemon.flags["data"] / "rebuild.tmp/data.mdb").exists, "the rebuild to begin")
        status, errors = run_rebuild(stopped_corpus.daemon)
        process.communicate()
    assert (status, process.returncode) == (69, 0), errors
    stopped_corpus.daemon.start()
    stopped_corpus.check()


def test_a_rebuild_without_a_store_fails_and_creates_none(stopped_corpus, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        status, errors = run_rebuild(stopped_corpus.daemon, data=folder)
        assert (status, errors) == (78, f"nnnd: there is no store in {folder}\n")
    assert os.listdir(tmp_path / "empty") == []


def test_a_rebuild_rejects_another_metric_or_precision(stopped_corpus, tmp_path):
    for text in ("metric: inner-product", "precision: float16"):
        (tmp_path / "nnnd.yaml").write_text(text)
        check_rebuild_fails(stopped_corpus, 78, text.split(":")[0], config=tmp_path / "nnnd.yaml")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the owner of files")
def test_a_rebuild_by_another_user_than_the_owner_fails(stopped_corpus):
    """Root would create files that the daemon's user can't open."""
    data = stopped_corpus.daemon.flags["data"]
    os.chown(data, 12345, 12345)
    check_rebuild_fails(stopped_corpus, 77, "12345")
    os.chown(data, 0, 0)
    stopped_corpus.daemon.start()


@pytest.mark.skipif(not can_mount(), reason="only root can mount a small file system")
def test_a_rebuild_on_a_full_disk_fails_and_changes_nothing(stopped_corpus, tmp_path):
    with small_disk(tmp_path / "disk", 4) as disk:
        data = disk.folder / "data"
        shutil.copytree(stopped_corpus.daemon.flags["data"], data)
        stopped_corpus.daemon.flags["data"] = data
        disk.fill(leaving=400_000)
        check_rebuild_fails(stopped_corpus, 71, "rebuilt", "No space left")
        stopped_corpus.daemon.start()
        stopped_corpus.check()
        assert stopped_corpus.daemon.stop() == 0


@pytest.mark.parametrize(
    ("table", "key", "value", "text"),
    [
        ("images.ids", struct.pack("<I", 3), b"someone else", "names another row"),
        ("images.ids", struct.pack("<I", 3), b"i4", "names another row"),
        ("references.ids", struct.pack("<I", 3), b"someone else", "names another row"),
        ("references.rows", b"one more", struct.pack("<I", 3), "have an id"),
        ("images.rows", b"one more", struct.pack("<I", 3), "have an id"),
        ("meta", b"state", bytes(72), "have an id"),
        # More image rows in use than allocated; then 39 references instead of 40.
        ("meta", b"state", struct.pack("<9Q", 3, 6, 4, 312, 300, 40, 40, 3, 40), "counters"),
        ("meta", b"state", struct.pack("<9Q", 3, 6, 4, 312, 312, 39, 39, 3, 40), "have an id"),
        ("meta", b"state", b"?", "counters"),
        ("meta", b"settings", b"?", "settings"),
    ],
)  # fmt: skip
def test_a_rebuild_rejects_tables_that_contradict_each_other(stopped_corpus, table, key, value, text):
    """The rebuild can't determine which of the tables is right."""
    put_in_lmdb(stopped_corpus.daemon.flags["data"], table, key, value)
    check_rebuild_fails(stopped_corpus, 65, "damaged", text)


@pytest.mark.parametrize(("kind", "id"), [("images", "i0"), ("references", "r0")])
def test_a_rebuild_rejects_a_vector_of_nan_and_names_its_id(stopped_corpus, kind, id):
    """All vectors of the first block are NaN, and a rebuild can't recompute vectors."""
    rows = 290
    block = bytes(48) + np.full(rows * 6, np.nan, np.float32).tobytes() + bytes(4 * rows)
    put_in_lmdb(stopped_corpus.daemon.flags["data"], f"{kind}.vectors", struct.pack("<I", 0), block)
    check_rebuild_fails(stopped_corpus, 65, "damaged", f"'{id}'", "no vector")


def test_a_rebuild_rejects_a_store_of_an_unknown_format(stopped_corpus):
    put_in_lmdb(stopped_corpus.daemon.flags["data"], "meta", b"format", b"7")
    check_rebuild_fails(stopped_corpus, 78, "format 7")
