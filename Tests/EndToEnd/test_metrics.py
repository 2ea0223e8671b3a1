"""GET /metrics, its documentation, and the dashboard and alerts that use the metrics."""

import itertools
import json
import re

import numpy as np
import yaml

from harness.daemon import PROJECT
from harness.http import JSON, NPY, npy_bytes
from harness.metrics import Metrics
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

MONITORING = PROJECT / "monitoring"
# Metrics that Prometheus itself adds.
PROMETHEUS = {"up"}


def nonzero_samples(daemon, name):
    """The samples of a counter that are not zero: tuple of label values -> value."""
    samples = daemon.metrics().families[name].samples
    return {tuple(value for _, value in labels): count for (_, labels), count in samples.items() if count}


def test_the_response_has_the_prometheus_text_format(daemon, client):
    response = client.get("/metrics")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert len(Metrics(response.body.decode()).families) > 20


def documented():
    """The metrics in docs/metrics.md: name -> (kind, labels)."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| .+ \|$", (PROJECT / "docs/metrics.md").read_text(), re.M)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


def test_every_metric_is_documented_with_its_kind_and_labels(daemon):
    families = daemon.metrics().families
    assert documented() == {name: (family.kind, family.labels) for name, family in families.items()}


def test_metrics_of_events_that_have_not_occurred_are_zero(daemon):
    assert nonzero_samples(daemon, "nnnd_shards_total") == {}
    metrics = daemon.metrics()
    assert len(metrics.families["nnnd_shards_total"].samples) == 2 * 3
    assert len(metrics.families["nnnd_rows_total"].samples) == 2 * 5
    assert metrics.values("nnnd_searches_total") == dict.fromkeys(("answered", "rejected", "overloaded", "failed"), 0)
    assert metrics.values("nnnd_reloads_total") == {"ok": 0, "failed": 0}
    assert metrics.value("nnnd_last_commit_timestamp_seconds") == 0
    for name in ("nnnd_commit_seconds", "nnnd_commit_shards", "nnnd_search_seconds", "nnnd_scan_seconds"):
        assert metrics.value(f"{name}_count") == 0


def test_shards_and_rows_are_counted_by_kind_and_outcome(daemon, rng):
    first, second = rng.standard_normal((5, 4)), rng.standard_normal((3, 4))
    daemon.drop(IMAGES, "a.npy", first)
    daemon.drop(IMAGES, "a.npy", first)
    daemon.drop(REFERENCES, "r.npy", first)
    daemon.drop(REFERENCES, "s.npy", second, ids=["r:0", "r:1", "new"])
    daemon.delete(IMAGES, "x.delete", ["a:1", "a:2", "absent"])
    daemon.spool.drop_bytes(IMAGES, "bad.npy", b"nothing")
    daemon.spool.wait_failure(IMAGES, "bad.npy")
    assert nonzero_samples(daemon, "nnnd_shards_total") == {
        ("images", "applied"): 2, ("images", "unchanged"): 1, ("images", "rejected"): 1, ("references", "applied"): 2,
    }  # fmt: skip
    assert nonzero_samples(daemon, "nnnd_rows_total") == {
        ("images", "added"): 5, ("images", "deleted"): 2, ("images", "missing"): 1,
        ("references", "added"): 6, ("references", "replaced"): 2,
    }  # fmt: skip
    metrics, status = daemon.metrics(), daemon.status()
    assert metrics.values("nnnd_corpus_rows") == {"images": 3, "references": 6}
    assert metrics.value("nnnd_generation") == status["generation"] == 4
    assert metrics.value("nnnd_backlog_shards") == status["spool"]["backlog"] == 0
    assert metrics.value("nnnd_commit_shards_sum") == 5
    assert metrics.value("nnnd_commit_seconds_count") == metrics.value("nnnd_commit_shards_count") == 5
    assert metrics.value("nnnd_commit_seconds_sum") > 0
    assert metrics.value("nnnd_last_commit_timestamp_seconds") >= metrics.value("process_start_time_seconds")


def test_retired_references_are_counted(make_daemon, rng):
    daemon = make_daemon(k=4, capacity=8, max_references=10).start()
    daemon.drop(REFERENCES, "a.npy", rng.standard_normal((8, 4)))
    daemon.drop(REFERENCES, "b.npy", rng.standard_normal((15, 4)))
    assert nonzero_samples(daemon, "nnnd_rows_total") == {("references", "added"): 23, ("references", "retired"): 13}


def test_heap_refills_are_counted(make_daemon, rng):
    daemon = make_daemon(k=4, capacity=6).start()
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((7, 4)))
    daemon.drop(REFERENCES, "r.npy", rng.standard_normal((40, 4)))
    assert daemon.metrics().value("nnnd_heap_refills_total") == 0
    # Most heaps have lost all of their six entries.
    daemon.delete(REFERENCES, "r.delete", [f"r:{row}" for row in range(30)])
    refilled = daemon.metrics().value("nnnd_heap_refills_total")
    assert 0 < refilled <= 7


def test_searches_are_counted_by_outcome(daemon, client, rng):
    daemon.drop(IMAGES, "i.npy", rng.standard_normal((7, 4)))
    for queries in (1, 2, 3):
        client.search(rng.standard_normal((queries, 4)))
    assert client.post("/v1/search", b"nothing", JSON).status == 400
    assert client.post("/v1/search", npy_bytes(np.ones((1, 5))), NPY).status == 400
    metrics = daemon.metrics()
    assert metrics.values("nnnd_searches_total") == {"answered": 3, "rejected": 2, "overloaded": 0, "failed": 0}
    assert metrics.value("nnnd_search_seconds_count") == 3
    # The search with the wrong dimension took part in a scan.
    assert metrics.value("nnnd_scan_requests_sum") == metrics.value("nnnd_scan_seconds_count") == 4
    assert metrics.value("nnnd_scan_queries_sum") == 7
    assert metrics.value("nnnd_waiting_queries") == 0


def test_metrics_of_the_store_the_build_and_the_process(daemon):
    metrics, status = daemon.metrics(), daemon.status()
    assert metrics.value("nnnd_store_used_bytes") == status["store"]["bytes"]
    assert metrics.value("nnnd_store_map_bytes") == status["store"]["maximum_bytes"]
    assert metrics.value("nnnd_build_info", version=status["version"], kernels=status["kernels"]) == 1
    anonymous, mapped = metrics.value("nnnd_memory_anonymous_bytes"), metrics.value("nnnd_memory_mapped_bytes")
    assert anonymous > 1 << 20 and mapped > 1 << 20
    assert abs(metrics.value("process_resident_memory_bytes") - anonymous - mapped) < 1 << 20
    assert metrics.value("process_open_fds") > 5
    assert metrics.value("process_cpu_seconds_total") > 0
    assert daemon.metrics().value("process_cpu_seconds_total") >= metrics.value("process_cpu_seconds_total")


def test_spool_errors_are_counted(make_daemon):
    daemon = make_daemon(rescan_seconds=0.1).start()
    root = daemon.spool.root
    # The daemon is paused, because it would create the folder again before the link exists.
    daemon.pause()
    (root / "images").rmdir()
    # A folder can't be created in the place of a dangling link.
    (root / "images").symlink_to(root / "missing" / "target")
    daemon.resume()
    wait_until(lambda: daemon.metrics().value("nnnd_spool_errors_total"), "an error", alive=daemon.check_alive)


def expressions():
    """All PromQL expressions of the dashboard and the alert rules."""
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"]


def test_every_metric_in_dashboard_and_alerts_exists(daemon):
    families = daemon.metrics().families
    samples = {name for family in families.values() for name, _ in family.samples} | families.keys()
    named = {name for text in expressions() for name in re.findall(r"\b(?:nnnd|process)_\w+", text)}
    assert len(named) > 15
    assert named <= samples, named - samples
    selected = {name for text in expressions() for name in re.findall(r"(\w+)\{", text)}
    assert selected <= samples | PROMETHEUS, selected - samples


def test_every_label_value_in_dashboard_and_alerts_exists(daemon):
    families = daemon.metrics().families
    count = 0
    for text in expressions():
        for name, labels in re.findall(r"\b((?:nnnd|process)_\w+)\{(.*?)\}", text):
            family = families.get(name) or families[re.sub("_(bucket|sum|count)$", "", name)]
            known = {label for _, labels in family.samples for label in labels}
            for label, value in re.findall(r'(\w+)="(.*?)"', labels):
                if label == "job":
                    continue
                assert (label, value) in known, text
                count += 1
    assert count >= 4


def test_every_metric_is_in_the_dashboard_or_an_alert(daemon):
    text = "\n".join(expressions())
    assert not [name for name in daemon.metrics().families if name not in text]


def test_alerts_have_a_severity_a_summary_and_an_action():
    for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("warning", "critical")
            assert rule["annotations"].keys() == {"summary", "action"}, rule


def test_panels_have_titles_and_descriptions_and_do_not_overlap():
    panels = json.loads((MONITORING / "grafana-dashboard.json").read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    covered = set()
    for panel in panels:
        assert panel["title"] and panel["description"]
        x, y, width, height = (panel["gridPos"][field] for field in ("x", "y", "w", "h"))
        cells = set(itertools.product(range(x, x + width), range(y, y + height)))
        assert not cells & covered and x + width <= 24
        covered |= cells
