"""Pictures of gains: of methods, and with parts of the references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import _findings as findings
from ..evaluation import Evaluation
from ._style import begin, need, with_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def methods(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """The gain of each method over no correction with its 95% interval; needs answers.

    Where an interval has 0 in it, the data can't tell the method from no correction.
    """
    shown = [method for method in evaluation.methods if method.recall]
    need(shown, "methods needs an evaluation with answers")
    ax, colors = begin(ax, (7.0, 1.2 + 0.42 * len(shown)), "Gain of each method over no correction")
    ax.axvline(0, color=colors.muted, linewidth=1.5, zorder=1)
    for row, method in enumerate(shown):
        recall = f"R@1 {findings.percent(method.recall[1])}%"
        ax.annotate(recall, (1, row), (6, 0), ax.get_yaxis_transform(), "offset points", va="center", color=colors.ink)
        if method.name == "none" or method.gain is None:
            ax.plot(0, row, "o", markersize=8, markerfacecolor=ax.get_facecolor(), color=colors.before, zorder=3)
            continue
        color = colors.after if method.name in ("current", "tuned") else colors.other
        ax.hlines(row, 100 * method.gain.low, 100 * method.gain.high, color=color, linewidth=3, alpha=0.6)
        ax.plot(100 * method.gain.value, row, "o", markersize=8, color=color, zorder=3)
    ax.set_yticks(range(len(shown)), [findings.title(method.name) for method in shown])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(shown) - 0.5, -0.5)
    ax.set_xlabel("gain of R@1 in percentage points, with 95% interval")
    return ax


def reference_curve(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """The gain with parts of the references: single random choices and their mean; needs `reference_curve=True`."""
    points = evaluation.reference_curve
    need(points, "reference_curve needs an evaluation with reference_curve=True")
    ax, colors = begin(ax, (6.0, 3.8), "Gain with a part of the references")
    counts = [max(point.references, 1) for point in points]
    for number, (count, point) in enumerate(zip(counts, points)):
        gains = 100 * np.array(point.gains)
        label = "one random choice" if number == 0 else None
        ax.plot(
            np.full(len(gains), count),
            gains,
            "o",
            color=colors.other,
            markerfacecolor="none",
            markersize=5,
            label=label,
        )
    ax.plot(counts, [100 * point.gain for point in points], "-o", color=colors.after, linewidth=2, label="mean")
    ax.axhline(0, color=colors.muted, linewidth=1.5, zorder=1)
    ax.set_xscale("log")
    ax.set_xticks(counts, [f"{findings.short(100 * point.share)}%\n{count:,}" for point, count in zip(points, counts)])
    ax.minorticks_off()
    ax.set_xlabel("share and number of the references")
    ax.set_ylabel("gain of R@1 in percentage points")
    return with_legend(ax, colors)


def reference_distance(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """How near the nearest reference is, for queries and for references; needs `reference_curve=True`."""
    distance = evaluation.reference_distance
    need(distance, "reference_distance needs an evaluation with reference_curve=True")
    assert distance is not None
    ax, colors = begin(ax, (6.0, 2.4), "How near the nearest reference is")
    for row, (quantiles, color) in enumerate(((distance.queries, colors.after), (distance.references, colors.other))):
        whole = ax.hlines(row, quantiles.p05, quantiles.p95, color=color, linewidth=1.5)
        half = ax.hlines(row, quantiles.p25, quantiles.p75, color=color, linewidth=10, alpha=0.35)
        (median,) = ax.plot(quantiles.p50, row, "o", color=color, markersize=8)
        if row == 0:
            whole.set_label("90% of all")
            half.set_label("the middle half")
            median.set_label("median")
    ax.set_yticks([0, 1], ["queries", "references"])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(1.5, -0.5)
    ax.set_xlabel("similarity to the nearest reference")
    return with_legend(ax, colors, below=True)
