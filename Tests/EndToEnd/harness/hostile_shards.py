"""Malicious shards: zip bombs, headers with huge shapes, archives with false sizes."""

import io
import struct
import zipfile

import numpy as np

from .http import npy_bytes
from .shards import npy_with_header, npz_bytes, safetensors_bytes

DIMENSION = 4
GOOD = np.random.default_rng(5).standard_normal((5, DIMENSION)).astype(np.float32)
PETABYTE = 2**50
MIB = 1 << 20
# The setting `largest-shard` of the daemon that gets these shards.
LARGEST_SHARD = MIB


def npy_header(descr="'<f4'", shape="(5, 4)", order="False"):
    return npy_with_header(f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}", GOOD.tobytes())


def archive(*members, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def bomb(megabytes, name="embeddings.npy"):
    """A small archive that inflates to `megabytes` MiB and declares that size."""
    rows = megabytes * MIB // 16
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 4), }}"
    return archive((name, npy_with_header(header) + bytes(rows * 16)))


def with_false_field(content, field, value, size=4):
    """An archive with a false field in its central directory record.

    `field` is the offset in the record: 10 is the method, 20 the compressed size, 24 the size, 42 the header's offset.
    """
    content = bytearray(content)
    offset = content.find(b"PK\x01\x02") + field
    content[offset : offset + size] = value.to_bytes(size, "little")
    return bytes(content)


def tensors(header, data=b"", length=None):
    """A safetensors file with this header; `length` replaces the true length of the header."""
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype="F32", shape="[5,4]", offsets="[0,80]", name="embeddings"):
    """A safetensors header with one tensor."""
    return f'{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}'


DATA = GOOD.tobytes()
EMBEDDINGS = ("embeddings.npy", npy_bytes(GOOD))
PLAIN = archive(EMBEDDINGS)
TWO_ARRAYS = archive(("../../../etc/passwd.npy", npy_bytes(GOOD)), ("b.npy", npy_bytes(GOOD)))
PETABYTE_TENSOR = tensor(shape=f"[{PETABYTE},4]", offsets=f"[0,{PETABYTE * 16}]")

# name: (file name, content, ids, code, rows). Large content is a function that creates it.
HOSTILE = {
    "npy of a petabyte": ("s.npy", npy_header(shape=f"({PETABYTE}, 4)"), None, "truncated", []),
    "npy of 2^63 rows": ("s.npy", npy_header(shape=f"({2**63}, 4)"), None, "bad_shape", []),
    "npy of 10^100 rows": ("s.npy", npy_header(shape=f"({10**100}, 4)"), None, "bad_shape", []),
    "npy of one row of 2^40 numbers": ("s.npy", npy_header(shape=f"(1, {2**40})"), None, "truncated", []),
    "npy whose size overflows to the file's size": (
        "s.npy", npy_header(shape=f"({2**60 + 5}, 4)"), None, "bad_shape", []),
    "npy with strings in the shape": ("s.npy", npy_header(shape="('5', 4)"), None, "bad_header", []),
    "npy with fractions in the shape": ("s.npy", npy_header(shape="(5.0, 4)"), None, "bad_header", []),
    "npy with an empty shape": ("s.npy", npy_header(shape="()"), None, "bad_shape", []),
    "npy with a string as the shape": ("s.npy", npy_header(shape="'(5, 4)'"), None, "bad_header", []),
    "npy of strings": ("s.npy", npy_header("'<U4'"), None, "unsupported_dtype", []),
    "npy of bytes": ("s.npy", npy_header("'|S16'"), None, "unsupported_dtype", []),
    "npy of datetimes": ("s.npy", npy_header("'<M8[s]'"), None, "unsupported_dtype", []),
    "npy of booleans": ("s.npy", npy_header("'|b1'"), None, "unsupported_dtype", []),
    "npy of long doubles": ("s.npy", npy_header("'<f16'"), None, "unsupported_dtype", []),
    "npy of pickled objects": ("s.npy", npy_header("'|O'") + b"\x80\x04cos\nsystem\n", None, "unsupported_dtype", []),
    "npy with a function call as the dtype": ("s.npy", npy_header("__import__('os')"), None, "bad_header", []),
    "npy with a header of 64 KiB": ("s.npy", npy_with_header("{" + " " * 65_000), None, "bad_header", []),
    "npy with deeply nested brackets": ("s.npy", npy_with_header("(" * 60_000), None, "bad_header", []),
    "npy that ends before its header": ("s.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", None, "bad_header", []),
    "npy of zero bytes": ("s.npy", bytes(1000), None, "not_a_shard", []),
    "npy that is a zip archive": ("s.npy", PLAIN, None, "not_a_shard", []),
    "npy that is an ELF file": ("s.npy", b"\x7fELF" + bytes(100), None, "not_a_shard", []),
    "npy with too many ids": ("s.npy", npy_bytes(GOOD), b"a\nb\nc\nd\ne\nf\n" * 1000, "ids_too_many", []),
    "npy with one id of 500 kB": ("s.npy", npy_bytes(GOOD), b"x" * 500_000, "ids_too_few", []),
    "npy with NUL bytes as ids": ("s.npy", npy_bytes(GOOD), b"\0\n\0\n\0\n\0\n\0\n", "ids_duplicate", [1, 2, 3, 4]),
    "npy with empty lines as ids": ("s.npy", npy_bytes(GOOD), b"\n" * 5, "id_empty", [0, 1, 2, 3, 4]),
    "npy with ids too large to read": ("s.npy", npy_bytes(GOOD), b"x\n" * LARGEST_SHARD, "too_large", []),
    "npz that inflates to 512 MiB": ("s.npz", lambda: bomb(512), None, "too_large", []),
    "npz that inflates just beyond the limit": ("s.npz", lambda: bomb(2), None, "too_large", []),
    "npz with a bomb beside the array": (
        "s.npz", lambda: archive(EMBEDDINGS, ("ids.npy", bytes(300 * MIB))), None, "too_large", []),
    "npz that says it is smaller than it is": (
        "s.npz", lambda: with_false_field(bomb(64), 24, 200), None, "bad_archive", []),
    "npz that says it is larger than it is": ("s.npz", with_false_field(PLAIN, 24, 500_000), None, "bad_archive", []),
    "npz that claims 4 GiB": ("s.npz", with_false_field(PLAIN, 24, 2**32 - 2), None, "too_large", []),
    "npz whose compressed size passes its end": ("s.npz", with_false_field(PLAIN, 20, 2**31), None, "bad_archive", []),
    "npz whose header offset passes its end": ("s.npz", with_false_field(PLAIN, 42, 2**31), None, "bad_archive", []),
    "npz of an unknown compression method": ("s.npz", with_false_field(PLAIN, 10, 99, 2), None, "bad_archive", []),
    "npz compressed with bzip2": (
        "s.npz", archive(EMBEDDINGS, method=zipfile.ZIP_BZIP2), None, "unsupported_compression", []),
    "npz compressed with lzma": (
        "s.npz", archive(EMBEDDINGS, method=zipfile.ZIP_LZMA), None, "unsupported_compression", []),
    "npz of 9,000 members": (
        "s.npz", archive(*((f"{number}.npy", b"") for number in range(9_000))), None, "bad_archive", []),
    "npz with a path traversal as a name": ("s.npz", TWO_ARRAYS, None, "ambiguous_array", []),
    "npz that is text": ("s.npz", b"PK" * 500, None, "not_a_shard", []),
    "npz within an npz": ("s.npz", archive(("embeddings.npy", PLAIN)), None, "not_a_shard", []),
    "npz with an array of a petabyte": (
        "s.npz", archive(("embeddings.npy", npy_header(shape=f"({PETABYTE}, 4)"))), None, "truncated", []),
    "npz with pickled ids": (
        "s.npz", npz_bytes(embeddings=GOOD, ids=np.array(["a", 1, None, "b", "c"], object)), None, "ids_bad_type", []),
    "safetensors with a header of a petabyte": (
        "s.safetensors", tensors("{}", length=PETABYTE), None, "bad_header", []),
    "safetensors with a header of 2^64 - 1": ("s.safetensors", tensors("{}", length=2**64 - 1), None, "bad_header", []),
    "safetensors with an empty header": ("s.safetensors", tensors(""), None, "truncated", []),
    "safetensors of zero length": ("s.safetensors", b"", None, "truncated", []),
    "safetensors with a petabyte of rows": ("s.safetensors", tensors(PETABYTE_TENSOR, DATA), None, "truncated", []),
    "safetensors with a shape that overflows": (
        "s.safetensors", tensors(tensor(shape=f"[{2**62},4]", offsets="[0,80]"), DATA), None, "bad_shape", []),
    "safetensors with reversed offsets": (
        "s.safetensors", tensors(tensor(offsets="[80,0]"), DATA), None, "bad_header", []),
    "safetensors with negative offsets": (
        "s.safetensors", tensors(tensor(offsets="[-80,0]"), DATA), None, "bad_header", []),
    "safetensors with offsets that do not match the shape": (
        "s.safetensors", tensors(tensor(offsets="[0,79]"), DATA), None, "bad_shape", []),
    "safetensors of integers": ("s.safetensors", tensors(tensor(dtype="I32"), DATA), None, "unsupported_dtype", []),
    "safetensors of an unknown type": (
        "s.safetensors", tensors(tensor(dtype="F33"), DATA), None, "unsupported_dtype", []),
    "safetensors with deeply nested brackets": ("s.safetensors", tensors("[" * 100_000), None, "not_a_shard", []),
    "safetensors with a header that is not UTF-8": ("s.safetensors", tensors(b'{"\xff":1}'), None, "bad_header", []),
    "safetensors with trailing bytes": (
        "s.safetensors", safetensors_bytes(embeddings=GOOD) + b"x", None, "trailing_bytes", []),
    "deletion list without ids": ("s.delete", b"", None, "no_rows", []),
    "deletion list with a repeated id": ("s.delete", b"a\nb\na\n", None, "ids_duplicate", [2]),
    "deletion list that is not UTF-8": ("s.delete", b"a\n\xff\n", None, "ids_not_utf8", [1]),
    "deletion list with a long id": ("s.delete", b"x" * 501, None, "id_too_long", [0]),
    "deletion list that is too large": ("s.delete", b"x\n" * LARGEST_SHARD, None, "too_large", []),
}  # fmt: skip
