"""Division of a corpus among several copies."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..changes import Changes


def part_of(page: Changes, part: tuple[int, int]) -> Changes:
    """The changes of a page that concern the copy of part I of N: those with crc32(id) % N == I - 1."""
    number, parts = part
    if parts == 1:
        return page
    mine = np.fromiter((zlib.crc32(id.encode()) % parts == number - 1 for id in page.ids.tolist()), bool, len(page))
    vectors = None if page.vectors is None else page.vectors[mine[page.kinds == "upsert"]]
    return replace(page, kinds=page.kinds[mine], ids=page.ids[mine], means=page.means[mine], vectors=vectors)
