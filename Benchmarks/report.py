"""The report: prints each result at once, and writes all as Markdown with a description of the machine."""

import statistics
import textwrap
from pathlib import Path

import document
import losses

UNITS = {
    "s": [(1, "s"), (1e-3, "ms"), (1e-6, "µs")],
    "B": [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")],
    "1/s": [(1, "/s")],
    "B/s": [(1e9, "GB/s"), (1e6, "MB/s")],
    "op/s": [(1e9, "Gop/s")],
    "": [(1, "")],
}
WIDTH = 120  # characters of a line of text
HEADER = "| | nnnd | compared with | ratio | target | |\n|---|---|---|---|---|---|"


def written(value, unit):
    """A value with about three significant digits and its unit."""
    scale, name = next((pair for pair in UNITS[unit] if abs(value) >= pair[0]), UNITS[unit][-1])
    value /= scale
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {name}".strip()


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


def quartiles(values):
    """The first quartile, the median and the third quartile; one value is its own quartiles."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def in_words(values, unit):
    """The median, and the quartiles in brackets."""
    low, median, high = quartiles(values)
    words = written(median, unit)
    return f"{words} ({written(low, unit)} to {written(high, unit)})" if len(values) > 1 else words


class Report:
    """Sections, subsections for kinds of data, text and tables. Each line is printed as soon as it is known."""

    def __init__(self):
        self.sections = {}  # (title, title of the kind of data or "") -> lines
        self.machine = []
        self.missed, self.failed = [], []  # rows that missed their target; parts that failed
        self.history = {}  # (title of the kind of data, figure) -> text
        self.kind = ""

    def begin(self, machine, limits):
        """Prints and keeps the description of the machine.

        `machine`: pairs of a name and a value. `limits`: what `native.limits` returns.
        """
        self.machine = [*machine, ("limits, measured", limits_in_words(limits))]
        print("\n".join(document.table_of(self.machine)))

    def section(self, title, *words):
        """Begins a section, for the current kind of data, with paragraphs and the header of a table of rows."""
        self.plain_section(title, *words)
        self.table(HEADER)

    def plain_section(self, title, *words):
        self.lines = self.sections[title, self.kind] = []
        print(f"\n## {title}{': ' if self.kind else ''}{self.kind}\n")
        self.text(*words)

    def text(self, *paragraphs):
        for paragraph in paragraphs:
            if self.lines and self.lines[-1]:
                self.line("")
            for line in textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False):
                self.line(line)
            self.line("")

    def table(self, header):
        if self.lines and self.lines[-1]:
            self.line("")
        for line in header.split("\n"):
            self.line(line)

    def line(self, line):
        self.lines.append(line)
        print(line, flush=True)

    def row(self, name, own, other=None, against="", unit="s", at_most=None, at_least=None, own_at_most=None, note="",
            figure=None):
        """Adds a row to the table: medians with quartiles, and their ratio.

        `own`: the values of nnnd, or of what `name` names first. `other`: the values that they are compared with, of
        what `against` names. If both have the same number of values, the quartiles are those of the ratios of pairs.
        Otherwise they are those of the own values divided by the median of the others. The target is `at_most` or
        `at_least` for the ratio, or `own_at_most` for the median of `own`. `figure`: the row's name in the history.
        """
        own = as_list(own)
        median = statistics.median(own)
        cells = [name, in_words(own, unit), "", ""]
        ratio = None
        if other is not None:
            other = as_list(other)
            base = statistics.median(other)
            ratio = median / base
            cells[2:] = f"{written(base, unit)}, {against}", ratios_in_words(own, other)
        met, target = True, ""
        if at_most is not None:
            met, target = ratio <= at_most, f"≤ {at_most:.3g}"
        elif at_least is not None:
            met, target = ratio >= at_least, f"≥ {at_least:.3g}"
        elif own_at_most is not None:
            met, target = median <= own_at_most, f"≤ {written(own_at_most, unit)}"
        if not met:
            words = f"{self.kind}: {name}" if self.kind else name
            self.missed.append(f"{words} ({against})" if against else words)
        if figure:
            words = f", {ratio:.3f} of {against}" if ratio is not None else ""
            self.history[self.kind, figure] = written(median, unit) + words
        verdict = "" if not target else "met" if met else "**missed**"
        runs = f"{len(own)} runs" if len(own) > 1 else "1 run"
        last = ", ".join(part for part in (verdict, runs, note) if part)
        self.line("| " + " | ".join([*cells, target, last]) + " |")

    def fail(self, title, error):
        """Records that a part of the benchmark ended with an error."""
        self.failed.append(title)
        self.lines = self.sections.setdefault((title, self.kind), [])
        self.text(f"**This part failed:** {type(error).__name__}: {error}")

    def write(self, path, titles):
        """Writes all sections to `path`. Sections of an existing document that were not measured now are kept.

        `titles`: the order of the sections of the parts.
        """
        path = Path(path)
        sections = document.sections_of(path.read_text()) if path.exists() else {}
        for (title, kind), lines in self.sections.items():
            sections.setdefault(title, {})[kind] = "\n".join(lines).strip() + "\n"
            if kind:  # a section with subsections has no text before them
                sections[title].pop("", None)
        sections.pop(losses.TITLE, None)
        sections = {title: sections[title] for title in [*titles, *sections] if title in sections}
        sections[losses.TITLE] = {"": losses.text(sections)}
        path.write_text(document.text_of(self.machine, sections))


def ratios_in_words(own, other):
    """The ratio of the medians, and the quartiles of the ratios."""
    base = statistics.median(other)
    paired = len(own) == len(other)
    low, _, high = quartiles([a / b for a, b in zip(own, other)] if paired else [a / base for a in own])
    words = f"{statistics.median(own) / base:.3f}"
    return f"{words} ({low:.3f} to {high:.3f})" if len(own) > 1 else words


def queries_in_words(count):
    return "1 query" if count == 1 else f"{count:,} queries at once"


def limits_in_words(limits):
    return (f"reading memory {written(limits['bandwidth'], 'B/s')}, float32 {limits['float32'] / 1e9:.0f} GFLOP/s,"
            f" int8 ({limits['int8_instruction']}) {limits['int8'] / 1e9:.0f} Gop/s, all cores")
