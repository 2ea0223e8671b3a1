"""Copies of 50,000 images in PostgreSQL and Milvus whose sync, daemon and server are killed at random points."""

import json
import time

import numpy as np

from copy_oracle import check_equal, check_ranking, rows_of
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
        scenario.run(["sync", "daemon", "server"])
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
