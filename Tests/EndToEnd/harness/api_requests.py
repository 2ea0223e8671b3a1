"""Requests that give the documented statuses and codes of some paths, for test_openapi.py."""

import json

from .http import JSON, NPZ


def reading_responses(client):
    """Requests that read vectors, search by ids and list images and references."""
    for value in ("true", "false", "yes"):
        yield client.get(f"/v1/images/c%2Fd?vector={value}")
    yield client.post_json("/v1/search", {"image_ids": ["a", "c/d"], "min_score": 0.5})
    yield client.post_json("/v1/search", {"reference_ids": ["a"]})
    yield client.post_json("/v1/search", {"image_ids": ["unknown"]})
    yield client.post("/v1/search?sample=no", "{}", JSON)
    yield client.post_json("/v1/search", {"image_ids": ["a"], "queries": [[1, 2, 3]]})
    for path in ("/v1/images", "/v1/references"):
        for query in ("", "?limit=2", "?after=b&limit=1", "?limit=0", "?x=1"):
            yield client.get(path + query)
            yield client.request("HEAD", path + query)
        yield client.request("OPTIONS", path)


def changes_responses(client, cursor, unlogged_client):
    """Requests for changes; the cursor is of another daemon, and `unlogged_client` has a daemon that keeps none."""
    for query in (
        "since=start&include=vectors",
        "since=now",
        f"since={cursor}",
        "since=x",
        "since=start&limit=0",
        "since=start&include=x",
        "since=start&x=1",
    ):
        yield client.get(f"/v1/changes?{query}")
        yield client.request("HEAD", f"/v1/changes?{query}")
    yield client.request("GET", "/v1/changes?since=start&include=vectors", None, {"Accept": NPZ})
    yield client.request("OPTIONS", "/v1/changes")
    yield unlogged_client.get("/v1/changes?since=now")
    yield unlogged_client.request("HEAD", "/v1/changes?since=now")


def evaluation_responses(client, empty_client):
    """Requests to evaluate and to count hubs; `empty_client` has a corpus without references."""
    queries = {"queries": [[1, 2, 3], [1, 0, 0]]}
    labelled = queries | {"answers": [["a"], ["b", "c/d"]]}
    for fields in (
        labelled | {"groups": {"a": "x", "b": "y"}, "reference_curve": True},
        queries,
        {},
        labelled | {"answers": [["a"]]},
        labelled | {"answers": [["a"], ["unknown"]]},
        {"answers": [["a"]]},
        labelled | {"groups": {"a": "x"}},
        {"queries": []},
        {"ks": [1000]},
        {"alphas": [-1]},
        {"repeats": 0},
        {"seed": -1},
        {"group_sizes": [0]},
        queries | {"queries": [[1, 2, 3]] * 32768, "alphas": [step / 64 for step in range(64)], "ks": [1, 2, 3]},
    ):
        yield client.post_json("/v1/evaluate", fields)
    yield client.post("/v1/evaluate", json.dumps(labelled), JSON)
    yield client.request("POST", "/v1/evaluate", json.dumps(labelled), {"Accept": "application/x-ndjson"})
    yield empty_client.post_json("/v1/evaluate", labelled)
    for query in ("", "?limit=1&sample=2", "?limit=0", "?x=1"):
        yield client.get(f"/v1/hubs{query}")
    for client_ in (client, empty_client):
        yield client_.post_json("/v1/hubs", queries)
        yield client_.get("/v1/hubs")
        yield client_.request("HEAD", "/v1/hubs")
        yield client_.request("GET", "/v1/hubs", headers={"Accept": "application/x-ndjson"})
    yield client.request("HEAD", "/v1/hubs?limit=0")
    yield client.post_json("/v1/hubs", {"sample": 0, "since": "0"})
    yield client.post_json("/v1/hubs", {"since": "soon"})
