"""The process that runs a private daemon for as long as any process uses it.

It is started as a program of its own, needs only the standard library, and runs in a session of its own, so that
neither Ctrl-C nor the end of a notebook's process group reaches it. Each process that uses the daemon keeps a
connection to `lease.sock` open. The kernel closes it when that process ends, however it ends. When the last connection
is closed, the supervisor stops the daemon with SIGTERM, and ends. It also ends when the daemon has ended by itself; a
process that still uses the folder then starts a new supervisor at its next request. A temporary folder is removed when
the last connection to any of its supervisors was closed.

    python _supervisor.py JSON

The argument has `folder`, `command`, `settings`, `is_temporary` and `lease`, the descriptor of the first connection.
On each connection the supervisor first sends one line of JSON: `{"settings": ..., "pid": ...}`, or `{"failed": status,
"log": ..., "other": ...}` if the daemon did not start, with the end of the log, and the process id of a daemon that
serves this folder without a supervisor. When a process has ended its connection, the supervisor closes it too; the last
one only after the daemon has stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from typing import Any

if __package__:
    from ._daemon_process import is_ready, listening_process, spawn
else:
    # As a program this runs without the package, which needs numpy.
    sys.path.append(os.path.dirname(__file__))
    from _daemon_process import is_ready, listening_process, spawn  # type: ignore[import-not-found, no-redef]

LEASE_SOCKET = "lease.sock"
LOG = "nnnd.log"
LOG_TAIL_CHARACTERS = 2000
START_SECONDS = 120.0
STOP_SECONDS = 120.0
# How long an earlier daemon on the same folder can take to end.
BUSY_SECONDS = STOP_SECONDS + 10
# The exit status of a daemon whose store, spool or socket another one uses.
BUSY = 69


class Supervisor:
    """The daemon of one folder, and the connections of the processes that use it."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        first = socket.socket(fileno=config["lease"])
        first.set_inheritable(False)
        self._leases = {first}
        self._selector = selectors.DefaultSelector()
        self._pid: int | None = None
        self._is_stopping = False
        self._is_last_closed = False
        self._folder_lock = _shared_lock() if config["is_temporary"] else -1
        self._listener = _listen(LEASE_SOCKET)
        self._wakeup, writer = socket.socketpair()
        writer.setblocking(False)
        signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        self._writer = writer
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def run(self) -> None:
        """Runs the daemon until nobody uses it."""
        for source in (self._wakeup, *self._leases):
            self._selector.register(source, selectors.EVENT_READ)
        status = self._start()
        if status is not None:
            self._send(
                next(iter(self._leases)), {"failed": status, "log": log_tail(LOG), "other": self._other_daemon()}
            )
        else:
            self._send(next(iter(self._leases)), self._greeting())
            self._serve()
        # From now on a process that opens the folder finds no supervisor, and starts one.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(LEASE_SOCKET)
        if status is None:
            self._selector.unregister(self._listener)
        self._listener.close()
        self._end_daemon()
        if self._config["is_temporary"]:
            if not self._is_stopping:
                self._wait_for_last_lease()
            if self._is_last_closed and _is_alone(self._folder_lock):
                shutil.rmtree(self._config["folder"], ignore_errors=True)
        for lease in self._leases:
            lease.close()

    def _start(self) -> int | None:
        """Starts the daemon; the exit status if it did not start."""
        busy_until = time.monotonic() + BUSY_SECONDS
        while True:
            self._pid = spawn(self._config["command"])
            status = self._wait_until_ready()
            if status is None:
                return None
            self._pid = None
            if status != BUSY or time.monotonic() > busy_until or self._other_daemon() is not None:
                return status
            time.sleep(0.05)

    def _other_daemon(self) -> int | None:
        """The process id of a daemon that serves this folder and was not started by a supervisor, if one answers."""
        pid = listening_process()
        if pid is None or not is_ready(pid):
            return None
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            # A supervisor's daemon that is ending has the same configuration in its command line.
            arguments = file.read().split(b"\0")
            configuration = self._config["command"][self._config["command"].index("--config") + 1]
            return None if os.fsencode(configuration) in arguments else pid
        return None

    def _wait_until_ready(self) -> int | None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            status = self._exit_status()
            if status is not None:
                return status
            if self._pid is not None and is_ready(self._pid):
                return None
            time.sleep(0.005)
        self._end_daemon()
        return -signal.SIGKILL

    def _serve(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        while not self._is_stopping and self._exit_status() is None:
            self._handle_events()

    def _handle_events(self) -> None:
        for key, _ in self._selector.select():
            if key.fileobj is self._listener:
                self._accept()
            elif key.fileobj is self._wakeup:
                self._wakeup.recv(4096)
            else:
                self._read(key.fileobj)  # type: ignore[arg-type]

    def _wait_for_last_lease(self) -> None:
        """Tells the processes which still use the folder that the daemon has ended, and waits until they have gone.

        SIGTERM ends the wait.
        """
        for lease in self._leases:
            with contextlib.suppress(OSError):
                lease.shutdown(socket.SHUT_WR)
        while not self._is_stopping:
            self._handle_events()

    def _accept(self) -> bool:
        """Accepts a connection; False if none waits."""
        try:
            lease, _ = self._listener.accept()
        except OSError:
            # None waits, or the listener is closed.
            return False
        lease.setblocking(True)
        self._leases.add(lease)
        self._selector.register(lease, selectors.EVENT_READ)
        self._send(lease, self._greeting())
        return True

    def _read(self, lease: socket.socket) -> None:
        """Handles the end of a connection; nothing else is ever received."""
        with contextlib.suppress(ConnectionError):
            if lease.recv(4096):
                return
        self._selector.unregister(lease)
        if len(self._leases) == 1 and not self._accept():
            # The last one is told of the end when the daemon has stopped.
            self._is_stopping = self._is_last_closed = True
            return
        self._leases.remove(lease)
        lease.close()

    def _greeting(self) -> dict[str, Any]:
        return {"settings": self._config["settings"], "pid": self._pid}

    @staticmethod
    def _send(lease: socket.socket, message: dict[str, Any]) -> None:
        # The other process can have ended meanwhile; its connection is then closed when it is read.
        with contextlib.suppress(OSError):
            lease.sendall(json.dumps(message).encode() + b"\n")

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def _exit_status(self) -> int | None:
        """The exit status of the daemon; None while it runs."""
        if self._pid is None:
            return None
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            return None
        self._pid = None
        return os.waitstatus_to_exitcode(status)

    def _end_daemon(self) -> None:
        if self._pid is None:
            return
        os.kill(self._pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self._exit_status() is None and self._pid is not None:
            if time.monotonic() > end:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                return
            time.sleep(0.005)


def log_tail(path: str) -> str:
    """The last lines that the daemon has logged."""
    with contextlib.suppress(OSError), open(path, errors="replace") as file:
        return file.read()[-LOG_TAIL_CHARACTERS:]
    return ""


def _listen(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _shared_lock() -> int:
    """A descriptor with a shared lock on this folder, which each of its supervisors holds."""
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _is_alone(descriptor: int) -> bool:
    """Whether no other supervisor has a lock on the folder. The lock of `descriptor` is then exclusive, or lost."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    """Runs the supervisor as a process that init adopts, so that it is nobody's zombie."""
    config = json.loads(sys.argv[1])
    if os.fork():
        os._exit(0)
    os.chdir(config["folder"])
    Supervisor(config).run()


if __name__ == "__main__":
    main()
