"""HEAD and OPTIONS on every kind of path."""

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import UnixConnection
from harness.raw import request, send
from harness.spool import IMAGES, REFERENCES

# Paths with a GET.
READ = {
    "/v1/status", "/v1/settings", "/v1/images/a", "/v1/references/a", "/v1/hubs", "/v1/backup", "/metrics", "/healthz",
    "/readyz",
}
# Paths with a POST only.
POSTED = {"/v1/search", "/v1/verify", "/v1/evaluate"}
# The methods of paths that have a GET and another method.
ALLOWED = {"/v1/settings": "GET, HEAD, OPTIONS, PATCH", "/v1/hubs": "GET, HEAD, OPTIONS, POST"}
# Documents that are the same each time.
CONSTANT = {"/v1/images/a", "/v1/references/a", "/healthz", "/readyz", "/v1/images/b", "/v1/images/%ff", "/nothing"}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("methods"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3), ids=["a", "b/c", "d"])
        yield daemon


@pytest.mark.parametrize("path", sorted(READ | CONSTANT))
def test_head_has_the_headers_of_get_and_no_body(client, daemon, path):
    get = client.get(path)
    (head,) = send(daemon, request("HEAD", path), method="HEAD")
    assert (head.status, head.headers["Content-Type"]) == (get.status, get.headers["Content-Type"])
    if path in CONSTANT:
        assert head.headers["Content-Length"] == str(len(get.body))
    assert ("Content-Length" in head.headers) == ("Content-Length" in get.headers)


@pytest.mark.parametrize("path", sorted(READ | POSTED | {"/nothing"}))
def test_nothing_follows_the_headers(daemon, path):
    """The next response on the connection begins directly after the headers."""
    sent = request("HEAD", path)
    first, second, third = send(daemon, sent, sent, request("HEAD", "/healthz"), method="HEAD")
    assert first.status == second.status and third.status == 200


def test_a_head_makes_no_backup(daemon):
    before = daemon.log().count("the store was copied")
    for _ in range(3):
        (head,) = send(daemon, request("HEAD", "/v1/backup"), method="HEAD")
        assert head.status == 200
    with daemon.client() as client:
        assert client.get("/v1/backup").status == 200
    # The line of the GET may come a moment later.
    assert daemon.log().count("the store was copied") <= before + 1


@pytest.mark.parametrize("path", sorted(POSTED))
def test_what_has_no_get_has_no_head(client, path):
    response = client.request("HEAD", path)
    assert (response.status, response.headers["Allow"], response.body) == (405, "OPTIONS, POST", b"")


@pytest.mark.parametrize("path", sorted(READ | POSTED))
def test_options_name_the_methods(client, path):
    response = client.request("OPTIONS", path)
    allowed = ALLOWED.get(path, "GET, HEAD, OPTIONS" if path in READ else "OPTIONS, POST")
    assert (response.status, response.headers["Allow"], response.body) == (204, allowed, b"")
    assert "Content-Type" not in response.headers
    assert client.request("DELETE", path).headers["Allow"] == allowed


def test_options_for_all_paths(daemon):
    connection = UnixConnection(daemon.socket)
    for _ in range(2):  # the connection stays open after the first response
        connection.request("OPTIONS", "*")
        response = connection.getresponse()
        assert (response.status, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, PATCH, POST")
        assert response.read() == b""
    connection.close()


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD"])
def test_an_unknown_path_has_no_methods(client, method):
    response = client.request(method, "/v1/find")
    assert (response.status, "Allow" in response.headers) == (404, False)


def test_only_options_is_for_all_paths(client):
    assert client.request("GET", "*").status == 404
