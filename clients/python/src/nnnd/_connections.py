"""Connections to the Unix socket of the daemon, for clients that many threads use and that can be forked."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import socket
import struct
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ._responses import WholeResponse, read_response

# The kernel's limit for the path of a Unix socket, without the closing zero byte.
MAX_PATH_BYTES = 107
MAX_IDLE = 64
# Up to this size copying a body costs less than waking the daemon twice.
ONE_PIECE_BYTES = 1 << 20
DEFAULT_SOCKET = "/run/nnnd/nnnd.sock"


def default_socket() -> str:
    """The socket that the environment variable NNND_SOCKET names, or that of an installed daemon."""
    return os.environ.get("NNND_SOCKET") or DEFAULT_SOCKET


@contextlib.contextmanager
def socket_address(path: str) -> Iterator[str]:
    """A path of this socket that is short enough for the kernel.

    Linux reaches a socket in a folder with a long path by a descriptor of the folder.
    """
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield path
        return
    folder, name = os.path.split(path)
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def new_sockets(create: Callable[[], Sequence[socket.socket]]) -> Sequence[socket.socket]:
    """Sockets whose copies in the child of a fork are closed there, from their creation on."""
    with _creation:
        sockets = create()
        _open_sockets.update(sockets)
    return sockets


def is_readable(connection: socket.socket) -> bool:
    """Whether a read would not wait; an idle connection is readable if the daemon has closed it."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def connect(path: str, timeout: float | None) -> socket.socket:
    """A socket that is connected to `path`.

    Raises:
        TimeoutError: the daemon has not accepted the connection in time.
        OSError: nothing listens there.

    """
    (connection,) = new_sockets(lambda: [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)])
    try:
        # A socket with Python's own timeout does not block, and would not wait while the listen backlog is full.
        if timeout is not None:
            _set_send_timeout(connection, timeout)
        with socket_address(path) as address:
            connection.connect(address)
        if timeout is not None:
            _set_send_timeout(connection, 0)
        connection.settimeout(timeout)
    except BlockingIOError:
        connection.close()
        raise TimeoutError(f"{path} did not accept a connection in {timeout} s") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _set_send_timeout(connection: socket.socket, seconds: float) -> None:
    microseconds = max(1, int(seconds * 1e6)) if seconds else 0
    value = struct.pack("@ll", *divmod(microseconds, 1_000_000))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)


class UnixConnection:
    """An HTTP/1.1 connection to a Unix socket. It is opened by the first request.

    http.client would send the head and the body of a request apart, and so wake the daemon twice for each search.
    """

    def __init__(self, path: str, timeout: float | None) -> None:
        self._path = path
        self._timeout = timeout
        self.sock: socket.socket | None = None
        self.response: http.client.HTTPResponse | None = None

    def exchange(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], timeout: float | None = None
    ) -> WholeResponse:
        """Sends a request and returns its response.

        `timeout` replaces that of the connection; infinity means none.
        """
        return read_response(self._send(method, target, body, headers, timeout), method)

    def begin(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], timeout: float | None = None
    ) -> http.client.HTTPResponse:
        """Sends a request, as `exchange`, and returns the head of its response; the body is then read in pieces."""
        self.response = http.client.HTTPResponse(self._send(method, target, body, headers, timeout), method=method)
        self.response.begin()
        return self.response

    def _send(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str], timeout: float | None = None
    ) -> socket.socket:
        limit = self._timeout if timeout is None else (None if timeout == float("inf") else timeout)
        if self.sock is None:
            self.sock = connect(self._path, limit)
        self.sock.settimeout(limit)
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *(f"{name}: {headers[name]}" for name in headers)]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        # The daemon can reject a request before it has read the body, and then closes the connection.
        with contextlib.suppress(BrokenPipeError):
            head = "\r\n".join([*lines, "", ""]).encode("latin-1")
            if body is None or len(body) <= ONE_PIECE_BYTES:
                self.sock.sendall(head + (body or b""))
            else:
                self.sock.sendall(head)
                self.sock.sendall(body)
        return self.sock

    def was_closed(self) -> bool:
        """Whether the daemon has closed the idle connection."""
        assert self.sock is not None, "an idle connection has served a request"
        return is_readable(self.sock)

    def close(self) -> None:
        """Closes the connection. The daemon then ends what it computes for it."""
        # A response that was not read to its end keeps the socket open.
        if self.response is not None:
            self.response.close()
            self.response = None
        if self.sock is not None:
            self.sock.close()
            self.sock = None


class ConnectionPool:
    """The connections of one client. Each serves one request at a time; idle ones are used again.

    The child of a fork begins with an empty pool: it closes its copies of the parent's connections, which stay open in
    the parent.
    """

    def __init__(self, path: str | os.PathLike[str], timeout: float | None) -> None:
        self.path = str(Path(path).absolute())
        self.timeout = timeout
        self._reset()
        call_after_fork(self)

    def _reset(self) -> None:
        self._idle: list[UnixConnection] = []
        self._lock = threading.Lock()
        self.closed = False

    def new(self) -> UnixConnection:
        """A connection that has served no request."""
        if self.closed:
            raise ValueError("the client is closed")
        return UnixConnection(self.path, self.timeout)

    def take(self) -> tuple[UnixConnection, bool]:
        """A connection, and whether it has served a request before."""
        while True:
            with self._lock:
                if self.closed:
                    raise ValueError("the client is closed")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return UnixConnection(self.path, self.timeout), False
            if not connection.was_closed():
                return connection, True
            connection.close()

    def give_back(self, connection: UnixConnection) -> None:
        """Keeps a connection whose last response was read completely."""
        with self._lock:
            if not self.closed and len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Closes the idle connections. Those in use are closed when their response has been read."""
        with self._lock:
            self.closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def after_fork(self) -> None:
        """Closes the child's copies of the connections, in the child of a fork."""
        idle, closed = self._idle, self.closed
        # The lock is replaced, because another thread of the parent can have held it at the fork.
        self._reset()
        self.closed = closed
        for connection in idle:
            connection.close()


class Forked(Protocol):
    """An object that the child of a fork makes usable there."""

    def after_fork(self) -> None:
        """Begins anew in the child of a fork."""


def call_after_fork(connections: Forked) -> None:
    """Lets the child of a fork call `after_fork` of connections, after its copies of all sockets were closed."""
    _forked.add(connections)


_forked: weakref.WeakSet[Forked] = weakref.WeakSet()
_open_sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
# It is held during a fork, so that each socket is known then. A signal handler that forks can hold it already.
_creation = threading.RLock()


def _after_fork() -> None:
    _creation.release()
    for connection in list(_open_sockets):
        # Another thread of the parent can read from it, so that `close` could wait for that thread.
        descriptor = connection.detach()
        if descriptor >= 0:
            os.close(descriptor)
    _open_sockets.clear()
    for connections in list(_forked):
        connections.after_fork()


os.register_at_fork(before=_creation.acquire, after_in_parent=_creation.release, after_in_child=_after_fork)
