"""Spark on this machine for tests: a standalone cluster, and a server of Spark Connect, as processes of their own."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyspark

from conftest import wait_until

SPARK = Path(pyspark.__file__).parent
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
CONNECT = "org.apache.spark.sql.connect.service.SparkConnectServer"
EXECUTOR = "CoarseGrainedExecutorBackend"
HOST = "127.0.0.1"
# Sessions in the test's own process and on the cluster: nothing outside of this machine, no page, little memory.
SETTINGS = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    # An executor that was killed is a failure of its task; the worker starts another one.
    "spark.task.maxFailures": "4",
}


def environment():
    """The environment of all processes of Spark: executors run this Python, and know no `nnnd` of their own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {
        **kept, "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": HOST,
        "SPARK_LOCAL_HOSTNAME": HOST,
    }  # fmt: skip


class SparkProcess:
    """A Java process of Spark whose log tells when it is ready."""

    def __init__(self, folder, name, command, ready):
        self.log = folder / f"{name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=environment(), cwd=folder, start_new_session=True
            )
        self.match = None
        try:
            wait_until(lambda: self._is_ready(ready), f"{ready} in {self.log}")
        except BaseException:
            self.stop()
            raise

    def _is_ready(self, ready):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        self.match = re.search(ready, self.log.read_text())
        return self.match

    def stop(self):
        """Kills the process and what it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Cluster:
    """A standalone cluster: a master, and workers with one core each, every one of which starts one executor."""

    def __init__(self, folder, workers=2):
        self.processes = [self._start(folder, "master", [MASTER, "--port", "0"], r"Starting Spark master at (\S+)")]
        self.address = self.processes[0].match[1]
        for number in range(workers):
            command = [WORKER, "--cores", "1", "--memory", "1g", "--work-dir", folder / f"work-{number}", self.address]
            self.processes.append(self._start(folder, f"worker-{number}", command, "Successfully registered"))

    def _start(self, folder, name, command, ready):
        address = ["--host", HOST, "--webui-port", "0"]
        return SparkProcess(folder, name, [SPARK / "bin/spark-class", command[0], *address, *command[1:]], ready)

    def executors(self):
        """The process ids of the executors."""
        return [
            pid for worker in self.processes[1:] for pid in children(worker.process.pid) if EXECUTOR in command_of(pid)
        ]

    def stop(self):
        """Kills all of it."""
        for process in reversed(self.processes):
            process.stop()


class ConnectServer:
    """A server of Spark Connect that computes with two threads in its own process."""

    def __init__(self, folder):
        settings = {**SETTINGS, "spark.connect.grpc.binding.port": "0", "spark.connect.grpc.binding.address": HOST}
        options = [option for name, value in settings.items() for option in ("--conf", f"{name}={value}")]
        self.process = SparkProcess(
            folder, "connect",
            [SPARK / "bin/spark-submit", "--master", "local[2]", *options, "--class", CONNECT, "spark-internal"],
            r"Spark Connect server started at: \S*?:(\d+)",
        )  # fmt: skip
        self.address = f"sc://{HOST}:{self.process.match[1]}"

    def stop(self):
        """Kills the server."""
        self.process.stop()


def children(pid):
    """The process ids of all descendants of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for child in map(int, task.read_text().split()):
                found += [child, *children(child)]
    return found


def command_of(pid):
    """The command line of a process, or nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""
