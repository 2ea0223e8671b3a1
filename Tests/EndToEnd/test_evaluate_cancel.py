"""Evaluations end when their client goes, one runs at a time, and searches and shutdown do not wait for them."""

import json
import select

import numpy as np
import pytest

from harness.evaluation import NDJSON, encoded, evaluate, whole_numbers
from harness.http import UnixConnection
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until


@pytest.fixture
def daemon(make_daemon, rng):
    """A daemon with 60,000 images, for which a large sweep takes several seconds."""
    daemon = make_daemon(k=4, capacity=16, metric="inner-product").start()
    daemon.drop(REFERENCES, "r.npy", whole_numbers(rng, 40, 9))
    daemon.drop(IMAGES, "i.npy", whole_numbers(rng, 60_000, 9))
    return daemon


@pytest.fixture
def long_request(rng):
    return {
        "queries": encoded(whole_numbers(rng, 3000, 9)), "ks": list(range(1, 17)),
        "alphas": (np.arange(64) / 32).tolist(),
    }  # fmt: skip


def begin(daemon, request, accept):
    """A connection whose evaluation runs."""
    while True:
        connection = UnixConnection(daemon.socket)
        connection.request("POST", "/v1/evaluate", json.dumps(request), {"Accept": accept})
        if accept == NDJSON:
            # The response begins with the first progress.
            assert connection.getresponse().status == 200
            return connection
        wait_until(lambda: is_running(daemon) or has_answer(connection), "the evaluation to run")
        # An answer means that it was rejected: the request of `is_running` was being processed when it came.
        if not has_answer(connection):
            return connection
        connection.close()


def has_answer(connection):
    return bool(select.select([connection.sock], [], [], 0)[0])


def is_running(daemon):
    """Whether an evaluation runs; the request is one that is rejected at once."""
    with daemon.client() as client:
        return client.post_json("/v1/evaluate", {"ks": [1000]}).status == 503


@pytest.mark.parametrize("accept", ["application/json", NDJSON])
def test_an_evaluation_ends_when_its_client_goes(daemon, long_request, accept):
    connection = begin(daemon, long_request, accept)
    connection.close()
    wait_until(lambda: "a computation was cancelled" in daemon.log(), "its end", alive=daemon.check_alive)
    assert evaluate(daemon, {"ks": [4], "alphas": [0]})["images"] == 60_000


def test_searches_are_answered_during_an_evaluation_and_a_second_one_is_rejected(daemon, long_request):
    connection = begin(daemon, long_request, NDJSON)
    assert len(daemon.search(np.ones((2, 9)))) == 2
    with daemon.client() as client:
        response = client.get("/v1/hubs")
    assert (response.status, response.json()["code"]) == (503, "evaluation_running")
    connection.close()


def test_a_shutdown_ends_an_evaluation(daemon, long_request):
    connection = begin(daemon, long_request, NDJSON)
    assert daemon.stop() == 0
    connection.close()
    daemon.start()
    assert evaluate(daemon, {"ks": [4], "alphas": [0]})["images"] == 60_000


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_choice_by_halves_ends_with_its_client_or_the_daemon(make_daemon, rng, is_stopped):
    """With few images a large sweep is soon ranked, and the choice takes seconds."""
    daemon = make_daemon(k=4, capacity=16, metric="inner-product").start()
    daemon.drop(REFERENCES, "r.npy", whole_numbers(rng, 40, 9))
    daemon.drop(IMAGES, "i.npy", whole_numbers(rng, 50, 9))
    request = {
        "queries": encoded(whole_numbers(rng, 3000, 9)), "answers": [["i:0"]] * 3000, "ks": list(range(1, 17)),
        "alphas": (np.arange(64) / 32).tolist(), "repeats": 1000,
    }  # fmt: skip
    connection = UnixConnection(daemon.socket)
    connection.request("POST", "/v1/evaluate", json.dumps(request), {"Accept": NDJSON})
    response = connection.getresponse()
    while json.loads(response.readline())["progress"]["step"] != "choosing":
        pass
    if is_stopped:
        assert daemon.stop() == 0
        # The daemon says so; it does not wait until it closes connections that are still in use.
        assert json.loads(response.read().splitlines()[-1])["problem"]["code"] == "stopping"
    connection.close()
    wait_until(lambda: "a computation was cancelled" in daemon.log(), "its end")
