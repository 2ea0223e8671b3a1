"""nnnctl where there is no nnnd, something else instead of it, or nobody who reads: never a hang, never a puzzle."""

import os
import socket

import numpy as np
import pytest

from harness.nnnctl import fails, nnnctl, succeeds
from harness.fake_daemon import fake_daemon, problem
from harness.spool import IMAGES

COMMANDS = ("status", "search", "ingest", "delete", "explain", "verify")


@pytest.fixture
def arguments(tmp_path):
    """What each command is called with."""
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    return {
        "status": ["status"],
        "search": ["search", "--queries", tmp_path / "a.npy"],
        "ingest": ["ingest", "--kind", "images", "--wait", tmp_path / "a.npy"],
        "delete": ["delete", "--kind", "images", "a:0"],
        "explain": ["explain", "a:1"],
        "verify": ["verify"],
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_no_socket(arguments, tmp_path, command):
    told = fails(69, *arguments[command], "--socket", tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in told and "--socket" in told and "running" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_socket_that_nobody_listens_on(arguments, tmp_path, command):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    told = fails(69, *arguments[command], "--socket", path)
    assert str(path) in told and "running" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_no_socket(arguments, tmp_path, command):
    path = tmp_path / "a.npy"
    assert str(path) in fails(69, *arguments[command], "--socket", path)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_no_socket_can_have(arguments, tmp_path, command):
    assert "bytes" in fails(64, *arguments[command], "--socket", f"/{'s' * 107}")


@pytest.mark.parametrize("command", COMMANDS)
def test_something_else_than_nnnd(arguments, tmp_path, command):
    with fake_daemon(tmp_path / "s", {"*": (200, {"hello": "world"})}):
        told = fails(70, *arguments[command], "--socket", tmp_path / "s")
    assert str(tmp_path / "s") in told and "is it nnnd" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_daemon_that_hangs_up(arguments, tmp_path, command):
    with fake_daemon(tmp_path / "s", {"*": None}):
        assert "closed the connection" in fails(69, *arguments[command], "--socket", tmp_path / "s")


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(503, "overloaded", 75), (500, "internal", 70), (400, "bad_id", 65)]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_daemon_that_tells_of_a_problem(arguments, tmp_path, command, status, code, expected):
    with fake_daemon(tmp_path / "s", {"*": problem(status, code, "The reason why.")}):
        told = fails(expected, *arguments[command], "--socket", tmp_path / "s")
    assert "The reason why." in told and f"({code})" in told


def test_the_flag_goes_before_the_environment(daemon, tmp_path):
    elsewhere = {"NNND_SOCKET": str(tmp_path / "nowhere")}
    assert fails(69, "status", environment=elsewhere)
    assert "generation" in succeeds("status", "--socket", daemon.socket, daemon=None, environment=elsewhere)


@pytest.mark.parametrize("command", COMMANDS)
def test_nobody_reads(daemon, arguments, command):
    if command != "ingest":
        daemon.drop(IMAGES, "a.npy", np.ones((2, 3)))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = nnnctl(*arguments[command], daemon=daemon, stdout=writing)
    finally:
        os.close(writing)
    assert (finished.status, finished.errors) == (141, ""), finished
    # What it was told to do is done nevertheless.
    assert daemon.status()["images"] == {"ingest": 2, "delete": 1}.get(command, 2)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)])
def test_help_and_version_need_no_daemon(arguments):
    assert succeeds(*arguments, daemon=None)


@pytest.mark.parametrize("arguments", [["feed"], ["status", "more"], ["status", "--colour"], ["ingest"]])
def test_wrong_usage(arguments):
    fails(64, *arguments)


def test_no_command_shows_what_there_is():
    finished = nnnctl()
    assert finished.status == 0 and all(f"\n  {command} " in finished.output for command in COMMANDS)
