"""Behaviour when the LMDB map is full, because the store has reached the setting `map-size`."""

from harness.nnnctl import succeeds
from harness.spool import IMAGES
from harness.waiting import wait_until

ROWS = 3000


def test_with_a_full_map_shards_wait_and_searches_succeed(make_corpus):
    corpus = make_corpus(map_size="1MiB")
    daemon = corpus.daemon
    ids, vectors = [f"n{row}" for row in range(ROWS)], corpus.vectors(ROWS)
    daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
    wait_until(lambda: "MDB_MAP_FULL" in daemon.log(), "the full map in the log", alive=daemon.check_alive)
    corpus.check()
    succeeds("verify", daemon=daemon)
    assert "new.npy" in daemon.spool.names("processing", IMAGES)
    assert daemon.status()["store"]["maximum_bytes"] == 1 << 20
    daemon.restart(map_size="1GiB")
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()
