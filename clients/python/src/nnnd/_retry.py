"""When a request is sent again.

Every request of the API only reads, or sets values that a second time does not change, so it can be repeated without
harm. It is repeated while the daemon restarts or is overloaded, but only for a limited time, and not at all if no
daemon has ever answered on this socket. Backups and evaluations are not repeated once their response has begun.
"""

from __future__ import annotations

import time

from ._messages import Response
from .errors import ApiError, NotReachable, api_error

FIRST_DELAY = 0.02
LONGEST_DELAY = 0.5
# Codes of status 503 that mean "try again in a moment".
PASSING = ("overloaded", "stopping")


class Retries:
    """Whether the requests of one client are sent again; `seconds` is how long one of them can be."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        # Before the first response there is no daemon that can be restarting, so that a wrong path fails at once.
        self.has_answered = False

    def attempts(self, seconds: float = float("inf")) -> Attempts:
        """The attempts at one request, of which the first begins now, and none after so many seconds."""
        return Attempts(self, min(seconds, self.seconds))


class Attempts:
    """Decides after each attempt at one request whether and when the next one follows."""

    def __init__(self, retries: Retries, seconds: float) -> None:
        self._retries = retries
        self._end = time.monotonic() + seconds
        self._delay = FIRST_DELAY

    def delay_after_error(self, error: NotReachable) -> float:
        """The seconds to wait after an attempt without a response; raises the error if there is no further one."""
        delay = self._next_delay() if self._retries.has_answered else None
        if delay is None:
            raise error
        return delay

    def delay_after(self, response: Response) -> float | None:
        """The seconds to wait after a response that asks to try again; None for any other response.

        Raises:
            Unavailable: the response asks to try again, and the time is over.

        """
        self._retries.has_answered = True
        if response.status != 503:
            return None
        problem = api_error(response.status, response.body)
        at_least = _retry_after(response, problem)
        if at_least is None:
            return None
        delay = self._next_delay(at_least)
        if delay is None:
            raise problem
        return delay

    def _next_delay(self, at_least: float = 0.0) -> float | None:
        """The seconds to wait before the next attempt; None if the time is over."""
        delay = max(self._delay, at_least)
        self._delay = min(2 * self._delay, LONGEST_DELAY)
        return delay if time.monotonic() + delay < self._end else None


def _retry_after(response: Response, problem: ApiError) -> float | None:
    """The seconds after which a response of status 503 asks to try again; None if it does not ask for that."""
    if response.retry_after is None:
        return 0.0 if problem.code in PASSING else None
    try:
        return max(0.0, float(response.retry_after))
    except ValueError:
        return 0.0
