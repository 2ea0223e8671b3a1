"""A report: one page in HTML with pictures, which the program nnnctl makes."""

from __future__ import annotations

import html
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

FRAME_HEIGHT = 800


@dataclass(frozen=True)
class Report:
    """A page that shows whether the correction helps, which k and alpha are best, and which images are hubs.

    A notebook shows the page itself. It needs no network and no scripts.

    >>> report = db.report([[1.0, 0.1, 0.0], [0.6, 0.8, 0.1]], ["cat", "dog"])
    >>> report.html[:15]
    '<!DOCTYPE html>'

    """

    html: str = field(repr=False)
    """The page."""
    verdict: tuple[str, ...]
    """Whether the settings help, and whether others would be better, in sentences."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page into a file, and returns its path. An existing file is replaced as a whole."""
        target = Path(path)
        hidden = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
        try:
            hidden.write_text(self.html, encoding="utf-8")
            os.replace(hidden, target)
        except BaseException:
            hidden.unlink(missing_ok=True)
            raise
        return target

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style does not change that of the notebook."""
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="Report of nnnd" sandbox="" '
            f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'
        )
