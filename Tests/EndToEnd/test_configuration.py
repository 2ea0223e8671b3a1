"""Settings: their sources and precedence, and the error messages for invalid values."""

import os
import stat

import pytest

from harness.daemon import run, run_to_end

USAGE, CONFIGURATION = 64, 78
NO_FLAGS = dict.fromkeys(
    ("spool", "data", "socket", "threads", "quiet_seconds", "list_quiet_seconds", "rescan_seconds"))


def write_file(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nnnd.yaml"
    path.write_text(text)
    return path


def check_one_line(status, errors, expected, *texts):
    """Checks the exit status, and that standard error is one line that has these texts."""
    assert status == expected, errors
    assert errors.count("\n") == 1 and errors.endswith("\n"), errors
    for text in texts:
        assert text in errors, errors


def test_settings_in_the_file_are_used(make_daemon, tmp_path):
    path = write_file(tmp_path, "k: 11\nalpha: 0.5\nprecision: float16\nmetric: inner-product\n")
    status = make_daemon(config=path).start().status()
    assert (status["k"], status["alpha"]) == (11, 0.5)
    assert (status["precision"], status["metric"]) == ("float16", "inner-product")


def test_the_environment_overrides_the_file(make_daemon, tmp_path):
    path = write_file(tmp_path, "k: 11\nalpha: 0.5\n")
    daemon = make_daemon(config=path, environment={"NNND_K": "12"}).start()
    assert (daemon.status()["k"], daemon.status()["alpha"]) == (12, 0.5)


def test_a_flag_overrides_environment_and_file(make_daemon, tmp_path):
    path = write_file(tmp_path, "k: 11\nalpha: 0.5\n")
    daemon = make_daemon(config=path, environment={"NNND_K": "12", "NNND_ALPHA": "0.25"}, k=13).start()
    assert (daemon.status()["k"], daemon.status()["alpha"]) == (13, 0.25)


def test_a_flag_overrides_invalid_values_in_environment_and_file(make_daemon, tmp_path):
    path = write_file(tmp_path, "k: eleven\n")
    assert make_daemon(config=path, environment={"NNND_K": "twelve"}, k=13).start().status()["k"] == 13


def test_the_environment_can_name_the_file(make_daemon, tmp_path):
    path = write_file(tmp_path, "k: 11\n")
    assert make_daemon(environment={"NNND_CONFIG": str(path)}).start().status()["k"] == 11


def test_all_settings_can_come_from_the_environment(make_daemon, tmp_path):
    folder = tmp_path / "own"
    environment = {
        "NNND_SPOOL": f"{folder}/in", "NNND_DATA": f"{folder}/store", "NNND_SOCKET": f"{folder}/s",
        "NNND_SOCKET_MODE": "0600", "NNND_K": "3", "NNND_CAPACITY": "7", "NNND_ALPHA": "2", "NNND_METRIC": "cosine",
        "NNND_PRECISION": "float16", "NNND_THREADS": "1", "NNND_FINISHED_SHARDS": "delete",
        "NNND_LARGEST_SHARD": "1MiB", "NNND_QUIET_SECONDS": "0.1", "NNND_RESCAN_SECONDS": "1",
        "NNND_LOG_LEVEL": "debug",
    }  # fmt: skip
    daemon = make_daemon(folder, environment=environment, socket_path=folder / "s", **NO_FLAGS)
    status = daemon.start().status()
    assert status["spool"]["images"] == f"{folder}/in/images"
    assert status["store"]["path"] == f"{folder}/store"
    assert (status["k"], status["capacity"], status["alpha"]) == (3, 7, 2)
    assert (status["precision"], status["threads"]) == ("float16", 1)
    assert stat.S_IMODE(os.stat(folder / "s").st_mode) == 0o600


def test_default_folders_are_those_of_systemd(make_daemon, tmp_path):
    state, runtime = tmp_path / "state", tmp_path / "runtime"
    environment = {"STATE_DIRECTORY": str(state), "RUNTIME_DIRECTORY": f"{runtime}:{tmp_path}/other"}
    daemon = make_daemon(environment=environment, data=None, socket=None, socket_path=runtime / "nnnd.sock")
    assert daemon.start().status()["store"]["path"].startswith(str(state))


def test_with_an_empty_file_defaults_apply(make_daemon, tmp_path):
    assert make_daemon(config=write_file(tmp_path, "# nothing\n")).start().status()["k"] == 128


def test_relative_paths_are_relative_to_the_working_folder(make_daemon):
    daemon = make_daemon(spool="spool", data="data").start()
    assert daemon.status()["spool"]["images"] == f"{daemon.folder}/spool/images"


@pytest.mark.parametrize("mode", ["0600", "0660", "666", "0777"])
def test_socket_mode_sets_the_mode_of_the_socket(make_daemon, mode):
    daemon = make_daemon(socket_mode=mode).start()
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == int(mode, 8)


@pytest.mark.parametrize("text", ['"0600"', "0600", "'600'"])
def test_the_socket_mode_in_the_file_is_octal_with_and_without_quotes(make_daemon, tmp_path, text):
    daemon = make_daemon(config=write_file(tmp_path, f"socket-mode: {text}\n")).start()
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o600


BAD = {
    "k": ["0", "-1", "1.5", "many", "", "99999999999999999999", "1e3", " 5"],
    "capacity": ["0", "127", "abc"],
    "alpha": ["-0.1", "nan", "inf", "big", "", "1001"],
    "recall": ["0", "0.49", "nan", "", "1.01"],
    "cells-from": ["-1", "off", "1.5", "99999999999999"],
    "metric": ["euclidean", "Cosine", ""],
    "precision": ["float64", "int8"],
    "threads": ["0", "-2", "x", "1000000"],
    "finished-shards": ["keep", "true"],
    "largest-shard": ["0", "-1", "1GB", "GiB", "1.5GiB", "99999999999GiB"],
    "npy-v2": ["float16", "BFLOAT16", "true", ""],
    "heap-check-share": ["-0.1", "1.1", "nan", "5%", ""],
    "socket-mode": ["0888", "rw", "07777", "-1", ""],
    "quiet-seconds": ["-1", "soon", "nan"],
    "list-quiet-seconds": ["-1", "soon", "nan"],
    "rescan-seconds": ["0", "-5", "never"],
    "client-seconds": ["0", "-5", "never"],
    "log-level": ["loud", ""],
    "max-references": ["0", "-1", "all"],
    "reference-ttl": ["0", "-1d", "1w", "d", "nan", ""],
    "sample-queries": ["0%", "101%", "5", "off", ""],
    "sample-delay": ["0", "soon"],
    "max-sampled-references": ["0", "all"],
    "sampled-reference-ttl": ["0", "1w"],
    "sample-client-share": ["0%", "0.25"],
    "spool": [""],
    "data": [""],
    "socket": [""],
}
CASES = [(setting, value) for setting, values in BAD.items() for value in values]


@pytest.mark.parametrize(("setting", "value"), CASES)
def test_the_error_of_an_invalid_flag_names_it(tmp_path, setting, value):
    status, errors = run_to_end(tmp_path / "d", **{setting.replace("-", "_"): value})
    check_one_line(status, errors, USAGE, f"--{setting}", f"'{value}'")


@pytest.mark.parametrize(("setting", "value"), CASES)
def test_the_error_of_an_invalid_variable_names_it(tmp_path, setting, value):
    name = "NNND_" + setting.upper().replace("-", "_")
    folder = tmp_path / "d"
    paths = {"NNND_SPOOL": f"{folder}/s", "NNND_DATA": f"{folder}/d", "NNND_SOCKET": f"{folder}/x"}
    status, errors = run_to_end(folder, environment=paths | {name: value}, socket_path=folder / "x", **NO_FLAGS)
    check_one_line(status, errors, CONFIGURATION, name, f"'{value}'")


@pytest.mark.parametrize(
    ("setting", "text", "reported"),
    [
        ("k", "0", "0"),
        ("k", "twelve", "twelve"),
        ("k", "[1, 2]", "k"),
        ("k", "{a: 1}", "k"),
        ("k", "1.5", "1.5"),
        ("alpha", "true", "alpha"),
        ("metric", "euclidean", "euclidean"),
        ("finished-shards", "no", "finished-shards"),
        ("log-level", "'loud'", "loud"),
    ],
)
def test_the_error_of_an_invalid_value_in_the_file_names_it(tmp_path, setting, text, reported):
    path = write_file(tmp_path, f"{setting}: {text}\n")
    status, errors = run_to_end(tmp_path / "d", config=path)
    check_one_line(status, errors, CONFIGURATION, setting, reported, str(path))


@pytest.mark.parametrize("key", ["colour", "K", "socket_mode", "socketMode", "config"])
def test_the_error_of_an_unknown_key_in_the_file_names_it(tmp_path, key):
    status, errors = run_to_end(tmp_path / "d", config=write_file(tmp_path, f"k: 3\n{key}: 1\n"))
    check_one_line(status, errors, CONFIGURATION, f"'{key}'")


INVALID_FILES = ["k: [1", "- k\n- 3\n", "just words", "\t: x: y", "k: 1\nk: 2\n", "k: 1\n!!binary k: 2\n", "k: 3\0"]


@pytest.mark.parametrize("text", INVALID_FILES)
def test_the_error_of_an_invalid_file_names_it(tmp_path, text):
    path = write_file(tmp_path, text)
    status, errors = run_to_end(tmp_path / "d", config=path)
    check_one_line(status, errors, CONFIGURATION, str(path))


def test_the_error_of_a_missing_file_names_it(tmp_path):
    status, errors = run_to_end(tmp_path / "d", config=tmp_path / "absent.yaml")
    check_one_line(status, errors, CONFIGURATION, "absent.yaml")


def test_the_error_of_a_folder_as_the_file_names_it(tmp_path):
    status, errors = run_to_end(tmp_path / "d", config=tmp_path)
    check_one_line(status, errors, CONFIGURATION, str(tmp_path))


def test_the_error_of_a_file_that_is_not_utf8_names_it(tmp_path):
    path = tmp_path / "bytes.yaml"
    path.write_bytes(b"k: \xff\xfe\n")
    status, errors = run_to_end(tmp_path / "d", config=path)
    check_one_line(status, errors, CONFIGURATION, str(path))


def test_an_unknown_flag_is_a_usage_error(tmp_path):
    status, errors = run_to_end(tmp_path / "d", colour="red")
    assert status == USAGE
    assert "--colour" in errors


def test_the_error_of_a_too_long_socket_path_names_it(tmp_path):
    path = tmp_path / ("s" * 108)
    status, errors = run_to_end(tmp_path / "d", socket=path)
    check_one_line(status, errors, CONFIGURATION, str(path))


@pytest.mark.parametrize("setting", ["spool", "data", "socket"])
def test_the_error_of_a_path_below_a_file_names_the_file(tmp_path, setting):
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "below"
    status, errors = run_to_end(tmp_path / "d", **{setting: path})
    check_one_line(status, errors, 71, str(path.parent))


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["--version"]])
def test_help_and_version_succeed(arguments):
    finished = run(*arguments)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout


def test_the_help_of_serve_has_every_setting():
    text = run("serve", "--help").stdout
    for setting in [*BAD, "config"]:
        assert f"--{setting} " in text
