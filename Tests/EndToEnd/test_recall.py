"""Searches that ask for a recall below 1: exact scores, recall of queries that no calibration has seen, and reports."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

import nnnd
from harness.http import NPY, NPZ, npy_bytes
from harness.nnnctl import succeeds
from harness.problems import check_problem
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

TARGETS = (0.95, 0.99, 0.999)
ALPHAS = (0, 0.4, 0.75)
IMAGES_COUNT = 12_000
DIMENSION = 48


def calibrated(daemon, queries, alpha):
    """Asks for a calibration for this alpha, and waits for it."""
    with daemon.client() as client:
        assert client.search(queries[:1], alpha=alpha, recall=0.9).recall.reason == "uncalibrated"

    def is_calibrated():
        status = daemon.status()
        return any(
            entry["alpha"] == pytest.approx(alpha) and entry["generation"] == status["generation"]
            for entry in status["recall"]["calibrations"]
        )

    wait_until(is_calibrated, "a calibration", alive=daemon.check_alive)


def check_recall(client, vectors, queries, alpha, target, exact=None):
    """Compares an approximate search with an exact one; `vectors` has the vector of each id."""
    found = client.search(queries, alpha=alpha, recall=target)
    exact = exact or search_exactly(client, queries, alpha)
    assert (found.recall.target, found.recall.exact, exact.recall) == (target, False, None)
    shared = 0
    for query, hits, best in zip(queries, found, exact, strict=True):
        known = {hit.id: hit for hit in best}
        assert len(hits) == 10 and hits == sorted(hits, key=lambda hit: -hit.score)
        similarities = np.array([vectors[hit.id] for hit in hits]) @ query
        assert np.abs(similarities - [hit.similarity for hit in hits]).max() < 1e-5
        assert all(known.get(hit.id, hit) == hit for hit in hits)
        shared += len({hit.id for hit in hits} & {hit.id for hit in best[:10]})
    recall = shared / (10 * len(queries))
    assert recall >= target - 0.005, (alpha, target, recall, found.recall)
    assert found.recall.rescored_rows < len(queries) * len(vectors) / 16
    return recall


def search_exactly(client, queries, alpha):
    """More hits than an approximate search has, to compare the scores of hits that are not among the best."""
    return client.search(queries, top_k=30, alpha=alpha, recall=1)


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def large():
    folder = Path(os.environ.get("NNND_TEST_DATA", "/nowhere")) / "wordnet-large"
    if not folder.exists():
        pytest.skip("NNND_TEST_DATA names no folder with wordnet-large/")
    parts = ("images", "references", "queries")
    images, references, queries = (np.load(folder / f"{part}.npy", mmap_mode="r") for part in parts)
    # By topic: neighbours in the store are then neighbours in meaning.
    topics = dict(line.split("\t") for line in (folder / "topics.tsv").read_text().splitlines())
    names = (folder / "images.ids").read_text().splitlines()
    order = np.argsort([int(topics[name]) for name in names], kind="stable")
    # A third of the images, a few references and half of the queries, so that the test takes seconds.
    return unit(images[order[::3]]), unit(references[:3000]), unit(queries[::2])


def cells_are_ready(daemon):
    """Waits until all images are in cells that searches can read."""

    def are_ready():
        cells = daemon.status()["recall"].get("cells")
        return cells and cells["ready"] and cells["unassigned"] < 500

    wait_until(are_ready, "cells", alive=daemon.check_alive)


@pytest.mark.parametrize("cells_from", [0, 10_000])
def test_the_recall_of_wordnet_is_the_target_for_every_alpha_and_after_deletions(make_daemon, large, cells_from):
    images, references, queries = large
    ids = [f"{row}" for row in range(len(images))]
    vectors = dict(zip(ids, images, strict=True))
    daemon = make_daemon(k=32, cells_from=cells_from).start()
    daemon.drop(REFERENCES, "references.npy", references)
    daemon.drop(IMAGES, "images.npy", images, ids)
    for change in ("all images", "30% deleted"):
        if change == "30% deleted":
            gone = ids[:3000] + ids[5000 : len(ids) // 2 : 2]
            gone += ids[-(3 * len(ids) // 10 - len(gone)) :]
            daemon.delete(IMAGES, "gone.delete", gone)
            for id in gone:
                del vectors[id]
        if cells_from:
            cells_are_ready(daemon)
        with daemon.client() as client:
            for alpha in ALPHAS if change == "all images" else ALPHAS[-1:]:
                calibrated(daemon, queries, alpha)
                exact = search_exactly(client, queries, alpha)
                for target in TARGETS:
                    print(change, alpha, target, check_recall(client, vectors, queries, alpha, target, exact))


@pytest.fixture(scope="module")
def random_data(first_seed):
    rng = np.random.default_rng([first_seed, 20])
    scales = 1 / (1 + np.arange(DIMENSION) / 8)
    return tuple(unit(rng.standard_normal((rows, DIMENSION)) * scales) for rows in (IMAGES_COUNT, 1200, 200))


def test_an_approximate_search_says_so_in_every_form_and_is_measured(make_daemon, random_data, api_document):
    images, references, queries = random_data
    daemon = make_daemon(k=8, recall=0.95).start()
    daemon.drop(REFERENCES, "references.npy", references)
    daemon.drop(IMAGES, "images.npy", images, [f"{row}" for row in range(len(images))])
    generation = daemon.status()["generation"]
    vectors = {f"{row}": vector for row, vector in enumerate(images)}
    calibrated(daemon, queries, 0.75)
    with daemon.client() as client:
        check_recall(client, vectors, queries, 0.75, 0.95)
        # The setting is the default, and JSON and .npz say the same.
        answer = client.post_json("/v1/search", {"queries": queries.tolist()}).json()
        api_document.validate(answer, "SearchResponse")
        recall = answer["recall"]
        assert (recall["target"], recall["exact"], recall["calibration"]) == (0.95, False, generation)
        assert recall["scanned_rows"] == len(queries) * IMAGES_COUNT
        headers = {"Content-Type": NPY, "Accept": NPZ}
        response = client.request("POST", "/v1/search?recall=0.95", npy_bytes(queries), headers)
        with np.load(io.BytesIO(response.body), allow_pickle=False) as arrays:
            assert arrays["recall_rescored_rows"] == recall["rescored_rows"] and arrays["recall_exact"] == 0
            assert arrays["ids"].tolist() == [[hit["id"] for hit in hits] for hits in answer["results"]]
        assert "recall" not in client.post_json("/v1/search", {"queries": queries[:1].tolist(), "recall": 1}).json()
        exact = client.search(queries[:2], top_k=101).recall
        assert (exact.exact, exact.reason, exact.calibration) == (True, "large_top_k", None)
        answer = client.post_json("/v1/search", {"queries": queries.tolist(), "rescore": 40, "alpha": 3}).json()
        api_document.validate(answer, "SearchResponse")
        assert answer["recall"]["rescored_rows"] == 40 * len(queries) and "calibration" not in answer["recall"]
        response = client.request("POST", "/v1/search?rescore=40&alpha=3", npy_bytes(queries), headers)
        assert response.content_type == NPZ and nnnd.results.parse_search(response).recall.calibration is None
        large = client.search(queries, top_k=60, recall=0.99).recall
        assert large.target == 0.99 and large.calibration == generation
    check_reports(daemon, api_document)


def check_reports(daemon, api_document):
    """The status, the metrics and nnnctl show the recall that is measured on live queries."""
    measured = wait_until(lambda: daemon.status()["recall"]["measured"], "a measurement", alive=daemon.check_alive)
    status = daemon.status()
    api_document.validate(status, "Status")
    assert status["recall"]["setting"] == 0.95
    assert [calibration["alpha"] for calibration in status["recall"]["calibrations"]] == [0.75]
    assert measured[0]["low"] <= measured[0]["recall"] <= measured[0]["high"]
    metrics = daemon.metrics()
    target = str(measured[0]["target"])
    assert metrics.value("nnnd_search_recall", target=target) >= measured[0]["low"]
    assert metrics.value("nnnd_search_estimated_rows_total") > 0
    assert f"for {target}: " in succeeds("status", daemon=daemon)


def test_small_corpora_are_searched_exactly_and_bad_values_are_rejected(daemon, client, tmp_path):
    vectors = np.eye(4, dtype=np.float32)
    daemon.drop(REFERENCES, "r.npy", vectors)
    daemon.drop(IMAGES, "i.npy", vectors)
    exact = client.search(vectors, recall=0.9)
    assert (exact.recall.exact, exact.recall.reason, exact.recall.scanned_rows) == (True, "few_images", 16)
    assert exact.ids.tolist() == client.search(vectors).ids.tolist()
    ids = [image["id"] for image in client.list_images()]
    similar = client.search_by_id(ids[:2], recall=0.9)
    assert similar.recall == nnnd.Recall(target=0.9, exact=True, scanned_rows=8, reason="few_images")
    assert similar.counts.tolist() == [3, 3]
    np.save(tmp_path / "q.npy", vectors)
    output = succeeds("search", "--queries", tmp_path / "q.npy", "--recall", "0.9", daemon=daemon)
    assert output.rstrip().endswith("exact (few_images)")
    output = succeeds("search", "--image", ids[0], "--recall", "0.9", daemon=daemon)
    assert output.rstrip().endswith("exact (few_images)")
    for value in ("0.4", "1.5", "-1"):
        check_problem(client.post(f"/v1/search?recall={value}", npy_bytes(vectors), NPY), 400, "bad_recall", value)
        body = {"queries": [[1, 0, 0, 0]], "recall": float(value)}
        check_problem(client.post_json("/v1/search", body), 400, "bad_recall", value)
    for value, recall in (("9", 0.9), ("2049", 0.9), ("20", 1)):
        response = client.post(f"/v1/search?rescore={value}&recall={recall}", npy_bytes(vectors), NPY)
        check_problem(response, 400, "bad_rescore", value if recall < 1 else "below 1")
    output = succeeds("search", "--queries", tmp_path / "q.npy", "--recall", "0.9", "--rescore", "10", daemon=daemon)
    assert output.rstrip().endswith("exact (few_images)")
    check_problem(client.post("/v1/search?recall=x", npy_bytes(vectors), NPY), 400, "bad_recall", "x")
