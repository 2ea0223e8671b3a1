"""Behaviour when the LMDB map is full."""

from harness.nnnctl import succeeds
from harness.preload import small_map
from harness.spool import IMAGES
from harness.waiting import wait_until

ROWS = 3000


def test_with_a_full_map_shards_wait_and_searches_succeed(make_corpus, tmp_path):
    corpus = make_corpus(environment=small_map(tmp_path, 1 << 20))
    daemon = corpus.daemon
    ids, vectors = [f"n{row}" for row in range(ROWS)], corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_until(lambda: "MDB_MAP_FULL" in daemon.log(), "the full map in the log", alive=daemon.check_alive)
    corpus.check()
    succeeds("verify", daemon=daemon)
    assert "new.npy" in daemon.spool.names("processing", IMAGES)
    assert daemon.status()["store"]["maximum_bytes"] == 1 << 20
    daemon.stop()
    # The operator installs a version with a larger map.
    daemon.environment = {}
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()
