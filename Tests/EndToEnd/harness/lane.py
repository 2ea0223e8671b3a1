"""A producer that may be killed at any moment: what it drops is fixed by a seed, and what it has dropped is on disk."""

import dataclasses
import multiprocessing
import os

import numpy as np

from .shards import encode
from .spool import IMAGES, Spool, default_ids, id_lines

DIMENSION = 8
# Beyond so many ids a lane deletes more than it adds.
_MANY = 60


@dataclasses.dataclass(frozen=True)
class Step:
    """One shard or list of ids to delete, and what its receipt has to say."""

    name: str
    ids: list
    # None for a list of ids to delete.
    vectors: np.ndarray | None
    # Whether the ids come in a file of their own.
    brings_ids: bool
    counts: dict


class Lane:
    """A stream of shards, replacements and deletions of one kind, with ids that no other lane uses.

    Each step is dropped when the one before has its receipt, so it is certain what must be in the corpus.
    """

    def __init__(self, spool_root, kind, number, seed):
        self.kind = kind
        self.number = number
        self.steps = []
        self._spool = Spool(spool_root)
        self._rng = np.random.default_rng([seed, number])
        self._ids = []

    def plan(self, count):
        """Makes up the first `count` steps."""
        while len(self.steps) < count:
            self.steps.append(self._next())
        return self.steps[:count]

    def start(self, until):
        """Drops the steps up to `until`, in a process of its own, from the first that has no receipt."""
        self.plan(until)
        process = multiprocessing.get_context("fork").Process(target=self._run, args=(until,), daemon=True)
        process.start()
        return process

    def receipt(self, step):
        """The receipt of a step, waiting for it."""
        return self._spool.wait_receipt(self.kind, step.name)

    def check_receipts(self, first, end):
        """Holds that each of these steps took effect once: a second time would count its rows as replaced or missing."""
        for step in self.steps[first:end]:
            receipt = self.receipt(step)
            told = {field: receipt[field] for field in step.counts}
            assert told == step.counts, (step.name, told, step.counts)

    def put_into(self, oracle, first, end):
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
                self._spool.drop_bytes(
                    self.kind, step.name, content, id_lines(step.ids) if step.brings_ids else None, f"-{self.number}"
                )
            self.receipt(step)

    def _is_dropped(self, step):
        # In the order in which a shard goes through them, so that it can't slip by.
        folders = (self._spool.incoming(self.kind), self._spool.root / "processing" / self.kind, self._spool.done(self.kind))
        return any(os.path.lexists(folder / step.name) for folder in folders)

    def _next(self):
        number, rng = len(self.steps), self._rng
        stem = f"{self.kind}-{self.number}-{number:05}"
        if self._ids and rng.random() < (0.6 if len(self._ids) > _MANY else 0.2):
            gone = [str(id) for id in rng.choice(self._ids, int(rng.integers(1, len(self._ids) + 1)), replace=False)]
            self._ids = [id for id in self._ids if id not in set(gone)]
            ids = [*gone, f"{stem}-was-never-there"]
            counts = {"rows": len(ids), "deleted": len(gone), "missing": 1, "replaced": 0}
            return Step(f"{stem}.delete", ids, None, False, counts)
        name = stem + str(rng.choice([".npy", ".npz", ".safetensors"]))
        replaced = []
        if self._ids and rng.random() < 0.5:
            replaced = [str(id) for id in rng.choice(self._ids, int(rng.integers(1, len(self._ids) + 1)), replace=False)]
        fresh = int(rng.integers(0 if replaced else 1, 30))
        ids = replaced + [f"{stem}/{row}" for row in range(fresh)] if replaced else default_ids(name, fresh)
        self._ids += [id for id in ids if id not in set(replaced)]
        counts = {"rows": len(ids), "deleted": 0, "missing": 0, "replaced": len(replaced)}
        vectors = rng.standard_normal((len(ids), DIMENSION)).astype(np.float32)
        return Step(name, ids, vectors, bool(replaced) or bool(rng.random() < 0.5), counts)


def make_lanes(spool_root, seed, count=4):
    """Lanes of both kinds in turn."""
    return [Lane(spool_root, (IMAGES, "references")[number % 2], number, seed) for number in range(count)]
