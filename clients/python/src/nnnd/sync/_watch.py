"""The progress line and the metrics of a sync."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..changes import Changes
    from ..documents import Status
    from ._copy import Applied
    from ._state import CopyState

# The number of rows is counted again at most once in so many seconds.
COUNT_SECONDS = 10.0

METRICS = {
    "rows": ("gauge", "Images in the copy, when they were counted last."),
    "generation": ("gauge", "The generation of the page that was applied last."),
    "complete": ("gauge", "1 if the copy is the corpus of that generation, 0 while pages are missing."),
    "lag_generations": ("gauge", "Generations of the corpus that the copy does not have yet."),
    "lag_seconds": ("gauge", "Seconds since the copy was as new as the corpus."),
    "current_timestamp_seconds": ("gauge", "The time at which the copy was as new as the corpus."),
    "upserts_total": ("counter", "Rows that were written with their vectors."),
    "means_total": ("counter", "Rows of which only the mean was written."),
    "deletes_total": ("counter", "Rows that were deleted because of a deletion in the corpus."),
    "snapshots_total": ("counter", "Snapshots that were begun."),
    "problems_total": ("counter", "Outages of the daemon or the engine, and repairs of the copy."),
}


class Watch:
    """Says how far a sync is: on a terminal in a line, and in a file for the node exporter's textfile collector."""

    def __init__(
        self, engine: str, name: str, metrics: str | os.PathLike[str] | None = None, output: TextIO | None = None
    ) -> None:
        self._labels = f'{{engine="{engine}",copy="{_escaped(name)}"}}'
        self._what = f"sync {engine} {name}"
        self._path = None if metrics is None else Path(metrics)
        self._output = output or sys.stderr
        self._shows = self._output.isatty()
        self.values: dict[str, float] = dict.fromkeys(METRICS, 0)
        self._newest = 0
        self._began = self._fresh = time.time()
        self._counted = 0.0
        self._dirty = True

    def corpus(self, status: Status) -> None:
        """The corpus is looked at: what it has now is to be in the copy soon."""
        self._newest = status["generation"]
        self._began = time.time()

    def snapshot(self) -> None:
        """A snapshot begins."""
        self.values["snapshots_total"] += 1
        self._dirty = True

    def applied(self, applied: Applied, page: Changes) -> None:
        """A page was applied."""
        values = self.values
        values["upserts_total"] += applied.upserts
        values["means_total"] += applied.means
        values["deletes_total"] += applied.deletes
        values["generation"] = page.generation
        values["complete"] = int(applied.state.complete)
        self._newest = max(self._newest, page.generation)
        self._dirty = True
        done = f"{values['upserts_total']:,.0f} of {page.images:,} images" if applied.state.snapshot else ""
        self._report(done)

    def caught_up(self, state: CopyState, rows: Callable[[], int]) -> None:
        """The copy is the corpus as it was when the last `corpus` was called, or later."""
        now = time.time()
        self._fresh = self._began
        self.values.update(
            generation=state.generation, complete=1, current_timestamp_seconds=self._fresh
        )  # fmt: skip
        self._newest = state.generation
        if self._dirty and (now - self._counted >= COUNT_SECONDS or not self.values["rows"]):
            self.values["rows"] = rows()
            self._counted = now
            self._dirty = False
        self._report("")

    def problem(self, error: Exception, next: str = "trying again") -> None:
        """Something failed; `next` says what is done about it."""
        self.values["problems_total"] += 1
        if self._shows:
            self._output.write("\r\033[K")
        lines = str(error).strip().splitlines()
        print(f"nnnd {self._what}: {lines[0] if lines else type(error).__name__}; {next}", file=self._output)
        self._report("")

    def close(self) -> None:
        """Ends the line."""
        if self._shows:
            self._output.write("\n")
            self._output.flush()

    def _report(self, done: str) -> None:
        values = self.values
        values["lag_generations"] = max(0, self._newest - values["generation"]) if values["complete"] else 0
        if not values["complete"] or values["lag_generations"]:
            values["lag_generations"] = max(1, self._newest - values["generation"])
        values["lag_seconds"] = time.time() - self._fresh if values["lag_generations"] else 0.0
        if self._shows:
            rows = done or f"{values['rows']:,.0f} images"
            self._output.write(
                f"\r\033[K{self._what}: {rows}, generation {values['generation']:,.0f}, "
                f"{values['lag_generations']:,.0f} behind, {values['lag_seconds']:.1f} s"
            )
            self._output.flush()
        self._write()

    def _write(self) -> None:
        """Replaces the file with the metrics; a file that cannot be written is no reason to stop."""
        if self._path is None:
            return
        lines = []
        for name, (kind, help) in METRICS.items():
            lines += [f"# HELP nnnd_sync_{name} {help}", f"# TYPE nnnd_sync_{name} {kind}"]
            lines.append(f"nnnd_sync_{name}{self._labels} {self.values[name]:.16g}")
        hidden = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            hidden.write_text("\n".join(lines) + "\n")
            os.replace(hidden, self._path)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
