"""Malicious shards: each is rejected with the expected code, and the daemon's memory stays bounded."""

import io
import os

import numpy as np
import pytest

from harness.clients import memory_peak
from harness.daemon import Daemon
from harness.bad_shards import BAD
from harness.hostile_shards import DIMENSION, GOOD, HOSTILE, LARGEST_SHARD, MIB
from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.rejection import check_rejection
from harness.sanitizers import SANITIZED
from harness.spool import IMAGES, REFERENCES, default_ids, ids_name
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with Daemon(tmp_path_factory.mktemp("hostile"), k=3, capacity=6, largest_shard=LARGEST_SHARD) as daemon:
        for kind in (IMAGES, REFERENCES):
            daemon.drop(kind, "good.npy", GOOD)
        yield daemon
        # A zip bomb uses no more memory than `largest-shard` allows.
        assert SANITIZED or memory_peak(daemon) < 150 * MIB


@pytest.fixture
def unchanged(daemon):
    """Checks that the test does not change the corpus."""
    oracle = Oracle(k=3)
    for kind in (IMAGES, REFERENCES):
        oracle.put(kind, default_ids("good.npy", len(GOOD)), GOOD)
    generation = daemon.status()["generation"]
    yield
    with daemon.client() as client:
        assert client.status()["generation"] == generation
        check_everything(client, oracle)


def test_there_are_at_least_80_bad_shards_with_different_names():
    assert len(BAD | HOSTILE) == len(BAD) + len(HOSTILE) >= 80


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_shard_is_rejected_with_its_code(daemon, unchanged, api_document, case):
    name, content, ids, code, rows = HOSTILE[case]
    before = daemon.spool.error_version(IMAGES, name)
    daemon.spool.drop_bytes(IMAGES, name, content() if callable(content) else content, ids)
    failure = daemon.spool.wait_failure(IMAGES, name, before)
    check_rejection(daemon, api_document, failure, IMAGES, name, code, rows)
    if ids is not None:
        (daemon.spool.failed(IMAGES) / ids_name(name)).unlink()


# The major and minor numbers of /dev/zero, /dev/null and /dev/tty.
DEVICES = {"zero": (1, 5), "null": (1, 3), "terminal": (5, 0)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can create devices")
@pytest.mark.parametrize("device", DEVICES)
def test_a_device_is_rejected(daemon, unchanged, api_document, device):
    os.mknod(daemon.spool.incoming(IMAGES) / f"{device}.npy", 0o20666, os.makedev(*DEVICES[device]))
    failure = daemon.spool.wait_failure(IMAGES, f"{device}.npy")
    check_rejection(daemon, api_document, failure, IMAGES, f"{device}.npy", "not_regular_file", [])


@pytest.mark.parametrize("change", ["shrinks", "grows", "changes", "is replaced", "is deleted and dropped"])
def test_a_file_that_changes_while_it_is_read_takes_effect_as_a_whole_or_not_at_all(make_daemon, change):
    """The content that takes effect is that of the file at one moment."""
    daemon = make_daemon(k=3, quiet_seconds=0).start()
    path = daemon.spool.incoming(IMAGES) / "s.npy"
    rows = 3000
    contents = [npy_bytes(np.full((rows, DIMENSION), float(number), np.float32)) for number in (1, 2)]
    daemon.spool.drop_bytes(IMAGES, "s.npy", contents[0])
    for turn in range(200):
        if not path.exists():
            break
        try:
            if change == "shrinks":
                os.truncate(path, 100 + turn)
                path.write_bytes(contents[turn % 2])
            elif change == "grows":
                with open(path, "ab") as file:
                    file.write(b"x")
                os.truncate(path, len(contents[0]))
            elif change == "changes":
                with open(path, "r+b") as file:
                    file.write(contents[turn % 2])
            elif change == "is replaced":
                daemon.spool.drop_bytes(IMAGES, "s.npy", contents[turn % 2])
            else:
                path.unlink()
                daemon.spool.drop_bytes(IMAGES, "s.npy", contents[turn % 2])
        except FileNotFoundError:
            break
    before = daemon.spool.receipt_version(IMAGES, "last.npy")
    daemon.spool.drop_bytes(IMAGES, "last.npy", npy_bytes(GOOD))
    daemon.spool.wait_receipt(IMAGES, "last.npy", before)
    wait_until(lambda: daemon.spool.names(IMAGES) == [], "an empty spool", alive=daemon.check_alive)
    assert daemon.status()["images"] in (len(GOOD), len(GOOD) + rows)
    with daemon.client() as client:
        assert client.verify()["wrong"] == 0


def test_many_compressed_shards_in_the_spool_use_bounded_memory(make_daemon):
    """A commit ends when its shards have a certain size in memory, not only a certain size of files."""
    daemon = make_daemon(k=3, capacity=6)
    daemon.spool.create_incoming_folders()
    content = io.BytesIO()
    np.savez_compressed(content, embeddings=np.ones((4096, 2048), dtype=np.float32), ids=np.arange(4096))
    for number in range(64):
        daemon.spool.drop_bytes(IMAGES, f"{number}.npz", content.getvalue())
    daemon.start()
    for number in range(64):
        daemon.spool.wait_receipt(IMAGES, f"{number}.npz")
    # All shards together have 2 GiB when they are decompressed.
    assert memory_peak(daemon) < 1024 * MIB
    assert daemon.status()["images"] == 4096
