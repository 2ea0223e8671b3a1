"""Evaluations, choices of k and alpha, hubs and settings: as nnnctl gives them, and as their definitions say."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

import nnnd
from evaluation_corpus import IMAGES, QUERIES, REFERENCES, unit


def without_time(document):
    return {name: value for name, value in document.items() if name != "took_ms"}


def test_an_evaluation_is_that_of_nnnctl(corpus):
    evaluation = corpus.db.evaluate(
        corpus.queries, corpus.answers, groups=corpus.groups, group_sizes=[3, 7], baselines=True,
        reference_curve=True, ks=[1, 4], alphas=[0, 0.25, 1], repeats=20, seed=3,
    )  # fmt: skip
    expected = corpus.document(
        "evaluate", "--queries=queries.npy", "--answers=answers.tsv", "--groups=groups.tsv", "--group-sizes=3,7",
        "--baselines", "--reference-curve", "--ks=1,4", "--alphas=0,0.25,1", "--repeats=20", "--seed=3",
    )  # fmt: skip
    assert without_time(evaluation.document) == without_time(expected)
    tuned = next(method for method in expected["methods"] if method["name"] == "tuned")
    assert vars(evaluation.method("tuned").gain) == tuned["gain"]
    assert {str(n): share for n, share in evaluation.method("tuned").recall.items()} == tuned["recall"]
    assert [size.n for size in evaluation.method("none").groups.sizes] == [3, 7]
    assert evaluation.method("csls").parameters["k"] in (1, 2, 4)
    assert evaluation.tuning.near_best.of == len(evaluation.sweep) == len(expected["sweep"])
    assert evaluation.reference_curve[-1].references == REFERENCES
    assert evaluation.reference_distance.queries.p50 == expected["reference_distance"]["queries"]["p50"]
    assert evaluation.unlabelled is None and evaluation.applied is None


def test_the_measures_follow_their_definitions(corpus):
    evaluation = corpus.db.evaluate(corpus.queries, [[id, "i0"] for id in corpus.answers])
    for name, alpha in (("none", 0.0), ("current", 0.5)):
        scores = corpus.scores(alpha)
        best = np.maximum(scores[np.arange(QUERIES), corpus.right], scores[:, 0])
        ranks = (scores > best[:, None]).sum(axis=1) + 1
        method, hubness = evaluation.method(name), evaluation.hubness[name]
        assert method.recall == pytest.approx({n: (ranks <= n).mean() for n in (1, 5, 10)})
        assert (method.mrr, method.median_rank) == pytest.approx(((1 / ranks).mean(), np.median(ranks)))
        appearances = np.bincount(np.argsort(-scores, axis=1)[:, :10].ravel(), minlength=IMAGES)
        assert (hubness.antihubs, hubness.largest) == pytest.approx(((appearances == 0).mean(), appearances.max()))
        assert hubness.histogram.tolist() == np.stack(np.unique(appearances, return_counts=True), axis=1).tolist()
    assert evaluation.means.counts.sum() == IMAGES


def test_an_evaluation_is_shown_as_a_table_and_sentences(corpus):
    pytest.importorskip("pandas")
    evaluation = corpus.db.evaluate(corpus.queries, corpus.answers, groups=corpus.groups, baselines=True)
    table = evaluation.to_pandas().set_index("name")
    assert table.loc["current", "recall_1"] == evaluation.method("current").recall[1]
    assert table.loc["tuned", "gain_low"] == evaluation.tuning.gain.low
    assert {"mrr", "median_rank", "average_precision", "antihubs", "bias_6", "ndkl", "beta"} <= set(table.columns)
    assert np.isnan(table.loc["none", "k"])
    html = evaluation._repr_html_()
    assert (
        "<td>NNN tuned" in html
        and f"<td>k {evaluation.method('csls').k}<td>" in html
        and "points of R@1" in html
        and str(evaluation) == "\n".join(evaluation.findings)
    )
    unlabelled = corpus.db.evaluate(corpus.queries)
    assert unlabelled.to_pandas()["name"].tolist() == ["none", "current"]
    assert "recall_1" not in unlabelled.to_pandas() and "R@1" not in unlabelled._repr_html_()


def test_the_findings_are_those_of_nnnctl(corpus):
    labelled = corpus.nnnctl("tune", "--queries=queries.npy", "--answers=answers.tsv").splitlines()
    assert list(corpus.db.tune(corpus.queries, corpus.answers).findings) == labelled[labelled.index("") + 1 :][:4]
    # Without answers nnnctl prints no verdict, which is the first finding.
    few = corpus.nnnctl("tune", "--unlabelled", "--ks=1", "--alphas=0,0.01").splitlines()
    assert set(corpus.db.tune(ks=[1], alphas=[0, 0.01]).findings[1:]) < set(few)
    without = corpus.nnnctl("tune", "--unlabelled", "--queries=queries.npy").splitlines()
    assert set(corpus.db.tune(corpus.queries).findings[1:]) < set(without)


def test_tune_proposes_without_answers_as_nnnctl_does(corpus):
    for arguments, queries in ((["--queries", "queries.npy"], corpus.queries), ([], None)):
        expected = corpus.document("tune", "--unlabelled", *arguments)
        tuned = corpus.db.tune(queries)
        assert without_time(tuned.document) == without_time(expected)
        assert (tuned.unlabelled.k, tuned.unlabelled.source) == (
            expected["unlabelled"]["k"], "references" if queries is None else "queries",
        )  # fmt: skip
    with pytest.raises(ValueError, match="apply=True needs answers"):
        corpus.db.tune(corpus.queries, apply=True)


def test_tune_applies_a_pair_only_if_the_data_can_tell_it_from_the_current_one(corpus):
    before = corpus.db.settings()
    try:
        corpus.db.change_settings(alpha=0)
        kept = corpus.db.tune(corpus.queries[:4], corpus.answers[:4], apply=True)
        assert not kept.tuning.is_better_than_current and kept.applied is None
        assert corpus.db.settings()["alpha"] == 0
        tuned = corpus.db.tune(corpus.queries, corpus.answers, apply=True)
        chosen = (tuned.tuning.k, tuned.tuning.alpha)
        assert tuned.tuning.is_better_than_current and chosen[1] > 0
        assert (tuned.applied["k"], tuned.applied["alpha"]) == chosen
        assert corpus.db.settings() == tuned.applied
    finally:
        corpus.db.change_settings(k=before["k"], alpha=before["alpha"])


def test_hubs_are_those_of_nnnctl(corpus):
    pytest.importorskip("pandas")
    hubs = corpus.db.hubs(corpus.queries, limit=3)
    assert hubs.document == corpus.document("hubs", "--queries", "queries.npy", "--limit", "3")
    assert corpus.db.hubs().document == corpus.document("hubs")
    assert corpus.db.hubs(sample=7).queries == 7
    appearances = np.bincount(np.argsort(-corpus.scores(0), axis=1)[:, :10].ravel(), minlength=IMAGES)
    assert [image.appearances_before for image in hubs.by_appearances] == np.sort(appearances)[::-1][:3].tolist()
    table = hubs.to_pandas()
    assert table[table["list"] == "by_appearances"]["id"].tolist() == [image.id for image in hubs.by_appearances]
    assert f"<td>{hubs.by_appearances[0].id}" in hubs._repr_html_()


def test_changes_of_biases_are_those_of_nnnctl(corpus):
    pytest.importorskip("pandas")
    generation = corpus.db.status()["generation"]
    time = datetime.now(timezone(timedelta(hours=5, minutes=30)))
    time = time.replace(microsecond=time.microsecond // 1000 * 1000)  # the daemon's times have milliseconds
    try:
        corpus.db.add_references(corpus.images[10:13], ["a", "b", "c"])
        hubs = corpus.db.hubs(limit=4, since=np.int64(generation))
        assert hubs.document == corpus.document("hubs", "--limit=4", f"--since={generation}")
        later = [corpus.db.hubs(limit=4, since=since).changes for since in (time, time.isoformat())]
    finally:
        corpus.db.delete_references(["a", "b", "c"])
    changes = hubs.changes
    assert (changes.generation, changes.time, changes.new_references, len(changes.images)) == (generation, None, 3, 4)
    sizes = [abs(image.bias_change) for image in changes.images]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 0
    for image in changes.images:
        assert image.bias_change == pytest.approx(0.5 * (image.mean - image.mean_before), abs=1e-6)
        assert image.new_references == len(image.references) and image.references[0]["id"] in "abc"
    assert later[0] == later[1] == replace(changes, generation=None, time=time)
    table = changes.to_pandas()
    assert table["id"].tolist() == [image.id for image in changes.images] and table["rank"].tolist() == [1, 2, 3, 4]
    assert table["references"][0] == [reference["id"] for reference in changes.images[0].references]
    assert f"since generation {generation}, because of 3 new references" in hubs._repr_html_()
    assert f"<td>{changes.images[0].id}<td>{changes.images[0].bias_change:+.3f}" in hubs._repr_html_()
    assert f"since {time.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC" in repr(later[0])
    assert "4 with changed biases" in repr(hubs)


def test_without_new_references_there_are_no_changes(corpus):
    hubs = corpus.db.hubs(since=datetime.now(timezone.utc))
    assert (hubs.changes.new_references, hubs.changes.images, len(hubs.changes.to_pandas())) == (0, (), 0)
    assert corpus.db.hubs().changes is None


def test_settings_change_searches(corpus):
    before = corpus.db.settings()
    try:
        assert corpus.db.change_settings(k=np.int64(5))["k"] == corpus.db.status()["k"] == 5
        assert corpus.db.change_settings(alpha=np.float32(1.25))["alpha"] == 1.25
        assert corpus.db.change_settings() == corpus.db.settings()
        found = corpus.db.search(corpus.queries[:1], 1)
        similarities = np.sort(unit(corpus.images) @ unit(corpus.references).T, axis=1)[:, -5:].mean(axis=1)
        assert found.biases[0, 0] == pytest.approx(1.25 * similarities[int(found.ids[0, 0][1:])], abs=1e-6)
    finally:
        corpus.db.change_settings(k=before["k"], alpha=before["alpha"])
    # The flag of `nnnd.open` names alpha, and no flag names k.
    assert list(corpus.db.settings()["set_by"]) == ["alpha"]


def test_the_asynchronous_client_gives_the_same(corpus):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(corpus.db.socket) as client:
            evaluation = await client.evaluate(corpus.queries, np.array(corpus.answers), seed=1)
            tuned = await client.tune(corpus.queries, corpus.answers, seed=1)
            assert (await client.tune()).unlabelled is not None
            with pytest.raises(ValueError, match="apply=True needs answers"):
                await client.tune(apply=True)
            with pytest.raises(nnnd.Conflict, match="capacity"):
                await client.change_settings(k=1000)
            with pytest.raises(nnnd.InvalidRequest, match="unknown_images"):
                await client.evaluate(corpus.queries[:1], ["unicorn"])
            return evaluation, tuned, await client.hubs(limit=2, since=1), await client.settings()

    evaluation, tuned, hubs, settings = asyncio.run(main())
    expected = corpus.db.evaluate(corpus.queries, corpus.answers, seed=1)
    assert without_time(evaluation.document) == without_time(tuned.document) == without_time(expected.document)
    assert hubs.document == corpus.db.hubs(limit=2, since=1).document and settings == corpus.db.settings()
