"""References that the daemon samples from queries: `sample-queries` and the settings beside it."""

import shutil
import signal

import numpy as np
import pytest

from harness.http import NPY, npy_bytes
from harness.nnnctl import succeeds
from harness.sampling import DIMENSION, K, add, check, filled, queries_of, reference_of, sampled, wait_for
from harness.spool import REFERENCES
from harness.waiting import wait_until


@pytest.fixture
def corpus(tmp_path, rng):
    yield from filled(tmp_path / "d", rng)


def test_queries_become_references_once_and_correct_biases(corpus, rng):
    daemon, oracle = corpus
    queries = queries_of(rng, 12)
    with daemon.client() as client:
        client.search(queries, 3)
        # The same directions, and queries that say no.
        client.search(queries[:5] * 4, 3)
        client.search(queries_of(rng, 4), 3, sample=False)
        client.post_json("/v1/search", {"queries": queries_of(rng, 1).tolist(), "sample": False})
        client.post("/v1/search?sample=false", npy_bytes(queries_of(rng, 2)), NPY)
        client.search_by_id("images0")
    ids = add(oracle, queries)
    wait_for(daemon, ids)
    check(daemon, oracle)
    with daemon.client() as client:
        np.testing.assert_allclose(client.reference(ids[0]), reference_of(queries[0])[0], atol=1e-6)
        assert (client.status()["references"], client.status()["sampled_references"]) == (21, 12)
    metrics = daemon.metrics()
    assert metrics.value("nnnd_sampled_references") == 12
    assert metrics.value("nnnd_sampled_queries_total", outcome="sampled") == 12
    assert metrics.value("nnnd_sampled_queries_total", outcome="repeated") == 5
    assert "12 of them sampled" in succeeds("status", daemon=daemon)
    # What the test of the privacy without the setting looks for is there with it.
    assert reference_of(queries[0])[0].tobytes() in (daemon.folder / "data" / "data.mdb").read_bytes()
    rows = [row.split() for row in succeeds("references", daemon=daemon).splitlines()[1:]]
    assert {row[2] for row in rows if row[1] == "sampled"} == set(ids) and len(rows) == 21


def test_given_and_sampled_references_retire_apart(tmp_path, rng):
    for daemon, oracle in filled(tmp_path / "d", rng, max_references=9, max_sampled_references=5):
        for _ in range(3):
            queries = queries_of(rng, 4)
            with daemon.client() as client:
                client.search(queries, 1)
            ids = [id for id in oracle.references if id.startswith("query:")] + add(oracle, queries)
            oracle.remove(REFERENCES, ids[:-5])
            wait_for(daemon, ids[-5:])
        vectors = queries_of(rng, 3)
        daemon.drop(REFERENCES, "more.npy", vectors, ["a", "b", "c"])
        oracle.put(REFERENCES, ["a", "b", "c"], vectors)
        oracle.remove(REFERENCES, [f"references{row}" for row in range(3)])
        check(daemon, oracle)


def test_one_user_changes_biases_by_its_part_only(tmp_path, rng):
    """The bound of SECURITY.md: a mean rises by at most min(c, k) / k x (1 - the k-th largest similarity)."""
    part = 2
    for daemon, oracle in filled(
        tmp_path / "d", rng, max_sampled_references=20, sample_client_share=f"{100 * part // 20}%"
    ):
        before = oracle.biases(alpha=1)
        similarities = oracle.prepared(list(oracle.images.values())) @ oracle.prepared(
            list(oracle.references.values())).T  # fmt: skip
        kth = dict(zip(oracle.images, np.sort(similarities, axis=1)[:, -K], strict=True))
        target = oracle.images["images3"]
        with daemon.client() as client:
            for step in range(5):
                # Nearly the same query, again and again: its newest forms are the references.
                queries = target + 1e-4 * queries_of(rng, 3)
                client.search(queries, 1)
                newest = [reference_of(query)[1] for query in queries[-part:]]
                wait_for(daemon, newest)
                hits = client.search(np.ones(DIMENSION), 40, alpha=1, sample=False)[0]
                rises = {hit.id: hit.bias - before[hit.id] for hit in hits}
                assert all(rise <= part / K * (1 - kth[id]) + 1e-5 for id, rise in rises.items()), step
            assert rises["images3"] == pytest.approx(part / K * (1 - kth["images3"]), rel=0.5)
            # The very same query is one reference, however often it is asked.
            client.search(np.tile(target, (50, 1)), 1)
            wait_for(daemon, [newest[-1], reference_of(target)[1]])


def test_a_kill_loses_and_doubles_nothing(corpus, rng):
    daemon, oracle = corpus
    queries = queries_of(rng, 5)
    daemon.search(queries)
    ids = add(oracle, queries)
    wait_for(daemon, ids)
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    check(daemon, oracle)
    more = np.concatenate([queries, queries_of(rng, 2)])
    daemon.search(more)
    add(oracle, more)
    wait_for(daemon, {reference_of(query)[1] for query in more})
    check(daemon, oracle)


def test_a_deleted_folder_and_a_rejected_dimension_do_no_harm(corpus, rng):
    daemon, oracle = corpus
    shutil.rmtree(daemon.spool.incoming(REFERENCES))
    queries = queries_of(rng, 3)
    daemon.search(queries)
    wait_for(daemon, add(oracle, queries))
    check(daemon, oracle)
    assert daemon.status()["last_failures"] == []


def test_without_the_setting_nothing_of_a_query_is_kept(tmp_path, rng):
    for daemon, _ in filled(tmp_path / "d", rng, sample_queries=None, log_level="trace"):
        query = queries_of(rng, 1)[0]
        daemon.search(query[None])
        with daemon.client() as client:
            client.post_json("/v1/search", {"queries": [query.tolist()]})
        # The sample for this measurement is in memory only.
        wait_until(lambda: daemon.status().get("reference_match"), "a measurement", alive=daemon.check_alive)
        assert daemon.stop() == 0
        vector, id = reference_of(query)
        traces = [query.tobytes(), vector.tobytes(), id.encode(), b"query:", str(float(query[0])).encode(),
                  str(query[0]).encode()]  # fmt: skip
        for path in tmp_path.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not [trace for trace in traces if trace in content], path


def test_a_reload_ends_the_sampling_and_keeps_the_references(tmp_path, rng):
    path = tmp_path / "nnnd.yaml"
    path.write_text("sample-queries: 100%\n")
    for daemon, oracle in filled(tmp_path / "d", rng, sample_queries=None, config=path):
        queries = queries_of(rng, 3)
        daemon.search(queries)
        ids = add(oracle, queries)
        wait_for(daemon, ids)
        path.write_text("k: 6\n")
        daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: daemon.metrics().value("nnnd_reloads_total", outcome="ok") == 1, "the reload")
        before = daemon.metrics().value("nnnd_sampled_queries_total", outcome="sampled")
        daemon.search(queries_of(rng, 4))
        assert daemon.metrics().value("nnnd_sampled_queries_total", outcome="sampled") == before == 3
        assert sampled(daemon) == set(ids)
        check(daemon, oracle)
