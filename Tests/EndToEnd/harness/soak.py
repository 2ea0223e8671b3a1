"""Everything at once for a long time: shards that stream in, churn, searches, clients that come and go."""

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
# Names of shards, which come again and again: the store keeps the receipt of each name's last shard.
NAMES = 50
# So many that quarters of the time can be compared.
FEWEST_SAMPLES = 20
MIB = 1 << 20


@dataclasses.dataclass(frozen=True)
class Sample:
    """What the daemon takes at one moment."""

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
            f"threads {self.threads:3}  file {self.file / MIB:6.1f} MiB  shards {self.receipts:6}  searches {self.searches:7}"
        )


class Soak:
    """Drives a corpus, whose daemon deletes finished shards and keeps `REFERENCES_KEPT` references."""

    def __init__(self, corpus):
        self.corpus = corpus
        self.samples = []
        self.errors = []
        self._daemon = corpus.daemon
        self._searches = 0
        self._steps = 0
        self._receipts = 0
        self._stopping = threading.Event()

    def run(self, minutes, tell=lambda sample: None):
        """Goes on for so long, and takes a sample a hundred times; on a slow machine longer, for enough samples."""
        start = time.monotonic()
        threads = [threading.Thread(target=work) for work in (self._search, self._search, self._come_and_go)]
        for thread in threads:
            thread.start()
        try:
            while not self.errors:
                now = time.monotonic() - start
                if now >= minutes * 60 and len(self.samples) >= FEWEST_SAMPLES:
                    break
                self._step()
                if now >= len(self.samples) * minutes * 60 / 100 and self._steps > IMAGES_KEPT // ROWS:
                    self.samples.append(self._sample(now))
                    tell(self.samples[-1])
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def check(self):
        """Holds that nothing grew between the second and the last quarter, and the corpus against the oracle."""
        assert not self.errors, self.errors
        quarter = len(self.samples) // 4
        assert quarter, "too short to tell"
        early, late = self.samples[quarter : 2 * quarter], self.samples[-quarter:]

        def most(samples, field):
            return max(getattr(sample, field) for sample in samples)

        assert most(late, "memory") <= 1.25 * most(early, "memory") + 16 * MIB
        assert most(late, "descriptors") <= most(early, "descriptors") + 8
        assert most(late, "threads") <= most(early, "threads") + 4
        assert most(late, "file") <= 1.1 * most(early, "file")
        self.corpus.check()
        with self._daemon.client() as client:
            report = client.post("/v1/verify", b"", "application/json").json()
            assert (report["wrong"], report["wrong_references"]) == (0, 0), report
            # A copy walks all trees, and fails where a page is neither in one nor free.
            assert client.get("/v1/backup").status == 200

    def _step(self):
        """Replaces images, in the middle of it some that were deleted; adds references, for which others retire."""
        step, corpus = self._steps, self.corpus
        first = step * ROWS % IMAGES_KEPT
        name = step % NAMES
        corpus.add(IMAGES, f"{name}.npy", [f"i{number}" for number in range(first, first + ROWS)])
        corpus.add(REFERENCES, f"{name}.npy", [f"r{step}-{number}" for number in range(50)])
        known = [f"i{number}" for number in range(first, first + ROWS, 7)]
        corpus.delete(IMAGES, f"{name}.delete", known)
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

    def _come_and_go(self):
        """Clients of one request, and such as send nothing or a part."""
        for sent in self._forever([b"", b"GET /v1/st", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"]):
            self._try(self._daemon.status)
            self._try(lambda sent=sent: self._part(sent))

    def _part(self, sent):
        with connect(self._daemon.socket) as connection:
            connection.sendall(sent)

    def _forever(self, values):
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
            seconds, int(status["RssAnon"].split()[0]) * 1024, len(list((folder / "fd").iterdir())), int(status["Threads"]),
            (self._daemon.flags["data"] / "data.mdb").stat().st_size, self._receipts, self._searches,
        )  # fmt: skip


def settings():
    """What the daemon of a soak is started with."""
    return {
        "k": 16, "capacity": 24, "max_references": REFERENCES_KEPT, "finished_shards": "delete", "client_seconds": 2,
        "log_level": "warning",
    }  # fmt: skip
