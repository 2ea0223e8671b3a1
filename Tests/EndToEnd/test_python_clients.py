"""The HTTP libraries that Python programs use, on one connection: requests, httpx and aiohttp."""

import asyncio
import gzip

import aiohttp
import httpx
import numpy as np
import pytest
import requests

from harness.http import JSON, NPY, npy_bytes
from harness.relay import tcp_port
from harness.spool import IMAGES

URL = "http://localhost"
QUERIES = np.eye(2, 4, dtype=np.float32)
# More than curl, aiohttp and httpx send in one piece.
LARGE = np.tile(QUERIES, (500, 1)).repeat(64, axis=1)


@pytest.fixture
def filled_daemon(daemon):
    daemon.drop(IMAGES, "i.npy", np.eye(3, 4, dtype=np.float32), ["a", "b", "c"])
    return daemon


def requests_client(daemon, port):
    session = requests.Session()
    session.trust_env = False

    def send(method, path, body, headers):
        response = session.request(method, f"http://127.0.0.1:{port}{path}", data=body, headers=headers)
        return response.status_code, response.content

    return send


def httpx_client(daemon, port):
    client = httpx.Client(transport=httpx.HTTPTransport(uds=str(daemon.socket)))

    def send(method, path, body, headers):
        response = client.request(method, URL + path, content=body, headers=headers)
        return response.status_code, response.content

    return send


def aiohttp_client(daemon, port):
    async def request(method, path, body, headers):
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(daemon.socket))) as session:
            expects = body is not None
            async with session.request(method, URL + path, data=body, headers=headers, expect100=expects) as response:
                return response.status, await response.read()

    return lambda *arguments: asyncio.run(request(*arguments))


@pytest.mark.parametrize("make_client", [requests_client, httpx_client, aiohttp_client])
def test_a_library_of_python_can_use_the_whole_api(filled_daemon, make_client):
    with tcp_port(filled_daemon.socket) as port:
        send = make_client(filled_daemon, port)
        assert send("GET", "/v1/status", None, {})[0] == 200
        status, body = send("HEAD", "/v1/status", None, {})
        assert (status, body) == (200, b"")
        status, body = send("POST", "/v1/search", npy_bytes(QUERIES), {"Content-Type": NPY})
        assert status == 200 and b'"id":"a"' in body
        small = b'{"queries": [[1e-46, 1, 0, 0]], "top_k": 1}'
        for type in (JSON, f"{JSON} ; charset=utf-8"):
            status, body = send("POST", "/v1/search", small, {"Content-Type": type})
            assert status == 200 and b'"id":"b"' in body
        packed = {"Content-Type": JSON, "Content-Encoding": "gzip"}
        assert send("POST", "/v1/search", gzip.compress(small), packed)[0] == 200
        # Rejected before the body comes; the next request works all the same.
        status, body = send("POST", "/v1/search", npy_bytes(LARGE), {"Content-Type": "text/plain"})
        assert status == 415 and b"unsupported_media_type" in body
        status, body = send("POST", "/v1/search", npy_bytes(LARGE), {"Content-Type": NPY})
        assert status == 400 and b"wrong_dimension" in body
        assert send("GET", "/v1/images/a", None, {})[0] == 200
