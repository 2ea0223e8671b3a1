"""The progress line and the metrics of a sync, and its options."""

import io
import re

import numpy as np
import pytest

from nnnd.changes import Changes
from nnnd.sync._copy import Applied
from nnnd.sync._parts import part_of
from nnnd.sync._state import CENTRE_STEP, CopyOptions, CopyState, centre_of, need
from nnnd.sync._watch import METRICS, Watch


class Terminal(io.StringIO):
    def isatty(self):
        return True


def page_of(ids, kinds, generation=7, more=False):
    upserts = kinds.count("upsert")
    return Changes(
        kinds=np.array(kinds), ids=np.array(ids), means=np.arange(len(ids), dtype=np.float32),
        vectors=np.arange(2 * upserts, dtype=np.float32).reshape(upserts, 2), cursor="c", more=more, initial=more,
        generation=generation, k=3, images=40, dimension=2,
    )  # fmt: skip


def values_of(path):
    found = re.findall(r'^nnnd_sync_(\w+)\{engine="postgres",copy="a\\"b"\} (\S+)$', path.read_text(), re.M)
    return {name: float(value) for name, value in found}


def test_metrics_and_the_line_follow_the_copy(tmp_path):
    path, terminal = tmp_path / "sync.prom", Terminal()
    watch = Watch("postgres", 'a"b', path, terminal)
    state = CopyState("cosine", 0.75)
    watch.corpus({"generation": 9})
    watch.snapshot()
    page = page_of(["x", "y"], ["upsert", "mean"], more=True)
    watch.applied(Applied(state.after(page), 2, 0, 0), page)
    values = values_of(path)
    assert values.keys() == METRICS.keys()
    assert (values["generation"], values["complete"], values["lag_generations"]) == (7, 0, 2)
    assert values["snapshots_total"] == 1 and values["current_timestamp_seconds"] == 0
    assert "2 of 40 images, generation 7, 2 behind" in terminal.getvalue()
    page = page_of(["z"], ["delete"], generation=9)
    state = state.after(page)
    watch.applied(Applied(state, 0, 0, 1), page)
    watch.caught_up(state, lambda: 39)
    values = values_of(path)
    assert (values["rows"], values["generation"], values["complete"], values["lag_generations"]) == (39, 9, 1, 0)
    assert (values["upserts_total"], values["deletes_total"], values["lag_seconds"]) == (2, 1, 0)
    assert values["current_timestamp_seconds"] > 1e9
    assert terminal.getvalue().endswith("39 images, generation 9, 0 behind, 0.0 s")


def test_without_a_terminal_only_problems_are_printed(tmp_path):
    output = io.StringIO()
    watch = Watch("postgres", "images", tmp_path / "missing" / "file", output)
    page = page_of(["x"], ["upsert"])
    watch.applied(Applied(CopyState("cosine", 1).after(page), 1, 0, 0), page)
    assert output.getvalue() == ""
    watch.problem(RuntimeError("first line\nsecond line"))
    assert output.getvalue() == "nnnd sync postgres images: first line; trying again\n"


def test_each_change_is_in_one_part():
    kinds = ["upsert", "mean", "delete", "upsert", "upsert", "mean", "upsert"]
    page = page_of([f"id{n}é" for n in range(7)], kinds)
    expected = {(c.kind, c.id, c.mean, None if c.vector is None else tuple(c.vector)) for c in page}
    parts = [part_of(page, (number, 3)) for number in (1, 2, 3)]
    found = [(c.kind, c.id, c.mean, None if c.vector is None else tuple(c.vector)) for p in parts for c in p]
    assert len(found) == len(expected) == 7 and set(found) == expected
    assert all(part.cursor == page.cursor for part in parts) and part_of(page, (1, 1)) is page


@pytest.mark.parametrize("options", [{"eps": -1}, {"index": "ivf"}, {"part": (0, 2)}, {"part": (3, 2)}])
def test_wrong_options_are_errors(options):
    with pytest.raises(ValueError, match="must be"):
        CopyOptions(**options)


def test_a_centre_is_near_the_mean_of_the_means():
    assert centre_of(np.array([])) == 0
    assert abs(centre_of(np.array([0.3, 0.31])) - 0.305) <= CENTRE_STEP / 2


def test_a_missing_package_names_the_extra():
    with pytest.raises(ImportError, match=r"pip install 'nnnd\[postgres\]'"):
        need("there_is_no_such_module", "postgres")
