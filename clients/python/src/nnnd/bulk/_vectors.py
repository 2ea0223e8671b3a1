"""Vectors as the daemon stores them: checked, scaled and rounded in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._arrays import Vectors
from ._settings import BulkSettings

Matrix = np.ndarray[Any, np.dtype[np.float32]]

# The largest norm of a vector under the metric inner-product, as in the daemon.
MAX_NORM = 1e18
ROWS_AT_ONCE = 4096
LISTED_ROWS = 20


def prepared(vectors: Vectors, settings: BulkSettings, where: str = "vectors", first_row: int = 0) -> Matrix:
    """The vectors in float32, (rows, dimension); scaled to length 1 under the metric `cosine`, rounded to `precision`.

    The length is computed in double precision and its reciprocal rounded to float32, as the daemon does.

    Args:
        vectors: (rows, dimension).
        settings: their metric and precision.
        where: the name of the vectors in an error.
        first_row: the number that an error gives the first row.

    Raises:
        ValueError: a row has NaN or infinity, or the length 0, or is too long.

    >>> from nnnd._arrays import as_vectors
    >>> prepared(as_vectors([[3, 4]]), BulkSettings(k=1)).tolist()
    [[0.6000000238418579, 0.800000011920929]]

    """
    result = np.empty((vectors.rows, vectors.dimension), dtype=np.float32)
    for start in range(0, vectors.rows, ROWS_AT_ONCE):
        rows = result[start : start + ROWS_AT_ONCE]
        with np.errstate(over="ignore"):
            rows[:] = vectors.slice(start, start + len(rows)).without_bfloat16().array
        _prepare(rows, settings, where, first_row + start)
    return result


def _prepare(rows: Matrix, settings: BulkSettings, where: str, first_row: int) -> None:
    """Checks, scales and rounds rows in place."""
    wide = rows.astype(np.float64)
    norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    _reject(~np.isfinite(norms), "NaN or infinity", where, first_row)
    if settings.metric == "cosine":
        _reject(norms == 0, "the length 0, which has no direction", where, first_row)
        with np.errstate(over="ignore", under="ignore"):
            factors = (1 / norms).astype(np.float32)
        normal = np.isfinite(factors) & (factors >= np.finfo(np.float32).tiny)
        rows *= np.where(normal, factors, np.float32(1))[:, None]
        if not normal.all():
            rows[~normal] = wide[~normal] / norms[~normal, None]
    else:
        most = float(np.finfo(settings.precision).max)
        too_large = (norms > MAX_NORM) | (np.abs(rows).max(axis=1) > most)
        _reject(too_large, f"a length above {MAX_NORM:g} or a number beyond {settings.precision}", where, first_row)
    if settings.precision == "float16":
        rows[:] = rows.astype(np.float16)


def _reject(wrong: np.ndarray[Any, Any], what: str, where: str, first_row: int) -> None:
    if wrong.any():
        rows = ", ".join(str(first_row + row) for row in np.flatnonzero(wrong)[:LISTED_ROWS])
        raise ValueError(f"{where}: these rows have {what}: {rows}")
