"""What a copy of the corpus must be, in plain lines: what the daemon's API lists, and numpy."""

import numpy as np
import psycopg


def corpus_of(db):
    """Id -> (vector, mean) of all images, as the API lists them."""
    return {image["id"]: (db.image(image["id"]), np.float32(image["mean"])) for image in db.list_images()}


def rows_of(url, table="images"):
    """Id -> (vector, mean) of all rows of a table."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(f"SELECT id, vector::real[], mean FROM {table}").fetchall()
    return {id: (np.array(vector, dtype=np.float32), np.float32(mean)) for id, vector, mean in rows}


def check_equal(rows, corpus, eps=0.0):
    """Compares ids, vectors and means."""
    assert rows.keys() == corpus.keys()
    for id, (vector, mean) in corpus.items():
        assert np.array_equal(rows[id][0], vector), id
        assert abs(rows[id][1] - mean) < eps or rows[id][1] == mean, id


def check_ranking(result, queries, corpus, alpha, top_k=10):
    """Compares an exact result with numpy; images whose scores differ by rounding alone can stand in any order."""
    ids = list(corpus)
    vectors = np.array([corpus[id][0] for id in ids])
    means = np.array([corpus[id][1] for id in ids])
    directions = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    scores = directions @ vectors.T - alpha * means
    assert result.ids.shape == (len(queries), min(top_k, len(ids)))
    np.testing.assert_allclose(result.scores, -np.sort(-scores, axis=1)[:, :top_k], atol=1e-5)
    for query, hits in enumerate(result):
        assert len({hit.id for hit in hits}) == len(hits)
        for hit in hits:
            row = ids.index(hit.id)
            assert abs(hit.score - scores[query, row]) < 1e-5
            assert abs(hit.bias - alpha * means[row]) < 1e-5
