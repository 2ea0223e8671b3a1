"""Fixtures of the end-to-end tests."""

import itertools
import os
import random

import numpy as np
import pytest

from harness.api_document import ApiDocument
from harness.corpus import Corpus, ids_of
from harness.daemon import Daemon, binary
from harness.http import Client
from harness.fake_daemon import fake_daemon
from harness.spool import IMAGES, REFERENCES


def pytest_sessionstart(session):
    if not binary().exists():
        pytest.exit(f"{binary()} does not exist; build it, or set NNND_BIN to its folder", returncode=2)


def pytest_configure():
    # The worker processes of a parallel run inherit the variable.
    if not os.environ.get("NNND_TEST_SEED"):
        os.environ["NNND_TEST_SEED"] = str(random.SystemRandom().randrange(2**32))


@pytest.fixture(scope="session")
def first_seed():
    """The seed of all random numbers of a test run; set NNND_TEST_SEED to repeat a run."""
    return int(os.environ["NNND_TEST_SEED"])


@pytest.fixture
def rng(first_seed, request):
    """A random generator that is seeded from `first_seed` and the name of the test."""
    print(f"NNND_TEST_SEED={first_seed}")
    return np.random.default_rng([first_seed, *request.node.name.encode()])


@pytest.fixture
def make_daemon(tmp_path):
    """Creates daemons, each in a new folder unless one is given; all are killed after the test."""
    daemons = []
    numbers = itertools.count()

    def make(folder=None, **settings):
        daemon = Daemon(folder or tmp_path / f"daemon-{next(numbers)}", **settings)
        daemons.append(daemon)
        return daemon

    yield make
    for daemon in daemons:
        daemon.kill()


@pytest.fixture
def daemon(make_daemon):
    """A running daemon with k = 4 and capacity 8."""
    return make_daemon(k=4, capacity=8).start()


@pytest.fixture
def client(daemon):
    with daemon.client() as client:
        yield client


@pytest.fixture
def make_filled_daemon(make_daemon, rng):
    """Starts a daemon with 50 images and 20 references of dimension 4; `client-seconds` is 0.3 unless set otherwise."""

    def make(**settings):
        daemon = make_daemon(k=4, capacity=8, **{"client_seconds": 0.3} | settings).start()
        daemon.drop(IMAGES, "i.npy", rng.standard_normal((50, 4)))
        daemon.drop(REFERENCES, "r.npy", rng.standard_normal((20, 4)))
        return daemon

    return make


@pytest.fixture
def make_corpus(make_daemon, rng):
    """Starts daemons with 12 images, i0 to i11, and k = 4, and returns them as corpora.

    Further arguments are settings of the daemon. `expected_max_references` is for a limit that is not set by a flag.
    """

    def make(expected_max_references=None, dimension=6, **settings):
        daemon = make_daemon(k=4, capacity=6, **settings).start()
        corpus = Corpus(daemon, rng, dimension=dimension, max_references=expected_max_references)
        corpus.add(IMAGES, "i.npy", ids_of(IMAGES, range(12)))
        return corpus

    return make


@pytest.fixture
def idle_daemon_socket(daemon, tmp_path):
    """The socket of a fake daemon that never processes the shards in its spool."""
    spool = {name: str(tmp_path / "spool" / name) for name in ("images", "references", "done", "failed")}
    for folder in spool.values():
        os.makedirs(folder)
    with fake_daemon(tmp_path / "s", {"/v1/status": (200, daemon.status() | {"spool": spool | {"backlog": 0}})}):
        yield tmp_path / "s"


@pytest.fixture(scope="session")
def api_document():
    return ApiDocument()


@pytest.fixture(autouse=True)
def check_responses_against_openapi(api_document):
    """Checks each response that a test receives against docs/openapi.yaml."""
    Client.observers.append(api_document.check)
    yield
    Client.observers.remove(api_document.check)
