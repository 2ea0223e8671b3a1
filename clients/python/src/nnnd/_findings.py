"""What an evaluation says, in the sentences and numbers of nnnctl."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._evaluation_parts import Interval, Method, UnlabelledSweepPoint, UnlabelledTuning
    from .evaluation import Evaluation

TITLES = {
    "none": "none",
    "current": "NNN as set",
    "tuned": "NNN tuned",
    "distribution_normalization": "Distribution Normalization",
    "csls": "CSLS",
    "inverted_softmax": "inverted softmax",
    "dynamic_inverted_softmax": "QB-Norm",
    "dual_inverted_softmax": "DualIS",
}
ASSUMPTION = (
    "This assumes that every image is about as likely to be asked for. Where most images are never asked for, a "
    "proposal can be worse than the current settings. Some labelled queries decide it better."
)


def title(name: str) -> str:
    """The name of a method for people."""
    return TITLES.get(name, name)


def verdict(evaluation: Evaluation) -> list[str]:
    """Whether the settings of the daemon help, and whether other ones would be better."""
    gain = evaluation.method("current").gain
    if gain is None:
        return [_without_answers(evaluation)]
    setting = f"NNN as set ({pair(evaluation.k, evaluation.alpha)})"
    if gain.low > 0:
        effect = f"{setting} gains {percent(gain.value)} points of R@1 {_interval(gain.low, gain.high)}."
    elif gain.high < 0:
        effect = f"{setting} loses {percent(-gain.value)} points of R@1 {_interval(-gain.high, -gain.low)}."
    else:
        effect = f"The data can't tell whether {setting} helps: {_difference(gain)}. Label more queries."
    return [effect, *_tuning(evaluation)]


def proposal(evaluation: Evaluation) -> list[str]:
    """What the proposal of k and alpha without labels is, and what it assumes; empty without it."""
    found = evaluation.unlabelled
    if found is None:
        return []
    source = "held-out references" if found.source == "references" else "the queries"
    if not found.is_better_than_none:
        return [
            f"Hubness over {source} gives no reason to change the settings: the number of images in nobody's top 10 "
            "can't be told from the one without NNN.",
            ASSUMPTION,
        ]
    return [
        f"By hubness over {source} the proposal is {pair(found.k, found.alpha)}: the weakest correction whose number "
        "of images in nobody's top 10 can't be told from the smallest one.",
        ASSUMPTION,
    ]


def cross_validation(evaluation: Evaluation) -> list[str]:
    """What a choice of k and alpha by half of the queries is worth for the other half; empty without answers."""
    if evaluation.tuning is None:
        return []
    gain = _difference(evaluation.tuning.gain)
    return [f"Pairs that random halves of the queries choose gain, on the other halves, {gain} over no correction."]


def evenness(evaluation: Evaluation) -> list[str]:
    """How even the proposal of k and alpha without labels makes the ranking; empty without it."""
    found = evaluation.unlabelled
    if found is None:
        return []
    named = {
        "without NNN": next((point for point in found.sweep if point.alpha == 0), None),
        "as set": _point(found, evaluation.k, evaluation.alpha),
        "as proposed": _point(found, found.k, found.alpha),
    }
    points = [(name, point) for name, point in named.items() if point is not None]
    antihubs = ", ".join(f"{percent(point.antihubs)}% {name}" for name, point in points)
    first = ", ".join(f"{point.distinct_first:,} {name}" for name, point in points)
    return [f"Images in nobody's top 10: {antihubs}.", f"Different images in first place: {first}."]


def flatness(evaluation: Evaluation) -> list[str]:
    """How flat the optimum is; empty without a choice."""
    choice = evaluation.tuning or evaluation.unlabelled
    if choice is None:
        return []
    near = choice.near_best
    if near.pairs <= 1:
        return [f"No other pair of the {near.of} is as good."]
    ks = _range(f"{near.smallest_k:,}", f"{near.largest_k:,}")
    alphas = _range(short(near.smallest_alpha), short(near.largest_alpha))
    return [f"The data can't tell {near.pairs} of the {near.of} pairs from the best one: k {ks}, alpha {alphas}."]


def columns(evaluation: Evaluation) -> list[str]:
    """The columns of the table of methods."""
    ranks = ["R@1", "R@5", "R@10", "MRR", "median rank", "gain", "95% interval"]
    has_answers = any(method.recall for method in evaluation.methods)
    return ["method", "with", *(ranks if has_answers else []), "antihubs", "largest N_10"]


def rows(evaluation: Evaluation) -> list[list[str]]:
    """The cells of the table of methods; shares and gains are in percent."""
    has_answers = any(method.recall for method in evaluation.methods)
    return [
        [
            title(method.name),
            parameters(method),
            *(_ranks(method) if has_answers else []),
            *_hubness(evaluation, method.name),
        ]
        for method in evaluation.methods
    ]


def parameters(method: Method) -> str:
    """The parameters in one text, such as "k 128, alpha 0.75"."""
    parts = [f"k {method.k:,}"] if method.k is not None else []
    parts += [f"alpha {short(method.alpha)}"] if method.alpha is not None else []
    # The k of CSLS is among its parameters too.
    others = sorted((name, value) for name, value in method.parameters.items() if name != "k" or method.k is None)
    return ", ".join(parts + [f"{name} {short(value)}" for name, value in others])


def pair(k: int, alpha: float) -> str:
    """A pair of settings, such as "k = 128, alpha = 0.75"."""
    return f"k = {k}, alpha = {short(alpha)}"


def percent(share: float) -> str:
    """A share in percent, with one decimal; a half is rounded away from zero.

    >>> percent(0.341), percent(-0.0025)
    ('34.1', '-0.3')

    """
    tenths = math.floor(abs(share) * 100 * 10 + 0.5)
    return f"{'-' if share < 0 and tenths else ''}{tenths // 10}.{tenths % 10}"


def points(difference: float) -> str:
    """A difference in percentage points, with its sign.

    >>> points(0.024), points(0.0)
    ('+2.4', '0.0')

    """
    text = percent(difference)
    return text if text.startswith("-") or text == "0.0" else f"+{text}"


def short(value: float) -> str:
    """A number without a fraction of zero, such as "0.75" or "1"."""
    return repr(float(value)).removesuffix(".0")


def _point(tuning: UnlabelledTuning, k: int, alpha: float) -> UnlabelledSweepPoint | None:
    return next((point for point in tuning.sweep if (point.k, point.alpha) == (k, alpha)), None)


def _without_answers(evaluation: Evaluation) -> str:
    before, after = evaluation.hubness["none"], evaluation.hubness["current"]
    return (
        "Without answers this does not show whether NNN finds more right images, only how evenly it finds them: "
        f"{percent(before.antihubs)}% of the images are in nobody's top 10 without NNN, and "
        f"{percent(after.antihubs)}% with NNN as set."
    )


def _tuning(evaluation: Evaluation) -> list[str]:
    tuning = evaluation.tuning
    if tuning is None:
        return []
    chosen = pair(tuning.k, tuning.alpha)
    if (tuning.k, tuning.alpha) == (evaluation.k, evaluation.alpha):
        return [f"The best pair for all queries is the one that is set, {chosen}."]
    difference = _difference(tuning.gain_over_current)
    if not tuning.is_better_than_current:
        return [
            f"The best pair for all queries is {chosen}. The data can't tell it from the current settings: "
            f"{difference}. Keep the settings, or label more queries."
        ]
    return [f"The pair {chosen} is better than the current settings: {difference}."]


def _ranks(method: Method) -> list[str]:
    cells = [f"{percent(method.recall[n])}" if n in method.recall else "" for n in (1, 5, 10)]
    cells.append("" if method.mrr is None else f"{method.mrr:.3f}")
    cells.append("" if method.median_rank is None else short(method.median_rank))
    if method.gain is None or method.name == "none":
        return [*cells, "", ""]
    return [*cells, points(method.gain.value), f"{points(method.gain.low)} to {points(method.gain.high)}"]


def _hubness(evaluation: Evaluation, name: str) -> list[str]:
    hubness = evaluation.hubness.get(name)
    return ["", ""] if hubness is None else [percent(hubness.antihubs), f"{hubness.largest:,}"]


def _difference(gain: Interval) -> str:
    return f"{points(gain.value)} points of R@1 (95% interval {points(gain.low)} to {points(gain.high)})"


def _interval(low: float, high: float) -> str:
    return f"(95% interval {percent(low)} to {percent(high)})"


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
