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
        pytest.exit(f"there is no {binary()}; build it, or say in NNND_BIN where it is", returncode=2)


def pytest_configure():
    # All processes of a parallel run inherit it.
    if not os.environ.get("NNND_TEST_SEED"):
        os.environ["NNND_TEST_SEED"] = str(random.SystemRandom().randrange(2**32))


@pytest.fixture(scope="session")
def first_seed():
    """The seed of all random numbers of a run; set NNND_TEST_SEED to repeat one."""
    return int(os.environ["NNND_TEST_SEED"])


@pytest.fixture
def rng(first_seed, request):
    """Random numbers of this test's own."""
    print(f"NNND_TEST_SEED={first_seed}")
    return np.random.default_rng([first_seed, *request.node.name.encode()])


@pytest.fixture
def make_daemon(tmp_path):
    """Makes daemons, each on a new folder unless one is given; all are ended with the test."""
    made = []
    numbers = itertools.count()

    def make(folder=None, **settings):
        daemon = Daemon(folder or tmp_path / f"daemon-{next(numbers)}", **settings)
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        daemon.kill()


@pytest.fixture
def daemon(make_daemon):
    """A daemon that runs, with k = 4."""
    return make_daemon(k=4, capacity=8).start()


@pytest.fixture
def client(daemon):
    with daemon.client() as client:
        yield client


@pytest.fixture
def served(make_daemon, rng):
    """Makes a daemon with a few images, which has little patience unless told otherwise."""

    def make(**settings):
        daemon = make_daemon(k=4, capacity=8, **{"client_seconds": 0.3} | settings).start()
        daemon.drop(IMAGES, "i.npy", rng.standard_normal((50, 4)))
        daemon.drop(REFERENCES, "r.npy", rng.standard_normal((20, 4)))
        return daemon

    return make


@pytest.fixture
def make_corpus(make_daemon, rng):
    """Makes corpora of 12 images, i0 and on, and k = 4, on daemons of their own."""

    def make(keeps=None, dimension=6, **settings):
        daemon = make_daemon(k=4, capacity=6, **settings).start()
        corpus = Corpus(daemon, rng, dimension=dimension, max_references=keeps)
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
def every_answer_is_as_documented(api_document):
    """Holds each answer that any test gets against docs/openapi.yaml."""
    Client.observers.append(api_document.check)
    yield
    Client.observers.remove(api_document.check)
