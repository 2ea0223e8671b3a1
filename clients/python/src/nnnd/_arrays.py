"""Vectors and ids in the forms that people have them in: numpy arrays, torch tensors, memory maps, lists."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, cast

import numpy as np

from ._formats import BYTES, ElementType

if TYPE_CHECKING:
    import numpy.typing as npt

# Arrays and what numpy makes arrays of; torch tensors too, which are not named because torch is optional.
ArrayLike = Union["npt.ArrayLike", Any]
# Ids: strings, integers or numpy arrays of them.
Ids = Union[Sequence[str], Sequence[int], "np.ndarray[Any, Any]", Iterable[Union[str, int]]]

PIECE_BYTES = 16 << 20
MAX_ID_BYTES = 500


@dataclass(frozen=True)
class Vectors:
    """A matrix whose rows are vectors.

    `array` has the shape (rows, dimension). Bfloat16 numbers are in it as uint16, since numpy has no such type.
    """

    array: np.ndarray[Any, Any]
    element_type: ElementType

    @property
    def rows(self) -> int:
        """The number of vectors."""
        return int(self.array.shape[0])

    @property
    def dimension(self) -> int:
        """The number of components of a vector."""
        return int(self.array.shape[1])

    @property
    def row_bytes(self) -> int:
        """The size of one vector in a file."""
        return self.dimension * BYTES[self.element_type]

    def slice(self, start: int, stop: int) -> Vectors:
        """Some of the rows, without copying them."""
        return Vectors(self.array[start:stop], self.element_type)

    def pieces(self) -> Iterator[memoryview]:
        """The bytes of the rows in C order, little endian, in pieces of at most 16 MiB.

        They are views of the array itself. Only if it has another byte or memory order is each piece a copy.
        """
        step = max(1, PIECE_BYTES // max(1, self.row_bytes))
        kind = self.array.dtype.newbyteorder("<")
        for start in range(0, self.rows, step):
            piece = np.ascontiguousarray(self.array[start : start + step], dtype=kind)
            yield cast("np.ndarray[Any, Any]", piece.view(np.uint8).reshape(-1)).data

    def without_bfloat16(self) -> Vectors:
        """The same vectors; as float32, which loses nothing, if they are bfloat16."""
        if self.element_type != "bfloat16":
            return self
        return Vectors((self.array.astype(np.uint32) << 16).view(np.float32), "float32")


def as_vectors(data: ArrayLike, what: str = "vectors") -> Vectors:
    """The vectors of a matrix (rows, dimension), or the one vector of an array (dimension,), without copying them.

    Lists become float32.

    Raises:
        TypeError: the numbers are not float16, bfloat16, float32 or float64.
        ValueError: the array has another number of dimensions, or no rows.

    >>> as_vectors([[1, 0, 0], [0, 1, 0]]).element_type
    'float32'

    """
    array, is_bfloat16 = _as_array(data)
    if array.ndim == 1:
        array = array.reshape(1, -1)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{what} has the shape {array.shape}; it must be (rows, dimension) with at least one row")
    if is_bfloat16:
        return Vectors(array.view(np.uint16), "bfloat16")
    if array.dtype.kind != "f" or array.dtype.itemsize not in (2, 4, 8):
        raise TypeError(
            f"{what} has the type {array.dtype}; convert it to float16, bfloat16, float32 or float64 first, "
            "for example by .astype('float32')"
        )
    return Vectors(array, cast(ElementType, f"float{8 * array.dtype.itemsize}"))


def is_array(data: object) -> bool:
    """Whether `data` is one array or matrix, and not an iterator of several."""
    return isinstance(data, (list, tuple)) or hasattr(data, "__array__") or hasattr(data, "__array_interface__")


def id_lines(ids: Ids, rows: int) -> bytes:
    r"""The ids as the content of a sidecar or deletion list: one id a line.

    Raises:
        TypeError: an id is neither a string nor an integer.
        ValueError: there are not as many ids as rows, or an id cannot stand in such a file.

    >>> id_lines(["dog.jpg", "cat.jpg"], 2)
    b'dog.jpg\ncat.jpg\n'

    """
    names = list_of_ids(ids)
    if len(names) != rows:
        raise ValueError(f"there are {len(names):,} ids for {rows:,} rows; there must be one id for each row")
    content = "\n".join(names).encode() + b"\n"
    # Checks of the whole content are fast. Only if one of them finds something is each id looked at.
    if content.count(b"\n") != len(names) or b"\n\n" in content or b"\r\n" in content or content[:1] == b"\n":
        _reject_ids(names)
    if content.startswith(b"\xef\xbb\xbf") or max(map(len, names)) * 4 > MAX_ID_BYTES:
        _reject_ids(names)
    return content


def list_of_ids(ids: Ids) -> list[str]:
    """The ids as strings: those of a list, a numpy array, a pandas series or another iterable.

    Raises:
        TypeError: an id is neither a string nor an integer, or `ids` is one string, whose characters would be ids.

    >>> list_of_ids([12, "cat"])
    ['12', 'cat']

    """
    if isinstance(ids, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"ids must be a list, and this is one {type(ids).__name__}; for one id pass a list: ['cat']")
    values = ids.tolist() if hasattr(ids, "tolist") else list(ids)
    if not isinstance(values, list):
        values = [values]
    kinds = set(map(type, values))
    if kinds == {str}:
        return cast("list[str]", values)
    for kind in kinds:
        if not issubclass(kind, (str, int, np.integer)) or issubclass(kind, bool):
            raise TypeError(f"an id must be a string or an integer, and one is of the type {kind.__name__}")
    return [str(value) for value in values]


def _reject_ids(names: list[str]) -> None:
    """Raises ValueError if an id cannot be written as a line."""
    for row, name in enumerate(names):
        fault = None
        if not name:
            fault = "is empty"
        elif "\n" in name or name.endswith("\r"):
            fault = "has a line break"
        elif row == 0 and name.startswith("\ufeff"):
            fault = "begins with a byte order mark"
        elif len(name.encode()) > MAX_ID_BYTES:
            fault = f"has more than {MAX_ID_BYTES} bytes"
        if fault:
            raise ValueError(f"the id of row {row} {fault}: {name[:80]!r}")


def _as_array(data: ArrayLike) -> tuple[np.ndarray[Any, Any], bool]:
    """The data as a numpy array, and whether its numbers are bfloat16."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(data, torch.Tensor):
        tensor = data.detach().cpu()
        if tensor.dtype == torch.bfloat16:
            # numpy has no such type; the 16 bits are the same.
            return tensor.contiguous().view(torch.int16).numpy(), True
        return tensor.numpy(), False
    if isinstance(data, (list, tuple)):
        array = np.asarray(data)
        return (array.astype(np.float32) if array.dtype.kind in "fiu" else array), False
    array = np.asarray(data)
    # The name of a type takes numpy longer to make than everything else here. Of numpy's own, none is bfloat16.
    return array, array.dtype.kind == "V" and array.dtype.name == "bfloat16"
