"""nnnd against nnn-retrieval, the package of the paper's authors, on the WordNet data: same hits, same scores."""

import argparse
from pathlib import Path

import numpy as np
import torch
from nnn import NNNRetriever

from harness import Daemon

WORDNET = Path(__file__).resolve().parents[1] / "Examples" / "wordnet"
K, ALPHA, TOP, TOLERANCE = 128, 0.75, 10, 1e-4


def load(path):
    values = np.load(path).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", type=Path, default=Path(".build/release"))
    shards = {kind: sorted((WORDNET / kind).glob("*.npy")) for kind in ("images", "references")}
    images, references = (np.vstack([load(path) for path in shards[kind]]) for kind in ("images", "references"))
    queries = load(WORDNET / "queries.npy")
    ids = [f"{path.stem}:{row}" for path in shards["images"] for row in range(1000)]

    authors = NNNRetriever(images.shape[1])
    means = authors.setup_retriever(torch.tensor(images), torch.tensor(references), K, 1000)
    scores, rows = authors.retrieve(torch.tensor(images), torch.tensor(queries), TOP, ALPHA, means, 1000)

    with Daemon(parser.parse_args().bin.resolve()) as daemon:
        for kind, paths in shards.items():
            for path in paths:
                daemon.drop(kind, path.name, np.load(path))
        _, answer = daemon.search(queries, TOP, ALPHA)
    found = np.array([[hit["score"] for hit in hits] for hits in answer["results"]])
    difference = np.abs(found - scores).max()
    other = 0
    for hits, own, places in zip(answer["results"], scores, rows):
        by_id = {ids[row]: score for row, score in zip(places, own)}
        # Another hit at a place is right only where it ties with the last of the authors'.
        other += sum(hit["id"] not in by_id and abs(hit["score"] - own[-1]) > TOLERANCE for hit in hits)
    print(f"{len(queries)} queries, top {TOP}: scores differ by {difference:.1e} at most, {other} hits differ beyond ties")
    assert difference < TOLERANCE and other == 0


if __name__ == "__main__":
    main()
