"""Fixtures: private daemons, and names for the examples in docstrings. NNND_BIN names the folder of the programs."""

import asyncio
import os
import signal
import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest

import nnnd
from evaluation_corpus import Corpus

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE = 60
THREE = np.array([[1.0, 0.1, 0.0], [0.7, 0.7, 0.1], [0.0, 0.2, 1.0]], dtype=np.float32)


def pytest_configure():
    os.environ.setdefault("NNND_BIN", str(PROJECT / ".build" / "release"))
    # Pictures are made without a window.
    os.environ["MPLBACKEND"] = "agg"
    # A shell lets programs that it starts in the background ignore SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not (Path(os.environ["NNND_BIN"]) / "nnnd").exists():
        pytest.exit(f"there is no nnnd in {os.environ['NNND_BIN']}; build it, or set NNND_BIN", returncode=2)


@pytest.fixture(scope="session")
def shared_db(tmp_path_factory):
    with nnnd.open(tmp_path_factory.mktemp("shared"), k=2, threads=1) as db:
        yield db


@pytest.fixture
def db(tmp_path):
    """An empty database with k = 2."""
    with nnnd.open(tmp_path / "db", k=2, threads=1) as db:
        yield db


@pytest.fixture
def filled_db(db):
    db.add_images(THREE, ["cat", "dog", "car"])
    db.add_references(np.eye(3, dtype=np.float32), ["x", "y", "z"])
    return db


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """A database with queries, answers and groups; a test that changes its settings sets them back."""
    corpus = Corpus(tmp_path_factory.mktemp("evaluation"))
    with corpus.db:
        yield corpus


@pytest.fixture(scope="session")
def large_db(tmp_path_factory):
    """A database with 40,000 images, for which `long_sweep` takes seconds."""
    vectors = np.random.default_rng(7).standard_normal((40_000, 8), dtype=np.float32)
    with nnnd.open(tmp_path_factory.mktemp("large"), k=4, capacity=16, threads=1) as db:
        db.add_references(vectors[:40])
        db.add_images(vectors)
        yield db


@pytest.fixture
def long_sweep(rng):
    return {"queries": rng.standard_normal((2000, 8)), "ks": range(1, 17), "alphas": np.arange(64) / 32}


@pytest.fixture
def rng():
    return np.random.default_rng(19)


@pytest.fixture(autouse=True)
def names_of_examples(request):
    """The names that examples in docstrings use."""
    if not isinstance(request.node, pytest.DoctestItem):
        return
    db = request.getfixturevalue("shared_db")
    db.delete_images(["north", "east", "bus"])  # which earlier examples have added
    db.add_images(THREE, ["cat", "dog", "car"])
    db.add_references(np.eye(3, dtype=np.float32), ["x", "y", "z"])
    request.getfixturevalue("doctest_namespace").update(
        db=db, nnnd=nnnd, np=np, asyncio=asyncio, folder=request.getfixturevalue("tmp_path")
    )  # fmt: skip


def wait_until(condition, what, deadline=DEADLINE):
    """Waits until condition() is true."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not after {deadline} s: {what}"
        time.sleep(0.005)


def evaluation_has_begun(db):
    """Whether a private daemon runs the thread of an evaluation.

    It sends no request, unlike `evaluates`, so that an evaluation can begin meanwhile.
    """

    def name(thread):
        try:
            return (thread / "comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return None

    return "evaluate" in map(name, Path(f"/proc/{daemon_pid(db)}/task").iterdir())


def evaluates(client):
    """Whether an evaluation runs: asks for another one, which is rejected in any case.

    While the daemon handles this request, no evaluation can begin.
    """
    try:
        client.evaluate(ks=[100_000])
    except nnnd.Unavailable as error:
        assert error.code == "evaluation_running"
        return True
    except nnnd.InvalidRequest as error:
        assert error.code == "bad_ks"
    return False


def process_runs(pid):
    """Whether a process exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def daemon_pid(db):
    """The process id of a private daemon: that of the process which listens on its socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(db.socket))
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return struct.unpack("3i", credentials)[0]


def stop(pid):
    """Stops a process by SIGSTOP, and waits until all its threads have stopped."""
    os.kill(pid, signal.SIGSTOP)

    def has_stopped():
        states = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
        return set(states) == {"T"}

    wait_until(has_stopped, "the stop of all threads")


def end_daemon_of(db):
    """Kills a private daemon."""
    pid = daemon_pid(db)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not process_runs(pid), "the end of the daemon")
