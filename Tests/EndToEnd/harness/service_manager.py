"""The parts of systemd that a service uses: passed sockets, sd_notify(3) messages and the watchdog."""

import socket
import sys
import time
import uuid

from .waiting import DEADLINE

# Moves the passed descriptors to 3, 4, ..., sets the variables, and then executes the daemon in the same process,
# because LISTEN_PID must be the daemon's process id. The descriptors are first copied to numbers from 100 on, so that
# none is overwritten by another one.
_PASS_AND_EXECUTE = """
import fcntl, os, sys
passed, process, count = sys.argv[1:4]
moved = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 100) for number in passed.split(",") if number]
os.closerange(3, 100)
for index, number in enumerate(moved):
    os.dup2(number, 3 + index, inheritable=True)
    os.close(number)
os.environ["LISTEN_PID"] = process or str(os.getpid())
os.environ["LISTEN_FDS"] = count or str(len(moved))
os.execv(sys.argv[4], sys.argv[4:])
"""


class PassedDescriptors:
    """Descriptors that are passed to a daemon when it starts, as socket activation does.

    `process` and `count` replace the right values of LISTEN_PID and LISTEN_FDS.
    """

    def __init__(self, *descriptors, process="", count=""):
        self.descriptors = [d if isinstance(d, int) else d.fileno() for d in descriptors]
        self.process = process
        self.count = count

    def wrapped(self, command):
        """The command that runs `command` with the passed descriptors."""
        passed = ",".join(map(str, self.descriptors))
        return [sys.executable, "-c", _PASS_AND_EXECUTE, passed, str(self.process), str(self.count), *command]


class ServiceManager:
    """Receives the messages of a service on NOTIFY_SOCKET; as a context manager it closes the socket."""

    def __init__(self, path=None):
        """Without a path the socket has an abstract name."""
        self.name = str(path) if path else f"@nnnd-test-{uuid.uuid4()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.name.replace("@", "\0", 1) if self.name.startswith("@") else self.name)
        # All assignments received so far, in order, such as ("READY", "1").
        self.assignments = []
        # The number of assignments that earlier waits have consumed.
        self._consumed = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def environment(self, watchdog=None):
        """The environment variables of the service; `watchdog` is in seconds."""
        variables = {"NOTIFY_SOCKET": self.name}
        if watchdog:
            variables["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        return variables

    def receive(self, seconds=0.0):
        """Waits at most this time for a message and returns its assignments; returns [] if none arrived."""
        self._socket.settimeout(seconds)
        try:
            message = self._socket.recv(65_536).decode()
        except (TimeoutError, BlockingIOError):  # BlockingIOError if `seconds` is 0
            return []
        assignments = [tuple(line.split("=", 1)) for line in message.split("\n")]
        self.assignments += assignments
        return assignments

    def drain(self):
        while self.receive():
            pass

    def values(self, name):
        """All values received so far for `name`."""
        self.drain()
        return [value for assigned, value in self.assignments if assigned == name]

    @property
    def names(self):
        """The names of all assignments received so far, in order."""
        self.drain()
        return [name for name, _ in self.assignments]

    def wait(self, name, condition=lambda value: True, count=1, alive=None):
        """Waits for the `count`th value of `name` that fulfils the condition, and returns it.

        Assignments that an earlier wait has consumed do not count.
        """
        end = time.monotonic() + DEADLINE
        while True:
            matching = [
                index for index in range(self._consumed, len(self.assignments))
                if self.assignments[index][0] == name and condition(self.assignments[index][1])
            ]  # fmt: skip
            if len(matching) >= count:
                last = matching[count - 1]
                self._consumed = last + 1
                return self.assignments[last][1]
            assert time.monotonic() < end, f"waited {DEADLINE} s in vain for {name}: {self.assignments}"
            if alive:
                alive()
            self.receive(0.05)

    def wait_for_watchdog_timeout(self, seconds):
        """Waits until no ping has arrived for this time, when systemd would kill the service.

        Consumes all assignments received until then.
        """
        end = time.monotonic() + DEADLINE
        timeout = time.monotonic() + seconds
        while time.monotonic() < timeout:
            assert time.monotonic() < end, "pings keep arriving"
            if ("WATCHDOG", "1") in self.receive(max(0.001, timeout - time.monotonic())):
                timeout = time.monotonic() + seconds
        self._consumed = len(self.assignments)


def bound_socket(path, kind=socket.SOCK_STREAM):
    """A Unix socket bound to `path`; a stream socket also listens."""
    bound = socket.socket(socket.AF_UNIX, kind)
    bound.bind(str(path))
    if kind == socket.SOCK_STREAM:
        bound.listen(64)
    return bound
