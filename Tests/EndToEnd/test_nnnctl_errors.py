"""Errors of nnnctl without a daemon, with another server on the socket, and with a closed standard output."""

import os
import socket

import numpy as np
import pytest

from harness.nnnctl import fails, nnnctl, succeeds
from harness.fake_daemon import fake_daemon, problem
from harness.spool import IMAGES, REFERENCES

COMMANDS = (
    "status", "search", "ingest", "delete", "explain", "verify", "evaluate", "tune", "hubs", "report",
)  # fmt: skip


@pytest.fixture
def arguments(tmp_path):
    """Valid arguments for each command."""
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    return {
        "status": ["status"],
        "search": ["search", "--queries", tmp_path / "a.npy"],
        "ingest": ["ingest", "--kind", "images", "--wait", tmp_path / "a.npy"],
        "delete": ["delete", "--kind", "images", "a:0"],
        "explain": ["explain", "a:1"],
        "verify": ["verify"],
        "evaluate": ["evaluate", "--queries", tmp_path / "a.npy"],
        "tune": ["tune", "--unlabelled"],
        "hubs": ["hubs"],
        "report": ["report", "--out", tmp_path / "report.html"],
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_socket_is_an_error(arguments, tmp_path, command):
    message = fails(os.EX_UNAVAILABLE, *arguments[command], "--socket", tmp_path / "missing")
    assert str(tmp_path / "missing") in message and "--socket" in message and "running" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stale_socket_is_an_error(arguments, tmp_path, command):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    message = fails(os.EX_UNAVAILABLE, *arguments[command], "--socket", path)
    assert str(path) in message and "running" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_that_is_not_a_socket_is_an_error(arguments, tmp_path, command):
    path = tmp_path / "a.npy"
    assert str(path) in fails(os.EX_UNAVAILABLE, *arguments[command], "--socket", path)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_socket_path_that_is_too_long_is_a_usage_error(arguments, tmp_path, command):
    assert "bytes" in fails(os.EX_USAGE, *arguments[command], "--socket", f"/{'s' * 107}")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_answer_of_another_server_is_an_error(arguments, tmp_path, command):
    with fake_daemon(tmp_path / "s", {"*": (200, {"hello": "world"})}):
        message = fails(os.EX_SOFTWARE, *arguments[command], "--socket", tmp_path / "s")
    assert str(tmp_path / "s") in message and "is it nnnd" in message


@pytest.mark.parametrize("command", COMMANDS)
def test_a_connection_closed_without_an_answer_is_an_error(arguments, tmp_path, command):
    with fake_daemon(tmp_path / "s", {"*": None}):
        assert "closed the connection" in fails(os.EX_UNAVAILABLE, *arguments[command], "--socket", tmp_path / "s")


@pytest.mark.parametrize(
    ("status", "code", "expected"), [(503, "overloaded", 75), (500, "internal", 70), (400, "bad_id", 65)]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_problem_document_gives_its_detail_and_an_exit_status(arguments, tmp_path, command, status, code, expected):
    with fake_daemon(tmp_path / "s", {"*": problem(status, code, "The detail.")}):
        message = fails(expected, *arguments[command], "--socket", tmp_path / "s")
    assert "The detail." in message and f"({code})" in message


def test_the_flag_overrides_the_environment(daemon, tmp_path):
    environment = {"NNND_SOCKET": str(tmp_path / "missing")}
    assert fails(os.EX_UNAVAILABLE, "status", environment=environment)
    assert "generation" in succeeds("status", "--socket", daemon.socket, daemon=None, environment=environment)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_standard_output_gives_status_141_after_the_work_is_done(daemon, arguments, command):
    if command != "ingest":
        daemon.drop(IMAGES, "a.npy", np.ones((2, 3)))
        daemon.drop(REFERENCES, "r.npy", np.arange(1.0, 61).reshape(20, 3))
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = nnnctl(*arguments[command], daemon=daemon, stdout=writing)
    finally:
        os.close(writing)
    assert (finished.status, finished.errors) == (141, ""), finished
    assert daemon.status()["images"] == (1 if command == "delete" else 2)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([command, "--help"] for command in COMMANDS)])
def test_help_and_version_need_no_daemon(arguments):
    assert succeeds(*arguments, daemon=None)


@pytest.mark.parametrize("arguments", [["feed"], ["status", "more"], ["status", "--colour"], ["ingest"]])
def test_invalid_usage_gives_status_64(arguments):
    fails(os.EX_USAGE, *arguments)


def test_without_a_command_nnnctl_lists_all_commands():
    finished = nnnctl()
    assert finished.status == 0 and all(f"\n  {command} " in finished.output for command in COMMANDS)
