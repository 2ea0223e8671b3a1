"""A corpus that changes all the time, and a sync whose parts are killed at random points."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

import nnnd
from conftest import end_daemon_of, wait_until

REFERENCES = 8000
IMAGES = 50_000
KILLS = 20
CHANGES = 2000


def data(name):
    """Vectors of the folder that NNND_TEST_DATA names, or the example's with noise: (n, 384) in float32."""
    folder = os.environ.get("NNND_TEST_DATA")
    if folder:
        return np.load(Path(folder) / "wordnet-large" / f"{name}.npy").astype(np.float32)
    from bar import Bar

    rng = np.random.default_rng(23)
    return Bar.vectors(rng, "images" if name == "images" else "references", IMAGES)


class Scenario:
    """A daemon with the images, and a sync into an engine."""

    def __init__(self, folder, engine, command, images=IMAGES):
        self.rng = np.random.default_rng(int(os.environ.get("NNND_TEST_SEED", 5)))
        self.images, self.references = data("images"), data("references")
        self.queries = data("queries")[:100]
        self.engine = engine
        self.command = command
        self.metrics = folder / "sync.prom"
        self.log = folder / "sync.log"
        self.db = nnnd.open(folder / "db", threads=2)
        self.db.add_references(self.references[:REFERENCES], [f"r{n}" for n in range(REFERENCES)])
        self.db.add_images(self.images[:images], [f"i{n}" for n in range(images)])
        self.most = images
        self.sync = None
        self.kills = dict.fromkeys(("sync", "daemon", "server"), 0)

    def start_sync(self):
        command = [sys.executable, "-m", "nnnd", "sync", *self.command, "--socket", self.db.socket]
        command += ["--interval", "0.05", "--metrics", str(self.metrics)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with self.log.open("ab") as log:
            self.sync = subprocess.Popen(command, env=environment, stderr=log, stdout=log)

    def stop_sync(self, how=signal.SIGKILL):
        assert self.sync.poll() is None, self.log.read_text()
        self.sync.send_signal(how)
        self.sync.wait()

    def change(self):
        """One random change of 1 to 5 images or references."""
        count = int(self.rng.integers(1, 6))
        kind = self.rng.choice(["add", "replace", "delete", "references"], p=[0.25, 0.25, 0.25, 0.25])
        numbers = self.rng.choice(self.most + 2000, count, replace=False)
        ids = [f"i{n}" for n in numbers]
        if kind == "delete":
            self.db.delete_images(ids)
        elif kind == "references":
            rows = self.rng.choice(len(self.references), count, replace=False)
            names = [f"r{n}" for n in self.rng.choice(REFERENCES + 500, count, replace=False)]
            self.db.add_references(self.references[rows], names)
        else:
            vectors = self.images[self.rng.choice(len(self.images), count, replace=False)]
            self.db.add_images(vectors + self.rng.standard_normal(vectors.shape).astype(np.float32) * 0.01, ids)

    def kill(self, victim):
        self.kills[victim] += 1
        if victim == "sync":
            self.stop_sync()
            self.start_sync()
        elif victim == "daemon":
            end_daemon_of(self.db)
            self.db.status()  # starts it again
        else:
            self.engine.kill()
            self.engine.start()
            if self.engine.is_slow:
                # It needs so long to load its collections that it would not do anything between two kills.
                self.change()
                before = self.values().get("generation")
                wait_until(lambda: self.values().get("generation") != before, "the sync goes on", 300)

    def run(self, victims, changes=CHANGES):
        """Makes the changes, and kills each victim so often, at random points, some of them during the snapshot."""
        plan = [
            (int(self.rng.integers(60 if n < kills / 5 else changes)), victim)
            for victim, kills in victims.items() for n in range(kills)
        ]  # fmt: skip
        self.start_sync()
        for step in range(changes):
            self.change()
            for at, victim in plan:
                if at == step:
                    self.kill(victim)
        self.wait()

    def wait(self):
        """Waits until the copy is the corpus."""
        generation = str(self.db.status()["generation"])

        def is_new():
            assert self.sync.poll() is None, self.log.read_text()
            values = self.values()
            # The last one is there when the index is, too.
            return values.get("generation") == generation and values["current_timestamp_seconds"] != "0"

        wait_until(is_new, "the copy is the corpus", 600)

    def values(self):
        """The metrics of the sync that runs, or of the one before it."""
        with contextlib.suppress(FileNotFoundError):
            return dict(re.findall(r"^nnnd_sync_(\w+)\{.*\} (.*)$", self.metrics.read_text(), re.MULTILINE))
        return {}

    def corpus(self):
        """Id -> (vector, mean), as the API lists them."""
        return {
            change.id: (change.vector, np.float32(change.mean))
            for page in self.db.new_changes("start", 10_000, vectors=True) for change in page
        }  # fmt: skip

    def close(self):
        if self.sync is not None and self.sync.poll() is None:
            self.stop_sync()
        self.db.close()
