"""A soak test: shards, deletions, searches and short connections at the same time, for a long time."""

import dataclasses
import pathlib
import threading
import time

import numpy as np

from .http import connect
from .spool import IMAGES, REFERENCES

IMAGES_KEPT = 4000
REFERENCES_KEPT = 1000
ROWS = 200
# The number of shard names, which are reused, because the store keeps a receipt for each name.
NAMES = 50
# Enough samples to compare quarters of the run.
MIN_SAMPLES = 20
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Sample:
    """The daemon's resource use at one moment; sizes in bytes."""

    seconds: float
    memory: int
    descriptors: int
    threads: int
    file: int
    receipts: int
    searches: int

    def __str__(self):
        return (
            f"{self.seconds:7.0f} s  memory {self.memory / MIB:6.1f} MiB  descriptors {self.descriptors:3}  "
            f"threads {self.threads:3}  file {self.file / MIB:6.1f} MiB  "
            f"shards {self.receipts:6}  searches {self.searches:7}"
        )


class Soak:
    """Applies load to a corpus; `settings()` are the daemon's settings."""

    def __init__(self, corpus):
        self.corpus = corpus
        self.samples = []
        self.errors = []
        self._daemon = corpus.daemon
        self._searches = 0
        self._steps = 0
        self._receipts = 0
        self._stopping = threading.Event()

    def run(self, minutes, report=lambda sample: None):
        """Applies load for this time and takes up to 100 samples; runs longer until there are MIN_SAMPLES.

        Calls `report` with each sample.
        """
        start = time.monotonic()
        threads = [threading.Thread(target=work) for work in (self._search, self._search, self._reconnect)]
        for thread in threads:
            thread.start()
        try:
            while not self.errors:
                now = time.monotonic() - start
                if now >= minutes * 60 and len(self.samples) >= MIN_SAMPLES:
                    break
                self._step()
                if now >= len(self.samples) * minutes * 60 / 100 and self._steps > IMAGES_KEPT // ROWS:
                    self.samples.append(self._sample(now))
                    report(self.samples[-1])
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def check(self):
        """Checks that no resource grew from the second to the last quarter, and compares the corpus with the oracle."""
        assert not self.errors, self.errors
        quarter = len(self.samples) // 4
        assert quarter, "too few samples"
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]

        def maximum(samples, field):
            return max(getattr(sample, field) for sample in samples)

        assert maximum(late, "memory") <= 1.25 * maximum(early, "memory") + 16 * MIB
        assert maximum(late, "descriptors") <= maximum(early, "descriptors") + 8
        assert maximum(late, "threads") <= maximum(early, "threads") + 4
        assert maximum(late, "file") <= 1.1 * maximum(early, "file")
        self.corpus.check()
        with self._daemon.client() as client:
            report = client.verify()
            assert (report["wrong"], report["wrong_references"]) == (0, 0), report
            # A backup walks all trees, and fails if a page is neither in a tree nor free.
            assert client.get("/v1/backup").status == 200

    def _step(self):
        """Replaces images and adds back deleted ones, adds references so that older ones retire, and deletes images."""
        step, corpus = self._steps, self.corpus
        first = step * ROWS % IMAGES_KEPT
        name = step % NAMES
        corpus.add(IMAGES, f"{name}.npy", [f"i{number}" for number in range(first, first + ROWS)])
        corpus.add(REFERENCES, f"{name}.npy", [f"r{step}-{number}" for number in range(50)])
        deleted = [f"i{number}" for number in range(first, first + ROWS, 7)]
        corpus.delete(IMAGES, f"{name}.delete", deleted)
        self._steps += 1
        self._receipts += 3
        for kind in (IMAGES, REFERENCES):
            for name in self._daemon.spool.names("done", kind):
                (self._daemon.spool.done(kind) / name).unlink()

    def _search(self):
        queries = np.random.default_rng(1).standard_normal((8, self.corpus.dimension))
        with self._daemon.client() as client:
            while not self._stopping.is_set():
                self._try(lambda: client.search(queries, top_k=10))
                self._searches += 1

    def _reconnect(self):
        """Opens connections for one complete request, for a part of one, or for none."""
        for sent in self._cycle([b"", b"GET /v1/st", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"]):
            self._try(self._daemon.status)
            self._try(lambda sent=sent: self._send_and_close(sent))

    def _send_and_close(self, sent):
        with connect(self._daemon.socket) as connection:
            connection.sendall(sent)

    def _cycle(self, values):
        while not self._stopping.is_set():
            yield from values

    def _try(self, action):
        try:
            action()
        except Exception as error:
            self.errors.append(error)
            self._stopping.set()

    def _sample(self, seconds):
        folder = pathlib.Path(f"/proc/{self._daemon.process.pid}")
        status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines())
        return Sample(
            seconds, int(status["RssAnon"].split()[0]) * 1024, len(list((folder / "fd").iterdir())),
            int(status["Threads"]), (self._daemon.flags["data"] / "data.mdb").stat().st_size, self._receipts,
            self._searches,
        )  # fmt: skip


def settings():
    """The daemon's settings in a soak test."""
    return {
        "k": 16, "capacity": 24, "max_references": REFERENCES_KEPT, "finished_shards": "delete", "client_seconds": 2,
        "log_level": "warning",
    }  # fmt: skip
