"""Progress bars on standard error, if tqdm is installed and a person looks."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import TracebackType
from typing import Any

# Short work shows no bar.
DELAY_SECONDS = 0.5


class Progress:
    """A progress bar as a context manager; it shows nothing without tqdm, without a terminal, or if `show` is False.

    `show=None` leaves the decision to these rules, `show=True` shows the bar in a file or pipe too.
    """

    def __init__(self, what: str, total: int | None, unit: str, show: bool | None = None) -> None:
        self._bar: Any = None
        if show is False or (show is None and not (_is_notebook() or sys.stderr.isatty())):
            return
        try:
            # The bar of notebooks needs ipywidgets, and warns without it.
            module = "tqdm.auto" if importlib.util.find_spec("ipywidgets") else "tqdm"
            tqdm = importlib.import_module(module).tqdm
        except ImportError:
            return
        self._bar = tqdm(
            desc=what, total=total, unit=unit, unit_scale=True, file=sys.stderr, leave=False, delay=DELAY_SECONDS
        )

    def add(self, count: int) -> None:
        """Counts more work as done."""
        if self._bar is not None:
            self._bar.update(count)

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
