#!/usr/bin/env python3
"""Tries a wheel of the Python package where there is nothing but Python.

For each Python from 3.9 to 3.13 on this machine it makes a root folder with this Python, the shared libraries that this
Python itself and numpy need, and nothing else: no shell, no Debian packages, no Swift. In it the wheel and numpy are installed
with pip, the Python lines of README.md run and print what README.md says, and so do both programs. Run it as root: it needs mount(2)
and chroot(2), in a mount namespace that ends with it. numpy is downloaded from PyPI before.

    packaging/try_wheel.py .build-wheel/nnnd-*-manylinux_2_36_x86_64.whl
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[1]
VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
CHECKS = """
import subprocess
for program in ("nnnd", "nnnctl"):
    found = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == nnnd.__version__, found
"""
EXAMPLE = re.compile(r"^```python\n([\s\S]*?)^```\n((?:    .*\n)*)", re.M)


def pythons():
    """The interpreters on this machine: version -> (executable, its folders)."""
    places = [*map(pathlib.Path, os.environ["PATH"].split(":")), *pathlib.Path.home().glob(".pyenv/versions/*/bin")]
    code = "import sys, sysconfig; print(sys.base_prefix, sysconfig.get_path('stdlib'), '%d.%d' % sys.version_info[:2])"
    found = {}
    for version in VERSIONS:
        for folder in places:
            executable = folder / f"python{version}"
            if "shims" in str(folder) or not executable.exists():
                continue
            prefix, library, actual = subprocess.check_output([executable, "-I", "-c", code], text=True).split()
            has_pip = subprocess.run([executable, "-m", "ensurepip", "--version"], capture_output=True).returncode == 0
            if actual == version and has_pip and prefix not in ("/usr", "/"):
                found.setdefault(version, (executable.resolve(), pathlib.Path(prefix)))
    return found


def needed_libraries(paths):
    """The shared libraries that these files need, and the dynamic loader."""
    libraries = set()
    for path in paths:
        output = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        libraries |= set(re.findall(r"(?:=> |^\s)(/\S+) \(0x", output, re.M))
    return libraries


def make_root(root, executable, prefix):
    """Fills a folder with a Python and the libraries that it needs."""
    glibc = subprocess.check_output(["dpkg", "-L", "libc6"], text=True).split()
    glibc = [path for path in glibc if re.search(r"/lib[^/]*\.so\.\d+$", path)]
    for path in {*glibc, *needed_libraries([executable, *prefix.glob("lib/python3.*/lib-dynload/*.so")])}:
        if not path.startswith(str(prefix)):
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (root / str(prefix).lstrip("/")).mkdir(parents=True)
    for folder in ("proc", "dev", "tmp", "root", "wheels"):
        (root / folder).mkdir(exist_ok=True)


def try_python(version, executable, prefix, wheel):
    """Installs the wheel in a root folder of its own, and runs the example of README.md there."""
    with tempfile.TemporaryDirectory(prefix="nnnd-wheel-") as temporary:
        root = pathlib.Path(temporary)
        make_root(root, executable, prefix)
        subprocess.run(
            [executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
             "--dest", root / "wheels", "numpy"],
            check=True,
        )  # fmt: skip
        shutil.copy(wheel, root / "wheels")
        lines, expected = EXAMPLE.search((PROJECT / "README.md").read_text()).groups()
        (root / "tmp" / "lines.py").write_text(lines + CHECKS)
        shutil.copytree(PROJECT / "Examples", root / "tmp" / "Examples")
        # numpy's wheel expects these on the system. Only numpy looks into the folder where they are put here.
        numpy_needs = " ".join(f"/lib/x86_64-linux-gnu/{name}" for name in ("libstdc++.so.6", "libgcc_s.so.1"))
        inside = f"""
            set -e
            mount --make-rprivate /
            mount --bind {prefix} {root}{prefix}
            mount -o remount,bind,ro {root}{prefix}
            mount -t proc proc {root}/proc
            touch {root}/dev/null {root}/dev/urandom
            mount --bind /dev/null {root}/dev/null
            mount --bind /dev/urandom {root}/dev/urandom
            run() {{ env -i HOME=/root PATH=/venv/bin {shutil.which("chroot")} {root} "$@"; }}
            run {executable} -m venv /venv
            run /venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --find-links /wheels nnnd
            cp {numpy_needs} {root}/venv/lib/python{version}/site-packages/numpy.libs
            run /venv/bin/python -c "import os; os.chdir('/tmp'); exec(open('lines.py').read())"
        """
        result = subprocess.run(["unshare", "--mount", "bash", "-c", inside], capture_output=True, text=True)
        assert result.returncode == 0, f"Python {version}: {result.stdout}{result.stderr}"
        assert result.stdout == re.sub(r"^    ", "", expected, flags=re.M), f"Python {version}: {result.stdout}"


def main():
    wheel = pathlib.Path(sys.argv[1]).resolve()
    found = pythons()
    for version, (executable, prefix) in found.items():
        try_python(version, executable, prefix, wheel)
        print(f"Python {version}: the wheel works, and README.md is right", flush=True)
    missing = [version for version in VERSIONS if version not in found]
    if missing:
        print(f"not on this machine: Python {', '.join(missing)}")
    if not found:
        sys.exit("try_wheel.py: no Python was found that can be copied")


if __name__ == "__main__":
    main()
