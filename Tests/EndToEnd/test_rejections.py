"""Rejected shards: they move to failed/ with an error document, and nothing else changes."""

import os
import socket

import numpy as np
import pytest

from harness.bad_shards import BAD, DIMENSION, GOOD, GOOD_NPY
from harness.daemon import Daemon
from harness.oracle import Oracle, check_everything
from harness.rejection import check_rejection
from harness.spool import IMAGES, REFERENCES, default_ids, id_lines, ids_name
from harness.users import make_accessible_to_all_users
from harness.waiting import wait_until

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
    """Checks that the test changes neither the corpus nor any folder except failed/."""
    kept = ("images", "references", "done/images", "done/references", "processing/images", "processing/references")
    generation, names = daemon.status()["generation"], [daemon.spool.names(folder) for folder in kept]
    yield
    assert [daemon.spool.names(folder) for folder in kept] == names
    with daemon.client() as client:
        assert client.status()["generation"] == generation
        check_everything(client, oracle)


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
@pytest.mark.parametrize("case", BAD)
def test_a_bad_shard_is_rejected_with_its_code(daemon, unchanged, api_document, case, kind):
    name, content, ids, code, rows = BAD[case]
    before = daemon.spool.error_version(kind, name)
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


def test_a_dangling_symbolic_link_is_rejected(daemon, unchanged, api_document):
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
        # The path of a socket has at most 108 bytes, so the folder is reached through a descriptor.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            bound.bind(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
        failure = daemon.spool.wait_failure(REFERENCES, "socket.npy")
    check_rejection(daemon, api_document, failure, REFERENCES, "socket.npy", "not_regular_file", [])


def test_a_folder_is_rejected(daemon, unchanged, api_document):
    folder = daemon.spool.incoming(IMAGES) / "folder.npy"
    folder.mkdir()
    failure = daemon.spool.wait_failure(IMAGES, "folder.npy")
    check_rejection(daemon, api_document, failure, IMAGES, "folder.npy", "not_regular_file", [])
    assert (daemon.spool.failed(IMAGES) / "folder.npy").is_dir()


def test_two_rejected_folders_of_the_same_name_are_both_kept(daemon, unchanged):
    for _ in range(2):
        folder = daemon.spool.root / "folder"
        folder.mkdir()
        (folder / "file").write_text("content")
        before = daemon.spool.error_version(IMAGES, "full.npy")
        folder.rename(daemon.spool.incoming(IMAGES) / "full.npy")
        daemon.spool.wait_failure(IMAGES, "full.npy", before)
    kept = [name for name in daemon.spool.names("failed", IMAGES) if name.startswith("full.npy")]
    assert len(kept) == 3, "failed/ does not have both folders and one error document"


def test_a_shard_whose_sidecar_is_a_symbolic_link_is_rejected(daemon, unchanged, tmp_path):
    target = tmp_path / "ids"
    target.write_bytes(id_lines(["a", "b", "c", "d", "e"]))
    os.symlink(target, daemon.spool.incoming(IMAGES) / "linked.ids")
    daemon.spool.drop(IMAGES, "linked.npy", GOOD)
    failure = daemon.spool.wait_failure(IMAGES, "linked.npy")
    assert failure["code"] == "not_regular_file"
    assert ".ids" in failure["message"], "the message does not name the sidecar"


def test_an_error_document_lists_at_most_20_wrong_rows(daemon, unchanged):
    vectors = np.ones((100, DIMENSION))
    vectors[30:, 0] = np.nan
    daemon.spool.drop(IMAGES, "bad-rows.npy", vectors)
    failure = daemon.spool.wait_failure(IMAGES, "bad-rows.npy")
    assert failure["rows"] == list(range(30, 50))


def test_rejected_shards_do_not_block_others(make_daemon):
    daemon = make_daemon(k=3).start()
    for number in range(10):
        daemon.spool.drop(IMAGES, f"{number}.npy", np.full((2, DIMENSION), np.nan if number % 2 else 1.0))
    for number in range(10):
        if number % 2:
            assert daemon.spool.wait_failure(IMAGES, f"{number}.npy")["code"] == "not_finite"
        else:
            daemon.spool.wait_receipt(IMAGES, f"{number}.npy")
    assert daemon.status()["images"] == 10
    wait_until(lambda: len(daemon.status()["last_failures"]) == 5, "five failures", alive=daemon.check_alive)
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


def test_a_rejected_shard_does_not_fix_the_dimension(make_daemon):
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


def test_zero_vectors_are_accepted_under_the_inner_product(make_daemon):
    daemon = make_daemon(k=3, metric="inner-product").start()
    daemon.drop(IMAGES, "zero.npy", np.zeros((2, DIMENSION)))
    assert daemon.status()["images"] == 2


def test_an_unreadable_file_is_rejected(make_daemon, tmp_path):
    if os.geteuid() == 0:
        # Root can read all files, so the daemon runs as another user.
        nobody = 65534
        make_accessible_to_all_users(tmp_path)
        (tmp_path / "own").mkdir()
        os.chown(tmp_path / "own", nobody, nobody)
        daemon = make_daemon(tmp_path / "own", k=3, user=nobody)
    else:
        daemon = make_daemon(k=3)
    daemon.start()
    unreadable = daemon.spool.root / ".secret"
    unreadable.write_bytes(GOOD_NPY)
    unreadable.chmod(0)
    unreadable.rename(daemon.spool.incoming(IMAGES) / "secret.npy")
    failure = daemon.spool.wait_failure(IMAGES, "secret.npy")
    assert failure["code"] == "unreadable"
    assert failure["advice"]


@pytest.mark.parametrize(
    ("rows", "dtype", "code"),
    [(938_705, "<f2", "zero_vector"), (938_705, "<f4", "zero_vector"), (1_500_000, "<f4", "too_large")],
)
def test_a_shard_that_is_staged_can_have_4_gib_by_default(make_daemon, rows, dtype, code):
    """The first is as large as shards of LAION. What is not too large is rejected for its first row of zeros."""
    daemon = make_daemon(k=4).start()
    path = daemon.folder / "zeros.npy"
    np.lib.format.open_memmap(path, "w+", dtype, (rows, 768)).flush()
    os.rename(path, daemon.spool.incoming(IMAGES) / "zeros.npy")
    assert daemon.spool.wait_failure(IMAGES, "zeros.npy")["code"] == code
