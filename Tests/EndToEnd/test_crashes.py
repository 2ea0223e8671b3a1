"""Killed at any moment and started again: every shard takes effect, once, and lies where it belongs."""

import json
import os
import shutil
import signal

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.strace import killing
from harness.waiting import wait_until

DIMENSION = 8


def shard(rng, rows=3):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


@pytest.mark.parametrize("finished", ["move", "delete"])
def test_killed_at_random_moments_again_and_again(make_daemon, rng, finished):
    daemon = make_daemon(k=4, capacity=6, finished_shards=finished)
    daemon.spool.make()
    oracle = Oracle(k=4)
    dropped = []
    for turn in range(25):
        for number in range(int(rng.integers(1, 5))):
            kind = (IMAGES, REFERENCES)[int(rng.integers(0, 2))]
            name = f"{turn}-{number}.npy"
            vectors = shard(rng, int(rng.integers(1, 400)))
            ids = [f"{name}/{row}" for row in range(len(vectors))] if rng.random() < 0.5 else None
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
    for kind in (IMAGES, REFERENCES):
        assert daemon.spool.names(kind) == daemon.spool.names("processing", kind) == daemon.spool.names("failed", kind) == []
        expected = []
        for own, name, _, ids in dropped:
            if own == kind:
                expected.append(f"{name}.receipt.json")
                if finished == "move":
                    expected += [name] + ([name.replace(".npy", ".ids")] if ids else [])
        assert [name for name in daemon.spool.names("done", kind) if not name.startswith(".")] == sorted(expected)


def test_a_kill_within_a_large_commit_undoes_it_and_the_next_start_does_it(make_daemon, rng):
    daemon = make_daemon(k=8).start()
    references, images = rng.standard_normal((3000, 64)), rng.standard_normal((20_000, 64))
    daemon.drop(REFERENCES, "r.npy", references)
    daemon.spool.drop(IMAGES, "i.npy", images)
    wait_until(lambda: daemon.status()["spool"]["backlog"], "the shard to be seen", alive=daemon.check_alive)
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
    """A daemon with nine references, and what its corpus must hold."""
    daemon = make_daemon(k=4).start()
    oracle = Oracle(k=4)
    references = shard(rng, 9)
    daemon.drop(REFERENCES, "r.npy", references)
    oracle.put(REFERENCES, default_ids("r.npy", 9), references)
    return daemon, oracle


@pytest.fixture
def crashed(started, rng):
    """A daemon that was killed right after one image shard with ids was put away, and what its corpus must hold."""
    daemon, oracle = started
    images = shard(rng)
    receipt = daemon.drop(IMAGES, "s.npy", images, ids=["a", "b", "c"])
    oracle.put(IMAGES, ["a", "b", "c"], images)
    daemon.kill()
    return daemon, oracle, receipt


def check_healed(daemon, oracle, receipt):
    """Holds that the shard lies in done/ with ids and receipt, and that the corpus has not changed."""
    daemon.start()
    found = daemon.spool.wait_receipt(IMAGES, "s.npy")
    names = ["s.ids", "s.npy", "s.npy.receipt.json"]
    wait_until(lambda: daemon.spool.names("done", IMAGES) == names, "its files", alive=daemon.check_alive)
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []
    for field in ("sha256", "ids_sha256", "rows", "replaced", "generation"):
        assert found[field] == receipt[field]
    with daemon.client() as client:
        assert client.status()["generation"] == receipt["generation"]
        check_everything(client, oracle)


def move_back(daemon, folder, *names):
    for name in names:
        os.rename(daemon.spool.done(IMAGES) / name, daemon.spool.root / folder / name)


@pytest.fixture
def waiting(started, rng):
    """A daemon that was killed before it saw a shard with ids, and what its corpus must hold with that."""
    daemon, oracle = started
    images = shard(rng)
    daemon.kill()
    daemon.spool.drop(IMAGES, "s.npy", images, ids=["a", "b", "c"])
    oracle.put(IMAGES, ["a", "b", "c"], images)
    return daemon, oracle


# The renames that a shard goes through: ids and shard to processing/, ids to processing/done/, shard and ids to done/, the
# receipt's name. Right before which the daemon is killed, and then, again, right before which of the next start.
@pytest.mark.parametrize(
    "kills",
    [(1,), (2,), (3,), (4,), (5,), (6,), (1, 1), (2, 1), (1, 3), (4, 1), (4, 3), (5, 2), (2, 2, 3), (3, 2, 1), (4, 4, 1)],
)  # fmt: skip
def test_killed_at_each_rename_of_a_shard(waiting, kills):
    daemon, oracle = waiting
    for number in kills:
        daemon.wrapper = killing("rename", when=number)
        daemon.spawn()
        assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    daemon.wrapper = []
    daemon.start()
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert (receipt["rows"], receipt["replaced"], receipt["generation"]) == (3, 0, 2)
    names = ["s.ids", "s.npy", "s.npy.receipt.json"]
    wait_until(lambda: daemon.spool.names("done", IMAGES) == names, "its files", alive=daemon.check_alive)
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []
    with daemon.client() as client:
        assert client.status()["generation"] == 2
        check_everything(client, oracle)


def test_killed_before_the_receipt_was_written(crashed):
    daemon, oracle, receipt = crashed
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    check_healed(daemon, oracle, receipt)


def test_killed_while_the_receipt_was_being_written(crashed):
    daemon, oracle, receipt = crashed
    path = daemon.spool.receipt_path(IMAGES, "s.npy")
    path.rename(path.with_name(f".{path.name}.tmp"))
    check_healed(daemon, oracle, receipt)


def test_what_took_effect_is_published_by_the_next_start_without_a_quiet_time(waiting):
    daemon, oracle = waiting
    daemon.wrapper = killing("rename", when=4)
    daemon.spawn()
    assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    daemon.wrapper = []
    assert daemon.spool.names("processing", IMAGES) == ["s.npy"]
    assert daemon.spool.names("processing", "done", IMAGES) == ["s.ids"]
    daemon.flags["quiet_seconds"] = 3600
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["generation"] == 2
    assert daemon.spool.names("done", IMAGES) == ["s.ids", "s.npy", "s.npy.receipt.json"]
    assert daemon.spool.names("processing", IMAGES) == daemon.spool.names("processing", "done", IMAGES) == []
    with daemon.client() as client:
        check_everything(client, oracle)


@pytest.mark.parametrize("rename", [3, 4, 5])
def test_what_took_effect_is_not_refused_for_being_too_large_by_now(make_daemon, rng, rename):
    """It was not too large when it came; the limit follows from the memory that the daemon may have."""
    daemon = make_daemon(k=4).start()
    daemon.kill()
    vectors = shard(rng, 3000)
    daemon.spool.drop(IMAGES, "s.npy", vectors, [f"s{number}" for number in range(3000)])
    daemon.wrapper = killing("rename", when=rename)
    daemon.spawn()
    assert daemon.wait() == -signal.SIGKILL, daemon.log()[-3000:]
    daemon.wrapper = []
    daemon.flags["largest_shard"] = 65_536
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 3000
    assert daemon.spool.names("failed", IMAGES) == daemon.spool.names(IMAGES) == []
    assert daemon.status()["images"] == 3000


@pytest.mark.parametrize("finished", ["move", "delete"])
@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_ids_of_the_next_shard_of_a_name_stay_until_it_comes(make_daemon, rng, finished, ending):
    """They are the same ids, and as old, and come before their vectors: nobody may take them for those of the last one."""
    daemon = make_daemon(k=4, finished_shards=finished).start()
    ids = daemon.folder / "ids"
    ids.write_text("a\nb\nc\n")
    oracle = Oracle(k=4)

    def drop_ids():
        shutil.copy2(ids, daemon.spool.incoming(IMAGES) / ".s.ids")
        os.rename(daemon.spool.incoming(IMAGES) / ".s.ids", daemon.spool.incoming(IMAGES) / "s.ids")

    for turn in range(3):
        drop_ids()
        if turn:
            getattr(daemon, ending)()
            if finished == "move":
                # Somebody clears up.
                (daemon.spool.done(IMAGES) / "s.ids").unlink()
            daemon.start()
            # Another shard goes through: the start is over.
            vectors = shard(rng, 2)
            daemon.drop(REFERENCES, f"{turn}.npy", vectors)
            oracle.put(REFERENCES, default_ids(f"{turn}.npy", 2), vectors)
            assert daemon.spool.names(IMAGES) == ["s.ids"]
        vectors = shard(rng)
        receipt = daemon.drop(IMAGES, "s.npy", vectors)
        assert receipt["replaced"] == (3 if turn else 0)
        oracle.put(IMAGES, ["a", "b", "c"], vectors)
    with daemon.client() as client:
        check_everything(client, oracle)


def test_killed_before_the_receipt_of_a_shard_dropped_again_was_written(crashed):
    daemon, oracle, receipt = crashed
    daemon.start()
    # A commit in between: what came before it is put away for good.
    daemon.drop(REFERENCES, "r.npy", np.stack(list(oracle.references.values()))[:1], ids=["r:0"])
    vectors = np.load(daemon.spool.done(IMAGES) / "s.npy")
    again = daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "c"])
    assert again["unchanged"]
    daemon.kill()
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["generation"] == receipt["generation"]


def test_a_new_shard_of_the_same_name_after_a_kill_takes_effect(crashed, rng):
    daemon, oracle, receipt = crashed
    daemon.spool.receipt_path(IMAGES, "s.npy").unlink()
    vectors = shard(rng)
    daemon.spool.drop(IMAGES, "s.npy", vectors, ids=["a", "d", "c"])
    oracle.put(IMAGES, ["a", "d", "c"], vectors)
    daemon.start()

    def new_receipt():
        path = daemon.spool.receipt_path(IMAGES, "s.npy")
        return path.exists() and json.loads(path.read_text())["generation"] > receipt["generation"]

    wait_until(new_receipt, "the receipt of the new shard", alive=daemon.check_alive)
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_shard_claimed_but_not_committed_takes_effect(crashed, rng):
    daemon, oracle, _ = crashed
    vectors = shard(rng)
    (daemon.spool.root / "processing" / IMAGES / "t.npy").write_bytes(npy_bytes(vectors))
    oracle.put(IMAGES, default_ids("t.npy", 3), vectors)
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "t.npy")
    with daemon.client() as client:
        check_everything(client, oracle)


@pytest.mark.parametrize("ids", ["processing/images", "processing/failed/images"])
def test_a_rejection_that_was_cut_short_is_finished(crashed, ids):
    daemon, oracle, receipt = crashed
    (daemon.spool.root / "processing" / IMAGES / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    (daemon.spool.root / ids / "bad.ids").write_text("x\n")
    daemon.spool.error_path(IMAGES, "bad.npy").write_text("{}")
    daemon.start()
    names = ["bad.ids", "bad.npy", "bad.npy.error.json"]
    wait_until(lambda: daemon.spool.names("failed", IMAGES) == names, "its files", alive=daemon.check_alive)
    wait_until(lambda: daemon.status()["last_failures"], "the failure in the status", alive=daemon.check_alive)
    assert json.loads(daemon.spool.error_path(IMAGES, "bad.npy").read_text())["code"] == "zero_vector"


def test_ids_of_a_rejected_shard_follow_it_after_a_kill(crashed):
    """The kill came between the moves of the two."""
    daemon, *_ = crashed
    leaving = daemon.spool.root / "processing" / "failed" / IMAGES
    (leaving / "bad.ids").write_text("x\n")
    (daemon.spool.failed(IMAGES) / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    daemon.start()
    wait_until(lambda: list(leaving.iterdir()) == [], "the ids to move", alive=daemon.check_alive)
    assert daemon.spool.names("failed", IMAGES) == ["bad.ids", "bad.npy"]


def test_ids_that_came_after_a_refusal_wait_for_their_shard(crashed, rng):
    daemon, oracle, _ = crashed
    (daemon.spool.failed(IMAGES) / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    daemon.spool.let_time_pass_after("failed/images", "bad.npy")
    (daemon.spool.incoming(IMAGES) / "bad.ids").write_text("x\ny\n")
    daemon.start()
    # Another shard goes through meanwhile: the start is over.
    vectors = shard(rng, 2)
    oracle.put(IMAGES, default_ids("other.npy", 2), vectors)
    daemon.drop(IMAGES, "other.npy", vectors)
    assert daemon.spool.names(IMAGES) == ["bad.ids"]
    vectors = shard(rng, 2)
    oracle.put(IMAGES, ["x", "y"], vectors)
    daemon.drop(IMAGES, "bad.npy", vectors)
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_kill_leaves_the_socket_and_the_next_start_replaces_it(make_daemon):
    daemon = make_daemon(k=4).start()
    daemon.kill()
    assert daemon.socket.is_socket()
    daemon.start()
    assert daemon.status()["generation"] == 0
