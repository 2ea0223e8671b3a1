"""Deletions: rows go in one commit, and nothing of them remains in any answer."""

import threading

import numpy as np
import pytest

from harness.corpus import KINDS, Corpus, ids_of
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until


@pytest.fixture
def corpus(daemon, rng):
    """40 images, i0 and on, and 60 references, r0 and on; generation 2."""
    corpus = Corpus(daemon, rng)
    for kind, rows in ((IMAGES, 40), (REFERENCES, 60)):
        corpus.add(kind, "first.npy", ids_of(kind, range(rows)))
    return corpus


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_goes_and_what_is_not_is_counted(corpus, client, kind):
    receipt = corpus.delete(kind, "d.delete", [*ids_of(kind, (3, 17, 39)), "never seen", "nor this"])
    assert (receipt["deleted"], receipt["missing"], receipt["generation"]) == (3, 2, 3)
    corpus.check()
    assert client.status()["generation"] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_ids_that_are_not_there_change_no_row(corpus, kind):
    # Ids of the other kind are none of this one's.
    others = ids_of(REFERENCES if kind == IMAGES else IMAGES, range(5))
    receipt = corpus.delete(kind, "d.delete", ["unknown", *others])
    assert (receipt["deleted"], receipt["missing"], receipt["generation"]) == (0, 6, 3)
    corpus.check()


def test_an_id_of_both_kinds_goes_from_one_only(corpus, client):
    for kind in KINDS:
        corpus.add(kind, "both.npy", ["both"])
    corpus.delete(IMAGES, "d.delete", ["both"])
    corpus.check()
    assert client.get("/v1/images/both").status == 404
    assert client.get("/v1/references/both").status == 200


def test_a_deletion_can_come_before_any_shard(daemon, client):
    receipt = daemon.delete(IMAGES, "d.delete", ["a", "b"])
    assert (receipt["deleted"], receipt["missing"]) == (0, 2)
    assert "dimension" not in client.status()


def test_nobody_names_what_was_deleted(corpus, client):
    gone = ids_of(REFERENCES, range(0, 60, 2))
    corpus.delete(REFERENCES, "d.delete", gone)
    corpus.delete(IMAGES, "d.delete", ["i7"])
    assert client.get("/v1/images/i7").json()["code"] == "unknown_id"
    for id in gone:
        assert client.get(f"/v1/references/{id}").json()["code"] == "unknown_id"
    corpus.check_explanations()


def test_biases_stay_true_while_rows_come_are_replaced_and_go(corpus, client, rng):
    """So often that heaps run short and are searched anew, and rows are used again."""
    for step in range(60):
        kind = KINDS[int(rng.integers(0, 2))]
        ids = ids_of(kind, rng.choice(70, size=int(rng.integers(1, 30)), replace=False))
        if step % 2:
            corpus.add(kind, f"{step}.npy", ids)
        else:
            corpus.delete(kind, f"{step}.delete", ids)
        corpus.check()
    report = client.post_json("/v1/verify", {}).json()
    assert (report["checked"], report["wrong"]) == (len(corpus.oracle.images), 0)


@pytest.mark.parametrize("kind", KINDS)
def test_hundreds_of_ids_go_in_one_generation(corpus, client, rng, kind):
    ids = [f"more-{number}" for number in range(800)]
    generation = corpus.add(kind, "more.npy", ids)["generation"]
    gone = [ids[place] for place in rng.choice(800, size=700, replace=False)]
    receipt = corpus.delete(kind, "d.delete", gone)
    assert (receipt["deleted"], receipt["generation"]) == (700, generation + 1)
    assert client.status()["generation"] == generation + 1
    corpus.check()


def test_without_references_biases_are_0_again(corpus, client):
    corpus.delete(REFERENCES, "all.delete", corpus.oracle.references)
    hits = client.search(corpus.vectors(1), top_k=100)["results"][0]
    assert len(hits) == 40 and all(hit["bias"] == 0 for hit in hits)
    report = client.get("/v1/images/i0").json()
    assert (report["bias"], report["used"], report["references"]) == (0, 0, [])


def test_everything_can_go_and_come_back(corpus, client):
    for kind in KINDS:
        corpus.delete(kind, "all.delete", corpus.oracle.of(kind))
    assert client.search(corpus.vectors(2))["results"] == [[], []]
    status = client.status()
    # The dimension was chosen for good.
    assert (status["images"], status["references"], status["dimension"]) == (0, 0, corpus.dimension)
    assert client.post_json("/v1/verify", {}).json()["checked"] == 0
    corpus.daemon.spool.drop(IMAGES, "narrow.npy", np.ones((1, corpus.dimension - 1)))
    assert corpus.daemon.spool.wait_failure(IMAGES, "narrow.npy")["code"] == "wrong_dimension"
    for kind in KINDS:
        corpus.add(kind, "again.npy", ids_of(kind, range(30)))
    corpus.check()


def test_ids_that_come_back_are_new(corpus):
    for kind in KINDS:
        ids = ids_of(kind, (1, 2, 3))
        corpus.delete(kind, "d.delete", ids)
        assert corpus.add(kind, "back.npy", ids)["replaced"] == 0
        corpus.check()


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_deleted_stays_deleted_after_restarts(corpus, kind):
    corpus.delete(kind, "d.delete", ids_of(kind, range(0, 40, 3)))
    corpus.daemon.restart()
    corpus.check()
    corpus.daemon.kill()
    corpus.daemon.start()
    corpus.check()
    corpus.check_explanations()


def test_searches_see_all_of_a_deletion_or_nothing(corpus, rng):
    """Half of the images come and go again and again, and with them half of the references."""
    halves = {kind: ids_of(kind, range(20)) for kind in KINDS}
    found, errors, ended = [], [], threading.Event()

    def search():
        try:
            with corpus.daemon.client() as client:
                while not ended.is_set():
                    found.append(len(client.search(np.ones((1, corpus.dimension)), top_k=100)["results"][0]))
        except BaseException as error:
            errors.append(error)

    def let_one_begin_and_end():
        enough = len(found) + 2
        wait_until(lambda: errors or len(found) >= enough, "searches", alive=corpus.daemon.check_alive)

    thread = threading.Thread(target=search)
    thread.start()
    try:
        for turn in range(12):
            for kind in KINDS:
                corpus.delete(kind, f"{turn}.delete", halves[kind])
                let_one_begin_and_end()
                corpus.add(kind, f"{turn}.npy", halves[kind])
    finally:
        ended.set()
        thread.join()
    assert not errors, errors[0]
    assert set(found) == {20, 40}
