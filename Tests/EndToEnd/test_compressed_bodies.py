"""`Content-Encoding` of requests: gzip is read, within the limits of a body; all else is 415."""

import asyncio
import gzip
import zlib

import aiohttp
import numpy as np
import pytest

from harness.clients import MIB, memory_peak
from harness.daemon import Daemon
from harness.http import JSON, NPY, connect, npy_bytes
from harness.raw import RawResponse, request
from harness.spool import IMAGES
from harness.waiting import DEADLINE

BODY = b'{"queries": [[1, 2, 3]], "alpha": 0.5}'
GZIP = gzip.compress(BODY)
LIMIT = 64 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("compressed"), k=4) as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(3))
        yield daemon


def post(client, body, coding, media_type=JSON, target="/v1/search"):
    response = client.request("POST", target, body, {"Content-Type": media_type, "Content-Encoding": coding})
    assert client.get("/healthz").status == 200, "the connection is still usable"
    return response


def check_code(response, status, code):
    assert (response.status, response.json()["code"]) == (status, code), response


@pytest.mark.parametrize("coding", ["gzip", "GZip", "x-gzip", "identity, gzip", " gzip ,"])
def test_gzip_is_read(client, coding):
    plain = client.post("/v1/search", BODY, JSON).json()["results"]
    assert post(client, GZIP, coding).json()["results"] == plain
    npy = npy_bytes(np.random.default_rng(1).standard_normal((4000, 3)))
    plain = client.post("/v1/search", npy, NPY).json()["results"]
    assert post(client, gzip.compress(npy), coding, NPY).json()["results"] == plain
    assert post(client, gzip.compress(b'{"sample": 2}'), coding, target="/v1/verify").json()["checked"] == 2


@pytest.mark.parametrize("coding", ["", "identity", "Identity, identity"])
def test_identity_changes_nothing(client, coding):
    assert post(client, BODY, coding).status == 200


def test_members_one_after_the_other_are_one_body(client):
    members = [gzip.compress(part) for part in (BODY[:7], b"", BODY[7:])]
    assert post(client, b"".join(members), "gzip").status == 200


def test_gzip_in_chunks_of_one_byte(daemon):
    with connect(daemon.socket) as connection:
        connection.sendall(request("POST", "/v1/search", "Transfer-Encoding: chunked", "Content-Encoding: gzip"))
        for byte in GZIP:
            connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert RawResponse(connection).status == 200


def test_gzip_of_aiohttp(daemon):
    async def search():
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        connector = aiohttp.UnixConnector(path=str(daemon.socket))
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            headers = {"Content-Type": JSON}
            url = "http://localhost/v1/search"
            async with session.post(url, data=BODY, headers=headers, compress="gzip", expect100=True) as response:
                return response.status, response.request_info.headers["Content-Encoding"]

    assert asyncio.run(search()) == (200, "gzip")


CODINGS = ["br", "deflate", "zstd", "compress", "gzip, gzip", "gzip, br", "gzipped", "nonsense!"]


@pytest.mark.parametrize("coding", CODINGS)
def test_other_codings_are_415(client, coding):
    for target in ("/v1/search", "/v1/verify"):
        response = post(client, GZIP, coding, target=target)
        check_code(response, 415, "unsupported_encoding")
        assert response.headers["Accept-Encoding"] == "gzip" and coding in response.json()["detail"]
    # The same status for a media type that is not supported says nothing of codings.
    assert "Accept-Encoding" not in client.post("/v1/search", b"x", "text/plain").headers


def damaged():
    flipped = bytearray(GZIP)
    flipped[len(flipped) // 2] ^= 0x10
    checksum = bytearray(GZIP)
    checksum[-6] ^= 1
    return {
        "plain": BODY,
        "zlib": zlib.compress(BODY),
        "cut in the header": GZIP[:5],
        "cut in the data": GZIP[:-12],
        "cut in the trailer": GZIP[:-1],
        "a changed byte": bytes(flipped),
        "a wrong checksum": bytes(checksum),
        "a wrong length": GZIP[:-1] + b"\x01",
        "more after the end": GZIP + b"x",
        "half a second member": GZIP + GZIP[:15],
    }


@pytest.mark.parametrize("case", damaged())
def test_damaged_gzip_is_400(client, case):
    for target in ("/v1/search", "/v1/verify"):
        check_code(post(client, damaged()[case], "gzip", target=target), 400, "bad_gzip")


def zeros(count):
    """A gzip stream of `count` zeros, a thousandth as long."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    parts = [compressor.compress(bytes(MIB)) for _ in range(count // MIB)]
    return b"".join([*parts, compressor.compress(bytes(count % MIB)), compressor.flush()])


def test_a_gzip_that_is_too_large_is_413(client):
    within = zeros(LIMIT)
    check_code(post(client, within, "gzip", NPY), 400, "bad_npy")
    check_code(post(client, zeros(LIMIT + 1), "gzip", NPY), 413, "body_too_large")
    check_code(post(client, within + gzip.compress(b"0"), "gzip", NPY), 413, "body_too_large")
    check_code(post(client, zeros(LIMIT + 1), "gzip", target="/v1/verify"), 413, "body_too_large")


def test_a_bomb_takes_no_memory(make_daemon):
    """A gigabyte in a megabyte, four times, on a daemon of its own."""
    daemon = make_daemon(k=4).start()
    bomb = zeros(1 << 30)
    with daemon.client() as client:
        for _ in range(4):
            check_code(post(client, bomb, "gzip", NPY), 413, "body_too_large")
        assert client.get("/healthz").status == 200
    assert memory_peak(daemon) < 512 * MIB
