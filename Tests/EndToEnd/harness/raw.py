"""Requests and responses as bytes."""

import http.client

from .http import connect


def request(method, target, *lines, body=b"", version="1.1"):
    """The bytes of a request with these header lines; with a Content-Length where there is a body."""
    length = [f"Content-Length: {len(body)}"] if body else []
    head = [f"{method} {target} HTTP/{version}", "Host: x", *lines, *length]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def read_head(connection):
    """The bytes up to the next empty line, and no others."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, f"the connection ended after {head!r}"
        head += byte
    return head


class RawResponse:
    """The next response on a connection, with the bytes of its head."""

    def __init__(self, connection, method="GET"):
        head = read_head(connection)
        parsed = http.client.HTTPResponse(_Prefixed(head, connection), method=method)
        parsed.begin()
        self.head = head
        self.status = parsed.status
        self.headers = parsed.headers
        self.body = parsed.read()

    def __repr__(self):
        return f"{self.head!r} {self.body[:300]!r}"


class _Prefixed:
    """A connection from which some bytes have been read; http.client reads them, then exactly what it needs."""

    def __init__(self, head, connection):
        self._head = head
        self._connection = connection

    def makefile(self, _mode):
        return _Reader(self._head, self._connection)


class _Reader:
    """A file without a buffer of its own, so that the bytes of the next response stay in the connection."""

    def __init__(self, head, connection):
        self._rest = head
        self._connection = connection

    def read(self, size=-1):
        data = b""
        while size < 0 or len(data) < size:
            part = self._next(size - len(data) if size >= 0 else 1 << 16)
            if not part:
                break
            data += part
        return data

    read1 = read

    def readline(self, limit=-1):
        line = b""
        while not line.endswith(b"\n") and len(line) != limit:
            byte = self._next(1)
            if not byte:
                break
            line += byte
        return line

    def _next(self, size):
        if self._rest:
            part, self._rest = self._rest[:size], self._rest[size:]
            return part
        return self._connection.recv(size)

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def flush(self):
        pass

    def close(self):
        pass


def send(daemon, *requests, method="GET"):
    """Sends requests on one new connection, each after the response to the one before; the responses."""
    with connect(daemon.socket) as connection:
        responses = []
        for sent in requests:
            connection.sendall(sent)
            responses.append(RawResponse(connection, method))
        return responses
