"""Files that are written straight to their final names: taken when they are whole, and not before."""

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


def shard(rng, rows=4):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


def let_a_quiet_time_pass(daemon, rng, name):
    """Writes another file in place and waits until it has been taken: what was quiet before is older than that."""
    (daemon.spool.incoming(IMAGES) / name).write_bytes(npy_bytes(shard(rng)))
    daemon.spool.wait_receipt(IMAGES, name)


def test_a_file_saved_by_numpy_in_place_is_taken(daemon, rng):
    vectors = shard(rng)
    np.save(daemon.spool.incoming(IMAGES) / "s.npy", vectors)
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(npy_bytes(vectors)).hexdigest()


def test_an_archive_saved_by_numpy_in_place_is_taken(daemon, rng):
    np.savez(daemon.spool.incoming(IMAGES) / "s.npz", embeddings=shard(rng), ids=np.arange(4))
    assert daemon.spool.wait_receipt(IMAGES, "s.npz")["rows"] == 4


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999], ids=lambda share: f"{share:.1%} of it there")
def test_a_file_is_not_taken_before_all_of_it_is_there(daemon, client, rng, share):
    vectors = shard(rng, 2000)
    content = npy_bytes(vectors)
    cut = int(len(content) * share)
    with open(daemon.spool.incoming(IMAGES) / "s.npy", "wb") as file:
        file.write(content[:cut])
        file.flush()
        for turn in range(2):
            let_a_quiet_time_pass(daemon, rng, f"other-{turn}.npy")
        assert daemon.spool.names(IMAGES) == ["s.npy"]
        assert daemon.spool.names("failed", IMAGES) == []
        file.write(content[cut:])
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(content).hexdigest()


def keeps_times_of_mapped_writes(folder):
    """Whether a file's time changes when it is written to through a map; on some file systems it doesn't."""
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
def test_a_file_of_full_size_is_not_taken_while_its_rows_are_being_written(make_daemon, rng, mapped):
    """numpy.lib.format.open_memmap makes a file of full size before a row is written."""
    quiet = 2.0
    daemon = make_daemon(k=4, quiet_seconds=quiet).start()
    if mapped and not keeps_times_of_mapped_writes(daemon.spool.root):
        pytest.skip("this file system keeps no times of mapped writes: nothing can tell that the file changes")
    vectors = shard(rng, 500)
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

    # Spread over more than the quiet time, never so long without a write.
    middle = len(vectors) // 2
    for row in range(middle):
        write(row)
    while time.monotonic() < end:
        before = daemon.spool.receipt_stamp(REFERENCES, "meanwhile.npy")
        daemon.spool.drop(REFERENCES, "meanwhile.npy", shard(rng))

        def took_effect(before=before):
            write(middle)
            return daemon.spool.receipt_stamp(REFERENCES, "meanwhile.npy") != before

        wait_until(took_effect, "the shard meanwhile", alive=daemon.check_alive)
        assert path.exists(), "it was taken with rows missing"
    for row in range(middle, len(vectors)):
        write(row)
    del rows
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["sha256"] == hashlib.sha256(npy_bytes(vectors)).hexdigest()


def test_a_file_that_never_becomes_whole_is_refused_in_the_end(make_daemon, rng):
    daemon = make_daemon(k=4, quiet_seconds=0.02).start()
    (daemon.spool.incoming(IMAGES) / "s.npy").write_bytes(npy_bytes(shard(rng))[:-1])
    assert daemon.spool.wait_failure(IMAGES, "s.npy")["code"] == "truncated"


def test_a_file_written_in_place_waits_though_one_was_renamed_to_its_name_before(make_daemon, rng):
    """What is known of a name ends with the file that had it, even if that was taken by a look around, and the news
    of its rename came later."""
    # A commit that takes longer than the quiet time ...
    references = rng.standard_normal((4000, 256)).astype(np.float32)
    daemon = make_daemon(k=4, quiet_seconds=0.1).start()
    daemon.drop(REFERENCES, "references.npy", references)
    daemon.spool.drop(IMAGES, "large.npy", rng.standard_normal((20_000, 256)).astype(np.float32))
    wait_until(lambda: daemon.status()["spool"]["backlog"], "the large shard to be seen", alive=daemon.check_alive)
    # ... and a file that comes meanwhile, so that it is found by the look after it.
    daemon.drop(IMAGES, "s.npy", references[:2])
    wait_until(lambda: not daemon.status()["spool"]["backlog"], "the spool to be empty", alive=daemon.check_alive)

    content = npy_bytes(references)
    with open(daemon.spool.incoming(IMAGES) / "s.npy", "wb") as file:
        file.write(content[:-1])
        file.flush()
        daemon.drop(REFERENCES, "other.npy", references[:1])
        daemon.drop(REFERENCES, "another.npy", references[:1])
        assert daemon.spool.names("failed", IMAGES) == [], "half of the file was taken"
        file.write(content[-1:])
    receipt = wait_until(
        lambda: daemon.spool.receipt_path(IMAGES, "s.npy").exists()
        and daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 4000,
        "the whole file",
        alive=daemon.check_alive,
    )
    assert receipt


def test_ids_written_before_their_shard_count_though_both_are_written_in_place(daemon, client, rng):
    vectors = shard(rng)
    (daemon.spool.incoming(IMAGES) / "s.ids").write_text("a\nb\nc\nd\n")
    np.save(daemon.spool.incoming(IMAGES) / "s.npy", vectors)
    daemon.spool.wait_receipt(IMAGES, "s.npy")
    oracle = Oracle(k=4)
    oracle.put(IMAGES, ["a", "b", "c", "d"], vectors)
    check_everything(client, oracle)
    assert daemon.spool.names(IMAGES) == []


@contextlib.contextmanager
def changing(path):
    """A file that changes all the time, whatever its name is by then."""
    end = threading.Event()

    def change():
        with open(path, "r+b") as file:
            while not end.is_set():
                os.utime(file.fileno())

    changer = threading.Thread(target=change)
    changer.start()
    try:
        yield
    finally:
        end.set()
        changer.join()


def test_ids_that_change_are_waited_for(make_daemon, rng):
    """A shard whose ids are there is never taken without them."""
    daemon = make_daemon(k=4).start()
    vectors = rng.standard_normal((100, 8))
    ids = daemon.spool.incoming(IMAGES) / "s.ids"
    claimed = daemon.spool.root / "processing" / IMAGES / "s.ids"
    ids.write_text("".join(f"id of row {row}\n" for row in range(len(vectors))))
    # Reading takes long enough for a change.
    with changing(ids), faults(daemon, "pread64", "delay_exit=500000", path=claimed):
        daemon.spool.drop(IMAGES, "s.npy", vectors)
        # It has been tried when a younger one has taken effect.
        daemon.spool.let_time_pass_after(IMAGES, "s.npy")
        daemon.drop(IMAGES, "younger.npy", vectors[:1])
        assert daemon.spool.names("done", IMAGES) == ["younger.npy", "younger.npy.receipt.json"]
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert receipt["ids_sha256"] is not None
    with daemon.client() as client:
        assert client.get("/v1/images/id%20of%20row%207").status == 200
