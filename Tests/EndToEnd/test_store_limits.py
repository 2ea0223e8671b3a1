"""The store's data file while the daemon runs: removed, limited in size, emptied."""

import http.client
import os
import shutil

import numpy as np
import pytest

from harness.corpus import Corpus
from harness.daemon import run_to_end
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

REMOVED = 66
WRONG_SETTING = 78


def remove_folder(folder):
    shutil.rmtree(folder)


def move_folder(folder):
    os.rename(folder, folder.with_name("elsewhere"))


def replace_folder(folder):
    """As a deployment does that creates the folder again."""
    shutil.rmtree(folder)
    folder.mkdir()


def remove_file(folder):
    (folder / "data.mdb").unlink()


def replace_file(folder):
    shutil.copy(folder / "data.mdb", folder / "copy")
    os.rename(folder / "copy", folder / "data.mdb")


def check_not_ready(daemon):
    """The daemon says that its store was removed, unless it has noticed it already and has ended."""
    try:
        with daemon.client() as client:
            answer = client.get("/readyz")
    except (OSError, http.client.HTTPException):
        wait_until(lambda: daemon.process.poll() is not None, "the daemon to end")
    else:
        assert (answer.status, answer.json().get("code")) == (503, "store_removed")


CHANGES = [remove_folder, move_folder, replace_folder, remove_file, replace_file]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_receipt_is_written_after_the_data_file_was_removed(make_daemon, rng, change):
    """The daemon ends with a status of its own; the shards that have no receipt stay in the spool."""
    corpus = Corpus(make_daemon(k=4).start(), rng)
    corpus.add(IMAGES, "before.npy", ["a", "b"])
    daemon = corpus.daemon
    change(daemon.flags["data"])
    check_not_ready(daemon)
    daemon.spool.drop(IMAGES, "after.npy", corpus.vectors(2))
    wait_until(lambda: daemon.process.poll() is not None, "the daemon to end")
    assert daemon.process.returncode == REMOVED, daemon.log()
    assert "was removed, moved or replaced" in daemon.log().splitlines()[-1]
    assert not daemon.spool.receipt_path(IMAGES, "after.npy").exists()
    left = daemon.spool.names(IMAGES) + daemon.spool.names("processing", IMAGES)
    assert left == ["after.npy"]


def test_an_idle_daemon_notices_that_the_data_file_was_removed(make_daemon):
    daemon = make_daemon(k=4, rescan_seconds=0.2).start()
    remove_folder(daemon.flags["data"])
    wait_until(lambda: daemon.process.poll() is not None, "the daemon to end")
    assert daemon.process.returncode == REMOVED, daemon.log()


def test_a_data_file_that_was_put_back_is_used_again(make_daemon, rng):
    corpus = Corpus(make_daemon(k=4).start(), rng)
    corpus.add(IMAGES, "before.npy", ["a", "b"])
    data = corpus.daemon.flags["data"]
    os.rename(data, data.with_name("elsewhere"))
    os.rename(data.with_name("elsewhere"), data)
    corpus.add(IMAGES, "after.npy", ["c"])
    corpus.check()


def limited_command(bytes):
    return ["prlimit", f"--as={bytes}"]


def test_a_limited_address_space_needs_a_smaller_map(make_daemon, rng, tmp_path):
    daemon = make_daemon(k=4)
    daemon.wrapper = limited_command(64 << 30)
    daemon.spawn()
    wait_until(lambda: daemon.process.poll() is not None, "the daemon to end")
    assert daemon.process.returncode == WRONG_SETTING, daemon.log()
    assert "map-size" in daemon.log() and "ulimit -v" in daemon.log()
    corpus = Corpus(daemon, rng)
    daemon.flags["map_size"] = "16GiB"
    daemon.start()
    assert daemon.status()["store"]["maximum_bytes"] == 16 << 30
    corpus.add(IMAGES, "i.npy", ["a", "b"])
    corpus.check()


def test_shards_wait_if_the_store_has_reached_its_size(make_daemon, rng):
    """The shards take effect once `map-size` is raised; nothing is lost."""
    daemon = make_daemon(k=4, map_size="2MiB").start()
    small = Corpus(daemon, rng, dimension=64)
    small.add(IMAGES, "small.npy", ["a"])
    vectors = rng.standard_normal((20_000, 64)).astype(np.float32)
    daemon.spool.drop(IMAGES, "large.npy", vectors)
    wait_until(lambda: "shards wait" in daemon.log(), "the fault in the log", alive=daemon.check_alive)
    small.check()
    daemon.restart(map_size="1GiB")
    assert daemon.spool.wait_receipt(IMAGES, "large.npy")["rows"] == 20_000
    small.oracle.put(IMAGES, [f"large:{row}" for row in range(20_000)], vectors)
    small.check()


@pytest.mark.parametrize("size", ["0", "1023KiB", "65TiB", "much"])
def test_an_impossible_size_of_the_store_is_rejected(tmp_path, size):
    status, errors = run_to_end(tmp_path, map_size=size)
    assert status == 64 and "map-size" in errors


@pytest.mark.parametrize("first", [IMAGES, REFERENCES])
def test_an_emptied_corpus_takes_another_dimension(make_daemon, rng, first):
    daemon = make_daemon(k=4).start()
    corpus = Corpus(daemon, rng, dimension=6)
    corpus.add(first, "wrong.npy", ["a", "b", "c"])
    corpus.delete(first, "wrong.delete", ["a", "b", "c"])
    assert "dimension" not in daemon.status()
    wide = Corpus(daemon, rng, dimension=9)
    wide.add(REFERENCES, "r.npy", [f"r{number}" for number in range(20)])
    wide.add(IMAGES, "i.npy", [f"i{number}" for number in range(50)])
    wide.check()
    daemon.restart()
    wide.check()
    assert daemon.status()["dimension"] == 9


def test_a_corpus_emptied_by_retention_takes_another_dimension(make_daemon, rng):
    daemon = make_daemon(k=4, reference_ttl="0.3s", rescan_seconds=0.1).start()
    daemon.drop(REFERENCES, "wrong.npy", np.eye(3, 5, dtype=np.float32))
    wait_until(lambda: "dimension" not in daemon.status(), "the retirement", alive=daemon.check_alive)
    Corpus(daemon, rng, dimension=9).add(IMAGES, "i.npy", ["a"])
    assert daemon.status()["dimension"] == 9


def test_a_deletion_and_a_shard_of_another_dimension_can_wait_together(make_daemon, rng):
    """Both are in one commit at the start."""
    daemon = make_daemon(k=4, quiet_seconds=0, list_quiet_seconds=0).start()
    Corpus(daemon, rng, dimension=6).add(IMAGES, "wrong.npy", ["a", "b"])
    assert daemon.stop() == 0
    daemon.spool.drop_bytes(IMAGES, "d.delete", b"a\nb\n")
    daemon.spool.wait_until_new_files_are_newer(IMAGES, "d.delete")
    vectors = rng.standard_normal((3, 9)).astype(np.float32)
    daemon.spool.drop(IMAGES, "right.npy", vectors)
    daemon.start()
    assert daemon.spool.wait_receipt(IMAGES, "right.npy")["rows"] == 3
    assert (daemon.status()["dimension"], daemon.status()["images"]) == (9, 3)


def test_a_corpus_that_is_not_empty_keeps_its_dimension(make_daemon, rng):
    corpus = Corpus(make_daemon(k=4).start(), rng, dimension=6)
    corpus.add(REFERENCES, "r.npy", ["r"])
    corpus.add(IMAGES, "i.npy", ["a"])
    corpus.delete(IMAGES, "d.delete", ["a"])
    corpus.daemon.spool.drop(IMAGES, "wide.npy", np.eye(2, 9, dtype=np.float32))
    assert corpus.daemon.spool.wait_failure(IMAGES, "wide.npy")["code"] == "wrong_dimension"
    assert corpus.daemon.status()["dimension"] == 6
