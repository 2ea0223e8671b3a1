"""The change feed through both clients, and the filter of means."""

import asyncio

import numpy as np
import pytest

import nnnd
from conftest import THREE
from nnnd.changes import Change, parse_changes


def listed(db):
    return {image["id"]: np.float32(image["mean"]) for image in db.list_images()}


class Copy:
    """A consumer's copy of the corpus."""

    def __init__(self, eps=0.0):
        self.keep = nnnd.MeanFilter(eps)
        self.means, self.vectors = {}, {}

    def apply(self, page):
        for change in self.keep(page):
            if change.kind == "delete":
                self.means.pop(change.id, None)
                self.vectors.pop(change.id, None)
                continue
            self.means[change.id] = np.float32(change.mean)
            if change.kind == "upsert":
                self.vectors[change.id] = change.vector


def test_two_copies_with_different_eps_follow_random_changes(db, rng):
    copies = {eps: (Copy(eps), ["start"]) for eps in (0.0, 0.01)}
    for step in range(60):
        ids = rng.choice(40, size=rng.integers(1, 6), replace=False).astype(str)
        vectors = rng.standard_normal((len(ids), 6), dtype=np.float32)
        action = rng.choice(["images", "references", "delete"])
        if action == "images":
            db.add_images(vectors, ids)
        elif action == "references":
            db.add_references(vectors, ids)
        else:
            db.delete_images(ids)
        for eps, (copy, cursor) in copies.items():
            if rng.random() < 0.5 or step == 59:
                for page in db.new_changes(cursor[0], limit=int(rng.integers(1, 30)), vectors=True):
                    copy.apply(page)
                    cursor[0] = page.cursor
                means = listed(db)
                assert page.generation == db.status()["generation"] and page.images == len(means)
                assert copy.means.keys() == means.keys() == copy.vectors.keys()
                difference = max((abs(copy.means[id] - means[id]) for id in means), default=0)
                assert difference == 0 if eps == 0 else difference < eps
                for id in list(means)[:3]:
                    assert np.array_equal(copy.vectors[id], db.image(id))


def test_both_forms_of_the_answer_are_the_same(filled_db):
    """An id that ends in NUL is one that numpy would change, so that the answer is lines of JSON."""
    pytest.importorskip("httpx")
    cursor = filled_db.changes("now").cursor
    filled_db.add_images(THREE[:2], ["new", "cat"])
    filled_db.delete_images(["dog"])
    archive = filled_db.changes(cursor, vectors=True)
    filled_db.add_images(THREE[:1], ["nul\0"])
    lines = filled_db.changes(cursor, vectors=True)
    expected = {change.id: change for change in archive}
    found = {change.id: change for change in lines}
    assert found.pop("nul\0").kind == "upsert"
    assert set(found) == set(expected) == {"new", "cat", "dog"}
    for id, change in found.items():
        assert (change.kind, change.mean) == (expected[id].kind, expected[id].mean)
        assert np.array_equal(change.vector, expected[id].vector)
    assert lines.vectors.dtype == archive.vectors.dtype == np.float32

    async def read():
        async with nnnd.AsyncClient(filled_db.socket) as client:
            page = await client.changes("now")
            return page, [page async for page in client.new_changes(cursor, limit=2)]

    now, pages = asyncio.run(read())
    assert len(now) == 0 and now.cursor == pages[-1].cursor and not now.more
    assert {change.id for page in pages for change in page} == {"new", "cat", "dog", "nul\0"}
    # The deletion of "dog" and the image that got its row stay together.
    assert [len(page) for page in pages] == [1, 2, 1] and pages[0].vectors is None


def test_a_cursor_of_another_store_is_gone(db, filled_db, tmp_path):
    cursor = filled_db.changes("now").cursor
    with nnnd.open(tmp_path / "other", k=2, threads=1) as other:
        other.add_images(THREE)
        other.add_references(THREE)
        with pytest.raises(nnnd.CursorGone) as error:
            other.changes(cursor)
        assert (error.value.status, error.value.code) == (410, "cursor_unknown")
    with pytest.raises(nnnd.InvalidRequest, match="bad_cursor"):
        filled_db.changes("yesterday")
    with pytest.raises(nnnd.InvalidRequest, match="bad_limit"):
        filled_db.changes("start", limit=0)


def test_small_changes_of_a_mean_do_not_add_up():
    keep = nnnd.MeanFilter(0.1)
    kept = [change.mean for change in keep(Change("mean", "a", step * 0.03) for step in range(12))]
    assert kept == pytest.approx([0, 0.12, 0.24])
    assert [change.kind for change in keep([Change("delete", "a", None), Change("mean", "a", 0.24)])] == [
        "delete",
        "mean",
    ]
    assert len(list(keep([Change("upsert", "a", 0.24)]))) == 1
    with pytest.raises(ValueError, match="eps"):
        nnnd.MeanFilter(-1)


def test_an_answer_that_is_cut_off_is_an_error():
    from nnnd._messages import Response

    body = b'{"change":"mean","id":"a","mean":0.5}\n'
    with pytest.raises(KeyError):
        parse_changes(Response(200, body, content_type="application/x-ndjson"))
