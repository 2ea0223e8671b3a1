"""nnnd.compat and nnn-retrieval 1.0.1 in one process, on the data in Examples and on larger ones if they are there.

NNND_TEST_DATA names a folder with the data sets `clip` and `wordnet-large`.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from conftest import PROJECT
from nnnd import compat

authors = pytest.importorskip("nnn", reason="nnn-retrieval and torch are not installed")
DATA = os.environ.get("NNND_TEST_DATA")


def load(*paths):
    return np.concatenate([np.load(path).astype(np.float32) for path in paths])


def wordnet():
    folder = PROJECT / "Examples" / "wordnet"
    images = load(*sorted(folder.glob("images/*.npy")))
    return images, load(*sorted(folder.glob("references/*.npy"))), load(folder / "queries.npy")[:300]


def clip():
    if not DATA:
        pytest.skip("NNND_TEST_DATA is not set")
    captions = load(Path(DATA) / "clip" / "captions.npy")
    return load(Path(DATA) / "clip" / "images.npy"), captions[:250], captions[250:]


def not_normalised():
    rng = np.random.default_rng(5)
    return tuple(rng.normal(0.3, 2.0, (count, 24)).astype(np.float32) for count in (500, 200, 50))


SETS = {"wordnet": wordnet, "clip": clip, "not normalised": not_normalised}


@pytest.fixture(scope="module", params=SETS)
def data(request):
    return SETS[request.param]()


def assert_same(ours, theirs, images, queries, means, alpha):
    """The same rows but for ties, and scores within 1e-4 (relative for scores above 1)."""
    assert ours[0].shape == theirs[0].shape == ours[1].shape
    assert np.allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-4)
    for query, row in zip(*np.nonzero(ours[1] != theirs[1])):
        pair = np.array([ours[1][query, row], theirs[1][query, row]])
        scores = images[pair].astype(np.float64) @ queries[query] - alpha * means[pair]
        assert abs(scores[0] - scores[1]) < 2e-6 * max(1.0, abs(scores[0])), (query, row, scores)


def compare(ranker_name, retriever_name, data, alpha, k, batch_size, **arguments):
    images, references, queries = data
    found = []
    for package in (compat, authors):
        retriever = getattr(package, retriever_name)(images.shape[1])
        if ranker_name == "BaseRanker":
            ranker = package.BaseRanker(retriever, images, references, batch_size=batch_size)
        else:
            ranker = getattr(package, ranker_name)(
                retriever, images, references, alternate_ks=k, batch_size=batch_size, alternate_weight=alpha,
                **arguments,
            )  # fmt: skip
        found.append((ranker, ranker.search(queries, top_k=20)))
    (own, ours), (other, theirs) = found
    their_means = np.asarray(other.alignment_means).reshape(-1)
    assert np.allclose(np.asarray(own.alignment_means).reshape(-1), their_means, rtol=1e-4, atol=1e-5)
    shift = arguments.get("dn_lambda", 0) and own.dn_lambda * own.query_dev_embeds_avg[0]
    corrects = retriever_name != "BaseRetriever" and ranker_name != "BaseRanker"
    assert_same(ours, theirs, own.retrieval_embeds, queries - shift, their_means, alpha if corrects else 0)


@pytest.mark.parametrize(
    ("k", "alpha", "batch_size"), [(1, 0.5, 1000), (128, 0.75, 16), (128, 0.0, 128), (32, 1.5, 128)]
)
def test_nearest_neighbor_normalization_finds_the_same(data, k, alpha, batch_size):
    compare("NNNRanker", "NNNRetriever", data, alpha, k, batch_size)


def test_batches_of_one_vector_find_the_same():
    compare("NNNRanker", "NNNRetriever", not_normalised(), 0.75, 16, 1)


@pytest.mark.parametrize("retriever", ["NNNRetriever", "BaseRetriever"])
def test_rankers_without_correction_find_the_same(data, retriever):
    compare("BaseRanker", retriever, data, 0, 1, 128)
    compare("NNNRanker", "BaseRetriever", data, 0.75, 16, 128)


@pytest.mark.parametrize(("k", "alpha", "dn_lambda"), [(16, 0.75, 0.5), (128, 0.0, 0.25)])
def test_distribution_normalization_finds_the_same(data, k, alpha, dn_lambda):
    images, references, _ = data
    dev = {"retrieval_dev_embeds": images[:100], "query_dev_embeds": references[:100], "dn_lambda": dn_lambda}
    compare("DNRanker", "NNNRetriever", data, alpha, k, 128, **dev)


def test_the_retriever_for_faiss_finds_what_theirs_should(data):
    """With today's Faiss theirs fails at its start, so that their exact retriever is the yardstick."""
    images, references, queries = data
    ours = compat.NNNRanker(compat.FaissCPURetriever(images.shape[1]), images, references, 64, alternate_weight=0.75)
    theirs = authors.NNNRanker(authors.NNNRetriever(images.shape[1]), images, references, 64, alternate_weight=0.75)
    means = np.asarray(theirs.alignment_means).reshape(-1)
    assert_same(ours.search(queries, 10), theirs.search(queries, 10), images, queries, means, 0.75)


# The usage in the README of nnn-retrieval 1.0.1, for CPUs.
USAGE = """
from nnn import NNNRetriever, NNNRanker
nnn_retriever = NNNRetriever(image_embeddings.shape[1])
nnn_ranker = NNNRanker(nnn_retriever, image_embeddings, reference_embeddings, alternate_ks=128, alternate_weight=0.75,
                       batch_size=256)
scores, indices = nnn_ranker.search(text_embeddings, top_k=5)
"""


def test_their_example_runs_by_one_changed_line(data):
    images, references, queries = data
    found = []
    for script in (USAGE.replace("from nnn import", "from nnnd.compat import"), USAGE):
        names = {"image_embeddings": images, "reference_embeddings": references, "text_embeddings": queries}
        exec(script, names)
        found.append((names["scores"], names["indices"]))
        means = np.asarray(names["nnn_ranker"].alignment_means).reshape(-1)
    assert_same(*found, images, queries, means, 0.75)
