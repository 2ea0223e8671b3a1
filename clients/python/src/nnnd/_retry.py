"""When a request is sent again.

Every request of the API only reads, so it can be repeated without harm. It is repeated while the daemon restarts or is
overloaded, but only for a limited time, and not at all if no daemon has ever answered on this socket.
"""

from __future__ import annotations

import time

FIRST_DELAY = 0.02
LONGEST_DELAY = 0.5
# Codes of status 503 that mean "try again in a moment".
PASSING = ("overloaded", "stopping")


class RetrySchedule:
    """The delays between the attempts at one request."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._delay = FIRST_DELAY

    def next_delay(self, at_least: float = 0.0) -> float | None:
        """The seconds to wait before the next attempt; None if the time is over."""
        delay = max(self._delay, at_least)
        self._delay = min(2 * self._delay, LONGEST_DELAY)
        return delay if time.monotonic() + delay < self._end else None


def retry_after(status: int, header: str | None, code: str) -> float | None:
    """The seconds after which a response asks to try again; None if it does not ask for that."""
    if status != 503:
        return None
    try:
        return max(0.0, float(header)) if header is not None else (0.0 if code in PASSING else None)
    except ValueError:
        return 0.0
