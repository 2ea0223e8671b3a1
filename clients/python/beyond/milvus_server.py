"""A Milvus server from the wheel `milvus`, in a folder of its own."""

import contextlib
import os
import socket
import subprocess

import grpc
import milvus
import pymilvus

from conftest import wait_until


class Milvus:
    """A server that listens on the same ports after each start."""

    is_slow = True

    def __init__(self, folder):
        self._folder = folder
        config = milvus.MilvusServerConfig(data_dir=str(folder))
        config.resolve()
        milvus._initialize_data_files(str(folder))
        self.url = f"http://127.0.0.1:{config.get('proxy_port')}"
        self._environment = {
            **os.environ, "DEPLOY_MODE": "STANDALONE", "METRICS_PORT": str(free_port()),
            "MILVUS_RUN_DIR": str(folder / "run"), "LD_LIBRARY_PATH": str(folder / "bin"),
        }  # fmt: skip
        self._process = None

    def start(self):
        """Starts the server, and waits until it answers."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._folder / "bin" / "milvus", "run", "standalone"], cwd=self._folder, env=self._environment,
                stdout=output, stderr=output,
            )  # fmt: skip
        wait_until(self._answers, "Milvus answers", 300)
        return self

    def _answers(self):
        assert self._process.poll() is None, (self._folder / "output").read_text()[-2000:]
        with contextlib.suppress(pymilvus.MilvusException, grpc.RpcError):
            client = pymilvus.MilvusClient(self.url, timeout=5)
            client.list_collections(timeout=5)
            client.close()
            return True
        return False

    def kill(self):
        """Kills the server."""
        self._process.kill()
        self._process.wait()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
