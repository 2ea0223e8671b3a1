"""Files that are written in place under their final names: each is processed when it is complete, and not before."""

import contextlib
import hashlib
import os
import threading
import time

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES
from harness.strace import faults
from harness.waiting import wait_until

DIMENSION = 16


def random_vectors(rng, rows=4):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


def wait_for_the_quiet_time(daemon, rng, name):
    """Writes another file in place and waits for its receipt; then all earlier files have been quiet long enough."""
    (daemon.spool.incoming(IMAGES) / name).write_bytes(npy_bytes(random_vectors(rng)))
    daemon.spool.wait_receipt(IMAGES, name)


def test_a_file_that_numpy_saves_in_place_is_processed(daemon, rng):
    vectors = random_vectors(rng)
    np.save(daemon.spool.incoming(IMAGES) / "s.npy", vectors)
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(npy_bytes(vectors)).hexdigest()


def test_an_archive_that_numpy_saves_in_place_is_processed(daemon, rng):
    np.savez(daemon.spool.incoming(IMAGES) / "s.npz", embeddings=random_vectors(rng), ids=np.arange(4))
    assert daemon.spool.wait_receipt(IMAGES, "s.npz")["rows"] == 4


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999], ids=lambda share: f"{share:.1%} written")
def test_a_file_is_not_processed_before_it_is_complete(daemon, client, rng, share):
    content = npy_bytes(random_vectors(rng, 2000))
    cut = int(len(content) * share)
    with open(daemon.spool.incoming(IMAGES) / "s.npy", "wb") as file:
        file.write(content[:cut])
        file.flush()
        for turn in range(2):
            wait_for_the_quiet_time(daemon, rng, f"other-{turn}.npy")
        assert daemon.spool.names(IMAGES) == ["s.npy"]
        assert daemon.spool.names("failed", IMAGES) == []
        file.write(content[cut:])
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()


def mapped_writes_change_file_times(folder):
    """Whether a write through a memory map changes the time of a file, which some file systems do not do."""
    path = folder / ".probe"
    mapped = np.memmap(path, np.uint8, "w+", shape=(4096,))
    mapped.flush()
    before = path.stat().st_mtime_ns

    def write():
        mapped[:] += 1
        mapped.flush()
        return path.stat().st_mtime_ns != before

    end = time.monotonic() + 1
    while time.monotonic() < end:
        if write():
            return True
    return False


@pytest.mark.parametrize("mapped", [False, True], ids=["written", "mapped"])
def test_a_file_of_full_size_is_not_processed_while_its_rows_are_written(make_daemon, rng, mapped):
    """numpy.lib.format.open_memmap creates a file of full size before a row is written."""
    quiet = 2.0
    daemon = make_daemon(k=4, quiet_seconds=quiet).start()
    if mapped and not mapped_writes_change_file_times(daemon.spool.root):
        pytest.skip("on this file system mapped writes do not change file times, so the daemon cannot see them")
    vectors = random_vectors(rng, 500)
    path = daemon.spool.incoming(IMAGES) / "s.npy"
    rows = np.lib.format.open_memmap(path, "w+", np.float32, vectors.shape)
    rows.flush()
    start = path.stat().st_size - vectors.nbytes
    end = time.monotonic() + 2 * quiet

    def write(row):
        if mapped:
            rows[row] = vectors[row]
            rows.flush()
        else:
            with open(path, "r+b") as file:
                file.seek(start + row * vectors.itemsize * DIMENSION)
                file.write(vectors[row].tobytes())

    # The writes last longer than the quiet time, without a pause of that length.
    middle = len(vectors) // 2
    for row in range(middle):
        write(row)
    while time.monotonic() < end:
        before = daemon.spool.receipt_version(REFERENCES, "meanwhile.npy")
        daemon.spool.drop(REFERENCES, "meanwhile.npy", random_vectors(rng))

        def has_new_receipt(before=before):
            write(middle)
            return daemon.spool.receipt_version(REFERENCES, "meanwhile.npy") != before

        wait_until(has_new_receipt, "the receipt of the other shard", alive=daemon.check_alive)
        assert path.exists(), "the file was claimed before it was complete"
    for row in range(middle, len(vectors)):
        write(row)
    del rows
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(npy_bytes(vectors)).hexdigest()


def test_a_file_that_stays_incomplete_is_rejected_after_a_while(make_daemon, rng):
    daemon = make_daemon(k=4, quiet_seconds=0.02).start()
    (daemon.spool.incoming(IMAGES) / "s.npy").write_bytes(npy_bytes(random_vectors(rng))[:-1])
    assert daemon.spool.wait_failure(IMAGES, "s.npy")["code"] == "truncated"


def test_an_incomplete_file_waits_although_an_earlier_file_of_its_name_was_renamed_in(make_daemon, rng):
    """A scan can find the earlier file before its inotify event is read; the event must not count for the later one."""
    # This commit takes longer than the quiet time.
    references = rng.standard_normal((4000, 256)).astype(np.float32)
    daemon = make_daemon(k=4, quiet_seconds=0.1).start()
    daemon.drop(REFERENCES, "references.npy", references)
    daemon.spool.drop(IMAGES, "large.npy", rng.standard_normal((20_000, 256)).astype(np.float32))
    wait_until(lambda: daemon.status()["spool"]["backlog"], "the large shard in the backlog", alive=daemon.check_alive)
    # This file is dropped during the commit, so the scan after the commit finds it.
    daemon.drop(IMAGES, "s.npy", references[:2])
    wait_until(lambda: not daemon.status()["spool"]["backlog"], "an empty spool", alive=daemon.check_alive)

    content = npy_bytes(references)
    with open(daemon.spool.incoming(IMAGES) / "s.npy", "wb") as file:
        file.write(content[:-1])
        file.flush()
        daemon.drop(REFERENCES, "other.npy", references[:1])
        daemon.drop(REFERENCES, "another.npy", references[:1])
        assert daemon.spool.names("failed", IMAGES) == [], "the incomplete file was processed"
        file.write(content[-1:])
    wait_until(
        lambda: daemon.spool.receipt_path(IMAGES, "s.npy").exists()
        and daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 4000,
        "the receipt of the complete file",
        alive=daemon.check_alive,
    )


def test_a_sidecar_written_in_place_before_its_shard_is_used(daemon, client, rng):
    vectors = random_vectors(rng)
    (daemon.spool.incoming(IMAGES) / "s.ids").write_text("a\nb\nc\nd\n")
    np.save(daemon.spool.incoming(IMAGES) / "s.npy", vectors)
    daemon.spool.wait_receipt(IMAGES, "s.npy")
    oracle = Oracle(k=4)
    oracle.put(IMAGES, ["a", "b", "c", "d"], vectors)
    check_everything(client, oracle)
    assert daemon.spool.names(IMAGES) == []


@contextlib.contextmanager
def changing(path):
    """Changes the times of a file continuously while the context lasts, also after it has been renamed."""
    stopping = threading.Event()

    def change():
        with open(path, "r+b") as file:
            while not stopping.is_set():
                os.utime(file.fileno())

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def test_a_shard_waits_while_its_sidecar_changes(make_daemon, rng):
    """A shard that has a sidecar never takes effect without its ids."""
    daemon = make_daemon(k=4).start()
    vectors = rng.standard_normal((100, 8))
    ids = daemon.spool.incoming(IMAGES) / "s.ids"
    claimed = daemon.spool.root / "processing" / IMAGES / "s.ids"
    ids.write_text("".join(f"id of row {row}\n" for row in range(len(vectors))))
    # The delay makes the sidecar change while it is read.
    with changing(ids), faults(daemon, "pread64", "delay_exit=500000", path=claimed):
        daemon.spool.drop(IMAGES, "s.npy", vectors)
        # When a newer shard has taken effect, the daemon has tried to read this one.
        daemon.spool.wait_until_new_files_are_newer(IMAGES, "s.npy")
        daemon.drop(IMAGES, "newer.npy", vectors[:1])
        assert daemon.spool.names("done", IMAGES) == ["newer.npy", "newer.npy.receipt.json"]
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["ids_sha256"] is not None
    with daemon.client() as client:
        assert client.explain("id of row 7")
