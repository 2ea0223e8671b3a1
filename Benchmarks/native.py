"""Compiles the small C programs of the benchmark into a temporary folder."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KERNELS = HERE.parent / "Sources" / "CKernels"
FOLDER = tempfile.TemporaryDirectory(prefix="nnnd-bench-native-")
UNCACHED = 1_400_000_000  # bytes: many times the size of any cache


def program(name, *flags, compiler="cc", sources=()):
    """Compiles NAME.c with `sources` at the first call; returns the path of the program."""
    path = Path(FOLDER.name) / name
    if not path.exists():
        command = [compiler, *flags, "-o", str(path), str(HERE / f"{name}.c"), *map(str, sources), "-lpthread", "-lm"]
        subprocess.run(command, check=True)
    return str(path)


def limits(threads, size=UNCACHED):
    """Measures the limits of `threads` cores.

    Returns "bandwidth", the bytes/s of reading `size` bytes; "float32" and "int8", the operations/s (a product and a
    sum are two); and "int8_instruction", the instructions of the latter.
    """
    command = [program("limits", "-O3", "-march=native"), str(threads), str(size)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600).stdout)


def clang():
    """The path of clang, which the kernels need: on the PATH, or in the Swift toolchain."""
    swift = shutil.which("swift")
    beside = Path(swift).resolve().parent / "clang" if swift else None
    found = shutil.which("clang") or (str(beside) if beside and beside.exists() else None)
    if not found:
        raise RuntimeError("the kernels need clang, which comes with the Swift toolchain")
    return found


def kernels():
    """The path of the program kernels.c, compiled with the current sources of the kernels."""
    flags = ("-O2", "-I", str(KERNELS / "include"))
    return program("kernels", *flags, compiler=clang(), sources=sorted(KERNELS.glob("*.c")))
