"""Heaps that were computed elsewhere: a store that begins with them equals one that computed them itself."""

import dataclasses

import numpy as np
import pytest

import nnnd
from bulk_data import write_shards
from nnnd.__main__ import main
from oracle import Oracle

bulk = pytest.importorskip("nnnd.bulk")
DIMENSION, K = 24, 8
IMAGES, REFERENCES = [120, 1, 79], [300, 7, 93]


@pytest.fixture
def vectors(rng):
    """Images and references around some common directions."""
    centres = rng.standard_normal((12, DIMENSION))

    def make(count):
        return (centres[rng.integers(0, 12, count)] + 0.4 * rng.standard_normal((count, DIMENSION))).astype(np.float32)

    return make(sum(IMAGES)), make(sum(REFERENCES))


@pytest.fixture
def computed(tmp_path, vectors):
    """The folders of images, references and heaps."""
    images, references = vectors
    folders = [
        write_shards(tmp_path / "images", images, [f"i{row}" for row in range(len(images))], IMAGES),
        write_shards(tmp_path / "references", references, [f"r{row}" for row in range(len(references))], REFERENCES),
        tmp_path / "heaps",
    ]
    bulk.run(*folders, bulk.BulkSettings(k=K), workers=1)
    return folders


@pytest.fixture
def db(tmp_path):
    with nnnd.open(tmp_path / "db", k=K, threads=1) as db:
        yield db


def heaps_of(vectors, k=K):
    """The heaps of all images in one object."""
    images, references = vectors
    batch = lambda name, rows: bulk_batch([f"{name}{row}" for row in range(len(rows))], rows)  # noqa: E731
    settings = bulk.BulkSettings(k=k)
    return bulk.heaps_of_batches(list(bulk.heaps([batch("i", images)], [batch("r", references)], settings)))[1]


def bulk_batch(ids, rows):
    import pyarrow as pa

    return pa.record_batch({"id": ids, "vector": pa.FixedSizeListArray.from_arrays(rows.reshape(-1), rows.shape[1])})


def add_references(db, vectors):
    db.add_references(vectors[1], [f"r{row}" for row in range(len(vectors[1]))])


def image_ids(vectors):
    return [f"i{row}" for row in range(len(vectors[0]))]


def test_a_loaded_store_equals_one_that_computed_its_heaps(tmp_path, db, computed, vectors, rng):
    report = bulk.load(db, *computed[:2], computed[2])
    assert (report.rows, report.rows_before, report.replaced) == (600, 0, 0)
    assert len(list((tmp_path / "db/spool/done/images").glob("*.heaps.npz"))) == 0, "finished files are deleted"
    with nnnd.open(tmp_path / "own", k=K, threads=1) as own:
        add_references(own, vectors)
        own.add_images(vectors[0], image_ids(vectors))
        for id in image_ids(vectors):
            assert db.explain(id)["mean"] == own.explain(id)["mean"]
    assert db.verify()["wrong"] == 0
    oracle = Oracle(
        dict(zip(image_ids(vectors), vectors[0])), {f"r{row}": vector for row, vector in enumerate(vectors[1])}, K, rng
    )
    for _ in range(40):
        oracle.step(db, 30)
        oracle.check(db, 60)
    assert db.verify()["wrong"] == 0


@pytest.mark.parametrize(("metric", "precision"), [("cosine", "float16"), ("inner-product", "float32")])
def test_each_metric_and_precision_can_be_loaded(tmp_path, vectors, rng, metric, precision):
    images, references = (part * rng.uniform(0.1, 30, (len(part), 1)).astype(np.float32) for part in vectors)
    folders = [
        write_shards(tmp_path / "i", images, image_ids(vectors), IMAGES),
        write_shards(tmp_path / "r", references, [f"r{row}" for row in range(len(references))], REFERENCES),
        tmp_path / "heaps",
    ]
    bulk.run(*folders, bulk.BulkSettings(k=K, metric=metric, precision=precision), workers=1)
    with nnnd.open(tmp_path / "store", k=K, metric=metric, precision=precision, heap_check_share=1, threads=1) as db:
        assert bulk.load(db, *folders).rows == 600
        assert db.verify()["wrong"] == 0


def test_a_load_continues(db, computed):
    before = bulk.load(db, [computed[0] / "part-000.npy"], computed[1], computed[2])
    assert before.rows == 120 + sum(REFERENCES)
    after = bulk.load(db, *computed[:2], computed[2])
    assert (after.rows, after.rows_before) == (80, 120 + sum(REFERENCES))
    assert db.verify()["wrong"] == 0


def test_the_command_loads(tmp_path, computed, capsys):
    images, references, heaps = map(str, computed)
    command = ["import", "heaps", heaps, "--images", images, "--references", references]
    command += ["--to", str(tmp_path / "store"), "-k", str(K)]
    assert main(command) == 0
    assert "600 rows imported, 0 had been before" in capsys.readouterr().out
    assert main(command) == 0
    assert "0 rows imported, 600 had been before" in capsys.readouterr().out


def test_wrong_use_of_bulk_output_is_an_error(tmp_path, db, computed):
    images, references, heaps = computed
    with pytest.raises(ValueError, match="run the bulk computation first"):
        bulk.load(db, images, references, tmp_path / "other")
    hashed = tmp_path / "hashes"
    bulk.run(images, references, hashed, bulk.BulkSettings(k=K, references="hashes"), workers=1)
    with pytest.raises(ValueError, match="--names ids"):
        bulk.load(db, images, references, hashed)
    (heaps / "part-000.parquet").write_bytes((heaps / "part-002.parquet").read_bytes())
    with pytest.raises(ValueError, match="other images"):
        bulk.load(db, images, references, heaps)
    assert db.status()["images"] == 0


def test_images_in_several_shards_get_their_heaps(db, vectors):
    add_references(db, vectors)
    added = db.add_images(vectors[0], image_ids(vectors), heaps=heaps_of(vectors), shard_bytes=10_000)
    assert len(added.names) > 1 and added.rows == sum(IMAGES)
    assert db.verify()["wrong"] == 0
    batches = ((vectors[0][start : start + 30], image_ids(vectors)[start : start + 30]) for start in range(0, 200, 30))
    db.delete_images(image_ids(vectors))
    assert db.add_images(batches, heaps=heaps_of(vectors)).rows == 200
    assert db.verify()["wrong"] == 0


def test_a_file_of_heaps_is_read_back(tmp_path, vectors):
    heaps = heaps_of(vectors)
    heaps.save(tmp_path / "x.heaps.npz")
    loaded = nnnd.Heaps.load(tmp_path / "x.heaps.npz")
    assert (loaded.references == heaps.references).all() and (loaded.similarities == heaps.similarities).all()
    assert list(loaded.reference_ids) == list(heaps.reference_ids)
    assert (loaded.reference_checksum == heaps.reference_checksum).all()
    part = heaps.slice(20, 30)
    names = np.array(heaps.reference_ids)
    assert (np.array(part.reference_ids)[part.references] == names[heaps.references[20:30]]).all()


def without_the_best(heaps):
    """Heaps that lack the best reference of each image."""
    return dataclasses.replace(heaps, references=heaps.references[:, 1:], similarities=heaps.similarities[:, 1:])


WRONG = {
    "other similarities": (lambda h: dataclasses.replace(h, similarities=h.similarities - 0.01), "heaps_wrong"),
    "rising": (lambda h: dataclasses.replace(h, similarities=h.similarities[:, ::-1]), "heaps_malformed"),
    "other images": (lambda h: dataclasses.replace(h, references=h.references[::-1]), "heaps_wrong"),
    "a reference left out": (without_the_best, "heaps_wrong"),
    "another number": (lambda h: dataclasses.replace(h, reference_count=399), "heaps_stale"),
    "another checksum": (
        lambda h: dataclasses.replace(h, reference_checksum=h.reference_checksum + 0.01), "heaps_stale",
    ),
    "unknown references": (
        lambda h: dataclasses.replace(h, reference_ids=["x" + id for id in h.reference_ids]), "heaps_stale",
    ),
    "too few references": (
        lambda h: dataclasses.replace(h, references=h.references[:, :K], similarities=h.similarities[:, :K]),
        "heaps_too_short",
    ),
}  # fmt: skip


def test_heaps_that_do_not_hold_are_rejected(db, vectors):
    add_references(db, vectors)
    ids = image_ids(vectors)
    for name, (change, code) in WRONG.items():
        with pytest.raises(nnnd.ShardRejected) as raised:
            db.add_images(vectors[0], ids, heaps=change(heaps_of(vectors)), name=name)
        assert raised.value.code == code, name
        assert "heaps" in raised.value.advice
    folder = db.spool().images
    for name, content, code in (
        ("truncated", heaps_of(vectors).to_bytes()[:-50], "truncated"),
        ("foreign", heaps_of((vectors[0][:50], vectors[1])).to_bytes(), "heaps_other_images"),
        ("no heaps", b"nothing", "not_a_shard"),
    ):
        (folder / ".heaps").write_bytes(content)
        (folder / ".heaps").rename(folder / f"{name}.heaps.npz")
        with pytest.raises(nnnd.ShardRejected) as raised:
            db.add_images(vectors[0], ids, name=name)
        assert raised.value.code == code, name
        failed = db.spool().failed / "images"
        assert {f"{name}.npy", f"{name}.ids", f"{name}.heaps.npz"} <= {path.name for path in failed.iterdir()}
    assert db.status()["images"] == 0
    db.add_images(vectors[0], ids, heaps=heaps_of(vectors))
    assert db.verify()["wrong"] == 0


def change_a_vector(db, vectors):
    db.add_references(-vectors[1][:1], ["r7"])


def exchange_a_reference(db, vectors):
    db.delete_references(["r3"])
    db.add_references(vectors[0][:1], ["new"])


@pytest.mark.parametrize(
    "change",
    [
        lambda db, vectors: db.add_references(vectors[0][:1], ["new"]),
        lambda db, vectors: db.delete_references(["r3"]),
        change_a_vector,
        exchange_a_reference,
    ],
)
def test_heaps_of_references_that_have_changed_are_stale(db, vectors, change):
    add_references(db, vectors)
    heaps = heaps_of(vectors)
    change(db, vectors)
    with pytest.raises(nnnd.ShardRejected) as raised:
        db.add_images(vectors[0], image_ids(vectors), heaps=heaps)
    assert raised.value.code == "heaps_stale"
    db.add_images(vectors[0], image_ids(vectors))
    assert db.verify()["wrong"] == 0


def test_wrong_numbers_of_heaps_are_errors(db, vectors):
    heaps = heaps_of(vectors)
    with pytest.raises(ValueError, match="200 heaps for 10 rows"):
        db.add_images(vectors[0][:10], heaps=heaps)
    with pytest.raises(ValueError, match="each must have one"):
        db.add_images(iter([vectors[0], vectors[0]]), heaps=heaps)
    with pytest.raises(ValueError, match="both must be"):
        nnnd.Heaps(heaps.references[:, 1:], heaps.similarities, [], 0, np.zeros(2))
