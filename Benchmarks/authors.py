"""Compares nnnd with nnn-retrieval, the package of the authors of NNN, on CPU: the hits must be the same.

Skipped if that package or torch isn't installed.
"""

import contextlib
import io
import os
from importlib.util import find_spec

import numpy as np

import peer
from base import image_id
from datasets import EXAMPLE as WORDNET
from datasets import load
from harness import Daemon, settle, timed
from report import queries_in_words

TITLE = "Comparison with nnn-retrieval"
BATCHES = (1, 16, 100, 1000)
CHUNK = 1000  # rows that the package multiplies at a time


class Authors:
    """An interface to the package: computes means when it is created, and searches."""

    def __init__(self, images, references):
        import torch

        with contextlib.redirect_stdout(io.StringIO()):  # it prints which of its optional packages are absent
            from nnn import NNNRetriever

        self.torch, self.retriever = torch, NNNRetriever(images.shape[1])
        self.images = torch.from_numpy(images)
        self.seconds, means = timed(lambda: self.retriever.setup_retriever(
            self.images, torch.from_numpy(references), peer.K, CHUNK))
        self.means = torch.tensor(means)

    def search(self, queries):
        """Returns scores and rows, each queries x hits."""
        return self.retriever.retrieve(
            self.images, self.torch.from_numpy(queries), peer.TOP, peer.ALPHA, self.means, CHUNK)


def same_hits(context):
    """Compares the hits on the vectors of Examples/wordnet. Returns the number of queries."""
    shards = {kind: sorted((WORDNET / kind).glob("*.npy")) for kind in ("images", "references")}
    images, references = (load(WORDNET / kind) for kind in ("images", "references"))
    queries = load(WORDNET / "queries.npy")
    ids = [f"{path.stem}:{row}" for path in shards["images"] for row in range(len(np.load(path, mmap_mode="r")))]
    scores, rows = Authors(images, references).search(queries)
    with Daemon(context.binaries) as daemon:
        for kind, paths in shards.items():
            for path in paths:
                daemon.drop(kind, path.stem, np.load(path))
        _, answer = daemon.search(queries, peer.TOP, peer.ALPHA)
    peer.check_answers(answer, scores, rows, ids.__getitem__)
    return len(queries)


def run(context):
    report, source = context.report, context.source(5)
    count = context.enough(4096)
    os.environ["TQDM_DISABLE"] = "1"
    report.section(TITLE, f"nnn-retrieval uses torch on CPU; {context.shape}, {count:,} references.")
    if missing := [package for package in ("nnn", "torch") if not find_spec(package)]:
        report.text(f"Skipped: {' and '.join(missing)} not installed.")
        return
    import torch

    torch.set_num_threads(context.cores)
    compared = same_hits(context)
    images, references, queries = source.images(context.images), source.references(count), source.queries(max(BATCHES))
    with Daemon(context.binaries) as daemon:
        daemon.drop("references", "references", references)
        settle()
        ingest = daemon.drop("images", "images", images)
        settle()
        authors = Authors(images, references)
        report.row(f"{context.images:,} images dropped", ingest, authors.seconds, "its biases alone")
        for batch in BATCHES:
            own, other = [], []
            for run in range(context.runs + 1):
                settle()
                seconds, answer = daemon.search(queries[:batch], peer.TOP, peer.ALPHA)
                settle()
                seconds_other, (scores, rows) = timed(lambda: authors.search(queries[:batch]))
                peer.check_answers(answer, scores, rows, image_id)
                if run > 0:
                    own.append(seconds)
                    other.append(seconds_other)
            report.row(queries_in_words(batch), own, other, "nnn-retrieval")
    report.text(f"Hits and scores were also the same for {compared:,} queries on Examples/wordnet.")
