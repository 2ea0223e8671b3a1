"""nnnd.compat by itself. `test_compat_authors.py` compares it with nnn-retrieval."""

import gc

import numpy as np
import pytest

from conftest import daemon_pid, process_runs, wait_until
from nnnd.compat import (
    BaseRanker,
    BaseRetriever,
    DNRanker,
    FaissCPURetriever,
    FaissGPURetriever,
    NNNRanker,
    NNNRetriever,
)


@pytest.fixture
def data(rng):
    """Images, references and queries that are not normalised."""
    return tuple(rng.normal(0.2, 2.0, (count, 12)).astype(np.float32) for count in (60, 30, 9))


def by_definition(images, references, queries, k, alpha, top_k):
    images, references, queries = (array.astype(np.float64) for array in (images, references, queries))
    means = np.sort(images @ references.T, axis=1)[:, -k:].mean(axis=1)
    scores = queries @ images.T - alpha * means
    order = np.argsort(-scores, axis=1)[:, :top_k]
    return np.take_along_axis(scores, order, axis=1), order


@pytest.mark.parametrize(("k", "used"), [(1, 1), (7, 7), (100, 30)])
@pytest.mark.parametrize("alpha", [0, 0.75, 1.5, -0.5])
def test_scores_and_rows_follow_the_definition(data, k, used, alpha):
    images, references, queries = data
    ranker = NNNRanker(NNNRetriever(12), images, references, alternate_ks=k, alternate_weight=alpha, batch_size=4)
    scores, indices = ranker.search(queries, top_k=60)
    expected, order = by_definition(images, references, queries, used, alpha, 60)
    assert (indices == order).all() and indices.dtype == np.int64
    assert np.allclose(scores, expected, rtol=1e-5, atol=1e-4)
    assert ranker.alignment_means.shape == (60, 1)


def test_rankers_share_a_retriever_and_a_weight_can_change(data):
    images, references, queries = data
    retriever = NNNRetriever(12)
    first = NNNRanker(retriever, images, references, alternate_ks=3)
    second = NNNRanker(retriever, images[:20], references, alternate_ks=5)
    base = BaseRanker(retriever, images, references)
    assert second.search(queries, 20)[1].max() == 19
    first.alternate_weight = 1.25
    assert (first.search(queries, 5)[1] == by_definition(*data, 3, 1.25, 5)[1]).all()
    assert (base.search(queries, 5)[1] == by_definition(*data, 3, 0, 5)[1]).all()


def test_the_base_retriever_ignores_weights(data):
    ranker = NNNRanker(BaseRetriever(12), *data[:2], alternate_weight=0.9)
    assert (ranker.search(data[2], 5)[1] == by_definition(*data, 1, 0, 5)[1]).all()


def test_distribution_normalization_shifts_images_references_and_queries(data):
    images, references, queries = data
    ranker = DNRanker(
        NNNRetriever(12), images, references, 4, alternate_weight=0.5, retrieval_dev_embeds=images[:9],
        query_dev_embeds=references, dn_lambda=0.3,
    )  # fmt: skip
    shift, other = 0.3 * images[:9].mean(0), 0.3 * references.mean(0)
    scores, order = by_definition(images - shift, references - other, queries - other, 4, 0.5, 6)
    found = ranker.search(queries, 6)
    assert np.allclose(found[0], scores, atol=1e-4) and (found[1] == order).all()


def test_torch_tensors_are_accepted(data):
    torch = pytest.importorskip("torch")
    images, references, queries = map(torch.tensor, data)
    ranker = NNNRanker(NNNRetriever(12), images, references, alternate_ks=3)
    assert (ranker.search(queries, 5)[1] == by_definition(*data, 3, 0.5, 5)[1]).all()


class FlatIndex:
    """The part of an index of Faiss that retrievers use.

    For vectors of dimension 12 an index of images has the dimension 13: the mean of an image is one more number.
    """

    metric_type, is_trained = 0, False

    def __init__(self, dimension):
        self.d, self.nprobe, self.vectors = dimension, 1, np.zeros((0, dimension), np.float32)

    @property
    def ntotal(self):
        return len(self.vectors)

    def train(self, vectors):
        self.is_trained = True

    def add(self, vectors):
        assert self.is_trained
        self.vectors = np.concatenate([self.vectors, vectors])

    def search(self, queries, count):
        scores = queries @ self.vectors.T
        order = np.argsort(-scores, axis=1)[:, :count]
        return np.take_along_axis(scores, order, axis=1), order


@pytest.mark.parametrize("with_references", [False, True])
@pytest.mark.parametrize("with_images", [False, True])
def test_indexes_of_the_caller_are_used(data, with_references, with_images):
    images, references, queries = data
    retriever = FaissCPURetriever(
        12, FlatIndex(12) if with_references else None, 8, FlatIndex(13) if with_images else None, 9
    )
    ranker = NNNRanker(retriever, images, references, alternate_ks=5, alternate_weight=0.75)
    assert (ranker.search(queries, 5)[1] == by_definition(*data, 5, 0.75, 5)[1]).all()
    if with_references:
        assert (retriever.reference_index.ntotal, retriever.reference_index.nprobe) == (30, 8)
    if with_images:
        assert (retriever.retrieval_index.ntotal, retriever.retrieval_index.nprobe) == (60, 9)


def test_an_index_that_does_not_fit_is_rejected(data):
    with pytest.raises(ValueError, match="must have 13"):
        FaissCPURetriever(12, retrieval_index=FlatIndex(12))
    used = FlatIndex(13)
    NNNRanker(FaissCPURetriever(12, retrieval_index=used), *data[:2])
    with pytest.raises(ValueError, match="already"):
        NNNRanker(FaissCPURetriever(12, retrieval_index=used), *data[:2])


class IndexWithCells(FlatIndex):
    """Finds at most so many vectors for a query, and fills up as Faiss does."""

    def __init__(self, dimension, most):
        super().__init__(dimension)
        self.most = most

    def search(self, queries, count):
        scores, rows = np.full((len(queries), count), np.finfo(np.float32).min), np.full((len(queries), count), -1)
        found = super().search(queries, min(count, self.most))
        scores[:, : found[0].shape[1]], rows[:, : found[1].shape[1]] = found
        return scores, rows


def test_an_index_that_finds_too_few_images_or_has_too_few_is_rejected(data):
    images, references, queries = data
    for index, top_k, match in ((FlatIndex(13), 61, "number of images, 60"), (IndexWithCells(13, 4), 5, "nprobes")):
        ranker = NNNRanker(FaissCPURetriever(12, retrieval_index=index), images, references)
        with pytest.raises(ValueError, match=match):
            ranker.search(queries, top_k)
    assert (ranker.search(queries, 4)[1] >= 0).all()


def test_means_are_over_the_references_that_an_index_finds(data):
    images, references, _ = data
    ranker = NNNRanker(FaissCPURetriever(12, IndexWithCells(12, 3)), images, references, alternate_ks=5)
    exact = np.sort(images @ references.T, axis=1)[:, -3:].mean(axis=1, keepdims=True)
    assert np.allclose(ranker.alignment_means, exact, rtol=1e-5, atol=1e-4)
    with pytest.raises(ValueError, match="no reference for image 0; raise reference_nprobes"):
        NNNRanker(FaissCPURetriever(12, IndexWithCells(12, 0)), images, references, alternate_ks=5)


def test_arguments_for_a_gpu_are_accepted_with_a_warning(data):
    with pytest.warns(UserWarning, match="CPU"):
        retriever = FaissGPURetriever(12, 0)
    ranker = NNNRanker(retriever, *data[:2], use_gpu=True, gpu_id=0)
    assert ranker.search(data[2], 3)[1].shape == (9, 3)
    with pytest.warns(UserWarning, match="CPU"):
        NNNRetriever(12, use_gpu=True, gpu_id=1)
    with pytest.raises(ValueError, match="no GPU device"):
        NNNRetriever(12, use_gpu=True)
    with pytest.raises(ValueError, match="same device"):
        NNNRanker(NNNRetriever(12), *data[:2], use_gpu=True, gpu_id=0)


def test_what_cannot_be_searched_is_rejected_clearly(data):
    ranker = NNNRanker(NNNRetriever(12), *data[:2])
    with pytest.raises(ValueError, match="number of images, 60"):
        ranker.search(data[2], 61)
    with pytest.raises(ValueError, match="11 columns"):
        ranker.search(data[2][:, :11], 5)
    with pytest.raises(ValueError, match="dimensions"):
        NNNRanker(NNNRetriever(12), data[0], data[1][:, :5])
    with pytest.raises(ValueError, match="at least 1"):
        NNNRanker(NNNRetriever(12), *data[:2], alternate_ks=0)
    with pytest.raises(ValueError, match="dev embeds"):
        DNRanker(NNNRetriever(12), *data[:2])


def test_the_daemon_ends_with_its_ranker(data):
    retriever = NNNRetriever(12)
    ranker = NNNRanker(retriever, *data[:2])
    ((corpus, _),) = retriever._corpora.values()
    pid, folder = daemon_pid(corpus._database), corpus._database.folder
    del corpus, ranker
    gc.collect()
    wait_until(lambda: not process_runs(pid) and not folder.exists(), "the end of the daemon")
    assert not retriever._corpora
