"""Reads responses from a socket.

http.client parses headers as those of e-mails, which takes longer than all other work of the client for a search of one
query. The responses of the daemon are simple: a head of a few hundred bytes, and a body of the length that it tells.
"""

from __future__ import annotations

import http.client
import socket
from typing import NamedTuple

# More than a head has.
PEEK_BYTES = 2048
READ_BYTES = 1 << 18


class WholeResponse(NamedTuple):
    """A response whose body was read. `will_close` says whether the daemon closes the connection."""

    status: int
    body: bytes
    retry_after: str | None
    content_type: str | None
    will_close: bool


class _Head(NamedTuple):
    """What the head of a simple response says; `size` is that of the head itself."""

    size: int
    status: int
    length: int
    retry_after: str | None
    content_type: str | None


def read_response(connection: socket.socket, method: str) -> WholeResponse:
    """Reads the response to a request that was sent on this connection.

    A simple response is read here, and http.client reads every other one.

    Raises:
        OSError, http.client.HTTPException: the daemon ended the connection, or what it sent is no HTTP.

    """
    head = _simple_head(connection.recv(PEEK_BYTES, socket.MSG_PEEK))
    if head is None:
        response = http.client.HTTPResponse(connection, method=method)
        response.begin()
        body, headers = response.read(), response.headers
        return WholeResponse(
            response.status, body, headers.get("Retry-After"), headers.get("Content-Type"), response.will_close
        )
    _read(connection, head.size)
    return WholeResponse(head.status, _read(connection, head.length), head.retry_after, head.content_type, False)


def _simple_head(data: bytes) -> _Head | None:
    """The head at the beginning of `data`.

    None if the head is not complete there, does not tell the length of the body, or has anything that needs more than
    this: another transfer coding, an interim response, a connection that ends.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0 or not data.startswith(b"HTTP/1.1 ") or not data[9:12].isdigit():
        return None
    fields: dict[bytes, bytes] = {}
    for line in data[:end].split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        fields[name.lower()] = value.strip()
    status, length = int(data[9:12]), fields.get(b"content-length", b"")
    if not length.isdigit() or b"transfer-encoding" in fields or b"connection" in fields or status < 200:
        return None

    def text(name: bytes) -> str | None:
        return fields[name].decode("latin-1") if name in fields else None

    return _Head(end + 4, status, int(length), text(b"retry-after"), text(b"content-type"))


def _read(connection: socket.socket, size: int) -> bytes:
    """The next `size` bytes of a connection."""
    pieces: list[bytes] = []
    rest = size
    while rest:
        piece = connection.recv(min(rest, READ_BYTES))
        if not piece:
            raise http.client.IncompleteRead(b"".join(pieces), rest)
        pieces.append(piece)
        rest -= len(piece)
    return b"".join(pieces)
