"""Paths of the project, and a function that runs programs."""

import pathlib
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BIN = PROJECT / ".build" / "release"
PROGRAMS = ("nnnd", "nnnctl")


def run(*arguments, check=True, **options):
    """Runs a program to its end and returns the result; it must succeed unless `check` is false."""
    finished = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=300, **options)
    if check:
        assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished
