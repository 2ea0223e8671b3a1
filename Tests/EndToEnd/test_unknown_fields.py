"""Fields of a JSON body and parameters of a query string that a path doesn't know.

They are an error, as they are often mistyped.
"""

import json

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import NPY, npy_bytes
from harness.spool import IMAGES, REFERENCES


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("fields"), k=4) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "s.npy", np.eye(3), ids=["a", "b", "c"])
        yield daemon


def check(response, code, *told):
    assert (response.status, response.json()["code"]) == (400, code), response
    for name in told:
        assert f"'{name}'" in response.json()["detail"], response


SEARCH_FIELDS = ("queries", "image_ids", "reference_ids", "top_k", "alpha", "min_score", "recall", "rescore", "probes", "sample")


@pytest.mark.parametrize("name", ["topk", "topK", "TOP_K", "top-k", "top__k", "Queries", "alpha ", "", "größe", "a'b"])
def test_an_unknown_field_of_a_search(client, name):
    body = {"queries": [[1, 2, 3]], name: 1}
    check(client.post_json("/v1/search", body), "unknown_field", name, *SEARCH_FIELDS)
    # Whatever its value is, and where it stands.
    body = {name: {"queries": [None]}, "queries": [[1, 2, 3]], "alpha": 1}
    check(client.post_json("/v1/search", body), "unknown_field", name, *SEARCH_FIELDS)


def test_all_unknown_fields_are_named(client):
    body = {"queries": [[1, 2, 3]], "z": 1, "limit": 2, "top_k": 1}
    response = client.post_json("/v1/search", body)
    check(response, "unknown_field", "limit", "z")
    assert "'limit', 'z'" in response.json()["detail"]


def test_fields_within_fields_are_none_of_the_search(client):
    response = client.post_json("/v1/search", {"queries": [{"vector": [1, 2, 3]}]})
    assert response.json()["code"] == "bad_json"


@pytest.mark.parametrize("name", ["samples", "Sample", "queries"])
def test_an_unknown_field_of_a_verification(client, name):
    check(client.post_json("/v1/verify", {name: 1}), "unknown_field", name, "sample")
    check(client.post_json("/v1/verify", {"sample": 1, name: None}), "unknown_field", name, "sample")


def test_known_fields_are_read_however_they_are_written(client):
    plain = client.post_json("/v1/search", {"queries": [[1, 2, 3]], "top_k": 2, "alpha": 0}).json()["results"]
    text = '{"\\u0061lpha": 0, "top\\u005Fk": 2.0, "quer\\u0069es": [[1, 2, 3]]}'
    assert client.post("/v1/search", text, "application/json").json()["results"] == plain
    assert json.loads(text) == {"queries": [[1, 2, 3]], "top_k": 2, "alpha": 0}


@pytest.mark.parametrize("name", ["topk", "topK", "Alpha", "queries", "pretty"])
def test_an_unknown_parameter_of_a_search(client, name):
    body = npy_bytes(np.ones((1, 3)))
    check(client.post(f"/v1/search?top_k=1&{name}=1", body, NPY), "unknown_parameter", name, "top_k", "alpha")
    check(client.post(f"/v1/search?{name}", body, NPY), "unknown_parameter", name)


PATHS = ["/v1/status", "/v1/images/a", "/v1/references/a", "/v1/backup"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_without_parameters_takes_none(client, path):
    check(client.get(path + "?top_k=1"), "unknown_parameter", "top_k")
    assert client.get(path + "?").status == 200
    assert client.request("HEAD", path + "?x=1").status == 400


def test_a_verification_takes_its_sample_from_the_body_only(client):
    check(client.post_json("/v1/verify?sample=1", {}), "unknown_parameter", "sample")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_and_scrapes_may_have_parameters(client, path):
    """Prometheus and load balancers can be set up to send some."""
    assert client.get(path + "?x=1&verbose").status == 200


def test_the_query_string_holds_for_json_where_the_body_says_nothing(client):
    def hits(target, **fields):
        return client.post_json(target, {"queries": [[3, 2, 1]], **fields}).json()["results"][0]

    (hit,) = hits("/v1/search?top_k=1&alpha=0")
    assert hit["bias"] == 0
    assert len(hits("/v1/search?top_k=1", top_k=2)) == 2
    assert [hit["bias"] for hit in hits("/v1/search?alpha=1&top_k=2", alpha=0, top_k=None)] == [0, 0]


BAD_PARAMETERS = [("top_k=0", "bad_top_k"), ("alpha=-1", "bad_alpha"), ("alpha=x", "bad_alpha")]


@pytest.mark.parametrize(("parameter", "code"), BAD_PARAMETERS)
def test_a_bad_parameter_is_an_error_whatever_the_body_says(client, parameter, code):
    body = {"queries": [[3, 2, 1]], "top_k": 1, "alpha": 0}
    assert client.post_json(f"/v1/search?{parameter}", body).json()["code"] == code


@pytest.mark.parametrize("number", [2**53 - 1, 2**53, 2**70, 1.5, 1e30])
def test_numbers_that_are_not_whole_or_too_large_are_named(client, number):
    for target, field in (("/v1/search", "top_k"), ("/v1/verify", "sample")):
        fields = {"queries": [[1, 2, 3]]} if field == "top_k" else {}
        response = client.post_json(target, {**fields, field: number})
        if number == 2**53 - 1:
            assert response.status == 200, response
        elif number == 2**53:
            assert response.json()["code"] == f"bad_{field}" and str(2**53 - 1) in response.json()["detail"], response
        else:
            assert response.json()["code"] == "bad_json" and f"at {field}: " in response.json()["detail"], response
