"""Element types: bfloat16 is read exactly; other types are rejected with advice that works as it is written."""

import io
import os
import re

import ml_dtypes
import numpy as np
import pytest
from nnnd.results import parse_search
from safetensors.numpy import save as safetensors_save

from harness.daemon import Daemon
from harness.http import NPY, npy_bytes
from harness.nnnctl import fails
from harness.shards import npz_bytes
from harness.spool import IMAGES

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
DIMENSION = 4
# All types below except booleans represent these numbers exactly.
NUMBERS = np.array([[1, 2, 3, 4], [0, 1, -2, 3], [2, -4, 1, 0]])
# Numbers of which bfloat16 represents only some exactly.
WIDE = np.array([[1e4, -1e-3, 0.1, 1 / 3], [1e-30, -0.0, 257, 1.0]]).astype(BFLOAT16)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with the default of npy-v2, and a metric with which zeros and large numbers are accepted."""
    with Daemon(tmp_path_factory.mktemp("types"), k=3, metric="inner-product") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def bfloat16_daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("bfloat16"), k=3, metric="inner-product", npy_v2="bfloat16") as daemon:
        yield daemon


def components(daemon, ids):
    """The stored vectors of these images: the inner products with the unit vectors are their components."""
    with daemon.client() as client:
        result = client.search(np.eye(DIMENSION), top_k=1000, alpha=0)
    columns = [{hit.id: hit.similarity for hit in hits} for hits in result]
    return np.array([[column[id] for column in columns] for id in ids], np.float32)


def check_taken(daemon, name, content, expected):
    """Drops a shard and compares its stored vectors with `expected`, number by number."""
    before = daemon.spool.receipt_version(IMAGES, name)
    daemon.spool.drop_bytes(IMAGES, name, content)
    daemon.spool.wait_receipt(IMAGES, name, before)
    stem = name.rpartition(".")[0]
    ids = [f"{stem}:{row}" for row in range(len(expected))]
    np.testing.assert_array_equal(components(daemon, ids), np.asarray(expected, np.float32))


def reject(daemon, name, content):
    """Drops a shard that must be rejected, and returns the error document."""
    before = daemon.spool.error_version(IMAGES, name)
    daemon.spool.drop_bytes(IMAGES, name, content)
    failure = daemon.spool.wait_failure(IMAGES, name, before)
    daemon.spool.error_path(IMAGES, name).unlink()
    return failure


def follow(advice, **variables):
    """Runs the Python in the advice with these variables, and returns all variables."""
    (line,) = re.findall("`([^`]+)`", advice)
    variables |= {"numpy": np, "ml_dtypes": ml_dtypes}
    exec(line, variables)
    return variables


def test_bfloat16_tensors_are_read_exactly(daemon):
    check_taken(daemon, "s.safetensors", safetensors_save({"embeddings": WIDE}), WIDE)
    check_taken(daemon, "named.safetensors", safetensors_save({"vectors": WIDE[:1]}), WIDE[:1])


BFLOAT16_FILES = {
    "C order": ("s.npy", npy_bytes(WIDE)),
    "Fortran order": ("s.npy", npy_bytes(np.asfortranarray(WIDE))),
    "big endian": ("s.npy", npy_bytes(WIDE.astype(BFLOAT16.newbyteorder(">")))),
    "as numpy saves it again": ("s.npy", npy_bytes(np.load(io.BytesIO(npy_bytes(WIDE))))),
    "npz": ("s.npz", npz_bytes(embeddings=WIDE)),
    "npz deflated": ("s.npz", npz_bytes(compressed=True, embeddings=WIDE)),
}


@pytest.mark.parametrize("case", BFLOAT16_FILES)
def test_npy_v2_decides_whether_v2_is_bfloat16(bfloat16_daemon, daemon, case):
    name, content = BFLOAT16_FILES[case]
    failure = reject(daemon, name, content)
    assert failure["code"] == "unsupported_dtype" and "npy-v2" in failure["advice"], failure
    check_taken(bfloat16_daemon, name, content, WIDE)


def test_v2_that_is_written_in_place_is_read_when_it_is_complete(bfloat16_daemon):
    path = bfloat16_daemon.spool.incoming(IMAGES) / "place.npy"
    np.save(path, WIDE)
    bfloat16_daemon.spool.wait_receipt(IMAGES, "place.npy")


def test_queries_of_v2_follow_npy_v2_too(daemon, bfloat16_daemon):
    queries = NUMBERS.astype(BFLOAT16)
    for one in (daemon, bfloat16_daemon):
        one.drop(IMAGES, "numbers.npy", NUMBERS.astype(np.float32))
    with bfloat16_daemon.client() as client:
        expected = list(client.search(NUMBERS.astype(np.float32)))
        for part, hits in ((queries, expected), (queries[0], expected[:1])):
            assert list(parse_search(client.post("/v1/search", npy_bytes(part), NPY))) == hits
    with daemon.client() as client:
        response = client.post("/v1/search", npy_bytes(queries), NPY)
        assert response.status == 400 and response.json()["code"] == "bad_npy", response
        vectors = follow(response.json()["detail"], vectors=queries)["vectors"]
        assert list(client.search(vectors)) == list(client.search(NUMBERS.astype(np.float32)))


def test_nnnctl_rejects_queries_of_v2_with_the_same_advice(bfloat16_daemon, tmp_path):
    path = tmp_path / "q.npy"
    np.save(path, NUMBERS.astype(BFLOAT16))
    message = fails(os.EX_DATAERR, "search", "--queries", str(path), daemon=bfloat16_daemon)
    assert follow(message, vectors=np.load(path))["vectors"].dtype == np.float32


def test_a_shard_of_v2_that_took_effect_is_not_rejected_after_npy_v2_changed(make_daemon):
    daemon = make_daemon(k=3, npy_v2="bfloat16").start()
    content = npy_bytes(NUMBERS.astype(BFLOAT16))
    daemon.spool.drop_bytes(IMAGES, "s.npy", content)
    daemon.spool.wait_receipt(IMAGES, "s.npy")
    daemon.restart(npy_v2="reject")
    before = daemon.spool.receipt_version(IMAGES, "s.npy")
    daemon.spool.drop_bytes(IMAGES, "s.npy", content)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy", before)["unchanged"]
    assert daemon.status()["images"] == len(NUMBERS)


def structured(numbers):
    array = np.zeros(len(numbers), [("a", "<f4"), ("b", "<f8", (2,)), ("c", "<i2")])
    array["a"], array["b"], array["c"] = numbers[:, 0], numbers[:, 1:3], numbers[:, 3]
    return array


def rows_as_objects(numbers):
    array = np.empty(len(numbers), object)
    for row, values in enumerate(numbers):
        array[row] = values.astype(np.float32)
    return array


SCALE = np.array([0.5, 0.25, 1, 2], np.float32)
OFFSET = np.array([-1, 0, 0.5, 8], np.float32)
QUANTISED = NUMBERS * SCALE + OFFSET
POSITIVE = NUMBERS + 5

# name: (the array as a producer has it, the vectors that it stands for)
REJECTED_ARRAYS = {
    "bfloat16": (NUMBERS.astype(BFLOAT16), NUMBERS),
    "float8_e4m3fn": (NUMBERS.astype(ml_dtypes.float8_e4m3fn), NUMBERS * SCALE),
    "float8_e5m2": (NUMBERS.astype(ml_dtypes.float8_e5m2), NUMBERS * SCALE),
    "int8": (NUMBERS.astype(np.int8), QUANTISED),
    "uint8": (POSITIVE.astype(np.uint8), POSITIVE * SCALE + OFFSET),
    "int64": (NUMBERS.astype(np.int64), QUANTISED),
    "uint16 big endian": (POSITIVE.astype(">u2"), POSITIVE * SCALE + OFFSET),
    "booleans": (NUMBERS > 0, NUMBERS > 0),
    "complex64": ((NUMBERS[:, :2] + 1j * NUMBERS[:, 2:]).astype(np.complex64), NUMBERS),
    "complex128": (NUMBERS[:, :2] + 1j * NUMBERS[:, 2:], NUMBERS),
    "long doubles": (NUMBERS.astype(np.longdouble), NUMBERS),
    "text": (NUMBERS.astype(str), NUMBERS),
    "objects": (NUMBERS.astype(object), NUMBERS),
    "rows as objects": (rows_as_objects(NUMBERS), NUMBERS),
    "structures": (structured(NUMBERS), NUMBERS),
    "float32 without a type": (NUMBERS.astype(np.float32).view("V4"), NUMBERS),
    "rows without a type": (NUMBERS.astype(np.float32).view("V16")[:, 0], NUMBERS),
}


@pytest.mark.filterwarnings("ignore:Custom dtypes are saved as python objects")
@pytest.mark.parametrize("case", REJECTED_ARRAYS)
def test_the_advice_for_an_array_works_as_it_is_written(daemon, case):
    array, expected = REJECTED_ARRAYS[case]
    content = npy_bytes(array)
    failure = reject(daemon, "s.npy", content)
    assert failure["code"] == "unsupported_dtype", failure
    arrays = [array]
    if case != "float8_e5m2":
        # numpy can't load what it has saved of this type. Of all others, a producer may have only the file.
        arrays.append(np.load(io.BytesIO(content), allow_pickle=True))
    for vectors in arrays:
        converted = follow(failure["advice"], vectors=vectors, scale=SCALE, offset=OFFSET)["vectors"]
        check_taken(daemon, "s.npy", npy_bytes(converted), expected)


@pytest.mark.parametrize("name", ["int4", "float8_e4m3", "float8_e5m2fnuz"])
def test_the_advice_for_one_byte_without_a_type_works_with_another_type(daemon, name):
    array = NUMBERS.astype(getattr(ml_dtypes, name))
    failure = reject(daemon, "s.npy", npy_bytes(array.view("V1")))
    advice = failure["advice"].replace("float8_e4m3fn", name)
    check_taken(daemon, "s.npy", npy_bytes(follow(advice, vectors=array.view("V1"), scale=1)["vectors"]), NUMBERS)


REJECTED_TENSORS = {
    "F8_E4M3": (NUMBERS.astype(ml_dtypes.float8_e4m3fn), NUMBERS * SCALE),
    "F8_E5M2": (NUMBERS.astype(ml_dtypes.float8_e5m2), NUMBERS * SCALE),
    "F8_E5M2FNUZ": (NUMBERS.astype(ml_dtypes.float8_e5m2fnuz), NUMBERS * SCALE),
    "I8": (NUMBERS.astype(np.int8), QUANTISED),
    "U8": (POSITIVE.astype(np.uint8), POSITIVE * SCALE + OFFSET),
    "BOOL": (NUMBERS > 0, NUMBERS > 0),
    "C64": ((NUMBERS[:, :2] + 1j * NUMBERS[:, 2:]).astype(np.complex64), NUMBERS),
}


@pytest.mark.parametrize("case", REJECTED_TENSORS)
def test_the_advice_for_a_tensor_works_as_it_is_written(daemon, case):
    tensor, expected = REJECTED_TENSORS[case]
    content = safetensors_save({"embeddings": np.ascontiguousarray(tensor)})
    failure = reject(daemon, "s.safetensors", content)
    assert failure["code"] == "unsupported_dtype" and case in failure["message"], failure
    vectors = follow(failure["advice"], vectors=tensor, scale=SCALE, offset=OFFSET)["vectors"]
    vectors = np.ascontiguousarray(vectors)
    check_taken(daemon, "s.safetensors", safetensors_save({"embeddings": vectors}), expected)


VECTORS = NUMBERS.astype(np.float32)
WORDS = ["a", "Grüße", "日本"]

# name: (the ids as a producer has them, the ids that they stand for)
REJECTED_IDS = {
    "StringDType": (np.array(WORDS, np.dtypes.StringDType()), WORDS),
    "StringDType in a column": (np.array(WORDS, np.dtypes.StringDType())[:, None], WORDS),
    "text as objects": (np.array(WORDS, object), WORDS),
    "text and numbers as objects": (np.array(["a", 7, 2**70], object), ["a", "7", str(2**70)]),
    "float64": (np.array([3.0, 1, 2]), ["3", "1", "2"]),
    "times": (np.array(["2026-11-27", "2026-11-28", "2026-11-29"], "M8[D]"), None),
}


@pytest.mark.filterwarnings("ignore:Custom dtypes are saved as python objects")
@pytest.mark.parametrize("case", REJECTED_IDS)
def test_the_advice_for_ids_works_as_it_is_written(daemon, case):
    ids, expected = REJECTED_IDS[case]
    failure = reject(daemon, "ids.npz", npz_bytes(embeddings=VECTORS, ids=ids))
    assert failure["code"] == "ids_bad_type", failure
    ids = follow(failure["advice"], ids=ids)["ids"]
    before = daemon.spool.receipt_version(IMAGES, "ids.npz")
    daemon.spool.drop_bytes(IMAGES, "ids.npz", npz_bytes(embeddings=VECTORS, ids=ids))
    daemon.spool.wait_receipt(IMAGES, "ids.npz", before)
    np.testing.assert_array_equal(components(daemon, expected or ids.tolist()), VECTORS)


def test_the_advice_for_ids_in_a_tensor_works_as_it_is_written(daemon):
    ids = np.array([30.0, 10, 20])
    failure = reject(daemon, "ids.safetensors", safetensors_save({"embeddings": VECTORS, "ids": ids}))
    assert failure["code"] == "ids_bad_type", failure
    ids = follow(failure["advice"], ids=ids)["ids"]
    daemon.spool.drop_bytes(IMAGES, "ids.safetensors", safetensors_save({"embeddings": VECTORS, "ids": ids}))
    daemon.spool.wait_receipt(IMAGES, "ids.safetensors")
    np.testing.assert_array_equal(components(daemon, ["30", "10", "20"]), VECTORS)
