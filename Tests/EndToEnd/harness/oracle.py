"""What the daemon has to say, computed from scratch in float64: nothing here is kept up to date, all is recomputed."""

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
        self._frozen = None

    def freeze(self):
        """Computes the means once for all: the corpus will not change any more."""
        self._frozen = self._means()

    def put(self, kind, ids, vectors):
        """Takes in a shard: new ids are added, known ones replaced, which makes them arrive anew."""
        assert self._frozen is None
        corpus = self.of(kind)
        for id, vector in zip(ids, np.asarray(vectors), strict=True):
            corpus.pop(id, None)
            corpus[id] = vector

    def remove(self, kind, ids):
        """Takes ids away; how many of them were there."""
        assert self._frozen is None
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
        """Queries x images, in the order of `images`."""
        return self.prepared(queries) @ self._stored(self.images).T

    def scores(self, queries, alpha=None):
        """Queries x images, in the order of `images`."""
        return self.similarities(queries) - self._weight(alpha) * self._means()

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

    def _stored(self, corpus):
        vectors = self.prepared(np.stack(list(corpus.values())).astype(np.float64))
        return vectors.astype(np.float32).astype(self.precision).astype(np.float64)

    def _means(self):
        if self._frozen is not None:
            return self._frozen
        if not self.references:
            return np.zeros(len(self.images))
        similarities = self._stored(self.images) @ self._stored(self.references).T
        used = min(self.k, similarities.shape[1])
        return np.sort(similarities, axis=1)[:, -used:].mean(axis=1)


def check_everything(client, oracle, tolerance=TOLERANCE):
    """Compares the counts and every bias with the oracle; one search that returns all images gives the biases."""
    status = client.status()
    assert (status["images"], status["references"]) == (len(oracle.images), len(oracle.references))
    if not oracle.images:
        return
    dimension = len(next(iter(oracle.images.values())))
    query = np.ones((1, dimension))
    # With alpha = 1 the bias is the mean itself.
    hits = client.search(query, top_k=len(oracle.images) + 1, alpha=1)["results"][0]
    assert len(hits) == len({hit["id"] for hit in hits}) == len(oracle.images)
    expected = oracle.biases(alpha=1)
    wrong = {
        hit["id"]: (hit["bias"], expected[hit["id"]])
        for hit in hits
        if not abs(hit["bias"] - expected[hit["id"]]) <= tolerance
    }
    assert not wrong, f"{len(wrong)} biases of {len(hits)} are off, such as {list(wrong.items())[:3]}"
    check_rankings(oracle, query, [hits], alpha=1, tolerance=tolerance)


def check_rankings(oracle, queries, results, alpha=None, tolerance=TOLERANCE):
    """Compares search results with the oracle: the score at each rank, and the score and similarity of each image."""
    places = {id: place for place, id in enumerate(oracle.images)}
    scores = oracle.scores(queries, alpha)
    similarities = oracle.similarities(queries)
    for query, hits in enumerate(results):
        found = [places[hit["id"]] for hit in hits]
        assert len(set(found)) == len(found), f"query {query} has an image twice"
        best = np.sort(scores[query])[::-1][: len(hits)]
        actual = np.array([hit["score"] for hit in hits])
        np.testing.assert_allclose(actual, best, rtol=0, atol=tolerance, err_msg=f"query {query}: scores by rank")
        np.testing.assert_allclose(
            actual, scores[query][found], rtol=0, atol=tolerance, err_msg=f"query {query}: scores by image"
        )
        actual = np.array([hit["similarity"] for hit in hits])
        np.testing.assert_allclose(
            actual, similarities[query][found], rtol=0, atol=tolerance, err_msg=f"query {query}: similarities"
        )
