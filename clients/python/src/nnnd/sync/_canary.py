"""Canary queries: what the engine computes is compared with numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._state import CopyError, CopyState

if TYPE_CHECKING:
    from ._copy import Copy

SAMPLE = 200
TOP = 10
ALPHAS = (0.0, 0.75, 2.0)
# Of a score, in parts of the largest similarity of the query.
TOLERANCE = 1e-4


def check_copy(copy: Copy, state: CopyState) -> None:
    """Compares the engine's rankings of some images with those of numpy.

    An engine that ignores a part of what it is asked, as older versions do, ranks otherwise.

    Raises:
        CopyError: the engine does not compute what it should.

    """
    if not state.dimension:
        return
    ids, vectors, means = copy.sample(SAMPLE)
    if not ids:
        return
    random = np.random.default_rng(state.generation)
    weights = random.standard_normal((3, len(ids)), dtype=np.float32)
    queries = weights @ vectors
    queries /= np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), 1e-30)
    # Means of a real corpus can be almost equal. Weights as large as this make them matter.
    for alpha in (*ALPHAS, 0.5 / max(float(np.std(means)), 1e-3)):
        similarities = queries @ vectors.T
        scores = similarities - np.float32(alpha) * means
        found = copy.rank(queries, TOP, alpha, ids)
        best = -np.sort(-scores, axis=1)[:, :TOP]
        size = np.abs(similarities).max() + abs(alpha) * np.abs(means).max()
        # With an approximate index only the scores of the images that it finds can be compared.
        same = found.scores.shape == best.shape and np.allclose(found.scores, best, rtol=0, atol=TOLERANCE * size)
        if found.exact and not same:
            raise CopyError(
                f"{copy.engine} ranks the images of {copy.name} otherwise than numpy (alpha {alpha:.3g}): this server "
                "or its extension does not compute inner products and means as nnnd needs them"
            )
        rows = {id: row for row, id in enumerate(ids)}
        for query, hits in enumerate(found):
            ours = scores[query, [rows[hit.id] for hit in hits]]
            if not np.allclose(ours, [hit.score for hit in hits], rtol=0, atol=TOLERANCE * size):
                raise CopyError(f"{copy.engine} returns wrong scores for images of {copy.name} (alpha {alpha:.3g})")
