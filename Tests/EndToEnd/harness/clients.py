"""Helpers for tests of hostile clients: raw requests, and the daemon's use of memory and descriptors."""

import os
import pathlib
import select

import numpy as np

MIB = 1 << 20
# The head of a search request, without its last header and the empty line.
SEARCH_HEAD = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-npy\r\n"


def memory_peak(daemon):
    """The largest resident memory of the daemon so far, in bytes, including pages of the LMDB map."""
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def descriptors(daemon):
    """The number of open descriptors of the daemon."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def check_search_works(daemon):
    """Checks that the daemon answers a search on a new connection."""
    with daemon.client() as client:
        assert client.search(np.ones((1, 4)), top_k=3).ids.shape == (1, 3)


def read_to_end(connection):
    """The bytes received until the daemon closes or resets the connection."""
    received = b""
    while True:
        try:
            part = connection.recv(1 << 16)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


def daemon_closed(connection):
    """Whether the daemon has closed the connection, found without reading from it."""
    poller = select.poll()
    poller.register(connection, 0)
    return any(event & select.POLLHUP for _, event in poller.poll(0))
