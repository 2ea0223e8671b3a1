"""Bulk computations of heaps and means, compared with the daemon and with plain numpy."""

import hashlib
import importlib.util
import pickle
import threading
from multiprocessing import active_children

import numpy as np
import pytest

import nnnd
from bulk_data import check_heaps, read_heaps, stored, write_shard, write_shards
from conftest import wait_until
from nnnd.__main__ import main

bulk = pytest.importorskip("nnnd.bulk")
pa = pytest.importorskip("pyarrow")
DIMENSION = 16
ARITHMETICS = [("numpy", None), ("torch", "torch"), ("faiss", "faiss")]


@pytest.fixture
def clustered(rng):
    """Vectors of very different lengths around a common direction."""

    def make(count):
        lengths = rng.uniform(0.01, 30, (count, 1))
        return (lengths * (rng.standard_normal((count, DIMENSION)) + 1)).astype(np.float32)

    return make


@pytest.mark.parametrize(
    ("metric", "precision"), [("cosine", "float32"), ("cosine", "float16"), ("inner-product", "float32")]
)
def test_heaps_equal_those_of_the_daemon(tmp_path, clustered, metric, precision):
    images, references = clustered(90), clustered(700)
    # A later shard replaces rows of an earlier one.
    image_ids = [f"image {row if row < 80 else row - 70}" for row in range(90)]
    reference_ids = [f"reference {row if row < 650 else row - 600}" for row in range(700)]
    folders = [
        write_shards(tmp_path / "images", images, image_ids, [30, 1, 49, 10]),
        write_shards(tmp_path / "references", references, reference_ids, [300, 7, 343, 50]),
    ]
    with nnnd.open(tmp_path / "db", k=4, capacity=12, metric=metric, precision=precision, threads=1) as db:
        for add, values, ids, cut in (
            (db.add_references, references, reference_ids, 650),
            (db.add_images, images, image_ids, 80),
        ):
            add(values[:cut], ids[:cut])
            add(values[cut:], ids[cut:])
        settings = bulk.BulkSettings.of(db)
        assert (settings.ks, settings.heap_size, settings.metric, settings.precision) == ((4,), 12, metric, precision)
        report = bulk.run(*folders, tmp_path / "heaps", settings, workers=1)
        assert report.rows == 80 and report.pairs == 80 * 650
        rows = read_heaps(tmp_path / "heaps")
        assert len(rows) == db.status()["images"] == 80
        for id, row in rows.items():
            expected = db.explain(id)
            values = [entry["similarity"] for entry in expected["references"]]
            assert row["references"] == [entry["id"] for entry in expected["references"]]
            np.testing.assert_allclose(row["similarities"], values, rtol=1e-6, atol=1e-6)
            assert abs(row["mean_4"] - expected["mean"]) <= 1e-6 * max(1, abs(expected["mean"]))


@pytest.mark.parametrize(("arithmetic", "module"), ARITHMETICS)
@pytest.mark.parametrize("count", [0, 5, 9000])
def test_each_arithmetic_computes_the_same(tmp_path, clustered, arithmetic, module, count):
    if module is not None and importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    images, references = clustered(300), clustered(count)
    image_ids, reference_ids = list(map(str, range(300))), [f"r{row}" for row in range(count)]
    batches = [
        batch
        for sizes, values, ids, name in (
            ([1, 290, 9], images, image_ids, "images"),
            ([4, 1, 60, 8000, 935][: 0 if count == 0 else 2 if count == 5 else 5], references, reference_ids, "refs"),
        )
        for folder in [tmp_path / name]
        for batch in [list_batches(folder, values, ids, sizes)]
    ]
    settings = bulk.BulkSettings(k=[1, 8, 20], capacity=24, arithmetic=arithmetic)
    rows = {row["id"]: row for batch in bulk.heaps(*batches, settings) for row in batch.to_pylist()}
    if count == 0:
        assert all(row["references"] == [] and row["mean_8"] == 0 for row in rows.values())
        return
    expected = [dict(zip(ids, stored(values))) for ids, values in ((image_ids, images), (reference_ids, references))]
    check_heaps(rows, *expected, 24, [1, 8, 20])


def list_batches(folder, vectors, ids, sizes):
    if not sizes:
        return []
    shards = bulk.list_shards(write_shards(folder, vectors, ids, sizes))
    return [batch for shard in shards for batch in shard.batches()]


def test_of_equal_similarities_the_earlier_references_are_kept(tmp_path, rng):
    # Small integers, so that products are exact whatever the order of their terms.
    distinct = rng.integers(-3, 4, (40, DIMENSION)).astype(np.float32)
    references = distinct[rng.integers(0, 40, 5000)]
    images = rng.integers(-3, 4, (20, DIMENSION)).astype(np.float32)
    write_shards(tmp_path / "images", images, list(map(str, range(20))), [20])
    write_shards(tmp_path / "references", references, list(map(str, range(5000))), [17, 4200, 783])
    settings = bulk.BulkSettings(k=10, capacity=300, metric="inner-product")
    bulk.run(tmp_path / "images", tmp_path / "references", tmp_path / "heaps", settings, workers=1)
    rows = read_heaps(tmp_path / "heaps")
    for number, image in enumerate(images):
        expected = np.argsort(-(references @ image), kind="stable")[:300]
        assert rows[str(number)]["references"] == [str(row) for row in expected]


@pytest.fixture
def job(tmp_path, clustered):
    """Folders with images and references, and a function that checks the output."""
    images, references = clustered(1500), clustered(3000)
    image_ids, reference_ids = [f"i{row}" for row in range(1500)], [f"r{row}" for row in range(3000)]
    write_shards(tmp_path / "images", images, image_ids, [700, 3, 400, 397])
    write_shards(tmp_path / "references", references, reference_ids, [1, 2000, 999])

    def check():
        expected = (dict(zip(image_ids, stored(images))), dict(zip(reference_ids, stored(references))))
        check_heaps(read_heaps(tmp_path / "heaps"), *expected, 24, [16])
        assert len(list((tmp_path / "heaps").iterdir())) == 4

    return ([tmp_path / "images"], [tmp_path / "references"], tmp_path / "heaps", bulk.BulkSettings(k=16)), check


def test_a_process_that_is_killed_costs_one_task(job):
    arguments, check = job
    reports = []
    thread = threading.Thread(target=lambda: reports.append(bulk.run(*arguments, workers=2)))
    thread.start()
    wait_until(lambda: len(active_children()) == 2, "two processes")
    active_children()[0].kill()
    thread.join()
    assert reports[0].rows == 1500 and active_children() == []
    check()


def test_a_second_run_computes_only_what_is_new(job, tmp_path, capsys):
    (images, references, output, settings), check = job
    command = ["bulk", "--images", str(*images), "--references", str(*references), "--output", str(output), "-k", "16"]
    assert main([*command, "--workers", "1"]) == 0
    assert "1,500 images in 4 shards; 0 shards had been before" in capsys.readouterr().out
    (output / "part-001.parquet").unlink()
    (output / "part-002.parquet").write_bytes(b"PAR1")
    (output / ".part-001.0123.part").touch()
    assert main([*command, "--workers", "1"]) == 0
    assert "403 images in 2 shards; 2 shards had been before" in capsys.readouterr().out
    check()
    shards = bulk.list_shards(images)
    assert bulk.run(shards, references, output, settings, workers=1).rows == 0
    assert bulk.run(shards, references, output, settings, workers=1, again=True).rows == 1500
    assert bulk.run(shards, references, output, bulk.BulkSettings(k=17), workers=1).rows == 1500
    write_shard(tmp_path / "references" / "part-003.npy", np.ones((1, DIMENSION), np.float32), ["r7"])
    assert bulk.run(shards, references, output, settings, workers=1).rows == 1500


def test_a_job_is_a_function_of_record_batches(job):
    arguments, check = job
    plan = bulk.plan(*arguments)
    arguments[2].mkdir()
    reports = [
        row
        for numbers in ([2, 0], [1, 3])
        for batch in pickle.loads(pickle.dumps(plan))([pa.record_batch({"id": numbers})])
        for row in batch.to_pylist()
    ]
    assert [report["rows"] for report in reports] == [400, 700, 3, 397]
    assert all(report["pairs"] == report["rows"] * 3000 and report["peak_bytes"] > 1 << 20 for report in reports)
    check()


def test_hashes_name_references_in_eight_bytes(job):
    (images, references, output, _), _ = job
    bulk.run(images, references, output, bulk.BulkSettings(k=16, references="hashes"), workers=1)
    hashed = {id: row["references"] for id, row in read_heaps(output).items()}
    bulk.run(images, references, output, bulk.BulkSettings(k=16), workers=1, distinct=True)
    for id, row in list(read_heaps(output).items())[::100]:
        digests = [hashlib.blake2b(name.encode(), digest_size=16).digest() for name in row["references"]]
        assert [int.from_bytes(digest[:8], "little", signed=True) for digest in digests] == hashed[id]
