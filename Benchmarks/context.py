"""The options and objects that a part of the benchmark gets."""

import os

import machine
import native
import peer

SIZE = 200_000  # the number of images that the targets are meant for


class Shared:
    """What all parts of a run share: the report, and the limits of the machine."""

    def __init__(self, report):
        self.report, self.best = report, None

    def limits(self):
        """The limits of the machine with all cores: the best of this measurement and of the earlier ones."""
        found = native.limits(os.cpu_count())
        for name in ("bandwidth", "float32", "int8"):
            found[name] = max(found[name], self.best[name]) if self.best else found[name]
        self.best = found
        return found


class Context:
    """Sizes, kind of data and options for the parts that run on one kind of data.

    `kind` is None for a part that needs no data.
    """

    def __init__(self, shared, options, kind):
        self.kind, self.shared, self.report, self.limits = kind, shared, shared.report, shared.limits
        self.binaries, self.old = options.bin.resolve(), options.old and options.old.resolve()
        self.old_version = machine.version_of(self.old) if self.old else None
        self.runs, self.seconds, self.seed, self.cores = options.runs, options.seconds, options.seed, os.cpu_count()
        self.images, self.dimension = int(SIZE * options.scale), options.dimension
        if kind:
            self.images, self.dimension = kind.limits(self.images, self.dimension)
        self.references = self.enough(20_000)
        self.shape = f"{self.images:,} x {self.dimension} float32 images"
        self.where = f"{machine.cpu()}, {machine.now()}"
        self.plots = options.write.resolve().parent if options.write else None
        # Kinds of data with a fixed number of rows have no targets that depend on the number.
        self.has_targets = kind is None or kind.size is None

    def source(self, *seeds, dimension=None):
        """A new source of vectors, whose rows depend on the seed of the options and on `seeds`."""
        return self.kind.open(dimension or self.dimension, [self.seed, *seeds])

    def scaled(self, count):
        """A number of rows that is meant for SIZE images, for the number of images here."""
        return max(1, count * self.images // SIZE)

    def enough(self, count):
        """As `scaled`, for references: more than k."""
        return max(peer.K + 2, self.scaled(count))

    def target(self, **target):
        """The target of a row, as arguments of Report.row: none if this kind of data has no targets."""
        return target if self.has_targets else {}
