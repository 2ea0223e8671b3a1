"""nnnctl status, search, explain and verify: their output and their exit statuses."""

import json
import os

import numpy as np
import pytest

from harness.http import NPY, npy_bytes
from harness.nnnctl import fails, nnnctl, succeeds
from harness.fake_daemon import fake_daemon
from harness.spool import IMAGES, REFERENCES

DIMENSION = 5
UNUSUAL_IDS = ["a b", "-x", "--", "ü", "日本", "a/b", "..", "%41", "?x=1&y#z", "'\"\\"]


@pytest.fixture
def filled(daemon, rng):
    """A daemon with ten images that have unusual ids, and twelve references, r:0 to r:11."""
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((len(UNUSUAL_IDS), DIMENSION)), UNUSUAL_IDS)
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((12, DIMENSION)))
    return daemon


@pytest.fixture
def query_file(rng, tmp_path):
    np.save(tmp_path / "queries.npy", rng.standard_normal((3, DIMENSION)).astype(np.float32))
    return tmp_path / "queries.npy"


def fields(output):
    """The lines `name  value` of an output, as a dictionary."""
    lines = [line.split(None, 1) for line in output.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


def receipt_row(output, name):
    """The row of a receipt: file, kind, action, rows, replaced, deleted, missing, generation, then times."""
    (row,) = [line.split() for line in output.splitlines() if line.split()[:1] == [name]]
    return row


def test_status_prints_counts_settings_paths_receipts_and_failures(filled):
    filled.spool.drop(IMAGES, "bad.npy", np.zeros((1, DIMENSION)))
    filled.spool.wait_failure(IMAGES, "bad.npy")
    output = succeeds("status", daemon=filled)
    assert {"generation": "2", "images": "10", "references": "12"}.items() <= fields(output).items()
    assert f"{DIMENSION} numbers, float32, cosine" in output and "alpha 0.75, k 4 of at most 8" in output
    assert str(filled.spool.incoming(IMAGES)) in output and str(filled.flags["data"]) in output
    assert receipt_row(output, "i.npy")[1:8] == ["images", "add", "10", "0", "-", "-", "1"]
    failure = filled.status()["last_failures"][0]
    assert "bad.npy" in output and all(failure[field] in output for field in ("code", "message", "advice"))


def test_status_prints_the_counts_of_a_deletion(filled):
    filled.delete(REFERENCES, "d.delete", ["r:0", "r:1", "unknown"])
    output = succeeds("status", daemon=filled)
    assert receipt_row(output, "d.delete")[1:8] == ["references", "delete", "3", "-", "2", "1", "3"]


def test_status_of_an_empty_corpus_says_what_is_missing(daemon):
    output = succeeds("status", daemon=daemon)
    assert "no dimension yet" in output and "No receipts yet" in output and "No failures since the start" in output


def test_status_with_json_prints_the_document_of_the_api(filled, api_document):
    document = json.loads(succeeds("status", "--json", daemon=filled))
    api_document.validate(document, "Status")
    del document["uptime_s"]
    assert document.items() <= filled.status().items()


def hits_of_the_api(daemon, queries, top_k):
    """The hits of each query as they stand in the response."""
    with daemon.client() as client:
        return client.post(f"/v1/search?top_k={top_k}", npy_bytes(queries), NPY).json()["results"]


def test_search_prints_ids_scores_similarities_and_biases(filled, query_file):
    output = succeeds("search", "--queries", query_file, "--top-k", "4", "--alpha", "0.5", daemon=filled)
    parts = output.split("query ")[1:]
    result = filled.search(np.load(query_file), top_k=4, alpha=0.5)
    for number, (part, hits) in enumerate(zip(parts, result, strict=True)):
        lines = part.splitlines()
        assert lines[0] == str(number)
        for rank, (line, hit) in enumerate(zip(lines[2:6], hits, strict=True), start=1):
            numbers = [float(word) for word in line.split()[-3:]]
            assert numbers == pytest.approx(hit[1:], abs=1e-6)
            assert line.split()[0] == str(rank) and f"  {hit.id}  " in line
    assert "generation 2, 3 queries" in output


def test_search_with_json_prints_one_line_a_query_with_the_hits_of_the_api(filled, query_file):
    output = succeeds("search", "--queries", query_file, "--json", daemon=filled)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["query"] for line in lines] == [0, 1, 2]
    assert [line["hits"] for line in lines] == hits_of_the_api(filled, np.load(query_file), 10)


def test_search_reads_queries_from_standard_input(filled, query_file):
    expected = succeeds("search", "--queries", query_file, "--json", daemon=filled)
    assert succeeds("search", "--queries", "-", "--json", daemon=filled, stdin=query_file.read_bytes()) == expected


def test_search_splits_many_queries_into_requests_and_keeps_their_order(filled, rng, tmp_path):
    queries = rng.standard_normal((5000, DIMENSION)).astype(np.float32)
    np.save(tmp_path / "many.npy", queries)
    output = succeeds("search", "--queries", tmp_path / "many.npy", "--top-k", "1", "--json", daemon=filled)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["query"] for line in lines] == list(range(5000))
    expected = [hits_of_the_api(filled, part, 1) for part in (queries[:4000], queries[4000:])]
    assert [line["hits"] for line in lines] == [*expected[0], *expected[1]]


def test_search_rejects_invalid_queries_and_usage(filled, tmp_path):
    assert "missing.npy" in fails(os.EX_NOINPUT, "search", "--queries", "missing.npy", daemon=filled)
    (tmp_path / "text").write_text("no array at all, but text")
    assert "text" in fails(os.EX_DATAERR, "search", "--queries", tmp_path / "text", daemon=filled)
    for array, code in ((np.ones((1, 3)), "wrong_dimension"), (np.zeros((1, DIMENSION)), "zero_vector")):
        assert f"({code})" in fails(os.EX_DATAERR, "search", "--queries", "-", daemon=filled, stdin=npy_bytes(array))
    assert "--top-k" in fails(os.EX_USAGE, "search", "--queries", "-", "--top-k", "0", daemon=filled)
    assert "--queries" in fails(os.EX_USAGE, "search", daemon=filled)


def test_control_characters_in_ids_are_escaped(daemon, query_file):
    daemon.drop(IMAGES, "i.npy", np.ones((1, DIMENSION)), ["\x1b[31mred\x07"])
    output = succeeds("search", "--queries", query_file, daemon=daemon)
    assert "\\u{1b}[31mred\\u{7}" in output and "\x1b" not in output
    assert "\x1b" not in succeeds("explain", "\x1b[31mred\x07", daemon=daemon)


@pytest.mark.parametrize("id", UNUSUAL_IDS)
def test_explain_prints_the_bias_and_references_of_an_image(filled, api_document, id):
    report = json.loads(succeeds("explain", "--json", "--", id, daemon=filled))
    api_document.validate(report, "ImageReport")
    with filled.client() as client:
        assert report == client.explain(id)
    output = succeeds("explain", "--top", "3", "--", id, daemon=filled)
    assert fields(output)["image"] == id
    bias, _, _, alpha, _, _, mean = fields(output)["bias"].split()
    assert [float(bias), float(alpha), float(mean)] == pytest.approx([report["bias"], 0.75, report["mean"]], abs=1e-6)
    references = [line.split()[-1] for line in output.splitlines() if "  r:" in line]
    assert references == [entry["id"] for entry in report["references"][:3]]
    assert f"and {len(report['references']) - 3} more" in output


def test_explain_rejects_ids_that_are_not_images_and_invalid_usage(filled):
    assert "'unknown'" in fails(os.EX_DATAERR, "explain", "unknown", daemon=filled)
    assert "is a reference" in fails(os.EX_DATAERR, "explain", "r:0", daemon=filled)
    # Without `--` the id -x is parsed as an option.
    for arguments in (["-x"], [""], [], ["a", "b"]):
        fails(os.EX_USAGE, "explain", *arguments, daemon=filled)


def test_verify_prints_the_number_of_checked_images(filled, api_document):
    output = succeeds("verify", daemon=filled)
    assert {"checked": "10 images", "wrong": "0"}.items() <= fields(output).items()
    assert fields(succeeds("verify", "--sample", "4", daemon=filled))["checked"] == "4 images"
    document = json.loads(succeeds("verify", "--json", daemon=filled))
    api_document.validate(document, "VerifyReport")
    assert (document["checked"], document["wrong"]) == (10, 0)
    assert "--sample" in fails(os.EX_USAGE, "verify", "--sample", "0", daemon=filled)


def test_verify_exits_with_1_if_something_is_wrong(tmp_path):
    image = {"id": "a b", "fault": "mean", "stored": 0.5, "computed": 0.25}
    reference = {"id": "c d", "fault": "vector"}
    clean = {
        "checked": 7, "largest_difference": 0.25, "wrong": 0, "images": [], "wrong_references": 0, "references": [],
    }  # fmt: skip
    wrong_image = clean | {"wrong": 1, "images": [image]}
    wrong_reference = clean | {"wrong_references": 1, "references": [reference]}
    for report, texts in ((wrong_image, ("a b", "mean", "0.5")), (wrong_reference, ("c d", "vector"))):
        socket = tmp_path / texts[1]
        with fake_daemon(socket, {"/v1/verify": (200, report)}):
            for options in ([], ["--json"]):
                finished = nnnctl("verify", *options, "--socket", socket)
                assert (finished.status, finished.errors) == (1, ""), finished
                assert all(text in finished.output for text in texts), finished
