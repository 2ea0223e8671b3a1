#!/usr/bin/env python3
"""Boots systemd in a container, installs the package there and runs the tests in `checks/`; see `make test-systemd`.

    boot.py --check                tests whether this machine can boot such a container
    boot.py --deb nnnd_1_amd64.deb [--only memory,failures]

The container's root is an overlay of this machine's root; changes go to a tmpfs. The container has no network and no
Swift toolchain. All mounts are in the mount namespace of a child process, so they end with that process.
"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# In order of execution; "installation" must be first and "removal" last.
CHECKS = ["installation", "sockets", "groups", "operation", "failures", "memory", "instances", "upgrade", "removal"]
# Seconds for all checks together.
TIMEOUT = 600

UNIT = """
[Unit]
Description=Checks of nnnd
After=multi-user.target
SuccessAction=poweroff
FailureAction=poweroff

[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh /nnnd-checks/run
"""


def missing_requirement():
    """The reason why this machine can't boot the container, or None if it can."""
    if os.geteuid() != 0:
        return "it takes root to boot a system in a container"
    for program in ("systemd-nspawn", "unshare", "mount"):
        if not shutil.which(program):
            return f"there is no {program}: install the packages in packages/debian-deb.txt"
    if not any(pathlib.Path(f"/sys/fs/cgroup{path}/cgroup.procs").exists() for path in ("", "/systemd", "/unified")):
        return "there are no control groups at /sys/fs/cgroup, and systemd needs them"
    with tempfile.TemporaryDirectory() as folder:
        error = error_of(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", folder])
        if error:
            return f"this machine does not allow mounting file systems: {error}"
        overlay = (
            f"mkdir {folder}/t && mount -t tmpfs tmpfs {folder}/t && mkdir {folder}/t/u {folder}/t/w {folder}/t/m && "
            f"mount -t overlay overlay -o lowerdir=/etc,upperdir={folder}/t/u,workdir={folder}/t/w {folder}/t/m"
        )
        error = error_of(["unshare", "--mount", "sh", "-c", overlay])
        return f"this machine has no overlay file system: {error}" if error else None


def error_of(command):
    """The error message of a command, or None if it succeeds."""
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (finished.stderr.strip() or f"status {finished.returncode}") if finished.returncode else None


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


class MemoryGroup:
    """A context manager that lets the container limit the memory of its units with control groups of version 1.

    systemd-nspawn does not delegate the memory controller of version 1, so the container runs in a new memory group.
    """

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup/memory")
        self.path = root / f"nnnd-checks-{os.getpid()}" if (root / "memory.limit_in_bytes").exists() else None

    def __enter__(self):
        if self.path:
            self.path.mkdir()
        return self

    def add_calling_process(self):
        """Moves the calling process into the group."""
        if self.path:
            (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def __exit__(self, *_):
        if self.path:
            for group, _, _ in os.walk(self.path, topdown=False):
                os.rmdir(group)


class Machine:
    """The container: a root folder that is an overlay of this machine's root, and the checks to run."""

    def __init__(self, folder, checks):
        self.folder = folder
        self.checks = checks
        self.root = folder / "root"
        # Shared with the container: the package, the script that runs the checks, and their results.
        self.shared = folder / "shared"
        # The store of the memory check; it must be on a disk, because pages of a tmpfs can't be evicted.
        self.disk = folder / "disk"

    def make(self, deb):
        lower, layer = self.folder / "lower", self.folder / "layer"
        for path in (lower, layer, self.root, self.shared, self.disk):
            path.mkdir()
        mount("--bind", "/", lower)
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", layer)
        for name in ("upper", "work"):
            (layer / name).mkdir()
        options = f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work"
        mount("-t", "overlay", "overlay", "-o", options, self.root)
        self._remove_host_configuration()
        shutil.copy(deb, self.shared / "nnnd.deb")
        os.mkfifo(self.shared / "output")
        system = self.root / "etc/systemd/system"
        (system / "nnnd-checks.service").write_text(UNIT)
        (system / "multi-user.target.wants").mkdir()
        (system / "multi-user.target.wants/nnnd-checks.service").symlink_to("../nnnd-checks.service")
        files = " ".join(f"/nnnd-project/Tests/Systemd/checks/test_{name}.py" for name in self.checks)
        (self.shared / "run").write_text(
            # systemd-nspawn mounts control groups of version 1 read-only. systemd uses them after it is reexecuted.
            "test ! -e /sys/fs/cgroup/memory || mount -o remount,rw,bind /sys/fs/cgroup/memory\n"
            "systemctl daemon-reexec\n"
            "cd /nnnd-checks && export PYTHONDONTWRITEBYTECODE=1 NNND_BIN=/usr/bin HOME=/root\n"
            f"/nnnd-python/bin/{pathlib.Path(sys.executable).name} -m pytest -p no:cacheprovider -p no:terminal {files}"
            " > output 2>&1\n"
            "echo $? > status\n")

    def _remove_host_configuration(self):
        """Sets a new machine id; removes enabled units, fstab, journals and the policy against starting services."""
        etc = self.root / "etc"
        (etc / "machine-id").unlink(missing_ok=True)
        (etc / "machine-id").write_text(uuid.uuid4().hex + "\n")
        for pattern in ("*.wants", "*.requires", "default.target"):
            for path in (etc / "systemd/system").glob(pattern):
                path.unlink() if path.is_symlink() else shutil.rmtree(path)
        (etc / "systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
        (etc / "fstab").write_text("")
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        # journald keeps a persistent journal if this folder exists; `check_from_outside` reads it.
        shutil.rmtree(self.root / "var/log/journal", ignore_errors=True)
        (self.root / "var/log/journal").mkdir(parents=True)

    def boot(self):
        """Boots the container, prints the output of the checks, and returns whether all passed."""
        arguments = [
            "systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot", "--register=no", "--keep-unit",
            "--private-network", "--console=read-only", f"--machine=nnnd-checks-{os.getpid()}",
            f"--bind={self.shared}:/nnnd-checks", f"--bind={self.disk}:/var/lib/nnnd@memory",
        ]  # fmt: skip
        # Bound to other paths, because their own can be below a folder that the container replaces, such as /tmp.
        arguments += [f"--bind-ro={PROJECT}:/nnnd-project", f"--bind-ro={sys.prefix}:/nnnd-python"]
        if pathlib.Path(sys.base_prefix) != pathlib.Path("/usr"):
            arguments.append(f"--bind-ro={sys.base_prefix}")
        toolchain = shutil.which("swift")
        if toolchain and (home := pathlib.Path(toolchain).resolve().parents[1]) != pathlib.Path("/usr"):
            empty = self.folder / "empty"
            empty.mkdir()
            arguments.append(f"--bind-ro={empty}:{home}")
        # This process opens the FIFO for writing too, so reading it does not end when the container closes it.
        output = open(os.open(self.shared / "output", os.O_RDWR), encoding="utf-8", errors="replace")
        reader = threading.Thread(target=print_lines, args=(output,))
        reader.start()
        console = self.folder / "console"
        with MemoryGroup() as group, open(console, "w") as log:
            container = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=group.add_calling_process)
            try:
                container.wait(TIMEOUT)
            except (subprocess.TimeoutExpired, KeyboardInterrupt) as reason:
                print(f"FAILED  the checks took longer than {TIMEOUT} s, or were interrupted: {type(reason).__name__}")
                stop(container)
                return False
            finally:
                os.write(output.fileno(), b"\0\n")
                reader.join()
        status = self.shared / "status"
        if not status.exists():
            print(f"the container ended before the checks did (status {container.returncode}):")
            print("\n".join(console.read_text(errors="replace").splitlines()[-40:]))
            return False
        return status.read_text().strip() == "0"

    def check_from_outside(self):
        """Checks the files of the container after its shutdown; yields (name, whether it passed)."""
        journal = subprocess.run(
            ["journalctl", f"--directory={self.root}/var/log/journal", "--unit=nnnd.service", "--output=cat",
             "--no-pager"],
            capture_output=True, text=True, timeout=120).stdout  # fmt: skip
        yield "the journal has messages about shards", "shard committed" in journal
        yield "the journal has messages about starts and stops", all(
            text in journal for text in ("answers on /run/nnnd/nnnd.sock", "nnnd stopped"))
        left = [path for folder in ("etc", "usr/bin", "usr/lib", "usr/share")
                for path in (self.root / folder).rglob("nnnd*") if path.name != "nnnd-checks.service"]  # fmt: skip
        yield f"purging the package has removed all its files {left or ''}".rstrip(), not left
        yield "purging the package has kept the store", (self.root / "var/lib/nnnd/data.mdb").exists()


def print_lines(output):
    """Prints lines until a line with a NUL byte."""
    for line in output:
        if line == "\0\n":
            return
        print(line, end="", flush=True)


def stop(container):
    """Shuts the container down, and kills it after 30 s."""
    container.send_signal(signal.SIGTERM)
    try:
        container.wait(30)
    except subprocess.TimeoutExpired:
        container.kill()
        container.wait()


def run_inside(folder, deb, checks):
    """Makes and boots the container; this process must have its own mount namespace. Returns whether all passed."""
    machine = Machine(folder, checks)
    machine.make(deb)
    passed = machine.boot()
    outside = list(machine.check_from_outside()) if checks == CHECKS else []
    for name, holds in outside:
        print("ok     " if holds else "FAILED ", name)
    return passed and all(holds for _, holds in outside)


def run(deb, checks):
    """Runs this program again in a new mount namespace, and returns whether all checks passed.

    This process makes no mounts, so it can remove the folder safely.
    """
    folder = tempfile.mkdtemp(prefix="nnnd-boot-", dir="/var/tmp")
    namespace = ["unshare", "--mount", "--propagation=private"]
    options = ["--inside", folder, "--deb", deb, "--only", ",".join(checks)]
    child = subprocess.Popen([*namespace, sys.executable, __file__, *options])
    try:
        return child.wait() == 0
    except KeyboardInterrupt:
        return False
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
            child.wait()
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only test whether this machine can boot the container")
    parser.add_argument("--deb", type=pathlib.Path, help="the package to test")
    parser.add_argument("--only", default=",".join(CHECKS), help="run only these checks and those that they depend on")
    parser.add_argument("--inside", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # SIGTERM raises KeyboardInterrupt, so that the container is stopped too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    selected = options.only.split(",")
    if unknown := set(selected) - set(CHECKS):
        parser.error(f"there are no checks named {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    # "installation" installs the package, and "groups" adds the data that most other checks use. "removal" looks at
    # what three others have left.
    needed = ["installation", "groups", *(["operation", "instances", "upgrade"] if "removal" in selected else [])]
    checks = [name for name in CHECKS if name in (*needed, *selected)]
    if options.inside:
        return 0 if run_inside(options.inside, options.deb, checks) else 1
    reason = missing_requirement()
    if reason:
        print(f"this machine can't boot the container, so the package is not tested under systemd: {reason}")
        return 1
    if options.check:
        return 0
    if not options.deb or not options.deb.exists():
        parser.error("--deb must name a package")
    return 0 if run(options.deb.resolve(), checks) else 1


if __name__ == "__main__":
    sys.exit(main())
