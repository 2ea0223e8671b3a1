"""Cells: groups of similar images, of which an approximate search reads a few."""

import io

import numpy as np
import pytest

from harness.http import NPY, NPZ, npy_bytes
from harness.nnnctl import succeeds
from harness.problems import check_problem
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

COUNT, DIMENSION = 12_000, 48
EXPERT = {"top_k": 10, "recall": 0.9, "rescore": 400}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def ready_cells(daemon, unassigned=0):
    """Waits until cells are ready, and so many images at most are in none; returns the status of the cells."""

    def found():
        cells = daemon.status()["recall"].get("cells")
        return cells if cells and cells["ready"] and cells["unassigned"] <= unassigned else None

    return wait_until(found, "cells", alive=daemon.check_alive)


@pytest.fixture
def store(make_daemon, rng):
    """A daemon with cells; its vectors by id."""
    daemon = make_daemon(k=8, cells_from=5000).start()
    # Images near 300 centers, as those of one topic are.
    centers = rng.standard_normal((300, DIMENSION))
    images = unit(centers[rng.integers(300, size=COUNT)] + 0.8 * rng.standard_normal((COUNT, DIMENSION)))
    vectors = {f"{row}": vector for row, vector in enumerate(images.astype(np.float32))}
    references = unit(centers[rng.integers(300, size=600)] + rng.standard_normal((600, DIMENSION)))
    daemon.drop(REFERENCES, "references.npy", references.astype(np.float32))
    daemon.drop(IMAGES, "images.npy", np.array(list(vectors.values())), list(vectors))
    return daemon, vectors


def search(client, queries, **options):
    return client.post_json("/v1/search", {"queries": queries.tolist(), **options}).json()


def ids(answer):
    return [[hit["id"] for hit in hits] for hits in answer["results"]]


def check_all_cells(daemon, queries):
    """A search that reads all cells and scores many images exactly equals the exact one."""
    with daemon.client() as client:
        every = search(client, queries, **EXPERT | {"probes": 65_535, "rescore": 2048})
        assert every["recall"]["probed_cells"] > 0
        assert every["results"] == search(client, queries, top_k=10)["results"]
    succeeds("verify", daemon=daemon)


def test_a_search_reads_few_cells_and_says_so(store, api_document):
    daemon, vectors = store
    queries = np.array(list(vectors.values())[:40])
    cells = ready_cells(daemon)
    assert cells["count"] == int(4 * COUNT**0.5)
    with daemon.client() as client:
        answer = search(client, queries, **EXPERT, probes=20)
        api_document.validate(answer, "SearchResponse")
        assert answer["recall"]["probed_cells"] == 20 * len(queries)
        assert answer["recall"]["scanned_rows"] < len(queries) * COUNT / 5
        exact = ids(search(client, queries, top_k=10))
        shared = sum(len(set(found) & set(best)) for found, best in zip(ids(answer), exact, strict=True))
        assert shared > 0.7 * 10 * len(queries)
        headers = {"Content-Type": NPY, "Accept": NPZ}
        path = "/v1/search?recall=0.9&rescore=400&probes=20"
        archive = np.load(io.BytesIO(client.request("POST", path, npy_bytes(queries), headers).body))
        assert archive["recall_probed_cells"] == 20 * len(queries)
    check_all_cells(daemon, queries)
    status = daemon.status()
    api_document.validate(status, "Status")
    assert daemon.metrics().value("nnnd_cells") == cells["count"]
    assert daemon.metrics().value("nnnd_cells_unassigned_images") == 0
    assert f"{cells['count']} cells; 0 images in none yet" in succeeds("status", daemon=daemon)


def test_a_calibrated_search_uses_cells(store):
    daemon, vectors = store
    queries = np.array(list(vectors.values())[:40])
    ready_cells(daemon)
    with daemon.client() as client:
        def answer():
            found = search(client, queries, top_k=10, recall=0.8)["recall"]
            return found if found.get("probed_cells") else None

        recall = wait_until(answer, "a search by cells", alive=daemon.check_alive)
    assert recall["scanned_rows"] < len(queries) * COUNT


def test_changes_and_kills_lose_no_image(store, rng):
    daemon, vectors = store
    ready_cells(daemon)
    queries = np.array(list(vectors.values())[:20])
    for step in range(4):
        changed = rng.choice(COUNT, 600, replace=False)
        daemon.delete(IMAGES, f"{step}.delete", [f"{row}" for row in changed[:200]])
        daemon.drop(
            IMAGES, f"{step}.npy", unit(rng.standard_normal((400, DIMENSION))).astype(np.float32),
            [f"{row}" for row in changed[200:]],
        )
        if step % 2:
            daemon.kill()
            daemon.start()
        ready_cells(daemon, unassigned=1000)
        check_all_cells(daemon, queries)


def test_cells_can_be_switched_off(store):
    daemon, vectors = store
    ready_cells(daemon)
    daemon.restart(cells_from=0)
    wait_until(lambda: "cells" not in daemon.status()["recall"], "no cells", alive=daemon.check_alive)
    queries = np.array(list(vectors.values())[:3])
    with daemon.client() as client:
        assert "probed_cells" not in search(client, queries, **EXPERT, probes=20)["recall"]
        for value, options in (("0", {"rescore": 20}), ("65536", {"rescore": 20}), ("needs 'rescore'", {})):
            body = {"queries": queries.tolist(), "recall": 0.9, "probes": int(value) if value.isdigit() else 3}
            check_problem(client.post_json("/v1/search", body | options), 400, "bad_probes", value)
