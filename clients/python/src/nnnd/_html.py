"""Tables in HTML, for notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str] = ()) -> str:
    """A table, and a paragraph for each note below it.

    >>> table(["id"], [["<cat>"]], ["one row"])
    '<table><thead><tr><th>id</thead><tbody><tr><td>&lt;cat&gt;</tbody></table><p>one row</p>'

    """
    head = "".join(f"<th>{html.escape(name)}" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}" for cell in row) for row in rows)
    paragraphs = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return f"<table><thead><tr>{head}</thead><tbody>{body}</tbody></table>{paragraphs}"
