"""A daemon together with an oracle that computes its expected corpus and biases."""

import numpy as np

from .oracle import Oracle, check_everything
from .spool import IMAGES, REFERENCES, default_ids
from .waiting import wait_until

KINDS = (IMAGES, REFERENCES)


class Corpus:
    """Applies each change, random vectors under given ids, to the daemon and to the oracle."""

    def __init__(self, daemon, rng, *, dimension=6, max_references=None):
        self.daemon = daemon
        self.oracle = Oracle(k=daemon.flags["k"], metric=daemon.flags.get("metric") or "cosine")
        self.dimension = dimension
        # The daemon's `max-references`, from a flag or another source; None if it has no limit.
        self.max_references = max_references or daemon.flags.get("max_references")
        self._rng = rng

    def vectors(self, rows):
        return self._rng.standard_normal((rows, self.dimension)).astype(np.float32)

    def add(self, kind, name, ids):
        """Drops a shard that must take effect and waits for its receipt, which it returns."""
        ids = list(ids)
        rows = self.vectors(len(ids))
        replaced = len(self.oracle.of(kind).keys() & set(ids))
        receipt = self.daemon.drop(kind, name, rows, ids)
        assert (receipt["action"], receipt["rows"], receipt["replaced"]) == ("add", len(ids), replaced), receipt
        assert (receipt["deleted"], receipt["missing"], receipt["unchanged"]) == (0, 0, False), receipt
        self.oracle.put(kind, ids, rows)
        if kind == REFERENCES and self.max_references is not None:
            self.oracle.keep_newest_references(self.max_references)
        return receipt

    def delete(self, kind, name, ids):
        """Drops a deletion list that must take effect and waits for its receipt, which it returns."""
        ids = list(ids)
        deleted = self.oracle.remove(kind, ids)
        receipt = self.daemon.delete(kind, name, ids)
        assert (receipt["action"], receipt["rows"], receipt["replaced"]) == ("delete", len(ids), 0), receipt
        assert (receipt["deleted"], receipt["missing"]) == (deleted, len(ids) - deleted), receipt
        assert not receipt["unchanged"], receipt
        return receipt

    def check(self):
        """Compares the counts, all biases and a search with the oracle."""
        with self.daemon.client() as client:
            check_everything(client, self.oracle)

    def check_references(self):
        """Checks that the daemon has exactly the oracle's references, also in biases and explanations."""
        with self.daemon.client() as client:
            assert client.status()["references"] == len(self.oracle.references)
            for id in self.oracle.references:
                client.reference(id)
        self.check()
        self.check_explanations()

    def wait_for_references(self, count):
        """Waits until the daemon has `count` references, and checks that they are the newest."""
        daemon = self.daemon
        wait_until(lambda: daemon.status()["references"] == count, f"{count} references", alive=daemon.check_alive)
        self.oracle.keep_newest_references(count)
        self.check_references()

    def check_explanations(self):
        """Checks that the explanation of each image names existing references only."""
        with self.daemon.client() as client:
            for id in self.oracle.images:
                report = client.explain(id)
                ids = {entry["id"] for entry in report["references"]}
                assert len(ids) == len(report["references"]) >= min(self.oracle.k, len(self.oracle.references))
                assert ids <= self.oracle.references.keys(), ids - self.oracle.references.keys()


def drop_random_corpus(daemon, rng, *, images, references, dimension):
    """Drops images.npy and references.npy with random vectors, and returns the oracle of the corpus."""
    oracle = Oracle(k=daemon.flags["k"])
    for kind, rows in ((IMAGES, images), (REFERENCES, references)):
        vectors = rng.standard_normal((rows, dimension)).astype(np.float32)
        daemon.drop(kind, f"{kind}.npy", vectors)
        oracle.put(kind, default_ids(f"{kind}.npy", rows), vectors)
    return oracle


def ids_of(kind, numbers):
    """Ids that show their kind: i0, i1, ... for images, r0, r1, ... for references."""
    return [f"{kind[0]}{number}" for number in numbers]
