"""Fixtures of the checks that run in the booted container, and how their outcome is told: a line each."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
if not pathlib.Path("/nnnd-checks/nnnd.deb").exists():
    pytest.exit("these checks run in the container of `make test-systemd` only", returncode=2)

sys.path[:0] = [str(HERE), str(HERE.parents[1] / "EndToEnd")]

from machine import Service, make_users  # noqa: E402

outcomes = {"passed": 0, "failed": 0}


def pytest_runtest_logreport(report):
    """One line a check, with its time; below it what it prints, and what went wrong."""
    if report.when != "call" and not report.failed:
        return
    module, _, name = report.nodeid.rpartition("::")
    place = pathlib.Path(module).stem.removeprefix("test_")
    line = f"{place}: {name.removeprefix('test_').replace('_', ' ')} ({report.duration:.1f} s)"
    good = report.passed
    outcomes["passed" if good else "failed"] += 1
    print("ok     " if good else "FAILED ", line, flush=True)
    told = report.capstdout if good else f"{report.longreprtext}\n{report.capstdout}"
    print("".join(f"    {text}\n" for text in told.splitlines()), end="", flush=True)
    # Without the package nothing else can be checked.
    if not good and place == "installation" and "installs" in name:
        pytest.exit("the package can't be installed", returncode=1)


def pytest_sessionfinish(session):
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed", flush=True)


@pytest.fixture(scope="session")
def users():
    """People by what they may do: alice drops, bob asks, carol does both, eve nothing."""
    return make_users({
        "alice": ["nnnd-producers"], "bob": ["nnnd-clients"], "carol": ["nnnd-producers", "nnnd-clients"], "eve": [],
    })  # fmt: skip


@pytest.fixture
def nnnd(users):
    """nnnd.service, running, without drop-ins; what a check changes is undone after it."""
    service = Service("nnnd")
    service.make_sure_it_runs()
    yield service
    service.forget_drop_ins()


@pytest.fixture
def rng(request):
    import numpy as np

    seed = int(os.environ.get("NNND_TEST_SEED") or 1)
    return np.random.default_rng([seed, *request.node.name.encode()])
