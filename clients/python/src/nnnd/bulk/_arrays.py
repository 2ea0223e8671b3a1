"""Arrays in .npy and .npz files that are read in pieces from any file object, and lists of ids."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from .._arrays import MAX_ID_BYTES

VECTORS, IDS = "embeddings", "ids"


class ArrayFile:
    """The vectors of an .npy or .npz file, (rows, dimension), as long as the file is open."""

    def __init__(self, file: BinaryIO, where: str, ids: Callable[[], list[str]] | None = None) -> None:
        self._file = file
        self._where = where
        self.ids = ids
        """Reads the array `ids` of an .npz file; None if there is none."""
        self._shape, self._is_fortran, self._dtype = _header(file, where)
        if len(self._shape) not in (1, 2) or 0 in self._shape:
            raise ValueError(f"{where} has an array of the shape {self._shape}; it must be (rows, dimension)")
        if self._dtype.kind != "f" or self._dtype.itemsize not in (2, 4, 8):
            raise TypeError(f"{where} has the type {self._dtype}; it must be float16, float32 or float64")
        self.rows, self.dimension = (1, *self._shape)[-2:]

    @property
    def row_bytes(self) -> int:
        """The size of a vector in the file."""
        return self.dimension * self._dtype.itemsize

    def pieces(self, rows: int) -> Iterator[np.ndarray[Any, Any]]:
        """The vectors in little endian, in pieces of so many rows; an array in Fortran order is read as a whole."""
        whole = None
        if self._is_fortran and len(self._shape) == 2:
            whole = self._read(self.rows * self.dimension).reshape(self.dimension, self.rows).T
        for start in range(0, self.rows, rows):
            count = min(rows, self.rows - start)
            if whole is not None:
                yield whole[start : start + count]
            else:
                yield self._read(count * self.dimension).reshape(count, self.dimension)

    def _read(self, count: int) -> np.ndarray[Any, Any]:
        """The next numbers of the file."""
        expected = count * self._dtype.itemsize
        content = self._file.read(expected)
        if len(content) != expected:
            raise ValueError(f"{self._where} is shorter than its header tells")
        numbers = np.frombuffer(content, dtype=self._dtype)
        return numbers.astype(self._dtype.newbyteorder("<"), copy=False)


def open_array(file: Any, where: str) -> ArrayFile:
    """The vectors of an .npy file, or of an .npz file: the array `embeddings`, or the only one besides `ids`.

    Args:
        file: an open file that can be read and moved in.
        where: its path; the suffix tells the format.

    """
    if not where.endswith(".npz"):
        return ArrayFile(file, where)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError) as error:
        raise ValueError(f"{where} is not a complete .npz file: {error}") from None
    members = {name[: -len(".npy")]: name for name in archive.namelist() if name.endswith(".npy")}
    arrays = [name for name in members if name != IDS]
    name = VECTORS if VECTORS in arrays else arrays[0] if len(arrays) == 1 else None
    if name is None:
        raise ValueError(
            f"{where} has the arrays {', '.join(members) or 'none'}; that with vectors must be {VECTORS!r}"
        )
    ids = (lambda: _ids(archive, members[IDS], where)) if IDS in members else None
    return ArrayFile(archive.open(members[name]), where, ids)  # type: ignore[arg-type]


def lines_of_ids(content: bytes, where: str) -> list[str]:
    r"""The ids in a sidecar: one a line, which ends with LF or CRLF.

    >>> lines_of_ids(b"cat\r\ndog\n", "photos.ids")
    ['cat', 'dog']

    """
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{where} is not UTF-8: {error}") from None
    ids = [line[:-1] if line.endswith("\r") else line for line in (lines if lines[-1] else lines[:-1])]
    return _checked(ids, where)


def _ids(archive: zipfile.ZipFile, member: str, where: str) -> list[str]:
    with archive.open(member) as file:
        try:
            array = np.lib.format.read_array(file, allow_pickle=False)
        except ValueError as error:
            raise ValueError(f"{where}: the array 'ids' can't be read: {error}") from None
    if array.dtype.kind not in "iuUS":
        raise TypeError(f"{where}: ids have the type {array.dtype}; they must be integers or fixed-width strings")
    values = array.reshape(-1).tolist()
    try:
        return _checked([value.decode() if isinstance(value, bytes) else str(value) for value in values], where)
    except UnicodeDecodeError as error:
        raise ValueError(f"{where}: an id is not UTF-8: {error}") from None


def _checked(ids: list[str], where: str) -> list[str]:
    for row, id in enumerate(ids):
        if not id or len(id.encode()) > MAX_ID_BYTES:
            raise ValueError(f"{where}: the id of row {row} must have 1 to {MAX_ID_BYTES} bytes")
    return ids


def _header(file: Any, where: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the order is that of Fortran, and type of the array that follows in the file."""
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, is_fortran, dtype = read(file)
    except (ValueError, KeyError, EOFError) as error:
        raise ValueError(f"{where} is not an .npy array that can be read: {error}") from None
    if math.prod(shape) < 0:
        raise ValueError(f"{where} has an array of the shape {shape}")
    return shape, is_fortran, dtype
