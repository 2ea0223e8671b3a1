"""Adding and deleting through the spool."""

import io
import os
import sys

import numpy as np
import pytest

import nnnd
from conftest import THREE
from nnnd import _producer, _progress
from nnnd._arrays import as_vectors
from nnnd._memory import memory_limit
from nnnd._producer import SHARD_BYTES
from nnnd._shards import SpoolFile


def stored(db, count, dimension):
    """The ids of all images, sorted."""
    return sorted(db.search(np.ones(dimension, np.float32), top_k=count + 1, alpha=0).ids[0].tolist())


@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_type_and_memory_order_are_added(db, dtype, order):
    db.add_images(np.asarray(THREE, dtype=dtype, order=order), ["cat", "dog", "car"])
    assert db.search(THREE, 1, alpha=0).ids.ravel().tolist() == ["cat", "dog", "car"]


def test_strided_rows_and_memory_maps_are_added(db, tmp_path):
    np.save(tmp_path / "v.npy", np.repeat(THREE, 2, axis=0))
    db.add_images(np.load(tmp_path / "v.npy", mmap_mode="r")[::2], np.array(["cat", "dog", "car"]))
    assert db.search(THREE, 1, alpha=0).ids.ravel().tolist() == ["cat", "dog", "car"]


def test_bfloat16_arrays_are_added_and_searched(db):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    db.add_images(THREE.astype(bfloat16), ["cat", "dog", "car"])
    assert db.search(THREE.astype(bfloat16), 1, alpha=0).ids.ravel().tolist() == ["cat", "dog", "car"]


@pytest.mark.parametrize("type_name", ["float16", "bfloat16", "float32", "float64"])
def test_torch_tensors_are_added_and_searched(db, type_name):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(THREE, requires_grad=True).to(getattr(torch, type_name))
    db.add_images(tensor, ["cat", "dog", "car"])
    db.add_references(tensor.T.contiguous().T)
    assert db.search(tensor, 1, alpha=0).ids.ravel().tolist() == ["cat", "dog", "car"]


def test_the_bytes_of_an_array_are_written_from_its_own_memory():
    array = np.ones((1000, 64), dtype=np.float32)
    pieces = list(as_vectors(array).pieces())
    assert all(np.shares_memory(np.frombuffer(piece, np.uint8), array) for piece in pieces)


def test_batches_become_shards_and_keep_their_ids(db, rng):
    vectors = rng.standard_normal((100, 8)).astype(np.float32)
    batches = ((vectors[start : start + 7], range(start, min(start + 7, 100))) for start in range(0, 100, 7))
    added = db.add_images(batches, shard_bytes=40 * 8 * 4)
    assert added.rows == 100 and len(added.names) == 3
    assert stored(db, 100, 8) == sorted(map(str, range(100)))
    nearest = db.search(vectors, 1, alpha=0).ids.ravel().astype(int)
    assert nearest.tolist() == list(range(100))


@pytest.mark.parametrize(
    ("batches", "ids"),
    [
        ([[[1.0, 0.0], [0.0, 1.0]]], ["n:0", "n:1"]),
        ([[np.array([1.0, 0.0]), np.array([0.0, 1.0])]], ["n:0", "n:1"]),
        ([([[1.0, 0.0], [0.0, 1.0]], ["a", "b"])], ["a", "b"]),
        ([[np.eye(2), ("a", "b")]], ["a", "b"]),
    ],
)
def test_a_list_of_two_rows_is_a_batch_and_a_tuple_of_two_has_ids(db, batches, ids):
    assert db.add_images(iter(batches), name="n").rows == 2
    assert stored(db, 2, 2) == ids


def test_a_list_of_batches_is_rejected_with_a_hint(db):
    with pytest.raises(ValueError, match=r"iter\(batches\)"):
        db.add_images([THREE, THREE[:2]])


def test_a_large_array_becomes_several_shards(db, rng):
    vectors = rng.standard_normal((100, 8)).astype(np.float16)
    added = db.add_images(vectors, range(100), name="words", shard_bytes=30 * 16)
    assert added.names == ["words.npy", "words-00001.npy", "words-00002.npy", "words-00003.npy"]
    assert [receipt["rows"] for receipt in added.receipts] == [30, 30, 30, 10]


def test_the_same_ids_are_replaced_and_counted(db):
    db.add_images(THREE, ["cat", "dog", "car"])
    added = db.add_images(THREE[:2], ["car", "bus"])
    assert (added.rows, added.replaced, added.generation) == (2, 1, 2)


def test_deletions_count_what_was_missing(filled_db):
    deleted = filled_db.delete_images(["cat", "unicorn"])
    assert (deleted.deleted, deleted.missing) == (1, 1)
    assert stored(filled_db, 3, 3) == ["car", "dog"]
    assert filled_db.delete_references(np.array(["x"])).deleted == 1


@pytest.mark.parametrize("ids", ["12", b"12", bytearray(b"12"), np.str_("12")])
def test_one_string_in_place_of_a_list_of_ids_is_an_error(db, ids):
    db.add_images(THREE[:2], ["1", "2"])
    with pytest.raises(TypeError, match="pass a list"):
        db.delete_images(ids)
    with pytest.raises(TypeError, match="pass a list"):
        db.add_images(THREE[:2], ids)
    assert stored(db, 2, 3) == ["1", "2"]


def test_without_waiting_the_receipt_comes_later(db):
    added = db.add_images(THREE, ["cat", "dog", "car"], wait=False)
    assert added.wait(timeout=60).generation == 1
    assert added.waiting == 0


def test_a_rejected_shard_raises_its_code_rows_and_advice(db):
    wrong = THREE.copy()
    wrong[1] = np.nan
    with pytest.raises(nnnd.ShardRejected) as caught:
        db.add_images(wrong, ["cat", "dog", "car"])
    assert (caught.value.code, caught.value.rows) == ("not_finite", (1,)) and caught.value.advice
    with pytest.raises(nnnd.ShardRejected) as caught:
        db.add_images(THREE, ["cat", "cat", "car"])
    assert caught.value.code == "ids_duplicate"
    assert db.status()["images"] == 0


def test_a_name_that_was_rejected_before_can_be_used_again(db):
    with pytest.raises(nnnd.ShardRejected):
        db.add_images(THREE * np.nan, ["cat", "dog", "car"], name="n")
    assert db.add_images(THREE, ["cat", "dog", "car"], name="n").rows == 3
    assert db.add_images(THREE, ["cat", "dog", "car"], name="n").receipts[0]["unchanged"]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "b"], "2 ids for 3 rows"),
        (["a", "b", ""], "row 2 is empty"),
        (["a", "b\nc", "d"], "row 1 has a line break"),
        (["a\r", "b", "c"], "row 0 has a line break"),
        (["\ufeffa", "b", "c"], "byte order mark"),
        (["a", "b", "é" * 300], "more than 500 bytes"),
        (["a", "b", 1.5], "type float"),
        (["a", "b", None], "type NoneType"),
    ],
)
def test_ids_that_cannot_be_written_are_rejected_before_anything_is_sent(db, ids, message):
    with pytest.raises((ValueError, TypeError), match=message):
        db.add_images(THREE, ids)
    assert os.listdir(db.spool().images) == []


def test_ids_of_later_shards_are_checked_before_the_first_is_sent(db, monkeypatch):
    folders = db.spool()
    # A folder that the daemon does not watch, so that files which are sent stay.
    db._folders = nnnd.ingestion.SpoolFolders(folders.done, folders.done, folders.done, folders.failed)
    before = os.listdir(folders.done)
    with pytest.raises(ValueError, match="is empty"):
        db.add_images(THREE, ["a", "b", ""], shard_bytes=12)
    monkeypatch.setattr(_producer, "IDS_PER_LIST", 1)
    with pytest.raises(ValueError, match="is empty"):
        db.delete_images(["a", ""])
    assert os.listdir(folders.done) == before


def test_an_error_of_a_later_batch_gives_the_ingestion_of_what_was_sent(db):
    with pytest.raises(ValueError, match="2 ids for 3 rows") as caught:
        db.add_images(
            iter([(THREE, ["cat", "dog", "car"]), (THREE, ["x", "y", "z"]), (THREE, ["a", "b"])]), shard_bytes=36
        )
    assert caught.value.ingestion.wait(timeout=60).rows == 3


@pytest.mark.parametrize(
    ("groups", "folder", "name"),
    [("0::/a/b", "", "memory.max"), ("3:cpu:/x\n5:memory:/a/b", "memory", "memory.limit_in_bytes")],
)
def test_the_lowest_limit_of_the_control_groups_is_the_memory(tmp_path, groups, folder, name):
    machine = memory_limit(tmp_path)
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    inner = tmp_path / "sys" / "fs" / "cgroup" / folder / "a" / "b"
    inner.mkdir(parents=True)
    (inner / name).write_text("max\n")
    assert memory_limit(tmp_path) == machine
    (inner.parent / name).write_text(f"{machine // 2}\n")
    assert memory_limit(tmp_path) == machine // 2
    (inner / name).write_text(f"{machine // 4}\n")
    assert memory_limit(tmp_path) == machine // 4
    # The default size of shards was computed from the limit when the module was imported.
    assert memory_limit() // 16 >= SHARD_BYTES


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "x.tmp", "n" * 201])
def test_names_that_no_shard_can_have_are_rejected(db, name):
    with pytest.raises(ValueError, match="name"):
        db.add_images(THREE, name=name)


def test_a_failed_write_leaves_nothing_in_the_spool(db):
    def batches():
        yield THREE, ["cat", "dog", "car"]
        raise RuntimeError("the source ended early")

    with pytest.raises(RuntimeError, match="ended early"):
        db.add_images(batches())
    with pytest.raises(ValueError, match="alike"):
        db.add_images(iter([THREE, THREE[:, :2]]))
    with pytest.raises(ValueError, match="empty"):
        db.add_images(iter([]))
    assert os.listdir(db.spool().images) == [] and db.status()["images"] == 0


def test_a_file_system_without_unnamed_files_is_written_under_a_hidden_name(db, monkeypatch):
    opened = os.open

    def open_without_unnamed_files(path, flags, *arguments, **options):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(95, "Operation not supported")
        return opened(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", open_without_unnamed_files)
    db.add_images(THREE, ["cat", "dog", "car"])
    with SpoolFile(db.spool().images) as file:
        file.write(b"unfinished")
        assert [name[0] for name in os.listdir(db.spool().images)] == ["."]
    assert os.listdir(db.spool().images) == []


def test_the_group_can_read_the_files_under_any_umask(db, monkeypatch, tmp_path):
    before = os.umask(0o077)
    try:
        with SpoolFile(tmp_path) as file:
            file.publish("x", sync=True)
    finally:
        os.umask(before)
    assert os.stat(tmp_path / "x").st_mode & 0o777 == 0o640


def test_files_of_killed_processes_are_removed_and_those_of_running_ones_stay(db):
    folder = db.spool().images
    (folder / ".py-abandoned").write_bytes(b"unfinished")
    with SpoolFile(folder) as file:
        file.publish(".py-written", sync=False)
        with nnnd.Client(db.socket) as client:
            # The first call removes abandoned files.
            client.spool()
        assert os.listdir(folder) == [".py-written"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("stream", "shown"), [(Terminal(), True), (io.StringIO(), False)])
def test_progress_is_shown_on_a_terminal_only(monkeypatch, stream, shown):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_progress, "DELAY_SECONDS", 0)
    with _progress.Progress("import images", 10, "rows") as bar:
        bar.add(10)
    assert ("import images" in stream.getvalue()) == shown


def test_without_permission_the_error_names_the_group(db, monkeypatch):
    def denied(*_):
        raise PermissionError(13, "Permission denied")

    db.spool()
    monkeypatch.setattr(os, "open", denied)
    with pytest.raises(PermissionError, match="nnnd-producers"):
        db.add_images(THREE)
