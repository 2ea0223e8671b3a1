"""Stops single threads of a process with ptrace(2), as if they hung."""

import contextlib
import ctypes
import os
import pathlib

from .waiting import wait_until

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def threads_named(process, name):
    """The ids of the threads with this name."""
    tasks = pathlib.Path(f"/proc/{process}/task")
    return [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name]


@contextlib.contextmanager
def hung_thread(process, name):
    """Stops the only thread with this name while the context lasts; gives its id."""
    # A thread sets its name when it first runs.
    (thread,) = wait_until(lambda: threads_named(process, name), f"a thread named {name!r}")
    _call(_SEIZE, thread)
    try:
        _call(_INTERRUPT, thread)
        os.waitpid(thread, _WALL)
        yield thread
    finally:
        # The thread continues, if it still exists.
        _libc.ptrace(_DETACH, thread, None, None)


def reap_thread(thread):
    """Reaps a traced thread if its process has been killed; the process can't end before."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(thread, os.WNOHANG | _WALL)


def _call(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
