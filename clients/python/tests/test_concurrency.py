"""Many threads and tasks on one client, restarts of the daemon, and leaks."""

import asyncio
import contextlib
import gc
import http.server
import json
import math
import os
import signal
import socket
import socketserver
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import nnnd
from conftest import THREE, daemon_pid, stop, wait_until
from nnnd._messages import Response
from nnnd._programs import find_program
from nnnd._transport import Transport

WORKERS = 50


def descriptors():
    # What earlier tests left to the garbage collector does not count.
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def test_fifty_threads_get_right_answers_and_leave_no_descriptors(filled_db):
    before = descriptors()
    with nnnd.Client(filled_db.socket) as client, ThreadPoolExecutor(WORKERS) as threads:
        found = list(threads.map(lambda n: client.search(THREE[n % 3], 1, alpha=0).ids[0, 0], range(600)))
    assert found == ["cat", "dog", "car"] * 200
    assert descriptors() == before


def test_fifty_tasks_get_right_answers_and_leave_no_descriptors(filled_db):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(filled_db.socket) as client:

            async def worker(number):
                result = await client.search(THREE[number % 3], 1, alpha=0)
                return result.ids[0, 0]

            return await asyncio.gather(*(worker(number) for number in range(WORKERS * 3)))

    asyncio.run(main())
    before = descriptors()
    assert asyncio.run(main()) == ["cat", "dog", "car"] * WORKERS
    assert descriptors() == before


def test_the_asynchronous_client_has_the_methods_of_the_other(db, tmp_path):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(db.socket) as client:
            assert (await client.add_images(THREE, ["cat", "dog", "car"])).rows == 3
            later = await client.add_references(THREE, ["x", "y", "z"], wait=False)
            assert (await client.wait(later, timeout=60)).rows == 3
            assert (await client.explain("cat"))["used"] == 2
            assert (await client.reference("z")).shape == (3,)
            assert (await client.verify())["wrong"] == 0
            assert "nnnd_" in await client.metrics()
            assert (await client.delete_images(["cat"])).deleted == 1
            assert (await client.delete_references(["x"])).deleted == 1
            assert (await client.status())["images"] == 2
            assert (await client.backup(tmp_path / "copy")).is_dir()
            with pytest.raises(nnnd.UnknownId):
                await client.explain("cat")
            with pytest.raises(nnnd.ShardRejected):
                await client.add_images(THREE * float("nan"))

    asyncio.run(main())


def test_both_clients_have_the_same_methods():
    pytest.importorskip("httpx")
    both = [{name for name in dir(kind) if name[0] != "_"} for kind in (nnnd.Client, nnnd.AsyncClient)]
    assert both[0] - both[1] == {"close", "search_in_batches", "spool", "submit", "submit_deletion"}
    assert both[1] - both[0] == {"aclose", "wait"}


@pytest.mark.parametrize(("given", "used"), [({}, math.inf), ({"timeout": None}, math.inf), ({"timeout": 7}, 7)])
def test_a_verification_waits_without_a_limit_unless_one_is_given(tmp_path, monkeypatch, given, used):
    pytest.importorskip("httpx")
    used_timeouts = []
    answer = Response(200, b"{}")

    def send(self, request, timeout=None):
        used_timeouts.append(timeout)
        return answer

    async def send_async(self, request, timeout=None):
        return send(self, request, timeout)

    async def main():
        async with nnnd.AsyncClient(tmp_path / "none", timeout=3) as client:
            await client.verify(**given)

    monkeypatch.setattr(Transport, "send", send)
    monkeypatch.setattr(nnnd.AsyncClient, "_send", send_async)
    nnnd.Client(tmp_path / "none", timeout=3).verify(**given)
    asyncio.run(main())
    assert used_timeouts == [used, used]


def test_an_asynchronous_client_without_a_daemon_raises_not_reachable(tmp_path):
    pytest.importorskip("httpx")

    async def main():
        async with nnnd.AsyncClient(tmp_path / "none") as client:
            await client.status()

    with pytest.raises(nnnd.NotReachable):
        asyncio.run(main())


def test_requests_continue_while_the_daemon_restarts(tmp_path):
    command = [
        find_program("nnnd"), "serve", "--spool", tmp_path / "spool", "--data", tmp_path / "data",
        "--socket", tmp_path / "s", "--threads", "1",
    ]  # fmt: skip

    def start():
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def answers():
        try:
            return nnnd.Client(tmp_path / "s").ready()
        except nnnd.NotReachable:
            return False

    daemon = start()
    try:
        wait_until(answers, "the start of the daemon")
        client = nnnd.Client(tmp_path / "s", retry_seconds=60)
        client.add_images(THREE, ["cat", "dog", "car"])
        for number in (signal.SIGTERM, signal.SIGKILL):
            daemon.send_signal(number)
            daemon.wait()
            # It does not listen yet when the request is sent.
            daemon = start()
            assert client.search(THREE[0], 1, alpha=0).ids.tolist() == [["cat"]]
        impatient = nnnd.Client(tmp_path / "s", retry_seconds=0.1)
        impatient.ready()
        daemon.kill()
        daemon.wait()
        with pytest.raises(nnnd.NotReachable):
            impatient.ready()
    finally:
        daemon.kill()
        daemon.wait()


class OverloadedDaemon(socketserver.ThreadingUnixStreamServer):
    """Answers the first `problems` requests with status 503, and then with 200."""

    daemon_threads = True

    def __init__(self, path, code, problems):
        self.code, self.problems, self.requests = code, problems, 0
        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests += 1
        is_problem = self.server.requests <= self.server.problems
        body = json.dumps({"code": self.server.code, "detail": "Busy."} if is_problem else {"status": "ready"}).encode()
        self.send_response(503 if is_problem else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_an_overloaded_daemon_is_asked_again(tmp_path):
    with OverloadedDaemon(tmp_path / "s", "overloaded", problems=2) as daemon:
        assert nnnd.Client(tmp_path / "s").ready()
        assert daemon.requests == 3
        daemon.shutdown()


def test_other_problems_are_not_tried_again(tmp_path):
    with OverloadedDaemon(tmp_path / "s", "store_removed", problems=2) as daemon:
        with pytest.raises(nnnd.Unavailable) as caught:
            nnnd.Client(tmp_path / "s").ready()
        assert (caught.value.code, daemon.requests) == ("store_removed", 1)
        daemon.shutdown()


def test_a_daemon_that_does_not_answer_is_a_timeout(filled_db):
    pid = daemon_pid(filled_db)
    stop(pid)
    try:
        with nnnd.Client(filled_db.socket, timeout=0.1) as client, pytest.raises(nnnd.RequestTimeout):
            client.status()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert filled_db.ready()


def test_an_asynchronous_client_waits_while_the_backlog_is_full(tmp_path):
    pytest.importorskip("httpx")

    async def ready():
        async with nnnd.AsyncClient(tmp_path / "s", timeout=0.1) as client:
            await client.ready()

    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        with pytest.raises(BlockingIOError):
            while True:
                other = sockets.enter_context(socket.socket(socket.AF_UNIX))
                other.setblocking(False)
                other.connect(str(tmp_path / "s"))
        with pytest.raises(nnnd.RequestTimeout):
            asyncio.run(ready())
