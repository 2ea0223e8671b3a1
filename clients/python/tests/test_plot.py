"""Pictures show the numbers of their results."""

import sys

import numpy as np
import pytest

from evaluation_corpus import IMAGES

plt = pytest.importorskip("matplotlib.pyplot")

from nnnd import plot  # noqa: E402


@pytest.fixture(scope="module")
def evaluation(corpus):
    return corpus.db.evaluate(corpus.queries, corpus.answers, baselines=True, reference_curve=True)


@pytest.fixture(scope="module")
def unlabelled(corpus):
    return corpus.db.evaluate(corpus.queries)


@pytest.fixture(scope="module")
def hubs(corpus):
    return corpus.db.hubs(corpus.queries, limit=5)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def points(ax):
    """label -> the (x, y) of a line of the axes."""
    return {line.get_label(): np.array(line.get_xydata()) for line in ax.lines}


def names(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_every_picture_is_drawn_on_the_given_axes_and_has_a_title(evaluation, hubs):
    pictures = [getattr(plot, name) for name in plot.__all__ if name not in ("hubs", "means")]
    for draw, arguments in [*((draw, [evaluation]) for draw in pictures), (plot.hubs, [hubs])]:
        _, given = plt.subplots()
        assert draw(*arguments, ax=given) is given
        assert given.get_title() and given.get_xlabel()
        assert draw(*arguments).get_figure() is not given.get_figure()
        given.get_figure().canvas.draw()


def test_methods_show_gains_and_intervals(evaluation):
    ax = plot.methods(evaluation)
    assert names(ax.yaxis)[:3] == ["none", "NNN as set", "NNN tuned"] and "QB-Norm" in names(ax.yaxis)
    gains = [100 * method.gain.value for method in evaluation.methods[1:]]
    assert [line.get_xdata()[0] for line in ax.lines[2:]] == gains
    intervals = [collection.get_segments()[0][:, 0].tolist() for collection in ax.collections]
    assert intervals == [[100 * method.gain.low, 100 * method.gain.high] for method in evaluation.methods[1:]]


def test_a_sweep_shows_recalls_and_marks_pairs(evaluation, unlabelled):
    ax = plot.sweep(evaluation)
    ks, alphas = (sorted({getattr(point, name) for point in evaluation.sweep}) for name in ("k", "alpha"))
    values = ax.images[0].get_array()
    for point in evaluation.sweep:
        assert values[ks.index(point.k), alphas.index(point.alpha)] == 100 * point.recall
    marks = points(ax)
    assert names(ax.yaxis) == [str(k) for k in ks]
    assert marks["best pair"].tolist() == [[alphas.index(evaluation.tuning.alpha), ks.index(evaluation.tuning.k)]]
    assert marks["current settings"].tolist() == [[alphas.index(evaluation.alpha), ks.index(evaluation.k)]]
    assert len(marks["can't be told from the best"]) == evaluation.tuning.near_best.pairs
    assert values.max() == ax.images[0].get_clim()[1]
    ax = plot.sweep(unlabelled)
    assert ax.images[0].get_array().min() == 100 * min(point.antihubs for point in unlabelled.unlabelled.sweep)
    assert "proposed pair" in points(ax)


def test_appearances_and_the_lorenz_curve_show_both_series(evaluation):
    before, after = evaluation.hubness["none"], evaluation.hubness["current"]
    shown = points(plot.appearances(evaluation))
    assert shown["without NNN"][:, 1].sum() == shown["with NNN as set"][:, 1].sum() == IMAGES
    # The last of the ranges 0, 1, 2, 3 to 4, 5 to 8, ... begins after a power of 2.
    power = 2 ** (int(before.largest - 1).bit_length() - 1)
    assert shown["without NNN"][-1, 1] == sum(images for times, images in before.histogram if times > power)
    shown = points(plot.lorenz(evaluation))
    assert np.allclose(shown["with NNN as set"][:, 1], 100 * after.lorenz)


def test_references_and_means_are_shown(evaluation, hubs):
    curve = points(plot.reference_curve(evaluation))["mean"]
    assert curve.tolist() == [[point.references, 100 * point.gain] for point in evaluation.reference_curve]
    ax = plot.reference_distance(evaluation)
    assert ax.lines[0].get_xdata()[0] == evaluation.reference_distance.queries.p50
    ax = plot.means(evaluation, hubs)
    assert [bar.get_height() for bar in ax.patches] == evaluation.means.counts.tolist()
    assert ax.patches[0].get_x() == evaluation.means.low


def test_hubs_are_shown_with_texts(hubs):
    first = hubs.by_appearances[0]
    ax = plot.hubs(hubs, texts={first.id: "a very long text about the first of the hubs"})
    assert names(ax.yaxis)[0].startswith("a very long text") and names(ax.yaxis)[1] == hubs.by_appearances[1].id
    shown = points(ax)
    assert shown["without NNN"][0].tolist() == [first.appearances_before, 0]
    assert shown["with NNN as set"][0].tolist() == [first.appearances, 0]


def test_colours_follow_the_background(evaluation):
    with plt.style.context("dark_background"):
        dark = plot.lorenz(evaluation)
    light = plot.lorenz(evaluation)
    _, transparent = plt.subplots(facecolor="black")
    transparent.set_facecolor("none")
    plot.lorenz(evaluation, ax=transparent)
    assert dark.title.get_color() == transparent.title.get_color() != light.title.get_color()


def test_a_picture_without_its_data_says_what_it_needs(unlabelled):
    with pytest.raises(ValueError, match="needs an evaluation with answers"):
        plot.methods(unlabelled)
    for draw in (plot.reference_curve, plot.reference_distance):
        with pytest.raises(ValueError, match="reference_curve=True"):
            draw(unlabelled)


def test_without_matplotlib_the_extra_is_named(evaluation, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"nnnd\[plot\]"):
        plot.lorenz(evaluation)
