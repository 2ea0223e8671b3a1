"""Producers that drop a seeded sequence of shards and survive kills: all their state is in the spool."""

import dataclasses
import multiprocessing
import os

import numpy as np

from .shards import encode
from .spool import IMAGES, REFERENCES, Spool, default_ids, id_lines

DIMENSION = 8
# Above this number of ids a producer deletes more often than it adds.
_DELETION_THRESHOLD = 60


@dataclasses.dataclass(frozen=True)
class Step:
    """One shard or deletion list, and the counts that its receipt must have."""

    name: str
    ids: list
    # None for a deletion list.
    vectors: np.ndarray | None
    # Whether the ids are in a sidecar file.
    has_sidecar: bool
    counts: dict


class Producer:
    """Drops shards, replacements and deletion lists of one kind, with ids that no other producer uses.

    It drops each step after the receipt of the step before, so the expected corpus after each step is known.
    """

    def __init__(self, spool_root, kind, number, seed):
        self.kind = kind
        self.number = number
        self.steps = []
        self._spool = Spool(spool_root)
        self._rng = np.random.default_rng([seed, number])
        self._ids = []

    def plan(self, count):
        """Generates and returns the first `count` steps."""
        while len(self.steps) < count:
            self.steps.append(self._next())
        return self.steps[:count]

    def start(self, until):
        """Starts a process that drops the steps up to `until`, beginning with the first that has no receipt."""
        self.plan(until)
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(until,), daemon=True)
        process.start()
        return process

    def receipt(self, step):
        """Waits for the receipt of a step and returns it."""
        return self._spool.wait_receipt(self.kind, step.name)

    def check_receipts(self, first, end):
        """Checks that each of these steps took effect once.

        A step that took effect twice would count its rows as replaced or missing.
        """
        for step in self.steps[first:end]:
            receipt = self.receipt(step)
            counts = {field: receipt[field] for field in step.counts}
            assert counts == step.counts, (step.name, counts, step.counts)

    def apply_to(self, oracle, first, end):
        """Applies the steps `first` to `end` to the oracle."""
        for step in self.steps[first:end]:
            if step.vectors is None:
                oracle.remove(self.kind, step.ids)
            else:
                oracle.put(self.kind, step.ids, step.vectors)

    def _run(self, until):
        for step in self.steps[:until]:
            if self._spool.receipt_path(self.kind, step.name).exists():
                continue
            if not self._is_dropped(step):
                content = id_lines(step.ids) if step.vectors is None else encode(step.name, step.vectors)
                ids = id_lines(step.ids) if step.has_sidecar else None
                self._spool.drop_bytes(self.kind, step.name, content, ids, writer=f"-{self.number}")
            self.receipt(step)

    def _is_dropped(self, step):
        # In the order in which a shard moves through the folders, so that none is missed between two checks.
        processing = self._spool.root / "processing" / self.kind
        folders = (self._spool.incoming(self.kind), processing, self._spool.done(self.kind))
        return any(os.path.lexists(folder / step.name) for folder in folders)

    def _some_ids(self):
        """A random selection of the existing ids, in random order."""
        count = int(self._rng.integers(1, len(self._ids) + 1))
        return [str(id) for id in self._rng.choice(self._ids, count, replace=False)]

    def _next(self):
        number, rng = len(self.steps), self._rng
        stem = f"{self.kind}-{self.number}-{number:05}"
        if self._ids and rng.random() < (0.6 if len(self._ids) > _DELETION_THRESHOLD else 0.2):
            deleted = self._some_ids()
            self._ids = [id for id in self._ids if id not in set(deleted)]
            ids = [*deleted, f"{stem}-unknown"]
            counts = {"rows": len(ids), "deleted": len(deleted), "missing": 1, "replaced": 0}
            return Step(f"{stem}.delete", ids, None, False, counts)
        name = stem + str(rng.choice([".npy", ".npz", ".safetensors"]))
        replaced = []
        if self._ids and rng.random() < 0.5:
            replaced = self._some_ids()
        added = int(rng.integers(0 if replaced else 1, 30))
        ids = [*replaced, *(f"{stem}/{row}" for row in range(added))] if replaced else default_ids(name, added)
        self._ids += [id for id in ids if id not in set(replaced)]
        counts = {"rows": len(ids), "deleted": 0, "missing": 0, "replaced": len(replaced)}
        vectors = rng.standard_normal((len(ids), DIMENSION)).astype(np.float32)
        return Step(name, ids, vectors, bool(replaced) or bool(rng.random() < 0.5), counts)


def make_producers(spool_root, seed, count=4):
    """Producers of images and of references, alternating."""
    return [Producer(spool_root, (IMAGES, REFERENCES)[number % 2], number, seed) for number in range(count)]
