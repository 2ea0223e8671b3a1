"""nnnctl evaluate, tune, hubs and report, with the real embeddings in Examples/wordnet."""

import json
import os

import numpy as np
import pytest

from harness import wordnet
from harness.daemon import Daemon
from harness.nnnctl import fails, nnnctl, succeeds

# The options that name the queries and their answers.
LABELLED = ("--queries", wordnet.QUERIES, "--answers", wordnet.ANSWERS)
SMALL = ("--ks", "16,128", "--alphas", "0,0.75,1")


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A daemon with the 5,000 words and the 8,000 glosses."""
    with Daemon(tmp_path_factory.mktemp("words"), k=128) as daemon:
        wordnet.ingest(daemon)
        yield daemon


def row(start, output):
    """The words of the first line that begins with the words in `start`."""
    lines = (line.split() for line in output.splitlines())
    return next(line for line in lines if line[: len(start.split())] == start.split())


def test_evaluate_with_json_prints_one_object_with_the_methods_and_the_sweep(words):
    report = json.loads(succeeds("evaluate", *LABELLED, *SMALL, "--json", daemon=words))
    assert (report["queries"], report["images"], report["references"]) == (1000, 5000, 8000)
    methods = {method["name"]: method for method in report["methods"]}
    assert list(methods) == ["none", "current", "tuned"]
    assert methods["none"]["recall"] == pytest.approx({"1": 0.341, "5": 0.513, "10": 0.573})
    assert methods["current"]["recall"] == pytest.approx({"1": 0.366, "5": 0.545, "10": 0.600})
    assert (methods["current"]["k"], methods["current"]["alpha"]) == (128, 0.75)
    assert methods["current"]["gain"]["value"] == pytest.approx(0.025)
    assert {"skewness", "robin_hood", "antihubs", "largest"} <= report["hubness"]["current"].keys()
    pairs = {(pair["k"], pair["alpha"]): pair["recall"] for pair in report["sweep"]}
    assert pairs.keys() == {(k, alpha) for k in (16, 128) for alpha in (0, 0.75, 1)}
    assert pairs[128, 0.75] == pytest.approx(0.366) and pairs[16, 0] == pytest.approx(0.341)


def test_evaluate_prints_a_table_and_a_verdict(words):
    output = succeeds("evaluate", *LABELLED, *SMALL, daemon=words)
    assert row("none 34.1", output)[1:4] == ["34.1", "51.3", "57.3"]
    assert row("NNN as set k", output)[3:10] == ["k", "128,", "alpha", "0.75", "36.6", "54.5", "60.0"]
    assert "NNN as set (k = 128, alpha = 0.75) gains 2.5 points of R@1 (95% interval " in output
    assert "in nobody's top 10" in output and "1,000 queries, 5,000 images, 8,000 references" in output


def test_tune_marks_the_best_pair_and_the_current_one(words):
    output = succeeds("tune", *LABELLED, *SMALL, daemon=words)
    assert row("128", output)[1:3] == ["34.1", "36.6="] or row("128", output)[1:3] == ["34.1+", "36.6="]
    assert "*" in row("16", output)[3] and "from the best one: k " in output
    assert "on the other halves, +" in output and "points of R@1 (95% interval +" in output


def test_tune_with_few_answers_says_that_the_data_can_not_tell(words, tmp_path):
    np.save(tmp_path / "q.npy", wordnet.queries()[:40])
    (tmp_path / "a.tsv").write_text("".join(f"{answer}\n" for answer in wordnet.right_answers()[:40]))
    output = succeeds(
        "tune", "--queries", tmp_path / "q.npy", "--answers", tmp_path / "a.tsv", daemon=words)
    assert "The data can't tell" in output
    assert "put these lines" not in output


def test_tune_apply_sets_a_better_pair_and_the_store_keeps_it(make_daemon):
    daemon = make_daemon().start()
    wordnet.ingest(daemon)
    with daemon.client() as client:
        body = json.dumps({"alpha": 0})
        assert client.request("PATCH", "/v1/settings", body, {"Content-Type": "application/json"}).status == 200
    output = succeeds("tune", *LABELLED, *SMALL, "--apply", daemon=daemon)
    assert "put these lines" not in output
    status = daemon.status()
    assert f"k is {status['k']} and alpha is {status['alpha']:g} from now on" in output
    assert (status["k"], status["alpha"]) in {(16, 0.75), (16, 1), (128, 0.75), (128, 1)}
    daemon.restart()
    assert [daemon.status()[name] for name in ("k", "alpha")] == [status["k"], status["alpha"]]


def test_tune_apply_says_which_value_lasts_until_the_next_start_only(make_daemon):
    daemon = make_daemon(alpha=0).start()
    wordnet.ingest(daemon)
    output = succeeds("tune", *LABELLED, *SMALL, "--apply", daemon=daemon)
    assert "until the next reload or start only: --alpha sets another alpha" in output
    k = daemon.status()["k"]
    daemon.restart()
    assert [daemon.status()[name] for name in ("k", "alpha")] == [k, 0]


def test_tune_apply_sets_nothing_if_the_data_can_not_tell(words, tmp_path):
    np.save(tmp_path / "q.npy", wordnet.queries()[:40])
    (tmp_path / "a.tsv").write_text("".join(f"{answer}\n" for answer in wordnet.right_answers()[:40]))
    before = words.status()
    output = succeeds(
        "tune", "--queries", tmp_path / "q.npy", "--answers", tmp_path / "a.tsv", "--apply", daemon=words)
    assert "nothing was set" in output
    assert [words.status()[name] for name in ("k", "alpha")] == [before[name] for name in ("k", "alpha")]


def test_tune_without_labels_proposes_and_says_what_it_assumes(words):
    output = succeeds("tune", "--unlabelled", *SMALL, daemon=words)
    assert "By hubness over held-out references the proposal is k = " in output
    assert "every image is about as likely to be asked for" in output
    assert row("Different images in first place:", output)[-2:] == ["as", "proposed."]


def test_hubs_lists_images_with_texts_and_references(words):
    output = succeeds("hubs", "--limit", "3", "--texts", wordnet.TEXTS, daemon=words)
    lines = output.splitlines()
    at = lines.index("Images in most top 10s without NNN")
    assert [line.split()[0] for line in lines[at + 2 : at + 8 : 2]] == ["1", "2", "3"]
    assert all(line.startswith("       references: 0.") for line in lines[at + 3 : at + 8 : 2])
    texts = dict(line.split("\t")[:2] for line in wordnet.TEXTS.read_text().splitlines())
    assert texts[lines[at + 2].split()[1]] in lines[at + 2]
    document = json.loads(succeeds("hubs", "--limit", "3", "--sample", "50", "--json", daemon=words))
    assert (document["queries"], document["source"]) == (50, "references")
    assert [len(document[name]) for name in ("by_mean", "by_appearances")] == [3, 3]


def test_report_writes_a_file_and_says_where(words, tmp_path):
    (tmp_path / "report.html").write_text("old")
    output = succeeds(
        "report", "--out", "report.html", *LABELLED, *SMALL, "--texts", wordnet.TEXTS, daemon=words, cwd=tmp_path)
    assert output.endswith("report: report.html\n") and "gains 2.5 points" in output
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and "gains 2.5 points" in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("command", ["evaluate", "tune", "report"])
@pytest.mark.parametrize(
    "content, parts",
    [
        ("noun.06457612\n" * 999, ["a.tsv has 999 lines, and ", "queries.npy has 1,000 queries: write a line"]),
        ("\n" * 1000, ["a.tsv: line 1 has no id"]),
        ("no such word\n" * 1000, ["no such word"]),
    ],
    ids=["count", "none", "unknown"],
)
def test_wrong_answers_are_rejected(words, tmp_path, command, content, parts):
    (tmp_path / "a.tsv").write_text(content)
    out = ["--out", tmp_path / "r.html"] if command == "report" else []
    message = fails(
        65, command, "--queries", wordnet.QUERIES, "--answers", tmp_path / "a.tsv", *out, daemon=words)
    assert all(part in message for part in parts)
    assert not (tmp_path / "r.html").exists()


def test_a_k_above_the_capacity_is_rejected(words):
    assert "160" in fails(os.EX_DATAERR, "tune", *LABELLED, "--ks", "1,161", daemon=words)


def test_queries_of_another_dimension_are_rejected(words, tmp_path):
    np.save(tmp_path / "q.npy", np.ones((2, 3), np.float32))
    assert "384" in fails(os.EX_DATAERR, "evaluate", "--queries", tmp_path / "q.npy", daemon=words)


@pytest.mark.parametrize("option", ["--queries", "--answers", "--groups", "--texts"])
def test_a_missing_file_is_an_error(words, tmp_path, option):
    arguments = [*LABELLED, option, tmp_path / "missing"]
    message = fails(os.EX_NOINPUT, "report", "--out", tmp_path / "r.html", *arguments, daemon=words)
    assert str(tmp_path / "missing") in message


def test_a_report_never_replaces_a_folder(words, tmp_path):
    (tmp_path / "r.html").mkdir()
    assert "is a folder" in fails(os.EX_IOERR, "report", "--out", tmp_path / "r.html", daemon=words)
    assert (tmp_path / "r.html").is_dir()


def test_a_report_needs_an_existing_folder(words, tmp_path):
    assert "does not exist" in fails(os.EX_NOINPUT, "report", "--out", tmp_path / "none" / "r.html", daemon=words)


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate"], ["evaluate", "--answers", "a"], ["tune"], ["tune", "--queries", "q"],
        ["tune", "--unlabelled", "--queries", "q", "--answers", "a"], ["tune", "--unlabelled", "--ks", "1,x"],
        ["tune", "--unlabelled", "--repeats", "0"], ["tune", "--unlabelled", "--apply"],
        ["evaluate", "--queries", "-", "--answers", "-"],
        ["evaluate", "--queries", "q", "--group-sizes", "6"], ["evaluate", "--queries", "q", "--baselines"],
        ["evaluate", "--queries", "q", "--reference-curve"], ["report", "--out", "r", "--groups", "g"], ["hubs", "--limit", "0"],
        ["hubs", "--sample", "0"], ["hubs", "--sample", "5", "--queries", "q"], ["report"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_options_are_usage_errors(arguments):
    assert nnnctl(*arguments).status == 64
