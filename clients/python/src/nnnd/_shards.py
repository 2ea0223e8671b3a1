"""Writes shards and lists of ids into the spool.

A file is first written without a name, or under a hidden one, in the folder itself. A rename then shows it to the
daemon as a whole. A process that is killed leaves nothing behind that the daemon could take for a shard.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
from pathlib import Path
from typing import Union

from ._arrays import Vectors
from ._formats import ElementType, header

# The group of the spool must be able to read the files.
MODE = 0o640
HIDDEN = ".py-"
Bytes = Union[bytes, memoryview]
# What open(2) answers with if the file system or the kernel has no files without a name.
_NO_UNNAMED_FILES = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


class SpoolFile:
    """A file in an incoming folder that the daemon does not see before `publish`.

    As a context manager it removes the file if it has not been published.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hidden = folder / f"{HIDDEN}{secrets.token_hex(8)}"
        self._is_named = False
        try:
            self._descriptor = self._open()
        except PermissionError as error:
            raise PermissionError(
                error.errno,
                "no permission to write into the spool: members of its group, nnnd-producers, have it",
                folder,
            ) from None
        # The lock says that this process still writes the file. Before it was locked, another process can have taken a
        # file with a hidden name for an abandoned one and removed it (`remove_abandoned`); then a new one is created.
        while not _lock(self._descriptor) or (self._is_named and os.fstat(self._descriptor).st_nlink == 0):
            os.close(self._descriptor)
            self._descriptor = self._open()
        # The umask can have removed this permission.
        os.fchmod(self._descriptor, os.fstat(self._descriptor).st_mode | 0o040)

    def _open(self) -> int:
        flags = os.O_WRONLY | os.O_CLOEXEC
        try:
            return os.open(self._folder, flags | os.O_TMPFILE, MODE)
        except OSError as error:
            if error.errno not in _NO_UNNAMED_FILES or not self._folder.is_dir():
                raise
        self._is_named = True
        return os.open(self._hidden, flags | os.O_CREAT | os.O_EXCL, MODE)

    def __enter__(self) -> SpoolFile:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._is_named:
            self._is_named = False
            with contextlib.suppress(FileNotFoundError):
                self._hidden.unlink()

    def write(self, data: Bytes) -> None:
        """Appends bytes."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    def write_at_start(self, data: bytes) -> None:
        """Replaces the first bytes."""
        os.pwrite(self._descriptor, data, 0)

    def publish(self, name: str, sync: bool) -> None:
        """Gives the file its name, replacing a file of this name; `sync` first flushes its content to the disk."""
        if sync:
            os.fsync(self._descriptor)
        if not self._is_named:
            # With a descriptor of a folder Python calls linkat(2), which alone can follow this link.
            source = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.link(str(self._descriptor), self._hidden, src_dir_fd=source, follow_symlinks=True)
            finally:
                os.close(source)
            self._is_named = True
        os.rename(self._hidden, self._folder / name)
        self._is_named = False
        if sync:
            sync_folder(self._folder)


class ShardFile:
    """A shard that is written row by row: an .npy file, or a .safetensors file if the vectors are bfloat16."""

    def __init__(self, folder: Path, element_type: ElementType, dimension: int) -> None:
        self._file = SpoolFile(folder)
        self._folder = folder
        self._element_type: ElementType = element_type
        self._dimension = dimension
        self.rows = 0
        self.bytes = 0
        self._file.write(header(element_type, 0, dimension))

    def __enter__(self) -> ShardFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.__exit__()

    def append(self, vectors: Vectors) -> None:
        """Appends vectors of the shard's type and dimension."""
        for piece in vectors.pieces():
            self._file.write(piece)
            self.bytes += len(piece)
        self.rows += vectors.rows

    def publish(self, name: str, ids: bytes | None, sync: bool, heaps: bytes | None = None) -> None:
        """Renames the sidecars with `ids` and `heaps`, if there are any, and then the shard into the folder."""
        self._file.write_at_start(header(self._element_type, self.rows, self._dimension))
        for suffix, content in ((".ids", ids), (".heaps.npz", heaps)):
            if content is not None:
                publish_bytes(self._folder, f"{os.path.splitext(name)[0]}{suffix}", content, sync)
        self._file.publish(name, sync)


def publish_bytes(folder: Path, name: str, content: bytes, sync: bool) -> None:
    """Renames a file with this content into the folder."""
    with SpoolFile(folder) as file:
        file.write(content)
        file.publish(name, sync)


def remove_abandoned(folder: Path) -> None:
    """Removes the hidden files of processes that were killed while they wrote them."""
    for path in folder.glob(f"{HIDDEN}*"):
        with contextlib.suppress(OSError), open(path, "rb") as file:
            if _lock(file.fileno()):
                path.unlink()


def _lock(descriptor: int) -> bool:
    """Locks a file until its descriptor is closed; False if another process holds the lock."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Flushes the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
