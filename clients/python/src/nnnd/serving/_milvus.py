"""Searches in a copy in Milvus."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sync._state import CopyError, need
from ..sync._state_document import state_of_document
from ._result import CopyResult, queries_of, result_of

if TYPE_CHECKING:
    from .._arrays import ArrayLike

OLDEST_SERVER = (2, 3)
STATE_ID = "state"
INDEXES: dict[str, dict[str, Any]] = {
    "none": {"index_type": "FLAT"},
    "hnsw": {"index_type": "HNSW", "params": {"M": 16, "efConstruction": 200}},
}


class MilvusSearch:
    """Searches a copy in Milvus."""

    def __init__(self, url: str, name: str = "images", **options: Any) -> None:
        self._client = connect(url, options)
        self._name = name
        for collection in (name, collection_of_states(name)):
            load(self._client, collection)

    def search(
        self, queries: ArrayLike, top_k: int = 10, alpha: float | None = None, *, ef: int | None = None
    ) -> CopyResult:
        """As `nnnd.serving.search`. The collection's only index decides whether `ef` must be given."""
        return rank(self._client, self._name, queries, top_k, alpha, ef=ef)

    def close(self) -> None:
        """Ends the connection."""
        self._client.close()


def connect(url: str, options: dict[str, Any]) -> Any:
    """Connects to a server, and checks its version."""
    client = need("pymilvus", "milvus").MilvusClient(uri=url, **options)
    text = str(client.get_server_version())
    numbers = re.search(r"(\d+)\.(\d+)", text)
    if numbers is None or tuple(map(int, numbers.groups())) < OLDEST_SERVER:
        raise CopyError(f"Milvus {text} is too old; 2.3 or later is needed")
    return client


def load(client: Any, name: str) -> None:
    """Loads a collection, if it exists and is not loaded: milvus-lite has none loaded when it is opened."""
    if client.has_collection(name) and "Loaded" not in str(client.get_load_state(name)["state"]):
        client.load_collection(name)


def collection_of_states(name: str) -> str:
    """The collection with the state of a copy."""
    return f"{name}_nnnd_sync"


def read_document(client: Any, name: str) -> dict[str, Any] | None:
    """The document with the state of a copy; None if there is none."""
    states = collection_of_states(name)
    if not client.has_collection(states):
        return None
    rows = client.query(states, ids=[STATE_ID], output_fields=["state"], consistency_level="Strong")
    return json.loads(rows[0]["state"]) if rows else None


def rank(
    client: Any,
    name: str,
    queries: ArrayLike,
    top_k: int,
    alpha: float | None,
    *,
    ef: int | None = None,
    ids: list[str] | None = None,
) -> CopyResult:
    """Searches with the collection's index; among the images `ids` if given."""
    start = time.perf_counter()
    document = read_document(client, name)
    if document is None:
        raise CopyError(f"there is no copy {name}; 'python -m nnnd sync milvus' makes it")
    state = state_of_document(document)
    weight = state.alpha if alpha is None else alpha
    vectors = queries_of(queries, state)
    if (ef is None) != (state.index == "none") and ids is None:
        raise CopyError(
            f"the copy {name} has no index for approximate searches; 'sync --index hnsw' makes it" if ef is not None
            else f"the copy {name} has an index, so that searches are approximate: give ef, or sync without --index"
        )  # fmt: skip
    found: list[list[tuple[str, float, float]]] = [[] for _ in vectors]
    if state.dimension and client.has_collection(name):
        codes = np.column_stack([vectors, np.full(len(vectors), weight, dtype=np.float32)])
        parameters = {"ef": max(ef or 0, top_k)} if state.index == "hnsw" else {}
        answers = client.search(
            name, data=list(codes), limit=top_k, output_fields=["mean"], anns_field="code",
            filter="" if ids is None else f"id in {json.dumps(ids, ensure_ascii=False)}",
            search_params={"metric_type": "IP", "params": parameters}, consistency_level="Strong",
        )  # fmt: skip
        found = [[_hit(hit, weight, state.centre) for hit in hits] for hits in answers]
    return result_of(found, weight, state, time.perf_counter() - start, exact=state.index == "none")


def _hit(hit: Any, alpha: float, centre: float) -> tuple[str, float, float]:
    """The id, similarity and mean of a hit, whose distance is similarity + alpha (centre - mean)."""
    mean = float(hit["entity"]["mean"])
    return hit["id"], float(hit["distance"]) - alpha * (centre - mean), mean
