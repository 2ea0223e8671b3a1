"""Searches, explanations, problems and backups through `Client`."""

import asyncio
import os
import pickle

import numpy as np
import pytest

import nnnd
from conftest import THREE


def expected_scores(images, references, queries, k, alpha):
    """Scores (queries, images) by the definition, in float64."""

    def unit(vectors):
        vectors = np.asarray(vectors, np.float64)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    similarities = unit(images) @ unit(references).T
    means = np.sort(similarities, axis=1)[:, -k:].mean(axis=1)
    return unit(queries) @ unit(images).T - alpha * means


def test_a_search_returns_arrays_that_follow_the_definition(db, rng):
    images, references, queries = (rng.standard_normal((count, 8)).astype(np.float32) for count in (40, 20, 5))
    db.add_images(images, range(40))
    db.add_references(references)
    result = db.search(queries, top_k=7, alpha=0.5)
    scores = expected_scores(images, references, queries, k=2, alpha=0.5)
    order = np.argsort(-scores, axis=1)[:, :7]
    assert result.ids.tolist() == order.astype(str).tolist()
    assert np.allclose(result.scores, np.take_along_axis(scores, order, 1), atol=1e-6)
    assert np.allclose(result.similarities - result.biases, result.scores, atol=1e-6)
    assert {array.dtype for array in (result.scores, result.similarities, result.biases)} == {np.dtype(np.float32)}
    assert result.generation == 2 and result.took > 0 and len(result) == 5


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_queries_can_have_any_element_type_and_memory_order(filled_db, dtype, order):
    queries = np.asarray(THREE, dtype=dtype, order=order)
    assert filled_db.search(queries, 1, alpha=0).ids.ravel().tolist() == ["cat", "dog", "car"]
    assert filled_db.search(queries[::2], 1, alpha=0).ids.ravel().tolist() == ["cat", "car"]


def test_one_query_can_be_a_vector_or_a_list(filled_db):
    assert filled_db.search(THREE[2], 1, alpha=0).ids.tolist() == [["car"]]
    assert filled_db.search([0, 0, 1], 1, alpha=0).ids.tolist() == [["car"]]


def test_a_result_can_be_iterated_indexed_and_turned_into_a_table(filled_db):
    pytest.importorskip("pandas")
    result = filled_db.search(THREE, top_k=2, alpha=0)
    assert [hits[0].id for hits in result] == ["cat", "dog", "car"]
    assert result[1][0].score == pytest.approx(1.0)
    table = result.to_pandas()
    assert table.columns.tolist() == ["query", "rank", "id", "score", "similarity", "bias"]
    assert table[table["rank"] == 1]["id"].tolist() == ["cat", "dog", "car"]
    assert "<td>cat" in result._repr_html_()


def test_a_search_in_an_empty_corpus_finds_nothing(db):
    assert db.search([[1.0, 2.0]]).ids.shape == (1, 0)


def test_a_wrong_request_raises_an_exception_with_the_code(filled_db):
    with pytest.raises(nnnd.InvalidRequest) as caught:
        filled_db.search([1.0, 2.0])
    assert caught.value.code == "wrong_dimension" and caught.value.status == 400
    with pytest.raises(nnnd.UnknownId) as caught:
        filled_db.explain("a/b?c d")
    assert "a/b?c d" in caught.value.detail
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), copy.code) == (nnnd.UnknownId, "unknown_id")


@pytest.mark.parametrize(
    "queries", [np.eye(3, dtype=np.int64), np.array([["a"]]), np.zeros((0, 3)), np.zeros((1, 1, 3))]
)
def test_queries_of_a_wrong_type_or_shape_are_rejected(filled_db, queries):
    with pytest.raises((TypeError, ValueError), match=r"type|shape"):
        filled_db.search(queries)


@pytest.mark.parametrize(("top_k", "alpha"), [(0, None), (-1, 0), (1.5, 0), (1, -1), (1, np.nan), (1, np.inf)])
def test_values_that_no_search_can_have_are_rejected_without_a_daemon(tmp_path, top_k, alpha):
    client = nnnd.Client(tmp_path / "none")
    with pytest.raises((ValueError, TypeError)):
        client.search(THREE, top_k, alpha)
    with pytest.raises((ValueError, TypeError)):
        next(client.search_in_batches(THREE, top_k, alpha))


def test_explain_reference_status_and_verify_answer(filled_db):
    report = filled_db.explain("cat")
    assert report["bias"] == pytest.approx(0.75 * report["mean"])
    assert {entry["id"] for entry in report["references"]} == {"x", "y", "z"}
    assert filled_db.reference("y").tolist() == [0, 1, 0]
    assert filled_db.status()["images"] == 3
    report = filled_db.verify(sample=2)
    assert (report["checked"], report["wrong"], report["wrong_references"]) == (2, 0, 0)
    assert "nnnd_" in filled_db.metrics()


def test_a_backup_can_be_opened(filled_db, tmp_path):
    (tmp_path / "copy").mkdir()
    folder = filled_db.backup(tmp_path / "copy" / "data")
    with nnnd.open(tmp_path / "copy", k=2) as copy:
        assert copy.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
    with pytest.raises(FileExistsError):
        filled_db.backup(folder)
    assert [name for name in os.listdir(tmp_path / "copy") if name.startswith(".data")] == []


def test_without_a_daemon_the_error_names_the_socket_at_once(tmp_path):
    with pytest.raises(nnnd.NotReachable, match="no socket"):
        nnnd.Client(tmp_path / "none").status()
    with pytest.raises(ConnectionError):
        nnnd.Client(tmp_path / "none").search([1.0])


def test_a_closed_client_says_so(filled_db):
    client = nnnd.Client(filled_db.socket)
    assert client.ready()
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.status()


def test_a_client_can_be_sent_to_another_process(filled_db):
    copy = pickle.loads(pickle.dumps(nnnd.Client(filled_db.socket, timeout=7)))
    assert copy.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
    copy.close()


@pytest.mark.parametrize("top_k", [0, -1, 1_000_001])
def test_a_search_in_batches_rejects_a_wrong_top_k_at_once(filled_db, top_k):
    with pytest.raises(ValueError, match="from 1 to 1,000,000"):
        filled_db.search_in_batches(THREE, top_k)


def test_numbers_can_be_those_of_numpy(filled_db):
    three = np.int64(3)
    assert filled_db.search(THREE, three).ids.shape == (3, 3)
    assert [len(result) for result in filled_db.search_in_batches(THREE, three)] == [3]
    assert len(filled_db.hubs(limit=three, sample=three).by_mean) == 3
    assert filled_db.verify(three)["checked"] == 3


def test_images_are_searched_by_id_listed_and_read(filled_db):
    assert filled_db.search_by_id("cat", 1, alpha=0).ids.tolist() == [["dog"]]
    found = filled_db.search_by_id(["cat", "car"], 5, alpha=0)
    assert found.counts.tolist() == [2, 2] and "cat" not in found.ids[0] and "car" not in found.ids[1]
    assert [image["id"] for image in filled_db.list_images(page=2)] == ["car", "cat", "dog"]
    assert [image["id"] for image in filled_db.list_images(after="car")] == ["cat", "dog"]
    assert filled_db.image("cat").dtype == np.float32
    for reference in filled_db.list_references():
        assert filled_db.search_by_id(reference["id"], kind="references").counts.tolist() == [3]
    with pytest.raises(nnnd.UnknownId):
        filled_db.search_by_id(["cat", "unicorn"])
    with pytest.raises(ValueError, match="kind"):
        filled_db.search_by_id("cat", kind="image")


def test_a_result_leaves_out_scores_below_the_smallest(filled_db):
    pandas = pytest.importorskip("pandas")
    found = filled_db.search(THREE, 3, alpha=0, min_score=0.99)
    assert found.counts.tolist() == [1, 1, 1]
    everything = filled_db.search(THREE, 3, alpha=0)
    limit = float(np.sort(everything.scores.ravel())[-5])
    found = filled_db.search(THREE, 3, alpha=0, min_score=limit)
    assert sum(found.counts) == 5 and found.ids.shape == (3, max(found.counts))
    table = found.to_pandas()
    assert isinstance(table, pandas.DataFrame) and len(table) == 5 and not table.isna().any().any()
    with pytest.raises(ValueError, match="min_score"):
        filled_db.search(THREE, min_score=float("nan"))
    for search in (filled_db.search, filled_db.search_in_batches):
        with pytest.raises(ValueError, match="recall"):
            search(THREE, recall=0.4)
    with pytest.raises(ValueError, match="recall"):
        filled_db.search_by_id("cat", recall=1.5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"top_k": 10, "recall": 0.9, "rescore": 9}, "rescore is 9; it must be from top_k, 10, to 2,048"),
        ({"recall": 0.9, "rescore": 2049}, "rescore is 2049; it must be from top_k"),
        ({"recall": 1, "rescore": 20}, "rescore needs a recall below 1"),
    ],
)
def test_a_wrong_number_of_rows_to_score_is_rejected_without_a_daemon(tmp_path, values, message):
    client = nnnd.Client(tmp_path / "none")
    for search in (client.search, client.search_in_batches):
        with pytest.raises(ValueError, match=message):
            search(THREE, **values)
    with pytest.raises(ValueError, match=message):
        client.search_by_id("cat", **values)
    with pytest.raises(TypeError):
        client.search(THREE, recall=0.9, rescore=20.5)


def test_rows_to_score_need_a_recall_of_the_search_or_the_setting(filled_db):
    with pytest.raises(nnnd.InvalidRequest) as caught:
        filled_db.search(THREE, rescore=20)
    assert caught.value.code == "bad_rescore"


def test_the_asynchronous_client_reads_as_the_other_one_does(filled_db):
    pytest.importorskip("httpx")

    async def read():
        async with nnnd.AsyncClient(filled_db.socket) as client:
            images = [image async for image in client.list_images(page=1)]
            references = [reference async for reference in client.list_references()]
            found = await client.search_by_id("cat", 2, min_score=-1)
            return images, references, found.ids.tolist(), (await client.image("cat")).tolist()

    images, references, found, vector = asyncio.run(read())
    assert (images, references) == (list(filled_db.list_images()), list(filled_db.list_references()))
    assert found == filled_db.search_by_id("cat", 2).ids.tolist() and vector == filled_db.image("cat").tolist()
