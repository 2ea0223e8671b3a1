"""Numbers that are too small for float32 are zero in JSON as in .npy; numbers that are too large are errors."""

import json

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import JSON, NPY, npy_bytes
from harness.spool import IMAGES, REFERENCES

LONG = "0." + "0" * 5000 + "1"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """Under the inner product lengths count, so that a number's value shows in the similarity."""
    with Daemon(tmp_path_factory.mktemp("small"), k=1, metric="inner-product") as daemon:
        daemon.drop(IMAGES, "s.npy", np.eye(2, dtype=np.float32))
        daemon.drop(REFERENCES, "r.npy", np.eye(2, dtype=np.float32)[:1])
        yield daemon


def hits(response):
    assert response.status == 200, response
    return response.json()["results"]


def search(client, text):
    return client.post("/v1/search", text, JSON)


@pytest.mark.parametrize(
    "text",
    ["1e-46", "-1e-46", "1e-400", "-1e-400", "1e-5000", "-1E-99999999999999999999", LONG, "-" + LONG, "0e9999",
     "7e-46", "0.000e-12345", "1234567890123456789012e-90"],
    ids=lambda text: text[:30],
)  # fmt: skip
def test_a_number_too_small_for_float32_is_zero(client, text):
    zero = hits(search(client, '{"queries": [[0, 1]], "alpha": 0}'))
    assert hits(search(client, f'{{"queries": [[{text}, 1]], "alpha": 0}}')) == zero
    # A request that is written unusually reads the same.
    unusual = f'{{"\\u0071ueries": [[{text}, 1]], "alpha": 0, "top_k": null, "alpha": 1}}'
    assert hits(search(client, unusual)) == zero


@pytest.mark.parametrize("text", ["1e-46", "-1e-400", "-1E-99999999999999999999", LONG], ids=lambda text: text[:30])
def test_it_is_zero_in_evaluations_and_hubs_too(client, text):
    def answer(path, fields, number):
        response = client.post(path, f'{{"queries": [[{number}, 1]]{fields.format(number)}}}', JSON)
        assert response.status == 200, response
        return response.json() | {"took_ms": 0}

    for path, fields in (("/v1/hubs", ""), ("/v1/evaluate", ', "answers": [["s:0"]], "alphas": [{}, 1]')):
        assert answer(path, fields, text) == answer(path, fields, "0")


@pytest.mark.parametrize("value", [1e-46, 7.1e-46, 1e-45, 1e-44, -1e-40, 1.17549429e-38, 1.1754943e-38])
def test_json_and_npy_give_the_same(client, value):
    query = [value, 0.5]
    npy = client.post("/v1/search?alpha=0&top_k=2", npy_bytes(np.array([query], np.float64)), NPY)
    text = json.dumps({"queries": [query], "alpha": 0, "top_k": 2})
    assert hits(search(client, text)) == hits(npy)


@pytest.mark.parametrize("value", [1e-45, 1e-44, 1e-40, -1.1e-38])
def test_denormals_keep_their_value(client, value):
    (found,) = hits(search(client, f'{{"queries": [[{value!r}, 0]], "alpha": 0}}'))
    similarity = {hit["id"]: hit["similarity"] for hit in found}
    assert np.float32(similarity["s:0"]) == np.float32(value) != 0


@pytest.mark.parametrize("alpha", ["1e-46", "-1e-400", "1e-5000", LONG], ids=lambda text: text[:30])
def test_an_alpha_too_small_for_float32_is_zero(client, alpha):
    without = hits(search(client, '{"queries": [[1, 1]], "alpha": 0}'))
    assert hits(search(client, f'{{"queries": [[1, 1]], "alpha": {alpha}}}')) == without
    npy = client.post(f"/v1/search?alpha={alpha}", npy_bytes(np.ones((1, 2))), NPY)
    assert hits(npy) == without


@pytest.mark.parametrize("text", ["1e39", "-1e400", "1e5000", "3.4028236e38", "1" * 5000, "1" * 5000 + "e-4900"])
def test_a_number_too_large_for_float32_is_an_error_with_its_place(client, text):
    response = search(client, f'{{"queries": [[1, 2], [1, 2], [1e-46, {text}]]}}')
    assert (response.status, response.json()["code"]) == (400, "bad_json")
    assert "queries[2][1]" in response.json()["detail"]
    response = search(client, f'{{"queries": [[1, 2]], "alpha": {text}}}')
    assert response.status == 400 and "alpha" in response.json()["detail"]
