"""`Content-Type` by the grammar of RFC 9110, section 8.3.1."""

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import NPY, npy_bytes
from harness.raw import request, send
from harness.spool import IMAGES

BODY = b'{"queries": [[1, 2, 3]]}'
# After a type and subtype.
PARAMETERS = [
    "", ";charset=utf-8", "; charset=utf-8", " ; charset=utf-8", "\t;\tcharset=utf-8", ";charset=\"utf-8\"",
    "; a=b; c=d", ";a=\"b;c, d\\\"e\\\\\" ; f=g", ";", "; ;a=b;", ";a=\"\"",
]  # fmt: skip
MALFORMED = [
    "json", "application", "application/", "/json", "application/json/x", "application json", "application/json x",
    "application /json", "application/json, application/json", "application/json;a", "application/json;a=",
    "application/json;=b", "application/json;a =b", "application/json;a= b", "application/json;a=\"b",
    "application/json;a=\"b\"c", "application/json;a=\"b\\", "application/js\xf6n", "@/json",
]  # fmt: skip
OTHER = ["text/plain", "application/xml; charset=utf-8", "Application/JSONX", "*/*", "application/x-npy+json"]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("types"), k=4) as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(3))
        yield daemon


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_parameters_do_not_matter(client, parameters):
    response = client.post("/v1/search", BODY, "application/json" + parameters)
    assert response.status == 200, response
    assert client.post("/v1/search", npy_bytes(np.ones((1, 3))), NPY.upper() + parameters).status == 200
    assert client.post("/v1/verify", b'{"sample": 1}', "APPLICATION/Json" + parameters).status == 200


@pytest.mark.parametrize("media_type", MALFORMED + OTHER)
def test_all_else_is_415_and_named(daemon, media_type):
    sent = request("POST", "/v1/search", body=BODY).replace(
        b"Host: x", b"Host: x\r\nContent-Type: " + media_type.encode("latin-1")
    )
    first, second = send(daemon, sent, request("GET", "/healthz"))
    assert (first.status, second.status) == (415, 200), first
    named = media_type.split(";")[0].lower() if media_type in OTHER else media_type
    if media_type.isascii():
        assert f"'{named}'".replace("\\", "\\\\").replace('"', '\\"').encode() in first.body, first


@pytest.mark.parametrize("media_type", [NPY, "text/plain", "a b"])
def test_verify_takes_json_only(client, media_type):
    response = client.post("/v1/verify", b"{}", media_type)
    assert (response.status, response.json()["code"]) == (415, "unsupported_media_type")
    assert media_type in response.json()["detail"] and NPY not in response.json()["detail"].split("send")[1]
    # Without a body there is nothing to have a type.
    assert client.post("/v1/verify", b"", media_type).status == 200
