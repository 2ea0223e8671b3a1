"""Faults on purpose: strace(1) makes chosen system calls of the daemon fail, or kills it there."""

import contextlib
import signal
import subprocess

from .sanitizers import NO_LEAKS

# What to start a command with.
STRACE = ["strace", "-f", "-qqq", *(f"-E{name}={value}" for name, value in NO_LEAKS.items())]


def injecting(calls, what, *, path=None, when=None, trace="/dev/null"):
    """What strace needs to be told so that it does `what` to `calls` (on `path` only, and only the `when`th time), and writes
    them to `trace`."""
    times = "" if when is None else f":when={when}"
    only = [] if path is None else ["-P", str(path)]
    return ["-y", "-o", str(trace), "-e", f"trace={calls}", "-e", f"inject={calls}:{what}{times}", *only]


def killing(calls, *, path=None, when=1):
    """What to start the daemon with so that it is killed right before the `when`th of these calls.

    strace runs beside it (-D), so that the process that was started is the daemon itself.
    """
    return [*STRACE, "-D", *injecting(calls, "signal=KILL", path=path, when=when)]


@contextlib.contextmanager
def faults(daemon, calls, what, **where):
    """Lets calls of a running daemon fail while the context lasts, or until the daemon ends."""
    arguments = ["strace", "-f", *injecting(calls, what, **where), "-p", str(daemon.process.pid)]
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as tracer:
        told = tracer.stderr.readline()
        assert "attached" in told, told
        try:
            yield tracer
        finally:
            if tracer.poll() is None:
                tracer.send_signal(signal.SIGINT)
            tracer.communicate()
