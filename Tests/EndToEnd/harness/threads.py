"""Stops single threads of a process that goes on otherwise, as a hang would: ptrace(2)."""

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


def threads_called(process, name):
    """The numbers of the threads of this name."""
    tasks = pathlib.Path(f"/proc/{process}/task")
    return [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name]


@contextlib.contextmanager
def hung_thread(process, name):
    """Keeps the one thread of this name from running; its number."""
    # A thread names itself when it first runs.
    (thread,) = wait_until(lambda: threads_called(process, name), f"a thread called {name!r}")
    _call(_SEIZE, thread)
    try:
        _call(_INTERRUPT, thread)
        os.waitpid(thread, _WALL)
        yield thread
    finally:
        # It goes on, if it is still there.
        _libc.ptrace(_DETACH, thread, None, None)


def let_die(thread):
    """Lets a hung thread whose process has been killed go: until then the process stays."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(thread, os.WNOHANG | _WALL)


def _call(request, thread):
    if _libc.ptrace(request, thread, None, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
