"""Settings that are fixed when a store is created, and settings that can change at each start."""

import os

import numpy as np
import pytest

from harness.daemon import run_to_end
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids

DIMENSION = 6


@pytest.fixture
def filled(make_daemon, rng):
    """A daemon with a few images and references, k = 6 and capacity 9, and its oracle."""
    daemon = make_daemon(k=6, capacity=9).start()
    oracle = Oracle(k=6)
    for kind, rows in ((REFERENCES, 30), (IMAGES, 40), (REFERENCES, 20)):
        vectors = rng.standard_normal((rows, DIMENSION))
        name = f"{kind}-{rows}.npy"
        daemon.drop(kind, name, vectors)
        oracle.put(kind, default_ids(name, rows), vectors)
    return daemon, oracle


@pytest.mark.parametrize("k", [1, 3, 5, 7, 9])
def test_a_k_up_to_the_capacity_applies_at_the_next_start(filled, rng, k):
    daemon, oracle = filled
    generation = daemon.status()["generation"]
    daemon.restart(k=k)
    oracle.k = k
    with daemon.client() as client:
        assert client.status()["k"] == k
        assert client.status()["generation"] == generation + 1, "it is one commit"
        check_everything(client, oracle)
        # Later shards use the new k too, also after a restart.
        for kind in (IMAGES, REFERENCES):
            vectors = rng.standard_normal((25, DIMENSION))
            daemon.drop(kind, "later.npy", vectors)
            oracle.put(kind, default_ids("later.npy", 25), vectors)
        check_everything(client, oracle)
    generation = daemon.status()["generation"]
    daemon.restart()
    with daemon.client() as client:
        check_everything(client, oracle)
    assert daemon.status()["generation"] == generation


def test_k_can_change_in_a_store_with_the_default_capacity(make_daemon, rng):
    """The start needs no `--capacity`."""
    daemon = make_daemon(k=16).start()
    oracle = Oracle(k=16)
    for kind in (REFERENCES, IMAGES):
        vectors = rng.standard_normal((50, DIMENSION))
        daemon.drop(kind, "s.npy", vectors)
        oracle.put(kind, default_ids("s.npy", 50), vectors)
    capacity = daemon.status()["capacity"]
    for k in (8, 20):
        assert k <= capacity
        daemon.restart(k=k)
        oracle.k = k
        with daemon.client() as client:
            assert client.status()["capacity"] == capacity
            check_everything(client, oracle)


@pytest.mark.parametrize(
    ("flag", "value", "stored"),
    [
        ("capacity", 10, "9"),
        ("capacity", 8, "9"),
        ("metric", "inner-product", "cosine"),
        ("precision", "float16", "float32"),
    ],
)
def test_changing_a_fixed_setting_prevents_the_start(filled, flag, value, stored):
    daemon, oracle = filled
    assert daemon.stop() == 0
    status, errors = run_to_end(daemon.folder, **daemon.flags | {flag: value})
    assert status == os.EX_CONFIG
    assert errors.count("\n") == 1
    for text in (flag, str(value), stored, str(daemon.flags["data"])):
        assert text in errors
    # The old settings still work.
    daemon.start()
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_k_above_the_capacity_prevents_the_start(filled):
    daemon, _ = filled
    assert daemon.stop() == 0
    status, errors = run_to_end(daemon.folder, **daemon.flags | {"k": 10})
    # Two flags that contradict each other, or a flag that contradicts the store.
    assert status in (os.EX_USAGE, os.EX_CONFIG)
    assert errors.count("\n") == 1
    assert "capacity" in errors


def test_a_data_file_that_is_not_lmdb_prevents_the_start(make_daemon, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "data.mdb").write_bytes(b"this is no database" * 1000)
    status, errors = run_to_end(tmp_path / "d", data=tmp_path / "data")
    # A damaged store, or no store at all.
    assert status in (os.EX_DATAERR, os.EX_CONFIG)
    assert errors.count("\n") == 1
    assert str(tmp_path / "data") in errors


def test_alpha_can_change_at_a_start_without_a_commit(filled):
    daemon, oracle = filled
    generation = daemon.status()["generation"]
    daemon.restart(alpha=0.3)
    query = np.ones((1, DIMENSION))
    hit = daemon.search(query, top_k=1000)[0][0]
    assert hit.bias == pytest.approx(oracle.biases(alpha=0.3)[hit.id], abs=1e-5)
    assert daemon.status()["generation"] == generation


def test_the_number_of_threads_does_not_change_results(filled):
    daemon, oracle = filled
    query = np.ones((1, DIMENSION))
    answers = []
    for threads in (1, 2, 3, 7):
        daemon.restart(threads=threads)
        answers.append(list(daemon.search(query, top_k=1000)))
    assert all(answer == answers[0] for answer in answers)


def test_a_restart_changes_neither_status_nor_results(filled):
    daemon, oracle = filled
    query = np.ones((1, DIMENSION))
    before, answer = daemon.status(), list(daemon.search(query, top_k=1000))
    daemon.restart()
    after, again = daemon.status(), list(daemon.search(query, top_k=1000))
    assert again == answer
    for field in ("generation", "images", "references", "dimension", "k", "capacity", "last_receipts"):
        assert after[field] == before[field]
