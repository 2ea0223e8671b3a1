"""What an evaluation of searches returns: `docs/evaluation.md` defines all measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _findings as findings
from ._evaluation_parts import (
    Hubness,
    Means,
    Method,
    ReferenceCurvePoint,
    ReferenceDistance,
    SweepPoint,
    Tuning,
    UnlabelledTuning,
    plain,
)
from ._html import table as html_table
from .documents import Settings

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Evaluation", "Hubness", "Means", "Method", "SweepPoint", "Tuning", "UnlabelledTuning", "parse_evaluation"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What the correction changes for some queries, and which k and alpha are best for them.

    The names are those of `nnnctl evaluate --json`. Recalls and shares are fractions; a gain is a difference of recall
    at 1. `nnnd.plot` draws the figures.

    >>> queries, answers = [[1.0, 0.1, 0.0], [0.6, 0.8, 0.1]], ["cat", "dog"]
    >>> evaluation = db.evaluate(queries, answers)
    >>> [method.name for method in evaluation.methods]
    ['none', 'current', 'tuned']
    >>> evaluation.method("none").recall[1]
    1.0
    >>> evaluation.document["images"]
    3

    """

    document: Mapping[str, Any] = field(repr=False)
    """The JSON document of the daemon, as `nnnctl evaluate --json` prints it."""
    generation: int
    """The generation that all figures reflect."""
    queries: int
    images: int
    references: int
    """The number of references, without those that were taken as queries."""
    k: int
    alpha: float
    """k and alpha of the daemon's searches."""
    capacity: int
    """The maximum k."""
    methods: tuple[Method, ...]
    """`none`, `current`, with answers `tuned`, and then the baselines."""
    hubness: Mapping[str, Hubness]
    """Name of a method -> how unevenly images appear in the top 10 of the queries."""
    sweep: tuple[SweepPoint, ...]
    """The recall at 1 with each pair of k and alpha; empty without answers."""
    tuning: Tuning | None
    """The choice of k and alpha by the answers; None without answers."""
    unlabelled: UnlabelledTuning | None
    """The proposal of k and alpha by hubness; None with answers."""
    reference_curve: tuple[ReferenceCurvePoint, ...]
    """The gain with parts of the references; empty if it was not asked for."""
    reference_distance: ReferenceDistance | None
    """How near queries and references are to references; None if the curve was not asked for."""
    means: Means
    """The distribution of the means of the images."""
    took: float
    """Seconds that the evaluation took."""
    applied: Settings | None = None
    """The settings after `tune(apply=True)` has set the chosen pair; None if nothing was set."""

    def method(self, name: str) -> Method:
        """The method with this name, such as "none", "current" or "tuned"; raises KeyError if there is none."""
        for method in self.methods:
            if method.name == name:
                return method
        raise KeyError(f"the evaluation has no method {name!r}; it has {[method.name for method in self.methods]}")

    @property
    def findings(self) -> tuple[str, ...]:
        """What the evaluation says, in the sentences of `nnnctl`."""
        return (
            *findings.verdict(self),
            *findings.proposal(self),
            *findings.cross_validation(self),
            *findings.evenness(self),
            *findings.flatness(self),
        )

    def to_pandas(self) -> pd.DataFrame:
        """The methods as a table: a row each, with parameters, ranks, gain, hubness and group measures.

        A measure that a method does not have is NaN. One that no method has gets no column.
        """
        import pandas as pd

        table: pd.DataFrame = pd.DataFrame([self._row(method) for method in self.methods])
        return table.dropna(axis="columns", how="all")

    def _row(self, method: Method) -> dict[str, Any]:
        row: dict[str, Any] = {"name": method.name, "k": method.k, "alpha": method.alpha, **method.parameters}
        row.update({f"recall_{n}": share for n, share in method.recall.items()})
        row.update(mrr=method.mrr, median_rank=method.median_rank, average_precision=method.average_precision)
        if method.gain is not None:
            row.update(gain=method.gain.value, gain_low=method.gain.low, gain_high=method.gain.high)
        if method.name in self.hubness:
            hubness = self.hubness[method.name]
            row.update({name: getattr(hubness, name) for name in ("skewness", "robin_hood", "antihubs", "largest")})
        if method.groups is not None:
            for size in method.groups.sizes:
                row.update({f"bias_{size.n}": size.bias, f"max_skew_{size.n}": size.max_skew})
            row["ndkl"] = method.groups.ndkl
        return {name: np.nan if value is None else value for name, value in row.items()}

    def __str__(self) -> str:
        """What the evaluation says, in sentences."""
        return "\n".join(self.findings)

    def __repr__(self) -> str:
        """A short description; `print(evaluation)` says what follows from it."""
        return (
            f"<Evaluation: {self.queries:,} queries, {self.images:,} images, {self.references:,} references, "
            f"k {self.k}, alpha {self.alpha:g}, generation {self.generation}>"
        )

    def _repr_html_(self) -> str:
        """The methods as a table, and what follows from them, for notebooks."""
        units = "R@n, gain and antihubs are in percent."
        return html_table(findings.columns(self), findings.rows(self), [units, *self.findings])


def parse_evaluation(document: Mapping[str, Any]) -> Evaluation:
    """The evaluation of a JSON document; fields that a newer daemon adds are in `document` only."""
    distance = document.get("reference_distance")
    tuning, unlabelled = document.get("tuning"), document.get("unlabelled")
    return plain(
        Evaluation,
        document,
        document=document,
        methods=tuple(map(Method.parse, document["methods"])),
        hubness={name: Hubness.parse(hubness) for name, hubness in document["hubness"].items()},
        sweep=tuple(map(SweepPoint.parse, document["sweep"])),
        tuning=None if tuning is None else Tuning.parse(tuning),
        unlabelled=None if unlabelled is None else UnlabelledTuning.parse(unlabelled),
        reference_curve=tuple(map(ReferenceCurvePoint.parse, document.get("reference_curve") or ())),
        reference_distance=None if distance is None else ReferenceDistance.parse(distance),
        means=Means.parse(document["means"]),
        took=document["took_ms"] / 1000,
    )
