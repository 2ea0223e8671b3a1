"""A small corpus with queries, answers and groups, and nnnctl on the same daemon."""

import json
import subprocess

import numpy as np

import nnnd
from nnnd._programs import find_program

IMAGES, REFERENCES, QUERIES, DIMENSION, K = 60, 40, 48, 6, 2


def unit(vectors):
    vectors = np.asarray(vectors, np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Corpus:
    """A corpus whose first images are similar to everything, so that a correction helps; each query has an answer."""

    def __init__(self, folder):
        rng = np.random.default_rng(18)
        common = 1.5 * np.eye(DIMENSION, dtype=np.float32)[0]
        self.images = rng.standard_normal((IMAGES, DIMENSION)).astype(np.float32)
        self.images[:6] = common + 0.1 * self.images[:6]
        self.right = rng.integers(6, IMAGES, QUERIES)
        self.queries = self.images[self.right] + common + 0.5 * rng.standard_normal((QUERIES, DIMENSION))
        self.queries = self.queries.astype(np.float32)
        self.references = self.images[rng.integers(6, IMAGES, REFERENCES)] + common
        self.answers = [f"i{image}" for image in self.right]
        self.groups = {f"i{image}": "odd" if image % 2 else "even" for image in range(20)}
        self.db = nnnd.open(folder, threads=1, alpha=0.5)
        # Only now, so that the capacity is that of the default k, and evaluations can try larger values of k.
        self.db.change_settings(k=K)
        self.db.add_images(self.images, [f"i{image}" for image in range(IMAGES)])
        self.db.add_references(self.references, range(REFERENCES))
        (folder / "answers.tsv").write_text("".join(f"{id}\n" for id in self.answers))
        (folder / "groups.tsv").write_text("".join(f"{id}\t{label}\n" for id, label in self.groups.items()))
        np.save(folder / "queries.npy", self.queries)

    def nnnctl(self, *arguments):
        """The output of a command of nnnctl; files are in the folder of the database."""
        command = [find_program("nnnctl"), *arguments, "--socket", self.db.socket]
        return subprocess.run(command, cwd=self.db.folder, capture_output=True, check=True, text=True).stdout

    def document(self, *arguments):
        """The document that a command of nnnctl prints."""
        return json.loads(self.nnnctl(*arguments, "--json"))

    def scores(self, alpha):
        """The scores (queries, images) by their definition."""
        similarities = np.sort(unit(self.images) @ unit(self.references).T, axis=1)
        return unit(self.queries) @ unit(self.images).T - alpha * similarities[:, -K:].mean(axis=1)
