"""Vectors in files whose bytes are a matrix: .npy, .safetensors and raw memory maps; and arrays and tensors."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._arrays import Vectors, as_vectors
from .._formats import BYTES, ElementType
from ._source import Rows

_SAFETENSORS_TYPES: dict[str, ElementType] = {
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "F64": "float64",
}


class BinaryRows(Rows):
    """A matrix in C order and little endian, from a position of a file on.

    It is read, not mapped, so that its pages do not count as memory of the process.
    """

    def __init__(
        self, path: Path, offset: int, element_type: ElementType, count: int, dimension: int, name: str | None = None
    ) -> None:
        self._path = path
        self.name = name
        self._offset = offset
        self.element_type = element_type
        self.count = count
        self.dimension = dimension
        if count < 1 or dimension < 1:
            raise ValueError(f"{path} has the shape ({count}, {dimension}); it must have at least one row and column")
        end = offset + count * dimension * BYTES[element_type]
        if path.stat().st_size < end:
            raise ValueError(f"{path} has {path.stat().st_size:,} bytes; its header tells of at least {end:,}")

    def read(self, start: int, stop: int) -> Iterator[Vectors]:
        """The vectors of these rows, in pieces of 16 MiB."""
        row_bytes = self.dimension * BYTES[self.element_type]
        kind = np.dtype(np.uint16 if self.element_type == "bfloat16" else self.element_type).newbyteorder("<")
        with open(self._path, "rb", buffering=0) as file:
            for first in range(start, stop, self.rows_per_piece):
                piece = np.empty((min(self.rows_per_piece, stop - first), self.dimension), dtype=kind)
                _read_fully(file.fileno(), piece, self._offset + first * row_bytes, self._path)
                yield Vectors(piece, self.element_type)


class ArrayRows(Rows):
    """A memory map or torch tensor, (count, dimension), that `load` opens for as long as its rows are read."""

    def __init__(self, load: Callable[[], Any], name: str | None = None) -> None:
        self._load = load
        self._array: Any = None
        self.name = name
        array = load()
        first = as_vectors(array[:1])
        self.element_type = first.element_type
        self.count = len(array)
        self.dimension = first.dimension

    def read(self, start: int, stop: int) -> Iterator[Vectors]:
        """The vectors of these rows, in pieces."""
        if self._array is None:
            self._array = self._load()
        for first in range(start, stop, self.rows_per_piece):
            yield as_vectors(self._array[first : min(first + self.rows_per_piece, stop)])
        if stop == self.count:
            self._array = None


def npy_rows(path: Path) -> Rows:
    """The matrix in an .npy file."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except EOFError:
        raise ValueError(f"{path} is empty") from None
    if array.ndim != 2:
        raise ValueError(f"{path} has an array of the shape {array.shape}; it must be (rows, dimension)")
    vectors = as_vectors(array, str(path))
    if array.flags.c_contiguous and array.dtype.newbyteorder("<") == array.dtype:
        return BinaryRows(path, array.offset, vectors.element_type, vectors.rows, vectors.dimension)
    return ArrayRows(lambda: np.load(path, mmap_mode="r", allow_pickle=False))


def raw_rows(path: Path, element_type: str, dimension: int) -> Rows:
    """The matrix in a file without a header, as `numpy.memmap` writes it."""
    if element_type not in BYTES:
        raise ValueError(f"{element_type!r} is not a type of vectors; possible are {', '.join(BYTES)}")
    if dimension < 1:
        raise ValueError(f"the dimension is {dimension}; it must be at least 1")
    kind = element_type
    size, row_bytes = path.stat().st_size, dimension * BYTES[kind]
    if size == 0 or size % row_bytes:
        raise ValueError(f"{path} has {size:,} bytes, which is not a multiple of {row_bytes:,} for one vector")
    return BinaryRows(path, 0, kind, size // row_bytes, dimension)


def safetensors_rows(path: Path, key: str | None) -> Rows:
    """The matrix under `key` in a .safetensors file; without a key the only one with two dimensions."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(100_000_000, path.stat().st_size - 8):
            raise ValueError(f"{path} is not a .safetensors file")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    name = _chosen(path, key, [name for name, value in header.items() if len(value["shape"]) == 2])
    tensor = header[name]
    if tensor["dtype"] not in _SAFETENSORS_TYPES:
        raise TypeError(f"{path} has numbers of the type {tensor['dtype']}; convert them to a float type first")
    count, dimension = tensor["shape"]
    offset = 8 + length + tensor["data_offsets"][0]
    return BinaryRows(path, offset, _SAFETENSORS_TYPES[tensor["dtype"]], count, dimension, name)


def torch_rows(path: Path, key: str | None) -> Rows:
    """The matrix in a file of `torch.save`: the tensor itself, or one of a dictionary. Nothing else is unpickled."""
    import torch

    content = _load_torch(path)
    name: str | None = None
    if isinstance(content, dict):
        name = _chosen(path, key, [name for name, value in content.items() if getattr(value, "ndim", 0) == 2])
        content = content[name]
    if not isinstance(content, torch.Tensor) or content.ndim != 2:
        raise ValueError(f"{path} has no tensor of the shape (rows, dimension)")
    return ArrayRows(lambda: _load_torch(path) if name is None else _load_torch(path)[name], name)


def _load_torch(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{path} cannot be read ({reason}); load it with torch, and save the tensor alone again with torch.save"
        ) from error


def _chosen(path: Path, key: str | None, matrices: list[str]) -> str:
    if key is not None:
        if key not in matrices:
            raise ValueError(f"{path} has no matrix {key!r}; it has {', '.join(matrices) or 'none'}")
        return key
    if len(matrices) != 1:
        raise ValueError(f"{path} has {len(matrices)} matrices; name one of them: {', '.join(matrices)}")
    return matrices[0]


def _read_fully(descriptor: int, array: np.ndarray[Any, Any], offset: int, path: Path) -> None:
    view = memoryview(array.view(np.uint8).reshape(-1).data)
    done = 0
    while done < len(view):
        count = os.preadv(descriptor, [view[done:]], offset + done)
        if count == 0:
            raise ValueError(f"{path} became shorter while it was read")
        done += count
