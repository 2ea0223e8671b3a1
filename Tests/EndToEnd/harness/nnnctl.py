"""Runs nnnctl to its end."""

import os
import subprocess

from .daemon import binary, clean_environment
from .waiting import DEADLINE


class Finished:
    """The result of a run of nnnctl: exit status, standard output and standard error."""

    def __init__(self, arguments, process):
        self.arguments = arguments
        self.status = process.returncode
        self.output = (process.stdout or b"").decode()
        self.errors = process.stderr.decode()

    def __repr__(self):
        return f"nnnctl {self.arguments}: {self.status}\n{self.output}\n{self.errors}"


def nnnctl(*arguments, daemon=None, environment=None, stdin=b"", stdout=subprocess.PIPE, cwd=None, umask=-1):
    """Runs nnnctl; if there is a `daemon`, NNND_SOCKET is its socket."""
    socket = {"NNND_SOCKET": str(daemon.socket)} if daemon else {}
    process = subprocess.run(
        [binary("nnnctl"), *arguments], input=stdin, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd,
        env=clean_environment(socket | (environment or {})), timeout=DEADLINE, umask=umask,
    )  # fmt: skip
    return Finished(arguments, process)


def succeeds(*arguments, daemon, **options):
    """Runs nnnctl, which must exit with 0 and print no errors; returns its standard output."""
    finished = nnnctl(*arguments, daemon=daemon, **options)
    assert (finished.status, finished.errors) == (0, ""), finished
    return finished.output


def fails(status, *arguments, **options):
    """Runs nnnctl, which must exit with this status of sysexits.h, os.EX_...; returns its error message.

    The message is one line, except for usage errors, where the usage follows it.
    """
    finished = nnnctl(*arguments, **options)
    assert finished.status == status, finished
    assert finished.errors.startswith("nnnctl: ") and finished.errors.endswith("\n"), finished
    if status == os.EX_USAGE:
        assert "Usage: nnnctl" in finished.errors, finished
    else:
        assert finished.errors.count("\n") == 1, finished
    return finished.errors
