"""Progress bars on standard error, if tqdm is installed and a person looks."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import TracebackType
from typing import Any

# Short work shows no bar.
DELAY_SECONDS = 0.5
# A bar of the unit "%" shows the step and no rate, because steps take different times.
PERCENT_FORMAT = "{desc}{percentage:3.0f}%|{bar}| {elapsed}"


class Progress:
    """A progress bar as a context manager; it shows nothing without tqdm, without a terminal, or if `show` is False.

    `show=None` leaves the decision to these rules, `show=True` shows the bar in a file or pipe too.
    """

    def __init__(self, what: str, total: int | None, unit: str, show: bool | None = None) -> None:
        self._bar: Any = None
        self._step = what
        if show is False or (show is None and not (_is_notebook() or sys.stderr.isatty())):
            return
        try:
            # The bar of notebooks needs ipywidgets, and warns without it.
            module = "tqdm.auto" if importlib.util.find_spec("ipywidgets") else "tqdm"
            tqdm = importlib.import_module(module).tqdm
        except ImportError:
            return
        self._bar = tqdm(
            desc=what,
            total=total,
            unit=unit,
            unit_scale=True,
            bar_format=PERCENT_FORMAT if unit == "%" else None,
            miniters=1 if unit == "%" else None,
            file=sys.stderr,
            leave=False,
            delay=DELAY_SECONDS,
        )

    def add(self, count: int) -> None:
        """Counts more work as done."""
        if self._bar is not None:
            self._bar.update(count)

    def show(self, step: str, percent: float) -> None:
        """Shows how much of a step is done; `total` must be 100 and `unit` "%"."""
        if self._bar is None:
            return
        if step != self._step:
            self._step = step
            self._bar.n = self._bar.last_print_n = 0
            self._bar.set_description(step, refresh=False)
        self._bar.update(percent - self._bar.n)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


def _is_notebook() -> bool:
    """Whether this code runs in the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")
