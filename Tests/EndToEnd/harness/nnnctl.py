"""The operator's command line, run to its end."""

import subprocess

from .daemon import binary, clean_environment
from .waiting import DEADLINE


class Finished:
    """What a run of nnnctl gave: its exit status, and what it wrote."""

    def __init__(self, arguments, process):
        self.arguments = arguments
        self.status = process.returncode
        self.output = (process.stdout or b"").decode()
        self.errors = process.stderr.decode()

    def __repr__(self):
        return f"nnnctl {self.arguments}: {self.status}\n{self.output}\n{self.errors}"


def nnnctl(*arguments, daemon=None, environment=None, stdin=b"", stdout=subprocess.PIPE, cwd=None, umask=-1):
    """Runs nnnctl, against `daemon` (its socket in the environment) if one is given."""
    socket = {"NNND_SOCKET": str(daemon.socket)} if daemon else {}
    process = subprocess.run(
        [binary("nnnctl"), *arguments], input=stdin, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd,
        env=clean_environment(socket | (environment or {})), timeout=DEADLINE, umask=umask,
    )  # fmt: skip
    return Finished(arguments, process)


def succeeds(*arguments, daemon, **options):
    """Runs nnnctl, which must end with 0 and complain of nothing; what it wrote to standard output."""
    finished = nnnctl(*arguments, daemon=daemon, **options)
    assert (finished.status, finished.errors) == (0, ""), finished
    return finished.output


def fails(status, *arguments, **options):
    """Runs nnnctl, which must end with this status and say why; the reason.

    One line, but where the usage is wrong: what is wrong then comes first, the usage after it.
    """
    finished = nnnctl(*arguments, **options)
    assert finished.status == status, finished
    assert finished.errors.startswith("nnnctl: ") and finished.errors.endswith("\n"), finished
    if status == 64:
        assert "Usage: nnnctl" in finished.errors, finished
    else:
        assert finished.errors.count("\n") == 1, finished
    return finished.errors
