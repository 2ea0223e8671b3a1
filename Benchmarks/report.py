"""The report: prints each result at once, and writes all as Markdown with a description of the machine."""

import statistics
from pathlib import Path

UNITS = {
    "s": [(1, "s"), (1e-3, "ms"), (1e-6, "µs")],
    "B": [(2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")],
    "1/s": [(1, "/s")],
    "B/s": [(1e9, "GB/s"), (1e6, "MB/s")],
    "op/s": [(1e9, "Gop/s")],
    "": [(1, "")],
}
HEADER = "| | nnnd | compared with | ratio | target | |\n|---|---|---|---|---|---|"


def written(value, unit):
    """A value with about three significant digits and its unit."""
    scale, name = next((pair for pair in UNITS[unit] if abs(value) >= pair[0]), UNITS[unit][-1])
    value /= scale
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {name}".strip()


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


class Report:
    """Sections with text and tables. Each line is printed as soon as it is known."""

    def __init__(self):
        self.sections = {}  # title -> lines
        self.machine = []
        self.missed, self.failed = [], []  # names of rows that missed their target; titles of parts that failed

    def begin(self, machine, limits):
        """Prints and keeps the description of the machine.

        `machine`: pairs of a name and a value. `limits`: what `native.limits` returns.
        """
        self.machine = [*machine, ("limits, measured", limits_in_words(limits))]
        print("\n".join(table_of(self.machine)))

    def section(self, title, *words):
        """Begins a section with paragraphs of introduction and the header of a table of rows."""
        self.plain_section(title, *words)
        self.table(HEADER)

    def plain_section(self, title, *words):
        self.lines = self.sections[title] = []
        print(f"\n## {title}\n")
        self.text(*words)

    def text(self, *paragraphs):
        for paragraph in paragraphs:
            if self.lines and self.lines[-1]:
                self.line("")
            self.line(paragraph)
            self.line("")

    def table(self, header):
        for line in header.split("\n"):
            self.line(line)

    def line(self, line):
        self.lines.append(line)
        print(line, flush=True)

    def row(self, name, own, other=None, against="", unit="s", at_most=None, at_least=None, own_at_most=None, note=""):
        """Adds a row to the table: the medians, their ratio, and the spread of the ratios.

        `own`: the values of nnnd, or of what `name` names first. `other`: the values that they are compared with, of
        what `against` names. If both have the same number of values, the spread is that of the ratios of pairs.
        Otherwise it is that of the own values divided by the median of the others. The target is `at_most` or
        `at_least` for the ratio, or `own_at_most` for the median of `own`.
        """
        own = as_list(own)
        median = statistics.median(own)
        cells = [name, written(median, unit)]
        if len(own) > 1 and other is None:
            cells[1] += f" ({written(min(own), unit)} to {written(max(own), unit)})"
        ratio = None
        if other is None:
            cells += ["", ""]
        else:
            other = as_list(other)
            base = statistics.median(other)
            paired = len(own) == len(other)
            spread = [a / b for a, b in zip(own, other)] if paired else [a / base for a in own]
            ratio = median / base
            cells += [f"{written(base, unit)}, {against}", f"{ratio:.3f}"]
            if len(spread) > 1:
                cells[-1] += f" ({min(spread):.3f} to {max(spread):.3f})"
        met, target = True, ""
        if at_most is not None:
            met, target = ratio <= at_most, f"≤ {at_most:.3g}"
        elif at_least is not None:
            met, target = ratio >= at_least, f"≥ {at_least:.3g}"
        elif own_at_most is not None:
            met, target = median <= own_at_most, f"≤ {written(own_at_most, unit)}"
        if not met:
            self.missed.append(name)
        verdict = "" if not target else "met" if met else "**missed**"
        runs = f"{len(own)} runs" if len(own) > 1 else "1 run"
        last = ", ".join(part for part in (verdict, runs, note) if part)
        self.line("| " + " | ".join([*cells, target, last]) + " |")

    def fail(self, title, error):
        """Records that a part of the benchmark ended with an error."""
        self.failed.append(title)
        self.lines = self.sections.setdefault(title, [])
        self.text(f"**This part failed:** {type(error).__name__}: {error}")

    def write(self, path):
        """Writes all sections to `path`. Sections of an existing document that were not measured now are kept."""
        path = Path(path)
        kept = sections_of(path.read_text()) if path.exists() else {}
        measured = {title: "\n".join(lines).strip() + "\n" for title, lines in self.sections.items()}
        text = INTRODUCTION + "\n" + "\n".join(table_of(self.machine)) + "\n"
        for title in [*kept, *(title for title in measured if title not in kept)]:
            text += f"\n## {title}\n\n{measured.get(title, kept.get(title))}"
        path.write_text(text)


def queries_in_words(count):
    return "1 query" if count == 1 else f"{count:,} queries at once"


def table_of(pairs):
    return ["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in pairs]


def limits_in_words(limits):
    words = f"reading memory {written(limits['bandwidth'], 'B/s')}, float32 {limits['float32'] / 1e9:.0f} GFLOP/s"
    return words + (f", int8 (VNNI) {limits['int8'] / 1e9:.0f} Gop/s" if limits["int8"] else "") + ", all cores"


def sections_of(text):
    """The text of each section of a document, by title."""
    found = {}
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        found[title] = body.strip() + "\n"
    return found


INTRODUCTION = """\
# Benchmarks

`make bench` writes this document; [Benchmarks/](../Benchmarks) has the code. nnnd and another program (the *peer*) are
measured alternately in one run, on the same random vectors. They must give the same results: scores and biases within
1e-5.

- The peer is faiss-cpu, called in the process of the benchmark on all cores. It does what nnn-retrieval, the package of
  NNN's authors, does: it computes biases with an `IndexFlatIP` over the references, and searches an `IndexFlatIP` over
  vectors that have minus the bias as one more component.
- nnnd is measured as a client sees it. The time of a search is from the start of the request to the end of the response
  over the Unix socket. The time of a shard is from its rename into the spool (its *drop*) to its receipt, after a
  commit with a full sync.
- The figures are medians. *ratio* is the median of nnnd (or of what the row names first) divided by the median of what
  it is compared with. The brackets contain the smallest and the largest ratio of single pairs of measurements.
- *target* is a limit that the ratio or the figure must keep.
- *N queries at once* are N queries in one request.
- k = 128, alpha = 0.75, top 10. The vectors have random directions. These are hard for codes and thresholds, because
  their similarities are close together.
"""
