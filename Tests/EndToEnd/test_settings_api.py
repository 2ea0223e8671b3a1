"""`GET` and `PATCH /v1/settings`: k and alpha change while the daemon runs, and the store keeps them."""

import json
import os
import subprocess
import threading

import numpy as np
import pytest

from harness.http import JSON
from harness.oracle import Oracle, check_everything
from harness.rebuild import rebuild
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.users import make_accessible_to_all_users

DIMENSION = 6


def patch(client, body):
    text = body if isinstance(body, str) else json.dumps(body)
    return client.request("PATCH", "/v1/settings", body=text, headers={"Content-Type": JSON})


def fill(daemon, oracle, rng, rows=40):
    for kind in (REFERENCES, IMAGES, REFERENCES):
        name = f"{kind}-{rng.integers(2**32)}.npy"
        vectors = rng.standard_normal((rows, DIMENSION))
        daemon.drop(kind, name, vectors)
        oracle.put(kind, default_ids(name, rows), vectors)


@pytest.fixture
def filled(make_daemon, rng):
    """A daemon with the default k, alpha and capacity, and its oracle."""
    daemon = make_daemon().start()
    oracle = Oracle(k=128)
    fill(daemon, oracle, rng)
    return daemon, oracle


@pytest.mark.parametrize("k", [1, 5, 60, 160])
def test_k_changes_in_one_commit_and_every_bias_follows(filled, rng, k):
    daemon, oracle = filled
    with daemon.client() as client:
        generation = client.status()["generation"]
        response = patch(client, {"k": k})
        assert response.status == 200, response
        report = response.json()
        assert (report["k"], report["capacity"], report["generation"]) == (k, 160, generation + 1)
        oracle.k = k
        check_everything(client, oracle)
        fill(daemon, oracle, rng)
        check_everything(client, oracle)
        assert client.get("/v1/settings").json()["k"] == client.status()["k"] == k


@pytest.mark.parametrize("names", [("k", "alpha"), ("k",), ("alpha",), ()])
def test_the_same_values_change_nothing(filled, names):
    daemon, _ = filled
    with daemon.client() as client:
        before = client.get("/v1/settings").json()
        assert patch(client, {name: before[name] for name in names}).json() == before
        assert patch(client, {"k": None, "alpha": None}).json() == before


def test_alpha_changes_without_a_new_generation(filled):
    daemon, oracle = filled
    with daemon.client() as client:
        generation = client.status()["generation"]
        assert patch(client, {"alpha": 0.25}).json()["alpha"] == 0.25
        oracle.alpha = 0.25
        check_everything(client, oracle)
        assert client.status()["generation"] == generation


def test_the_store_keeps_both_over_a_start_a_reload_and_a_rebuild(filled, make_daemon):
    daemon, oracle = filled
    with daemon.client() as client:
        assert patch(client, {"k": 3, "alpha": 1.5}).status == 200
    oracle.k, oracle.alpha = 3, 1.5
    daemon.restart()
    with daemon.client() as client:
        assert client.get("/v1/settings").json()["set_by"] == {}
        check_everything(client, oracle)
    assert daemon.stop() == 0
    rebuild(daemon)
    daemon.start()
    with daemon.client() as client:
        check_everything(client, oracle)


def test_a_flag_takes_precedence_at_the_next_start(filled):
    daemon, oracle = filled
    daemon.restart(alpha=0.5)
    with daemon.client() as client:
        report = patch(client, {"alpha": 2, "k": 2}).json()
        assert (report["alpha"], report["k"], report["set_by"]) == (2, 2, {"alpha": "--alpha"})
    daemon.restart()
    oracle.k, oracle.alpha = 2, 0.5
    with daemon.client() as client:
        check_everything(client, oracle)
    del daemon.flags["alpha"]
    daemon.restart()
    with daemon.client() as client:
        assert client.get("/v1/settings").json()["alpha"] == 0.75, "the store did not keep what the flag set"


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"k": 0}, "bad_k", "from 1 to 160"),
        ({"k": -1}, "bad_k", "from 1 to 160"),
        ({"alpha": -0.5}, "bad_alpha", "from 0 to 1000"),
        ({"alpha": 1001, "k": 3}, "bad_alpha", "from 0 to 1000"),
        ({"capacity": 12}, "unknown_field", "'capacity'"),
        ({"k": 2.5}, "bad_json", "k"),
        ({"k": "3"}, "bad_json", "k"),
        ("{", "bad_json", ""),
        ("", "bad_json", ""),
    ],
)
def test_wrong_values_change_nothing(filled, body, code, told):
    daemon, oracle = filled
    with daemon.client() as client:
        before = client.get("/v1/settings").json()
        response = patch(client, body)
        assert (response.status, response.json()["code"]) == (400, code), response
        assert told in response.json()["detail"]
        assert client.get("/v1/settings").json() == before
        check_everything(client, oracle)


def test_a_k_above_the_capacity_changes_nothing(filled):
    daemon, oracle = filled
    with daemon.client() as client:
        response = patch(client, {"k": 161, "alpha": 1})
        assert (response.status, response.json()["code"]) == (409, "bad_k"), response
        assert "from 1 to 160" in response.json()["detail"] and "nnnd rebuild" in response.json()["detail"]
        check_everything(client, oracle)


def test_another_type_of_body_is_rejected(filled):
    daemon, _ = filled
    with daemon.client() as client:
        response = client.request("PATCH", "/v1/settings", body="k: 3", headers={"Content-Type": "text/plain"})
        assert (response.status, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as other users")
def test_only_root_and_the_user_of_the_daemon_may_change_settings(filled, tmp_path):
    make_accessible_to_all_users(tmp_path)
    daemon, _ = filled
    os.chmod(daemon.socket, 0o666)

    def call(user, *arguments):
        command = ["curl", "-s", "-w", "%{http_code}", "--unix-socket", daemon.socket, *arguments]
        finished = subprocess.run(command, user=user, group=user, extra_groups=[], capture_output=True, check=True)
        return json.loads(finished.stdout[:-3]), int(finished.stdout[-3:])

    change = ["-X", "PATCH", "-H", "Content-Type: application/json", "-d", '{"k": 2}', "http://nnnd/v1/settings"]
    problem, status = call(65_534, *change)
    assert (status, problem["code"]) == (403, "forbidden")
    report, status = call(65_534, "http://nnnd/v1/settings")
    assert (status, report["k"]) == (200, 128)
    report, status = call(0, *change)
    assert (status, report["k"]) == (200, 2)


def test_a_kill_leaves_the_old_or_the_new_k(make_daemon, rng):
    """The means and the k that the daemon reports always belong together."""
    daemon = make_daemon().start()
    oracle = Oracle(k=128)
    fill(daemon, oracle, rng, rows=400)
    for round in range(8):
        with daemon.client() as client:
            before, k = oracle.k, 1 + round % 9
            sent = threading.Event()

            def change(client=client, k=k, sent=sent):
                sent.set()
                try:
                    patch(client, {"k": k})
                except (OSError, ConnectionError):
                    # The kill closed the connection.
                    pass

            thread = threading.Thread(target=change)
            thread.start()
            sent.wait()
            daemon.let_run(float(rng.uniform(0, 0.02)))
            daemon.kill()
            thread.join()
        daemon.start()
        with daemon.client() as client:
            oracle.k = client.status()["k"]
            assert oracle.k in (k, before)
            check_everything(client, oracle)


def test_k_changes_while_large_shards_are_staged(make_daemon, rng):
    """Images that are stored in pieces have means of the k at their commit."""
    daemon = make_daemon().start()
    fill(daemon, Oracle(k=128), rng)
    vectors = rng.standard_normal((120_000, DIMENSION)).astype(np.float32)
    with daemon.client() as client:
        dropped = threading.Thread(target=daemon.drop, args=(IMAGES, "large.npy", vectors))
        dropped.start()
        for k in (5, 8, 2):
            assert patch(client, {"k": k}).json()["k"] == k
        dropped.join()
        sample = client.verify(sample=2000)
        assert (sample["wrong"], sample["checked"]) == (0, 2000)
