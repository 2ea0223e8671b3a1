"""Sends requests over a pool of connections, again where that is safe, and reads their responses."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

from ._connections import ConnectionPool, UnixConnection
from ._messages import Request, Response
from ._retry import Retries
from .errors import NnndError, NotReachable, RequestTimeout

STREAM_BYTES = 1 << 20


class Transport:
    """Sends requests to one socket. Any number of threads can use it at once."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        timeout: float | None,
        retry_seconds: float,
        before_request: Callable[[], Any] = lambda: None,
    ) -> None:
        self.pool = ConnectionPool(path, timeout)
        self.retries = Retries(retry_seconds)
        # Called before each attempt; an embedded daemon is started here if it has ended.
        self._before_request = before_request

    def send(self, request: Request, timeout: float | None = None) -> Response:
        """Sends a request and returns its response, whatever its status.

        `timeout` replaces that of the client for this request; infinity means none.
        """
        return self._repeat(lambda: self._attempt(request, timeout))

    def send_within(self, seconds: float | None, request: Request) -> Response:
        """As `send`; each attempt takes at most so many seconds, and no further one begins after them."""
        if seconds is None:
            return self.send(request)
        timeout = min(seconds, float("inf") if self.pool.timeout is None else self.pool.timeout)
        return self._repeat(lambda: self._attempt(request, timeout), seconds)

    def stream(self, request: Request, write: Callable[[bytes], Any]) -> None:
        """Sends a request, and passes the body of the response to `write` piece by piece.

        It is not sent again after the response has begun.
        """
        with self._open(request) as response:
            while True:
                with _translated_errors(self.pool.path):
                    piece = response.read(STREAM_BYTES)
                if not piece:
                    return
                write(piece)

    def stream_lines(self, request: Request, take: Callable[[bytes], Any], timeout: float | None = None) -> None:
        """Sends a request, and passes each line of the response to `take` when it arrives, as `stream`.

        `timeout` replaces that of the client for each line; infinity means none.
        """
        with self._open(request, timeout) as response:
            while True:
                with _translated_errors(self.pool.path):
                    line = response.readline()
                if not line:
                    return
                take(line)

    @contextlib.contextmanager
    def _open(self, request: Request, timeout: float | None = None) -> Iterator[http.client.HTTPResponse]:
        """A response of status 200 whose body has not been read; its connection is closed at the end."""
        connection = self.pool.new()
        try:
            self._repeat(lambda: self._begin(connection, request, timeout)).content()
            assert connection.response is not None
            yield connection.response
        finally:
            connection.close()

    def _begin(self, connection: UnixConnection, request: Request, timeout: float | None) -> Response:
        """One attempt, after which the body of a response of status 200 is still to be read."""
        connection.close()
        self._before_request()
        with _translated_errors(self.pool.path):
            answer = connection.begin(request.method, request.target, request.body, request.headers, timeout)
            body = b"" if answer.status == 200 else answer.read()
        return Response(answer.status, body, answer.headers.get("Retry-After"))

    def _repeat(self, attempt: Callable[[], Response], seconds: float = float("inf")) -> Response:
        """The response of the last of the attempts at a request, which begin within so many seconds."""
        attempts = self.retries.attempts(seconds)
        while True:
            try:
                response = attempt()
            except NotReachable as error:
                delay = attempts.delay_after_error(error)
            else:
                again = attempts.delay_after(response)
                if again is None:
                    return response
                delay = again
            time.sleep(delay)

    def _attempt(self, request: Request, timeout: float | None) -> Response:
        """One attempt; a second one at once if the daemon closed an idle connection at the same moment."""
        self._before_request()
        while True:
            connection, was_used = self.pool.take()
            try:
                with _translated_errors(self.pool.path):
                    return self._exchange(connection, request, timeout)
            except NotReachable:
                connection.close()
                if not was_used:
                    raise
            except BaseException:
                connection.close()
                raise

    def _exchange(self, connection: UnixConnection, request: Request, timeout: float | None) -> Response:
        answer = connection.exchange(request.method, request.target, request.body, request.headers, timeout)
        if answer.will_close:
            connection.close()
        else:
            self.pool.give_back(connection)
        return Response(answer.status, answer.body, answer.retry_after, answer.content_type)


@contextlib.contextmanager
def _translated_errors(path: str) -> Iterator[None]:
    """Turns the exceptions of sockets and http.client into those of this package."""
    try:
        yield
    except NnndError:
        raise
    # Before Python 3.10 the timeout of a socket is not a TimeoutError.
    except (TimeoutError, socket.timeout) as error:
        raise RequestTimeout(f"no answer in time on {path}") from error
    except FileNotFoundError as error:
        raise NotReachable(f"there is no socket {path}: is nnnd running, and is this its socket?") from error
    except PermissionError as error:
        raise NotReachable(
            f"no permission to use {path}: members of the socket's group, nnnd-clients, have it"
        ) from error
    except ConnectionRefusedError as error:
        raise NotReachable(f"no daemon listens on {path}") from error
    except (OSError, http.client.HTTPException) as error:
        raise NotReachable(f"the daemon on {path} ended the connection: {error!r}") from error
