"""A simple second implementation of a corpus: dictionaries of vectors, and means computed from all of them."""

import numpy as np

from bulk_data import stored

TOLERANCE = 1e-5


class Oracle:
    """A corpus and its means, and random changes that it makes to itself and to a daemon."""

    def __init__(self, images, references, k, rng):
        self.images, self.references, self.k, self._rng = images, references, k, rng
        self._added = 0

    def means(self, ids):
        """The means of these images, computed in double precision."""
        matrix = stored(np.stack(list(self.references.values()))).astype(np.float32)
        vectors = stored(np.stack([self.images[id] for id in ids])).astype(np.float32)
        products = vectors @ matrix.T
        count = min(self.k, products.shape[1])
        best = -np.partition(-products, count - 1, axis=1)[:, :count]
        return best.mean(axis=1, dtype=np.float64)

    def check(self, db, sample):
        """Compares the means of a sample of the images, and all numbers of rows."""
        status = db.status()
        assert (status["images"], status["references"]) == (len(self.images), len(self.references))
        ids = [str(id) for id in self._rng.permutation(list(self.images))[:sample]]
        found = np.array([db.explain(id)["mean"] for id in ids])
        np.testing.assert_allclose(found, self.means(ids), rtol=TOLERANCE, atol=TOLERANCE)

    def step(self, db, most):
        """Adds, replaces or deletes at most so many images or references."""
        kind = self._rng.choice(["images", "references", "references"])
        corpus = self.images if kind == "images" else self.references
        count = int(self._rng.integers(1, most + 1))
        known = [str(id) for id in self._rng.choice(list(corpus), min(count, len(corpus)), replace=False)]
        action = self._rng.choice(["add", "replace", "delete"])
        if action == "delete":
            (db.delete_images if kind == "images" else db.delete_references)(known)
            for id in known:
                del corpus[id]
            return
        if action == "add":
            known = [f"added {self._added + number}" for number in range(count)]
            self._added += count
        # Near vectors that exist, so that new references enter heaps.
        everything = [*self.images.values(), *self.references.values()]
        vectors = np.stack([everything[i] for i in self._rng.integers(0, len(everything), len(known))])
        noise = self._rng.standard_normal(vectors.shape, dtype=np.float32) * np.abs(vectors).mean() * 0.5
        vectors = (vectors + noise).astype(np.float32)
        (db.add_images if kind == "images" else db.add_references)(vectors, known)
        corpus.update(zip(known, vectors))
