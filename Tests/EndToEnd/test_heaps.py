"""Shards that bring their heaps: through nnnctl and the spool, and over kills of the daemon."""

import os
import zlib

import numpy as np
import pytest

from harness.daemon import Daemon
from harness.nnnctl import fails, succeeds
from harness.shards import encode
from harness.spool import IMAGES, REFERENCES, id_lines

DIMENSION, K, WIDTH = 16, 4, 12
REFERENCE_IDS = [f"referénce {row}" for row in range(300)]
KILLS = int(os.environ.get("NNND_TEST_KILLS") or 6)


def unit(vectors):
    return vectors / np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)


def weight(id):
    checksum = zlib.crc32(id.encode())
    return (1 + checksum % 2**31 / 2**31) * (-1 if checksum >= 2**31 else 1)


def heaps(images, references):
    """The arrays of a file of heaps."""
    products = unit(images) @ unit(references).T
    best = np.argsort(-products, axis=1)[:, :WIDTH]
    return {
        "references": best.astype(np.uint32),
        "similarities": np.take_along_axis(products, best, axis=1).astype(np.float32),
        "reference_ids": np.array(REFERENCE_IDS),
        "reference_count": np.uint64(len(references)),
        "reference_checksum": np.array([weight(id) for id in REFERENCE_IDS]) @ unit(references),
    }


def means(images, references):
    return np.sort(unit(images) @ unit(references).T, axis=1)[:, -K:].mean(axis=1)


@pytest.fixture
def vectors(rng):
    return [rng.standard_normal((count, DIMENSION)).astype(np.float32) for count in (200, 300)]


@pytest.fixture
def daemon(tmp_path, vectors):
    with Daemon(tmp_path / "d", k=K) as daemon:
        daemon.drop(REFERENCES, "r.npy", vectors[1], REFERENCE_IDS)
        yield daemon


def check(daemon, ids, vectors):
    with daemon.client() as client:
        found = [client.explain(id)["mean"] for id in ids]
        assert client.verify()["wrong"] == 0
    np.testing.assert_allclose(found, means(*vectors), rtol=1e-5, atol=1e-5)


def test_nnnctl_sends_heaps(daemon, tmp_path, vectors):
    arrays = heaps(*vectors)
    np.save(tmp_path / "i.npy", vectors[0])
    ingest = ("ingest", "--kind", "images", "--wait")
    assert "i.heaps.npz" in fails(os.EX_NOINPUT, *ingest, "--heaps", tmp_path / "i.npy", daemon=daemon)
    np.savez_compressed(tmp_path / "i.heaps.npz", **arrays)
    fails(os.EX_USAGE, "ingest", "--kind", "references", "--heaps", tmp_path / "i.npy", daemon=daemon)
    np.savez(tmp_path / "wrong.heaps.npz", **arrays | {"similarities": arrays["similarities"] * np.float32(0.999)})
    np.save(tmp_path / "wrong.npy", vectors[0])
    error = fails(os.EX_DATAERR, *ingest, "--heaps", tmp_path / "wrong.npy", daemon=daemon)
    assert "heaps_wrong" in error and "without heaps" in error
    assert "200 rows" in succeeds(*ingest, "--heaps", tmp_path / "i.npy", daemon=daemon)
    check(daemon, [f"i:{row}" for row in range(200)], vectors)


def test_shards_with_heaps_take_effect_once_over_kills(daemon, tmp_path, vectors, rng):
    images, references = vectors
    ids = [f"image {row}" for row in range(200)]
    parts = np.array_split(np.arange(200), KILLS)
    for number, rows in enumerate(parts):
        np.savez(tmp_path / "heaps.npz", **heaps(images[rows], references))
        daemon.spool.drop_bytes(IMAGES, f"part{number}.heaps.npz", (tmp_path / "heaps.npz").read_bytes())
        daemon.spool.drop_bytes(
            IMAGES, f"part{number}.npy", encode("x.npy", images[rows]), id_lines([ids[row] for row in rows])
        )
        daemon.let_run(rng.uniform(0, 0.03))
        daemon.kill()
        daemon.start()
    for number, rows in enumerate(parts):
        receipt = daemon.spool.wait_receipt(IMAGES, f"part{number}.npy")
        assert (receipt["rows"], receipt["replaced"]) == (len(rows), 0)
        assert (daemon.spool.done(IMAGES) / f"part{number}.heaps.npz").exists()
    check(daemon, ids, vectors)
    assert not list(daemon.spool.failed(IMAGES).iterdir())
