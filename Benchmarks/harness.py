"""A daemon of its own for a measurement, driven from outside as any client would."""

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

DEADLINE = 1800


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=DEADLINE)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def wait_for(condition, seconds=0.001):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(seconds)


class Daemon:
    """Starts nnnd on folders of its own; ends it and removes them."""

    def __init__(self, binaries, *flags, env=None):
        self.home = Path(tempfile.mkdtemp(prefix="nnnd-bench-"))
        self.spool, self.socket = self.home / "spool", self.home / "nnnd.sock"
        self.command = [
            str(binaries / "nnnd"), "serve", "--spool", str(self.spool), "--data", str(self.home / "data"),
            "--socket", str(self.socket), "--log-level", "warning", *flags,
        ]
        self.env = {**os.environ, **(env or {})}

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.home)

    def start(self):
        """Returns the seconds until it is ready."""
        begin = time.perf_counter()
        self.process = subprocess.Popen(self.command, env=self.env)
        wait_for(self.ready)
        self.connection = UnixConnection(self.socket)
        return time.perf_counter() - begin

    def ready(self):
        try:
            connection = UnixConnection(self.socket)
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def drop(self, kind, name, array):
        """Drops a shard; returns the seconds from its rename to its receipt."""
        folder = self.spool / kind
        with open(folder / f".{name}", "wb") as file:
            np.save(file, array)
        receipt = self.spool / "done" / kind / f"{name}.receipt.json"
        begin = time.perf_counter()
        (folder / f".{name}").rename(folder / name)
        wait_for(receipt.exists)
        return time.perf_counter() - begin

    def search(self, queries, top_k=10, alpha=0.75):
        """Returns the seconds that the answer took, and the answer."""
        body = io.BytesIO()
        np.save(body, queries)
        begin = time.perf_counter()
        self.connection.request(
            "POST", f"/v1/search?top_k={top_k}&alpha={alpha}", body.getvalue(), {"Content-Type": "application/x-npy"})
        answer = self.connection.getresponse().read()
        seconds = time.perf_counter() - begin
        return seconds, json.loads(answer)

    def anonymous_bytes(self):
        """Anonymous memory of the idle daemon."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))

    def data_bytes(self):
        return (self.home / "data" / "data.mdb").stat().st_size
