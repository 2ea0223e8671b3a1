"""Evaluations of real embeddings: the figures that are known of the data, and those of searches."""

import os
from pathlib import Path

import numpy as np
import pytest

from evaluation_oracle import EvaluationOracle
from evaluation_statistics import hubness
from harness import wordnet
from harness.evaluation import approximately, check_hubs, check_report, encoded, evaluate, normalised
from harness.spool import IMAGES, REFERENCES, default_ids

DATA = os.environ.get("NNND_TEST_DATA")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    from harness.daemon import Daemon

    with Daemon(tmp_path_factory.mktemp("wordnet"), k=128) as daemon:
        for kind, files in ((IMAGES, wordnet.image_files()), (REFERENCES, wordnet.reference_files())):
            for path in files:
                ids, vectors = wordnet.read(path)
                daemon.drop(kind, path.name, vectors, ids)
        yield daemon


@pytest.fixture(scope="module")
def report(daemon):
    answers = [[id] for id in wordnet.right_answers()]
    return evaluate(daemon, {"queries": encoded(wordnet.queries()), "answers": answers})


def method(report, name):
    return next(method for method in report["methods"] if method["name"] == name)


def test_recall_equals_that_of_searches(daemon, report):
    for name, alpha in (("none", 0), ("current", 0.75)):
        found = daemon.search(wordnet.queries(), top_k=10, alpha=alpha).ids
        is_right = found == np.array(wordnet.right_answers())[:, None]
        for n in (1, 5, 10):
            assert method(report, name)["recall"][str(n)] == approximately(is_right[:, :n].any(axis=1).mean())


def test_hubness_equals_that_of_searches(daemon, report):
    rows = {id: row for row, id in enumerate(id for path in wordnet.image_files() for id in wordnet.read(path)[0])}
    for name in ("none", "current", "tuned"):
        k, alpha = method(report, name).get("k", 128), method(report, name).get("alpha", 0)
        if k != 128:
            continue
        found = daemon.search(wordnet.queries(), top_k=10, alpha=alpha).ids
        counts = np.bincount([rows[id] for id in found.flat], minlength=len(rows))
        assert report["hubness"][name] == approximately(hubness(counts))


def test_the_gains_are_those_that_are_known_of_the_data(report):
    recall = {name: method(report, name)["recall"]["1"] for name in ("none", "current")}
    assert recall == pytest.approx({"none": 0.341, "current": 0.366}, abs=0.0011)
    gain = report["tuning"]["gain"]
    assert gain["low"] <= 0.376 - recall["none"] <= gain["high"]
    assert not report["tuning"]["is_better_than_current"]


def test_few_queries_cannot_tell_the_choice_from_the_current_settings(daemon):
    answers = [[id] for id in wordnet.right_answers()[:40]]
    report = evaluate(daemon, {"queries": encoded(wordnet.queries()[:40]), "answers": answers})
    assert not report["tuning"]["is_better_than_current"]
    assert report["tuning"]["gain_over_current"]["low"] <= 0 <= report["tuning"]["gain_over_current"]["high"]


@pytest.mark.skipif(not DATA, reason="NNND_TEST_DATA does not name the folder of the data")
def test_recall_of_clip_embeddings_equals_that_of_searches(make_daemon):
    folder = Path(DATA) / "clip"
    images, captions, right = (np.load(folder / f"{name}.npy") for name in ("images", "captions", "answers"))
    held = right % 2 == 0
    gallery = [row for row in range(len(images)) if row >= 100 or row % 2 == 1]
    daemon = make_daemon(k=128).start()
    daemon.drop(IMAGES, "i.npy", images[gallery], [str(row) for row in gallery])
    daemon.drop(REFERENCES, "r.npy", captions[held])
    queries, answers = captions[~held], [[str(row)] for row in right[~held]]
    report = evaluate(daemon, {"queries": encoded(queries), "answers": answers})
    for name, alpha in (("none", 0), ("current", 0.75)):
        recall = np.mean(daemon.search(queries, top_k=1, alpha=alpha).ids == np.array(answers))
        assert method(report, name)["recall"]["1"] == approximately(recall)
    assert method(report, "current")["recall"]["1"] > method(report, "none")["recall"]["1"]


def rounded(vectors):
    """Real embeddings with 7 binary places: their products are exact in float32, so that ranks have no near ties."""
    return (np.rint(128 * normalised(vectors)) / 128).astype(np.float32)


def check_all_figures(make_daemon, images, references, queries, right):
    """Evaluates, tunes and lists hubs, and compares every figure with the oracle's."""
    daemon = make_daemon(k=128, metric="inner-product").start()
    daemon.drop(REFERENCES, "r.npy", references)
    daemon.drop(IMAGES, "i.npy", images)
    image_ids, reference_ids = default_ids("i.npy", len(images)), default_ids("r.npy", len(references))
    oracle = EvaluationOracle(images, references, 128, 0.75, 160)
    labelled = {"queries": encoded(queries), "answers": [[image_ids[row]] for row in right]}
    report = evaluate(daemon, labelled | {"reference_curve": True, "baselines": True})
    check_report(report, oracle.report(queries, [[row] for row in right], with_curve=True, with_baselines=True))
    check_report(evaluate(daemon, {"queries": encoded(queries)}), oracle.report(queries))
    hubs = evaluate(daemon, {"queries": encoded(queries)}, "/v1/hubs")
    check_hubs(hubs, oracle.hubs(queries), oracle, image_ids, reference_ids)
    with daemon.client() as client:
        hubs = client.get("/v1/hubs").json()
    check_hubs(hubs, oracle.hubs(), oracle, image_ids, reference_ids)


def test_every_figure_of_words_with_exact_products_equals_the_oracles(make_daemon):
    """A part of the set, which has the right words of all queries: the oracle takes minutes for the whole."""
    read = [wordnet.read(path) for path in wordnet.image_files()]
    rows = {id: row for row, id in enumerate(id for ids, _ in read for id in ids)}
    references = np.concatenate([wordnet.read(path)[1] for path in wordnet.reference_files()])
    check_all_figures(
        make_daemon, rounded(np.concatenate([vectors for _, vectors in read])[:1500]), rounded(references[:2000]),
        rounded(wordnet.queries()[:200]), [rows[id] for id in wordnet.right_answers()[:200]],
    )  # fmt: skip


@pytest.mark.skipif(not DATA, reason="NNND_TEST_DATA does not name the folder of the data")
def test_every_figure_of_clip_embeddings_with_exact_products_equals_the_oracles(make_daemon):
    folder = Path(DATA) / "clip"
    images, captions, right = (np.load(folder / f"{name}.npy") for name in ("images", "captions", "answers"))
    held = right % 2 == 0
    check_all_figures(
        make_daemon, rounded(images), rounded(captions[held]), rounded(captions[~held]), right[~held].tolist()
    )
