"""Shards that are rejected: they go to failed/ with the reason, and nothing else changes."""

import os
import socket

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.rejection import check_rejection
from harness.shards import npy_with_header, npz_bytes, safetensors_bytes
from harness.spool import IMAGES, REFERENCES, default_ids, id_lines, ids_name
from harness.users import let_others_reach
from harness.waiting import wait_until

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


def lines(*ids):
    return id_lines(ids)


def damaged(content):
    """A deflated archive with a byte of its data turned over."""
    middle = len(content) // 3
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def encrypted(content):
    """An archive whose members say that they are encrypted."""
    content = bytearray(content)
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        content[place + flags] |= 1
    return bytes(content)


FAR_TOO_MANY = 2**40

# name: (file name, content, ids, code, rows)
BAD = {
    "another extension": ("s.txt", GOOD_NPY, None, "not_a_shard", []),
    "no extension": ("shard", GOOD_NPY, None, "not_a_shard", []),
    "another content": ("s.npy", b"hello, world, this is no array at all" * 5, None, "not_a_shard", []),
    "empty": ("s.npy", b"", None, "truncated", []),
    "npz that is npy": ("s.npz", GOOD_NPY, None, "not_a_shard", []),
    "unknown version": ("s.npy", b"\x93NUMPY\x09\x00" + GOOD_NPY[8:], None, "unsupported_version", []),
    "header is no literal": ("s.npy", npy_with_header("{'descr': os.system('true')}"), None, "bad_header", []),
    "header without shape": ("s.npy", npy_with_header("{'descr': '<f4', 'fortran_order': False}"), None, "bad_header", []),
    "truncated": ("s.npy", GOOD_NPY[:-3], None, "truncated", []),
    "truncated in the header": ("s.npy", GOOD_NPY[:50], None, "truncated", []),
    "too long": ("s.npy", GOOD_NPY + b"\0", None, "trailing_bytes", []),
    "header claims more": ("s.npy", npy_with_header(header(shape=f"({FAR_TOO_MANY}, 4)"), b"\0" * 80), None, "truncated", []),
    "shape overflows": ("s.npy", npy_with_header(header(shape=f"({2**62}, 4)")), None, "bad_shape", []),
    "negative size": ("s.npy", npy_with_header(header(shape="(-1, 4)")), None, "bad_shape", []),
    "one dimension": ("s.npy", npy_bytes(GOOD[0]), None, "bad_shape", []),
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
    "too few ids": ("s.npy", GOOD_NPY, lines("a", "b", "c", "d"), "ids_too_few", []),
    "too many ids": ("s.npy", GOOD_NPY, lines("a", "b", "c", "d", "e", "f"), "ids_too_many", []),
    "no ids in the ids file": ("s.npy", GOOD_NPY, b"", "ids_too_few", []),
    "doubled id": ("s.npy", GOOD_NPY, lines("a", "b", "a", "d", "b"), "ids_duplicate", [2, 4]),
    "empty id": ("s.npy", GOOD_NPY, lines("a", "", "c", "d", "e"), "id_empty", [1]),
    "long id": ("s.npy", GOOD_NPY, lines("a", "b", "c", "d", "e" * 501), "id_too_long", [4]),
    "long id in two-byte characters": ("s.npy", GOOD_NPY, lines("a", "b", "c", "é" * 251, "e"), "id_too_long", [3]),
    "ids in Latin-1": ("s.npy", GOOD_NPY, b"a\nb\nc\xe9\nd\ne\n", "ids_not_utf8", [2]),
    "npz without an array": ("s.npz", npz_bytes(ids=np.arange(5)), None, "missing_array", []),
    "npz with two arrays": ("s.npz", npz_bytes(a=GOOD, b=GOOD), None, "ambiguous_array", []),
    "npz with floats as ids": ("s.npz", npz_bytes(embeddings=GOOD, ids=np.arange(5.0)), None, "ids_bad_type", []),
    "npz with doubled ids": ("s.npz", npz_bytes(embeddings=GOOD, ids=np.array([1, 2, 3, 2, 5])), None, "ids_duplicate", [3]),
    "npz cut off": ("s.npz", npz_bytes(embeddings=GOOD)[:-10], None, "truncated", []),
    "npz damaged": ("s.npz", damaged(npz_bytes(compressed=True, embeddings=GOOD)), None, "bad_archive", []),
    "npz encrypted": ("s.npz", encrypted(npz_bytes(embeddings=GOOD)), None, "unsupported_compression", []),
    "safetensors cut off": ("s.safetensors", safetensors_bytes(embeddings=GOOD)[:-1], None, "truncated", []),
    "safetensors with a wild header": ("s.safetensors", b"\x10" + b"\0" * 7 + b"{" + b"x" * 30, None, "bad_header", []),
    "too large": ("s.npy", npy_bytes(np.ones((20_000, DIMENSION), np.float32)), None, "too_large", []),
}  # fmt: skip


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """A daemon with a small corpus."""
    with Daemon(tmp_path_factory.mktemp("rejections"), k=3, capacity=6, largest_shard=300_000) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "good.npy", GOOD)
        yield daemon


@pytest.fixture(scope="module")
def oracle():
    oracle = Oracle(k=3)
    for kind in (IMAGES, REFERENCES):
        oracle.put(kind, default_ids("good.npy", len(GOOD)), GOOD)
    return oracle


@pytest.fixture
def unchanged(daemon, oracle):
    """Holds that the corpus is afterwards what it was before, and so are the folders beside failed/."""
    kept = ("images", "references", "done/images", "done/references", "processing/images", "processing/references")
    generation, names = daemon.status()["generation"], [daemon.spool.names(folder) for folder in kept]
    yield
    assert [daemon.spool.names(folder) for folder in kept] == names
    with daemon.client() as client:
        assert client.status()["generation"] == generation
        check_everything(client, oracle)


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("case", BAD)
def test_rejected(daemon, unchanged, api_document, case, kind):
    name, content, ids, code, rows = BAD[case]
    before = daemon.spool.error_stamp(kind, name)
    daemon.spool.drop_bytes(kind, name, content, ids)
    failure = daemon.spool.wait_failure(kind, name, before)
    check_rejection(daemon, api_document, failure, kind, name, code, rows)
    assert (daemon.spool.failed(kind) / name).read_bytes() == content
    if ids is not None:
        path = daemon.spool.failed(kind) / ids_name(name)
        assert path.read_bytes() == ids
        path.unlink()


def test_a_symbolic_link_is_rejected_and_not_followed(daemon, unchanged, api_document, tmp_path):
    target = tmp_path / "target.npy"
    target.write_bytes(GOOD_NPY)
    os.symlink(target, daemon.spool.incoming(IMAGES) / "link.npy")
    failure = daemon.spool.wait_failure(IMAGES, "link.npy")
    check_rejection(daemon, api_document, failure, IMAGES, "link.npy", "not_regular_file", [])
    assert (daemon.spool.failed(IMAGES) / "link.npy").is_symlink()
    assert target.read_bytes() == GOOD_NPY


def test_a_symbolic_link_to_nothing_is_rejected(daemon, unchanged, api_document):
    os.symlink("nowhere", daemon.spool.incoming(IMAGES) / "dangling.npy")
    failure = daemon.spool.wait_failure(IMAGES, "dangling.npy")
    check_rejection(daemon, api_document, failure, IMAGES, "dangling.npy", "not_regular_file", [])


def test_a_pipe_is_rejected(daemon, unchanged, api_document):
    os.mkfifo(daemon.spool.incoming(REFERENCES) / "pipe.npy")
    failure = daemon.spool.wait_failure(REFERENCES, "pipe.npy")
    check_rejection(daemon, api_document, failure, REFERENCES, "pipe.npy", "not_regular_file", [])


def test_a_socket_is_rejected(daemon, unchanged, api_document):
    path = daemon.spool.incoming(REFERENCES) / "socket.npy"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as bound:
        here = os.open(path.parent, os.O_RDONLY)
        try:
            bound.bind(f"/proc/self/fd/{here}/{path.name}")
        finally:
            os.close(here)
        failure = daemon.spool.wait_failure(REFERENCES, "socket.npy")
    check_rejection(daemon, api_document, failure, REFERENCES, "socket.npy", "not_regular_file", [])


def test_a_folder_is_rejected(daemon, unchanged, api_document):
    folder = daemon.spool.incoming(IMAGES) / "folder.npy"
    folder.mkdir()
    failure = daemon.spool.wait_failure(IMAGES, "folder.npy")
    check_rejection(daemon, api_document, failure, IMAGES, "folder.npy", "not_regular_file", [])
    assert (daemon.spool.failed(IMAGES) / "folder.npy").is_dir()


def test_a_folder_with_something_in_it_is_rejected_twice(daemon, unchanged):
    for _ in range(2):
        full = daemon.spool.root / "full"
        full.mkdir()
        (full / "file").write_text("content")
        before = daemon.spool.error_stamp(IMAGES, "full.npy")
        full.rename(daemon.spool.incoming(IMAGES) / "full.npy")
        daemon.spool.wait_failure(IMAGES, "full.npy", before)
    kept = [name for name in daemon.spool.names("failed", IMAGES) if name.startswith("full.npy")]
    assert len(kept) == 3, "both folders and one reason are kept"


def test_ids_that_are_a_link_are_rejected_with_their_shard(daemon, unchanged, tmp_path):
    target = tmp_path / "ids"
    target.write_bytes(lines("a", "b", "c", "d", "e"))
    os.symlink(target, daemon.spool.incoming(IMAGES) / "linked.ids")
    daemon.spool.drop(IMAGES, "linked.npy", GOOD)
    failure = daemon.spool.wait_failure(IMAGES, "linked.npy")
    assert failure["code"] == "not_regular_file"
    assert ".ids" in failure["message"], "it is the ids, not the shard, that are a link"


def test_many_bad_rows_are_listed_up_to_twenty(daemon, unchanged):
    vectors = np.ones((100, DIMENSION))
    vectors[30:, 0] = np.nan
    daemon.spool.drop(IMAGES, "bad-rows.npy", vectors)
    failure = daemon.spool.wait_failure(IMAGES, "bad-rows.npy")
    assert failure["rows"] == list(range(30, 50))


def test_a_rejection_does_not_hold_up_those_behind_it(make_daemon):
    daemon = make_daemon(k=3).start()
    for number in range(10):
        daemon.spool.drop(IMAGES, f"{number}.npy", np.full((2, DIMENSION), np.nan if number % 2 else 1.0))
    for number in range(10):
        if number % 2:
            assert daemon.spool.wait_failure(IMAGES, f"{number}.npy")["code"] == "not_finite"
        else:
            daemon.spool.wait_receipt(IMAGES, f"{number}.npy")
    assert daemon.status()["images"] == 10
    wait_until(lambda: len(daemon.status()["last_failures"]) == 5, "all in the status", alive=daemon.check_alive)
    assert {failure["name"] for failure in daemon.status()["last_failures"]} == {
        f"{number}.npy" for number in range(1, 10, 2)
    }


def test_a_corrected_shard_takes_effect_under_the_same_name(make_daemon):
    daemon = make_daemon(k=3).start()
    daemon.spool.drop(IMAGES, "s.npy", np.zeros((2, DIMENSION)))
    daemon.spool.wait_failure(IMAGES, "s.npy")
    daemon.spool.drop(IMAGES, "s.npy", np.ones((2, DIMENSION)))
    receipt = daemon.spool.receipt_path(IMAGES, "s.npy")
    wait_until(receipt.exists, "the receipt", alive=daemon.check_alive)
    assert daemon.status()["images"] == 2


def test_a_shard_of_another_dimension_fixes_nothing_if_it_is_rejected(make_daemon):
    daemon = make_daemon(k=3).start()
    daemon.spool.drop(IMAGES, "zero.npy", np.zeros((2, 9)))
    daemon.spool.wait_failure(IMAGES, "zero.npy")
    assert "dimension" not in daemon.status()
    daemon.drop(IMAGES, "good.npy", GOOD)
    assert daemon.status()["dimension"] == DIMENSION


def test_rows_too_long_for_the_inner_product_are_rejected(make_daemon):
    daemon = make_daemon(k=3, metric="inner-product").start()
    vectors = np.ones((3, DIMENSION))
    vectors[1] = 1e30
    daemon.spool.drop(IMAGES, "long.npy", vectors)
    failure = daemon.spool.wait_failure(IMAGES, "long.npy")
    assert (failure["code"], failure["rows"]) == ("norm_too_large", [1])


def test_numbers_too_large_for_float16_are_rejected(make_daemon):
    daemon = make_daemon(k=3, metric="inner-product", precision="float16").start()
    vectors = np.ones((3, DIMENSION))
    vectors[2, 0] = 70_000
    daemon.spool.drop(IMAGES, "large.npy", vectors)
    failure = daemon.spool.wait_failure(IMAGES, "large.npy")
    assert (failure["code"], failure["rows"]) == ("norm_too_large", [2])


def test_zero_vectors_are_fine_under_the_inner_product(make_daemon):
    daemon = make_daemon(k=3, metric="inner-product").start()
    daemon.drop(IMAGES, "zero.npy", np.zeros((2, DIMENSION)))
    assert daemon.status()["images"] == 2


def test_an_unreadable_file_is_rejected(make_daemon, tmp_path):
    if os.geteuid() == 0:
        # Nothing is unreadable for root: let a user without rights run it.
        nobody = 65534
        let_others_reach(tmp_path)
        (tmp_path / "own").mkdir()
        os.chown(tmp_path / "own", nobody, nobody)
        daemon = make_daemon(tmp_path / "own", k=3, user=nobody)
    else:
        daemon = make_daemon(k=3)
    daemon.start()
    waiting = daemon.spool.root / ".secret"
    waiting.write_bytes(GOOD_NPY)
    waiting.chmod(0)
    waiting.rename(daemon.spool.incoming(IMAGES) / "secret.npy")
    failure = daemon.spool.wait_failure(IMAGES, "secret.npy")
    assert failure["code"] == "unreadable"
    assert failure["advice"]
