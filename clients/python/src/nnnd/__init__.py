"""nnnd: exact, debiased vector search over data that changes.

>>> import nnnd
>>> with nnnd.open() as db:
...     _ = db.add_images([[1.0, 0.0], [0.6, 0.8]], ids=["cat", "dog"])
...     db.search([1.0, 0.1], top_k=1).ids
array([['cat']], dtype='<U3')

`open` starts a private daemon on a folder; `Client` and `AsyncClient` talk to one that runs already. `nnnd.compat`
replaces the package nnn-retrieval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .changes import Change, Changes, MeanFilter
    from .client import Client
    from .embedded import Database, open
    from .errors import (
        ApiError,
        Conflict,
        CursorGone,
        DaemonFailed,
        Forbidden,
        InternalError,
        InvalidRequest,
        NnndError,
        NotReachable,
        ReceiptTimeout,
        Rejection,
        RequestTimeout,
        ShardRejected,
        Unavailable,
        UnknownId,
    )
    from .evaluation import Evaluation
    from .heaps import Heaps
    from .hubs import Hubs
    from .ingestion import Ingestion
    from .report import Report
    from .results import Hit, Recall, SearchResult

# Name -> the module that defines it. The modules are imported at the first use, so that the commands `nnnd` and
# `nnnctl` of the wheel start without numpy.
_MODULES = {
    "open": "embedded",
    "Database": "embedded",
    "Client": "client",
    "AsyncClient": "async_client",
    "Change": "changes",
    "Changes": "changes",
    "MeanFilter": "changes",
    "Recall": "results",
    "SearchResult": "results",
    "Hit": "results",
    "Evaluation": "evaluation",
    "Hubs": "hubs",
    "Heaps": "heaps",
    "Ingestion": "ingestion",
    "Report": "report",
    "NnndError": "errors",
    "NotReachable": "errors",
    "RequestTimeout": "errors",
    "ReceiptTimeout": "errors",
    "ApiError": "errors",
    "InvalidRequest": "errors",
    "UnknownId": "errors",
    "Conflict": "errors",
    "CursorGone": "errors",
    "Forbidden": "errors",
    "Unavailable": "errors",
    "InternalError": "errors",
    "ShardRejected": "errors",
    "Rejection": "errors",
    "DaemonFailed": "errors",
}
_SUBMODULES = (
    "bulk",
    "changes",
    "compat",
    "documents",
    "errors",
    "evaluation",
    "exporting",
    "heaps",
    "hubs",
    "importing",
    "ingestion",
    "plot",
    "report",
    "results",
)

__all__ = [
    "ApiError",
    "AsyncClient",
    "Change",
    "Changes",
    "Client",
    "Conflict",
    "CursorGone",
    "DaemonFailed",
    "Database",
    "Evaluation",
    "Forbidden",
    "Heaps",
    "Hit",
    "Hubs",
    "Ingestion",
    "InternalError",
    "InvalidRequest",
    "MeanFilter",
    "NnndError",
    "NotReachable",
    "Recall",
    "ReceiptTimeout",
    "Rejection",
    "Report",
    "RequestTimeout",
    "SearchResult",
    "ShardRejected",
    "Unavailable",
    "UnknownId",
    "__version__",
    "open",
]


def __getattr__(name: str) -> Any:
    """Imports what is used for the first time."""
    import importlib

    if name in _SUBMODULES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _MODULES:
        raise AttributeError(f"module 'nnnd' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_SUBMODULES})
