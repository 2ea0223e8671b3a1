"""What tests of hostile clients share: bare requests, and what the daemon takes of memory and descriptors."""

import os
import pathlib
import select

import numpy as np

MIB = 1 << 20
HEAD = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-npy\r\n"


def memory_peak(daemon):
    """The most memory of its own that the daemon has had, in bytes; pages of the map count as well."""
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def check_served(daemon):
    with daemon.client() as client:
        assert len(client.search(np.ones((1, 4)), top_k=3)["results"][0]) == 3


def read_to_end(connection):
    """What comes until the other end closes, however it does."""
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
    """Whether the other end of a socket has gone, without reading from it."""
    poller = select.poll()
    poller.register(connection, 0)
    return any(event & select.POLLHUP for _, event in poller.poll(0))
