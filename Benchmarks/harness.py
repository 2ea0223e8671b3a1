"""Starts a daemon for a measurement and uses it as a client and producer would."""

import http.client
import io
import json
import os
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "clients" / "python" / "src"))

import nnnd

DEADLINE = 3600
POLL = 0.0005


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, for searches whose time is measured. The package `nnnd` sends all other requests."""

    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def wait_for(condition, seconds=POLL):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(seconds)


def timed(call):
    """Returns the seconds that a call took, and its result."""
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


def settle():
    """Waits until threads that spin after their work (OpenMP's do for some ms) have stopped using cores."""
    time.sleep(0.06)


def sync_seconds(folder, runs=21):
    """The median seconds that the disk of `folder` takes to sync 4 KiB: a write and an fdatasync."""
    seconds = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(runs):
            os.pwrite(file.fileno(), os.urandom(4096), 0)
            seconds.append(timed(lambda: os.fdatasync(file.fileno()))[0])
    return statistics.median(seconds)


class Daemon:
    """An nnnd on temporary folders, as a context manager: started at the begin, stopped and removed at the end."""

    def __init__(self, binaries, *flags, env=None):
        self.home = Path(tempfile.mkdtemp(prefix="nnnd-bench-"))
        self.spool, self.data, self.socket = self.home / "spool", self.home / "data", self.home / "nnnd.sock"
        self.binaries = binaries
        self.command = [
            str(binaries / "nnnd"), "serve", "--spool", str(self.spool), "--data", str(self.data),
            "--socket", str(self.socket), "--log-level", "warning", *flags,
        ]
        self.env = {**os.environ, **(env or {})}
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process:
            self.stop()
        shutil.rmtree(self.home)

    def start(self):
        """Starts the daemon. Returns the seconds until it is ready."""
        begin = time.perf_counter()
        self.process = subprocess.Popen(self.command, env=self.env)
        wait_for(self.ready)
        seconds = time.perf_counter() - begin
        self.connection = UnixConnection(self.socket)
        self.client = nnnd.Client(self.socket, timeout=DEADLINE, retry_seconds=0)
        return seconds

    def ready(self):
        self.check()
        try:
            with nnnd.Client(self.socket, timeout=DEADLINE, retry_seconds=0) as client:
                return client.ready()
        except (OSError, nnnd.ApiError):
            return False

    def check(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"nnnd has ended with status {self.process.returncode}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def copy(self, *flags, env=None, binaries=None):
        """Another daemon, not yet started, on a copy of this one's store. This one is restarted for it."""
        other = Daemon(binaries or self.binaries, *flags, env=env)
        try:
            self.stop()
            other.data.mkdir(mode=0o700)
            shutil.copyfile(self.data / "data.mdb", other.data / "data.mdb")
            self.start()
        except BaseException:
            other.__exit__()
            raise
        return other

    def forget_pages(self):
        """Removes the store of the stopped daemon from the page cache."""
        with open(self.data / "data.mdb", "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def drop(self, kind, name, array, ids=None):
        """Drops the shard NAME.npy; returns the seconds from its rename to its receipt."""

        def save(file):
            np.save(file, array)

        return self.drop_file(kind, f"{name.removesuffix('.npy')}.npy", save, ids)

    def delete(self, kind, name, ids):
        """Drops the deletion list NAME.delete; returns the seconds from its rename to its receipt."""
        return self.drop_file(kind, f"{name}.delete", lambda file: file.write("\n".join(ids).encode()))

    def drop_file(self, kind, name, save, ids=None):
        """Drops a file; returns the seconds from its rename to its receipt.

        `save` writes the content to an open file. The file is synced before the clock starts, so that the daemon need
        not wait for it.
        """
        folder, done = self.spool / kind, self.spool / "done" / kind
        hidden, receipt = folder / f".{name}", done / f"{name}.receipt.json"
        rejection = self.spool / "failed" / kind / f"{name}.error.json"
        if receipt.exists():
            raise ValueError(f"{name} was dropped before")
        if ids is not None:
            listed = folder / f"{Path(name).stem}.ids"
            (folder / f".{listed.name}").write_text("".join(f"{each}\n" for each in ids))
            (folder / f".{listed.name}").rename(listed)
        with open(hidden, "wb") as file:
            save(file)
            file.flush()
            os.fsync(file.fileno())

        def is_done():
            if receipt.exists():
                return True
            if rejection.exists():
                raise RuntimeError(rejection.read_text())
            self.check()
            return False

        begin = time.perf_counter()
        hidden.rename(folder / name)
        wait_for(is_done)
        end = time.perf_counter()
        self.last_drop = (begin, end)
        for path in (done / name, done / f"{Path(name).stem}.ids"):
            path.unlink(missing_ok=True)
        return end - begin

    def search(self, queries, top_k=10, alpha=0.75):
        """Returns the seconds from the start of the request to the end of the response, and the decoded response."""
        body = io.BytesIO()
        np.save(body, queries)
        # If the daemon has closed the connection after a minute without a request, its next use opens it again.
        connection = self.connection
        if connection.sock and select.select([connection.sock], [], [], 0)[0]:
            connection.close()
        begin = time.perf_counter()
        connection.request(
            "POST", f"/v1/search?top_k={top_k}&alpha={alpha}", body.getvalue(), {"Content-Type": "application/x-npy"})
        response = connection.getresponse()
        answer = response.read()
        seconds = time.perf_counter() - begin
        if response.status != 200:
            raise RuntimeError(answer.decode())
        return seconds, json.loads(answer)

    def anonymous_bytes(self):
        """The anonymous memory of the daemon now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))

    def data_bytes(self):
        return (self.data / "data.mdb").stat().st_size
