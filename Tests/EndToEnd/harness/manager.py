"""What systemd does for a service that it runs: it hands sockets over, listens to what the service tells, waits for pings."""

import os
import socket
import sys
import time
import uuid

from .waiting import DEADLINE

# Run in the place of the daemon, which it then becomes: only the process itself knows the number for LISTEN_PID.
_HAND_OVER = """
import fcntl, os, sys
given, process, count = sys.argv[1:4]
moved = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in given.split(",") if number]
os.closerange(3, 100)
for place, number in enumerate(moved):
    os.dup2(number, 3 + place, inheritable=True)
    os.close(number)
os.environ["LISTEN_PID"] = process or str(os.getpid())
os.environ["LISTEN_FDS"] = count or str(len(moved))
os.execv(sys.argv[4], sys.argv[4:])
"""


class HandedOver:
    """Descriptors that a daemon finds open when it starts.

    `process` and `count` are told in the place of the truth.
    """

    def __init__(self, *descriptors, process="", count=""):
        self.descriptors = [d if isinstance(d, int) else d.fileno() for d in descriptors]
        self.process = process
        self.count = count

    def arguments(self, arguments):
        """What to run so that a program finds the descriptors."""
        given = ",".join(map(str, self.descriptors))
        return [sys.executable, "-c", _HAND_OVER, given, str(self.process), str(self.count), *arguments]


class Manager:
    """The other end of NOTIFY_SOCKET; as a context manager it closes the socket."""

    def __init__(self, path=None):
        """Without a path the socket has an abstract name."""
        self.name = str(path) if path else f"@nnnd-test-{uuid.uuid4()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.name.replace("@", "\0", 1) if self.name.startswith("@") else self.name)
        # Every assignment that was told, in order: ("READY", "1").
        self.told = []
        # How many of them `wait` has gone past.
        self._past = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def environment(self, watchdog=None):
        """The variables for the service; `watchdog` in seconds."""
        variables = {"NOTIFY_SOCKET": self.name}
        if watchdog:
            variables["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        return variables

    def receive(self, seconds=0.0):
        """Takes the next message, waiting so long for one; its assignments, none where nothing came."""
        self._socket.settimeout(seconds or 0.000_001)
        try:
            message = self._socket.recv(65_536).decode()
        except (TimeoutError, BlockingIOError):
            return []
        assignments = [tuple(line.split("=", 1)) for line in message.split("\n")]
        self.told += assignments
        return assignments

    def drain(self):
        while self.receive():
            pass

    def values(self, name):
        """All that was told of `name` so far."""
        self.drain()
        return [value for told, value in self.told if told == name]

    @property
    def names(self):
        """The names of all that was told so far, in order."""
        self.drain()
        return [name for name, _ in self.told]

    def wait(self, name, condition=lambda value: True, count=1, alive=None):
        """Waits until `name` has been told with a fitting value so many times; the last such value.

        What an earlier wait has gone past doesn't count again.
        """
        end = time.monotonic() + DEADLINE
        while True:
            fitting = [
                place for place in range(self._past, len(self.told))
                if self.told[place][0] == name and condition(self.told[place][1])
            ]  # fmt: skip
            if len(fitting) >= count:
                self._past = fitting[count - 1] + 1
                return self.told[fitting[count - 1]][1]
            assert time.monotonic() < end, f"waited {DEADLINE} s in vain for {name}: {self.told}"
            if alive:
                alive()
            self.receive(0.05)

    def wait_until_watchdog_bites(self, seconds):
        """Waits until no ping has come for so long, which is when systemd ends the service; goes past all before."""
        end = time.monotonic() + DEADLINE
        bites = time.monotonic() + seconds
        while time.monotonic() < bites:
            assert time.monotonic() < end, "pings keep coming"
            if ("WATCHDOG", "1") in self.receive(max(0.001, bites - time.monotonic())):
                bites = time.monotonic() + seconds
        self._past = len(self.told)


def listening(path, kind=socket.SOCK_STREAM):
    """A Unix socket bound to `path`, that listens where its kind can."""
    made = socket.socket(socket.AF_UNIX, kind)
    made.bind(str(path))
    if kind == socket.SOCK_STREAM:
        made.listen(64)
    return made
