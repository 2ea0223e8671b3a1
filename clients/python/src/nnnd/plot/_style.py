"""What all pictures have in common: colours, axes and legends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The names of the two series of hubness.
BEFORE, AFTER = "without NNN", "with NNN as set"
# How far below the axes a legend is, under the numbers and the label of the x axis.
POINTS_BELOW = 42


@dataclass(frozen=True)
class Colors:
    """Colours of Okabe and Ito, which people with colour blindness can tell apart, as those of the report."""

    before: str
    after: str
    other: str
    ink: str
    muted: str
    grid: str


LIGHT = Colors("#b34700", "#00609c", "#6a5a86", "#1c2126", "#55606b", "#e6e9ed")
DARK = Colors("#f0a04b", "#6fbaf2", "#b9a8d8", "#e7e9eb", "#a6b0ba", "#3a414a")


def begin(ax: Axes | None, size: tuple[float, float], title: str, *, grid: bool = True) -> tuple[Axes, Colors]:
    """The axes to draw on, with a title, and the colours for their background.

    Args:
        ax: axes of the caller; None makes a figure.
        size: (width, height) in inches of a figure that is made.
        title: the title.
        grid: whether to show lines at the ticks.

    """
    if ax is None:
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise ImportError("nnnd.plot needs matplotlib: pip install 'nnnd[plot]'") from None
        _, ax = plt.subplots(figsize=size, layout="constrained")
    colors = _colors(ax)
    ax.set_title(title, color=colors.ink, fontsize="medium", fontweight="bold")
    ax.tick_params(colors=colors.ink, which="both")
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_color(colors.muted)
    for side, spine in ax.spines.items():
        spine.set_color(colors.muted)
        spine.set_visible(side in ("left", "bottom") if grid else False)
    if grid:
        ax.grid(color=colors.grid, linewidth=1)
        ax.set_axisbelow(True)
    return ax, colors


def with_legend(ax: Axes, colors: Colors, *, below: bool = False) -> Axes:
    """The axes with a legend: where it hides least, or below the label of the x axis."""
    if below:
        from matplotlib.transforms import ScaledTranslation

        figure = ax.get_figure()
        assert figure is not None
        place: dict[str, Any] = {
            "loc": "upper left",
            "bbox_to_anchor": (0, 0),
            "bbox_transform": ax.transAxes + ScaledTranslation(0, -POINTS_BELOW / 72, figure.dpi_scale_trans),
            "ncols": 3,
            "columnspacing": 1.2,
            "handletextpad": 0.5,
            "borderaxespad": 0,
            "borderpad": 0,
        }
    else:
        place = {"loc": "best"}
    legend = ax.legend(frameon=not below, fontsize="small", **place)
    legend.get_frame().set(facecolor=ax.get_facecolor(), edgecolor="none")
    for text in legend.get_texts():
        text.set_color(colors.ink)
    return ax


def need(data: Any, message: str) -> None:
    """Raises ValueError if there is nothing to draw."""
    if not data:
        raise ValueError(message)


def _colors(ax: Axes) -> Colors:
    """The colours for the background of the axes."""
    from matplotlib.colors import to_rgba

    behind = ax.get_figure()
    red, green, blue, alpha = to_rgba(ax.get_facecolor())
    if alpha < 0.5 and behind is not None:
        red, green, blue, alpha = to_rgba(behind.get_facecolor())
    is_dark = alpha >= 0.5 and 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5
    return DARK if is_dark else LIGHT
