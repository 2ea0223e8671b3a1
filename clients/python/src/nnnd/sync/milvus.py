"""A copy of the corpus in a collection of Milvus (`pip install 'nnnd[milvus]'`): a server, a cluster, or milvus-lite.

A row has the fields id, mean, attempt, and code: the vector [x, c - mean], whose inner product with [q, alpha] is
score + alpha c. Milvus has no transactions. The state, in a collection of its own, is written after the rows of a page,
so that a page can be written twice. Each write of a page has a number (`attempt`), which is stored in its rows. A page
whose write was interrupted is written again under a new number. Rows that still have the old number when the copy is
complete are no longer in the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..serving._milvus import INDEXES, STATE_ID, collection_of_states, connect, load, rank, read_document
from ._copy import Applied
from ._state import CopyDamaged, CopyError, CopyState, need
from ._state_document import state_document, state_of_document

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..changes import Changes
    from ..results import SearchResult

# Milvus' limits.
MOST_DIMENSIONS, STATE_BYTES, ID_BYTES = 32_767, 65_535, 1024
# The most rows and bytes of one request.
CHUNK_ROWS, CHUNK_BYTES = 1000, 8 << 20
# With an HNSW index, the collection is flushed after so many changed rows, which seals its growing segments.
FLUSH_ROWS = 20_000


class MilvusCopy:
    """A copy in a collection. Only one sync may write into it at a time.

    Args:
        url: the address of a server, or a file of milvus-lite: `NAME.db`.
        name: the collection.
        options: arguments of `pymilvus.MilvusClient`, for example `token`.

    """

    engine = "milvus"

    def __init__(self, url: str, name: str = "images", **options: Any) -> None:
        self.name = name
        self._url = url
        self._options = options
        self._pymilvus = need("pymilvus", "milvus")
        self.failures: type[Exception] = self._pymilvus.MilvusException
        self.outages: tuple[type[Exception], ...] = (self._pymilvus.MilvusException, need("grpc", "milvus").RpcError)
        self._client: Any = None
        self._attempt = 0
        self._first = 0
        self._suspects: list[int] = []
        self._unflushed = 0

    def open(self) -> CopyState | None:
        """Connects, checks the version, and returns the state."""
        self.close()
        self._client = connect(self._url, self._options)
        states = collection_of_states(self.name)
        if not self._client.has_collection(states):
            self._make_collection(states, 2, {"state": STATE_BYTES})
        for name in (states, self.name):
            self._make_ready(name)
        document = read_document(self._client, self.name)
        if document is None:
            if self._client.has_collection(self.name):
                raise CopyError(f"the collection {self.name} exists, and was not made by nnnd; name another one")
            return None
        state = state_of_document(document)
        self._attempt, self._first = document["attempt"] + 1, document["first"]
        # An earlier process can have written rows under this number.
        self._suspects = [*document["suspects"], self._attempt]
        self._save(state)
        return state

    def close(self) -> None:
        """Ends the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def begin(self, state: CopyState, centre: float) -> CopyState:
        """Stores a state from which a snapshot begins."""
        document = read_document(self._client, self.name)
        old = None if document is None else state_of_document(document)
        # Rows of the older copy stay until the snapshot ends. All codes of a collection must have the same centre.
        if old is None or not old.dimension:
            state = replace(state, centre=centre)
        else:
            state = replace(state, dimension=old.dimension, centre=old.centre, index=old.index)
        self._first = self._attempt + 1
        self._suspects = []
        self._save(state)
        return state

    def apply(self, page: Changes, state: CopyState) -> Applied:
        """Writes the rows of a page, and then the state."""
        self._attempt += 1
        after = state.after(page)
        upserts = page.kinds == "upsert"
        exists = self._client.has_collection(self.name)
        if upserts.any() and (not exists or page.dimension != state.dimension):
            if exists:
                self._client.drop_collection(self.name)
            self._make_images(after)
            after, exists = replace(after, index="none"), True
        means = deletes = 0
        if exists and len(page):
            deleted = page.ids[page.kinds == "delete"].tolist()
            deletes = len(deleted)
            for ids in _chunks(deleted, CHUNK_ROWS):
                self._client.delete(self.name, ids=ids)
            self._upsert(page, upserts, after)
            means = self._change_means(page, after)
        if exists and state.snapshot and not after.snapshot:
            self._client.delete(self.name, filter=f"attempt < {self._first}")
        if exists and after.complete and self._suspects:
            self._client.delete(self.name, filter=f"attempt in {self._suspects}")
            self._suspects = []
        self._save(after)
        return Applied(after, int(upserts.sum()), means, deletes)

    def finish(self, state: CopyState, changed: int, index: str) -> CopyState:
        """Builds the index, or flushes after many changed rows. Searches fail while an index is built."""
        self._unflushed += changed
        if not self._client.has_collection(self.name):
            return state
        if state.index == index:
            if index != "none" and self._unflushed >= FLUSH_ROWS:
                self._client.flush(self.name)
                self._unflushed = 0
            return state
        state = replace(state, index=index)
        # The server searches growing segments with an interim index, whose recall is lower.
        self._unflushed = 0
        self._client.flush(self.name)
        self._client.release_collection(self.name)
        if self._client.list_indexes(self.name):
            self._client.drop_index(self.name, "code")
        self._client.create_index(self.name, self._index(index))
        self._client.load_collection(self.name)
        self._save(state)
        return state

    def rows(self) -> int:
        """The number of rows of the collection."""
        if not self._client.has_collection(self.name):
            return 0
        found = self._client.query(self.name, filter="", output_fields=["count(*)"], consistency_level="Strong")
        return int(found[0]["count(*)"])

    def sample(self, count: int) -> tuple[list[str], npt.NDArray[Any], npt.NDArray[Any]]:
        """The rows with the first ids."""
        rows = self._client.query(
            self.name, filter="", limit=count, output_fields=["id", "code", "mean"], consistency_level="Strong"
        )
        codes = np.array([row["code"] for row in rows], dtype=np.float32).reshape(len(rows), -1 if rows else 0)
        return [row["id"] for row in rows], codes[:, :-1], np.array([row["mean"] for row in rows], dtype=np.float32)

    def rank(self, queries: npt.NDArray[Any], top_k: int, alpha: float, ids: list[str]) -> SearchResult:
        """A search among some images."""
        return rank(self._client, self.name, queries, top_k, alpha, ids=ids)

    def _upsert(self, page: Changes, upserts: npt.NDArray[np.bool_], state: CopyState) -> None:
        if page.vectors is None or not upserts.any():
            return
        ids, means = page.ids[upserts].tolist(), page.means[upserts]
        self._write(ids, page.vectors, means, state)

    def _write(self, ids: list[str], vectors: Any, means: Any, state: CopyState) -> None:
        """Writes rows with their vectors (n, dimension) and means (n,)."""
        codes = np.column_stack([vectors, np.float32(state.centre) - means]).astype(np.float32)
        rows = max(1, min(CHUNK_ROWS, CHUNK_BYTES // (4 * codes.shape[1])))
        for part in _chunks(list(range(len(ids))), rows):
            self._client.upsert(
                self.name,
                [
                    {"id": ids[row], "mean": float(means[row]), "attempt": self._attempt, "code": codes[row]}
                    for row in part
                ],
            )

    def _change_means(self, page: Changes, state: CopyState) -> int:
        """Writes the rows of which only the mean has changed, with the vectors that they have."""
        changed = page.kinds == "mean"
        new = dict(zip(page.ids[changed].tolist(), page.means[changed]))
        written = 0
        for ids in _chunks(list(new), CHUNK_ROWS):
            found = self._client.query(
                self.name, ids=ids, output_fields=["id", "code", "mean", "attempt"], consistency_level="Strong"
            )
            if len(found) < len(ids):
                raise CopyDamaged(f"the collection {self.name} lacks {len(ids) - len(found):,} rows")
            rows = [row for row in found if self._matters(row, new[row["id"]], state.eps)]
            if rows:
                vectors = np.array([row["code"] for row in rows], dtype=np.float32)[:, :-1]
                names = [row["id"] for row in rows]
                self._write(names, vectors, np.array([new[id] for id in names], dtype=np.float32), state)
            written += len(rows)
        return written

    def _matters(self, row: dict[str, Any], mean: float, eps: float) -> bool:
        difference = abs(float(row["mean"]) - float(mean))
        # A row of an interrupted write must get a new number even if its mean is equal.
        return (difference > 0 and difference >= eps) or row["attempt"] in self._suspects

    def _make_images(self, state: CopyState) -> None:
        if state.dimension > MOST_DIMENSIONS:
            raise CopyError(f"Milvus takes at most {MOST_DIMENSIONS:,} dimensions, not {state.dimension:,}")
        self._make_collection(self.name, state.dimension + 1, {})

    def _make_collection(self, name: str, numbers: int, texts: dict[str, int]) -> None:
        types = self._pymilvus.DataType
        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", types.VARCHAR, is_primary=True, max_length=ID_BYTES)
        for field, length in texts.items():
            schema.add_field(field, types.VARCHAR, max_length=length)
        if not texts:
            schema.add_field("mean", types.FLOAT)
            schema.add_field("attempt", types.INT64)
        schema.add_field("code", types.FLOAT_VECTOR, dim=numbers)
        self._client.create_collection(
            name, schema=schema, index_params=self._index("none"), consistency_level="Strong"
        )

    def _make_ready(self, name: str) -> None:
        """Ends what a process that was killed has left: a collection without its index, or that is not loaded."""
        if self._client.has_collection(name) and "code" in self._fields(name):
            if not self._client.list_indexes(name):
                self._client.create_index(name, self._index("none"))
            load(self._client, name)

    def _fields(self, name: str) -> list[str]:
        return [field["name"] for field in self._client.describe_collection(name)["fields"]]

    def _index(self, index: str) -> Any:
        parameters = self._client.prepare_index_params()
        parameters.add_index("code", metric_type="IP", **INDEXES[index])
        return parameters

    def _save(self, state: CopyState) -> None:
        document = state_document(state, attempt=self._attempt, first=self._first, suspects=self._suspects)
        row = {"id": STATE_ID, "state": document, "code": np.zeros(2, dtype=np.float32)}
        self._client.upsert(collection_of_states(self.name), [row])


def _chunks(items: list[Any], size: int) -> Iterator[list[Any]]:
    return (items[start : start + size] for start in range(0, len(items), size))
