"""A daemon that samples queries, and an oracle that knows what becomes of them."""

import functools
import hashlib

import numpy as np

from .daemon import Daemon
from .oracle import Oracle, check_everything
from .spool import IMAGES, REFERENCES
from .waiting import wait_until

DIMENSION, K = 8, 6
ON = {"k": K, "sample_queries": "100%", "sample_delay": "0.1s", "sample_client_share": "100%"}


def reference_of(query):
    """The vector and the id of the reference that a query becomes."""
    scaled = np.float64(query) / np.abs(query).max()
    vector = (scaled / np.sqrt((scaled**2).sum())).astype("<f4")
    return vector, "query:" + hashlib.sha256(vector.tobytes()).hexdigest()[:32]


def filled(folder, rng, **flags):
    """A daemon with 40 images and 9 given references, and its oracle."""
    daemon, oracle = Daemon(folder, **{**ON, **flags}), Oracle(flags.get("k", K))
    with daemon:
        for kind, rows in ((IMAGES, 40), (REFERENCES, 9)):
            vectors = rng.standard_normal((rows, DIMENSION)).astype(np.float32)
            daemon.drop(kind, f"{kind}.npy", vectors, [f"{kind}{row}" for row in range(rows)])
            oracle.put(kind, [f"{kind}{row}" for row in range(rows)], vectors)
        yield daemon, oracle


def queries_of(rng, count):
    return rng.standard_normal((count, DIMENSION)).astype(np.float32)


def sampled(daemon):
    """The ids of the sampled references."""
    with daemon.client() as client:
        return {line["id"] for line in client.list_references() if line["source"] == "sampled"}


def wait_for(daemon, ids):
    wait_until(lambda: sampled(daemon) == set(ids), "the sampled references", alive=daemon.check_alive)


def add(oracle, queries):
    """Adds the references of queries to the oracle, and returns their ids."""
    vectors, ids = zip(*map(reference_of, queries), strict=True)
    oracle.put(REFERENCES, ids, vectors)
    return list(ids)


def check(daemon, oracle):
    with daemon.client() as client:
        client.search = functools.partial(client.search, sample=False)
        check_everything(client, oracle)
        assert client.verify()["wrong"] == 0
