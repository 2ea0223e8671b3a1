"""Shards in the spool, and the wait for their receipts."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from ._progress import Progress
from .documents import Kind, Receipt
from .errors import NnndError, NotReachable, ReceiptTimeout, Rejection, RequestTimeout, ShardRejected, Unavailable

CHECK_SECONDS = 2.0
# The pause between looks for receipts, in seconds.
LONGEST_PAUSE = 0.005
STAY = "the files stay in the spool and take effect when the daemon processes them"
Error = TypeVar("Error", bound=NnndError)


@dataclass(frozen=True)
class SpoolFolders:
    """The folders of a spool, as the status of the daemon names them."""

    images: Path
    references: Path
    done: Path
    failed: Path

    def incoming(self, kind: Kind) -> Path:
        """The folder into which files of this kind are renamed."""
        return self.images if kind == "images" else self.references


class Submission:
    """A shard or list of ids in the spool. It must be created before the file is renamed into the spool."""

    def __init__(self, folders: SpoolFolders, kind: Kind, name: str, rows: int) -> None:
        self.kind = kind
        self.name = name
        self.rows = rows
        self._receipt = folders.done / kind / f"{name}.receipt.json"
        self._error = folders.failed / kind / f"{name}.error.json"
        self._before = (_version(self._receipt), _version(self._error))

    def outcome(self) -> Receipt | Rejection | None:
        """The receipt or the rejection; None while the daemon has not processed the file."""
        if _version(self._receipt) not in (None, self._before[0]):
            return cast(Receipt, json.loads(self._receipt.read_text()))
        if _version(self._error) not in (None, self._before[1]):
            document = json.loads(self._error.read_text())
            texts = {name: str(document[name]) for name in ("name", "kind", "code", "message", "advice")}
            return Rejection(**texts, rows=tuple(document["rows"]))
        return None


class Ingestion:
    """The shards of one call, and what became of them.

    >>> added = db.add_images([[0.6, 0.8, 0.0]], ["bus"], wait=False)
    >>> added.wait(timeout=60).rows
    1

    """

    def __init__(self, ready: Callable[..., Any]) -> None:
        # `Client.ready`
        self._ready = ready
        self._waiting: list[Submission] = []
        self._receipts: dict[str, Receipt] = {}
        self._rejections: list[Rejection] = []
        self.names: list[str] = []
        """The names of the files, in the order in which they take effect."""

    def add(self, submission: Submission) -> None:
        """Adds a file that is in the spool."""
        self._waiting.append(submission)
        self.names.append(submission.name)

    @property
    def waiting(self) -> int:
        """The number of files whose outcome is not known yet. `refresh` and `wait` change it."""
        return len(self._waiting)

    @property
    def receipts(self) -> list[Receipt]:
        """The receipts known so far, in the order of `names`."""
        return [self._receipts[name] for name in self.names if name in self._receipts]

    @property
    def rows(self) -> int:
        """The number of rows added, or of ids in the lists."""
        return sum(receipt["rows"] for receipt in self.receipts)

    @property
    def replaced(self) -> int:
        """The number of rows whose ids existed before."""
        return sum(receipt["replaced"] for receipt in self.receipts)

    @property
    def deleted(self) -> int:
        """The number of ids that existed and were deleted."""
        return sum(receipt["deleted"] for receipt in self.receipts)

    @property
    def missing(self) -> int:
        """The number of ids to delete that did not exist."""
        return sum(receipt["missing"] for receipt in self.receipts)

    @property
    def generation(self) -> int:
        """The first generation that contains everything."""
        return max((receipt["generation"] for receipt in self.receipts), default=0)

    def __repr__(self) -> str:
        """A short description."""
        state = f"{self.waiting} waiting" if self.waiting else f"generation {self.generation}"
        return f"<Ingestion: {len(self.names)} files, {self.rows} rows, {state}>"

    def refresh(self) -> int:
        """Looks for receipts once, without waiting; returns the number of rows that are newly known to be done."""
        done = 0
        still_waiting = []
        for submission in self._waiting:
            outcome = submission.outcome()
            if outcome is None:
                still_waiting.append(submission)
                continue
            done += submission.rows
            if isinstance(outcome, Rejection):
                self._rejections.append(outcome)
            else:
                self._receipts[submission.name] = outcome
        self._waiting = still_waiting
        return done

    def wait(self, timeout: float | None = None, *, progress: bool | None = None) -> Ingestion:
        """Waits until every file has taken effect or was rejected, and returns itself.

        Args:
            timeout: seconds; None waits without a limit.
            progress: whether to show a progress bar; by default if standard error is a terminal.

        Raises:
            ShardRejected: some were rejected; `rejections` has all of them.
            ReceiptTimeout: the time is over. The files stay in the spool and can still take effect.
            NotReachable: no daemon runs. The files stay in the spool and take effect when it runs again.
            RequestTimeout: the daemon runs, but does not answer within the timeout of the client.
            Unavailable: the daemon stops, or cannot write. The files stay in the spool.

        The attribute `ingestion` of these exceptions is this one, so that the caller can wait again.

        """
        total = sum(submission.rows for submission in self._waiting)
        with Progress("ingest", total, "rows", progress) as bar:
            self.wait_for(0, timeout, bar.add)
        self.raise_rejections()
        return self

    def wait_for(self, most_waiting: int, timeout: float | None, report: Callable[[int], Any]) -> None:
        """Waits until at most so many files wait. `report` gets the numbers of rows that are done."""
        for pause in self.pauses(most_waiting, timeout, report):
            time.sleep(pause)

    def pauses(self, most_waiting: int, timeout: float | None, report: Callable[[int], Any]) -> Iterator[float]:
        """The seconds to pause until the next look for receipts; it ends when at most so many files wait."""
        start = time.monotonic()
        end = float("inf") if timeout is None else start + timeout
        next_check = start + CHECK_SECONDS
        while True:
            look = time.monotonic()
            report(self.refresh())
            if len(self._waiting) <= most_waiting:
                return
            now = time.monotonic()
            if now < end and now >= next_check:
                self._check_daemon(end)
            if time.monotonic() >= end:
                names = _listed([submission.name for submission in self._waiting])
                raise self._with_files(ReceiptTimeout(f"no receipt after {timeout} s for {names}; {STAY}"))
            if now >= next_check:
                next_check = time.monotonic() + CHECK_SECONDS
            # Short waits are polled often, long ones seldom. Looking at many files takes at most a tenth of the time.
            yield max(10 * (now - look), min(LONGEST_PAUSE, max(0.0005, (now - start) / 100)))

    def raise_rejections(self) -> None:
        """Raises `ShardRejected` if a file is known to be rejected."""
        if self._rejections:
            raise self._with_files(ShardRejected(self._rejections))

    def _check_daemon(self, end: float) -> None:
        """Raises an exception if the daemon does not answer; returns if it answers or the time is over."""
        try:
            self._ready(timeout=None if end == float("inf") else max(0.001, end - time.monotonic()))
        except (NotReachable, RequestTimeout, Unavailable) as error:
            if isinstance(error, RequestTimeout) and time.monotonic() >= end:
                return
            text = f"{_listed([submission.name for submission in self._waiting])}: {STAY}"
            if isinstance(error, Unavailable):
                raise self._with_files(Unavailable(error.status, error.code, f"{error.detail} {text}")) from error
            raise self._with_files(type(error)(f"{error}; {text}")) from error

    def _with_files(self, error: Error) -> Error:
        error.ingestion = self
        return error


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _version(path: Path) -> tuple[int, int] | None:
    """A value that differs between two documents under the same name; None if there is none."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns
