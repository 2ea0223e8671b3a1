"""Describes the machine that the benchmark runs on, and the programs that it measures."""

import hashlib
import os
import platform
import re
import subprocess
import tempfile
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

import native

FLAGS = ("avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "asimd", "asimddp")


def output(*command):
    """The output of a command; empty if it fails."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def fields(path):
    """The "name: value" lines of a file in /proc; the first of each name."""
    found = {}
    for line in Path(path).read_text().splitlines():
        name, separator, value = line.partition(":")
        if separator:
            found.setdefault(name.strip(), value.strip())
    return found


def cpu():
    listed = fields("/proc/cpuinfo")
    model = listed.get("model name") or platform.machine()
    return f"{os.cpu_count()} cores of {model}"


def caches():
    sizes = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            sizes[f"L{level}"] = size.replace("K", " KiB").replace("M", " MiB")
    return ", ".join(f"{level} {size}" for level, size in sizes.items())


def system():
    release = Path("/etc/os-release")
    name = fields_of_release(release).get("PRETTY_NAME", "") if release.exists() else ""
    return f"{name}, {platform.system()} {platform.release()}"


def fields_of_release(path):
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    return {name: value.strip('"') for name, _, value in pairs}


def version(package):
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} absent"


def commit():
    """The commit of the source tree, and whether the tree has changes."""
    here = str(native.HERE)
    name = output("git", "-C", here, "rev-parse", "--short", "HEAD")
    changed = output("git", "-C", here, "status", "--porcelain", "--", "../Sources", "../Package.swift")
    return (name or "unknown") + (" with changes" if changed else "")


def program(binaries):
    """The digest of the measured nnnd, and the commit of the source tree, from which it may not have been built."""
    content = (binaries / "nnnd").read_bytes()
    return f"sha256 {hashlib.sha256(content).hexdigest()[:12]}; source tree: {commit()}"


def version_of(binaries):
    """The version that the measured nnnd states."""
    return output(str(binaries / "nnnd"), "--version") or "unknown"


def version_of_sources():
    """The version that the sources will have or have as a release: that of the newest section of CHANGELOG.md."""
    text = (native.HERE.parent / "CHANGELOG.md").read_text()
    return re.search(r"^## .*?(\d+\.\d+\.\d+)", text, re.M)[1]


def load():
    return f"{os.getloadavg()[0]:.2f}"


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def describe(binaries):
    """The description of the machine, as pairs of a name and a value."""
    flags = fields("/proc/cpuinfo")
    present = (flags.get("flags") or flags.get("Features") or "").split()
    memory = int(fields("/proc/meminfo")["MemTotal"].split()[0]) / 2**20
    temporary = output("df", "--output=source,fstype", tempfile.gettempdir()).splitlines()
    packages = ("faiss-cpu", "usearch", "numpy", "nnn-retrieval", "torch")
    return [
        ("CPU", f"{cpu()} ({', '.join(flag for flag in FLAGS if flag in present)})"),
        ("caches", caches()),
        ("memory", f"{memory:.1f} GiB"),
        ("system", system()),
        ("data on", " ".join(temporary[-1].split()) if temporary else ""),
        ("nnnd", program(binaries)),
        ("peers", f"{', '.join(version(package) for package in packages)}; Python {platform.python_version()}"),
    ]
