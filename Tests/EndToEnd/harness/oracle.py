"""The expected biases and scores, computed in float64 and from scratch after each change."""

import numpy as np

TOLERANCE = 1e-5


class Oracle:
    """The corpus as two dictionaries from id to vector, in order of arrival."""

    def __init__(self, k, alpha=0.75, metric="cosine", precision="float32"):
        self.k = k
        self.alpha = alpha
        self.metric = metric
        self.precision = precision
        self.images = {}
        self.references = {}
        # Results since the last change: stored vectors by kind, means by k.
        self._computed = {}

    def put(self, kind, ids, vectors):
        """Adds or replaces the vectors of these ids, in this order; a replaced id counts as newly arrived."""
        self._computed.clear()
        corpus = self.of(kind)
        for id, vector in zip(ids, np.asarray(vectors), strict=True):
            corpus.pop(id, None)
            corpus[id] = vector

    def remove(self, kind, ids):
        """Removes ids and returns how many of them existed."""
        self._computed.clear()
        return sum(self.of(kind).pop(id, None) is not None for id in ids)

    def keep_newest_references(self, count):
        """Removes all references but the `count` newest, and returns the removed ids."""
        removed = list(self.references)[: max(0, len(self.references) - count)]
        self.remove("references", removed)
        return removed

    def of(self, kind):
        """The dictionary of one kind: "images" or "references"."""
        return self.images if kind == "images" else self.references

    def biases(self, alpha=None):
        """The bias of each image, by id."""
        return dict(zip(self.images, (self._weight(alpha) * self._means()).tolist(), strict=True))

    def similarities(self, queries):
        """Similarities of shape (queries, images), in the order of `images`."""
        return self.prepared(queries) @ self._stored("images").T

    def scores(self, similarities, alpha=None):
        """Debiased scores from similarities, both of shape (queries, images)."""
        return similarities - self._weight(alpha) * self._means()

    def prepared(self, vectors):
        """Vectors as float64, normalised to length 1 if the metric is cosine."""
        vectors = np.asarray(vectors, dtype=np.float64)
        if self.metric == "inner-product":
            return vectors
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        scaled = vectors / largest
        return scaled / np.linalg.norm(scaled, axis=1, keepdims=True)

    def _weight(self, alpha):
        return self.alpha if alpha is None else alpha

    def _stored(self, kind):
        if kind not in self._computed:
            vectors = self.prepared(np.stack(list(self.of(kind).values())).astype(np.float64))
            self._computed[kind] = vectors.astype(np.float32).astype(self.precision).astype(np.float64)
        return self._computed[kind]

    def _means(self):
        if not self.references:
            return np.zeros(len(self.images))
        if self.k not in self._computed:
            similarities = self._stored("images") @ self._stored("references").T
            used = min(self.k, similarities.shape[1])
            self._computed[self.k] = np.partition(similarities, -used, axis=1)[:, -used:].mean(axis=1)
        return self._computed[self.k]


def check_everything(client, oracle, tolerance=TOLERANCE):
    """Compares the counts and every bias with the oracle; one search that returns all images gives the biases."""
    status = client.status()
    assert (status["images"], status["references"]) == (len(oracle.images), len(oracle.references))
    if not oracle.images:
        return
    dimension = len(next(iter(oracle.images.values())))
    query = np.ones((1, dimension))
    # With alpha = 1 the bias is the mean itself.
    result = client.search(query, top_k=len(oracle.images) + 1, alpha=1)
    hits = result[0]
    assert len(hits) == len({hit.id for hit in hits}) == len(oracle.images)
    expected = oracle.biases(alpha=1)
    wrong = {
        hit.id: (hit.bias, expected[hit.id]) for hit in hits if not abs(hit.bias - expected[hit.id]) <= tolerance
    }
    assert not wrong, f"{len(wrong)} biases of {len(hits)} are off, such as {list(wrong.items())[:3]}"
    check_rankings(oracle, query, result, alpha=1, tolerance=tolerance)


def check_rankings(oracle, queries, result, alpha=None, tolerance=TOLERANCE):
    """Compares a search result with the oracle: the score at each rank, and the score and similarity of each image."""
    columns = {id: column for column, id in enumerate(oracle.images)}
    similarities = oracle.similarities(queries)
    scores = oracle.scores(similarities, alpha)
    assert len(result) == len(similarities)
    for query, ids in enumerate(result.ids):
        found = [columns[id] for id in ids]
        assert len(set(found)) == len(found), f"query {query} has an image twice"
        best = np.sort(scores[query])[::-1][: len(ids)]
        actual = result.scores[query]
        np.testing.assert_allclose(actual, best, rtol=0, atol=tolerance, err_msg=f"query {query}: scores by rank")
        np.testing.assert_allclose(
            actual, scores[query][found], rtol=0, atol=tolerance, err_msg=f"query {query}: scores by image"
        )
        np.testing.assert_allclose(
            result.similarities[query], similarities[query][found], rtol=0, atol=tolerance,
            err_msg=f"query {query}: similarities",
        )  # fmt: skip
