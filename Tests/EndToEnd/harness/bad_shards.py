"""Invalid shards with the error code that each must get; hostile_shards.py has malicious ones."""

import numpy as np

from .http import npy_bytes
from .shards import npy_with_header, npz_bytes, safetensors_bytes
from .spool import id_lines

DIMENSION = 4
GOOD = np.random.default_rng(4).standard_normal((5, DIMENSION)).astype(np.float32)
GOOD_NPY = npy_bytes(GOOD)


def with_value(row, value, dtype=np.float32):
    vectors = GOOD.astype(dtype)
    vectors[row, 1] = value
    return npy_bytes(vectors)


def with_zero_rows(*rows):
    vectors = GOOD.copy()
    vectors[list(rows)] = 0
    return npy_bytes(vectors)


def header(descr="'<f4'", order="False", shape="(5, 4)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def damaged(content):
    """A deflated archive with a byte of its data inverted."""
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def encrypted(content):
    """An archive with a member that is marked as encrypted."""
    content = bytearray(content)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        offset = content.find(signature)
        content[offset + flags] |= 1
    return bytes(content)


HUGE_NUMBER_OF_ROWS = 2**40

# name: (file name, content, ids, code, rows)
BAD = {
    "other content": ("s.npy", b"hello, world, this is no array at all" * 5, None, "not_a_shard", []),
    "empty": ("s.npy", b"", None, "truncated", []),
    "npz that is npy": ("s.npz", GOOD_NPY, None, "not_a_shard", []),
    "unknown version": ("s.npy", b"\x93NUMPY\x09\x00" + GOOD_NPY[8:], None, "unsupported_version", []),
    "header is not a literal": ("s.npy", npy_with_header("{'descr': os.system('true')}"), None, "bad_header", []),
    "header without shape": (
        "s.npy", npy_with_header("{'descr': '<f4', 'fortran_order': False}"), None, "bad_header", []),
    "truncated": ("s.npy", GOOD_NPY[:-3], None, "truncated", []),
    "truncated in the header": ("s.npy", GOOD_NPY[:50], None, "truncated", []),
    "too long": ("s.npy", GOOD_NPY + b"\0", None, "trailing_bytes", []),
    "more rows in the header than in the file": (
        "s.npy", npy_with_header(header(shape=f"({HUGE_NUMBER_OF_ROWS}, 4)"), b"\0" * 80), None, "truncated", []),
    "shape overflows": ("s.npy", npy_with_header(header(shape=f"({2**62}, 4)")), None, "bad_shape", []),
    "negative size": ("s.npy", npy_with_header(header(shape="(-1, 4)")), None, "bad_shape", []),
    "no dimensions": ("s.npy", npy_bytes(GOOD[0, 0]), None, "bad_shape", []),
    "three dimensions": ("s.npy", npy_bytes(GOOD[None]), None, "bad_shape", []),
    "integers": ("s.npy", npy_bytes(GOOD.astype(np.int32)), None, "unsupported_dtype", []),
    "complex numbers": ("s.npy", npy_bytes(GOOD.astype(np.complex64)), None, "unsupported_dtype", []),
    "objects": ("s.npy", npy_with_header(header("'|O'")), None, "unsupported_dtype", []),
    "structures": ("s.npy", npy_with_header(header("[('a', '<f4')]")), None, "unsupported_dtype", []),
    "no rows": ("s.npy", npy_bytes(GOOD[:0]), None, "no_rows", []),
    "no dimension": ("s.npy", npy_bytes(GOOD[:, :0]), None, "no_dimension", []),
    "wrong dimension": ("s.npy", npy_bytes(GOOD[:, :3]), None, "wrong_dimension", []),
    "not a number": ("s.npy", with_value(3, np.nan), None, "not_finite", [3]),
    "infinite": ("s.npy", with_value(0, -np.inf, np.float16), None, "not_finite", [0]),
    "too large for float32": ("s.npy", with_value(4, 1e39, np.float64), None, "not_finite", [4]),
    "zero vectors": ("s.npy", with_zero_rows(1, 4), None, "zero_vector", [1, 4]),
    "too few ids": ("s.npy", GOOD_NPY, id_lines(["a", "b", "c", "d"]), "ids_too_few", []),
    "too many ids": ("s.npy", GOOD_NPY, id_lines(["a", "b", "c", "d", "e", "f"]), "ids_too_many", []),
    "empty ids file": ("s.npy", GOOD_NPY, b"", "ids_too_few", []),
    "repeated id": ("s.npy", GOOD_NPY, id_lines(["a", "b", "a", "d", "b"]), "ids_duplicate", [2, 4]),
    "empty id": ("s.npy", GOOD_NPY, id_lines(["a", "", "c", "d", "e"]), "id_empty", [1]),
    "long id": ("s.npy", GOOD_NPY, id_lines(["a", "b", "c", "d", "e" * 501]), "id_too_long", [4]),
    "long id in two-byte characters": (
        "s.npy", GOOD_NPY, id_lines(["a", "b", "c", "é" * 251, "e"]), "id_too_long", [3]),
    "ids in Latin-1": ("s.npy", GOOD_NPY, b"a\nb\nc\xe9\nd\ne\n", "ids_not_utf8", [2]),
    "npz without an array": ("s.npz", npz_bytes(ids=np.arange(5)), None, "missing_array", []),
    "npz with two arrays": ("s.npz", npz_bytes(a=GOOD, b=GOOD), None, "ambiguous_array", []),
    "npz with floats as ids": ("s.npz", npz_bytes(embeddings=GOOD, ids=np.arange(5.0)), None, "ids_bad_type", []),
    "npz with repeated ids": (
        "s.npz", npz_bytes(embeddings=GOOD, ids=np.array([1, 2, 3, 2, 5])), None, "ids_duplicate", [3]),
    "npz truncated": ("s.npz", npz_bytes(embeddings=GOOD)[:-10], None, "truncated", []),
    "npz damaged": ("s.npz", damaged(npz_bytes(compressed=True, embeddings=GOOD)), None, "bad_archive", []),
    "npz encrypted": ("s.npz", encrypted(npz_bytes(embeddings=GOOD)), None, "unsupported_compression", []),
    "safetensors truncated": ("s.safetensors", safetensors_bytes(embeddings=GOOD)[:-1], None, "truncated", []),
    "safetensors with an invalid header": (
        "s.safetensors", b"\x10" + b"\0" * 7 + b"{" + b"x" * 30, None, "bad_header", []),
    "too large": ("s.npy", npy_bytes(np.ones((20_000, DIMENSION), np.float32)), None, "too_large", []),
}  # fmt: skip
