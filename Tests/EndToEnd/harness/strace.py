"""Fault injection: strace(1) makes chosen system calls fail, delays them, or kills the process there."""

import contextlib
import signal
import subprocess

from .sanitizers import WITHOUT_LEAK_DETECTION

# The command prefix that runs a program under strace.
STRACE = ["strace", "-f", "-qqq", *(f"-E{name}={value}" for name, value in WITHOUT_LEAK_DETECTION.items())]


def injecting(calls, what, *, path=None, when=None, trace="/dev/null"):
    """The arguments with which strace injects `what` into `calls` and writes them to `trace`.

    `path` limits this to calls on one path, `when` to the calls of that number, such as 3 or "3+".
    """
    times = "" if when is None else f":when={when}"
    only = [] if path is None else ["-P", str(path)]
    return ["-y", "-o", str(trace), "-e", f"trace={calls}", "-e", f"inject={calls}:{what}{times}", *only]


def killing(calls, *, path=None, when=1):
    """The command prefix under which the daemon is killed right before the `when`th of these calls.

    strace runs as a detached grandchild (-D), so the started process is the daemon itself.
    """
    return [*STRACE, "-D", *injecting(calls, "signal=KILL", path=path, when=when)]


@contextlib.contextmanager
def faults(daemon, calls, what, **where):
    """Injects a fault into calls of a running daemon while the context lasts, or until the daemon ends."""
    arguments = ["strace", "-f", *injecting(calls, what, **where), "-p", str(daemon.process.pid)]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        message = tracer.stderr.readline()
        assert "attached" in message, message
        try:
            yield tracer
        finally:
            if tracer.poll() is None:
                tracer.send_signal(signal.SIGINT)
            tracer.communicate()
