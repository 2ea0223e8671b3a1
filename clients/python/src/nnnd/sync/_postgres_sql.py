"""The SQL of a copy in PostgreSQL."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ._state import CopyError, CopyState, need

if TYPE_CHECKING:
    import numpy.typing as npt
    from psycopg import sql as composition

    from ..changes import Changes

# What pgvector can index with HNSW: numbers of a `vector`, and of a `halfvec`.
MOST_VECTOR, MOST_HALFVEC, MOST_COLUMN = 2000, 4000, 16_000
# PostgreSQL cuts names off at 63 bytes, and names that are derived have up to 14 more.
MOST_NAME = 45
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"

STATE_COLUMNS = {
    "metric": "text", "alpha": "float8", "index": "text", "part": "text", "eps": "float8", "cursor": "text",
    "generation": "bigint", "k": "integer", "dimension": "integer", "centre": "float8", "snapshot": "boolean",
    "replaces": "boolean", "complete": "boolean",
}  # fmt: skip


class Names:
    """The names of a copy's table and of what belongs to it, as pieces of SQL."""

    def __init__(self, name: str) -> None:
        sql = need("psycopg", "postgres").sql
        *schema, table = name.split(".")
        if len(schema) > 1 or not table:
            raise ValueError(f"{name!r} is no name of a table; give TABLE or SCHEMA.TABLE")
        if len(table.encode()) > MOST_NAME:
            raise ValueError(f"the name {table} is too long; {MOST_NAME} bytes are possible")
        self.table: composition.Identifier = sql.Identifier(*schema, table)
        self.states: composition.Identifier = sql.Identifier(*schema, "nnnd_sync")
        self.seen: composition.Identifier = sql.Identifier(*schema, f"{table}_nnnd_seen")
        self.index: composition.Identifier = sql.Identifier(f"{table}_nnnd_hnsw")
        self.qualified_index: composition.Identifier = sql.Identifier(*schema, f"{table}_nnnd_hnsw")
        self.new_index: composition.Identifier = sql.Identifier(f"{table}_nnnd_hnsw_new")
        self.qualified_new_index: composition.Identifier = sql.Identifier(*schema, f"{table}_nnnd_hnsw_new")

    def partition(self, name: str, number: int) -> Any:
        """The name of a partition of the table."""
        sql = need("psycopg", "postgres").sql
        *schema, table = name.split(".")
        return sql.Identifier(*schema, f"{table}_{number}")


def code(state: CopyState) -> Any:
    """The encoding of a row for HNSW: [vector, centre - mean]; its inner product with [q, alpha] is score + alpha c."""
    sql = need("psycopg", "postgres").sql
    size = state.dimension + 1
    if size > MOST_HALFVEC:
        raise CopyError(f"pgvector's HNSW takes at most {MOST_HALFVEC - 1:,} dimensions, not {state.dimension:,}")
    text = "((vector || ARRAY[{centre}::real - mean]::vector)::{type}({size}))"
    return sql.SQL(text).format(
        centre=sql.Literal(state.centre), type=sql.SQL(code_type(state)), size=sql.Literal(size)
    )


def code_type(state: CopyState) -> Any:
    """The type of the encoding: `vector`, or `halfvec` for more dimensions than a `vector` can have."""
    return "vector" if state.dimension < MOST_VECTOR else "halfvec"


def text_of(vector: npt.NDArray[Any]) -> str:
    """A vector as pgvector reads it; each number can be read back exactly."""
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def copy_rows(page: Changes) -> Iterator[bytes]:
    """The changes of a page in the format of a binary COPY, with the columns kind (u, m or d), id, mean and vector."""
    yield COPY_HEADER
    vectors = np.ascontiguousarray(page.vectors if page.vectors is not None else np.empty((0, 0)), dtype=">f4")
    bytes_of_vector = vectors.shape[1] * 4
    head = struct.pack(">iHH", 4 + bytes_of_vector, vectors.shape[1], 0)
    data, place = vectors.tobytes(), 0
    for kind, id, mean in zip(page.kinds.tolist(), page.ids.tolist(), page.means.tolist()):
        if "\0" in id:
            raise CopyError(f"PostgreSQL cannot store the id {id!r}, which contains NUL")
        key = id.encode()
        row = struct.pack(">hi", 4, 1) + kind[0].encode() + struct.pack(">i", len(key)) + key
        row += struct.pack(">i", -1) if kind == "delete" else struct.pack(">if", 4, mean)
        if kind == "upsert":
            row += head + data[place : place + bytes_of_vector]
            place += bytes_of_vector
        else:
            row += struct.pack(">i", -1)
        yield row
    yield COPY_END
