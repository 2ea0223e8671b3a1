"""The exceptions of this package. All derive from `NnndError`.

=================  ====================================================================================
`NotReachable`     No daemon answers on the socket, or it ended while it answered.
`RequestTimeout`   The daemon took longer than the timeout.
`ApiError`         The daemon answered with a problem document; `code` is stable.
`InvalidRequest`   ... because the request is wrong (status 400, 413 or 415).
`UnknownId`        ... because the corpus has no such id (status 404).
`Conflict`         ... because the corpus does not allow it, for example k above its capacity (status 409).
`CursorGone`       ... because it no longer has the changes since a cursor (status 410).
`Forbidden`        ... because only root and the user of the daemon may do this (status 403).
`Unavailable`      ... because it is overloaded, stopping, or does the same work already (status 503).
`InternalError`    ... because of an error in the daemon (status 500).
`ShardRejected`    A shard or a list of ids was rejected; nothing of it took effect.
`ReceiptTimeout`   A shard has not taken effect in the given time; it can still do so.
`DaemonFailed`     The private daemon of `nnnd.open` did not start, or a program was not found.
=================  ====================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .ingestion import Ingestion


class NnndError(Exception):
    """The base of all exceptions of this package."""

    ingestion: Ingestion | None = None
    """The files in the spool whose outcome was awaited; `ingestion.wait()` waits for it again. Another process, to
    which the exception is sent, gets None."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


class NotReachable(NnndError, ConnectionError):
    """No daemon answers on the socket, or it ended while it answered."""


class RequestTimeout(NnndError, TimeoutError):
    """The daemon did not answer within the timeout of the client."""


class ReceiptTimeout(NnndError, TimeoutError):
    """Shards have not taken effect within the given time. They stay in the spool and can still do so."""


class DaemonFailed(NnndError):
    """The private daemon did not start, or the programs of nnnd were not found."""


class ApiError(NnndError):
    """The daemon answered with a problem document (RFC 9457).

    `status` is the HTTP status, `code` the stable name of the problem, `detail` a sentence for people.
    """

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code})")
        self.status = status
        self.code = code
        self.detail = detail

    def __reduce__(self) -> tuple[type[ApiError], tuple[int, str, str]]:
        return type(self), (self.status, self.code, self.detail)


class InvalidRequest(ApiError):
    """The request is wrong: for example `wrong_dimension`, `not_finite` or `too_many_queries`."""


class UnknownId(ApiError):
    """The corpus has no image or reference with this id (`unknown_id`)."""


class Conflict(ApiError):
    """The corpus does not allow this: `bad_k` (above the capacity), `no_images`, `no_references` or `changes_off`."""


class CursorGone(ApiError):
    """The changes since a cursor are no longer kept (`cursor_expired`), or of another store (`cursor_unknown`)."""


class Forbidden(ApiError):
    """Only root and the user of the daemon may do this (`forbidden`)."""


class Unavailable(ApiError):
    """The daemon cannot do this now: for example `overloaded`, `stopping`, `backup_running` or `evaluation_running`."""


class InternalError(ApiError):
    """An error in the daemon; its log has the reason (`internal`)."""


@dataclass(frozen=True)
class Rejection:
    """Why a shard or a list of ids was rejected.

    `rows` are the first wrong rows of the shard or lines of the list, counted from 0.
    """

    name: str
    kind: str
    code: str
    message: str
    advice: str
    rows: tuple[int, ...] = ()


class ShardRejected(NnndError):
    """Shards were rejected. Nothing of them took effect; other shards of the same call may have.

    `rejections` has all of them. `name`, `code`, `message`, `advice` and `rows` are those of the first.
    """

    def __init__(self, rejections: Sequence[Rejection]) -> None:
        first = rejections[0]
        more = f" ({len(rejections) - 1} more shards were rejected)" if len(rejections) > 1 else ""
        super().__init__(f"{first.name} was rejected ({first.code}): {first.message} {first.advice}{more}")
        self.rejections = tuple(rejections)
        self.name = first.name
        self.code = first.code
        self.message = first.message
        self.advice = first.advice
        self.rows = first.rows

    def __reduce__(self) -> tuple[type[ShardRejected], tuple[tuple[Rejection, ...]]]:
        return type(self), (self.rejections,)


def api_error(status: int, body: bytes) -> ApiError:
    """The exception for a response with this status, which is not 200, and this body."""
    try:
        problem = json.loads(body)
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "unknown", f"The answer has status {status} and is not a problem document; is this nnnd?"
    kind = UnknownId if code == "unknown_id" else _EXCEPTIONS.get(status, ApiError)
    return kind(status, code, detail)


_EXCEPTIONS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    403: Forbidden,
    409: Conflict,
    410: CursorGone,
    413: InvalidRequest,
    415: InvalidRequest,
    500: InternalError,
    503: Unavailable,
}
