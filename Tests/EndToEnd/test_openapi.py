"""docs/openapi.yaml is a valid document, and the daemon conforms to it.

All other end-to-end tests also check each response against the document; see conftest.py.
"""

import json
import pathlib

import jsonschema
import numpy as np
import openapi_spec_validator
import pytest

from harness.api_requests import changes_responses, evaluation_responses, reading_responses
from harness.bad_bodies import post_with_incomplete_body, send_with_too_large_body
from harness.daemon import Daemon
from harness.http import JSON, NPY, NPZ, Client, npy_bytes
from harness.spool import IMAGES, REFERENCES

# Statuses and codes of a daemon that is overloaded, busy, stopping or failing, or for clients of another user, which
# test_settings_api.py has.
RARE_STATUSES = {403, 500, 503}
RARE_CODES = {
    "forbidden",
    "internal", "overloaded", "backup_running", "verify_running", "evaluation_running", "store_removed", "stopping",
}  # fmt: skip
# The paths of one id that exists, and of one that doesn't, for each kind.
ID_PATHS = [f"/v1/{kind}/{id}" for kind in (IMAGES, REFERENCES) for id in ("a", "unknown")]


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
    """A daemon with the metric inner-product, which forgets changes at once."""
    folder = tmp_path_factory.mktemp("openapi-product")
    with Daemon(folder, k=4, metric="inner-product", change_log_age="0.001s") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def unlogged_daemon(tmp_path_factory):
    """A daemon that keeps no changes."""
    with Daemon(tmp_path_factory.mktemp("openapi-unlogged"), change_log_size="0") as daemon:
        yield daemon


def all_responses(daemon, product_daemon, unlogged_daemon):
    """Sends requests that give each documented status and code, except RARE_STATUSES and RARE_CODES."""
    good = npy_bytes(np.ones((2, 3)))
    with daemon.client() as client, product_daemon.client() as other:
        yield client.post_json("/v1/search", {"queries": [[1, 2, 3]], "top_k": 2, "alpha": 0.5})
        yield client.post("/v1/search?top_k=1&alpha=0", good, NPY)
        yield client.request("POST", "/v1/search", good, {"Content-Type": NPY, "Accept": NPZ})
        yield client.get("/v1/status")
        yield other.get("/v1/status")
        yield client.get("/v1/images/c%2Fd")
        yield client.get("/v1/references/c%2Fd")
        yield from reading_responses(client)
        yield client.post_json("/v1/verify", {"sample": 2})
        yield client.get("/metrics")
        yield client.get("/healthz")
        yield client.get("/readyz")
        yield client.post("/v1/search", b"{", JSON)
        yield client.post("/v1/search", b"x", NPY)
        yield client.post("/v1/search?top_k=0", good, NPY)
        yield client.post("/v1/search?alpha=-1", good, NPY)
        yield client.post("/v1/search?min_score=inf", good, NPY)
        yield client.post("/v1/search?recall=0", good, NPY)
        yield client.post("/v1/search?recall=0.9&rescore=1", good, NPY)
        yield client.post("/v1/search?recall=0.9&probes=1", good, NPY)
        yield client.post("/v1/search", npy_bytes(np.ones((4097, 3))), NPY)
        yield client.post("/v1/search", npy_bytes(np.ones((1, 4))), NPY)
        yield client.post("/v1/search", npy_bytes([[1, np.nan, 1]]), NPY)
        yield client.post("/v1/search", npy_bytes(np.zeros((1, 3))), NPY)
        yield other.post("/v1/search", npy_bytes([[1e30, 1, 1]]), NPY)
        yield client.post("/v1/search", b"x", "text/plain")
        yield client.post("/v1/verify", b"x", NPY)
        yield client.request("POST", "/v1/search", b"x", {"Content-Encoding": "br"})
        yield client.request("POST", "/v1/search", b"x", {"Content-Encoding": "gzip"})
        yield client.post_json("/v1/search", {"queries": [[1, 2, 3]], "topk": 1})
        yield client.post("/v1/verify", b"{", JSON)
        yield client.post_json("/v1/verify", {"sample": 0})
        yield send_with_too_large_body(daemon, "/v1/search")
        yield send_with_too_large_body(daemon, "/v1/verify")
        yield post_with_incomplete_body(daemon, "/v1/search")
        yield client.get("/v1/backup")
        for kind in (IMAGES, REFERENCES):
            yield client.get(f"/v1/{kind}/unknown")
            yield client.get(f"/v1/{kind}/%ff")
        yield other.get("/v1/hubs")
        cursor = json.loads(other.get("/v1/changes?since=now").body)["next_cursor"]
        with unlogged_daemon.client() as unlogged:
            yield from changes_responses(client, cursor, unlogged)
        # 4,096 queries with 300 hits each exceed the limit of a million hits.
        product_daemon.drop(IMAGES, "many.npy", np.ones((300, 3)))
        yield other.post("/v1/search?top_k=300", npy_bytes(np.ones((4096, 3))), NPY)
        # numpy would remove the NUL at the end of an id.
        product_daemon.drop(IMAGES, "nul.npy", np.full((1, 3), 2.0), ids=["nul\0"])
        yield other.request("POST", "/v1/search", good, {"Content-Type": NPY, "Accept": NPZ})
        yield other.request("GET", "/v1/changes?since=start", None, {"Accept": NPZ})
        yield other.get(f"/v1/changes?since={cursor}")
        yield from evaluation_responses(client, other)
        yield from settings_responses(daemon, client)
        for path in ("/v1/evaluate", "/v1/hubs"):
            yield send_with_too_large_body(daemon, path)
            yield client.post(path, b"x", NPY)
        for path in ("/v1/status", "/v1/backup", "/v1/images/a", "/v1/references/a"):
            yield client.get(path + "?x=1")
            yield client.request("HEAD", path + "?x=1")
        for path in ("/v1/status", "/v1/backup", "/v1/hubs", "/metrics", "/healthz", "/readyz", *ID_PATHS):
            yield client.request("HEAD", path)
            yield client.request("OPTIONS", path)
        for path in ("/v1/search", "/v1/verify", "/v1/evaluate"):
            yield client.request("OPTIONS", path)
        yield client.get("/nothing")
        yield client.get("/v1/search")


def settings_responses(daemon, client):
    """Requests that read and change settings; afterwards the settings are as before."""
    before = client.get("/v1/settings").json()
    for method in ("GET", "HEAD", "OPTIONS"):
        yield client.request(method, "/v1/settings")
        yield client.request(method, "/v1/settings?x=1")
    for fields in ({"k": 2, "alpha": 1}, {"k": before["k"], "alpha": before["alpha"]}, {"k": 0}, {"alpha": -1},
                   {"k": 1000}):
        yield client.request("PATCH", "/v1/settings", json.dumps(fields), {"Content-Type": JSON})
    yield client.request("PATCH", "/v1/settings", "k: 2", {"Content-Type": "text/plain"})
    yield send_with_too_large_body(daemon, "/v1/settings", method="PATCH", media_type=JSON)


@pytest.fixture(scope="module")
def responses(daemon, product_daemon, unlogged_daemon):
    return list(all_responses(daemon, product_daemon, unlogged_daemon))


def test_the_document_is_valid(api_document):
    assert api_document.content["openapi"].startswith("3.1.")
    openapi_spec_validator.validate(api_document.content)


def test_the_document_has_the_version_of_the_daemon(api_document, client):
    assert api_document.content["info"]["version"] == client.status()["version"]


def test_each_response_conforms_to_the_document(api_document, responses):
    for response in responses:
        api_document.check(response)


def test_each_documented_status_of_each_operation_occurs(api_document, responses):
    occurred = {(api_document.template(r.target), r.method, str(r.status)) for r in responses}
    documented = {
        (path, method, status)
        for path, method, operation in api_document.operations()
        for status in operation["responses"]
        if int(status) not in RARE_STATUSES
    }
    assert documented <= occurred, documented - occurred


def test_each_documented_media_type_of_a_success_occurs(api_document, responses):
    occurred = {(api_document.template(r.target), r.method, r.media_type) for r in responses if r.status == 200}
    documented = {
        (path, method, media_type)
        for path, method, operation in api_document.operations()
        for media_type in operation["responses"].get("200", {}).get("content", {})
    }
    assert documented <= occurred, documented - occurred


def test_exactly_the_documented_problem_codes_occur(api_document, responses):
    occurred = {response.json()["code"] for response in responses if response.status >= 400 and response.body}
    documented = set(api_document.at("#/components/schemas/Problem")["properties"]["code"]["enum"])
    assert occurred == documented - RARE_CODES


def test_the_status_in_a_problem_document_is_that_of_the_response(responses):
    for response in responses:
        if response.status >= 400 and response.method != "HEAD":
            assert response.json()["status"] == response.status
            assert response.media_type == "application/problem+json"


def test_each_documented_operation_exists(api_document, client):
    for path, method, operation in api_document.operations():
        response = client.request(method, path.replace("{id}", "a"))
        known = response.status not in (404, 405)
        assert known, f"{method} {path} is documented, but the daemon does not have it: {response}"
        assert operation["operationId"] and operation["summary"]


def test_no_other_method_exists_on_a_documented_path(api_document, client):
    for path, item in api_document.paths.items():
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            if method.lower() not in item:
                response = client.request(method, path.replace("{id}", "a"))
                assert response.status == 405, f"{method} {path} is not documented, but the daemon has it: {response}"
                assert response.headers["Allow"] == ", ".join(sorted(name.upper() for name in item))
            else:
                assert client.request(method, path.replace("{id}", "a")).status not in (404, 405)


def test_all_examples_conform_to_their_schemas(api_document):
    count = 0
    for media in media_types(api_document.content):
        examples = [media["example"]] if "example" in media else []
        examples += [example["value"] for example in media.get("examples", {}).values()]
        for example in examples:
            api_document.validate(example, media["schema"])
            count += 1
    assert count > 15


def test_the_daemon_accepts_all_examples_of_requests(api_document, client):
    """Their vectors have the dimension of the corpus."""
    for path, method, operation in api_document.operations():
        content = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if content is None:
            continue
        examples = [content["example"]] if "example" in content else []
        examples += [example["value"] for example in content.get("examples", {}).values()]
        assert examples
        for example in examples:
            body = json.dumps(example)
            response = client.request(method.upper(), path, body=body, headers={"Content-Type": JSON})
            assert response.status == 200, response


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


def test_schemas_of_responses_allow_no_undocumented_fields(api_document):
    """Otherwise the tests above could not find undocumented fields."""
    for name, schema in api_document.content["components"]["schemas"].items():
        if schema.get("type") == "object" and not name.endswith("Request"):
            assert schema["additionalProperties"] is False, name
    with pytest.raises(jsonschema.ValidationError):
        api_document.validate({"id": "a", "score": 1, "similarity": 1, "bias": 0, "extra": 1}, "Hit")


@pytest.mark.parametrize(
    ("folder", "pattern", "schema"),
    [("done", "*.receipt.json", "ShardReceipt"), ("failed", "*.error.json", "ShardFailure")],
)
def test_receipts_and_error_documents_conform_to_their_schemas(api_document, daemon, folder, pattern, schema):
    paths = list(pathlib.Path(daemon.spool.root / folder).rglob(pattern))
    assert paths
    for path in paths:
        api_document.validate(json.loads(path.read_text()), schema)


def test_the_responses_of_all_tests_are_checked(api_document):
    assert api_document.check in Client.observers
