"""A copy of the corpus in Milvus: milvus-lite, or the server that NNND_TEST_MILVUS names."""

import os
import subprocess
import sys

import numpy as np
import pytest

import nnnd
from copy_oracle import check_equal, check_ranking, corpus_of
from nnnd.serving import CopyError, connect, search
from nnnd.sync import MilvusCopy, _follow, sync

DIMENSION = 12


@pytest.fixture
def url(tmp_path):
    return os.environ.get("NNND_TEST_MILVUS", str(tmp_path / "milvus.db"))


@pytest.fixture
def name(request):
    return request.node.name


def vectors(rng, count, dimension=DIMENSION):
    return rng.standard_normal((count, dimension), dtype=np.float32)


def fill(db, rng, images=60):
    db.add_images(vectors(rng, images), [f"i{n}" for n in range(images)])
    db.add_references(vectors(rng, 40), [f"r{n}" for n in range(40)])


def rows_of(url, name):
    """Id -> (vector, mean), read with pymilvus alone."""
    from pymilvus import MilvusClient

    client = MilvusClient(url)
    rows = client.query(name, filter='id >= ""', output_fields=["id", "code", "mean"], consistency_level="Strong")
    client.close()
    return {row["id"]: (np.array(row["code"][:-1], np.float32), np.float32(row["mean"])) for row in rows}


def random_step(db, rng):
    ids = [f"i{n}" for n in rng.choice(90, size=rng.integers(1, 8), replace=False)]
    kind = rng.choice(["images", "references", "delete"])
    if kind == "delete":
        db.delete_images(ids)
    else:
        getattr(db, f"add_{kind}")(vectors(rng, len(ids)), ids)


def test_copy_follows_random_changes(db, rng, url, name):
    fill(db, rng)
    for step in range(12):
        random_step(db, rng)
        if rng.random() < 0.4 or step == 11:
            state = sync(db, MilvusCopy(url, name), once=True)
            corpus = corpus_of(db)
            check_equal(rows_of(url, name), corpus)
    assert state.complete and state.generation == db.status()["generation"]
    queries = vectors(rng, 5)
    with connect(url, name) as searcher:
        for alpha in (0, 0.5, 2):
            result = searcher.search(queries, 10, alpha)
            check_ranking(result, queries, corpus, alpha)
            assert np.array_equal(result.ids, db.search(queries, 10, alpha).ids)
            assert result.exact and result.complete and result.generation == state.generation
        with pytest.raises(CopyError, match="has no index"):
            searcher.search(queries, ef=10)


def test_interrupted_pages_are_written_again_and_leave_nothing(db, rng, url, name, monkeypatch, capsys):
    """The rows of a page reach Milvus, and the process ends before the state does."""
    monkeypatch.setattr(_follow, "PAGE_CHANGES", 15)
    apply = MilvusCopy.apply
    pages = 0

    def interrupted(self, page, state):
        nonlocal pages
        pages -= 1
        if pages < 0:
            with monkeypatch.context() as patch:
                patch.delattr(MilvusCopy, "_save")
                apply(self, page, state)
        return apply(self, page, state)

    fill(db, rng)
    for step in range(8):
        pages = step % 3
        with monkeypatch.context() as patch:
            patch.setattr(MilvusCopy, "apply", interrupted)
            with pytest.raises(AttributeError, match="_save"):
                sync(db, MilvusCopy(url, name), once=True, eps=0.01)
        # Among the images that are deleted are some that no complete page had.
        db.delete_images(list(rng.choice(list(rows_of(url, name)), 8, replace=False)))
        random_step(db, rng)
        if step % 2:
            sync(db, MilvusCopy(url, name), once=True, eps=0.01)
            check_equal(rows_of(url, name), corpus_of(db), eps=0.01)
        fill(db, rng, images=30)
    assert "snapshot" not in capsys.readouterr().err, "nothing had to be repaired"


def test_snapshot_of_another_store_removes_rows_that_it_does_not_have(db, rng, url, name, tmp_path):
    fill(db, rng)
    sync(db, MilvusCopy(url, name), once=True)
    with nnnd.open(tmp_path / "other", k=2, threads=1) as other:
        other.add_images(vectors(rng, 3), ["i0", "i1", "new"])
        other.add_references(vectors(rng, 1), ["a"])
        sync(other, MilvusCopy(url, name), once=True)
        check_equal(rows_of(url, name), corpus_of(other))
        other.delete_images(["i0", "i1", "new"])
        other.delete_references(["a"])
        other.add_images(vectors(rng, 3, 7))
        sync(other, MilvusCopy(url, name), once=True)
        check_equal(rows_of(url, name), corpus_of(other))


def test_one_index_serves_all_alphas(db, rng, url, name):
    fill(db, rng, images=2000)
    sync(db, MilvusCopy(url, name), once=True, index="hnsw")
    queries = vectors(rng, 20)
    with connect(url, name) as searcher:
        for alpha in (0, 0.75, 5):
            exact, fast = db.search(queries, 10, alpha), searcher.search(queries, 10, alpha, ef=200)
            assert not fast.exact
            shared = [len(set(a) & set(b)) for a, b in zip(exact.ids.tolist(), fast.ids.tolist())]
            assert np.mean(shared) >= 9.5, alpha
        with pytest.raises(CopyError, match="approximate: give ef"):
            searcher.search(queries)
    sync(db, MilvusCopy(url, name), once=True)
    with connect(url, name) as searcher:
        check_ranking(searcher.search(queries, alpha=1), queries, corpus_of(db), 1)


def test_another_process_searches_what_the_command_has_copied(db, rng, url, name):
    """milvus-lite has no collection loaded when a process opens it."""
    fill(db, rng)
    command = [
        sys.executable,
        "-m",
        "nnnd",
        "sync",
        "milvus",
        url,
        "--collection",
        name,
        "--socket",
        db.socket,
        "--once",
    ]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{name}: generation {db.status()['generation']}, k = 2, dimension {DIMENSION}\n"
    queries = vectors(rng, 3)
    check_ranking(search(url, queries, alpha=1, name=name), queries, corpus_of(db), 1)


def test_a_collection_that_nnnd_did_not_make_is_left_alone(db, rng, url, name):
    from pymilvus import MilvusClient

    fill(db, rng)
    client = MilvusClient(url)
    client.create_collection(name, dimension=4)
    with pytest.raises(CopyError, match="was not made by nnnd"):
        sync(db, MilvusCopy(url, name), once=True)
    client.close()


def test_a_server_that_is_too_old_is_refused(db, rng, url, name, monkeypatch):
    from pymilvus import MilvusClient

    fill(db, rng)
    monkeypatch.setattr(MilvusClient, "get_server_version", lambda self: "v2.2.16")
    with pytest.raises(CopyError, match=r"v2\.2\.16 is too old"):
        sync(db, MilvusCopy(url, name), once=True)


def test_a_server_that_ignores_alpha_is_refused(db, rng, url, name, monkeypatch):
    fill(db, rng)
    right = MilvusCopy.rank
    monkeypatch.setattr(MilvusCopy, "rank", lambda self, queries, k, alpha, ids: right(self, queries, k, 0.0, ids))
    with pytest.raises(CopyError, match="otherwise than numpy"):
        sync(db, MilvusCopy(url, name), once=True)
