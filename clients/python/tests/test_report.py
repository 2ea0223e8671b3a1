"""Reports: the page that nnnctl makes, in files and notebooks."""

import asyncio
import html
import re

import pytest

import nnnd
from conftest import THREE, evaluates, evaluation_has_begun, wait_until


def without_date(page):
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d[^<]*", "", page)


def test_a_report_is_the_page_of_nnnctl(corpus, tmp_path):
    texts = {"i0": "the\nfirst \t image", 7: "reference seven"}
    report = corpus.db.report(
        corpus.queries, corpus.answers, texts=texts, groups=corpus.groups, group_sizes=[3], baselines=True,
        reference_curve=True, ks=[1, 4], alphas=[0, 0.5], repeats=10, seed=5,
    )  # fmt: skip
    (corpus.db.folder / "texts.tsv").write_text("i0\tthe first image\n7\treference seven\n")
    expected = corpus.nnnctl(
        "report", "--out=report.html", "--queries=queries.npy", "--answers=answers.tsv", "--texts=texts.tsv",
        "--groups=groups.tsv", "--group-sizes=3", "--baselines", "--reference-curve", "--ks=1,4", "--alphas=0,0.5",
        "--repeats=10", "--seed=5",
    )  # fmt: skip
    assert without_date(report.html) == without_date((corpus.db.folder / "report.html").read_text())
    assert [*report.verdict, "report: report.html"] == expected.splitlines()
    assert "the first image" in report.html and "QB-Norm" in report.html


def test_a_report_without_answers_proposes_a_pair(corpus):
    report = corpus.db.report()
    assert report.verdict == corpus.db.evaluate().findings[:1]
    assert corpus.db.report(corpus.queries).verdict == corpus.db.evaluate(corpus.queries).findings[:1]


def test_a_report_is_saved_and_shown_in_a_frame(corpus, tmp_path):
    report = corpus.db.report(corpus.queries, corpus.answers)
    (tmp_path / "report.html").write_text("old")
    assert report.save(tmp_path / "report.html").read_text() == report.html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(FileNotFoundError):
        report.save(tmp_path / "missing" / "report.html")
    frame = re.fullmatch(r'<iframe srcdoc="([^"]*)" title="Report of nnnd" [^<>]*></iframe>', report._repr_html_())
    assert html.unescape(frame[1]) == report.html


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"answers": ["cat"]}, "answers need queries"),
        ({"queries": THREE, "answers": ["cat", "dog"]}, "answers for 2 queries"),
        ({"queries": THREE, "answers": ["cat", "dog", "a\tb"]}, "has a tab or a line break"),
        ({"groups": {"cat": "two\nlines"}}, "has a tab or a line break"),
    ],
)
def test_wrong_arguments_of_a_report_are_rejected(filled_db, arguments, message):
    with pytest.raises(ValueError, match=message):
        filled_db.report(**arguments)


def test_a_report_that_fails_raises_the_exceptions_of_an_evaluation(corpus, db, monkeypatch, tmp_path):
    with pytest.raises(nnnd.InvalidRequest) as caught:
        corpus.db.report(corpus.queries[:1], ["unicorn"])
    assert caught.value.code == "unknown_images" and "unicorn" in caught.value.detail
    with pytest.raises(nnnd.Conflict, match="no images"):
        db.report()
    with pytest.raises(nnnd.NnndError, match="status 64"):
        corpus.db.report(repeats=0)
    with pytest.raises(nnnd.NotReachable):
        nnnd.Client(tmp_path / "none").report()
    monkeypatch.setenv("NNND_BIN", str(tmp_path))
    with pytest.raises(nnnd.DaemonFailed, match="nnnctl"):
        corpus.db.report()


def test_a_socket_with_a_long_path_works(tmp_path):
    folder = tmp_path / ("long" * 30)
    with nnnd.open(folder, threads=1) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
        db.add_references(THREE)
        assert len(db.socket) > 107 and db.report().html.startswith("<!DOCTYPE html>")


def test_a_cancelled_task_ends_the_report_and_its_evaluation(large_db, long_sweep):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(large_db.socket) as client:
            task = asyncio.ensure_future(client.report(**long_sweep))
            while not await asyncio.to_thread(evaluation_has_begun, large_db):
                assert not task.done(), task.result()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(wait_until, lambda: not evaluates(large_db), "the end of the evaluation")
            report = await client.report(ks=[1], alphas=[0])
            assert report.html.startswith("<!DOCTYPE html>")

    asyncio.run(main())
