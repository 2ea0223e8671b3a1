"""The two forms of answers, JSON and .npz, give the same `SearchResult`."""

import asyncio
import json

import numpy as np
import pytest

import nnnd
from conftest import THREE
from nnnd import _messages, results

# Of one to four bytes of UTF-8 for each code point, with NUL inside.
IDS = ["cat", "日本語", "🙂🙃", "x\0y"]
ARRAYS = ("ids", "scores", "similarities", "biases")


@pytest.fixture
def forms(monkeypatch):
    """Collects the media types of the answers to searches."""
    seen = []

    def parse(response):
        seen.append(response.content_type)
        return results.parse_search(response)

    for module in ("client", "async_client"):
        monkeypatch.setattr(f"nnnd.{module}.parse_search", parse)
    return seen


def check_same(first, second):
    for name in ARRAYS:
        one, other = getattr(first, name), getattr(second, name)
        assert one.dtype == other.dtype and one.shape == other.shape and one.flags.writeable
        np.testing.assert_array_equal(one, other)
    assert first.generation == second.generation and min(first.took, second.took) > 0
    assert list(first) == list(second)


def test_both_forms_give_the_same_result(db, rng, forms, monkeypatch):
    db.add_images(rng.standard_normal((4, 8)).astype(np.float32), IDS)
    db.add_references(rng.standard_normal((5, 8)).astype(np.float32))
    queries = rng.standard_normal((3, 8)).astype(np.float32)
    found = [db.search(queries, 4, recall=0.9)]
    monkeypatch.setattr(_messages, "MAX_JSON_HITS", 0)
    found.append(db.search(queries, 4, recall=0.9))

    async def search():
        async with nnnd.AsyncClient(db.socket) as client:
            return await client.search(queries, 4, recall=0.9)

    pytest.importorskip("httpx")
    found.append(asyncio.run(search()))
    assert forms == ["application/json", "application/x-npz", "application/x-npz"]
    check_same(found[0], found[1])
    check_same(found[0], found[2])
    for result in found:
        assert result.recall == nnnd.Recall(target=0.9, exact=True, scanned_rows=12, reason="few_images")
    assert set(found[0].ids[0].tolist()) == set(IDS) and found[0].ids.dtype == np.dtype("U3")


def test_an_empty_corpus_gives_empty_arrays_in_both_forms(db, forms, monkeypatch):
    first = db.search(THREE)
    monkeypatch.setattr(_messages, "MAX_JSON_HITS", 0)
    second = db.search(THREE)
    assert forms == ["application/json", "application/x-npz"]
    check_same(first, second)
    assert second.ids.shape == (3, 0)


@pytest.mark.parametrize(
    ("rows", "top_k", "form"), [(1, 256, "json"), (1, 257, "npz"), (128, 2, "json"), (129, 2, "npz")]
)
def test_many_hits_are_asked_for_as_npz(rows, top_k, form):
    accept = _messages.search_request(np.ones((rows, 3), np.float32), top_k, None).headers["Accept"]
    expected = {"json": "application/json", "npz": "application/x-npz, application/json;q=0.5"}
    assert accept == expected[form]


def test_a_daemon_that_answers_with_json_is_understood():
    hits = [{"id": id, "score": 0.5, "similarity": 0.75, "bias": 0.25} for id in ("a", "bcd")]
    body = json.dumps({"generation": 7, "results": [hits, hits], "took_ms": 1.5}).encode()
    for content_type in ("application/json", "application/json; charset=utf-8", None):
        result = results.parse_search(_messages.Response(200, body, None, content_type))
        assert result.ids.tolist() == [["a", "bcd"]] * 2 and result.ids.dtype == np.dtype("U3")
        assert (result.scores.tolist(), result.generation, result.took) == ([[0.5, 0.5]] * 2, 7, 0.0015)


def test_ids_that_numpy_would_change_or_make_too_large_are_objects(db, forms, monkeypatch):
    db.add_images(THREE, ["a\0", "b", "c"])
    monkeypatch.setattr(_messages, "MAX_JSON_HITS", 0)
    result = db.search(THREE, 3, alpha=0)
    assert forms == ["application/json"]
    assert result.ids.dtype == object and result.ids[0, 0] == "a\0"
    assert db.search(THREE[2], 1, alpha=0).ids.tolist() == [["c"]]
    assert forms[1] == "application/x-npz"
    monkeypatch.setattr(results, "MAX_TEXT_BYTES", 3 * 4 * 5)
    assert results.as_texts(["a", "bcdef", "c"]).dtype == np.dtype("U5")
    assert results.as_texts(["a", "bcdefg", "c"]).dtype == object


def test_an_error_has_its_code_in_both_forms(filled_db, monkeypatch):
    for most in (256, 0):
        monkeypatch.setattr(_messages, "MAX_JSON_HITS", most)
        with pytest.raises(nnnd.InvalidRequest) as caught:
            filled_db.search([1.0, 2.0])
        assert caught.value.code == "wrong_dimension"


def test_a_search_scores_as_many_rows_as_it_is_told_to(corpus, monkeypatch):
    queries = corpus.queries[:3]

    def check(found, count):
        assert found.recall == nnnd.Recall(0.9, False, len(corpus.images) * count, None, None, 20 * count)

    for most in (256, 0):  # as JSON, and as .npz
        monkeypatch.setattr(_messages, "MAX_JSON_HITS", most)
        check(corpus.db.search(queries, 5, recall=0.9, rescore=np.int64(20)), 3)
        check(corpus.db.search_by_id(["0", "1"], 5, kind="references", recall=0.9, rescore=np.int64(20)), 2)
    check(next(corpus.db.search_in_batches(queries, 5, recall=0.9, rescore=20)), 3)
    pytest.importorskip("httpx")

    async def search():
        async with nnnd.AsyncClient(corpus.db.socket) as client:
            check(await client.search(queries, 5, recall=0.9, rescore=20), 3)
            check(await client.search_by_id("0", 5, kind="references", recall=0.9, rescore=20), 1)

    asyncio.run(search())
