"""Which files and columns an import takes, and what it holds open meanwhile."""

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
