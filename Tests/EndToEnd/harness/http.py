"""An HTTP client for Unix sockets, built on http.client."""

import http.client
import io
import json
import socket

import numpy as np

from .metrics import Metrics
from .waiting import DEADLINE

NPY = "application/x-npy"
JSON = "application/json"


class UnixConnection(http.client.HTTPConnection):
    """An http.client connection to a Unix socket."""

    def __init__(self, path, timeout=DEADLINE):
        super().__init__("localhost", timeout=timeout)
        self._path = str(path)

    def connect(self):
        self.sock = connect(self._path, self.timeout)


class Response:
    """A response whose body has been read."""

    def __init__(self, method, target, response):
        self.method = method
        self.target = target
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def media_type(self):
        return self.headers.get("Content-Type", "").split(";")[0]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.method} {self.target}: {self.status} {self.body[:300]!r}"


class Client:
    """A client with one persistent connection, which it reopens if the daemon has closed it."""

    # Functions that are called with each response to any client.
    observers = []

    def __init__(self, path, timeout=DEADLINE):
        self.connection = UnixConnection(path, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.connection.close()

    def request(self, method, target, body=None, headers=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        response = Response(method, target, self.connection.getresponse())
        for observe in self.observers:
            observe(response)
        return response

    def get(self, target):
        return self.request("GET", target)

    def post(self, target, body, media_type):
        return self.request("POST", target, body=body, headers={"Content-Type": media_type})

    def post_json(self, target, value):
        return self.post(target, json.dumps(value), JSON)

    def search(self, queries, top_k=10, alpha=None):
        """Searches for an array of queries and returns the parsed JSON; the search must succeed."""
        target = f"/v1/search?top_k={top_k}" + ("" if alpha is None else f"&alpha={alpha}")
        response = self.post(target, npy_bytes(queries), NPY)
        assert response.status == 200, response
        return response.json()

    def metrics(self):
        response = self.get("/metrics")
        assert response.status == 200, response
        return Metrics(response.body.decode())

    def status(self):
        response = self.get("/v1/status")
        assert response.status == 200, response
        return response.json()


def npy_bytes(array):
    """The bytes of an .npy file with this array."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


def connect(path, timeout=DEADLINE):
    """A socket connected to `path`."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # A socket with a timeout is non-blocking, and fails to connect while the listen backlog is full.
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    connection.settimeout(timeout)
    return connection
