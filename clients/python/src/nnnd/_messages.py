"""The requests of the API, and what their responses mean, for both clients."""

from __future__ import annotations

import json
import math
import operator
from dataclasses import dataclass, field
from operator import index
from typing import Any
from urllib.parse import quote

import numpy as np

from ._arrays import ArrayLike, Ids, as_vectors, list_of_ids
from ._formats import npy_header
from .documents import Kind
from .errors import api_error

NPY = "application/x-npy"
JSON = "application/json"
NPZ = "application/x-npz"
LINES = "application/x-ndjson"
# numpy.load takes about 0.6 ms to open an .npz file with six arrays. JSON of this many hits takes about as long to
# parse, and JSON of a hundred thousand hits forty times as long as the .npz file.
MAX_JSON_HITS = 256
MAX_BODY_BYTES = 64 << 20
MAX_QUERIES = 4096
MAX_HITS = 1_000_000
# The most rows that an approximate search scores exactly for each query.
MAX_RESCORED = 2048
# The most lines of a page of a listing.
PAGE_LINES = 10_000


@dataclass(frozen=True)
class Request:
    """A request: method, path with query string, body and its media type."""

    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Response:
    """A response whose body was read. `retry_after` and `content_type` are the headers of these names."""

    status: int
    body: bytes
    retry_after: str | None = None
    content_type: str | None = None

    def json(self) -> Any:
        """The JSON document in the body; raises `ApiError` if the status is not 200."""
        return json.loads(self.content())

    def content(self) -> bytes:
        """The body; raises `ApiError` if the status is not 200."""
        if self.status != 200:
            raise api_error(self.status, self.body)
        return self.body


def check_search(
    top_k: int,
    alpha: float | None,
    min_score: float | None = None,
    recall: float | None = None,
    rescore: int | None = None,
) -> None:
    """Raises ValueError or TypeError if no daemon could answer a search with these values."""
    if operator.index(top_k) < 1:
        raise ValueError(f"top_k is {top_k}; it must be at least 1")
    if alpha is not None and not 0 <= float(alpha) < math.inf:
        raise ValueError(f"alpha is {alpha}; it must be a number that is not negative")
    if min_score is not None and not math.isfinite(min_score):
        raise ValueError(f"min_score is {min_score}; it must be a finite number")
    if recall is not None and not 0.5 <= float(recall) <= 1:
        raise ValueError(f"recall is {recall}; it must be from 0.5 to 1, which is exact")
    if rescore is not None and not top_k <= operator.index(rescore) <= MAX_RESCORED:
        raise ValueError(f"rescore is {rescore}; it must be from top_k, {top_k}, to {MAX_RESCORED:,}")
    if rescore is not None and recall == 1:
        raise ValueError("rescore needs a recall below 1; exact searches need no such number")


def search_request(
    queries: ArrayLike,
    top_k: int,
    alpha: float | None,
    min_score: float | None = None,
    recall: float | None = None,
    sample: bool = True,
    rescore: int | None = None,
) -> Request:
    """`POST /v1/search` with the queries, (n_queries, dimension) or (dimension,), as an .npy body.

    Asks for an .npz file if there can be many hits. A daemon without this form of answer sends JSON.
    """
    check_search(top_k, alpha, min_score, recall, rescore)
    vectors = as_vectors(queries, "queries").without_bfloat16()
    target = f"/v1/search?top_k={top_k:d}"
    if alpha is not None:
        target += f"&alpha={float(alpha)!r}"
    if min_score is not None:
        target += f"&min_score={float(min_score)!r}"
    if recall is not None:
        target += f"&recall={float(recall)!r}"
    if rescore is not None:
        target += f"&rescore={rescore:d}"
    if not sample:
        target += "&sample=false"
    header = npy_header(vectors.element_type, vectors.rows, vectors.dimension)
    body = b"".join([header, *vectors.pieces()])
    return Request("POST", target, body, {"Content-Type": NPY, "Accept": _accept(vectors.rows, top_k)})


def most_queries(row_bytes: int, top_k: int) -> int:
    """How many queries of this size one request can have."""
    # An .npy header takes 128 bytes of the body.
    return min(MAX_QUERIES, MAX_HITS // top_k, (MAX_BODY_BYTES - 128) // row_bytes)


def search_by_id_request(
    ids: str | int | Ids,
    kind: Kind,
    top_k: int,
    alpha: float | None,
    min_score: float | None = None,
    recall: float | None = None,
    rescore: int | None = None,
) -> Request:
    """`POST /v1/search` with ids of images or references in place of queries."""
    check_search(top_k, alpha, min_score, recall, rescore)
    if kind not in ("images", "references"):
        raise ValueError(f"kind is {kind!r}; it must be 'images' or 'references'")
    names = [str(ids)] if isinstance(ids, (str, int, np.integer)) else list_of_ids(ids)
    fields: dict[str, Any] = {"image_ids" if kind == "images" else "reference_ids": names, "top_k": index(top_k)}
    optional = {"alpha": alpha, "min_score": min_score, "recall": recall}
    fields |= {name: float(value) for name, value in optional.items() if value is not None}
    if rescore is not None:
        fields["rescore"] = index(rescore)
    headers = {"Content-Type": JSON, "Accept": _accept(len(names), top_k)}
    return Request("POST", "/v1/search", json.dumps(fields).encode(), headers)


def _accept(queries: int, top_k: int) -> str:
    return f"{NPZ}, {JSON};q=0.5" if queries * top_k > MAX_JSON_HITS else JSON


def explain_request(id: str, vector: bool = False) -> Request:
    """`GET /v1/images/ID`, with the image's vector if `vector`."""
    return Request("GET", f"/v1/images/{quote(str(id), safe='')}{'?vector=true' if vector else ''}")


def listing_request(kind: Kind, after: str, limit: int) -> Request:
    """`GET /v1/images` or `GET /v1/references`: the page after this id, or the first page."""
    position = f"&after={quote(after, safe='')}" if after else ""
    return Request("GET", f"/v1/{kind}?limit={limit}{position}")


def changes_request(since: str, limit: int, vectors: bool) -> Request:
    """`GET /v1/changes`: the changes since a cursor, as an .npz file if numpy can keep the ids."""
    include = "&include=vectors" if vectors else ""
    target = f"/v1/changes?since={quote(since, safe='')}&limit={index(limit)}{include}"
    return Request("GET", target, headers={"Accept": f"{NPZ}, {LINES};q=0.5"})


def reference_request(id: str) -> Request:
    """`GET /v1/references/ID`."""
    return Request("GET", f"/v1/references/{quote(str(id), safe='')}")


def verify_request(sample: int | None) -> Request:
    """`POST /v1/verify` for all images, or for a sample of this size."""
    body = {} if sample is None else {"sample": index(sample)}
    return Request("POST", "/v1/verify", json.dumps(body).encode(), {"Content-Type": JSON})


STATUS = Request("GET", "/v1/status")
READY = Request("GET", "/readyz")
METRICS = Request("GET", "/metrics")
BACKUP = Request("GET", "/v1/backup")
