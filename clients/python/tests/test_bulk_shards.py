"""Which files a bulk computation reads, and what it says about those that it can't."""

import numpy as np
import pytest

from bulk_data import write_shard
from nnnd.__main__ import main

bulk = pytest.importorskip("nnnd.bulk")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def rows_of(path, **columns):
    (shard,) = bulk.list_shards(path, **columns)
    batches = list(shard.batches())
    assert sum(batch.num_rows for batch in batches) == shard.rows
    vectors = [row for batch in batches for row in batch.column("vector").to_pylist()]
    ids = [id for batch in batches for id in batch.column("id").to_pylist()]
    assert ids == [id for part in shard.ids() for id in part.to_pylist()]
    return ids, np.array(vectors, dtype=np.float64)


@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_each_type_and_order_are_read(tmp_path, rng, kind, order):
    vectors = np.asarray(rng.standard_normal((50, 3)), dtype=kind, order=order)
    np.save(tmp_path / "a.npy", vectors)
    ids, values = rows_of(tmp_path / "a.npy")
    assert ids[-1] == "a:49" and (values == vectors.astype(np.float64)).all()
    np.savez(tmp_path / "b.npz", anything=vectors, ids=np.arange(50)[:, None])
    ids, values = rows_of(f"file://{tmp_path}/b.npz")
    assert ids[-1] == "49" and (values == vectors.astype(np.float64)).all()


def test_ids_come_from_the_sidecar_then_the_archive_then_the_name(tmp_path):
    vectors = np.eye(2, dtype=np.float32)
    np.savez(tmp_path / "a.npz", embeddings=vectors, ids=np.array(["x", "y"]), other=[1])
    assert rows_of(tmp_path / "a.npz")[0] == ["x", "y"]
    (tmp_path / "a.ids").write_bytes("\ufeffé\r\nz".encode())
    assert rows_of(tmp_path / "a.npz")[0] == ["é", "z"]
    np.save(tmp_path / "one.npy", vectors[0])
    assert rows_of(tmp_path / "one.npy")[0] == ["one:0"]
    write_shard(tmp_path / "t.parquet", vectors, ["p", "q"])
    assert rows_of(tmp_path / "t.parquet")[0] == ["p", "q"]


def test_the_command_takes_columns_of_images_and_of_references(tmp_path, capsys):
    vectors = pa.array([[1.0, 0.0], [0.0, 1.0]])
    pq.write_table(pa.table({"url": ["x", "y"], "a": vectors, "b": vectors[::-1]}), tmp_path / "i.parquet")
    pq.write_table(pa.table({"key": [7, 8], "c": vectors, "d": vectors[::-1]}), tmp_path / "r.parquet")
    command = [
        "bulk", "--images", f"{tmp_path}/i.parquet", "--references", f"{tmp_path}/r.parquet", "--output",
        f"{tmp_path}/heaps", "-k", "1", "--workers", "1", "--ids", "url", "--vectors", "b", "--reference-vectors", "c",
    ]  # fmt: skip
    for option, expected in ((["--reference-ids", "key"], "8"), ([], "r:1")):
        assert main([*command, *option]) == 0
        (row, _) = pq.read_table(tmp_path / "heaps" / "i.parquet").to_pylist()
        assert (row["id"], row["references"][0], row["mean_1"]) == ("x", expected, 1)
    assert main(command[:-4]) == 65
    assert "name the column with vectors" in capsys.readouterr().err


def test_a_folder_stands_for_its_shards_in_the_order_of_their_names(tmp_path):
    for name in ("b.npy", "a.npz", "c.parquet", ".hidden.npy", "_temporary.npy"):
        write_shard(tmp_path / name, np.eye(2, dtype=np.float32), ["x", "y"])
    (tmp_path / "b.npy.receipt.json").write_text("{}")
    assert [shard.name for shard in bulk.list_shards([tmp_path])] == ["a", "b", "c"]
    assert bulk.list_shards(f"file://{tmp_path}")[1].sidecar == f"file://{tmp_path}/b.ids"


def truncate(path):
    path.write_bytes(path.read_bytes()[:-5])


def nan(path):
    np.save(path, np.array([[0, 1], [np.nan, 1]], dtype=np.float32))


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("a.npy", truncate, "shorter than its header"),
        ("a.npz", truncate, "not a complete .npz"),
        ("a.parquet", truncate, "not a complete file"),
        ("a.npy", nan, "NaN or infinity: 1"),
        ("a.npy", lambda path: np.save(path, np.zeros((2, 2), np.float32)), "length 0, which has no direction: 0, 1"),
        ("a.npy", lambda path: np.save(path, np.ones((2, 2), np.int8)), "has the type int8"),
        ("a.npy", lambda path: np.save(path, np.ones((2, 3), np.float32)), "both must be the same"),
        ("a.npy", lambda path: path.with_suffix(".ids").write_text("x\nx\n"), "rows 0 and 1 have the same id"),
        ("a.npy", lambda path: path.with_suffix(".ids").write_text("x\n"), "2 rows and 1 ids"),
        ("a.npy", lambda path: path.with_suffix(".ids").write_text("x\n\n"), "row 1 must have 1 to 500 bytes"),
        ("a.npz", lambda path: np.savez(path, x=np.eye(2), y=np.eye(2)), "must be 'embeddings'"),
        ("a.npz", lambda path: np.savez(path, x=np.eye(2), ids=[0.5, 1]), "integers or fixed-width strings"),
        ("a.npy", lambda path: path.with_suffix(".delete").write_text("x\n"), "leave out the rows"),
        ("a.npy", lambda path: path.with_suffix(".npz").write_bytes(b""), "not a complete .npz"),
    ],
)
def test_bad_input_is_an_error_that_names_the_file(tmp_path, capsys, name, damage, message):
    folder = tmp_path / "shards"
    folder.mkdir()
    write_shard(folder / name, np.eye(2, dtype=np.float32), ["x", "y"])
    damage(folder / name)
    good = tmp_path / "good.npy"
    np.save(good, np.eye(2, dtype=np.float32))
    for kinds in (("--images", "--references"), ("--references", "--images")):
        status = main(
            ["bulk", kinds[0], str(folder), kinds[1], str(good), "--output", str(tmp_path / "heaps"), "--workers", "1"]
        )
        error = capsys.readouterr().err
        assert status == 65 and message in error and ("both must" in message or str(folder) in error)
    assert not list(tmp_path.glob("heaps/*.parquet")) and not list(tmp_path.glob("heaps/.*"))


def test_a_missing_path_and_names_that_occur_twice_are_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        bulk.list_shards(tmp_path / "missing")
    with pytest.raises(ValueError, match="has no shard"):
        bulk.list_shards(tmp_path)
    for name in ("a.npy", "a.npz"):
        write_shard(tmp_path / name, np.eye(2, dtype=np.float32), ["x", "y"])
    with pytest.raises(ValueError, match="several image shards have the name 'a'"):
        bulk.run(tmp_path, tmp_path / "a.npy", tmp_path / "heaps")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"k": 0}, "at least 1"),
        ({"k": [4, 8], "capacity": 7}, "at least k, which is 8"),
        ({"metric": "euclidean"}, "possible are cosine"),
        ({"arithmetic": "jax"}, "possible are numpy"),
    ],
)
def test_wrong_settings_are_errors(settings, message):
    with pytest.raises(ValueError, match=message):
        bulk.BulkSettings(**settings)
