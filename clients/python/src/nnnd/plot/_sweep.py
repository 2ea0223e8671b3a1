"""The picture of a sweep over k and alpha."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _findings as findings
from ..evaluation import Evaluation
from ._style import begin, need, with_legend

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    Grid = npt.NDArray[np.float64]


def sweep(evaluation: Evaluation, ax: Axes | None = None) -> Axes:
    """The recall at 1 for each k and alpha; without answers the share of images in nobody's top 10.

    A circle marks the chosen pair, a square the current settings, and dots the pairs that the data can't tell from the
    best one. All pairs that are much worse than no correction have the same colour.
    """
    choice, unlabelled = evaluation.tuning or evaluation.unlabelled, evaluation.unlabelled
    need(choice, "the evaluation has no sweep")
    is_labelled = unlabelled is None
    points: Sequence[Any] = evaluation.sweep if unlabelled is None else unlabelled.sweep
    ks, alphas = sorted({point.k for point in points}), sorted({point.alpha for point in points})
    values = np.full((len(ks), len(alphas)), np.nan)
    for point in points:
        value = point.recall if is_labelled else point.antihubs
        values[ks.index(point.k), alphas.index(point.alpha)] = 100 * value
    title = "R@1 for each k and alpha" if is_labelled else "Images in nobody's top 10 for each k and alpha"
    ax, colors = begin(ax, (7.5, 1.6 + 0.22 * len(ks)), title, grid=False)
    _draw_cells(ax, values, alphas, is_labelled, colors.ink)

    def mark(pairs: Sequence[Any], name: str, **style: Any) -> None:
        cells = [(alphas.index(pair.alpha), ks.index(pair.k)) for pair in pairs]
        ax.plot(*np.array(cells).reshape(-1, 2).T, linestyle="none", label=name, **style)

    near = [point for point in points if point.is_near_best]
    mark([choice], "best pair" if is_labelled else "proposed pair", marker="o", markersize=12, **_outline())
    mark([evaluation], "current settings", marker="s", markersize=11, **_outline())
    mark(near, "can't be told from the best", marker="o", markersize=4, color="white", markeredgecolor="black")
    # The axis has space for about nine labels.
    every = max(1, (len(alphas) + 4) // 9)
    ax.set_xticks(range(0, len(alphas), every), [findings.short(alpha) for alpha in alphas[::every]])
    ax.set_yticks(range(len(ks)), [f"{k:,}" for k in ks])
    ax.tick_params(length=0)
    ax.set_xlabel("alpha")
    ax.set_ylabel("k", rotation=0)
    return with_legend(ax, colors, below=True)


def _draw_cells(ax: Axes, values: Grid, alphas: Sequence[float], is_labelled: bool, ink: str) -> None:
    """Draws the values, (ks, alphas) in percent, as colours, and the bar that explains them; brighter is better."""
    low, high = _colored_range(values, alphas, is_labelled)
    colors = "cividis" if is_labelled else "cividis_r"
    image = ax.imshow(values, colors, origin="lower", aspect="auto", vmin=low, vmax=high)
    # White lines between the cells, as in the report.
    ax.set_xticks(np.arange(values.shape[1] + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(values.shape[0] + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=ax.get_facecolor(), linewidth=1)
    ax.tick_params(which="minor", length=0)
    figure = ax.get_figure()
    assert figure is not None
    extend = ("neither", "min", "max", "both")[int(low > np.nanmin(values)) + 2 * int(high < np.nanmax(values))]
    bar = figure.colorbar(image, ax=ax, extend=extend, pad=0.02)
    bar.ax.tick_params(colors=ink)
    bar.outline.set_visible(False)
    without = values[0, 0] if alphas[0] == 0 else np.nan
    label = "R@1 in percent" if is_labelled else "images in nobody's top 10, in percent"
    if low < without < high:
        label += " (line: without NNN)"
        bar.ax.axhline(without, color="black", linewidth=2)
        bar.ax.axhline(without, color="white", linewidth=1)
    bar.set_label(label, color=ink)


def _colored_range(values: Grid, alphas: Sequence[float], is_labelled: bool) -> tuple[float, float]:
    """The least and the greatest value with a colour of its own.

    One end is the best value. The other end is as far from the value without correction (alpha 0), on its other side;
    or it is the worst value, if that is nearer. All values beyond the range have the colour of its end.
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if alphas[0] != 0:
        return low, high
    without = float(values[0, 0])
    return (max(low, 2 * without - high), high) if is_labelled else (low, min(high, 2 * without - low))


def _outline() -> dict[str, Any]:
    """A black marker without a face, and with a white border."""
    from matplotlib.patheffects import Normal, withStroke

    border = [withStroke(linewidth=4.5, foreground="white"), Normal()]
    return {"color": "none", "markeredgecolor": "black", "markeredgewidth": 2, "path_effects": border}
