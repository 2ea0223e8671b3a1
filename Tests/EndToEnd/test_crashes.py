"""Kills of the daemon at any moment: after the next start every shard takes effect once and is in the right folder."""

import json
import signal

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.strace import killing
from harness.waiting import wait_until

DIMENSION = 8
KINDS = (IMAGES, REFERENCES)
# The files in done/images after the shard s.npy has taken effect.
PUBLISHED = ["s.ids", "s.npy", "s.npy.receipt.json"]


def random_vectors(rng, rows=3):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


@pytest.mark.parametrize("finished", ["move", "delete"])
def test_shards_take_effect_once_through_repeated_kills(make_daemon, rng, finished):
    daemon = make_daemon(k=4, capacity=6, finished_shards=finished)
    daemon.spool.create_incoming_folders()
    oracle = Oracle(k=4)
    dropped = []
    for turn in range(25):
        for number in range(int(rng.integers(1, 5))):
            kind = KINDS[int(rng.integers(0, 2))]
            name = f"{turn}-{number}.npy"
            vectors = random_vectors(rng, int(rng.integers(1, 400)))
            ids = [f"{name}/{row}" for row in range(len(vectors))] if rng.random() < 0.5 else None
            # Shards of odd turns wait when the daemon starts; those of even turns arrive while it runs.
            if turn % 2:
                daemon.spool.drop(kind, name, vectors, ids)
            dropped.append((kind, name, vectors, ids))
            oracle.put(kind, ids or default_ids(name, len(vectors)), vectors)
        daemon.start()
        if not turn % 2:
            for kind, name, vectors, ids in dropped[-number - 1 :]:
                daemon.spool.drop(kind, name, vectors, ids)
        daemon.let_run(float(rng.exponential(0.02)))
        daemon.kill()
    daemon.start()
    for kind, name, vectors, _ in dropped:
        receipt = daemon.spool.wait_receipt(kind, name)
        assert (receipt["rows"], receipt["replaced"]) == (len(vectors), 0)
    with daemon.client() as client:
        wait_until(lambda: client.status()["spool"]["backlog"] == 0, "an empty spool", alive=daemon.check_alive)
        check_everything(client, oracle)
    for kind in KINDS:
        for folder in ((kind,), ("processing", kind), ("failed", kind)):
            assert daemon.spool.names(*folder) == []
        expected = []
        for dropped_kind, name, _, ids in dropped:
            if dropped_kind == kind:
                expected.append(f"{name}.receipt.json")
                if finished == "move":
                    expected += [name] + ([name.replace(".npy", ".ids")] if ids else [])
        assert [name for name in daemon.spool.names("done", kind) if not name.startswith(".")] == sorted(expected)


def test_a_commit_cut_off_by_a_kill_is_repeated_by_the_next_start(make_daemon, rng):
    daemon = make_daemon(k=8).start()
    references, images = rng.standard_normal((3000, 64)), rng.standard_normal((20_000, 64))
    daemon.drop(REFERENCES, "r.npy", references)
    daemon.spool.drop(IMAGES, "i.npy", images)
    wait_until(lambda: daemon.status()["spool"]["backlog"], "the shard in the backlog", alive=daemon.check_alive)
    daemon.kill()
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "i.npy")["replaced"] == 0
    oracle = Oracle(k=8)
    oracle.put(REFERENCES, default_ids("r.npy", len(references)), references)
    oracle.put(IMAGES, default_ids("i.npy", len(images)), images)
    with daemon.client() as client:
        check_everything(client, oracle)


@pytest.fixture
def started(make_daemon, rng):
    """A running daemon with nine references, and its oracle."""
    daemon = make_daemon(k=4).start()
    oracle = Oracle(k=4)
    references = random_vectors(rng, 9)
    daemon.drop(REFERENCES, "r.npy", references)
    oracle.put(REFERENCES, default_ids("r.npy", 9), references)
    return daemon, oracle


@pytest.fixture
def killed_after_receipt(started, rng):
    """A daemon that was killed when the receipt of the shard s.npy existed, its oracle, and the receipt."""
    daemon, oracle = started
    images = random_vectors(rng)
    receipt = daemon.drop(IMAGES, "s.npy", images, ids=["a", "b", "c"])
    oracle.put(IMAGES, ["a", "b", "c"], images)
    daemon.kill()
    return daemon, oracle, receipt


@pytest.fixture
def killed_before_drop(started, rng):
    """A daemon that was killed before the shard s.npy was dropped, and the oracle with that shard."""
    daemon, oracle = started
    images = random_vectors(rng)
    daemon.kill()
    daemon.spool.drop(IMAGES, "s.npy", images, ids=["a", "b", "c"])
    oracle.put(IMAGES, ["a", "b", "c"], images)
    return daemon, oracle


def wait_published(daemon):
    """Waits until s.npy, its sidecar and its receipt are in done/images, and checks that they are nowhere else."""
    wait_until(lambda: daemon.spool.names("done", IMAGES) == PUBLISHED, "the published files", alive=daemon.check_alive)
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []


def check_recovered(daemon, oracle, receipt):
    """Starts the daemon and checks that s.npy is published with the same receipt and that the corpus is unchanged."""
    daemon.start()
    document = daemon.spool.wait_receipt(IMAGES, "s.npy")
    wait_published(daemon)
    for field in ("sha256", "ids_sha256", "rows", "replaced", "generation"):
        assert document[field] == receipt[field]
    with daemon.client() as client:
        assert client.status()["generation"] == receipt["generation"]
        check_everything(client, oracle)


def start_and_be_killed(daemon, rename):
    """Starts the daemon, which is killed right before its `rename`th rename."""
    daemon.wrapper = killing("rename", when=rename)
    daemon.spawn()
    assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    daemon.wrapper = []


# Each number says before which of its renames a start is killed. The renames of a shard are: file of ids, file of heaps
# (there is none) and shard to processing/, file of ids to processing/done/, shard and file of ids to done/, and the
# receipt to its name.
KILLS = [
    (1,), (2,), (3,), (4,), (5,), (6,), (7,), (1, 1), (2, 1), (1, 3), (4, 1), (4, 3), (5, 1), (5, 2), (6, 2), (2, 2, 3),
    (3, 2, 1), (4, 4, 1),
]  # fmt: skip


@pytest.mark.parametrize("kills", KILLS)
def test_a_shard_takes_effect_once_through_kills_before_each_rename(killed_before_drop, kills):
    daemon, oracle = killed_before_drop
    for rename in kills:
        start_and_be_killed(daemon, rename)
    daemon.start()
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert (receipt["rows"], receipt["replaced"], receipt["generation"]) == (3, 0, 2)
    wait_published(daemon)
    with daemon.client() as client:
        assert client.status()["generation"] == 2
        check_everything(client, oracle)


def test_a_missing_receipt_is_written_by_the_next_start(killed_after_receipt):
    daemon, oracle, receipt = killed_after_receipt
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    check_recovered(daemon, oracle, receipt)


def test_a_receipt_with_its_temporary_name_is_replaced_by_the_next_start(killed_after_receipt):
    daemon, oracle, receipt = killed_after_receipt
    path = daemon.spool.receipt_path(IMAGES, "s.npy")
    path.rename(path.with_name(f".{path.name}.tmp"))
    check_recovered(daemon, oracle, receipt)


def test_a_committed_shard_is_published_by_the_next_start_without_a_quiet_time(killed_before_drop):
    daemon, oracle = killed_before_drop
    start_and_be_killed(daemon, 5)
    assert daemon.spool.names("processing", IMAGES) == ["s.npy"]
    assert daemon.spool.names("processing", "done", IMAGES) == ["s.ids"]
    daemon.flags["quiet_seconds"] = 3600
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["generation"] == 2
    assert daemon.spool.names("done", IMAGES) == PUBLISHED
    assert daemon.spool.names("processing", IMAGES) == daemon.spool.names("processing", "done", IMAGES) == []
    with daemon.client() as client:
        check_everything(client, oracle)


@pytest.mark.parametrize("rename", [4, 5, 6])
def test_a_committed_shard_is_published_although_largest_shard_is_smaller_now(make_daemon, rng, rename):
    """The default of `largest-shard` depends on the memory of the process, so it can shrink between two starts."""
    daemon = make_daemon(k=4).start()
    daemon.kill()
    vectors = random_vectors(rng, 3000)
    daemon.spool.drop(IMAGES, "s.npy", vectors, [f"s{number}" for number in range(3000)])
    start_and_be_killed(daemon, rename)
    daemon.flags["largest_shard"] = 65_536
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 3000
    assert daemon.spool.names("failed", IMAGES) == daemon.spool.names(IMAGES) == []
    assert daemon.status()["images"] == 3000


def test_a_missing_receipt_of_a_shard_that_was_dropped_again_is_written(killed_after_receipt):
    daemon, oracle, receipt = killed_after_receipt
    daemon.start()
    # This commit acknowledges the receipt of s.npy, so that it is no longer pending.
    daemon.drop(REFERENCES, "r.npy", np.stack(list(oracle.references.values()))[:1], ids=["r:0"])
    vectors = np.load(daemon.spool.done(IMAGES) / "s.npy")
    again = daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "c"])
    assert again["unchanged"]
    daemon.kill()
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["generation"] == receipt["generation"]


def test_a_new_shard_of_the_same_name_takes_effect_after_a_kill(killed_after_receipt, rng):
    daemon, oracle, receipt = killed_after_receipt
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    vectors = random_vectors(rng)
    daemon.spool.drop(IMAGES, "s.npy", vectors, ids=["a", "d", "c"])
    oracle.put(IMAGES, ["a", "d", "c"], vectors)
    daemon.start()

    def has_new_receipt():
        path = daemon.spool.receipt_path(IMAGES, "s.npy")
        return path.exists() and json.loads(path.read_text())["generation"] > receipt["generation"]

    wait_until(has_new_receipt, "the receipt of the new shard", alive=daemon.check_alive)
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_claimed_shard_that_was_not_committed_takes_effect(killed_after_receipt, rng):
    daemon, oracle, _ = killed_after_receipt
    vectors = random_vectors(rng)
    (daemon.spool.root / "processing" / IMAGES / "t.npy").write_bytes(npy_bytes(vectors))
    oracle.put(IMAGES, default_ids("t.npy", 3), vectors)
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "t.npy")
    with daemon.client() as client:
        check_everything(client, oracle)


def test_the_socket_that_a_kill_leaves_is_replaced_by_the_next_start(make_daemon):
    daemon = make_daemon(k=4).start()
    daemon.kill()
    assert daemon.socket.is_socket()
    daemon.start()
    assert daemon.status()["generation"] == 0
