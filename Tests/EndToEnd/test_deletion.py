"""Deletions: rows are removed in one commit, and no answer shows them afterwards."""

import threading

import nnnd
import numpy as np
import pytest

from harness.corpus import KINDS, Corpus, ids_of
from harness.spool import IMAGES, REFERENCES
from harness.waiting import DEADLINE, wait_until


@pytest.fixture
def corpus(daemon, rng):
    """40 images i0 to i39 and 60 references r0 to r59, at generation 2."""
    corpus = Corpus(daemon, rng)
    for kind, rows in ((IMAGES, 40), (REFERENCES, 60)):
        corpus.add(kind, "first.npy", ids_of(kind, range(rows)))
    return corpus


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_removes_existing_ids_and_counts_unknown_ones_as_missing(corpus, client, kind):
    receipt = corpus.delete(kind, "d.delete", [*ids_of(kind, (3, 17, 39)), "never seen", "nor this"])
    assert (receipt["deleted"], receipt["missing"], receipt["generation"]) == (3, 2, 3)
    corpus.check()
    assert client.status()["generation"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_deleting_unknown_ids_changes_no_row(corpus, kind):
    # Ids of the other kind are unknown too.
    others = ids_of(REFERENCES if kind == IMAGES else IMAGES, range(5))
    receipt = corpus.delete(kind, "d.delete", ["unknown", *others])
    assert (receipt["deleted"], receipt["missing"], receipt["generation"]) == (0, 6, 3)
    corpus.check()


def test_deleting_an_image_keeps_a_reference_with_the_same_id(corpus, client):
    for kind in KINDS:
        corpus.add(kind, "both.npy", ["both"])
    corpus.delete(IMAGES, "d.delete", ["both"])
    corpus.check()
    with pytest.raises(nnnd.UnknownId):
        client.explain("both")
    client.reference("both")


def test_a_deletion_in_an_empty_corpus_succeeds(daemon, client):
    deletion = client.delete_images(["a", "b"], timeout=DEADLINE)
    assert (deletion.deleted, deletion.missing) == (0, 2)
    assert "dimension" not in client.status()


def test_deleted_ids_are_unknown_and_in_no_explanation(corpus, client):
    deleted = ids_of(REFERENCES, range(0, 60, 2))
    corpus.delete(REFERENCES, "d.delete", deleted)
    corpus.delete(IMAGES, "d.delete", ["i7"])
    with pytest.raises(nnnd.UnknownId):
        client.explain("i7")
    for id in deleted:
        with pytest.raises(nnnd.UnknownId):
            client.reference(id)
    corpus.check_explanations()


def test_biases_are_exact_through_many_additions_replacements_and_deletions(corpus, client, rng):
    """There are enough changes that heaps are refilled by a new search and freed rows are reused."""
    for step in range(60):
        kind = KINDS[int(rng.integers(0, 2))]
        ids = ids_of(kind, rng.choice(70, size=int(rng.integers(1, 30)), replace=False))
        if step % 2:
            corpus.add(kind, f"{step}.npy", ids)
        else:
            corpus.delete(kind, f"{step}.delete", ids)
        corpus.check()
    report = client.verify()
    assert (report["checked"], report["wrong"]) == (len(corpus.oracle.images), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_of_ids_are_deleted_in_one_generation(corpus, client, rng, kind):
    ids = [f"more-{number}" for number in range(800)]
    generation = corpus.add(kind, "more.npy", ids)["generation"]
    deleted = [ids[index] for index in rng.choice(800, size=700, replace=False)]
    receipt = corpus.delete(kind, "d.delete", deleted)
    assert (receipt["deleted"], receipt["generation"]) == (700, generation + 1)
    assert client.status()["generation"] == generation + 1
    corpus.check()


def test_deleting_all_references_sets_all_biases_to_0(corpus, client):
    corpus.delete(REFERENCES, "all.delete", corpus.oracle.references)
    biases = client.search(corpus.vectors(1), top_k=100).biases
    assert biases.shape == (1, 40) and (biases == 0).all()
    report = client.explain("i0")
    assert (report["bias"], report["used"], report["references"]) == (0, 0, [])


def test_an_emptied_corpus_can_be_filled_again(corpus, client):
    for kind in KINDS:
        corpus.delete(kind, "all.delete", corpus.oracle.of(kind))
    assert client.search(corpus.vectors(2)).ids.shape == (2, 0)
    status = client.status()
    assert (status["images"], status["references"]) == (0, 0) and "dimension" not in status
    assert client.verify()["checked"] == 0
    for kind in KINDS:
        corpus.add(kind, "again.npy", ids_of(kind, range(30)))
    corpus.check()


def test_deleted_ids_that_are_added_again_count_as_new(corpus):
    for kind in KINDS:
        ids = ids_of(kind, (1, 2, 3))
        corpus.delete(kind, "d.delete", ids)
        assert corpus.add(kind, "back.npy", ids)["replaced"] == 0
        corpus.check()


@pytest.mark.parametrize("kind", KINDS)
def test_deletions_survive_a_restart_and_a_kill(corpus, kind):
    corpus.delete(kind, "d.delete", ids_of(kind, range(0, 40, 3)))
    corpus.daemon.restart()
    corpus.check()
    corpus.daemon.kill()
    corpus.daemon.start()
    corpus.check()
    corpus.check_explanations()


def test_a_search_sees_all_of_a_deletion_or_none_of_it(corpus, rng):
    """Half of the images and half of the references are deleted and added again while searches run."""
    halves = {kind: ids_of(kind, range(20)) for kind in KINDS}
    hit_counts, errors, stopping = [], [], threading.Event()

    def search():
        try:
            with corpus.daemon.client() as client:
                while not stopping.is_set():
                    hit_counts.append(client.search(np.ones((1, corpus.dimension)), top_k=100).ids.size)
        except BaseException as error:
            errors.append(error)

    def wait_for_a_complete_search():
        # The first of two searches may have begun before.
        target = len(hit_counts) + 2
        wait_until(lambda: errors or len(hit_counts) >= target, "searches", alive=corpus.daemon.check_alive)

    thread = threading.Thread(target=search)
    thread.start()
    try:
        for turn in range(12):
            for kind in KINDS:
                corpus.delete(kind, f"{turn}.delete", halves[kind])
                wait_for_a_complete_search()
                corpus.add(kind, f"{turn}.npy", halves[kind])
    finally:
        stopping.set()
        thread.join()
    assert not errors, errors[0]
    assert set(hit_counts) == {20, 40}
