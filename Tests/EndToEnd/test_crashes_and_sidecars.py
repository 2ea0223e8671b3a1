"""Kills of the daemon around sidecars: after the next start each sidecar is used for its own shard or is beside it."""

import json
import os
import shutil

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.waiting import wait_until

DIMENSION = 8


def random_vectors(rng, rows=3):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


@pytest.fixture
def killed(make_daemon, rng):
    """A daemon that was killed when it had nine references and three images, and its oracle."""
    daemon = make_daemon(k=4).start()
    oracle = Oracle(k=4)
    references, images = random_vectors(rng, 9), random_vectors(rng)
    daemon.drop(REFERENCES, "r.npy", references)
    oracle.put(REFERENCES, default_ids("r.npy", 9), references)
    daemon.drop(IMAGES, "s.npy", images, ids=["a", "b", "c"])
    oracle.put(IMAGES, ["a", "b", "c"], images)
    daemon.kill()
    return daemon, oracle


@pytest.mark.parametrize("finished", ["move", "delete"])
@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_a_sidecar_waits_for_the_next_shard_of_its_name(make_daemon, rng, finished, ending):
    """The sidecar has the content and the file times of the previous one, and must not be taken for that one."""
    daemon = make_daemon(k=4, finished_shards=finished).start()
    ids = daemon.folder / "ids"
    ids.write_text("a\nb\nc\n")
    oracle = Oracle(k=4)

    def drop_sidecar():
        shutil.copy2(ids, daemon.spool.incoming(IMAGES) / ".s.ids")
        os.rename(daemon.spool.incoming(IMAGES) / ".s.ids", daemon.spool.incoming(IMAGES) / "s.ids")

    for turn in range(3):
        drop_sidecar()
        if turn:
            getattr(daemon, ending)()
            if finished == "move":
                # As if an operator removed finished files.
                (daemon.spool.done(IMAGES) / "s.ids").unlink()
            daemon.start()
            # When another shard has taken effect, the recovery of the start has ended.
            vectors = random_vectors(rng, 2)
            daemon.drop(REFERENCES, f"{turn}.npy", vectors)
            oracle.put(REFERENCES, default_ids(f"{turn}.npy", 2), vectors)
            assert daemon.spool.names(IMAGES) == ["s.ids"]
        vectors = random_vectors(rng)
        receipt = daemon.drop(IMAGES, "s.npy", vectors)
        assert receipt["replaced"] == (3 if turn else 0)
        oracle.put(IMAGES, ["a", "b", "c"], vectors)
    with daemon.client() as client:
        check_everything(client, oracle)


@pytest.mark.parametrize("folder", ["processing/images", "processing/failed/images"])
def test_an_interrupted_rejection_is_finished_by_the_next_start(killed, folder):
    daemon, _ = killed
    (daemon.spool.root / "processing" / IMAGES / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    (daemon.spool.root / folder / "bad.ids").write_text("x\n")
    daemon.spool.error_path(IMAGES, "bad.npy").write_text("{}")
    daemon.start()
    names = ["bad.ids", "bad.npy", "bad.npy.error.json"]
    wait_until(lambda: daemon.spool.names("failed", IMAGES) == names, "the rejected files", alive=daemon.check_alive)
    wait_until(lambda: daemon.status()["last_failures"], "the failure in the status", alive=daemon.check_alive)
    assert json.loads(daemon.spool.error_path(IMAGES, "bad.npy").read_text())["code"] == "zero_vector"


def test_the_sidecar_of_a_rejected_shard_moves_to_failed_after_a_kill(killed):
    """The state after a kill between the move of the shard and that of the sidecar."""
    daemon, _ = killed
    moving = daemon.spool.root / "processing" / "failed" / IMAGES
    (moving / "bad.ids").write_text("x\n")
    (daemon.spool.failed(IMAGES) / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    daemon.start()
    wait_until(lambda: list(moving.iterdir()) == [], "the sidecar to move", alive=daemon.check_alive)
    assert daemon.spool.names("failed", IMAGES) == ["bad.ids", "bad.npy"]


def test_a_sidecar_dropped_after_a_rejection_waits_for_its_shard(killed, rng):
    daemon, oracle = killed
    (daemon.spool.failed(IMAGES) / "bad.npy").write_bytes(npy_bytes(np.zeros((1, DIMENSION))))
    daemon.spool.wait_until_new_files_are_newer("failed/images", "bad.npy")
    (daemon.spool.incoming(IMAGES) / "bad.ids").write_text("x\ny\n")
    daemon.start()
    # When another shard has taken effect, the recovery of the start has ended.
    vectors = random_vectors(rng, 2)
    oracle.put(IMAGES, default_ids("other.npy", 2), vectors)
    daemon.drop(IMAGES, "other.npy", vectors)
    assert daemon.spool.names(IMAGES) == ["bad.ids"]
    vectors = random_vectors(rng, 2)
    oracle.put(IMAGES, ["x", "y"], vectors)
    daemon.drop(IMAGES, "bad.npy", vectors)
    with daemon.client() as client:
        check_everything(client, oracle)
