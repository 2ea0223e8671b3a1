"""Which files and columns an import takes, and what it holds open meanwhile."""

import contextlib
import os
import resource

import numpy as np
import pytest

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
