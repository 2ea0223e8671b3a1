"""The producer's side of a spool folder."""

import json
import os

from .shards import encode
from .waiting import wait_until

IMAGES = "images"
REFERENCES = "references"


class Spool:
    """Drops shards by writing a dot-file and renaming it, and looks at what became of them."""

    def __init__(self, root, alive=None):
        self.root = root
        self.alive = alive

    def incoming(self, kind):
        return self.root / kind

    def done(self, kind):
        return self.root / "done" / kind

    def failed(self, kind):
        return self.root / "failed" / kind

    def make(self):
        """Makes the incoming folders, for files that are to wait before the daemon's first start."""
        for kind in (IMAGES, REFERENCES):
            self.incoming(kind).mkdir(parents=True, exist_ok=True)

    def drop_bytes(self, kind, name, content, ids=None, writer=""):
        """Renames a file of these bytes into the spool, its ids before it; several writers at once need names."""
        if ids is not None:
            self._rename_into(kind, ids_name(name), ids, writer)
        self._rename_into(kind, name, content, writer)

    def drop(self, kind, name, vectors, ids=None):
        """Drops an array as NAME.npy, .npz or .safetensors, with a .ids file where there are `ids`."""
        self.drop_bytes(kind, name, encode(name, vectors), None if ids is None else id_lines(ids))

    def drop_and_wait(self, kind, name, vectors, ids=None):
        """Drops a shard that must take effect; its receipt."""
        before = self.receipt_stamp(kind, name)
        self.drop(kind, name, vectors, ids)
        return self.wait_receipt(kind, name, before)

    def delete_and_wait(self, kind, name, ids):
        """Drops a list of ids to delete, which must take effect; its receipt."""
        before = self.receipt_stamp(kind, name)
        self.drop_bytes(kind, name, id_lines(ids))
        return self.wait_receipt(kind, name, before)

    def let_time_pass_after(self, kind, name):
        """Waits until a file that comes now is seen to be younger than a waiting one: times on files are coarse."""
        before = os.stat(self.incoming(kind) / name).st_ctime_ns
        tick = self.root / ".tick"

        def look():
            tick.touch()
            return os.stat(tick).st_ctime_ns > before

        wait_until(look, "the file system's clock to go on")

    def receipt_path(self, kind, name):
        return self.done(kind) / f"{name}.receipt.json"

    def error_path(self, kind, name):
        return self.failed(kind) / f"{name}.error.json"

    def receipt_stamp(self, kind, name):
        """Tells one receipt under a name from the next."""
        return _stamp(self.receipt_path(kind, name))

    def error_stamp(self, kind, name):
        """Tells one reason of a rejection under a name from the next."""
        return _stamp(self.error_path(kind, name))

    def wait_receipt(self, kind, name, before=None):
        """The receipt of a shard, once there is one that was not there `before`."""
        path = self.receipt_path(kind, name)

        def look():
            failure = self.error_path(kind, name)
            assert not failure.exists(), f"{name} was rejected: {failure.read_text()}"
            return _stamp(path) not in (None, before)

        wait_until(look, f"the receipt of {name!r}", alive=self.alive)
        return json.loads(path.read_text())

    def wait_failure(self, kind, name, before=None):
        """The reason why a shard was rejected, once there is one that was not there `before`."""
        path = self.error_path(kind, name)
        wait_until(lambda: _stamp(path) not in (None, before), f"the rejection of {name!r}", alive=self.alive)
        failure = json.loads(path.read_text())
        # The reason is written first; the file and its ids go after it.
        folders = (self.incoming(kind), self.root / "processing" / kind, self.root / "processing" / "failed" / kind)
        left = [folder / own for folder in folders for own in (name, ids_name(name))]
        wait_until(lambda: not any(map(os.path.lexists, left)), f"{name!r} to leave", alive=self.alive)
        return failure

    def names(self, *parts):
        """The names in a folder below the spool."""
        return sorted(os.listdir(self.root.joinpath(*parts)))

    def _rename_into(self, kind, name, content, writer):
        waiting = self.root / f".being-written-{kind}{writer}"
        waiting.write_bytes(content)
        os.rename(waiting, self.incoming(kind) / name)


def ids_name(name):
    """The name of the file with the ids of a shard."""
    return f"{name.rpartition('.')[0]}.ids"


def id_lines(ids):
    """The bytes of a file of ids, one a line."""
    return "".join(f"{id}\n" for id in ids).encode()


def default_ids(name, count):
    """The ids of a shard that brings none."""
    stem, _, _ = name.rpartition(".")
    return [f"{stem}:{row}" for row in range(count)]


def _stamp(path):
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns)
