"""The parts of an evaluation. Their names are those of the JSON document, and so are their meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

Document = Mapping[str, Any]
Part = TypeVar("Part")


def plain(kind: type[Part], document: Document, /, **parsed: Any) -> Part:
    """An object of a dataclass with the fields of a document, and `parsed` in place of those that have parts.

    A whole number in the document is a float where the dataclass has one.
    """
    values = dict(parsed)
    for item in fields(kind):  # type: ignore[arg-type]
        if item.name in document and item.name not in parsed:
            values[item.name] = _as_float(document[item.name]) if "float" in str(item.type) else document[item.name]
    return kind(**values)


def _as_float(value: float | None) -> float | None:
    """The number as a float; None stays None."""
    return None if value is None else float(value)


@dataclass(frozen=True)
class Interval:
    """A value with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class GroupSize:
    """Group measures of the first `n` images, as means over the queries."""

    n: int
    max_skew: float
    bias: float | None = None
    """(images of the first label - images of the second) / n; None unless there are two labels."""


@dataclass(frozen=True)
class Groups:
    """How evenly labels appear among the first images."""

    sizes: tuple[GroupSize, ...]
    ndkl: float


@dataclass(frozen=True)
class Method:
    """The measures of one method. Those by right images are missing without answers."""

    name: str
    parameters: Mapping[str, float]
    """The chosen parameters of a baseline."""
    recall: Mapping[int, float]
    """n -> the share of queries whose best right image is among the first n, for n = 1, 5, 10; or empty."""
    gain: Interval | None
    """The gain over `none`; with parameters that were chosen by these queries, on halves that did not choose."""
    groups: Groups | None
    k: int | None = None
    """The k of NNN and CSLS."""
    alpha: float | None = None
    """The alpha of NNN."""
    mrr: float | None = None
    """The mean of 1 / rank."""
    median_rank: float | None = None
    average_precision: float | None = None

    @classmethod
    def parse(cls, document: Document) -> Method:
        """The method of a document."""
        groups, gain = document.get("groups"), document.get("gain")
        parameters, recall = document.get("parameters") or {}, document.get("recall") or {}
        return plain(
            cls,
            document,
            parameters={name: float(value) for name, value in sorted(parameters.items())},
            recall={n: float(recall[str(n)]) for n in sorted(map(int, recall))},
            gain=gain and plain(Interval, gain),
            groups=groups and plain(Groups, groups, sizes=tuple(plain(GroupSize, size) for size in groups["sizes"])),
        )


@dataclass(frozen=True, eq=False)
class Hubness:
    """How unevenly images appear in the top 10. N_10 of an image is the number of queries that have it there."""

    skewness: float
    robin_hood: float
    """The share of all appearances that would have to move until all images had equally many."""
    antihubs: float
    """The share of images with N_10 = 0."""
    largest: int
    """The largest N_10."""
    histogram: npt.NDArray[np.int64]
    """(n, 2): each N_10 that occurs, and the number of images that have it."""
    lorenz: npt.NDArray[np.float64]
    """(101,): element i is the share of all appearances that the least frequent i% of the images have."""

    @classmethod
    def parse(cls, document: Document) -> Hubness:
        """The hubness of a document."""
        counts = [(entry["appearances"], entry["images"]) for entry in document["histogram"]]
        return plain(
            cls,
            document,
            histogram=np.array(counts, dtype=np.int64).reshape(-1, 2),
            lorenz=np.array(document["lorenz"], dtype=np.float64),
        )


@dataclass(frozen=True)
class SweepPoint:
    """The recall at 1 with a pair of k and alpha."""

    k: int
    alpha: float
    recall: float
    is_near_best: bool
    """Whether the data can't tell the pair from the best one."""

    @classmethod
    def parse(cls, document: Document) -> SweepPoint:
        """The point of a document."""
        return plain(cls, document)


@dataclass(frozen=True)
class UnlabelledSweepPoint:
    """The hubness with a pair of k and alpha."""

    k: int
    alpha: float
    antihubs: float
    """The share of images in nobody's top 10."""
    distinct_first: int
    """The number of different images that are first for a query."""
    is_near_best: bool
    """Whether the data can't tell the pair from the best one."""


@dataclass(frozen=True)
class NearBest:
    """How flat the optimum is: the pairs that the data can't tell from the best one."""

    pairs: int
    of: int
    smallest_k: int
    largest_k: int
    smallest_alpha: float
    largest_alpha: float


@dataclass(frozen=True)
class Tuning:
    """The choice of k and alpha by the answers; its gains are measured on random halves that did not choose."""

    k: int
    alpha: float
    repeats: int
    gain: Interval
    """Over no correction."""
    gain_over_current: Interval
    is_better_than_current: bool
    """Whether the interval of `gain_over_current` is above zero; otherwise the data can't tell."""
    near_best: NearBest

    @classmethod
    def parse(cls, document: Document) -> Tuning:
        """The choice of a document."""
        return plain(
            cls,
            document,
            gain=plain(Interval, document["gain"]),
            gain_over_current=plain(Interval, document["gain_over_current"]),
            near_best=plain(NearBest, document["near_best"]),
        )


@dataclass(frozen=True)
class UnlabelledTuning:
    """The proposal of k and alpha by hubness; it assumes that each image is about as likely to be asked for."""

    k: int
    alpha: float
    source: str
    """Whether `queries` or `references` were the queries."""
    is_better_than_none: bool
    near_best: NearBest
    sweep: tuple[UnlabelledSweepPoint, ...]

    @classmethod
    def parse(cls, document: Document) -> UnlabelledTuning:
        """The proposal of a document."""
        return plain(
            cls,
            document,
            near_best=plain(NearBest, document["near_best"]),
            sweep=tuple(plain(UnlabelledSweepPoint, point) for point in document["sweep"]),
        )


@dataclass(frozen=True)
class ReferenceCurvePoint:
    """The gain with a part of the references, with the k and alpha of `tuned`."""

    share: float
    references: int
    gains: tuple[float, ...]
    """For each random order of the references."""
    gain: float
    """The mean of `gains`."""

    @classmethod
    def parse(cls, document: Document) -> ReferenceCurvePoint:
        """The point of a document."""
        return plain(cls, document, gains=tuple(map(float, document["gains"])))


@dataclass(frozen=True)
class Quantiles:
    """The quantiles 5%, 25%, 50%, 75% and 95%."""

    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


@dataclass(frozen=True)
class ReferenceDistance:
    """The largest similarity to a reference: of queries, and of references to other references."""

    queries: Quantiles
    references: Quantiles

    @classmethod
    def parse(cls, document: Document) -> ReferenceDistance:
        """The quantiles of a document."""
        return cls(plain(Quantiles, document["queries"]), plain(Quantiles, document["references"]))


@dataclass(frozen=True, eq=False)
class Means:
    """The distribution of the means of the images, with the daemon's k, in bins of equal width."""

    low: float
    """The left edge of the first bin."""
    high: float
    """The right edge of the last bin."""
    counts: npt.NDArray[np.int64]
    """(bins,): the number of images in each bin."""

    @classmethod
    def parse(cls, document: Document) -> Means:
        """The distribution of a document."""
        return plain(cls, document, counts=np.array(document["counts"], dtype=np.int64))
