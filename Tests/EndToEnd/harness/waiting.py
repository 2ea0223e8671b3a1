"""Waits for conditions, with a deadline that only failing tests reach."""

import time

DEADLINE = 180.0
_PAUSE = 0.004


def wait_until(condition, what, *, alive=None, deadline=DEADLINE):
    """Calls `condition()` until it returns something true, and returns that.

    `alive()` is called each time too; it raises if waiting is pointless, for example because the program ended.
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
