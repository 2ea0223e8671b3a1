"""The client of the tests hides no fault of the daemon, although it is that of the package."""

import nnnd
import numpy as np
import pytest

from harness.fake_daemon import fake_daemon, problem
from harness.http import Client
from harness.spool import IMAGES


@pytest.fixture
def observed(monkeypatch):
    """The paths of all responses so far."""
    targets = []
    monkeypatch.setattr(Client, "observers", [*Client.observers, lambda response: targets.append(response.target)])
    return targets


def test_each_response_to_the_package_is_checked(daemon, observed, tmp_path):
    daemon.drop(IMAGES, "i.npy", np.eye(3))
    observed.clear()
    with daemon.client() as client:
        client.search(np.eye(3), top_k=2)
        client.explain("i:0")
        client.verify()
        client.backup(tmp_path / "backup")
        client.get("/healthz")
        with pytest.raises(nnnd.UnknownId):
            client.reference("r")
    assert observed == [
        "/v1/search?top_k=2", "/v1/images/i%3A0", "/v1/verify", "/v1/status", "/v1/backup", "/healthz",
        "/v1/references/r",
    ]  # fmt: skip


class Answers(dict):
    """The answers of a fake daemon, and how often it was asked to verify."""

    asked = 0

    def get(self, path, default=None):
        self.asked += path == "/v1/verify"
        return super().get(path, default)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(None, nnnd.NotReachable), (problem(503, "overloaded"), nnnd.Unavailable)],
    ids=["a closed connection", "overload"],
)
def test_a_request_that_failed_is_not_sent_again(daemon, tmp_path, answer, error):
    answers = Answers({"/v1/status": (200, daemon.status()), "/v1/verify": answer})
    with fake_daemon(tmp_path / "s", answers), Client(tmp_path / "s") as client:
        client.status()
        with pytest.raises(error):
            client.verify()
    assert answers.asked == 1
