"""Ids as digests of 16 bytes, and the rows whose ids occur again in a later shard."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from ._shards import Shard

Digests = np.ndarray[Any, np.dtype[np.uint64]]
Rows = np.ndarray[Any, np.dtype[np.int64]]


def digests(ids: pa.Array) -> Digests:
    """BLAKE2b of each id with 16 bytes, as two little-endian numbers: (count, 2)."""
    joined = b"".join(hashlib.blake2b(id.encode(), digest_size=16).digest() for id in ids.to_pylist())
    return np.frombuffer(joined, dtype="<u8").reshape(-1, 2)


def hashes(ids: pa.Array) -> pa.Array:
    """The first 8 bytes of the digests as signed integers, since Spark has no unsigned ones.

    >>> hashes(pa.array(["cat"])).to_pylist()
    [-914678379523727037]

    """
    return pa.array(np.ascontiguousarray(digests(ids)[:, 0]).view(np.int64))


def replaced_rows(shards: Sequence[Shard]) -> dict[int, Rows]:
    """The rows whose ids occur again in a later shard, whose row replaces them: number of the shard -> rows.

    It needs about 50 bytes for each row of all shards. Two ids with the same digest count as one; among 10^9 ids the
    probability that there are two is below 10^-20.

    Raises:
        ValueError: a shard has an id twice.

    """
    parts = [np.concatenate([digests(ids) for ids in shard.ids()]) for shard in shards]
    if not parts:
        return {}
    starts = np.cumsum([0, *map(len, parts)])
    all_digests = np.concatenate(parts)
    del parts
    # Equal digests in neighbouring places, in the order of the rows.
    order = np.lexsort((all_digests[:, 1], all_digests[:, 0]))
    ordered = all_digests[order]
    earlier = order[:-1][(ordered[1:] == ordered[:-1]).all(axis=1)]
    later = order[1:][(ordered[1:] == ordered[:-1]).all(axis=1)]
    owners = np.searchsorted(starts, earlier, side="right") - 1
    twice = np.flatnonzero(later < starts[owners + 1])
    if len(twice):
        shard = shards[owners[twice[0]]]
        first, second = (int(rows[twice[0]] - starts[owners[twice[0]]]) for rows in (earlier, later))
        raise ValueError(f"{shard.path}: rows {first} and {second} have the same id; the ids of a shard must differ")
    return {
        int(owner): np.sort(earlier[owners == owner] - starts[owner]) for owner in np.unique(owners)
    }  # fmt: skip
