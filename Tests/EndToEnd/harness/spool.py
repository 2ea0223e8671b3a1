"""The producer's side of a spool folder."""

import json
import os

import numpy as np

from .shards import encode
from .waiting import wait_until

IMAGES = "images"
REFERENCES = "references"


class Spool:
    """Drops shards by writing a hidden file and renaming it, and reads receipts and error documents.

    `alive()` is called while it waits for these; it raises if no daemon can write them any more.
    """

    def __init__(self, root, alive=None):
        self.root = root
        self.alive = alive

    def incoming(self, kind):
        return self.root / kind

    def done(self, kind):
        return self.root / "done" / kind

    def failed(self, kind):
        return self.root / "failed" / kind

    def create_incoming_folders(self):
        """Creates the incoming folders, so that files can be dropped before the daemon's first start."""
        for kind in (IMAGES, REFERENCES):
            self.incoming(kind).mkdir(parents=True, exist_ok=True)

    def drop_bytes(self, kind, name, content, ids=None, writer=""):
        """Renames a file with this content into the spool, and before it its sidecar if there are `ids`.

        `content` and `ids` are the bytes of the two files. Concurrent writers need different values of `writer`.
        """
        if ids is not None:
            self._rename_into(kind, ids_name(name), ids, writer)
        self._rename_into(kind, name, content, writer)

    def drop(self, kind, name, vectors, ids=None):
        """Drops an array as NAME.npy, .npz or .safetensors, with a sidecar if there are `ids`."""
        self.drop_bytes(kind, name, encode(name, vectors), None if ids is None else id_lines(ids))

    def delete_and_wait(self, kind, name, ids):
        """Drops a deletion list that must take effect, and returns its receipt."""
        before = self.receipt_version(kind, name)
        self.drop_bytes(kind, name, id_lines(ids))
        return self.wait_receipt(kind, name, before)

    def wait_until_older_files_are_quiet(self, kind, dimension):
        """Writes two shards of `kind` in place and waits for their receipts.

        Each takes the time that a shard must be quiet, so that files that were there before have been quiet as long.
        """
        for number in range(2):
            name = f"quiet-{number}.npy"
            (self.incoming(kind) / name).write_bytes(encode(name, np.eye(3, dimension)))
            self.wait_receipt(kind, name)

    def wait_until_new_files_are_newer(self, kind, name):
        """Waits until a new file gets a later time than this one; file systems have coarse clocks."""
        before = os.stat(self.incoming(kind) / name).st_ctime_ns
        probe = self.root / ".probe"

        def is_newer():
            probe.touch()
            return os.stat(probe).st_ctime_ns > before

        wait_until(is_newer, "the clock of the file system to advance")

    def receipt_path(self, kind, name):
        return self.done(kind) / f"{name}.receipt.json"

    def error_path(self, kind, name):
        return self.failed(kind) / f"{name}.error.json"

    def receipt_version(self, kind, name):
        """A value that differs between the receipts of a name; None if there is no receipt."""
        return _file_version(self.receipt_path(kind, name))

    def error_version(self, kind, name):
        """A value that differs between the error documents of a name; None if there is none."""
        return _file_version(self.error_path(kind, name))

    def wait_receipt(self, kind, name, before=None):
        """Waits for a receipt whose version is not `before`, and returns it; fails if the shard is rejected."""
        path = self.receipt_path(kind, name)

        def has_new_receipt():
            failure = self.error_path(kind, name)
            assert not failure.exists(), f"{name} was rejected: {failure.read_text()}"
            return _file_version(path) not in (None, before)

        wait_until(has_new_receipt, f"the receipt of {name!r}", alive=self.alive)
        return json.loads(path.read_text())

    def wait_failure(self, kind, name, before=None):
        """Waits for an error document whose version is not `before` and for the moves of the files; returns it."""
        path = self.error_path(kind, name)
        wait_until(lambda: _file_version(path) not in (None, before), f"the rejection of {name!r}", alive=self.alive)
        failure = json.loads(path.read_text())
        # The error document is written before the shard and its sidecar move to failed/.
        folders = (self.incoming(kind), self.root / "processing" / kind, self.root / "processing" / "failed" / kind)
        left = [folder / file for folder in folders for file in (name, ids_name(name))]
        wait_until(lambda: not any(map(os.path.lexists, left)), f"the move of {name!r} to failed/", alive=self.alive)
        return failure

    def names(self, *parts):
        """The names in a folder of the spool, sorted."""
        return sorted(os.listdir(self.root.joinpath(*parts)))

    def _rename_into(self, kind, name, content, writer):
        waiting = self.root / f".being-written-{kind}{writer}"
        waiting.write_bytes(content)
        os.rename(waiting, self.incoming(kind) / name)


def ids_name(name):
    """The name of the sidecar of a shard."""
    return f"{name.rpartition('.')[0]}.ids"


def id_lines(ids):
    """The content of a sidecar or deletion list: one id a line."""
    return "".join(f"{id}\n" for id in ids).encode()


def default_ids(name, count):
    """The ids of the rows of a shard that has no ids: NAME:0, NAME:1, ..."""
    stem, _, _ = name.rpartition(".")
    return [f"{stem}:{row}" for row in range(count)]


def _file_version(path):
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_mtime_ns)
