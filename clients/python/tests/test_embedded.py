"""The life of the private daemon that `nnnd.open` starts."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import nnnd
from conftest import THREE, daemon_pid, end_daemon_of, process_runs, wait_until
from nnnd._programs import find_program

SOURCES = Path(nnnd.__file__).parents[1]


def python(code, *arguments, **options):
    """Starts a Python process that runs this code with the package on its path."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(SOURCES)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        **options,
    )  # fmt: skip


# SIGINT is set, because a shell that runs the tests in the background makes them ignore it.
OPEN_AND_WAIT = """
    import signal, sys, nnnd
    signal.signal(signal.SIGINT, signal.default_int_handler)
    db = nnnd.open(sys.argv[1], k=2)
    print("open", flush=True)
    sys.stdin.readline()
"""


def test_the_daemon_ends_with_the_context_and_keeps_its_data(tmp_path):
    with nnnd.open(tmp_path / "db", k=2) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
        pid = daemon_pid(db)
    assert not process_runs(pid)
    with nnnd.open(tmp_path / "db", k=2) as db:
        assert db.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]


def test_other_users_have_no_access(tmp_path):
    with nnnd.open(tmp_path / "db") as db, nnnd.open() as temporary:
        for folder in (db.folder, temporary.folder):
            modes = {name: (folder / name).stat().st_mode & 0o777 for name in (".", "nnnd.sock", "lease.sock", "data")}
            assert modes == {".": 0o700, "nnnd.sock": 0o600, "lease.sock": 0o600, "data": 0o700}


def test_a_temporary_database_leaves_no_folder():
    with nnnd.open() as db:
        folder = db.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_temporary_database_keeps_its_data_when_its_daemon_is_killed():
    with nnnd.open(k=2) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
        for _ in range(2):
            end_daemon_of(db)
            wait_until(lambda: not db._lease.is_valid(), "the news of the daemon's end")
            assert db.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
        folder = db.folder
    wait_until(lambda: not folder.exists(), "the removal of the folder")


def test_a_temporary_database_stays_for_a_process_that_has_not_noticed_the_end_of_its_daemon():
    with nnnd.open(k=2) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
        other = pickle.loads(pickle.dumps(db))
        end_daemon_of(db)
        wait_until(lambda: not db._lease.is_valid(), "the news of the daemon's end")
        assert db.ready()
    assert other.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
    other.close()
    wait_until(lambda: not other.folder.exists(), "the removal of the folder")


def test_a_temporary_database_without_a_further_request_is_removed_too():
    db = nnnd.open()
    folder = db.folder
    end_daemon_of(db)
    db.close()
    wait_until(lambda: not folder.exists(), "the removal of the folder")


def test_a_database_that_nobody_refers_to_ends(tmp_path):
    db = nnnd.open(tmp_path)
    pid = daemon_pid(db)
    del db
    wait_until(lambda: not process_runs(pid), "the end of the daemon")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_daemon_ends_when_its_process_is_killed(tmp_path, number):
    process = python(OPEN_AND_WAIT, tmp_path, start_new_session=True, stderr=subprocess.DEVNULL)
    assert process.stdout.readline() == "open\n"
    pid = daemon_pid(nnnd.Client(tmp_path / "nnnd.sock"))
    os.killpg(process.pid, number)
    process.wait(timeout=60)
    wait_until(lambda: not process_runs(pid), "the end of the daemon")
    with nnnd.open(tmp_path, k=2) as db:
        assert db.ready()


def test_two_processes_share_one_daemon_and_the_last_one_ends_it(tmp_path):
    processes = [python(OPEN_AND_WAIT, tmp_path) for _ in range(2)]
    assert [process.stdout.readline() for process in processes] == ["open\n"] * 2
    with nnnd.open(tmp_path, k=2) as db:
        pid = daemon_pid(db)
        for process in processes:
            process.communicate("\n")
        assert db.ready()
    assert not process_runs(pid)


def test_two_databases_run_side_by_side(tmp_path):
    with nnnd.open(tmp_path / "a") as first, nnnd.open(tmp_path / "b") as second:
        first.add_images(THREE, ["cat", "dog", "car"])
        second.add_images(np.eye(2, dtype=np.float32), ["x", "y"])
        assert (first.status()["images"], second.status()["images"]) == (3, 2)


def test_the_same_folder_twice_in_a_process_is_one_daemon(tmp_path):
    with nnnd.open(tmp_path) as first:
        with nnnd.open(tmp_path) as second:
            assert daemon_pid(first) == daemon_pid(second)
        assert first.ready()


def test_the_child_of_a_fork_does_not_stop_the_daemon_of_its_parent(filled_db):
    filled_db.ready()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = 0 if filled_db.search(THREE[0], 1, alpha=0).ids[0, 0] == "cat" else 2
            filled_db.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert filled_db.search(THREE[2], 1, alpha=0).ids.tolist() == [["car"]]


def _search(database):
    return database.search(THREE[2], 1, alpha=0).ids[0, 0]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_search(filled_db, method):
    with multiprocessing.get_context(method).Pool(3) as pool:
        assert pool.map(_search, [filled_db] * 6) == ["car"] * 6
    assert filled_db.ready()


def test_a_child_keeps_the_daemon_for_as_long_as_it_uses_it(tmp_path):
    process = python(
        """
        import os, sys, nnnd
        db = nnnd.open(sys.argv[1], k=2)
        if os.fork():
            os._exit(0)
        db.ready()
        print("ready", flush=True)
        sys.stdin.readline()
        print(db.ready(), flush=True)
        db.close()
        """,
        tmp_path,
    )
    assert process.stdout.readline() == "ready\n"
    pid = daemon_pid(nnnd.Client(tmp_path / "nnnd.sock"))
    assert process.communicate("\n")[0] == "True\n"
    wait_until(lambda: not process_runs(pid), "the end of the daemon")


def test_a_daemon_that_was_killed_is_started_again_with_its_data(filled_db):
    pid = daemon_pid(filled_db)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not process_runs(pid), "the end of the daemon")
    assert filled_db.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
    assert daemon_pid(filled_db) != pid


def test_the_daemon_ends_when_its_supervisor_is_killed(tmp_path):
    with nnnd.open(tmp_path) as db:
        pid = daemon_pid(db)
        supervisor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert "_supervisor" in Path(f"/proc/{supervisor}/cmdline").read_text()
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: not process_runs(pid), "the end of the daemon")
        assert db.ready()


def test_a_folder_that_a_daemon_of_its_own_serves_is_an_error_that_names_the_client(tmp_path):
    with nnnd.open(tmp_path) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
    command = [
        find_program("nnnd"), "serve", "--spool", tmp_path / "spool", "--data", tmp_path / "data",
        "--socket", tmp_path / "nnnd.sock",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            client = nnnd.Client(tmp_path / "nnnd.sock")
            wait_until(lambda: answers(client), "the start of the daemon")
            with pytest.raises(nnnd.DaemonFailed, match=rf"process {daemon.pid} serves .*nnnd\.Client"):
                nnnd.open(tmp_path)
            assert client.status()["images"] == 3
        finally:
            daemon.kill()


def answers(client):
    try:
        return client.ready()
    except nnnd.NotReachable:
        return False


def test_a_folder_with_a_long_path_can_be_opened(tmp_path):
    folder = tmp_path / ("long" * 20) / ("path" * 20)
    with nnnd.open(folder) as db:
        db.add_images(THREE, ["cat", "dog", "car"])
        assert db.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
        with nnnd.Client(db.socket) as client:
            assert client.ready()


def test_a_closed_database_says_so_and_a_copy_opens_the_same_folder(tmp_path):
    db = nnnd.open(tmp_path)
    copy = pickle.loads(pickle.dumps(db))
    db.close()
    assert copy.ready()
    copy.close()
    with pytest.raises(ValueError, match="closed"):
        db.status()
