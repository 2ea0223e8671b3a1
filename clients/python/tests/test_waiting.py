"""Waiting for receipts: timeouts, a daemon that does not answer, and rejections."""

import os
import pickle
import signal

import numpy as np
import pytest

import nnnd
from conftest import THREE, daemon_pid, stop
from nnnd.ingestion import Submission


def test_a_timeout_says_that_the_shard_stays_in_the_spool(db):
    folders = db.spool()
    held = nnnd.ingestion.SpoolFolders(folders.done, folders.done, folders.done, folders.failed)
    db._folders = held  # A folder that the daemon does not watch.
    added = db.add_images(THREE, wait=False)
    with pytest.raises(nnnd.ReceiptTimeout, match="in the spool"):
        added.wait(timeout=0.05)


@pytest.fixture
def stopped_db(db, monkeypatch):
    """A database whose daemon does not answer; it continues at the end, and when a test sends SIGCONT."""
    monkeypatch.setattr(nnnd.ingestion, "CHECK_SECONDS", 0)
    db.spool()
    pid = daemon_pid(db)
    stop(pid)
    yield db, lambda: os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGCONT)


def test_a_daemon_that_does_not_answer_does_not_prolong_the_wait_for_receipts(stopped_db):
    db, continue_daemon = stopped_db
    with nnnd.Client(db.socket, timeout=20) as client:
        client._folders = db.spool()
        with pytest.raises(nnnd.ReceiptTimeout, match="stay in the spool") as caught:
            client.add_images(THREE, ["cat", "dog", "car"], timeout=0.3)
        continue_daemon()
        assert caught.value.ingestion.wait(timeout=60).rows == 3


def test_a_request_without_an_answer_says_that_the_shard_stays_and_gives_its_ingestion(stopped_db):
    db, continue_daemon = stopped_db
    with nnnd.Client(db.socket, timeout=0.1) as client:
        client._folders = db.spool()
        with pytest.raises(nnnd.RequestTimeout, match="stay in the spool") as caught:
            client.add_images(THREE, ["cat", "dog", "car"])
        continue_daemon()
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args
    assert caught.value.ingestion.waiting == 1
    with nnnd.Client(db.socket) as client:
        caught.value.ingestion._ready = client.ready
        assert caught.value.ingestion.wait(timeout=60).rows == 3


@pytest.mark.parametrize(
    "error", [nnnd.NotReachable("no daemon"), nnnd.Unavailable(503, "stopping", "It stops."), nnnd.RequestTimeout("?")]
)
def test_problems_of_the_daemon_name_the_files_that_wait_for_it(db, monkeypatch, error):
    def ready(timeout):
        raise error

    monkeypatch.setattr(nnnd.ingestion, "CHECK_SECONDS", 0)
    folders = db.spool()
    ingestion = nnnd.Ingestion(ready)
    ingestion.add(Submission(folders, "images", "x.npy", 3))
    with pytest.raises(type(error), match=r"x\.npy.* stay in the spool") as caught:
        ingestion.wait()
    assert caught.value.ingestion is ingestion
    assert getattr(caught.value, "code", None) == getattr(error, "code", None)


def test_a_rejection_gives_the_ingestion_of_the_other_shards(db):
    batches = [(THREE, ["cat", "dog", "car"]), (THREE * np.nan, ["x", "y", "z"])]
    with pytest.raises(nnnd.ShardRejected) as caught:
        db.add_images(iter(batches), shard_bytes=THREE.nbytes)  # each batch is a shard
    assert caught.value.ingestion.rows == 3
