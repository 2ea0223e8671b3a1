"""The base: a corpus of images and references that several parts share, and a daemon that has it."""

import contextlib

import peer
from harness import Daemon, timed


def image_id(row):
    """The id of an image of the base."""
    return f"images:{row}"


class Base:
    """By default 200,000 images and 20,000 references. Each part leaves the base as it was."""

    def __init__(self, context):
        self.context = context
        self.source = context.source()
        self.images = self.source.images(context.images)
        self.references = self.source.references(context.references)
        self.queries = self.source.queries(1000)
        self.daemon = Daemon(context.binaries)
        self.computed = None
        self.names = 0

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.daemon)
            self.daemon.drop("references", "references", self.references)
            self.daemon.drop("images", "images", self.images)
            self.stack = stack.pop_all()
        return self

    @contextlib.contextmanager
    def filled(self, binaries, env=None):
        """Another program's daemon, with the rows of the base."""
        with Daemon(binaries, env=env) as daemon:
            daemon.drop("references", "references", self.references)
            daemon.drop("images", "images", self.images)
            yield daemon

    def __exit__(self, *problem):
        return self.stack.__exit__(*problem)

    def fresh(self, kind, rows):
        """An unused name for a shard, and new vectors for it: rows x dimension. `kind`: "images" or "references"."""
        self.names += 1
        return f"more-{self.names}", getattr(self.source, kind)(rows)

    def biases(self):
        """The seconds that the peer took to compute the biases, and the biases. Computed at the first call."""
        if self.computed is None:
            self.computed = timed(lambda: peer.biases(self.images, self.references))
            peer.check_biases(self.daemon, self.computed[1], image_id)
        return self.computed
