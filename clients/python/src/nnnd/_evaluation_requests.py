"""The requests of evaluations and settings, and the reader of their responses, for both clients."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from operator import index
from typing import TYPE_CHECKING, Any, Union, cast

import numpy as np

from ._arrays import ArrayLike, Ids, as_vectors, list_of_ids
from ._formats import npy_header
from ._messages import JSON, Request
from ._progress import Progress
from .errors import NotReachable, api_error
from .evaluation import Evaluation, parse_evaluation

if TYPE_CHECKING:
    import pandas as pd

NDJSON = "application/x-ndjson"
# For each query the ids of its right images, or one id for each query.
Answers = Union[Ids, Iterable[Ids]]
# Image id -> label.
Groups = Union[Mapping[Any, Any], "pd.Series[Any]"]
# A generation, or a time with its zone, also in ISO 8601.
Since = Union[int, datetime, str]


def evaluate_request(
    queries: ArrayLike | None,
    answers: Answers | None,
    groups: Groups | None = None,
    group_sizes: Sequence[int] | None = None,
    baselines: bool = False,
    reference_curve: bool = False,
    ks: Sequence[int] | None = None,
    alphas: Sequence[float] | None = None,
    repeats: int | None = None,
    seed: int | None = None,
) -> Request:
    """`POST /v1/evaluate`, with progress as lines of JSON."""
    fields = {
        **_queries_and_answers(queries, answers),
        "groups": None if groups is None else {str(id): str(label) for id, label in groups.items()},
        "group_sizes": None if group_sizes is None else list(map(index, group_sizes)),
        "baselines": bool(baselines),
        "reference_curve": bool(reference_curve),
        "ks": None if ks is None else list(map(index, ks)),
        "alphas": None if alphas is None else list(map(float, alphas)),
        "repeats": _number(repeats),
        "seed": _number(seed),
    }
    return _json_request("POST", "/v1/evaluate", fields, {"Accept": NDJSON})


def hubs_request(queries: ArrayLike | None, limit: int, sample: int | None, since: Since | None = None) -> Request:
    """`POST /v1/hubs`."""
    fields = {
        **_queries_and_answers(queries, None),
        "limit": index(limit),
        "sample": _number(sample),
        "since": None if since is None else _moment(since),
    }
    return _json_request("POST", "/v1/hubs", fields)


def settings_request(k: int | None, alpha: float | None) -> Request:
    """`PATCH /v1/settings`; None leaves a setting as it is."""
    fields = {"k": _number(k), "alpha": None if alpha is None else float(alpha)}
    return _json_request("PATCH", "/v1/settings", fields)


SETTINGS = Request("GET", "/v1/settings")


def lists_of_answers(answers: Answers, queries: int) -> list[list[str]]:
    """For each query the ids of its right images.

    Raises:
        ValueError: there are not as many answers as queries, or a query has none.
        TypeError: an id is neither a string nor an integer.

    >>> lists_of_answers(["cat", ["dog", "wolf"], 7], 3)
    [['cat'], ['dog', 'wolf'], ['7']]
    >>> lists_of_answers(np.array([[1, 2], [3, 4]]), 2)
    [['1', '2'], ['3', '4']]

    """
    if isinstance(answers, (str, bytes)):
        raise TypeError("answers is one string; it must have an id, or several, for each query")
    lists = [[str(one)] if _is_id(one) else list_of_ids(cast(Ids, one)) for one in answers]
    if len(lists) != queries:
        raise ValueError(f"there are answers for {len(lists):,} queries, and {queries:,} queries")
    for query, ids in enumerate(lists):
        if not ids:
            raise ValueError(f"query {query} has no answer; each query needs the id of at least one right image")
    return lists


class EvaluationLines:
    """Reads the lines of the response to `POST /v1/evaluate`, and shows the progress that they report."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._report: dict[str, Any] | None = None

    def take(self, line: bytes) -> None:
        """Reads one line; raises the exception of a problem that it reports."""
        try:
            document = json.loads(line)
        except ValueError:
            # The end of the response is missing, so that it has no report.
            return
        if "problem" in document:
            problem = document["problem"]
            raise api_error(problem["status"], json.dumps(problem).encode())
        if "progress" in document:
            self._bar.show(document["progress"]["step"], 100 * document["progress"]["done"])
        self._report = document.get("report")

    def evaluation(self) -> Evaluation:
        """The evaluation, after the last line; raises `NotReachable` if the response has no report."""
        if self._report is None:
            raise NotReachable("the daemon ended while it evaluated")
        return parse_evaluation(self._report)


def progress_bar(show: bool | None) -> Progress:
    """The bar for the steps of an evaluation."""
    return Progress("evaluate", 100, "%", show)


def _queries_and_answers(queries: ArrayLike | None, answers: Answers | None) -> dict[str, Any]:
    if queries is None:
        if answers is not None:
            raise ValueError("answers need queries")
        return {}
    vectors = as_vectors(queries, "queries").without_bfloat16()
    header = npy_header(vectors.element_type, vectors.rows, vectors.dimension)
    return {
        "queries": base64.b64encode(b"".join([header, *vectors.pieces()])).decode(),
        "answers": None if answers is None else lists_of_answers(answers, vectors.rows),
    }


def _moment(since: Since) -> str:
    """A generation, or a time in ISO 8601.

    >>> _moment(12)
    '12'
    >>> _moment(datetime(2026, 11, 28, 12, 30, tzinfo=timezone.utc))
    '2026-11-28T12:30:00.000+00:00'

    """
    if isinstance(since, str):
        return since
    if not isinstance(since, datetime):
        return str(index(since))
    if since.utcoffset() is None:
        raise ValueError(f"since is {since}; a time needs its zone, for example since.astimezone()")
    return since.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def _number(value: int | None) -> int | None:
    """A whole number, also one of numpy, as JSON can have it."""
    return None if value is None else index(value)


def _is_id(value: object) -> bool:
    return isinstance(value, (str, int, np.integer)) and not isinstance(value, bool)


def _json_request(method: str, target: str, fields: dict[str, Any], headers: dict[str, str] | None = None) -> Request:
    """A request whose body has the fields that are not None."""
    body = {name: value for name, value in fields.items() if value is not None}
    return Request(method, target, json.dumps(body).encode(), {"Content-Type": JSON, **(headers or {})})
