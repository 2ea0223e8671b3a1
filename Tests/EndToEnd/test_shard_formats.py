"""Shards in each supported format, type and byte order, with each way to give ids."""

import io

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.shards import npz_bytes, safetensors_bytes
from harness.spool import IMAGES, REFERENCES, default_ids

COUNT, DIMENSION = 7, 5
VECTORS = np.random.default_rng(7).standard_normal((COUNT, DIMENSION)).astype(np.float16)
NUMBERS = np.array([3, -1, 2**62, 0, 17, 2**31, 5])
WORDS = ["a", "ü/%", "a b", "日本語", "x" * 500, "Ωmega", "1"]


def ids_file(ids, end="\n", start=b""):
    return start + end.join(ids).encode()


def npy_version_2(vectors):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, vectors, version=(2, 0))
    return buffer.getvalue()


# name: (file name, content, content of the .ids file, expected ids)
FORMATS = {
    "npy float16": ("s.npy", npy_bytes(VECTORS), None, None),
    "npy float32": ("s.npy", npy_bytes(VECTORS.astype(np.float32)), None, None),
    "npy float64": ("s.npy", npy_bytes(VECTORS.astype(np.float64)), None, None),
    "npy float16 big endian": ("s.npy", npy_bytes(VECTORS.astype(">f2")), None, None),
    "npy float32 big endian": ("s.npy", npy_bytes(VECTORS.astype(">f4")), None, None),
    "npy float64 big endian": ("s.npy", npy_bytes(VECTORS.astype(">f8")), None, None),
    "npy Fortran order": ("s.npy", npy_bytes(np.asfortranarray(VECTORS)), None, None),
    "npy Fortran order big endian": ("s.npy", npy_bytes(np.asfortranarray(VECTORS.astype(">f8"))), None, None),
    "npy version 2": ("s.npy", npy_version_2(VECTORS), None, None),
    "npy with ids": ("s.npy", npy_bytes(VECTORS), ids_file(WORDS), WORDS),
    "npy with ids, final line feed": ("s.npy", npy_bytes(VECTORS), ids_file([*WORDS, ""]), WORDS),
    "npy with ids, CRLF": ("s.npy", npy_bytes(VECTORS), ids_file([*WORDS, ""], end="\r\n"), WORDS),
    "npy with ids, byte order mark": ("s.npy", npy_bytes(VECTORS), ids_file(WORDS, start=b"\xef\xbb\xbf"), WORDS),
    "npz": ("s.npz", npz_bytes(embeddings=VECTORS), None, None),
    "npz deflated": ("s.npz", npz_bytes(compressed=True, embeddings=VECTORS.astype(np.float64)), None, None),
    "npz array of any name": ("s.npz", npz_bytes(arr_0=VECTORS), None, None),
    "npz integer ids": ("s.npz", npz_bytes(embeddings=VECTORS, ids=NUMBERS), None, [str(n) for n in NUMBERS]),
    "npz string ids": ("s.npz", npz_bytes(compressed=True, embeddings=VECTORS, ids=np.array(WORDS)), None, WORDS),
    "npz ids file overrides its own ids": ("s.npz", npz_bytes(embeddings=VECTORS, ids=NUMBERS), ids_file(WORDS), WORDS),
    "safetensors float16": ("s.safetensors", safetensors_bytes(embeddings=VECTORS), None, None),
    "safetensors float32": ("s.safetensors", safetensors_bytes(embeddings=VECTORS.astype(np.float32)), None, None),
    "safetensors float64": ("s.safetensors", safetensors_bytes(embeddings=VECTORS.astype(np.float64)), None, None),
    "safetensors integer ids": (
        "s.safetensors", safetensors_bytes(ids=NUMBERS, embeddings=VECTORS), None, [str(n) for n in NUMBERS],
    ),
    "safetensors with an ids file": ("s.safetensors", safetensors_bytes(embeddings=VECTORS), ids_file(WORDS), WORDS),
}  # fmt: skip


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("formats"), k=3, capacity=6) as daemon:
        yield daemon, Oracle(k=3)


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("case", FORMATS)
def test_a_shard_of_each_format_takes_effect(shared, kind, case):
    daemon, oracle = shared
    name, content, ids_content, ids = FORMATS[case]
    before = daemon.spool.receipt_version(kind, name)
    daemon.spool.drop_bytes(kind, name, content, ids_content)
    receipt = daemon.spool.wait_receipt(kind, name, before)
    ids = ids or default_ids(name, COUNT)
    known = oracle.images if kind == IMAGES else oracle.references
    assert receipt["rows"] == COUNT
    assert receipt["replaced"] == len(set(ids) & known.keys())
    oracle.put(kind, ids, VECTORS)
    with daemon.client() as client:
        check_everything(client, oracle)
