"""Headers of the .npy and .safetensors files that this package writes.

A header has a fixed length, whatever the number of rows. So it can be written anew when all rows have been written.
"""

from __future__ import annotations

import json
import struct
from typing import Literal

ElementType = Literal["float16", "bfloat16", "float32", "float64"]

BYTES: dict[ElementType, int] = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}

_NPY_BYTES = 128
_NPY_TYPES = {"float16": "<f2", "float32": "<f4", "float64": "<f8"}
_SAFETENSORS_BYTES = 256
_SAFETENSORS_TYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64"}


def suffix(element_type: ElementType) -> str:
    """The suffix of a shard with vectors of this type: .npy, or .safetensors for bfloat16, which .npy cannot name."""
    return ".safetensors" if element_type == "bfloat16" else ".npy"


def header(element_type: ElementType, rows: int, dimension: int) -> bytes:
    """The header of a shard with a matrix of this type and shape."""
    if element_type == "bfloat16":
        return safetensors_header(element_type, rows, dimension)
    return npy_header(element_type, rows, dimension)


def npy_header(element_type: ElementType, rows: int, dimension: int) -> bytes:
    """The header of an .npy file, version 1.0, with a matrix (rows, dimension) in C order."""
    text = f"{{'descr': '{_NPY_TYPES[element_type]}', 'fortran_order': False, 'shape': ({rows}, {dimension}), }}"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", _NPY_BYTES - 10) + text.ljust(_NPY_BYTES - 11).encode() + b"\n"


def safetensors_header(element_type: ElementType, rows: int, dimension: int) -> bytes:
    """The header of a .safetensors file with the array `embeddings`, (rows, dimension)."""
    tensor = {
        "dtype": _SAFETENSORS_TYPES[element_type],
        "shape": [rows, dimension],
        "data_offsets": [0, rows * dimension * BYTES[element_type]],
    }
    text = json.dumps({"embeddings": tensor}, separators=(",", ":"))
    return struct.pack("<Q", _SAFETENSORS_BYTES - 8) + text.ljust(_SAFETENSORS_BYTES - 8).encode()
