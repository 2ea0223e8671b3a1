"""A rebuild that is killed, interrupted or refused leaves the store as it was."""

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
def stopped(make_corpus):
    """A corpus whose daemon has stopped; k = 4, capacity 6."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    assert corpus.daemon.stop() == 0
    return corpus


def data_files(corpus):
    return sorted(os.listdir(corpus.daemon.flags["data"]))


def content(corpus):
    return (corpus.daemon.flags["data"] / "data.mdb").read_bytes()


def check_as_it_was(corpus, before):
    assert content(corpus) == before
    assert data_files(corpus) == FILES
    corpus.daemon.start()
    corpus.check()


@pytest.mark.parametrize(
    ("calls", "when"),
    [("mkdir", 1), ("pwrite64", 1), ("pwrite64", 4), ("writev", 1), ("fdatasync", 1), ("fdatasync", 3), ("fdatasync", 20),
     ("rename", 1), ("fsync", 1), ("rmdir", 1), ("unlink,unlinkat", 1)],
)  # fmt: skip
def test_a_kill_leaves_the_old_store_or_the_new_one(stopped, calls, when):
    """Which can be told by its capacity; whoever comes next removes what was left."""
    daemon = stopped.daemon
    killed, errors = run_rebuild(daemon, *STRACE, *injecting(calls, "signal=KILL", when=when), k=9, capacity=12)
    finished = "rebuilt" in errors
    daemon.flags |= {"k": 4, "capacity": None}
    if killed == 0:
        # So many calls are not made.
        assert finished, errors
    daemon.start()
    assert data_files(stopped) == FILES, "nothing is left"
    capacity = daemon.status()["capacity"]
    assert capacity in (6, 12) and (capacity == 12 or not finished)
    stopped.check()
    assert daemon.stop() == 0
    status, errors = run_rebuild(daemon, k=9, capacity=12)
    assert status == 0, errors
    stopped.oracle.k = daemon.flags["k"] = 9
    daemon.start()
    stopped.check()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_one_changes_nothing(stopped, number):
    before = content(stopped)
    slowly = injecting("fdatasync", "delay_enter=100000")
    with start_rebuild(stopped.daemon, *STRACE, "-D", *slowly, k=9, capacity=12) as process:
        wait_until((stopped.daemon.flags["data"] / "rebuild.tmp/data.mdb").exists, "it to begin")
        process.send_signal(number)
        _, errors = process.communicate()
    assert process.returncode == 130 and errors.splitlines()[-1].startswith("nnnd: interrupted; "), errors
    check_as_it_was(stopped, before)


def check_refused(corpus, status, *told, **flags):
    before = content(corpus)
    found, errors = run_rebuild(corpus.daemon, **flags)
    assert found == status, errors
    last = errors.splitlines()[-1]
    assert last.startswith("nnnd: ") and all(text in last for text in told), errors
    assert content(corpus) == before and data_files(corpus) == FILES


def test_a_store_in_use_is_refused(stopped):
    stopped.daemon.start()
    check_refused(stopped, 69, "in use")
    stopped.check()


def test_two_at_a_time_are_refused(stopped):
    slowly = injecting("fdatasync", "delay_enter=50000")
    with start_rebuild(stopped.daemon, *STRACE, "-D", *slowly) as process:
        wait_until((stopped.daemon.flags["data"] / "rebuild.tmp/data.mdb").exists, "it to begin")
        status, errors = run_rebuild(stopped.daemon)
        process.communicate()
    assert (status, process.returncode) == (69, 0), errors
    stopped.daemon.start()
    stopped.check()


def test_where_there_is_no_store_none_is_made(stopped, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        status, errors = run_rebuild(stopped.daemon, data=folder)
        assert (status, errors) == (78, f"nnnd: there is no store in {folder}\n")
    assert os.listdir(tmp_path / "empty") == []


def test_metric_and_precision_stay(stopped, tmp_path):
    for text in ("metric: inner-product", "precision: float16"):
        (tmp_path / "nnnd.yaml").write_text(text)
        check_refused(stopped, 78, text.split(":")[0], config=tmp_path / "nnnd.yaml")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_files_stay_those_of_the_daemon(stopped):
    """Root would make files that the daemon's user can't open."""
    data = stopped.daemon.flags["data"]
    os.chown(data, 12345, 12345)
    check_refused(stopped, 77, "12345")
    os.chown(data, 0, 0)
    stopped.daemon.start()


@pytest.mark.skipif(not can_mount(), reason="only root can mount a small file system")
def test_a_full_disk_changes_nothing(stopped, tmp_path):
    with small_disk(tmp_path / "disk", 4) as disk:
        data = disk.folder / "data"
        shutil.copytree(stopped.daemon.flags["data"], data)
        stopped.daemon.flags["data"] = data
        disk.fill(leaving=400_000)
        check_refused(stopped, 71, "rebuilt", "No space left")
        stopped.daemon.start()
        stopped.check()
        assert stopped.daemon.stop() == 0


@pytest.mark.parametrize(
    ("table", "key", "value", "told"),
    [
        ("images.ids", struct.pack("<I", 3), b"someone else", "names another row"),
        ("images.ids", struct.pack("<I", 3), b"i4", "names another row"),
        ("references.ids", struct.pack("<I", 3), b"someone else", "names another row"),
        ("references.rows", b"one more", struct.pack("<I", 3), "have an id"),
        ("images.rows", b"one more", struct.pack("<I", 3), "have an id"),
        ("meta", b"state", bytes(72), "have an id"),
        # More images than there ever were; then of 40 references 39.
        ("meta", b"state", struct.pack("<9Q", 3, 6, 4, 312, 300, 40, 40, 3, 40), "state"),
        ("meta", b"state", struct.pack("<9Q", 3, 6, 4, 312, 312, 39, 39, 3, 40), "have an id"),
        ("meta", b"state", b"?", "state"),
        ("meta", b"settings", b"?", "settings"),
    ],
)  # fmt: skip
def test_ids_that_disagree_are_refused(stopped, table, key, value, told):
    """Nobody can say which of two is right."""
    put_in_lmdb(stopped.daemon.flags["data"], table, key, value)
    check_refused(stopped, 65, "damaged", told)


@pytest.mark.parametrize(("kind", "id"), [("images", "i0"), ("references", "r0")])
def test_a_vector_that_is_none_is_refused_by_its_id(stopped, kind, id):
    """It can't be made up: the block of the first rows is all not-a-number."""
    rows = 290
    block = bytes(48) + np.full(rows * 6, np.nan, np.float32).tobytes() + bytes(4 * rows)
    put_in_lmdb(stopped.daemon.flags["data"], f"{kind}.vectors", struct.pack("<I", 0), block)
    check_refused(stopped, 65, "damaged", f"'{id}'", "no vector")


def test_another_version_is_refused(stopped):
    put_in_lmdb(stopped.daemon.flags["data"], "meta", b"format", b"7")
    check_refused(stopped, 78, "format 7")
