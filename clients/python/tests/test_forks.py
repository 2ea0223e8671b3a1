"""Clients in the child of a fork, which must neither use nor keep the connections of its parent."""

import asyncio
import contextlib
import os
import socket
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

import nnnd
from conftest import DEADLINE, THREE
from nnnd import _lease


@pytest.mark.parametrize("use", ["request", "asynchronous request", "lease"])
def test_the_child_of_a_fork_keeps_no_connection_that_another_thread_uses(tmp_path, use):
    if use == "asynchronous request":
        pytest.importorskip("httpx")

    async def ready():
        async with nnnd.AsyncClient(tmp_path / "lease.sock") as client:
            await client.ready()

    response = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    answers = {
        "request": response,
        "asynchronous request": response,
        "lease": b'{"settings": {}, "pid": 1}\n',
    }
    calls = {
        "request": lambda: nnnd.Client(tmp_path / "lease.sock").ready(),
        "asynchronous request": lambda: asyncio.run(ready()),
        "lease": lambda: _lease.acquire(_lease.PrivateFolder(tmp_path), {}).close(),
    }
    with socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor(1) as threads:
        listener.bind(str(tmp_path / "lease.sock"))
        listener.listen()
        call = threads.submit(calls[use])
        connection, _ = listener.accept()
        connection.settimeout(DEADLINE)
        end, own = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(own)
            listener.close()
            connection.close()
            os.read(end, 1)
            os._exit(0)
        try:
            connection.sendall(answers[use])
            call.result(timeout=DEADLINE)
            # The end of the connection comes only when no process has it open any more; otherwise this times out.
            while connection.recv(4096):
                pass
        finally:
            connection.close()
            os.close(own)
            os.close(end)
            os.waitpid(child, 0)


def connections_to(path):
    """The connections of this process to the socket `path`, as the kernel names them."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(int(name))) as connection:
            if connection.getpeername() == str(path):
                found.add(os.readlink(f"/proc/self/fd/{connection.fileno()}"))
    return found


def test_the_child_of_a_fork_uses_an_asynchronous_client_on_connections_of_its_own(filled_db):
    pytest.importorskip("httpx")
    loop = asyncio.new_event_loop()

    async def search(client, number):
        return (await client.search(THREE[number], 1, alpha=0)).ids[0, 0], connections_to(filled_db.socket)

    client = nnnd.AsyncClient(filled_db.socket)
    try:
        found, before = loop.run_until_complete(search(client, 0))
        assert found == "cat" and before
        child = os.fork()
        if child == 0:
            code = 1
            try:
                assert not connections_to(filled_db.socket)
                found, own = asyncio.run(search(client, 1))
                assert found == "dog" and len(own) == 1 and not own & before
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert loop.run_until_complete(search(client, 2)) == ("car", before)
    finally:
        loop.run_until_complete(client.aclose())
        loop.close()
