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


def nearest_similarities(db, vectors):
    return db.search(vectors, 1, alpha=0).similarities.ravel()


def test_another_column_of_a_table_is_imported(db, tmp_path, two_columns):
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(columns_of(*two_columns), tmp_path / "t.parquet")
    for name, vectors in zip("ab", two_columns):
        assert import_files(db, [tmp_path / "t.parquet"], vectors=name, ids="id").rows == 10
        assert np.allclose(nearest_similarities(db, vectors), 1, atol=1e-6)
    again = import_files(db, [tmp_path / "t.parquet"], vectors="b", ids="id")
    assert (again.rows, again.rows_before) == (0, 10)


def test_another_tensor_of_a_file_is_imported(db, tmp_path, two_columns):
    safetensors = pytest.importorskip("safetensors.numpy")
    safetensors.save_file(dict(zip("ab", two_columns)), tmp_path / "t.safetensors")
    for name, vectors in zip("ab", two_columns):
        assert import_files(db, [tmp_path / "t.safetensors"], vectors=name).rows == 10
        assert np.allclose(nearest_similarities(db, vectors), 1, atol=1e-6)


def test_each_type_and_dimension_of_a_file_without_a_header_has_its_own_shards(tmp_path):
    (tmp_path / "m.mmap").write_bytes(np.ones((4, 4), np.float32).tobytes())
    forms = [("float32", 4), ("float16", 8), ("float64", 2), ("float16", 4)]
    sources = [open_source(tmp_path / "m.mmap", element_type=name, dimension=count) for name, count in forms]
    assert len({name for source in sources for name, _, _ in source.shards(100)}) == 4


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
    # An array in C order would be read without mapping its file; one in Fortran order stays mapped while it is read.
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
    assert np.allclose(nearest_similarities(db, two_columns[0]), 1, atol=1e-6)
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
    assert main(command) == os.EX_DATAERR
    assert "no column 'image_path'; name one of url (--ids)" in capsys.readouterr().err
    assert main([*command, "--ids", "url"]) == os.EX_NOINPUT
    assert "metadata_1.parquet does not exist" in capsys.readouterr().err
    assert main([*command, "--ids", "row"]) == 0
    assert "now 20 images" in capsys.readouterr().out


def test_tables_may_have_empty_batches_and_row_groups(db, tmp_path, two_columns):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = columns_of(*two_columns)
    parts = [table.slice(0, 0), table.slice(0, 6), table.slice(0, 0), table.slice(6)]
    with arrow.ipc.new_file(tmp_path / "t.arrow", table.schema) as file:
        for part in parts:
            file.write_batch(part.combine_chunks().to_batches()[0] if part else empty_batch(table.schema))
    with parquet.ParquetWriter(tmp_path / "t.parquet", table.schema) as writer:
        for part in parts:
            writer.write_table(part)
    for name in ("t.arrow", "t.parquet"):
        assert import_files(db, [tmp_path / name], vectors="a", ids="id", shard_rows=4).rows == 10, name
        assert np.allclose(nearest_similarities(db, two_columns[0]), 1, atol=1e-6), name


def empty_batch(schema):
    arrow = pytest.importorskip("pyarrow")
    return arrow.record_batch([arrow.array([], field.type) for field in schema], schema=schema)


def broken_files(folder, columns):
    """Files that cannot be imported: name -> a part of the message."""
    np.save(folder / "none.npy", np.zeros((0, DIMENSION), np.float32))
    for name in ("empty.npy", "empty.safetensors", "empty.mmap", "empty.parquet", "empty.arrow"):
        (folder / name).write_bytes(b"")
    (folder / "zeros.safetensors").write_bytes(bytes(8))
    return {
        "none.npy": "at least one row",
        "empty.npy": "is empty",
        "empty.safetensors": "not a .safetensors file",
        "zeros.safetensors": "not a .safetensors file",
        "empty.mmap": "has no header",
        "empty.parquet": "not a complete parquet",
        "empty.arrow": "not a complete parquet",
    }


def broken_tables(folder, columns):
    table = columns_of(*columns).slice(0, 0)
    pytest.importorskip("pyarrow.parquet").write_table(table, folder / "rowless.parquet")
    with pytest.importorskip("pyarrow.ipc").new_file(folder / "rowless.arrow", table.schema) as file:
        file.write_batch(empty_batch(table.schema))
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        arrow.table({"a": [[], []]}, schema=arrow.schema([table.schema.field("a")])), folder / "flat.pq"
    )
    return {"rowless.parquet": "has no rows", "rowless.arrow": "has no rows", "flat.pq": "vectors without numbers"}


def broken_safetensors(folder, columns):
    safetensors = pytest.importorskip("safetensors.numpy")
    for name, shape in (("rowless", (0, 4)), ("flat", (3, 0))):
        safetensors.save_file({"a": np.zeros(shape, np.float32)}, folder / f"{name}.safetensors")
    return dict.fromkeys(("rowless.safetensors", "flat.safetensors"), "at least one row and column")


def broken_tensors(folder, columns):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(columns[0])
    torch.save(tensor, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"a": tensor, "other": Exception}, folder / "pickled.pt")
    (folder / "empty.pt").write_bytes(b"")
    return dict.fromkeys(("legacy.pt", "pickled.pt", "empty.pt"), "save the tensor alone again")


@pytest.mark.parametrize("write", [broken_files, broken_tables, broken_tensors, broken_safetensors])
def test_the_command_says_in_one_line_why_a_file_cannot_be_imported(tmp_path, two_columns, capsys, write):
    for name, reason in write(tmp_path, two_columns).items():
        command = ["import", "files", str(tmp_path / name), "--vectors", "a", "--to", str(tmp_path / "db")]
        assert main(command) in (os.EX_DATAERR, os.EX_NOINPUT), name
        message = capsys.readouterr().err
        assert message.startswith("nnnd import: ") and message.count("\n") == 1, name
        assert name in message and reason in message


def test_numbers_of_rows_and_dimensions_below_one_are_rejected(db, tmp_path, two_columns):
    np.save(tmp_path / "v.npy", two_columns[0])
    (tmp_path / "m.mmap").write_bytes(bytes(64))
    for count in (0, -1):
        with pytest.raises(ValueError, match=f"shard_rows is {count}"):
            import_files(db, [tmp_path / "v.npy"], shard_rows=count)
        with pytest.raises(ValueError, match=f"dimension is {count}"):
            import_files(db, [tmp_path / "m.mmap"], element_type="float32", dimension=count)
    assert import_files(db, [tmp_path / "v.npy"], shard_rows=np.int64(4)).rows == 10
