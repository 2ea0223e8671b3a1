"""Searches by id and with a smallest score, vectors of images, and listings; also by nnnctl."""

import json

import numpy as np
import pytest

import nnnd
from harness.corpus import drop_random_corpus
from harness.daemon import Daemon
from harness.http import NPY, NPZ, npy_bytes
from harness.nnnctl import fails, succeeds
from harness.oracle import check_rankings
from harness.spool import IMAGES, REFERENCES

DIMENSION = 8


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A daemon with 120 images and 40 references, and its oracle."""
    with Daemon(tmp_path_factory.mktemp("reading"), k=4) as daemon:
        rng = np.random.default_rng(21)
        yield daemon, drop_random_corpus(daemon, rng, images=120, references=40, dimension=DIMENSION)


@pytest.fixture
def client(corpus):
    with corpus[0].client() as client:
        yield client


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("alpha", [0, 0.75, 1])
def test_a_search_by_id_is_that_of_the_vector_without_the_image_itself(corpus, client, kind, alpha):
    ids = list(corpus[1].of(kind))[::17]
    vectors = [corpus[1].of(kind)[id] for id in ids]
    found = client.search_by_id(ids, 10, alpha, kind=kind)
    everything = client.search(vectors, 120, alpha)
    assert found.counts.tolist() == [10] * len(ids)
    for id, hits, ranking in zip(ids, found, everything, strict=True):
        expected = [hit for hit in ranking if kind == REFERENCES or hit.id != id][:10]
        assert [hit.id for hit in hits] == [hit.id for hit in expected]
        assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-5)


def test_all_other_images_are_found_if_top_k_is_large(corpus, client):
    found = client.search_by_id(next(iter(corpus[1].images)), 500)
    assert found.ids.shape == (1, 119)
    assert set(found.ids[0]) == set(list(corpus[1].images)[1:])


@pytest.mark.parametrize("rows", [1, 40])
def test_images_below_the_smallest_score_are_left_out(corpus, client, rng, rows):
    """With one row the answer is JSON, with forty it is an .npz file."""
    queries = rng.standard_normal((rows, DIMENSION)).astype(np.float32)
    everything = client.search(queries, 120)
    limit = float(np.quantile(everything.scores, 0.9))
    found = client.search(queries, 120, min_score=limit)
    expected = [[hit for hit in hits if hit.score >= limit] for hits in everything]
    assert list(found) == expected
    assert found.counts.tolist() == [len(hits) for hits in expected]
    assert found.ids.shape == (rows, max(map(len, expected)))
    assert np.isnan(found.scores[found.ids == ""]).all() and not np.isnan(found.scores[found.ids != ""]).any()
    assert client.search(queries, 5, min_score=1e30).ids.shape == (rows, 0)


def test_both_forms_of_answers_have_the_same_hits(corpus, client, rng):
    queries = rng.standard_normal((7, DIMENSION))
    target = "/v1/search?top_k=120&min_score=0.1"
    answers = [client.request("POST", target, npy_bytes(queries), {"Content-Type": NPY, "Accept": accept})
               for accept in ("application/json", NPZ)]  # fmt: skip
    first, second = map(nnnd.results.parse_search, answers)
    assert list(first) == list(second) and len(set(first.counts.tolist())) > 1
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_an_unknown_id_is_an_error(client):
    for kind in (IMAGES, REFERENCES):
        with pytest.raises(nnnd.UnknownId, match="'unknown'"):
            client.search_by_id(["unknown"], kind=kind)


def test_vectors_are_those_that_were_added(corpus, client):
    oracle = corpus[1]
    for id in list(oracle.images)[::40]:
        np.testing.assert_allclose(client.image(id), oracle.prepared([oracle.images[id]])[0], atol=1e-6)
    with pytest.raises(nnnd.UnknownId):
        client.image("unknown")


@pytest.mark.parametrize("page", [1, 7, 60, 119, 120, 121, 10_000])
def test_a_listing_has_each_image_once_with_its_bias(corpus, client, page):
    listed = list(client.list_images(page=page))
    assert [image["id"] for image in listed] == sorted(corpus[1].images, key=str.encode)
    biases = corpus[1].biases()
    assert all(image["bias"] == pytest.approx(biases[image["id"]], abs=1e-5) for image in listed)
    references = [reference["id"] for reference in client.list_references(page=page)]
    assert references == sorted(corpus[1].references, key=str.encode)


def test_a_listing_goes_on_while_images_come_and_go(daemon):
    """Those that exist all the time are listed once, also one that is replaced."""
    daemon.drop(IMAGES, "i.npy", np.eye(30, 4) + 1, [f"i:{number:03}" for number in range(30)])
    with daemon.client() as client:
        listing = client.list_images(page=10)
        first = [next(listing)["id"] for _ in range(10)]
        daemon.drop(IMAGES, "more.npy", np.ones((3, 4)), ["a", "i:015", "z"])
        daemon.delete(IMAGES, "d.delete", ["i:003", "i:020"])
        rest = [image["id"] for image in listing]
    expected = [f"i:{number:03}" for number in range(30) if number != 20]
    assert first + rest == [*expected, "z"]


def test_searches_by_id_rank_as_the_oracle_does(corpus, client):
    ids = list(corpus[1].references)[:5]
    found = client.search_by_id(ids, 20, kind=REFERENCES)
    check_rankings(corpus[1], np.stack([corpus[1].references[id] for id in ids]), found)


def test_nnnctl_searches_by_id_and_lists(corpus, client):
    daemon, oracle = corpus
    (image, other), reference = list(oracle.images)[:2], next(iter(oracle.references))
    output = succeeds("search", "--image", image, "--image", other, "--top-k", "3", "--json", daemon=daemon)
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["image"] for line in lines] == [image, other]
    found = client.search_by_id([image, other], 3)
    assert [[hit["id"] for hit in line["hits"]] for line in lines] == found.ids.tolist()
    output = succeeds("search", "--reference", reference, "--min-score", "0.3", daemon=daemon)
    found = client.search_by_id(reference, kind=REFERENCES, min_score=0.3)
    assert f"reference {reference}" in output and output.count("\n") == len(found[0]) + 4
    listed = [json.loads(line) for line in succeeds("images", "--json", daemon=daemon).splitlines()]
    assert listed == list(client.list_images())
    rows = succeeds("references", "--limit", "5", "--after", reference, daemon=daemon).splitlines()[1:]
    assert [row.split()[2] for row in rows] == [line["id"] for line in client.list_references(reference)][:5]
    report = json.loads(succeeds("explain", "--json", "--vector", image, daemon=daemon))
    np.testing.assert_array_equal(np.float32(report["vector"]), client.image(image))
    fails(64, "search", "--image", image, "--reference", reference, daemon=daemon)
    fails(64, "explain", "--vector", image, daemon=daemon)
    fails(64, "images", "--limit", "0", daemon=daemon)
    assert "(unknown_id)" in fails(65, "search", "--image", "unknown", daemon=daemon)
