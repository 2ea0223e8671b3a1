"""nnnctl status, search, explain and verify: what they tell, and their exit statuses."""

import json
import urllib.parse

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.nnnctl import fails, nnnctl, succeeds
from harness.fake_daemon import fake_daemon
from harness.spool import IMAGES, REFERENCES

DIMENSION = 5
ODD = ["a b", "-x", "--", "ü", "日本", "a/b", "..", "%41", "?x=1&y#z", "'\"\\"]


@pytest.fixture
def filled(daemon, rng):
    """The daemon with ten images of odd ids and twelve references, r:0 and on."""
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((len(ODD), DIMENSION)), ODD)
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((12, DIMENSION)))
    return daemon


@pytest.fixture
def query_file(rng, tmp_path):
    np.save(tmp_path / "queries.npy", rng.standard_normal((3, DIMENSION)).astype(np.float32))
    return tmp_path / "queries.npy"


def facts(told):
    """The lines `name  value` of a text."""
    lines = [line.split(None, 1) for line in told.splitlines()]
    return {line[0]: line[1] for line in lines if len(line) == 2}


# Status.


def test_status_tells_what_there_is_and_what_came_last(filled):
    filled.spool.drop(IMAGES, "bad.npy", np.zeros((1, DIMENSION)))
    filled.spool.wait_failure(IMAGES, "bad.npy")
    told = succeeds("status", daemon=filled)
    assert {"generation": "2", "images": "10", "references": "12"}.items() <= facts(told).items()
    assert f"{DIMENSION} numbers, float32, cosine" in told and "alpha 0.75, k 4 of at most 8" in told
    assert str(filled.spool.incoming(IMAGES)) in told and str(filled.flags["data"]) in told
    (receipt,) = [line.split() for line in told.splitlines() if line.split()[:1] == ["i.npy"]]
    assert receipt[1:8] == ["images", "add", "10", "0", "-", "-", "1"]
    failure = filled.status()["last_failures"][0]
    assert "bad.npy" in told and all(failure[field] in told for field in ("code", "message", "advice"))


def test_status_tells_of_deletions(filled):
    filled.delete(REFERENCES, "d.delete", ["r:0", "r:1", "unknown"])
    told = succeeds("status", daemon=filled)
    (receipt,) = [line.split() for line in told.splitlines() if line.split()[:1] == ["d.delete"]]
    assert receipt[1:8] == ["references", "delete", "3", "-", "2", "1", "3"]


def test_status_of_an_empty_corpus(daemon):
    told = succeeds("status", daemon=daemon)
    assert "no dimension yet" in told and "No receipts yet" in told and "No failures since the start" in told


def test_status_as_json_is_the_document_of_the_api(filled, api_document):
    told = json.loads(succeeds("status", "--json", daemon=filled))
    api_document.validate(told, "Status")
    del told["uptime_s"]
    assert told.items() <= filled.status().items()


# Search.


def test_search_tells_ids_scores_similarities_and_biases(filled, query_file):
    told = succeeds("search", "--queries", query_file, "--top-k", "4", "--alpha", "0.5", daemon=filled)
    parts = told.split("query ")[1:]
    results = filled.search(np.load(query_file), top_k=4, alpha=0.5)["results"]
    for number, (part, hits) in enumerate(zip(parts, results, strict=True)):
        lines = part.splitlines()
        assert lines[0] == str(number)
        for place, (line, hit) in enumerate(zip(lines[2:6], hits, strict=True)):
            figures = [float(word) for word in line.split()[-3:]]
            assert figures == pytest.approx([hit["score"], hit["similarity"], hit["bias"]], abs=1e-6)
            assert line.split()[0] == str(place + 1) and f"  {hit['id']}  " in line
    assert "generation 2, 3 queries" in told


def test_search_as_json_is_a_line_a_query_with_the_answers_of_the_api(filled, query_file):
    told = succeeds("search", "--queries", query_file, "--json", daemon=filled)
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["query"] for line in lines] == [0, 1, 2]
    assert [line["hits"] for line in lines] == filled.search(np.load(query_file))["results"]


def test_search_reads_standard_input(filled, query_file):
    expected = succeeds("search", "--queries", query_file, "--json", daemon=filled)
    assert succeeds("search", "--queries", "-", "--json", daemon=filled, stdin=query_file.read_bytes()) == expected


def test_more_queries_than_a_request_takes_are_answered_in_order(filled, rng, tmp_path):
    queries = rng.standard_normal((5000, DIMENSION)).astype(np.float32)
    np.save(tmp_path / "many.npy", queries)
    told = succeeds("search", "--queries", tmp_path / "many.npy", "--top-k", "1", "--json", daemon=filled)
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["query"] for line in lines] == list(range(5000))
    expected = [*filled.search(queries[:4000], top_k=1)["results"], *filled.search(queries[4000:], top_k=1)["results"]]
    assert [line["hits"] for line in lines] == expected


def test_search_says_what_is_wrong_with_the_queries(filled, tmp_path):
    assert "nowhere.npy" in fails(66, "search", "--queries", "nowhere.npy", daemon=filled)
    (tmp_path / "text").write_text("no array at all, but text")
    assert "text" in fails(65, "search", "--queries", tmp_path / "text", daemon=filled)
    for array, code in ((np.ones((1, 3)), "wrong_dimension"), (np.zeros((1, DIMENSION)), "zero_vector")):
        assert f"({code})" in fails(65, "search", "--queries", "-", daemon=filled, stdin=npy_bytes(array))
    assert "--top-k" in fails(64, "search", "--queries", "-", "--top-k", "0", daemon=filled)
    assert "--queries" in fails(64, "search", daemon=filled)


def test_control_characters_in_ids_do_not_reach_the_terminal(daemon, query_file):
    daemon.drop(IMAGES, "i.npy", np.ones((1, DIMENSION)), ["\x1b[31mred\x07"])
    told = succeeds("search", "--queries", query_file, daemon=daemon)
    assert "\\u{1b}[31mred\\u{7}" in told and "\x1b" not in told
    assert "\x1b" not in succeeds("explain", "\x1b[31mred\x07", daemon=daemon)


# Explain.


@pytest.mark.parametrize("id", ODD)
def test_explain_finds_ids_of_all_kinds_and_tells_their_biases(filled, api_document, id):
    told = json.loads(succeeds("explain", "--json", "--", id, daemon=filled))
    api_document.validate(told, "ImageReport")
    with filled.client() as client:
        assert told == client.get(f"/v1/images/{urllib.parse.quote(id, safe='')}").json()
    text = succeeds("explain", "--top", "3", "--", id, daemon=filled)
    assert facts(text)["image"] == id
    bias, _, _, alpha, _, _, mean = facts(text)["bias"].split()
    assert [float(bias), float(alpha), float(mean)] == pytest.approx([told["bias"], 0.75, told["mean"]], abs=1e-6)
    named = [line.split()[-1] for line in text.splitlines() if "  r:" in line]
    assert named == [entry["id"] for entry in told["references"][:3]]
    assert f"and {len(told['references']) - 3} more" in text


def test_explain_says_what_is_not_an_image(filled):
    assert "'unknown'" in fails(65, "explain", "unknown", daemon=filled)
    assert "is a reference" in fails(65, "explain", "r:0", daemon=filled)
    # Without `--` it is read as an option.
    for arguments in (["-x"], [""], [], ["a", "b"]):
        fails(64, "explain", *arguments, daemon=filled)


# Verify.


def test_verify_finds_nothing_wrong(filled, api_document):
    told = succeeds("verify", daemon=filled)
    assert {"checked": "10 images", "wrong": "0"}.items() <= facts(told).items()
    assert facts(succeeds("verify", "--sample", "4", daemon=filled))["checked"] == "4 images"
    document = json.loads(succeeds("verify", "--json", daemon=filled))
    api_document.validate(document, "VerifyReport")
    assert (document["checked"], document["wrong"]) == (10, 0)
    assert "--sample" in fails(64, "verify", "--sample", "0", daemon=filled)


def test_verify_ends_with_1_where_biases_are_wrong(tmp_path):
    image = {"id": "a b", "fault": "mean", "stored": 0.5, "computed": 0.25}
    reference = {"id": "c d", "fault": "vector"}
    clean = {"checked": 7, "largest_difference": 0.25, "wrong": 0, "images": [], "wrong_references": 0, "references": []}
    wrong_image = clean | {"wrong": 1, "images": [image]}
    wrong_reference = clean | {"wrong_references": 1, "references": [reference]}
    for report, told in ((wrong_image, ("a b", "mean", "0.5")), (wrong_reference, ("c d", "vector"))):
        socket = tmp_path / told[1]
        with fake_daemon(socket, {"/v1/verify": (200, report)}):
            for form in ([], ["--json"]):
                finished = nnnctl("verify", *form, "--socket", socket)
                assert (finished.status, finished.errors) == (1, ""), finished
                assert all(text in finished.output for text in told), finished
