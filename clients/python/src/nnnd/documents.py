"""The JSON documents of the API, as `docs/openapi.yaml` describes them. A newer daemon can add fields."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Kind = Literal["images", "references"]


class Receipt(TypedDict):
    """What became of a shard, or of a list of ids to delete, that took effect."""

    name: str
    kind: Kind
    sha256: str
    action: Literal["add", "delete"]
    rows: int
    replaced: int
    deleted: int
    missing: int
    generation: int
    received: str
    commit_started: str
    commit_ms: float | None
    unchanged: bool


class SpoolStatus(TypedDict):
    """The folders of the spool, and what waits in them."""

    images: str
    references: str
    done: str
    failed: str
    backlog: int
    unused_files: int
    unused: list[dict[str, Any]]


class StoreStatus(TypedDict):
    """The data file of the store."""

    path: str
    bytes: int
    maximum_bytes: int


class RecallStatus(TypedDict):
    """The recall of searches that do not ask for one, the calibrations, and the recall measured on live queries."""

    setting: float
    calibrations: list[dict[str, Any]]
    measured: list[dict[str, Any]]
    raised: list[dict[str, Any]]


class ReferenceMatchStatus(TypedDict, total=False):
    """How well the references match live queries; `changed` is missing if it took too long to compute."""

    generation: int
    queries: int
    query_similarity: float
    reference_similarity: float
    farther: float
    new_references: int
    changed: float


class _RequiredStatus(TypedDict):
    version: str
    generation: int
    images: int
    references: int
    k: int
    capacity: int
    alpha: float
    metric: Literal["cosine", "inner-product"]
    precision: Literal["float32", "float16"]
    kernels: str
    threads: int
    spool: SpoolStatus
    store: StoreStatus
    last_receipts: list[Receipt]
    last_failures: list[dict[str, Any]]
    uptime_s: float


class Status(_RequiredStatus, total=False):
    """The sizes of the corpus, the settings, and the newest receipts and rejections.

    `dimension` is missing while the corpus is empty, and `recall` if the daemon has no approximate searches.
    `sampled_references` says how many of the references were sampled from queries. `reference_match` is missing until
    queries have been compared with the references.
    """

    dimension: int
    sampled_references: int
    recall: RecallStatus
    reference_match: ReferenceMatchStatus


class Settings(TypedDict):
    """The settings that a client can change while the daemon runs.

    `set_by` says where a flag, the environment or the configuration file sets `k` or `alpha`. A client's value of such
    a setting lasts until the next reload or start of the daemon; the store keeps the others.
    """

    generation: int
    k: int
    alpha: float
    capacity: int
    set_by: dict[str, str]


class HeapEntry(TypedDict):
    """A reference in the heap of an image."""

    id: str
    similarity: float


class ImageReport(TypedDict):
    """The bias of an image, and the references from which it is computed: the mean of the first `used` similarities."""

    id: str
    generation: int
    bias: float
    alpha: float
    mean: float
    used: int
    references: list[HeapEntry]


class ImageLine(TypedDict):
    """An image in a listing."""

    id: str
    bias: float
    mean: float


class ReferenceLine(TypedDict):
    """A reference in a listing; `arrived` is when its shard took effect."""

    id: str
    arrived: str
    source: Literal["given", "sampled"]


class _RequiredFault(TypedDict):
    id: str
    fault: Literal["vector", "id", "code", "mean"]


class Fault(_RequiredFault, total=False):
    """A fault of an image or reference that `verify` found."""

    stored: float
    computed: float


class VerifyReport(TypedDict):
    """The faults that `verify` found. There are none if `wrong` and `wrong_references` are 0."""

    checked: int
    wrong: int
    largest_difference: float
    images: list[Fault]
    wrong_references: int
    references: list[Fault]
