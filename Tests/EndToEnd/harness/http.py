"""The client of the tests: that of the package `nnnd`, and requests that the package does not send."""

import http.client
import io
import json
import socket

import nnnd
import numpy as np
from nnnd import _connections
from nnnd._responses import WholeResponse

from .waiting import DEADLINE

NPY = "application/x-npy"
NPZ = "application/x-npz"
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
        self.will_close = response.will_close
        self._rest = io.BytesIO(self.body)

    def read(self, size=-1):
        """The next bytes of the body, for the package."""
        return self._rest.read(size)

    def readline(self):
        """The next line of the body, for the package."""
        return self._rest.readline()

    def close(self):
        self._rest.close()

    def content(self):
        """The body of a response that must have succeeded, for the package."""
        assert self.status == 200, self
        return self.body

    @property
    def content_type(self):
        return self.headers.get("Content-Type", "")

    @property
    def media_type(self):
        return self.content_type.split(";")[0]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.method} {self.target}: {self.status} {self.body[:300]!r}"


class Client(nnnd.Client):
    """The client of the package, and any other request, whose response is returned whatever its status.

    No request is sent twice: a request that fails once is a fault of the daemon, and another attempt would hide it.
    The other requests have a connection of their own, which is reopened if the daemon has closed it.
    """

    # Functions that are called with each response to any client.
    observers = []

    def __init__(self, path, timeout=DEADLINE):
        super().__init__(path, timeout=timeout, retry_seconds=0)
        self._transport.pool = _ObservedPool(path, timeout)
        self.connection = UnixConnection(path, timeout)

    def close(self):
        super().close()
        self.connection.close()

    def request(self, method, target, body=None, headers=None):
        self.connection.request(method, target, body=body, headers=headers or {})
        return self.observed(Response(method, target, self.connection.getresponse()))

    @classmethod
    def observed(cls, response):
        for observe in cls.observers:
            observe(response)
        return response

    def get(self, target):
        return self.request("GET", target)

    def post(self, target, body, media_type):
        return self.request("POST", target, body=body, headers={"Content-Type": media_type})

    def post_json(self, target, value):
        return self.post(target, json.dumps(value), JSON)


class _ObservedPool(_connections.ConnectionPool):
    """The connections of the package; observers get each response."""

    def new(self):
        return _ObservedConnection(self.path, self.timeout)

    def take(self):
        connection, was_used = super().take()
        # The package sends a request again on a new connection if a used one was lost. Here each one counts as new.
        return connection if was_used else self.new(), False


class _ObservedConnection(_connections.UnixConnection):
    """A connection of the package. http.client reads its responses, because observers look at all headers."""

    def exchange(self, method, target, body, headers, timeout=None):
        response = self.begin(method, target, body, headers)
        retry_after = response.headers.get("Retry-After")
        return WholeResponse(response.status, response.body, retry_after, response.content_type, response.will_close)

    def begin(self, method, target, body, headers, timeout=None):
        # The package lets some requests take any time; in tests the connection's timeout applies to all of them.
        self.response = Client.observed(Response(method, target, super().begin(method, target, body, headers)))
        return self.response


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
