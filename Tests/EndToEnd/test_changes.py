"""The change feed while shards arrive, over kills of the daemon, and its settings."""

import json
import os

import numpy as np
import pytest

import nnnd
from harness.daemon import Daemon
from harness.nnnctl import fails, succeeds
from harness.spool import IMAGES, REFERENCES

DIMENSION = 6
# More for a long run.
STEPS = int(os.environ.get("NNND_CHANGES_STEPS", "40"))


class Consumer:
    """A copy of the corpus that is kept by the feed; it leaves out changes of means below eps."""

    def __init__(self, eps):
        self.keep, self.cursor, self.copy = nnnd.MeanFilter(eps), "start", {}

    def read(self, client, limit):
        page = client.changes(self.cursor, limit, vectors=True)
        for change in self.keep(page):
            if change.kind == "delete":
                self.copy.pop(change.id, None)
            else:
                vector = change.vector if change.kind == "upsert" else self.copy[change.id][1]
                self.copy[change.id] = (change.mean, vector)
        self.cursor = page.cursor
        return page.more

    def check(self, corpus):
        means = corpus.means()
        assert self.copy.keys() == means.keys()
        for id, (mean, vector) in self.copy.items():
            assert abs(mean - means[id]) < self.keep.eps + 1e-5
            assert np.allclose(vector, corpus.unit(corpus.images[id]), atol=1e-6)


class Truth:
    """The corpus, and its means computed from scratch."""

    def __init__(self, k):
        self.k, self.images, self.references = k, {}, {}

    @staticmethod
    def unit(vector):
        vector = np.asarray(vector, np.float64)
        return vector / np.linalg.norm(vector)

    def means(self):
        references = [self.unit(vector) for vector in self.references.values()]
        return {id: self.mean(self.unit(vector), references) for id, vector in self.images.items()}

    def mean(self, image, references):
        similarities = sorted((float(image @ reference) for reference in references), reverse=True)[: self.k]
        return float(np.mean(similarities)) if similarities else 0.0


def test_two_consumers_follow_changes_and_kills(tmp_path, rng):
    truth, consumers = Truth(k=3), [Consumer(0.0), Consumer(0.02)]
    with Daemon(tmp_path, k=3) as daemon:
        client = daemon.client()
        for step in range(STEPS):
            kind = [IMAGES, REFERENCES][int(rng.integers(2))]
            ids = [f"{kind}{number}" for number in rng.choice(30, size=int(rng.integers(1, 8)), replace=False)]
            known = truth.images if kind == IMAGES else truth.references
            if rng.random() < 0.3:
                daemon.delete(kind, f"d{step}.delete", ids)
                for id in ids:
                    known.pop(id, None)
            else:
                vectors = rng.standard_normal((len(ids), DIMENSION)).astype(np.float32)
                daemon.drop(kind, f"a{step}.npy", vectors, ids)
                known.update(zip(ids, vectors, strict=True))
            if step % 13 == 12:
                daemon.kill()
                daemon.start()
            for number, consumer in enumerate(consumers):
                if rng.random() < 0.5:
                    more = consumer.read(client, int(rng.integers(1, 20)))
                    if not more and number == 0:
                        consumer.check(truth)
        for consumer in consumers:
            while consumer.read(client, 7):
                pass
            consumer.check(truth)
        client.close()


def test_nnnctl_prints_pages_and_the_next_cursor(daemon):
    daemon.drop(IMAGES, "i.npy", np.eye(3, dtype=np.float32), ["a", "b", "c"])

    def lines(*arguments):
        return [json.loads(line) for line in succeeds("changes", "--json", *arguments, daemon=daemon).splitlines()]

    [now] = lines()
    *changes, end = lines("--since", "start", "--vectors")
    assert [(line["id"], line["vector"]) for line in changes] == [("a", [1, 0, 0]), ("b", [0, 1, 0]), ("c", [0, 0, 1])]
    assert end == now and not end["more"]
    text = succeeds("changes", "--since", "start", "--limit", "2", daemon=daemon)
    table, cursor = text.rstrip().rsplit("next cursor  ")
    assert [line.split()[-1] for line in table.splitlines()] == ["image", "a", "b"]
    assert [line.get("id") for line in lines("--since", cursor)] == ["c", None]
    assert "next_cursor" in fails(os.EX_DATAERR, "changes", "--since", "x", daemon=daemon)
    fails(os.EX_USAGE, "changes", "--vectors", daemon=daemon)


def test_a_reload_switches_the_log_off_and_on(tmp_path):
    with Daemon(tmp_path) as daemon, daemon.client() as client:
        daemon.drop(IMAGES, "i.npy", np.eye(3, dtype=np.float32), ["a", "b", "c"])
        cursor = client.changes("now").cursor
        daemon.restart(change_log_size="0")
        with pytest.raises(nnnd.Conflict, match="changes_off"):
            client.changes(cursor)
        daemon.restart(change_log_size="1MiB")
        with pytest.raises(nnnd.CursorGone, match="cursor_unknown"):
            client.changes(cursor)
        assert len(client.changes("start")) == 3
