"""A copy of the corpus in a real PostgreSQL with pgvector."""

import os
import signal
import subprocess
import sys

import numpy as np
import psycopg
import pytest

import nnnd
from conftest import wait_until
from copy_oracle import check_equal, check_ranking, corpus_of, rows_of
from nnnd.serving import CopyError, connect, search
from nnnd.sync import PostgresCopy, federate, sync
from nnnd.sync._follow import Follower
from nnnd.sync._state import CopyOptions
from nnnd.sync._watch import Watch
from postgres_server import PostgresServer

DIMENSION = 12


@pytest.fixture(scope="module")
def server():
    server = PostgresServer(["fsync=off"]).start()
    yield server
    server.remove()


@pytest.fixture
def url(server, request):
    return server.database(request.node.name)


def vectors(rng, count, dimension=DIMENSION):
    return rng.standard_normal((count, dimension), dtype=np.float32)


def fill(db, rng, images=60, dimension=DIMENSION):
    db.add_images(vectors(rng, images, dimension), [f"i{n}" for n in range(images)])
    db.add_references(vectors(rng, 40, dimension), [f"r{n}" for n in range(40)])


def random_step(db, rng):
    ids = [f"i{n}" for n in rng.choice(90, size=rng.integers(1, 8), replace=False)]
    kind = rng.choice(["images", "references", "delete"])
    if kind == "delete":
        db.delete_images(ids)
    else:
        getattr(db, f"add_{kind}")(vectors(rng, len(ids)), ids)


def test_copy_follows_random_changes(db, rng, url):
    for step in range(40):
        random_step(db, rng)
        if rng.random() < 0.4 or step == 39:
            state = sync(db, PostgresCopy(url), once=True)
            assert state.complete and state.generation == db.status()["generation"]
            corpus = corpus_of(db)
            check_equal(rows_of(url), corpus)
    queries = vectors(rng, 5)
    with connect(url) as searcher:
        for alpha in (0, 0.5, 2):
            result = searcher.search(queries, 10, alpha)
            check_ranking(result, queries, corpus, alpha)
            assert np.array_equal(result.ids, db.search(queries, 10, alpha).ids)
            assert result.exact and result.complete and result.generation == state.generation


def test_alpha_of_a_search_is_the_daemons_unless_given(db, rng, url):
    fill(db, rng)
    db.change_settings(alpha=1.5)
    sync(db, PostgresCopy(url), once=True)
    found = search(url, query := vectors(rng, 2))
    check_ranking(found, query, corpus_of(db), 1.5)


def test_one_index_serves_all_alphas(db, rng, url):
    fill(db, rng, images=3000)
    sync(db, PostgresCopy(url), once=True, index="hnsw")
    queries = vectors(rng, 20)
    with connect(url) as searcher:
        for alpha in (0, 0.5, 0.75, 5):
            exact, fast = searcher.search(queries, 10, alpha), searcher.search(queries, 10, alpha, ef=100)
            assert exact.exact and not fast.exact
            shared = [len(set(a) & set(b)) for a, b in zip(exact.ids.tolist(), fast.ids.tolist())]
            assert np.mean(shared) >= 9.5, alpha

    def index_was_used():
        with psycopg.connect(url) as connection:
            scans = connection.execute("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE '%hnsw'")
            return scans.fetchone()[0] >= 80

    wait_until(index_was_used, "the index was used for all approximate searches")


def test_snapshot_of_another_store_removes_rows_that_it_does_not_have(db, rng, url, tmp_path):
    fill(db, rng)
    sync(db, PostgresCopy(url), once=True)
    with nnnd.open(tmp_path / "other", k=2, threads=1) as other:
        other.add_images(vectors(rng, 5), ["i0", "i1", "new", "x", "y"])
        other.add_references(vectors(rng, 3), ["a", "b", "c"])
        sync(other, PostgresCopy(url), once=True)
        check_equal(rows_of(url), corpus_of(other))
        other.delete_images(["i0", "i1", "new", "x", "y"])
        sync(other, PostgresCopy(url), once=True)
        assert rows_of(url) == {} and search(url, vectors(rng, 2)).ids.shape == (2, 0)
        other.delete_references(["a", "b", "c"])
        other.add_images(vectors(rng, 3, 7))
        sync(other, PostgresCopy(url), once=True)
        check_equal(rows_of(url), corpus_of(other))


def test_rows_that_somebody_deleted_come_back(db, rng, url):
    fill(db, rng)
    sync(db, PostgresCopy(url), once=True)
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM images WHERE id < 'i3'")
    db.add_references(db.image("i1")[None])
    sync(db, PostgresCopy(url), once=True)
    check_equal(rows_of(url), corpus_of(db))


def test_a_copy_that_lacks_rows_after_a_snapshot_is_an_error(db, rng, url, monkeypatch):
    fill(db, rng)
    monkeypatch.setattr(PostgresCopy, "rows", lambda self: 59)
    with pytest.raises(CopyError, match="59 rows, and the corpus 60 images, also after a new snapshot"):
        sync(db, PostgresCopy(url), once=True)


def test_only_means_that_changed_by_eps_are_written(db, rng, url):
    eps = 0.05
    fill(db, rng)
    sync(db, PostgresCopy(url), once=True, eps=eps)
    before = rows_of(url)
    for _ in range(30):
        db.add_references(vectors(rng, 1), [f"r{rng.integers(60)}"])
        sync(db, PostgresCopy(url), once=True, eps=eps)
    rows, corpus = rows_of(url), corpus_of(db)
    check_equal(rows, corpus, eps)
    assert any(rows[id][1] != corpus[id][1] for id in rows) and any(rows[id][1] != before[id][1] for id in rows)
    sync(db, PostgresCopy(url), once=True, eps=0)
    check_equal(rows_of(url), corpus)


def test_parts_are_the_whole_corpus(db, rng, url):
    fill(db, rng)
    for number in (1, 2, 3):
        sync(db, PostgresCopy(url, f"part{number}"), once=True, part=(number, 3))
    parts = [rows_of(url, f"part{number}") for number in (1, 2, 3)]
    assert all(parts) and sum(map(len, parts)) == 60
    check_equal({**parts[0], **parts[1], **parts[2]}, corpus_of(db))


def test_several_servers_rank_as_one(db, rng, server, url):
    """Three databases stand for three servers: they have nothing in common but the foreign tables."""
    fill(db, rng, images=900)
    parts = [server.database(f"part{number}") for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        sync(db, PostgresCopy(part, centre=0.5), once=True, part=(number, 3), index="hnsw")
    federate(url, parts, ef=200)
    queries, corpus = vectors(rng, 5), corpus_of(db)
    with connect(url) as searcher:
        for alpha in (0, 0.75, 3):
            exact = searcher.search(queries, alpha=alpha)
            check_ranking(exact, queries, corpus, alpha)
            assert exact.complete and np.array_equal(exact.ids, db.search(queries, alpha=alpha).ids)
            fast = searcher.search(queries, alpha=alpha, ef=200)
            assert np.mean(fast.ids == exact.ids) >= 0.95
    best = "(SELECT id, (vector <#> '{}') + mean AS rest FROM images_{} ORDER BY (vector <#> '{}') + mean LIMIT 5)"
    query = str(queries[0].tolist())
    union = " UNION ALL ".join(best.format(query, number, query) for number in (1, 2, 3))
    with psycopg.connect(url) as connection:
        plan = [row[0] for row in connection.execute(f"EXPLAIN (VERBOSE) {union} ORDER BY rest LIMIT 5")]
    remote = [line for line in plan if "Remote SQL" in line]
    assert len(remote) == 3 and all("ORDER BY" in line and "LIMIT 5" in line for line in remote), plan
    # A part that is older than the others makes the whole incomplete.
    db.add_images(vectors(rng, 1), ["newest"])
    sync(db, PostgresCopy(parts[0], centre=0.5), once=True, part=(1, 3), index="hnsw")
    assert not search(url, queries).complete
    with pytest.raises(CopyError, match="the parts 1/3, 2/3, not 1/2, 2/2"):
        federate(url, parts[:2])


def test_a_partitioned_table_in_a_schema(db, rng, url):
    fill(db, rng)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA search")
    sync(db, PostgresCopy(url, "search.words", partitions=3), once=True, index="hnsw")
    queries, corpus = vectors(rng, 3), corpus_of(db)
    assert sum(len(rows_of(url, f"search.words_{number}")) > 0 for number in range(3)) == 3
    check_ranking(search(url, queries, alpha=1, name="search.words"), queries, corpus, 1)
    check_ranking(search(url, queries, alpha=1, name="search.words", ef=200), queries, corpus, 1)


def test_a_table_that_nnnd_did_not_make_is_left_alone(db, rng, url):
    fill(db, rng)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE images (mine integer)")
    with pytest.raises(CopyError, match="there is no copy"):
        search(url, vectors(rng, 1))
    with pytest.raises(CopyError, match="was not made by nnnd"):
        sync(db, PostgresCopy(url), once=True)
    with pytest.raises(CopyError, match="there is no copy"):
        search(url, vectors(rng, 1))


def test_an_engine_that_ignores_alpha_is_refused(db, rng, url, monkeypatch):
    fill(db, rng)
    right = PostgresCopy.rank
    monkeypatch.setattr(PostgresCopy, "rank", lambda self, queries, k, alpha, ids: right(self, queries, k, 0.0, ids))
    with pytest.raises(CopyError, match="otherwise than numpy"):
        sync(db, PostgresCopy(url), once=True)


def test_an_extension_that_is_too_old_is_refused(db, rng, url):
    fill(db, rng)
    sync(db, PostgresCopy(url), once=True)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    with pytest.raises(CopyError, match=r"pgvector 0\.7\.4 is too old"):
        sync(db, PostgresCopy(url), once=True)


def test_an_outage_is_waited_for(db, rng, url, monkeypatch, capsys):
    fill(db, rng)
    applied = PostgresCopy.apply
    failures = iter([psycopg.OperationalError("gone"), psycopg.OperationalError("gone\nstill")])

    def apply(self, page, state):
        for failure in failures:
            raise failure
        return applied(self, page, state)

    class Over(Exception):
        """Ends a sync that would go on for ever."""

    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            raise Over

    monkeypatch.setattr(PostgresCopy, "apply", apply)
    follower = Follower(db, PostgresCopy(url), CopyOptions(), Watch("postgres", "images"))
    with pytest.raises(Over):
        follower.run(once=False, interval=0.5, pause=pause)
    assert pauses == [1, 2, 0.5]
    check_equal(rows_of(url), corpus_of(db))
    assert capsys.readouterr().err.splitlines() == ["nnnd sync postgres images: gone; trying again"] * 2


def test_killed_processes_leave_an_equal_copy(db, rng, url, tmp_path):
    """The short form of the test in `beyond`: a sync is killed while it applies pages, and another one continues."""
    fill(db, rng)
    metrics = tmp_path / "sync.prom"
    command = [sys.executable, "-m", "nnnd", "sync", "postgres", url, "--socket", db.socket, "--interval", "0.01"]
    command += ["--metrics", str(metrics)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(3):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
        for _ in range(4):
            random_step(db, rng)
        generation = db.status()["generation"]
        text = f'nnnd_sync_generation{{engine="postgres",copy="images"}} {generation}\n'
        wait_until(lambda text=text: metrics.exists() and text in metrics.read_text(), "the copy is new")
        random_step(db, rng)
        process.send_signal(signal.SIGKILL)
        assert process.communicate()[1] == b""
    sync(db, PostgresCopy(url), once=True)
    check_equal(rows_of(url), corpus_of(db))


def test_command_says_what_is_wrong(db, url, capsys):
    from nnnd.__main__ import main

    assert main(["sync", "postgres", url.replace("host=", "host=/nowhere"), "--socket", db.socket, "--once"]) != 0
    assert "postgres: " in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["sync", "postgres", url, "--part", "x"])
    assert main(["sync", "postgres", url, "--socket", db.socket, "--once", "--part", "3/2"]) != 0
    assert "part is 3/2" in capsys.readouterr().err
    assert main(["sync", "postgres", url, "--socket", db.socket, "--once"]) == 0
    assert "generation 0" in capsys.readouterr().out
