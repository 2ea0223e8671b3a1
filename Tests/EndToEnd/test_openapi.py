"""docs/openapi.yaml: a valid document, and one that the running daemon keeps to.

Beyond what stands here, every answer that any other test gets is held against the document; see conftest.py.
"""

import json
import pathlib
import socket

import jsonschema
import numpy as np
import openapi_spec_validator
import pytest

from harness.daemon import Daemon
from harness.http import JSON, NPY, Client, Response, UnixConnection, npy_bytes
from harness.spool import IMAGES, REFERENCES

# Answers that only a daemon in trouble gives.
RARE_STATUSES = {500, 503}
RARE_CODES = {"internal", "overloaded", "backup_running", "verify_running", "stopping"}
LIMIT = 64 << 20


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with a small corpus and a rejected shard."""
    with Daemon(tmp_path_factory.mktemp("openapi"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3), ids=["a", "b", "c/d"])
        daemon.spool.drop(IMAGES, "bad.npy", np.zeros((2, 3)))
        daemon.spool.wait_failure(IMAGES, "bad.npy")
        yield daemon


@pytest.fixture(scope="module")
def product_daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("openapi-product"), k=4, metric="inner-product") as daemon:
        yield daemon


def too_large(daemon, target):
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", target)
    connection.putheader("Content-Length", str(LIMIT + 1))
    connection.endheaders()
    response = Response("POST", target, connection.getresponse())
    connection.close()
    return response


def too_short(daemon, target):
    connection = UnixConnection(daemon.socket)
    connection.putrequest("POST", target)
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"{")
    connection.sock.shutdown(socket.SHUT_WR)
    response = Response("POST", target, connection.getresponse())
    connection.close()
    return response


def provoke(daemon, product_daemon):
    """One answer of every kind that can be had."""
    good = npy_bytes(np.ones((2, 3)))
    with daemon.client() as client, product_daemon.client() as other:
        yield client.post_json("/v1/search", {"queries": [[1, 2, 3]], "top_k": 2, "alpha": 0.5})
        yield client.post("/v1/search?top_k=1&alpha=0", good, NPY)
        yield client.get("/v1/status")
        yield other.get("/v1/status")
        yield client.get("/v1/images/c%2Fd")
        yield client.get("/v1/references/c%2Fd")
        yield client.post_json("/v1/verify", {"sample": 2})
        yield client.get("/metrics")
        yield client.get("/healthz")
        yield client.get("/readyz")
        yield client.post("/v1/search", b"{", JSON)
        yield client.post("/v1/search", b"x", NPY)
        yield client.post("/v1/search?top_k=0", good, NPY)
        yield client.post("/v1/search?alpha=-1", good, NPY)
        yield client.post("/v1/search", npy_bytes(np.ones((4097, 3))), NPY)
        yield client.post("/v1/search", npy_bytes(np.ones((1, 4))), NPY)
        yield client.post("/v1/search", npy_bytes([[1, np.nan, 1]]), NPY)
        yield client.post("/v1/search", npy_bytes(np.zeros((1, 3))), NPY)
        yield other.post("/v1/search", npy_bytes([[1e30, 1, 1]]), NPY)
        yield client.post("/v1/search", b"x", "text/plain")
        yield client.post("/v1/verify", b"{", JSON)
        yield client.post_json("/v1/verify", {"sample": 0})
        yield too_large(daemon, "/v1/search")
        yield too_large(daemon, "/v1/verify")
        yield too_short(daemon, "/v1/search")
        yield client.get("/v1/backup")
        for kind in (IMAGES, REFERENCES):
            yield client.get(f"/v1/{kind}/unknown")
            yield client.get(f"/v1/{kind}/%ff")
        product_daemon.drop(IMAGES, "many.npy", np.ones((300, 3)))
        yield other.post("/v1/search?top_k=300", npy_bytes(np.ones((4096, 3), np.float16)), NPY)
        yield client.get("/nothing")
        yield client.get("/v1/search")


@pytest.fixture(scope="module")
def answers(daemon, product_daemon):
    return list(provoke(daemon, product_daemon))


def test_the_document_is_valid(api_document):
    assert api_document.content["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(api_document.content)


def test_the_document_tells_the_version_of_the_daemon(api_document, client):
    assert api_document.content["info"]["version"] == client.status()["version"]


def test_each_answer_is_as_documented(api_document, answers):
    for response in answers:
        api_document.check(response)


def test_each_documented_answer_can_be_had(api_document, answers):
    """All statuses of all operations, but for those of a daemon in trouble."""
    had = {(api_document.template(r.target), r.method, str(r.status)) for r in answers}
    documented = {
        (path, method, status)
        for path, method, operation in api_document.operations()
        for status in operation["responses"]
        if int(status) not in RARE_STATUSES
    }
    assert documented <= had, documented - had


def test_each_documented_problem_code_can_be_had_and_no_other(api_document, answers):
    had = {response.json()["code"] for response in answers if response.status >= 400}
    documented = set(api_document.at("#/components/schemas/Problem")["properties"]["code"]["enum"])
    assert had == documented - RARE_CODES


def test_each_problem_has_the_status_that_it_tells_of(answers):
    for response in answers:
        if response.status >= 400:
            assert response.json()["status"] == response.status
            assert response.media_type == "application/problem+json"


def test_each_documented_path_and_method_exists(api_document, client):
    for path, method, operation in api_document.operations():
        response = client.request(method, path.replace("{id}", "a"))
        known = response.status not in (404, 405)
        assert known, f"{method} {path} is documented, and the daemon says {response}"
        assert operation["operationId"] and operation["summary"]


def test_no_other_method_exists_on_a_documented_path(api_document, client):
    for path, item in api_document.paths.items():
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            if method.lower() not in item:
                response = client.request(method, path.replace("{id}", "a"))
                assert response.status == 405, f"{method} {path} is not documented, and the daemon says {response}"
                assert response.headers["Allow"] == ", ".join(sorted(own.upper() for own in item))


def test_all_examples_are_as_their_schemas_say(api_document):
    count = 0
    for media in media_types(api_document.content):
        examples = [media["example"]] if "example" in media else []
        examples += [example["value"] for example in media.get("examples", {}).values()]
        for example in examples:
            api_document.validate(example, media["schema"])
            count += 1
    assert count > 15


def test_documented_requests_are_understood(api_document, client):
    """The examples of requests, with vectors of the right length."""
    for path, method, operation in api_document.operations():
        content = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if content is None:
            continue
        examples = [content["example"]] if "example" in content else []
        examples += [example["value"] for example in content.get("examples", {}).values()]
        assert examples
        for example in examples:
            assert client.post_json(path, example).status == 200


def media_types(node):
    """All media type objects of the document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "content" and isinstance(value, dict):
                yield from value.values()
            yield from media_types(value)
    elif isinstance(node, list):
        for item in node:
            yield from media_types(item)


def test_answers_are_closed_to_undocumented_fields(api_document):
    """Else the checks above would let new fields slip through."""
    for name, schema in api_document.content["components"]["schemas"].items():
        if schema.get("type") == "object" and not name.endswith("Request"):
            assert schema["additionalProperties"] is False, name
    with pytest.raises(jsonschema.ValidationError):
        api_document.validate({"id": "a", "score": 1, "similarity": 1, "bias": 0, "extra": 1}, "Hit")


@pytest.mark.parametrize(
    ("folder", "pattern", "schema"), [("done", "*.receipt.json", "ShardReceipt"), ("failed", "*.error.json", "ShardFailure")]
)  # fmt: skip
def test_the_documents_beside_shards_are_as_documented(api_document, daemon, folder, pattern, schema):
    paths = list(pathlib.Path(daemon.spool.root / folder).rglob(pattern))
    assert paths
    for path in paths:
        api_document.validate(json.loads(path.read_text()), schema)


def test_answers_of_all_tests_are_checked(api_document):
    assert api_document.check in Client.observers
