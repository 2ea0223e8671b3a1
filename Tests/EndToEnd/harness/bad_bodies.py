"""Requests whose body is too large, or shorter than their head says."""

import socket

from .http import Response, UnixConnection

LARGEST_BODY = 64 << 20


def send_with_too_large_body(daemon, target, method="POST", media_type=None):
    """The response to a request whose length exceeds the limit of bodies."""
    connection = UnixConnection(daemon.socket)
    connection.putrequest(method, target)
    connection.putheader("Content-Length", str(LARGEST_BODY + 1))
    if media_type:
        connection.putheader("Content-Type", media_type)
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
