"""Writers of the three shard formats."""

import io
import json
import struct

import numpy as np

from .http import npy_bytes

_SAFETENSORS_TYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64", "int32": "I32"}


def encode(name, vectors):
    """The bytes of a shard with these vectors, in the format that the suffix of `name` says."""
    if name.endswith(".npz"):
        return npz_bytes(embeddings=vectors)
    if name.endswith(".safetensors"):
        return safetensors_bytes(embeddings=vectors)
    return npy_bytes(vectors)


def npz_bytes(compressed=False, **arrays):
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def safetensors_bytes(**arrays):
    """A safetensors file: the length of a JSON header, the header, the arrays in row order, little endian."""
    header, data = {}, b""
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": _SAFETENSORS_TYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [len(data), len(data) + len(content)],
        }
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def npy_with_header(header, data=b""):
    """An .npy file of version 1.0 with this header, padded with spaces as the format requires."""
    text = header.encode("latin-1")
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
