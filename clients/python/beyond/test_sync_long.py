"""Copies of 50,000 images in PostgreSQL and Milvus whose sync, daemon and server are killed at random points."""

import json
import os
import time

import numpy as np
import pytest
from pymilvus import MilvusClient

from copy_oracle import check_equal, check_ranking, rows_of
from milvus_server import Milvus
from nnnd.serving import connect
from postgres_server import PostgresServer
from sync_scenario import KILLS, Scenario

ALPHAS = (0, 0.5, 0.75)


def say(**values):
    """Prints figures for docs/engines.md."""
    print(json.dumps(values), flush=True)


def recall(searcher, queries, alpha, ef):
    exact, start = searcher.search(queries, alpha=alpha), time.perf_counter()
    fast = searcher.search(queries, alpha=alpha, ef=ef)
    seconds = time.perf_counter() - start
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(exact.ids.tolist(), fast.ids.tolist())]
    return float(np.mean(shared)), 1000 * seconds / len(queries), 1000 * exact.took / len(queries)


def test_killed_parts_leave_an_equal_copy_in_postgres(tmp_path):
    server = PostgresServer().start()
    scenario = Scenario(tmp_path, server, ["postgres", server.url(), "--index", "hnsw"])
    try:
        scenario.run({"sync": KILLS, "daemon": KILLS, "server": KILLS})
        assert scenario.kills == dict.fromkeys(scenario.kills, KILLS)
        scenario.stop_sync()
        corpus = scenario.corpus()
        check_equal(rows_of(server.url()), corpus)
        assert "snapshot" not in scenario.log.read_text(), "no copy had to be made anew"
        with connect(server.url()) as searcher:
            for alpha in ALPHAS:
                result = searcher.search(scenario.queries, alpha=alpha)
                check_ranking(result, scenario.queries, corpus, alpha)
                expected = scenario.db.search(scenario.queries, alpha=alpha)
                np.testing.assert_allclose(result.scores, expected.scores, atol=1e-6)
                found, ms, exact_ms = recall(searcher, scenario.queries, alpha, 100)
                say(engine="postgres", alpha=alpha, ef=100, recall=found, ms=ms, exact_ms=exact_ms)
                assert found >= 0.95
    finally:
        scenario.close()
        server.remove()


def milvus_rows(url):
    """Id -> (vector, mean) of all rows, read with pymilvus alone."""
    client = MilvusClient(url)
    client.load_collection("images")
    iterator = client.query_iterator(
        "images", batch_size=1000, output_fields=["id", "code", "mean"], consistency_level="Strong"
    )
    rows = {}
    while page := iterator.next():
        for row in page:
            assert row["id"] not in rows
            rows[row["id"]] = (np.array(row["code"][:-1], dtype=np.float32), np.float32(row["mean"]))
    iterator.close()
    client.close()
    return rows


@pytest.mark.parametrize("kind", ["server", "lite"])
def test_killed_parts_leave_an_equal_copy_in_milvus(kind, tmp_path):
    server = Milvus(tmp_path / "milvus").start() if kind == "server" else None
    url = server.url if server else str(tmp_path / "milvus.db")
    scenario = Scenario(tmp_path, server, ["milvus", url])
    try:
        # The server needs up to a minute after each kill.
        kills = {"server": int(os.environ.get("NNND_TEST_KILLS", 5))} if server else {}
        scenario.run({"sync": KILLS, "daemon": KILLS, **kills})
        scenario.stop_sync()
        corpus = scenario.corpus()
        check_equal(milvus_rows(url), corpus)
        assert "snapshot" not in scenario.log.read_text(), "no copy had to be made anew"
        with connect(url) as searcher:
            for alpha in ALPHAS:
                result = searcher.search(scenario.queries, alpha=alpha)
                check_ranking(result, scenario.queries, corpus, alpha)
                expected = scenario.db.search(scenario.queries, alpha=alpha)
                np.testing.assert_allclose(result.scores, expected.scores, atol=1e-6)
    finally:
        scenario.close()
        if server:
            server.kill()
