"""The parts of the benchmark that need no daemon: CLIP-like vectors, and what is written to the documents."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import counters  # noqa: E402
import document  # noqa: E402
import history  # noqa: E402
import losses  # noqa: E402
from cliplike import ClipLike  # noqa: E402

ROWS = 2000
FIGURES = {("CLIP-like", "search 1"): "5 ms", ("CLIP-like", "images"): "4 s"}


def vectors(dimension, seed=1):
    model, random = ClipLike(dimension), np.random.default_rng(seed)
    return model.images(random, ROWS), model.captions(random, ROWS)


@pytest.mark.parametrize("dimension", [384, 512])
def test_clip_like_vectors_have_the_statistics_of_clip(dimension):
    images, captions = vectors(dimension)
    for rows, length, share in ((images, 0.723, 0.573), (captions, 0.710, 0.674)):
        assert rows.shape == (ROWS, dimension) and rows.dtype == np.float32
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(ROWS), abs=1e-5)
        assert np.linalg.norm(rows.mean(axis=0)) == pytest.approx(length, abs=0.03)
        spectrum = np.sort(np.linalg.eigvalsh(np.cov(rows.T)))[::-1]
        directions = round(32 * dimension / 512)
        assert spectrum[:directions].sum() / spectrum.sum() == pytest.approx(share, abs=0.05)
    outlier = images[:, 92 * dimension // 512]
    assert outlier.mean() == pytest.approx(-0.61, abs=0.02) and outlier.std() == pytest.approx(0.06, abs=0.015)
    for place in (133, 312):
        assert captions[:, place * dimension // 512].mean() == pytest.approx(0.40, abs=0.02)
    assert (images @ captions.T).mean() == pytest.approx(0.17, abs=0.03)


@pytest.mark.parametrize("dimension", [1, 2, 7, 64, 640])
def test_clip_like_vectors_of_any_dimension_are_of_length_one(dimension):
    for rows in vectors(dimension):
        assert rows.shape == (ROWS, dimension)
        assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(ROWS), abs=1e-5)


def test_equal_seeds_give_equal_clip_like_vectors():
    first, again, other = (vectors(64, seed)[0] for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


def test_a_document_keeps_its_sections_and_subsections():
    sections = {
        "Search": {"Random directions": "| a |\n", "CLIP-like": "| b |\n"},
        "Kernels": {"": "One thread.\n"},
        "Memory": {"": "Before.\n", "WordNet": "| c |\n"},
    }
    text = document.text_of([("CPU", "2 cores")], sections)
    assert "| CPU | 2 cores |" in text
    assert document.sections_of(text) == sections


def test_a_document_lists_kinds_of_data_in_one_order():
    sections = {"Search": {"WordNet": "w\n", "CLIP-like": "c\n", "Random directions": "r\n"}}
    assert list(document.sections_of(document.text_of([], sections))["Search"]) == document.TITLES


TABLE = """\
| | nnnd | compared with | ratio | target | |
|---|---|---|---|---|---|
| 1 query | 5.40 ms (5.1 ms to 6 ms) | 30.5 ms, faiss-cpu | 0.177 (0.131 to 0.267) | ≤ 0.25 | met, 21 runs |
| 16 queries | 10.7 ms | 7.5 ms, faiss-cpu PQ, recall@10 0.995 | 1.427 (0.9 to 1.6) |  | 21 runs |
| 100 queries | 90.0 ms | 60.0 ms, usearch | 1.500 | ≤ 1 | **missed**, 7 runs |
| 1,000 queries | 3.05 s | 2.24 s, the int8 products | 1.36 |  | 7 runs |
| 64 clients | 9 /s | 2 /s, 1 client | 4.500 |  | 7 runs |

| varied | constant | search | bias maintenance |
|---|---|---|---|
| images 25,000 | 4,096 references x 512 | 1.9 / 3.4 | 1,336.2 / 179.9 |
"""


def test_rows_with_a_faster_peer_are_losses():
    found = list(losses.losses_of(TABLE))
    assert [row[:3] for row in found] == [
        ("16 queries", "10.7 ms", "7.5 ms, faiss-cpu PQ, recall@10 0.995"),
        ("100 queries", "90.0 ms", "60.0 ms, usearch"),
        ("images 25,000 with 4,096 references x 512", "1,336.2 ms", "179.9 ms, faiss-cpu"),
    ]
    assert [row[3] for row in found] == pytest.approx([1.427, 1.5, 7.43], rel=0.01)


def test_losses_name_the_table_and_the_data():
    assert "| Search: CLIP-like | 100 queries | 90.0 ms | 60.0 ms, usearch | 1.5 |" in losses.text(
        {"Search": {"CLIP-like": TABLE}}
    )
    assert "No row" in losses.text({"Search": {"": TABLE.replace("1.427", "0.9").split("| 100")[0]}})


def test_the_history_keeps_rows_of_other_versions_machines_and_data(tmp_path):
    path = tmp_path / "history.md"
    history.update(path, "0.1.0", "A", "2026-01-01", FIGURES)
    before = path.read_text().splitlines()
    for version, machine, kind in (("0.2.0", "A", "CLIP-like"), ("0.1.0", "B", "CLIP-like"), ("0.1.0", "A", "WordNet")):
        history.update(path, version, machine, "2026-02-02", {(kind, "search 1"): "1 ms"})
    assert path.read_text().splitlines()[: len(before)] == before
    assert len(history.rows_of(path.read_text())) == 4


def test_the_history_replaces_only_figures_that_were_measured_again(tmp_path):
    path = tmp_path / "history.md"
    history.update(path, "0.2.0", "A", "2026-01-01", FIGURES)
    history.update(path, "0.2.0", "A", "2026-02-02", {("CLIP-like", "search 1"): "3 ms"})
    (row,) = history.rows_of(path.read_text())
    assert row["date"] == "2026-02-02"
    assert (row[history.FIGURES["search 1"]], row[history.FIGURES["images"]]) == ("3 ms", "4 s")


class CountingDaemon:
    """Has the metrics that a test gives it; it is its own client."""

    def __init__(self):
        self.counted = {"nnnd_scan_queries_sum": 5.0}
        self.client = self

    def metrics(self):
        return "# HELP a b\n" + "".join(f"{name} {value}\n" for name, value in self.counted.items())


def test_rows_are_counted_per_query():
    daemon = CountingDaemon()
    daemon.counted |= {"nnnd_search_scanned_rows_total": 1000, 'nnnd_search_bounded_rows_total{step="low"}': 50}
    with counters.Rows(daemon) as rows:
        daemon.counted["nnnd_scan_queries_sum"] += 4
        daemon.counted["nnnd_search_scanned_rows_total"] += 2000
        daemon.counted['nnnd_search_bounded_rows_total{step="low"}'] += 2
    assert rows.per_query == {
        "nnnd_search_scanned_rows_total": 500, 'nnnd_search_bounded_rows_total{step="low"}': 0.5,
    }  # fmt: skip


def test_a_daemon_without_counters_of_rows_has_no_rows_per_query():
    daemon = CountingDaemon()
    with counters.Rows(daemon) as rows:
        daemon.counted["nnnd_scan_queries_sum"] += 4
    assert rows.per_query == {}
