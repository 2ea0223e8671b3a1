"""The change feed while shards arrive, over kills of the daemon, and its settings."""

import json
import os

import numpy as np
import pytest

import nnnd
from harness.daemon import Daemon
from harness.nnnctl import fails, succeeds
from harness.spool import IMAGES, REFERENCES
from nnnd.exporting import read_export

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


def test_an_export_and_the_changes_after_it_are_the_corpus(tmp_path, rng):
    """The export goes on while images, references and deletions arrive, and after it was killed."""
    truth = Truth(k=3)
    with Daemon(tmp_path / "d", k=3) as daemon, daemon.client() as client:
        for kind, known in ((IMAGES, truth.images), (REFERENCES, truth.references)):
            vectors = rng.standard_normal((60, DIMENSION)).astype(np.float32)
            ids = [f"{kind}{number}" for number in range(60)]
            daemon.drop(kind, "first.npy", vectors, ids)
            known.update(zip(ids, vectors, strict=True))
        folder = tmp_path / "export"
        output = succeeds("export", folder, daemon=daemon)
        assert output == f"{folder}: 60 images, generation 2\n"
        found = read_export(folder)
        check_export(found, truth)
        assert "complete" in fails(os.EX_IOERR, "export", folder, daemon=daemon)
        daemon.delete(IMAGES, "d.delete", ["images3"])
        del truth.images["images3"]
        copy = dict(zip(found.ids, found.means.tolist(), strict=True))
        for page in client.new_changes(found.manifest.cursor):
            for change in page:
                copy.pop(change.id) if change.kind == "delete" else copy.update({change.id: change.mean})
        assert copy == pytest.approx(truth.means(), abs=1e-5)
        fails(os.EX_USAGE, "export", "--format", "parquet", tmp_path / "p", daemon=daemon)


def check_export(found, truth):
    assert dict(zip(found.ids, found.means.tolist(), strict=True)) == pytest.approx(truth.means(), abs=1e-5)
    expected = np.array([truth.unit(truth.images[id]) for id in found.ids])
    assert np.allclose(found.vectors, expected, atol=1e-6)


def test_an_export_that_was_interrupted_continues_with_what_changed_meanwhile(tmp_path, rng):
    truth = Truth(k=3)
    with Daemon(tmp_path / "d", k=3) as daemon, daemon.client() as client:
        vectors = rng.standard_normal((40, DIMENSION)).astype(np.float32)
        ids = [f"images{number}" for number in range(40)]
        daemon.drop(IMAGES, "i.npy", vectors, ids)
        truth.images.update(zip(ids, vectors, strict=True))
        # The state of an export that was killed after 15 images, with bytes behind them that were not recorded.
        page = client.changes("start", limit=15, vectors=True)
        assert page.initial and page.more
        folder = tmp_path / "export"
        folder.mkdir()
        (folder / "images.npy").write_bytes(bytes(128) + page.vectors.tobytes() + b"cut off")
        (folder / "means.npy").write_bytes(bytes(128) + page.means.tobytes() + b"cut")
        lines = "".join(f"{id}\n" for id in page.ids).encode()
        (folder / "images.ids").write_bytes(lines + b"images1")
        status = client.status()
        progress = {
            "format": "npy", "version": status["version"], "metric": "cosine", "precision": "float32", "k": 3,
            "dimension": DIMENSION, "rows": 15, "changes": 0, "id_bytes": len(lines), "change_bytes": 0,
            "generation": page.generation, "cursor": page.cursor, "has_all_images": False,
        }  # fmt: skip
        (folder / "progress.json").write_text(json.dumps(progress))
        daemon.delete(IMAGES, "d.delete", [page.ids[2], "images30"])
        del truth.images[page.ids[2]], truth.images["images30"]
        truth.references["r"] = np.ones(DIMENSION, np.float32)
        daemon.drop(REFERENCES, "r.npy", [truth.references["r"]], ["r"])
        succeeds("export", folder, daemon=daemon)
        found = read_export(folder)
        assert (found.manifest.rows, found.manifest.changes) == (39, 15)
        # The states of an export that was killed before its first page.
        for number, files in enumerate(([], [".progress.json.tmp"], ["progress.json"], ["progress.json", "images.npy"])):
            early = tmp_path / f"early{number}"
            early.mkdir()
            for name in files:
                start = {**progress, "cursor": "start", "rows": 0, "id_bytes": 0, "generation": 0, "dimension": 0}
                (early / name).write_text(json.dumps(start) if name == "progress.json" else "")
            succeeds("export", early, daemon=daemon)
            check_export(read_export(early), truth)
        check_export(found, truth)
        assert {path.name for path in folder.iterdir()} == {
            "images.npy", "images.ids", "means.npy", "changes.ndjson", "manifest.json",
        }  # fmt: skip
