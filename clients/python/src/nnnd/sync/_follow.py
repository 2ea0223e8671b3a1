"""Keeps a copy of the corpus in another engine: first a snapshot, then the change feed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import CursorGone, InternalError, NotReachable, RequestTimeout, Unavailable
from ._canary import check_copy
from ._parts import part_of
from ._state import CopyChanged, CopyDamaged, CopyError, CopyOptions, CopyState, centre_of
from ._watch import Watch

if TYPE_CHECKING:
    from ..client import Client
    from ._copy import Copy

# The daemon's largest page.
PAGE_CHANGES = 10_000
# So many changed rows are a large sync, after which the copy is checked again.
LARGE_SYNC = 50_000
SNAPSHOT = "a new snapshot replaces the copy"
# So many snapshots in a row can replace a copy that is damaged.
MOST_REPAIRS = 2
# The longest pause between two tries, in seconds.
LONGEST_PAUSE = 15.0


class Follower:
    """Follows the corpus of a daemon with a copy."""

    def __init__(self, client: Client, copy: Copy, options: CopyOptions, watch: Watch) -> None:
        self._client = client
        self._copy = copy
        self._options = options
        self._watch = watch
        self._state: CopyState | None = None
        self._unchecked = 0
        self._images = 0
        self._repairs = 0

    def run(self, once: bool, interval: float, pause: Callable[[float], object] = time.sleep) -> CopyState:
        """Follows until the copy is complete, or for ever; `interval` seconds pass between two looks at the feed."""
        away: tuple[type[Exception], ...] = (NotReachable, RequestTimeout, Unavailable, InternalError)
        away += self._copy.outages
        failures = 0
        try:
            while True:
                try:
                    state = self.catch_up()
                except CopyChanged as error:
                    self._watch.problem(error)
                    self._forget()
                except CopyDamaged as error:
                    self._watch.problem(error, SNAPSHOT)
                    self._repairs += 1
                    if self._repairs > MOST_REPAIRS:
                        raise CopyError(f"{error}, also after a new snapshot") from error
                except away as error:
                    if once:
                        raise
                    self._watch.problem(error)
                    self._forget()
                    failures += 1
                    pause(min(LONGEST_PAUSE, interval * 2.0 ** min(failures, 10)))
                else:
                    if once:
                        return state
                    failures = 0
                    pause(interval)
        finally:
            self._copy.close()
            self._watch.close()

    def catch_up(self) -> CopyState:
        """Applies all pages until no more follow, and returns the state of the copy."""
        status = self._client.status()
        self._watch.corpus(status)
        if self._state is None:
            self._state = self._open()
        if self._repairs:
            self._state = self._begin()
        changed, more = 0, True
        while more:
            rows, more = self._next(self._state, status["alpha"])
            changed += rows
        self._state = self._copy.finish(self._state, changed, self._options.index)
        self._unchecked += changed
        if self._unchecked >= LARGE_SYNC:
            self._check(self._state)
            if self._options.part == (1, 1) and (rows := self._copy.rows()) != self._images:
                raise CopyDamaged(f"{self._copy.name} has {rows:,} rows, and the corpus {self._images:,} images")
        self._watch.caught_up(self._state, self._copy.rows)
        self._repairs = 0
        return self._state

    def _next(self, state: CopyState, alpha: float) -> tuple[int, bool]:
        """Applies the next page; returns the number of changed rows, and whether more pages follow."""
        try:
            page = self._client.changes(state.cursor, PAGE_CHANGES, vectors=True)
        except CursorGone as error:
            self._watch.problem(error, SNAPSHOT)
            self._state = self._begin()
            return 0, True
        if state.cursor == "start":
            state = self._copy.begin(state, centre_of(page.means))
        elif not len(page) and replace(state, alpha=alpha).after(page) == state:
            return 0, page.more
        applied = self._copy.apply(part_of(page, self._options.part), replace(state, alpha=alpha))
        self._watch.applied(applied, page)
        self._images = page.images
        self._state = applied.state
        if state.snapshot and not applied.state.snapshot:
            self._unchecked += LARGE_SYNC
        return applied.upserts + applied.means + applied.deletes, page.more

    def _open(self) -> CopyState:
        state = self._copy.open()
        if state is None:
            return self._begin()
        if not state.fits(self._options.state(self._client.status())):
            return self._begin()
        self._check(state)
        return replace(state, eps=self._options.eps)

    def _begin(self) -> CopyState:
        """The state of a copy whose snapshot begins."""
        self._watch.snapshot()
        return self._options.state(self._client.status())

    def _check(self, state: CopyState) -> None:
        check_copy(self._copy, state)
        self._unchecked = 0

    def _forget(self) -> None:
        """Closes the connection of the copy; the next `catch_up` reads its state again."""
        self._state = None
        self._copy.close()
