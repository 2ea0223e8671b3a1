"""Pictures of how often images appear, and of their biases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .._evaluation_parts import Hubness
from ..evaluation import Evaluation
from ..hubs import Hubs
from ._style import AFTER, BEFORE, Colors, begin, need, with_legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SUSPICIOUS_Z = 3.5
MAX_NAME = 40


def appearances(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """How many images appear how often in the top 10 (N_10), without NNN and with NNN as set."""
    series = _series(evaluation)
    bins = [(0, 0), (1, 1)]
    while bins[-1][1] < max(hubness.largest for _, hubness in series):
        bins.append((bins[-1][1] + 1, 2 * bins[-1][1]))
    ax, colors = begin(ax, (6.0, 3.8), "How many images appear how often in the top 10")
    for (name, hubness), (color, line) in zip(series, _series_styles(colors)):
        times, images = hubness.histogram.T
        counts = np.array([images[(times >= first) & (times <= last)].sum() for first, last in bins])
        shown = np.flatnonzero(counts)
        ax.plot(shown, counts[shown], line, color=color, label=name, linewidth=2, marker="o", markersize=5)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    ax.set_xticks(
        range(len(bins)), [f"{first}" if first == last else f"{first}\N{EN DASH}{last}" for first, last in bins]
    )
    ax.set_xlabel("how often an image appears (N_10)")
    ax.set_ylabel("images")
    return with_legend(ax, colors)


def lorenz(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """The share of all places in top 10s that the least frequent images have (Lorenz curve)."""
    ax, colors = begin(ax, (6.0, 3.8), "How evenly the places in top 10s are shared")
    ax.plot([0, 100], [0, 100], ":", color=colors.muted, linewidth=1.25, label="an equal share for every image")
    for (name, hubness), (color, line) in zip(_series(evaluation), _series_styles(colors)):
        ax.plot(np.arange(101), 100 * hubness.lorenz, line, color=color, label=name, linewidth=2)
    ax.set_xlim(0, 100)
    ax.set_ylim(0, 100)
    ax.set_xlabel("% of the images, the least frequent first")
    ax.set_ylabel("% of all places in top 10s")
    return with_legend(ax, colors)


def means(evaluation: Evaluation, hubs: Hubs | None = None, ax: Axes | None = None) -> Axes:
    """The distribution of the means of the images; with `hubs` also where suspicious means begin."""
    ax, colors = begin(ax, (6.0, 3.4), "How large the biases are")
    found = evaluation.means
    edges = np.linspace(found.low, found.high, len(found.counts) + 1)
    ax.bar(edges[:-1], found.counts, np.diff(edges) * 0.92, align="edge", color=colors.after)
    if hubs is not None and hubs.deviation > 0:
        threshold = hubs.median_mean + SUSPICIOUS_Z * hubs.deviation
        if threshold <= found.high:
            ax.axvline(threshold, color=colors.before, linestyle="--", linewidth=1.5, label="suspicious from here on")
            with_legend(ax, colors)
    ax.set_xlabel(f"mean of an image's {evaluation.k:,} largest similarities to references")
    ax.set_ylabel("images")
    return ax


def hubs(hubs: Hubs, texts: Mapping[str, str] | None = None, ax: Axes | None = None) -> Axes:
    """N_10 of the images that appear most, without NNN and with NNN as set; `texts` has names for ids."""
    images = hubs.by_appearances
    need(images, "there are no images to draw")
    ax, colors = begin(ax, (6.5, 1.4 + 0.34 * len(images)), "The images that appear most in top 10s")
    for row, image in enumerate(images):
        ends = (image.appearances, image.appearances_before)
        ax.hlines(row, min(ends), max(ends), color=colors.muted, linewidth=1.5, zorder=1)
    rows = range(len(images))
    ax.plot(
        [image.appearances_before for image in images], rows, "o", color=colors.before,
        markerfacecolor=ax.get_facecolor(), markersize=8, label=BEFORE,
    )  # fmt: skip
    ax.plot([image.appearances for image in images], rows, "o", color=colors.after, markersize=8, label=AFTER)
    ax.set_yticks(rows, [_shortened((texts or {}).get(image.id) or image.id) for image in images])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(images) - 0.5, -0.5)
    ax.set_xlim(left=min(0, ax.get_xlim()[0]))
    ax.set_xlabel(f"N_10 over {hubs.queries:,} {hubs.source}")
    return with_legend(ax, colors, below=True)


def _series(evaluation: Evaluation) -> list[tuple[str, Hubness]]:
    """The names and figures of the two series."""
    return [(BEFORE, evaluation.hubness["none"]), (AFTER, evaluation.hubness["current"])]


def _series_styles(colors: Colors) -> list[tuple[str, str]]:
    """The colours and lines of the two series."""
    return [(colors.before, "--"), (colors.after, "-")]


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
