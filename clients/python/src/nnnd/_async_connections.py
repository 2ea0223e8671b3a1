"""Connections to the Unix socket of the daemon for asyncio, in a process that can be forked."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterable, Iterator
from typing import Any

import anyio
import httpcore
import httpx

from ._connections import call_after_fork, is_readable, new_sockets

MAX_CONNECTIONS = 256
MAX_IDLE = 64
IDLE_SECONDS = 30
# The pause before the next attempt while the backlog of the listening socket is full.
BACKLOG_SECONDS = 0.01


class AsyncConnections:
    """The client of httpx for one socket.

    The child of a fork begins with a new one, which has no connections. Its copies of the parent's connections are
    closed as those of all sockets of `new_sockets`, and nothing else of the parent's event loop is touched: the two
    processes share its selector.
    """

    def __init__(self, address: str, timeout: float | None) -> None:
        self._address = address
        self._timeout = timeout
        self.http = self._new_client()
        call_after_fork(self)

    def after_fork(self) -> None:
        """Begins anew in the child of a fork, unless the client is closed."""
        if not self.http.is_closed:
            self.http = self._new_client()

    def _new_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=_Transport(self._address), base_url="http://localhost", timeout=self._timeout, trust_env=False
        )


class _Transport(httpx.AsyncHTTPTransport):
    """The transport of httpx, with a pool whose sockets this module opens; httpx has no parameter for them."""

    def __init__(self, address: str) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            uds=address,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=_Backend(),
        )


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens connections to Unix sockets."""

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        (connection,) = new_sockets(lambda: [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)])
        try:
            connection.setblocking(False)
            with _errors(httpcore.ConnectTimeout, httpcore.ConnectError), anyio.fail_after(timeout):
                await _connect(connection, path)
        except BaseException:
            connection.close()
            raise
        return _Stream(connection)


async def _connect(connection: socket.socket, path: str) -> None:
    while True:
        # Unlike `sock_connect` of the loop, which takes a full backlog for a connection that begins.
        try:
            connection.connect(path)
        except BlockingIOError:
            await asyncio.sleep(BACKLOG_SECONDS)
        else:
            return


class _Stream(httpcore.AsyncNetworkStream):
    """A connected socket. The event loop watches it only while a read or write waits."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _errors(httpcore.ReadTimeout, httpcore.ReadError), anyio.fail_after(timeout):
            return await asyncio.get_running_loop().sock_recv(self._connection, max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _errors(httpcore.WriteTimeout, httpcore.WriteError), anyio.fail_after(timeout):
            await asyncio.get_running_loop().sock_sendall(self._connection, buffer)

    async def aclose(self) -> None:
        self._connection.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return is_readable(self._connection)
        return self._connection if info == "socket" else None


@contextlib.contextmanager
def _errors(timeout: type[Exception], failure: type[Exception]) -> Iterator[None]:
    """Turns the exceptions of sockets into those of httpcore."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise failure(str(error)) from error
