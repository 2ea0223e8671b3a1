"""The daemon as a process: starts it, and asks the socket of its API. Needs only the standard library.

The calling process, the supervisor, runs in the folder of the daemon, so paths are relative to that folder.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
from typing import Any

API_SOCKET = "nnnd.sock"


def listening_process() -> int | None:
    """The id of the process that listens on the socket of the API."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(API_SOCKET)
        except OSError:
            return None
        return peer(connection)


def peer(connection: socket.socket) -> int:
    """The id of the process at the other end."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])


def is_ready(pid: int) -> bool:
    """Whether the daemon with this process id answers requests.

    An earlier daemon that is ending can still answer on the same path.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(API_SOCKET)
            if peer(connection) != pid:
                return False
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in connection.recv(64)
        except OSError:
            return False


def spawn(command: list[str]) -> int:
    """Starts the daemon as a child that the kernel asks to stop if this process is killed."""
    parent = os.getpid()
    set_parent_death_signal = _parent_death_signal()
    pid = os.fork()
    if pid:
        return pid
    try:
        # The child has the supervisor's handlers, and its pipe for the numbers of signals; neither is for the daemon.
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        set_parent_death_signal(signal.SIGTERM)
        if os.getppid() == parent:
            os.execv(command[0], command)
    finally:
        os._exit(127)


def _parent_death_signal() -> Any:
    """A function that sets the signal which this process gets when its parent ends (prctl(2), PR_SET_PDEATHSIG)."""
    try:
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):
        return lambda number: None
    return lambda number: prctl(1, number, 0, 0, 0)
