"""Requests whose body is too large, or shorter than their head says."""

import socket

from .http import JSON, Response, UnixConnection

LARGEST_BODY = 64 << 20


def post_with_too_large_body(daemon, target, method="POST"):
    """The response to a request whose length exceeds the limit of bodies."""
    connection = UnixConnection(daemon.socket)
    connection.putrequest(method, target)
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    if method == "PATCH":
        connection.putheader("Content-Type", JSON)
    connection.endheaders()
    response = Response(method, target, connection.getresponse())
    connection.close()
    return response


def post_with_incomplete_body(daemon, target):
    """The response to a request whose body is shorter than its length."""
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", target)
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"{")
    connection.sock.shutdown(socket.SHUT_WR)
    response = Response("POST", target, connection.getresponse())
    connection.close()
    return response
