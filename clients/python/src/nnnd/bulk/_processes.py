"""Runs the tasks of a job in processes of this machine. A process that is killed costs one task, which runs again."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import Counter, deque
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

from ._job import Job, ShardReport, TaskFailed

MAX_ATTEMPTS = 4
# Each process computes with one thread, so that processes don't compete.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_in_processes(job: Job, count: int) -> Iterator[ShardReport]:
    """Runs all tasks of a job in `count` processes, and yields their reports as they end.

    The processes start Python anew, so that a program which calls this must guard its main part by
    `if __name__ == "__main__":`. If this process is killed, they end after their tasks.

    Raises:
        TaskFailed: the processes of a task were killed several times.
        Exception: what a task raised. Other tasks are ended.

    """
    waiting, attempts = deque(range(len(job.images))), Counter[int]()
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < count:
                workers.append(_Worker(job))
                workers[-1].give(waiting.popleft())
            ready = wait([worker.connection for worker in workers])
            for worker in [worker for worker in workers if worker.connection in ready]:
                number = worker.number
                try:
                    answer = worker.connection.recv()
                except (EOFError, ConnectionResetError):
                    worker.end()
                    workers.remove(worker)
                    attempts[number] += 1
                    if attempts[number] == MAX_ATTEMPTS:
                        raise TaskFailed(
                            f"the process for {job.images[number].path} died {MAX_ATTEMPTS} times (exit code "
                            f"{worker.process.exitcode}); if memory was short, use fewer processes or smaller shards"
                        ) from None
                    waiting.appendleft(number)
                    continue
                if waiting and not isinstance(answer, BaseException):
                    worker.give(waiting.popleft())
                else:
                    worker.end()
                    workers.remove(worker)
                if isinstance(answer, BaseException):
                    raise answer
                yield answer
    finally:
        for worker in workers:
            worker.process.kill()
            worker.end()


class _Worker:
    """A process that runs one task after another."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process: Any = context.Process(target=_serve, args=(other, job), name="nnnd-bulk", daemon=True)
        with one_thread_each():
            self.process.start()
        # The other end is open in the process alone, so that its death closes it.
        other.close()
        self.number = -1

    def give(self, number: int) -> None:
        """Gives the process its next task. If it has died, the next `recv` tells."""
        self.number = number
        with contextlib.suppress(BrokenPipeError):
            self.connection.send(number)

    def end(self) -> None:
        """Has the process end, and waits for it."""
        self.connection.close()
        self.process.join()


def _serve(connection: Connection, job: Job) -> None:
    """Runs tasks until the other end of the connection is closed."""
    # Ctrl-C reaches all processes; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            number = connection.recv()
        except EOFError:
            return
        answer: ShardReport | Exception
        try:
            answer = job.compute(number)
        except Exception as error:
            answer = error
        with contextlib.suppress(BrokenPipeError):
            connection.send(answer)


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Lets processes that start meanwhile compute with one thread, unless the environment says otherwise."""
    added = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
