"""Leases: the connections by which processes keep the private daemon of a folder running."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._connections import connect, new_sockets
from ._daemon_process import API_SOCKET
from ._programs import find_program
from ._supervisor import BUSY_SECONDS, LEASE_SOCKET, LOG, START_SECONDS, log_tail
from .errors import DaemonFailed

SUPERVISOR = Path(__file__).with_name("_supervisor.py")
CONFIGURATION = "nnnd.yaml"
LOCK = "open.lock"
# A store is created with these; later the daemon must be started with the same values.
FIXED_SETTINGS = ("metric", "precision")
# A supervisor first waits for the end of an earlier daemon.
HANDSHAKE_SECONDS = BUSY_SECONDS + START_SECONDS + 60
CLOSE_SECONDS = 180.0
LOG_BYTES = 10 << 20
# Variables that the daemon would take settings or sockets from.
_FOREIGN_VARIABLES = (
    "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
    "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM",
)  # fmt: skip


@dataclass(frozen=True)
class PrivateFolder:
    """A folder with a store, a spool, a socket and the settings of a private daemon."""

    path: Path
    is_temporary: bool = False

    @property
    def socket(self) -> Path:
        """The socket of the API."""
        return self.path / API_SOCKET

    def command(self, settings: dict[str, str]) -> list[str]:
        """The command line of the daemon, which runs in this folder."""
        # Linux limits the length of a socket's path. The daemon runs in the folder and reaches it by a short path.
        socket_path = self.socket if len(os.fsencode(self.socket)) <= 107 else f"/proc/self/cwd/{API_SOCKET}"
        defaults = {"socket-mode": "0600", "finished-shards": "delete"}
        flags = [f"--{name}={value}" for name, value in {**defaults, **settings}.items()]
        return [
            str(find_program("nnnd")), "serve", "--config", str(self.path / CONFIGURATION),
            "--spool", str(self.path / "spool"), "--data", str(self.path / "data"), "--socket", str(socket_path),
            *flags,
        ]  # fmt: skip

    def log_tail(self) -> str:
        """The last lines that the daemon has logged."""
        return log_tail(str(self.path / LOG))


class Lease:
    """A connection to the supervisor of a private daemon. The daemon runs at least until it is closed."""

    def __init__(self, connection: socket.socket, settings: dict[str, str]) -> None:
        self._connection = connection
        self.settings = settings

    def is_valid(self) -> bool:
        """Whether the supervisor, and so the daemon, still runs."""
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Ends the lease without waiting for what follows."""
        self._connection.close()

    def close_and_wait(self) -> None:
        """Ends the lease; if it was the last one, waits until the daemon has ended."""
        with contextlib.suppress(OSError):
            self._connection.settimeout(CLOSE_SECONDS)
            self._connection.shutdown(socket.SHUT_WR)
            while self._connection.recv(4096):
                pass
        self._connection.close()


def acquire(folder: PrivateFolder, settings: dict[str, str]) -> Lease:
    """A lease of the daemon of a folder, which is started if it does not run.

    Raises:
        DaemonFailed: the daemon does not start.

    """
    with _lock(folder.path / LOCK):
        connection = _existing(folder)
        if connection is not None:
            lease = _greeted(folder, connection)
            if lease is not None:
                return lease
        lease = _greeted(folder, _start(folder, settings))
        if lease is None:
            raise DaemonFailed(f"the supervisor of nnnd in {folder.path} ended at its start: {folder.log_tail()}")
        return lease


def _existing(folder: PrivateFolder) -> socket.socket | None:
    try:
        return connect(str(folder.path / LEASE_SOCKET), HANDSHAKE_SECONDS)
    except (FileNotFoundError, ConnectionRefusedError):
        return None


def _greeted(folder: PrivateFolder, connection: socket.socket) -> Lease | None:
    """The lease on this connection; None if its supervisor is ending."""
    connection.settimeout(HANDSHAKE_SECONDS)
    line = b""
    while not line.endswith(b"\n"):
        try:
            received = connection.recv(65536)
        except ConnectionError:
            received = b""
        if not received:
            connection.close()
            return None
        line += received
    message: dict[str, Any] = json.loads(line)
    if "failed" in message:
        connection.close()
        if message.get("other"):
            raise DaemonFailed(
                f"process {message['other']} serves {folder.path}, and nnnd.open did not start it; use "
                f"nnnd.Client({str(folder.socket)!r}), or stop that process first"
            )
        raise DaemonFailed(f"nnnd did not start in {folder.path} (status {message['failed']}): {message['log']}")
    return Lease(connection, message["settings"])


def _start(folder: PrivateFolder, settings: dict[str, str]) -> socket.socket:
    """Starts a supervisor and returns the first connection to it."""
    own, other = new_sockets(socket.socketpair)
    _write_configuration(folder, settings)
    config = {
        "folder": str(folder.path),
        "command": folder.command(settings),
        "settings": settings,
        "is_temporary": folder.is_temporary,
        "lease": other.fileno(),
    }
    log_path = folder.path / LOG
    with open(log_path, "ab") as log:
        if log.tell() > LOG_BYTES:
            log.truncate(0)
        starter = subprocess.Popen(
            [sys.executable or "python3", "-I", "-S", str(SUPERVISOR), json.dumps(config)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[other.fileno()], start_new_session=True,
            env=_environment(), cwd=folder.path,
        )  # fmt: skip
    other.close()
    # It ends as soon as it has become a process of its own.
    starter.wait()
    return own


def _write_configuration(folder: PrivateFolder, settings: dict[str, str]) -> None:
    """Creates the settings of a new folder, with those that are fixed in its store."""
    lines = ["# Settings of the private daemon of this folder, as nnnd.yaml(5) describes them."]
    lines += [f"{name}: {settings[name]}" for name in FIXED_SETTINGS if name in settings]
    with contextlib.suppress(FileExistsError), open(folder.path / CONFIGURATION, "x") as file:
        file.write("\n".join(lines) + "\n")


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _FOREIGN_VARIABLES and (not name.startswith("NNND_") or name == "NNND_KERNELS")
    }


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Excludes other threads and processes. Unlike a lock of flock(2), the child of a fork does not inherit it."""
    with _thread_lock, open(path, "a") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


_thread_lock = threading.Lock()


def _after_fork() -> None:
    global _thread_lock
    _thread_lock = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
