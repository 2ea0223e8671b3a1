"""What was measured: printed at once, and written as Markdown with the machine's description."""

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
HEADER = "| | nnnd | compared with | ratio | bar | |\n|---|---|---|---|---|---|"


def written(value, unit):
    """A value with three digits and its unit."""
    scale, name = next((pair for pair in UNITS[unit] if abs(value) >= pair[0]), UNITS[unit][-1])
    value /= scale
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {name}".strip()


def as_list(values):
    return list(values) if isinstance(values, (list, tuple)) else [values]


class Report:
    """Sections of rows; a row is printed as soon as it is known."""

    def __init__(self):
        self.sections = {}  # title -> lines
        self.machine = []
        self.missed, self.failed = [], []

    def begin(self, machine, limits):
        """Takes the names and values that describe the machine, and what it can do at most."""
        self.machine = [*machine, ("limits, measured", limits_in_words(limits))]
        print("\n".join(table_of(self.machine)))

    def section(self, title, *words):
        """Begins a section with some words of introduction and the header of its table."""
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
        """A line of the table: medians, the ratio of the medians, and its spread.

        The spread is that of the ratios within pairs where both have as many values, otherwise that of the own values.
        A bar is at_most or at_least for the ratio, or own_at_most for the median itself.
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
        held, bar = True, ""
        if at_most is not None:
            held, bar = ratio <= at_most, f"≤ {at_most:.3g}"
        elif at_least is not None:
            held, bar = ratio >= at_least, f"≥ {at_least:.3g}"
        elif own_at_most is not None:
            held, bar = median <= own_at_most, f"≤ {written(own_at_most, unit)}"
        if not held:
            self.missed.append(name)
        verdict = "" if not bar else "held" if held else "**missed**"
        runs = f"{len(own)} runs" if len(own) > 1 else "1 run"
        last = ", ".join(part for part in (verdict, runs, note) if part)
        self.line("| " + " | ".join([*cells, bar, last]) + " |")

    def fail(self, title, error):
        """Says that a part ended early."""
        self.failed.append(title)
        self.lines = self.sections.setdefault(title, [])
        self.text(f"**This part failed:** {type(error).__name__}: {error}")

    def write(self, path):
        """Writes all sections; those of `path` that were not measured this time are kept."""
        path = Path(path)
        kept = sections_of(path.read_text()) if path.exists() else {}
        measured = {title: "\n".join(lines).strip() + "\n" for title, lines in self.sections.items()}
        text = INTRODUCTION + "\n" + "\n".join(table_of(self.machine)) + "\n"
        for title in [*kept, *(title for title in measured if title not in kept)]:
            text += f"\n## {title}\n\n{measured.get(title, kept.get(title))}"
        path.write_text(text)


def table_of(pairs):
    return ["| | |", "|---|---|"] + [f"| {name} | {value} |" for name, value in pairs]


def limits_in_words(limits):
    words = f"reading memory {written(limits['bandwidth'], 'B/s')}, float32 {limits['float32'] / 1e9:.0f} GFLOP/s"
    return words + (f", int8 (VNNI) {limits['int8'] / 1e9:.0f} Gop/s" if limits["int8"] else "") + ", all cores"


def sections_of(text):
    """The sections of a document, by their titles."""
    found = {}
    for part in text.split("\n## ")[1:]:
        title, _, body = part.partition("\n")
        found[title] = body.strip() + "\n"
    return found


INTRODUCTION = """\
# Benchmarks

`make bench` writes this document; [Benchmarks/](../Benchmarks) has the code. nnnd and its peer take turns in one run, on the
same seeded random directions, and must give the same results: scores and biases within 1e-5.

- The peer is faiss-cpu, called in process on all cores. It does what nnn-retrieval does: biases by an `IndexFlatIP` over the
  references, and searches by an `IndexFlatIP` over vectors with one more number, minus the bias.
- nnnd is measured from a client. A search takes from the whole request to the whole answer over the Unix socket. A shard
  takes from its rename to its receipt, after a commit with a full sync.
- Values are medians. A ratio is that of the medians: nnnd (or the first thing named) over what it is compared with. The
  brackets hold the smallest and the largest ratio of single pairs.
- A bar is the limit that a figure must keep.
- k = 128, alpha = 0.75, top 10. Random directions are hard for codes and thresholds: their similarities lie close together.
"""
