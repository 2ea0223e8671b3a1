#!/usr/bin/env python3
"""Boots a systemd of its own in a container, installs the package there and runs `checks/` in it; `make test-systemd`.

    boot.py --check                says whether that can be done here
    boot.py --deb nnnd_1_amd64.deb [--only memory,trouble]

The container's root is this machine's, under a layer in memory that takes all changes; it has no network and not the
Swift toolchain. All mounts are in a namespace of a child process and end with it, so nothing is left behind.
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
# In the order in which they run: what is installed first is removed last.
CHECKS = ["installation", "sockets", "groups", "operation", "trouble", "memory", "instances", "upgrade", "removal"]
# Seconds, for all of it.
PATIENCE = 600

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


def why_not():
    """Why no system can be booted here; nothing where it can."""
    if os.geteuid() != 0:
        return "it takes root to boot a system in a container"
    for program in ("systemd-nspawn", "unshare", "mount"):
        if not shutil.which(program):
            return f"there is no {program}: install what is listed in packages/debian-deb.txt"
    if not any(pathlib.Path(f"/sys/fs/cgroup{place}/cgroup.procs").exists() for place in ("", "/systemd", "/unified")):
        return "there are no control groups at /sys/fs/cgroup, without which systemd doesn't start"
    with tempfile.TemporaryDirectory() as folder:
        made = try_out(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", folder])
        if made:
            return f"this machine lets nobody mount file systems: {made}"
        layers = f"mkdir {folder}/t && mount -t tmpfs tmpfs {folder}/t && mkdir {folder}/t/u {folder}/t/w {folder}/t/m && " \
                 f"mount -t overlay overlay -o lowerdir=/etc,upperdir={folder}/t/u,workdir={folder}/t/w {folder}/t/m"  # fmt: skip
        made = try_out(["unshare", "--mount", "sh", "-c", layers])
        return f"this machine has no overlay file system: {made}" if made else None


def try_out(command):
    """What a command complains of; nothing where it succeeds."""
    found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return (found.stderr.strip() or f"status {found.returncode}") if found.returncode else None


def mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)


class MemoryGroup:
    """Lets the container limit the memory of its units where control groups are of version 1; as a context manager.

    There systemd-nspawn hands no memory controller on: the container gets a group of its own, which it may divide.
    """

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup/memory")
        self.path = root / f"nnnd-checks-{os.getpid()}" if (root / "memory.limit_in_bytes").exists() else None

    def __enter__(self):
        if self.path:
            self.path.mkdir()
        return self

    def enter(self):
        """Puts the calling process into it."""
        if self.path:
            (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def __exit__(self, *_):
        if self.path:
            for group, _, _ in os.walk(self.path, topdown=False):
                os.rmdir(group)


class Machine:
    """A root folder that looks like this machine's, and takes changes without passing them on."""

    def __init__(self, folder, checks):
        self.folder = folder
        self.checks = checks
        self.root = folder / "root"
        # Shared with the container: the checks, and what comes of them.
        self.shared = folder / "shared"
        # On a disk: pages of a store in memory could not be dropped.
        self.disk = folder / "disk"

    def make(self, deb):
        lower, layer = self.folder / "lower", self.folder / "layer"
        for place in (lower, layer, self.root, self.shared, self.disk):
            place.mkdir()
        mount("--bind", "/", lower)
        mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", layer)
        for place in ("upper", "work"):
            (layer / place).mkdir()
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={layer}/upper,workdir={layer}/work", self.root)
        self._leave_out_this_machine()
        shutil.copy(deb, self.shared / "nnnd.deb")
        os.mkfifo(self.shared / "output")
        system = self.root / "etc/systemd/system"
        (system / "nnnd-checks.service").write_text(UNIT)
        (system / "multi-user.target.wants").mkdir()
        (system / "multi-user.target.wants/nnnd-checks.service").symlink_to("../nnnd-checks.service")
        files = " ".join(f"/nnnd-project/Tests/Systemd/checks/test_{name}.py" for name in self.checks)
        (self.shared / "run").write_text(
            # Of version 1, control groups are there to be read only, and systemd does without.
            "test ! -e /sys/fs/cgroup/memory || mount -o remount,rw,bind /sys/fs/cgroup/memory\n"
            "systemctl daemon-reexec\n"
            "cd /nnnd-checks && export PYTHONDONTWRITEBYTECODE=1 NNND_BIN=/usr/bin HOME=/root\n"
            f"/nnnd-python/bin/{pathlib.Path(sys.executable).name} -m pytest -p no:cacheprovider -p no:terminal {files} > output 2>&1\n"
            "echo $? > status\n")

    def _leave_out_this_machine(self):
        """Its identity, what it starts, its disks, and whatever keeps packages from starting services."""
        etc = self.root / "etc"
        (etc / "machine-id").unlink(missing_ok=True)
        (etc / "machine-id").write_text(uuid.uuid4().hex + "\n")
        for pattern in ("*.wants", "*.requires", "default.target"):
            for place in (etc / "systemd/system").glob(pattern):
                place.unlink() if place.is_symlink() else shutil.rmtree(place)
        (etc / "systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
        (etc / "fstab").write_text("")
        (self.root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        # Where there is such a folder the journal is kept, and can be read from outside.
        shutil.rmtree(self.root / "var/log/journal", ignore_errors=True)
        (self.root / "var/log/journal").mkdir(parents=True)

    def boot(self):
        """Runs the checks, passing on what they write; whether all went well."""
        arguments = [
            "systemd-nspawn", "--quiet", f"--directory={self.root}", "--boot", "--register=no", "--keep-unit",
            "--private-network", "--console=read-only", f"--machine=nnnd-checks-{os.getpid()}",
            f"--bind={self.shared}:/nnnd-checks", f"--bind={self.disk}:/var/lib/nnnd@memory",
        ]  # fmt: skip
        # They may lie where the container has something else, below /tmp say.
        arguments += [f"--bind-ro={PROJECT}:/nnnd-project", f"--bind-ro={sys.prefix}:/nnnd-python"]
        if pathlib.Path(sys.base_prefix) != pathlib.Path("/usr"):
            arguments.append(f"--bind-ro={sys.base_prefix}")
        toolchain = shutil.which("swift")
        if toolchain and (home := pathlib.Path(toolchain).resolve().parents[1]) != pathlib.Path("/usr"):
            nothing = self.folder / "nothing"
            nothing.mkdir()
            arguments.append(f"--bind-ro={nothing}:{home}")
        # Open for writing too: it has no end before this process says so.
        output = open(os.open(self.shared / "output", os.O_RDWR), encoding="utf-8", errors="replace")
        reader = threading.Thread(target=pass_on, args=(output,))
        reader.start()
        console = self.folder / "console"
        with MemoryGroup() as group, open(console, "w") as log:
            container = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=group.enter)
            try:
                container.wait(PATIENCE)
            except (subprocess.TimeoutExpired, KeyboardInterrupt) as reason:
                print(f"FAILED  the checks took longer than {PATIENCE} s, or were interrupted: {type(reason).__name__}")
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
        """What can be seen of the machine once it is off: (name, whether it holds)."""
        journal = subprocess.run(
            ["journalctl", f"--directory={self.root}/var/log/journal", "--unit=nnnd.service", "--output=cat", "--no-pager"],
            capture_output=True, text=True, timeout=120).stdout  # fmt: skip
        yield "the journal, read from outside, tells of shards", "shard took effect" in journal
        yield "the journal, read from outside, tells of starts and stops", all(
            text in journal for text in ("answers on /run/nnnd/nnnd.sock", "nnnd stopped"))
        left = [path for folder in ("etc", "usr/bin", "usr/lib", "usr/share")
                for path in (self.root / folder).rglob("nnnd*") if path.name != "nnnd-checks.service"]  # fmt: skip
        yield f"the purged package has left nothing on the disk {left or ''}".rstrip(), not left
        yield "the purged package has left the store", (self.root / "var/lib/nnnd/data.mdb").exists()


def pass_on(output):
    for line in output:
        if line == "\0\n":
            return
        print(line, end="", flush=True)


def stop(container):
    """Ends the container that this process started: first as by its power button, then at once."""
    container.send_signal(signal.SIGTERM)
    try:
        container.wait(30)
    except subprocess.TimeoutExpired:
        container.kill()
        container.wait()


def run_inside(folder, deb, checks):
    """In a mount namespace of this process's own: everything; whether all went well."""
    machine = Machine(folder, checks)
    machine.make(deb)
    good = machine.boot()
    outside = list(machine.check_from_outside()) if checks == CHECKS else []
    for name, holds in outside:
        print("ok     " if holds else "FAILED ", name)
    return good and all(holds for _, holds in outside)


def run(deb, checks):
    """Starts this program again with mounts of its own. In this process none is ever made, so the folder can be removed."""
    folder = tempfile.mkdtemp(prefix="nnnd-boot-", dir="/var/tmp")
    namespace = ["unshare", "--mount", "--propagation=private"]
    child = subprocess.Popen([*namespace, sys.executable, __file__, "--inside", folder, "--deb", deb, "--only", ",".join(checks)])
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
    parser.add_argument("--check", action="store_true", help="only say whether it can be done here")
    parser.add_argument("--deb", type=pathlib.Path, help="the package to try")
    parser.add_argument("--only", default=",".join(CHECKS), help="some of the checks, after those that the others build on")
    parser.add_argument("--inside", type=pathlib.Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    # However it is ended, it ends the container.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = told.only.split(",")
    if unknown := set(wanted) - set(CHECKS):
        parser.error(f"there are no checks named {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
    # The first installs the package, the other brings in the data that most others want.
    checks = [name for name in CHECKS if name in ("installation", "groups", *wanted)]
    if told.inside:
        return 0 if run_inside(told.inside, told.deb, checks) else 1
    reason = why_not()
    if reason:
        print(f"no system can be booted here, so the package isn't tried under systemd: {reason}")
        return 1
    if told.check:
        return 0
    if not told.deb or not told.deb.exists():
        parser.error("--deb must name a package")
    return 0 if run(told.deb.resolve(), checks) else 1


if __name__ == "__main__":
    sys.exit(main())
