"""A corpus for long tests: 100,000 images and 50,000 references of dimension 384, in shards of uneven size."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import nnnd
from bulk_data import write_shards

EXAMPLE = Path(__file__).resolve().parents[3] / "Examples" / "wordnet"
IMAGES = [1, 17, 9000, 30000, 20000, 11000, 25000, 4982]
REFERENCES = [15000, 3, 20000, 10000, 4997]
CAPACITY, K = 160, 128
TOLERANCE = 1e-6


class Corpus:
    """Vectors around those of the example, so that their similarities are those of real embeddings."""

    def __init__(self, folder):
        rng = np.random.default_rng(22)
        self.images = self._vectors(rng, "images", sum(IMAGES))
        self.references = self._vectors(rng, "references", sum(REFERENCES))
        self.image_ids = [f"i{row}" for row in range(len(self.images))]
        self.reference_ids = [f"r{row}" for row in range(len(self.references))]
        formats = (".npy", ".parquet")
        self.image_folder = write_shards(folder / "images", self.images, self.image_ids, IMAGES, formats)
        self.reference_folder = write_shards(
            folder / "references", self.references, self.reference_ids, REFERENCES, formats
        )

    @staticmethod
    def _vectors(rng, kind, count):
        real = np.concatenate([np.load(path) for path in sorted((EXAMPLE / kind).glob("*.npy"))])
        vectors = real[rng.integers(0, len(real), count)].astype(np.float32)
        return vectors + rng.standard_normal(vectors.shape, dtype=np.float32) * (0.5 / vectors.shape[1] ** 0.5)

    def daemon_heaps(self, folder):
        """The heaps of a daemon: similarities and reference numbers, (images, CAPACITY), and means."""
        similarities = np.empty((len(self.images), CAPACITY), dtype=np.float32)
        numbers = np.empty((len(self.images), CAPACITY), dtype=np.int32)
        means = np.empty(len(self.images), dtype=np.float32)
        with nnnd.open(folder) as db:
            db.add_references(self.references, self.reference_ids)
            db.add_images(self.images, self.image_ids)
            for row, id in enumerate(self.image_ids):
                report = db.explain(id)
                means[row] = report["mean"]
                similarities[row] = [entry["similarity"] for entry in report["references"]]
                numbers[row] = [int(entry["id"][1:]) for entry in report["references"]]
        return similarities, numbers, means


def read_output(folder, images):
    """The same arrays from the files of a bulk computation."""
    similarities = np.empty((images, CAPACITY), dtype=np.float32)
    numbers = np.empty((images, CAPACITY), dtype=np.int32)
    means, found = np.empty(images, dtype=np.float32), np.zeros(images, dtype=int)
    for path in sorted(folder.glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(8192):
            rows = number(batch.column("id"))
            found[rows] += 1
            means[rows] = batch.column(f"mean_{K}").to_numpy()
            similarities[rows] = batch.column("similarities").flatten().to_numpy().reshape(-1, CAPACITY)
            numbers[rows] = number(batch.column("references").flatten()).reshape(-1, CAPACITY)
    assert (found == 1).all()
    return similarities, numbers, means


def number(ids):
    """The numbers in ids such as r12."""
    return pc.cast(pc.utf8_slice_codeunits(ids, 1), pa.int32()).to_numpy()


def check_equal(output, expected):
    """Compares arrays of heaps; references may differ only among those that tie for the last place."""
    (similarities, numbers, means), (expected_similarities, expected_numbers, expected_means) = output, expected
    assert np.abs(similarities - expected_similarities).max() <= TOLERANCE
    assert np.abs(means - expected_means).max() <= TOLERANCE
    ours, theirs = np.sort(numbers, axis=1), np.sort(expected_numbers, axis=1)
    for row in np.flatnonzero((ours != theirs).any(axis=1)):
        only = np.setdiff1d(ours[row], theirs[row])
        assert (similarities[row][np.isin(numbers[row], only)] <= similarities[row, -1] + TOLERANCE).all()
