"""Writes the fixtures in this folder with numpy, ml_dtypes and safetensors, whose files nnnd must be able to read.

    python3 make_fixtures.py

Every matrix has 5 rows of 3 numbers that float16, float32 and float64 represent exactly: see value().
"""

import io
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
ROWS, DIMENSION = 5, 3


def value(row, column):
    return ((row * 7 + column * 3) % 23 - 11) / 8


def matrix(dtype="<f4", order="C"):
    return np.array([[value(r, c) for c in range(DIMENSION)] for r in range(ROWS)], dtype=dtype, order=order)


def npy(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def write(name, data):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


for width in (2, 4, 8):
    for byte_order, endianness in (("<", "little"), (">", "big")):
        for order in "CF":
            name = f"npy/f{width}-{endianness}-{order}.npy"
            write(name, npy(matrix(f"{byte_order}f{width}", order)))
for version in ((1, 0), (2, 0), (3, 0)):
    write(f"npy/version-{version[0]}.npy", npy(matrix(), version))
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
write("npy/bfloat16-little-C.npy", npy(matrix(BFLOAT16)))
write("npy/bfloat16-little-F.npy", npy(matrix(BFLOAT16, "F")))
write("npy/bfloat16-big-C.npy", npy(matrix(BFLOAT16).astype(BFLOAT16.newbyteorder(">"))))
write("npy/one-dimensional.npy", npy(matrix()[0]))
write("npy/structured.npy", npy(np.zeros(5, dtype=[("a", "<f4"), ("ü", "<i8", (2,))])))
write("npy/object.npy", npy(np.array([["a", 1], ["b", None]], dtype=object)))
write("npy/infinite-as-float32.npy", npy(np.array([[1.0, 2.0], [1e39, 3.0]])))
write("npy/not-finite.npy", npy(np.array([[1, 2], [np.nan, 1], [3, 4], [1, -np.inf]], dtype="<f2")))

integers = np.array([-3, 7, 100, -128, 0])
naturals = np.array([3, 7, 100, 255, 0])
texts = ["a", "Grüße", "日本", "naïve 😀", "with space"]
ids = {}
for width in (1, 2, 4, 8):
    for byte_order, endianness in (("<", "little"), (">", "big")):
        ids[f"i{width}-{endianness}"] = integers.astype(f"{byte_order}i{width}")
        ids[f"u{width}-{endianness}"] = naturals.astype(f"{byte_order}u{width}")
ids["U-little"] = np.array(texts, dtype="<U12")
ids["U-big"] = np.array(texts, dtype=">U12")
ids["S"] = np.array([text.encode() for text in texts])
ids["extreme-i8"] = np.array([-(2**63), 2**63 - 1, 0, 1, 2], dtype="<i8")
ids["extreme-u8"] = np.array([2**64 - 1, 2**63, 0, 1, 2], dtype=">u8")
(HERE / "npz").mkdir(exist_ok=True)
for name, array in ids.items():
    np.savez(HERE / f"npz/ids-{name}.npz", embeddings=matrix(), ids=array)
np.savez(HERE / "npz/ids-column.npz", embeddings=matrix(), ids=np.array(texts)[:, None])
np.savez(HERE / "npz/ids-row.npz", embeddings=matrix(), ids=np.array(texts)[None])
np.savez(HERE / "npz/one-dimensional.npz", embeddings=matrix()[0], ids="word")
np.savez(HERE / "npz/bfloat16.npz", embeddings=matrix(BFLOAT16))
np.savez(HERE / "npz/ids-object.npz", embeddings=matrix(), ids=np.array(texts, dtype=object))
np.savez(HERE / "npz/ids-float.npz", embeddings=matrix(), ids=np.zeros(5))
np.savez(HERE / "npz/stored.npz", embeddings=matrix())
np.savez_compressed(HERE / "npz/deflated.npz", embeddings=matrix("<f2", "F"), ids=ids["U-little"])
np.savez(HERE / "npz/unnamed.npz", matrix(">f8"))
np.savez(HERE / "npz/named-otherwise.npz", vectors=matrix(), ids=integers)
np.savez(HERE / "npz/named-and-others.npz", other=np.zeros((2, 2)), embeddings=matrix(), more=np.zeros(9))
np.savez(HERE / "npz/ambiguous.npz", a=matrix(), b=matrix())
np.savez(HERE / "npz/only-ids.npz", ids=integers)


def archive(path, method, streamed=False):
    class Stream(io.RawIOBase):
        """A file that can't seek. zipfile then writes the sizes of a member after its data."""

        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, data):
            self.data += data
            return len(data)

    out = Stream() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, array in (("embeddings", matrix()), ("ids", integers)):
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)
    write(path, bytes(out.data) if streamed else out.getvalue())


archive("npz/streamed.npz", zipfile.ZIP_DEFLATED, streamed=True)
archive("npz/bzip2.npz", zipfile.ZIP_BZIP2)
# With these limits, zipfile writes zip64 records although the archives are small.
limits = zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = 10, 1
archive("npz/zip64.npz", zipfile.ZIP_STORED)
archive("npz/zip64-deflated.npz", zipfile.ZIP_DEFLATED)
zipfile.ZIP64_LIMIT, zipfile.ZIP_FILECOUNT_LIMIT = limits

(HERE / "safetensors").mkdir(exist_ok=True)
for width in (2, 4, 8):
    save_file({"embeddings": matrix(f"<f{width}")}, HERE / f"safetensors/F{8 * width}.safetensors")
for width in (1, 2, 4, 8):
    for kind, array in (("i", integers), ("u", naturals)):
        tensors = {"embeddings": matrix(), "ids": array.astype(f"<{kind}{width}")}
        save_file(tensors, HERE / f"safetensors/ids-{kind.upper()}{8 * width}.safetensors", {"format": "np"})
save_file({"embeddings": matrix(BFLOAT16)}, HERE / "safetensors/BF16.safetensors")
save_file({"embeddings": matrix()[0], "ids": np.array([7])}, HERE / "safetensors/one-dimensional.safetensors")
save_file({"embeddings": matrix(), "ids": integers[:, None]}, HERE / "safetensors/ids-column.safetensors")
save_file({"vectors": matrix()}, HERE / "safetensors/named-otherwise.safetensors")
save_file({"a": matrix(), "b": matrix()}, HERE / "safetensors/ambiguous.safetensors")
save_file({"embeddings": matrix(), "x": np.zeros(3), "y": np.zeros((0, 2))}, HERE / "safetensors/others.safetensors")
