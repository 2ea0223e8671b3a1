"""Copies of the corpus in other engines, which follow it: `python -m nnnd sync`.

    from nnnd.sync import PostgresCopy, sync
    with nnnd.Client() as client:
        sync(client, PostgresCopy("postgresql://user@host/database"), once=True)

`nnnd.serving` searches in them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ._state import CopyError, CopyOptions, CopyState

if TYPE_CHECKING:
    from ..client import Client
    from ._copy import Copy
    from .federation import federate
    from .milvus import MilvusCopy
    from .postgres import PostgresCopy

__all__ = ["CopyError", "CopyState", "MilvusCopy", "PostgresCopy", "federate", "sync"]

# Name -> the module that defines it; each needs a package that only its users have installed.
_MODULES = {"PostgresCopy": "postgres", "federate": "federation", "MilvusCopy": "milvus"}


def sync(
    client: Client,
    copy: Copy,
    *,
    once: bool = False,
    interval: float = 1.0,
    eps: float = 0.0,
    index: str = "none",
    part: tuple[int, int] = (1, 1),
    metrics: str | os.PathLike[str] | None = None,
) -> CopyState:
    """Keeps a copy of the corpus: first a snapshot, then the change feed, for ever.

    It can end at any point, also by SIGKILL, and goes on when it is called again. A daemon or an engine that is away is
    tried again.

    Args:
        client: a client for the daemon.
        copy: a `PostgresCopy` or `MilvusCopy`.
        once: whether to return when the copy is the corpus. An outage is then an exception.
        interval: seconds between two looks at the feed.
        eps: changes of a mean that are smaller than this are left out; they cannot add up.
        index: "none", or "hnsw" for an index for approximate searches.
        part: (I, N) copies only part I of N of the images, for a corpus that several servers share.
        metrics: a file that is replaced by metrics in Prometheus' text format.

    Raises:
        CopyError: the engine is too old, lacks something, or does not compute what it should.

    """
    from ._follow import Follower
    from ._watch import Watch

    watch = Watch(copy.engine, copy.name, metrics)
    return Follower(client, copy, CopyOptions(eps, index, part), watch).run(once, interval)


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
