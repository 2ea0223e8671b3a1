"""Behaviour when the daemon runs out of file descriptors."""

import resource

import pytest

from harness.http import connect
from harness.spool import IMAGES
from harness.waiting import wait_until


def limit_descriptors(daemon, number):
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (number, 4096))


def test_without_free_descriptors_shards_wait_and_open_connections_work(make_corpus):
    corpus = make_corpus(descriptors=4096)
    daemon = corpus.daemon
    with daemon.client() as client:
        client.status()
        limit_descriptors(daemon, 5)
        ids, vectors = ["n"], corpus.vectors(1)
        daemon.spool.drop(IMAGES, "new.npy", vectors, ids)
        wait_until(lambda: "Too many open files" in daemon.log(), "the error in the log", alive=daemon.check_alive)
        client.search(corpus.vectors(1), top_k=2)
        limit_descriptors(daemon, 4096)
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    corpus.oracle.put(IMAGES, ids, vectors)
    corpus.check()


@pytest.mark.parametrize("descriptors", [160, 300])
def test_idle_connections_leave_descriptors_for_store_and_spool(make_corpus, descriptors):
    """With more idle clients than descriptors, shards take effect and new clients get answers."""
    corpus = make_corpus(descriptors=descriptors)
    idle = []
    try:
        for _ in range(2 * descriptors):
            idle.append(connect(corpus.daemon.socket))
            if len(idle) % 100 == 0:
                corpus.check()
        corpus.add(IMAGES, "new.npy", ["n"])
        corpus.check()
        assert "Too many open files" not in corpus.daemon.log()
    finally:
        for connection in idle:
            connection.close()
