"""A strict parser of the Prometheus text format."""

import math
import re

_NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({_NAME})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


class Family:
    def __init__(self, name, help):
        self.name = name
        self.help = help
        self.kind = None
        # (sample name, labels as a sorted tuple) -> value
        self.samples = {}

    @property
    def labels(self):
        """The names of its labels, without "le"."""
        return {name for _, labels in self.samples for name, _ in labels} - {"le"}


class Metrics:
    """All families of a page; fails if the page violates the format."""

    def __init__(self, text):
        assert text.endswith("\n")
        self.families = {}
        family = None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                _, _, name, help = line.split(" ", 3)
                assert name not in self.families and help, line
                family = self.families[name] = Family(name, help)
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name == family.name and family.kind is None and not family.samples, line
                assert kind in ("counter", "gauge", "histogram"), line
                family.kind = kind
            else:
                self._add(line, family)
        for family in self.families.values():
            assert family.samples, family.name
            if family.kind == "histogram":
                _check_histogram(family)

    def _add(self, line, family):
        match = _SAMPLE.fullmatch(line)
        assert match, line
        name, labels, value = match.groups()
        endings = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        assert family.kind and name in {family.name + ending for ending in endings}, line
        found = _LABEL.findall(labels or "")
        # Nothing is left between or after the labels.
        assert "".join(f'{n}="{v}",' for n, v in found).rstrip(",") == (labels or ""), line
        key = (name, tuple(sorted(found)))
        assert key not in family.samples, line
        family.samples[key] = float(value)
        if family.kind != "gauge":
            assert family.samples[key] >= 0, line

    def value(self, name, **labels):
        """The value of the sample with exactly these labels."""
        family = self.families.get(name) or self.families[re.sub("_(bucket|sum|count)$", "", name)]
        return family.samples[(name, tuple(sorted(labels.items())))]

    def values(self, name):
        """The values of a family with one label, by the value of that label."""
        return {labels[0][1]: value for (_, labels), value in self.families[name].samples.items()}


def _check_histogram(family):
    """Checks that buckets are cumulative and end with +Inf, whose value equals the count."""
    series = {}
    for (name, labels), value in family.samples.items():
        if name.endswith("_bucket"):
            rest = tuple(label for label in labels if label[0] != "le")
            series.setdefault(rest, []).append((float(dict(labels)["le"]), value))
    assert series
    for labels, buckets in series.items():
        assert [bound for bound, _ in buckets] == sorted({bound for bound, _ in buckets})
        assert [count for _, count in buckets] == sorted(count for _, count in buckets)
        assert buckets[-1] == (math.inf, family.samples[(f"{family.name}_count", labels)])
        assert (f"{family.name}_sum", labels) in family.samples
