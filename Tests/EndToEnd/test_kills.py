"""The daemon killed at random moments and at chosen points while shards of both kinds, replacements and deletions come
in, and producers killed too: nothing is lost, nothing takes effect twice, every bias is the oracle's.

NNND_TEST_KILLS=500 kills so often at random moments, NNND_TEST_KILLS_EACH=20 so often at each chosen point.
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
    """Producers that feed a daemon, and the oracle of what it must hold when they pause."""

    def __init__(self, daemon, rng):
        self.daemon = daemon
        self.oracle = Oracle(k=daemon.flags["k"])
        self.producers = make_producers(daemon.spool.root, int(rng.integers(2**32)))
        self.done = 0
        self._processes = []

    def go_on(self, steps):
        """Lets each producer drop so many steps more."""
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
        """Waits until all steps have taken effect, starting producers again that were killed, and checks everything."""
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
    daemon = make_daemon(k=4, capacity=6, quiet_seconds=0.05)
    daemon.spool.make()
    stream = Stream(daemon, rng)
    yield stream
    stream.kill_producers()


def test_killed_at_random_moments_while_everything_streams(stream, rng):
    for _ in range(KILLS):
        stream.go_on(2)
        stream.daemon.start()
        stream.daemon.let_run(float(rng.exponential(0.05)))
        if rng.random() < 0.5:
            stream.kill_a_producer(rng)
        stream.daemon.kill()
        stream.daemon.start()
        stream.finish()
        stream.daemon.kill()


# The system calls right before one of which it is killed, on which file (below the daemon's folder; of the shard that is
# named in braces), and which of them: strace counts in each thread, and the ones that start the daemon read twice, too.
DATA = "data/data.mdb"
POINTS = {
    "as it reads a shard": ("pread64", None, 3),
    "as it writes the first pages of a commit": ("writev", DATA, 1),
    "as it writes more pages of a commit": ("writev", DATA, 2),
    "before it syncs a commit": ("fdatasync", DATA, 1),
    "as it writes single pages, that which makes a commit count among them": ("pwrite64", DATA, 1),
    "before it claims a shard": ("rename", "spool/{0}/{1}", 1),
    "between two claims": ("rename", None, 2),
    "between commit and move": ("rename", "spool/processing/{0}/{1}", 1),
    "as it writes a receipt": ("write", "spool/done/{0}/.{1}.receipt.json.tmp", 1),
    "before a receipt gets its name": ("rename", "spool/done/{0}/.{1}.receipt.json.tmp", 1),
    "after some shards were published": ("rename", None, 9),
    "between two commits": ("fdatasync", DATA, 2),
}
# Those that a commit passes several times: each time another of them.
SEVERAL = ("pwrite64", "writev")


@pytest.mark.parametrize("point", POINTS)
def test_killed(stream, rng, point):
    calls, path, number = POINTS[point]
    daemon, watched = stream.daemon, stream.producers[0]
    stream.go_on(1)
    daemon.start()
    stream.finish()
    kills = 0
    for turn in range(10 * KILLS_EACH):
        if kills == KILLS_EACH:
            break
        daemon.kill()
        # Each producer has dropped a step before the start: they all go into the commit that is cut off.
        stream.go_on(2)
        for kind in (IMAGES, REFERENCES):
            wait_until(lambda kind=kind: shards_in(daemon.spool, kind) == 2, "the producers' shards")
        there = path and daemon.folder / path.format(watched.kind, watched.steps[stream.done].name)
        when = number + (turn % 3 if calls in SEVERAL else 0)
        daemon.wrapper = killing(calls, path=there, when=when)
        daemon.spawn()
        # Not every commit has as many of these calls.
        wait_until(lambda: daemon.process.poll() is not None or has_published_all(daemon), "its end, or no shard to be left")
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
    """How many shards and lists wait."""
    return sum(not name.startswith(".") and not name.endswith(".ids") for name in spool.names(kind))


# The calls of a start on nothing that change something.
FIRST_START = "mkdir,chmod,ftruncate,writev,pwrite64,fdatasync,rename,bind,listen,flock"


@pytest.mark.parametrize("first", range(0, 30, 30 // min(30, 4 * KILLS_EACH)))
def test_killed_during_the_first_start(make_daemon, rng, first):
    daemon = make_daemon(k=4, capacity=6, quiet_seconds=0.05)
    for call in FIRST_START.split(","):
        daemon.wrapper = killing(call, when=first + 1)
        daemon.spawn()
        wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), "its start or end")
        daemon.kill()
        if first % 2:
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
