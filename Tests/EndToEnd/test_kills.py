"""Kills of the daemon and of producers while shards, replacements and deletion lists of both kinds are dropped.

Nothing is lost, nothing takes effect twice, and every bias equals that of the oracle.

NNND_TEST_KILLS=500 sets the number of kills at random moments, NNND_TEST_KILLS_EACH=20 that at each chosen point.
"""

import os
import shutil
import signal

import pytest

from harness.producer import make_producers
from harness.nnnctl import succeeds
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES
from harness.strace import killing
from harness.waiting import wait_until

KILLS = int(os.environ.get("NNND_TEST_KILLS") or 12)
KILLS_EACH = int(os.environ.get("NNND_TEST_KILLS_EACH") or 1)


class Stream:
    """A daemon with producers that drop shards, and the oracle of the corpus when the producers have finished."""

    def __init__(self, daemon, rng):
        self.daemon = daemon
        self.oracle = Oracle(k=daemon.flags["k"])
        self.producers = make_producers(daemon.spool.root, int(rng.integers(2**32)))
        self.done = 0
        self._processes = []

    def start_producers(self, steps):
        """Starts all producers, each of which drops this number of further steps."""
        self.until = self.done + steps
        self._processes = [producer.start(self.until) for producer in self.producers]

    def kill_a_producer(self, rng):
        process = self._processes[int(rng.integers(len(self._processes)))]
        process.kill()
        process.join()

    def kill_producers(self):
        for process in self._processes:
            process.kill()
            process.join()

    def finish(self):
        """Waits until all steps have taken effect, and checks everything; starts killed producers again."""
        for producer, process in zip(self.producers, self._processes, strict=True):
            while True:
                process.join()
                if process.exitcode == 0:
                    break
                assert process.exitcode == -signal.SIGKILL, self.daemon.log()[-3000:]
                process = producer.start(self.until)
            producer.check_receipts(self.done, self.until)
            producer.apply_to(self.oracle, self.done, self.until)
        self.done = self.until
        self.check()

    def check(self):
        spool, alive = self.daemon.spool, self.daemon.check_alive
        with self.daemon.client() as client:
            wait_until(lambda: client.status()["spool"]["backlog"] == 0, "an empty spool", alive=alive)
            check_everything(client, self.oracle)
        succeeds("verify", daemon=self.daemon)
        for kind in (IMAGES, REFERENCES):
            left = spool.names(kind) + spool.names("processing", kind) + spool.names("failed", kind)
            assert [name for name in left if not name.startswith(".")] == []


@pytest.fixture
def stream(make_daemon, rng):
    daemon = make_daemon(k=4, capacity=6, quiet_seconds=0.05, cells_from=20)
    daemon.spool.create_incoming_folders()
    stream = Stream(daemon, rng)
    yield stream
    stream.kill_producers()


def test_every_step_takes_effect_once_through_kills_at_random_moments(stream, rng):
    for _ in range(KILLS):
        stream.start_producers(2)
        stream.daemon.start()
        stream.daemon.let_run(float(rng.exponential(0.05)))
        if rng.random() < 0.5:
            stream.kill_a_producer(rng)
        stream.daemon.kill()
        stream.daemon.start()
        stream.finish()
        stream.daemon.kill()


# Where the daemon is killed, as (system calls, path, number): right before the call of this number. The path is
# relative to the daemon's folder; {0} and {1} are the kind and the name of a shard. strace counts calls for each
# thread. Of the calls of pread64, the first two belong to the start of the daemon.
DATA = "data/data.mdb"
POINTS = {
    "while it reads a shard": ("pread64", None, 3),
    "while it writes the first pages of a commit": ("writev", DATA, 1),
    "while it writes more pages of a commit": ("writev", DATA, 2),
    "before it syncs a commit": ("fdatasync", DATA, 1),
    "while it writes single pages or the meta page": ("pwrite64", DATA, 1),
    "before it claims a shard": ("rename", "spool/{0}/{1}", 1),
    "between two claims": ("rename", None, 2),
    "between commit and move": ("rename", "spool/processing/{0}/{1}", 1),
    "while it writes a receipt": ("write", "spool/done/{0}/.{1}.receipt.json.tmp", 1),
    "before a receipt gets its name": ("rename", "spool/done/{0}/.{1}.receipt.json.tmp", 1),
    "after some shards were published": ("rename", None, 9),
    "between two commits": ("fdatasync", DATA, 2),
}
# Calls that a commit makes several times; each turn kills at another one.
REPEATED = ("pwrite64", "writev")


@pytest.mark.parametrize("point", POINTS)
def test_every_step_takes_effect_once_through_kills_at_a_chosen_point(stream, rng, point):
    calls, path, number = POINTS[point]
    daemon, watched = stream.daemon, stream.producers[0]
    stream.start_producers(1)
    daemon.start()
    stream.finish()
    kills = 0
    for turn in range(10 * KILLS_EACH):
        if kills == KILLS_EACH:
            break
        daemon.kill()
        # Each producer drops a step before the start, so that the interrupted commit has a step of each.
        stream.start_producers(2)
        for kind in (IMAGES, REFERENCES):
            wait_until(lambda kind=kind: shards_in(daemon.spool, kind) == 2, "the producers' shards")
        watched_path = path and daemon.folder / path.format(watched.kind, watched.steps[stream.done].name)
        when = number + (turn % 3 if calls in REPEATED else 0)
        daemon.wrapper = killing(calls, path=watched_path, when=when)
        daemon.spawn()
        # A commit can have fewer of these calls; then the daemon is not killed.
        wait_until(lambda: daemon.process.poll() is not None or has_published_all(daemon), "the kill or an empty spool")
        kills += daemon.process.poll() == -signal.SIGKILL
        daemon.kill()
        daemon.wrapper = []
        if turn % 2:
            stream.kill_a_producer(rng)
        daemon.start()
        stream.finish()
    assert kills == KILLS_EACH


def has_published_all(daemon):
    kinds = (IMAGES, REFERENCES)
    left = [shards_in(daemon.spool, kind) or daemon.spool.names("processing", kind) for kind in kinds]
    return daemon.is_ready() and not any(left)


def shards_in(spool, kind):
    """The number of shards and deletion lists in an incoming folder."""
    return sum(not name.startswith(".") and not name.endswith(".ids") for name in spool.names(kind))


# The system calls of a first start that change something.
FIRST_START_CALLS = "mkdir,chmod,ftruncate,writev,pwrite64,fdatasync,rename,bind,listen,flock".split(",")


# A first start makes fewer than 30 calls of each; these numbers are spread over them.
CALL_NUMBERS = range(0, 30, 30 // min(30, 4 * KILLS_EACH))


@pytest.mark.parametrize("number", CALL_NUMBERS)
def test_a_start_succeeds_after_a_kill_during_the_first_start(make_daemon, rng, number):
    """For even numbers a normal start follows each killed one; for odd numbers only the last one."""
    daemon = make_daemon(k=4, capacity=6, quiet_seconds=0.05, cells_from=20)
    for call in FIRST_START_CALLS:
        daemon.wrapper = killing(call, when=number + 1)
        daemon.spawn()
        wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), "the start or the kill")
        daemon.kill()
        if number % 2:
            continue
        daemon.wrapper = []
        daemon.start()
        for kind in (IMAGES, REFERENCES):
            assert daemon.spool.incoming(kind).stat().st_mode & 0o777 == 0o770
        assert (daemon.folder / "data").stat().st_mode & 0o777 == 0o700
        daemon.drop(IMAGES, "s.npy", rng.standard_normal((3, 4)))
        assert daemon.status()["images"] == 3
        daemon.kill()
        shutil.rmtree(daemon.folder / "data")
        shutil.rmtree(daemon.folder / "spool")
    daemon.wrapper = []
    daemon.start()
    daemon.drop(IMAGES, "s.npy", rng.standard_normal((3, 4)))
    assert daemon.status()["images"] == 3
