"""Runs `nnnd rebuild`."""

import subprocess

from .daemon import binary, clean_environment
from .waiting import DEADLINE


def rebuild_command(daemon, **flags):
    """The command that rebuilds the store of a stopped daemon, with the daemon's settings and `flags`."""
    kept = {name: daemon.flags[name] for name in ("data", "k", "threads") if daemon.flags.get(name) is not None}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in (kept | flags).items() if value is not None]
    return [str(binary()), "rebuild", *arguments]


def start_rebuild(daemon, *wrapper, **flags):
    """Starts a rebuild, through the command `wrapper` if there is one; returns the process."""
    return subprocess.Popen(
        [*wrapper, *rebuild_command(daemon, **flags)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=clean_environment(),
    )  # fmt: skip


def run_rebuild(daemon, *wrapper, **flags):
    """Runs a rebuild to its end; returns its exit status and its standard error."""
    with start_rebuild(daemon, *wrapper, **flags) as process:
        output, errors = process.communicate(timeout=DEADLINE)
    assert output == "", output
    return process.returncode, errors


def rebuild(daemon, **flags):
    """Runs a rebuild that must succeed; returns its standard error."""
    status, errors = run_rebuild(daemon, **flags)
    assert status == 0, errors
    return errors
