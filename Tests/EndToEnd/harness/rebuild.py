"""`nnnd rebuild`, run to its end or started."""

import subprocess

from .daemon import binary, clean_environment
from .waiting import DEADLINE


def rebuild_command(daemon, **flags):
    """What to run for a daemon that has stopped, with its own settings and others."""
    own = {name: daemon.flags[name] for name in ("data", "k", "threads") if daemon.flags.get(name) is not None}
    arguments = [f"--{name.replace('_', '-')}={value}" for name, value in (own | flags).items() if value is not None]
    return [str(binary()), "rebuild", *arguments]


def start_rebuild(daemon, *wrapper, **flags):
    return subprocess.Popen(
        [*wrapper, *rebuild_command(daemon, **flags)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=clean_environment(),
    )  # fmt: skip


def run_rebuild(daemon, *wrapper, **flags):
    """Its exit status, and what it wrote to standard error."""
    with start_rebuild(daemon, *wrapper, **flags) as process:
        output, errors = process.communicate(timeout=DEADLINE)
    assert output == "", output
    return process.returncode, errors


def rebuild(daemon, **flags):
    """A rebuild that must go well; what it wrote to standard error."""
    status, errors = run_rebuild(daemon, **flags)
    assert status == 0, errors
    return errors
