"""Waiting for something to be so, with a deadline that only a failure ever reaches."""

import time

DEADLINE = 180.0
_PAUSE = 0.004


def wait_until(condition, what, *, alive=None, deadline=DEADLINE):
    """Asks until `condition()` gives something true, and returns that.

    `alive()` is asked beside it: it raises where waiting on has no point, because the program ended, say.
    """
    end = time.monotonic() + deadline
    while True:
        found = condition()
        if found:
            return found
        if alive is not None:
            alive()
        assert time.monotonic() < end, f"waited {deadline} s in vain for {what}"
        time.sleep(_PAUSE)
