"""Imports of files, and what happens when an import is interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnnd
from conftest import daemon_pid, wait_until
from nnnd.__main__ import main
from nnnd.importing import import_clip_retrieval, import_files

SOURCES = Path(nnnd.__file__).parents[1]
DIMENSION = 8


@pytest.fixture
def vectors(rng):
    values = rng.standard_normal((1000, DIMENSION)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.fixture
def clip_folder(tmp_path, vectors):
    """Two files of embeddings with metadata, and one of texts, as clip-retrieval writes them."""
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    root = tmp_path / "clip"
    for folder in ("img_emb", "text_emb", "metadata"):
        (root / folder).mkdir(parents=True)
    for number, part in enumerate((vectors[:700], vectors[700:])):
        np.save(root / "img_emb" / f"img_emb_{number}.npy", part.astype(np.float16))
        first = 700 * number
        paths = [f"photos/{row:04}.jpg" for row in range(first, first + len(part))]
        parquet.write_table(
            arrow.table({"image_path": paths, "key": range(10_000 + first, 10_000 + first + len(part))}),
            root / "metadata" / f"metadata_{number}.parquet",
            row_group_size=150,
        )
    np.save(root / "text_emb" / "text_emb_0.npy", vectors[:300].astype(np.float16))
    return root


def nearest_rows(db, vectors, to_row):
    """The row of the image that is nearest to each vector, which must be the vector itself."""
    found = [to_row(id) for result in db.search_in_batches(vectors, 1, alpha=0) for id in result.ids[:, 0]]
    return np.array(found)


@pytest.mark.parametrize(
    ("ids", "to_row"),
    [
        (None, lambda id: int(id[7:11])),
        ("key", lambda id: int(id) - 10_000),
        ("row", int),
    ],
)
def test_a_folder_of_clip_retrieval_is_imported_with_its_ids(db, clip_folder, vectors, ids, to_row):
    report = import_clip_retrieval(db, clip_folder, ids=ids, shard_rows=64)
    assert (report.rows, report.rows_before, report.replaced) == (1300, 0, 0)
    assert (nearest_rows(db, vectors, to_row) == np.arange(1000)).all()
    status = db.status()
    assert (status["images"], status["references"]) == (1000, 300)
    assert np.allclose(db.reference("299"), vectors[299], atol=1e-3)


def test_an_import_that_is_run_again_sends_only_what_is_new(db, clip_folder, vectors):
    import_clip_retrieval(db, clip_folder, ids="row", shard_rows=64)
    generation = db.status()["generation"]
    assert import_clip_retrieval(db, clip_folder, ids="row", shard_rows=64).rows_before == 1300
    np.save(clip_folder / "img_emb" / "img_emb_2.npy", vectors[:5].astype(np.float16))
    report = import_clip_retrieval(db, clip_folder, ids="row", shard_rows=64)
    assert (report.rows, report.rows_before, report.generation) == (5, 1300, generation + 1)
    np.save(clip_folder / "img_emb" / "img_emb_0.npy", vectors[:700].astype(np.float16)[::-1])
    report = import_clip_retrieval(db, clip_folder, ids="row", shard_rows=64)
    assert (report.rows, report.replaced) == (700, 700)


def test_rows_that_were_deleted_come_back_if_everything_is_sent_again(db, tmp_path, vectors):
    np.save(tmp_path / "v.npy", vectors)
    import_files(db, [tmp_path / "v.npy"], shard_rows=300)
    db.delete_images([f"v:{row}" for row in range(10)])
    assert import_files(db, [tmp_path / "v.npy"], shard_rows=300).rows == 0
    report = import_files(db, [tmp_path / "v.npy"], shard_rows=300, again=True)
    assert (report.rows, report.replaced) == (1000, 990)


def start_import(db, folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "nnnd", "import", "clip-retrieval", folder, "--socket", db.socket, "--ids", "row",
         "--shard-rows", "20", *options],
        env={**os.environ, "PYTHONPATH": str(SOURCES)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("receipts", [1, 12, 40])
def test_an_import_that_is_killed_continues(db, clip_folder, vectors, receipts):
    done = db.spool().done / "images"
    process = start_import(db, clip_folder)
    wait_until(lambda: len(list(done.glob("*.receipt.json"))) >= receipts, "receipts")
    process.kill()
    process.communicate()
    output, _ = start_import(db, clip_folder).communicate()
    first = output.split()
    assert int(first[0].replace(",", "")) + int(first[3].replace(",", "")) == 1300 and first[3] != "0"
    assert (nearest_rows(db, vectors, int) == np.arange(1000)).all()
    assert db.status()["images"] == 1000 and db.verify()["wrong"] == 0
    assert os.listdir(db.spool().images) == os.listdir(db.spool().references) == []


def test_shards_that_wait_after_a_kill_are_not_lost_or_sent_twice(db, clip_folder, vectors):
    incoming = db.spool().images
    pid = daemon_pid(db)
    os.kill(pid, signal.SIGSTOP)
    try:
        process = start_import_of_files(db, clip_folder)
        wait_until(lambda: len(list(incoming.glob("*.npy"))) == 4, "four shards that wait")
        process.kill()
        process.communicate()
        # As a kill between the two renames leaves it: a sidecar whose shard has not come.
        shards = sorted(incoming.glob("*.npy"))
        shards[-1].unlink()
    finally:
        os.kill(pid, signal.SIGCONT)
    process = start_import(db, clip_folder)
    process.communicate()
    assert process.returncode == 0
    assert (nearest_rows(db, vectors, int) == np.arange(1000)).all()


def start_import_of_files(db, folder):
    """Starts an import whose first request is answered from memory, because the daemon is stopped."""
    code = (
        "import sys; from pathlib import Path; from nnnd.client import Client\n"
        "from nnnd.ingestion import SpoolFolders; from nnnd.importing import import_clip_retrieval\n"
        "root = Path(sys.argv[2]); client = Client(sys.argv[1])\n"
        "client._folders = SpoolFolders(root / 'images', root / 'references', root / 'done', root / 'failed')\n"
        "import_clip_retrieval(client, sys.argv[3], ids='row', shard_rows=20)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, db.socket, db.spool().images.parent, folder],
        env={**os.environ, "PYTHONPATH": str(SOURCES)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def column_files(folder, vectors):
    """The same vectors in each kind of table: path -> the name of the column of vectors."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    flat = arrow.array(vectors.ravel())
    offsets = np.arange(len(vectors) + 1, dtype=np.int32) * DIMENSION
    columns = {
        "fixed": arrow.FixedSizeListArray.from_arrays(flat, DIMENSION),
        "list": arrow.ListArray.from_arrays(offsets, flat),
        "half": arrow.FixedSizeListArray.from_arrays(arrow.array(vectors.astype(np.float16).ravel()), DIMENSION),
    }
    for name, column in columns.items():
        table = arrow.table({"name": [f"n{row}" for row in range(len(vectors))], "embedding": column})
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=170)
        for kind, writer in (("file", arrow.ipc.new_file), ("stream", arrow.ipc.new_stream)):
            path = folder / f"{name}-{kind}.arrow"
            with writer(path, table.schema) as target:
                target.write_table(table, max_chunksize=130)
    return sorted(folder.glob("*.parquet")) + sorted(folder.glob("*.arrow"))


def test_columns_of_tables_are_imported(db, tmp_path, vectors):
    for path in column_files(tmp_path, vectors[:300]):
        report = import_files(db, [path], ids="name", shard_rows=64)
        assert report.rows == 300, path
        assert (nearest_rows(db, vectors[:300], lambda id: int(id[1:])) == np.arange(300)).all(), path
        assert db.delete_images([f"n{row}" for row in range(300)]).deleted == 300


def tensor_files(folder, vectors):
    torch, safetensors = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    tensor = torch.tensor(vectors)
    torch.save(tensor, folder / "tensor.pt")
    torch.save({"embeddings": tensor.bfloat16(), "step": 3}, folder / "dictionary.pt")
    safetensors.save_file({"e": tensor.bfloat16(), "n": torch.zeros(3)}, folder / "bf16.safetensors")
    safetensors.save_file({"e": tensor.half()}, folder / "f16.safetensors")
    return [folder / name for name in ("tensor.pt", "dictionary.pt", "bf16.safetensors", "f16.safetensors")]


def test_tensors_in_files_are_imported(db, tmp_path, vectors):
    for path in tensor_files(tmp_path, vectors[:300]):
        assert import_files(db, [path], shard_rows=64).rows == 300
        rows = nearest_rows(db, vectors[:300], lambda id: int(id.split(":")[1]))
        assert (rows == np.arange(300)).all(), path
        db.delete_images([f"{path.stem}:{row}" for row in range(300)])


@pytest.mark.parametrize(("dtype", "order"), [("<f2", "C"), ("<f8", "C"), (">f4", "C"), ("<f4", "F")])
def test_npy_files_and_memory_maps_are_imported(db, tmp_path, vectors, dtype, order):
    np.save(tmp_path / "v.npy", np.asarray(vectors, dtype=dtype, order=order))
    import_files(db, [tmp_path / "v.npy"], shard_rows=300)
    assert (nearest_rows(db, vectors, lambda id: int(id[2:])) == np.arange(1000)).all()
    (tmp_path / "m.mmap").write_bytes(vectors.tobytes())
    import_files(db, [tmp_path / "m.mmap"], "references", element_type="float32", dimension=DIMENSION)
    assert np.allclose(db.reference("m:999"), vectors[999])


def test_files_that_cannot_be_read_say_why(db, tmp_path, vectors):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def fails(match, name, **options):
        with pytest.raises((ValueError, TypeError), match=match):
            import_files(db, [tmp_path / name], **options)

    (tmp_path / "m.mmap").write_bytes(b"12345")
    fails("give the type", "m.mmap")
    fails("multiple of 32", "m.mmap", element_type="float32", dimension=8)
    (tmp_path / "x.txt").write_text("x")
    fails("unknown suffix", "x.txt")
    np.save(tmp_path / "ints.npy", np.ones((3, 3), np.int8))
    fails("type int8", "ints.npy")
    parquet.write_table(
        arrow.table({"a": [[1.0], [1.0, 2.0]], "b": [[1.0], None], "c": ["x", None], "d": [[1.0], [2.0]]}),
        tmp_path / "t.parquet",
    )
    fails("3 columns of lists", "t.parquet")
    fails("different lengths", "t.parquet", vectors="a")
    fails("without a vector", "t.parquet", vectors="b")
    fails("without an id", "t.parquet", vectors="d", ids="c")
    fails("no column 'e'", "t.parquet", vectors="e")
    fails("lists of floats", "t.parquet", vectors="c")
    with pytest.raises(FileNotFoundError, match="clip-retrieval"):
        import_clip_retrieval(db, tmp_path)
    assert db.status()["images"] == 0


def test_rejected_rows_end_the_import_with_their_shard(db, tmp_path, vectors):
    vectors[500] = np.nan
    np.save(tmp_path / "v.npy", vectors)
    with pytest.raises(nnnd.ShardRejected) as caught:
        import_files(db, [tmp_path / "v.npy"], shard_rows=200)
    assert (caught.value.code, caught.value.rows) == ("not_finite", (100,))
    assert db.status()["images"] % 200 == 0


def test_the_command_prints_what_it_did_and_exits_with_a_status(tmp_path, vectors, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("v.npy", vectors)
    assert main(["import", "files", "v.npy", "--to", "db", "--kind", "references"]) == 0
    assert "1,000 rows imported" in capsys.readouterr().out
    assert main(["import", "files", "none.npy", "--to", "db"]) == 66
    assert main(["import", "files", "v.npy", "--to", "db", "--ids", "x"]) == 65
    assert "nnnd import: " in capsys.readouterr().err
