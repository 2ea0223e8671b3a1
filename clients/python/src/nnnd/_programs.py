"""Finds the programs nnnd and nnnctl: those in this package, or installed ones."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from .errors import DaemonFailed

# The wheel for Linux on x86-64 has the programs here; the wheel for all systems does not.
BUNDLED = Path(__file__).parent / "bin"


def find_program(name: str) -> Path:
    """The path of a program: in the folder that NNND_BIN names, in this package, or on the PATH.

    Raises:
        DaemonFailed: it is in none of them.

    """
    folder = os.environ.get("NNND_BIN")
    if folder:
        path = Path(folder).absolute() / name
        if not path.exists():
            raise DaemonFailed(f"NNND_BIN names {folder}, and there is no {name}")
        return path
    if (BUNDLED / name).exists():
        return BUNDLED / name
    found = shutil.which(name)
    if found is None:
        raise DaemonFailed(
            f"the program {name} was not found: install the wheel of nnnd for manylinux, which contains it, or the "
            "Debian package, or let the environment variable NNND_BIN name its folder"
        )
    return Path(found)


def _become(name: str) -> NoReturn:
    try:
        path = find_program(name)
    except DaemonFailed as error:
        sys.exit(f"{name}: {error}")
    os.execv(path, [name, *sys.argv[1:]])


def run_nnnd() -> NoReturn:
    """The command `nnnd` of the wheel: this process becomes the program."""
    _become("nnnd")


def run_nnnctl() -> NoReturn:
    """The command `nnnctl` of the wheel: this process becomes the program."""
    _become("nnnctl")
