"""Fixtures of the checks that run in the booted container, and their report: one line for each check."""

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
    """Prints one line for a check, with its duration; below it the check's output and its failure."""
    if report.when != "call" and not report.failed:
        return
    module, _, name = report.nodeid.rpartition("::")
    group = pathlib.Path(module).stem.removeprefix("test_")
    line = f"{group}: {name.removeprefix('test_').replace('_', ' ')} ({report.duration:.1f} s)"
    outcomes["passed" if report.passed else "failed"] += 1
    print("ok     " if report.passed else "FAILED ", line, flush=True)
    output = report.capstdout if report.passed else f"{report.longreprtext}\n{report.capstdout}"
    print("".join(f"    {text}\n" for text in output.splitlines()), end="", flush=True)
    # All other checks need the package.
    if not report.passed and group == "installation" and "installs" in name:
        pytest.exit("the package can't be installed", returncode=1)


def pytest_sessionfinish(session):
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed", flush=True)


@pytest.fixture(scope="session")
def users():
    """Users: alice is a producer, bob is a client, carol is both, eve is neither."""
    return make_users({
        "alice": ["nnnd-producers"], "bob": ["nnnd-clients"], "carol": ["nnnd-producers", "nnnd-clients"], "eve": [],
    })  # fmt: skip


@pytest.fixture
def nnnd(users):
    """nnnd.service, running and without drop-ins; drop-ins of a check are removed after it."""
    service = Service("nnnd")
    service.ensure_running()
    yield service
    service.remove_drop_ins()


@pytest.fixture
def rng(request):
    import numpy as np

    seed = int(os.environ.get("NNND_TEST_SEED") or 1)
    return np.random.default_rng([seed, *request.node.name.encode()])
