"""Shapes of arrays: one vector in one dimension, and ids in a column, in a row or alone."""

import numpy as np
import pytest
from safetensors.numpy import save as safetensors_save

from harness.daemon import Daemon
from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.shards import npz_bytes
from harness.spool import IMAGES, REFERENCES, id_lines

DIMENSION = 5
VECTORS = np.random.default_rng(8).standard_normal((3, DIMENSION)).astype(np.float32)
ONE = VECTORS[0]
NUMBERS = np.array([7, -3, 2**40])
WORDS = np.array(["a", "Grüße", "日本"])


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("shapes"), k=3, capacity=6) as daemon:
        yield daemon, Oracle(k=3)


# name: (file name, content, content of the .ids file, expected ids)
TAKEN = {
    "npy of one vector": ("one.npy", npy_bytes(ONE), None, ["one:0"]),
    "npy of one vector in float16, big endian": ("one.npy", npy_bytes(ONE.astype(">f2")), None, ["one:0"]),
    "npy of one vector with a sidecar": ("one.npy", npy_bytes(ONE), id_lines(["alone"]), ["alone"]),
    "npz of one vector": ("one.npz", npz_bytes(embeddings=ONE), None, ["one:0"]),
    "npz of one vector with one id": ("one.npz", npz_bytes(embeddings=ONE, ids=WORDS[1:2]), None, ["Grüße"]),
    "npz of one vector with an id without dimensions": (
        "one.npz", npz_bytes(embeddings=ONE, ids=np.array("word")), None, ["word"]),
    "tensor of one vector": ("one.safetensors", safetensors_save({"embeddings": ONE}), None, ["one:0"]),
    "tensor of one vector with one id": (
        "one.safetensors", safetensors_save({"embeddings": ONE, "ids": NUMBERS[:1]}), None, ["7"]),
    "npz with numbers in a column": (
        "ids.npz", npz_bytes(embeddings=VECTORS, ids=NUMBERS[:, None]), None, ["7", "-3", str(2**40)]),
    "npz with words in a column": ("ids.npz", npz_bytes(embeddings=VECTORS, ids=WORDS[:, None]), None, list(WORDS)),
    "npz with words in a column, in Fortran order, deflated": (
        "ids.npz", npz_bytes(compressed=True, embeddings=VECTORS, ids=np.asfortranarray(WORDS[:, None])), None,
        list(WORDS)),
    "npz with byte strings in a column": (
        "ids.npz", npz_bytes(embeddings=VECTORS, ids=np.char.encode(WORDS, "utf-8")[:, None]), None, list(WORDS)),
    "npz with words in a row": ("ids.npz", npz_bytes(embeddings=VECTORS, ids=WORDS[None]), None, list(WORDS)),
    "tensor with numbers in a column": (
        "ids.safetensors", safetensors_save({"embeddings": VECTORS, "ids": NUMBERS[:, None]}), None,
        ["7", "-3", str(2**40)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("case", TAKEN)
def test_arrays_of_these_shapes_take_effect(shared, kind, case):
    daemon, oracle = shared
    name, content, ids_content, ids = TAKEN[case]
    before = daemon.spool.receipt_version(kind, name)
    daemon.spool.drop_bytes(kind, name, content, ids_content)
    assert daemon.spool.wait_receipt(kind, name, before)["rows"] == len(ids)
    vectors = ONE.astype(">f2") if "float16" in case else VECTORS
    oracle.put(kind, ids, np.atleast_2d(vectors)[: len(ids)].astype(np.float32))
    with daemon.client() as client:
        check_everything(client, oracle)


def test_one_vector_that_is_written_in_place_takes_effect(shared):
    daemon, oracle = shared
    np.save(daemon.spool.incoming(IMAGES) / "place.npy", ONE)
    assert daemon.spool.wait_receipt(IMAGES, "place.npy")["rows"] == 1
    oracle.put(IMAGES, ["place:0"], ONE[None])
    with daemon.client() as client:
        check_everything(client, oracle)


# name: (file name, content, code)
REJECTED = {
    "no dimensions": ("bad.npy", npy_bytes(np.float32(1)), "bad_shape"),
    "three dimensions": ("bad.npy", npy_bytes(VECTORS[None]), "bad_shape"),
    "an empty list": ("bad.npy", npy_bytes(np.array([])), "no_rows"),
    "one vector of another dimension": ("bad.npy", npy_bytes(ONE[:3]), "wrong_dimension"),
    "ids in two columns": ("bad.npz", npz_bytes(embeddings=VECTORS, ids=np.arange(6).reshape(3, 2)), "ids_bad_type"),
    "three ids in a column for one vector": ("bad.npz", npz_bytes(embeddings=ONE, ids=WORDS[:, None]), "ids_too_many"),
    "one id for three vectors": ("bad.npz", npz_bytes(embeddings=VECTORS, ids=np.array("a")), "ids_too_few"),
    "tensor of ids in two columns": (
        "bad.safetensors", safetensors_save({"embeddings": VECTORS, "ids": np.arange(6).reshape(3, 2)}),
        "ids_bad_type"),
}  # fmt: skip


@pytest.mark.parametrize("case", REJECTED)
def test_arrays_of_other_shapes_are_rejected(shared, case):
    daemon, _ = shared
    name, content, code = REJECTED[case]
    before = daemon.spool.error_version(IMAGES, name)
    daemon.spool.drop_bytes(IMAGES, name, content)
    assert daemon.spool.wait_failure(IMAGES, name, before)["code"] == code
