"""What the daemon has to say, computed in float64, and from scratch after each change: nothing here is updated."""

import numpy as np

TOLERANCE = 1e-5


class Oracle:
    """The corpus as two dictionaries from id to vector, in the order in which the ids arrived."""

    def __init__(self, k, alpha=0.75, metric="cosine", precision="float32"):
        self.k = k
        self.alpha = alpha
        self.metric = metric
        self.precision = precision
        self.images = {}
        self.references = {}
        # What was computed since the last change, by what it was computed from.
        self._computed = {}

    def put(self, kind, ids, vectors):
        """Takes in a shard: new ids are added, known ones replaced, which makes them arrive anew."""
        self._computed.clear()
        corpus = self.of(kind)
        for id, vector in zip(ids, np.asarray(vectors), strict=True):
            corpus.pop(id, None)
            corpus[id] = vector

    def remove(self, kind, ids):
        """Takes ids away; how many of them were there."""
        self._computed.clear()
        return sum(self.of(kind).pop(id, None) is not None for id in ids)

    def keep_newest_references(self, count):
        """Takes all references away but those that arrived last; the ids of those that went."""
        gone = list(self.references)[: max(0, len(self.references) - count)]
        self.remove("references", gone)
        return gone

    def of(self, kind):
        """The dictionary of one kind."""
        return self.images if kind == "images" else self.references

    def biases(self, alpha=None):
        """The bias of each image by its id."""
        return dict(zip(self.images, (self._weight(alpha) * self._means()).tolist(), strict=True))

    def similarities(self, queries):
        """Queries x images, in the order of `images`."""
        return self.prepared(queries) @ self._stored("images").T

    def scores(self, similarities, alpha=None):
        """Queries x images, of their similarities."""
        return similarities - self._weight(alpha) * self._means()

    def prepared(self, vectors):
        """Vectors as the metric takes them."""
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
    """Holds every bias of the daemon against the oracle, and the counts; one search with all images gives them."""
    status = client.status()
    assert (status["images"], status["references"]) == (len(oracle.images), len(oracle.references))
    if not oracle.images:
        return
    dimension = len(next(iter(oracle.images.values())))
    query = np.ones((1, dimension))
    # Alpha 1, so that the bias is the mean itself.
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
    """Holds results against the oracle: each place has the right score, each image the score that is its own."""
    places = {id: place for place, id in enumerate(oracle.images)}
    similarities = oracle.similarities(queries)
    scores = oracle.scores(similarities, alpha)
    for query, hits in enumerate(results):
        found = [places[hit["id"]] for hit in hits]
        assert len(set(found)) == len(found), f"query {query} has an image twice"
        best = np.sort(scores[query])[::-1][: len(hits)]
        told = np.array([hit["score"] for hit in hits])
        np.testing.assert_allclose(told, best, rtol=0, atol=tolerance, err_msg=f"query {query}: scores by place")
        np.testing.assert_allclose(
            told, scores[query][found], rtol=0, atol=tolerance, err_msg=f"query {query}: scores by image"
        )
        told = np.array([hit["similarity"] for hit in hits])
        np.testing.assert_allclose(
            told, similarities[query][found], rtol=0, atol=tolerance, err_msg=f"query {query}: similarities"
        )
