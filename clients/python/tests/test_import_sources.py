"""Which files and columns an import takes, and what it holds open meanwhile."""

import contextlib
import os
import resource

import numpy as np
import pytest

from nnnd.__main__ import main
from nnnd.importing import import_files, open_source

DIMENSION = 4


@pytest.fixture
def two_columns(rng):
    """Two arrays (10, DIMENSION) that differ."""
    return rng.standard_normal((2, 10, DIMENSION)).astype(np.float32)


def columns_of(first, second):
    """A table with the columns a and b of vectors, and an id column."""
    arrow = pytest.importorskip("pyarrow")
    columns = {"a": list(first), "b": list(second), "id": [str(row) for row in range(len(first))]}
    return arrow.table(columns)


def nearest(db, vectors):
    return db.search(vectors, 1, alpha=0).similarities.ravel()


def test_another_column_of_a_table_is_imported(db, tmp_path, two_columns):
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(columns_of(*two_columns), tmp_path / "t.parquet")
    for name, vectors in zip("ab", two_columns):
        assert import_files(db, [tmp_path / "t.parquet"], vectors=name, ids="id").rows == 10
        assert np.allclose(nearest(db, vectors), 1, atol=1e-6)
    assert import_files(db, [tmp_path / "t.parquet"], vectors="b", ids="id").rows_before == 10


def test_another_tensor_of_a_file_is_imported(db, tmp_path, two_columns):
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file(dict(zip("ab", two_columns)), tmp_path / "t.safetensors")
    for name, vectors in zip("ab", two_columns):
        assert import_files(db, [tmp_path / "t.safetensors"], vectors=name).rows == 10
        assert np.allclose(nearest(db, vectors), 1, atol=1e-6)


def test_each_type_and_dimension_of_a_file_without_a_header_has_its_own_shards(tmp_path):
    (tmp_path / "m.mmap").write_bytes(np.ones((4, 4), np.float32).tobytes())
    forms = [("float32", 4), ("float16", 8), ("float64", 2), ("float16", 4)]
    sources = [open_source(tmp_path / "m.mmap", element_type=name, dimension=count) for name, count in forms]
    assert len({source.shards(100)[0][0] for source in sources}) == 4


@contextlib.contextmanager
def few_more_descriptors(count):
    """Only so many further files can be open at once."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A new file gets the lowest free number, which must be below the limit.
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def write_npy(path, columns):
    np.save(path, np.asfortranarray(columns[0]))


def write_parquet(path, columns):
    pytest.importorskip("pyarrow.parquet").write_table(columns_of(*columns), path)


def write_arrow(path, columns):
    table = columns_of(*columns)
    with pytest.importorskip("pyarrow.ipc").new_file(path, table.schema) as file:
        file.write_table(table)


def write_torch(path, columns):
    torch = pytest.importorskip("torch")
    torch.save(torch.tensor(columns[0]), path)


@pytest.mark.parametrize(
    ("suffix", "write", "options"),
    [
        ("npy", write_npy, {}),
        ("parquet", write_parquet, {"vectors": "a", "ids": "id"}),
        ("arrow", write_arrow, {"vectors": "a", "ids": "id"}),
        ("pt", write_torch, {}),
    ],
)
def test_files_that_were_read_to_the_end_are_not_kept_open(db, tmp_path, two_columns, suffix, write, options):
    paths = [tmp_path / f"part-{number:02}.{suffix}" for number in range(40)]
    for path in paths:
        write(path, two_columns)
    import_files(db, paths[:1], **options)  # Connections and libraries are open then.
    with few_more_descriptors(20):
        report = import_files(db, paths[1:], shard_rows=4, **options)
    assert report.rows == 390


def test_a_folder_stands_for_its_files_in_the_order_of_their_names(db, tmp_path, two_columns):
    parquet = pytest.importorskip("pyarrow.parquet")
    folder = tmp_path / "parts"
    folder.mkdir()
    for name, vectors in zip((".hidden", "b", "a"), (two_columns[0], *two_columns)):
        parquet.write_table(columns_of(vectors, vectors), folder / f"{name}.parquet")
    (folder / "notes.txt").write_text("not vectors")
    added = import_files(db, [folder], vectors="a", ids="id")
    # The rows of b.parquet came last, and have replaced those of a.parquet.
    assert (added.rows, added.replaced) == (20, 10)
    assert np.allclose(nearest(db, two_columns[0]), 1, atol=1e-6)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no file that can be imported"):
        import_files(db, [tmp_path / "empty"])


def test_files_whose_rows_would_have_the_same_ids_are_rejected(db, tmp_path, two_columns):
    parquet = pytest.importorskip("pyarrow.parquet")
    paths = [tmp_path / name / "x" for name in ("first", "second")]
    for path, vectors in zip(paths, two_columns):
        path.parent.mkdir()
        np.save(path.with_suffix(".npy"), vectors)
        table = columns_of(vectors, vectors)
        parquet.write_table(table, path.with_suffix(".parquet"))
    for suffixes in ((".npy", ".npy"), (".npy", ".parquet")):
        with pytest.raises(ValueError, match=r"same ids, x:0 .*--ids"):
            import_files(db, [path.with_suffix(suffix) for path, suffix in zip(paths, suffixes)], vectors="a")
    assert db.status()["images"] == 0
    assert import_files(db, [path.with_suffix(".parquet") for path in paths], vectors="a", ids="id").rows == 20


def test_missing_metadata_of_clip_retrieval_are_an_error_unless_ids_are_row_numbers(tmp_path, two_columns, capsys):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for folder in ("img_emb", "metadata"):
        (tmp_path / "clip" / folder).mkdir(parents=True)
    for number, vectors in enumerate(two_columns):
        np.save(tmp_path / "clip" / "img_emb" / f"img_emb_{number}.npy", vectors)
    metadata = tmp_path / "clip" / "metadata" / "metadata_0.parquet"
    parquet.write_table(arrow.table({"url": [f"u{row}" for row in range(10)]}), metadata)
    command = ["import", "clip-retrieval", str(tmp_path / "clip"), "--to", str(tmp_path / "db")]
    assert main(command) == 65
    assert "no column 'image_path'; name one of url (--ids)" in capsys.readouterr().err
    assert main([*command, "--ids", "url"]) == 66
    assert "metadata_1.parquet does not exist" in capsys.readouterr().err
    assert main([*command, "--ids", "row"]) == 0
    assert "now 20 images" in capsys.readouterr().out
