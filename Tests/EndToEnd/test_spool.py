"""Ingestion through the spool: shards are claimed, committed and published with their receipts."""

import hashlib
import json
import os
import shutil

import numpy as np

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES, default_ids
from harness.waiting import wait_until

DIMENSION = 6


def random_vectors(rng, rows=3):
    return rng.standard_normal((rows, DIMENSION)).astype(np.float32)


def files_of(spool):
    """The names of the files in each folder of the spool."""
    return {kind: spool.names(kind) for kind in (IMAGES, REFERENCES)} | {
        f"{folder}/{kind}": spool.names(folder, kind)
        for folder in ("done", "failed", "processing")
        for kind in (IMAGES, REFERENCES)
    }


NO_FILES = {
    f"{folder}{kind}": [] for folder in ("", "done/", "failed/", "processing/") for kind in (IMAGES, REFERENCES)
}  # fmt: skip


def test_a_processed_shard_is_in_done_with_its_sidecar_and_receipt(daemon, rng, api_document):
    content, ids = npy_bytes(random_vectors(rng)), b"a\nb\nc\n"
    daemon.spool.drop_bytes(IMAGES, "s.npy", content, ids)
    receipt = daemon.spool.wait_receipt(IMAGES, "s.npy")
    assert files_of(daemon.spool) == NO_FILES | {"done/images": ["s.ids", "s.npy", "s.npy.receipt.json"]}
    assert (daemon.spool.done(IMAGES) / "s.npy").read_bytes() == content
    assert (daemon.spool.done(IMAGES) / "s.ids").read_bytes() == ids
    api_document.validate(receipt, "ShardReceipt")
    assert receipt["received"] <= receipt["commit_started"]
    assert receipt["commit_ms"] > 0
    del receipt["received"], receipt["commit_started"], receipt["commit_ms"]
    assert receipt == {
        "name": "s.npy",
        "kind": "images",
        "sha256": hashlib.sha256(content).hexdigest(),
        "ids_sha256": hashlib.sha256(ids).hexdigest(),
        "action": "add",
        "rows": 3,
        "replaced": 0,
        "deleted": 0,
        "missing": 0,
        "generation": 1,
        "unchanged": False,
    }


def test_the_receipt_of_a_shard_without_a_sidecar_has_no_digest_of_ids(daemon, rng):
    assert "ids_sha256" not in daemon.drop(IMAGES, "s.npy", random_vectors(rng))


def test_the_status_has_the_same_receipt_as_done(daemon, rng):
    receipt = daemon.drop(REFERENCES, "s.npy", random_vectors(rng))
    assert daemon.status()["last_receipts"] == [receipt]


def test_with_finished_shards_delete_processed_shards_are_deleted(make_daemon, rng):
    daemon = make_daemon(k=3, finished_shards="delete").start()
    daemon.drop(IMAGES, "s.npy", random_vectors(rng), ids=["a", "b", "c"])
    assert files_of(daemon.spool) == NO_FILES | {"done/images": ["s.npy.receipt.json"]}
    assert daemon.status()["images"] == 3


def test_with_finished_shards_delete_rejected_shards_are_kept(make_daemon):
    daemon = make_daemon(k=3, finished_shards="delete").start()
    daemon.spool.drop(IMAGES, "s.npy", np.zeros((1, DIMENSION)))
    daemon.spool.wait_failure(IMAGES, "s.npy")
    assert daemon.spool.names("failed", IMAGES) == ["s.npy", "s.npy.error.json"]


def test_the_same_shard_again_changes_nothing(daemon, rng):
    vectors = random_vectors(rng)
    first = daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "c"])
    daemon.drop(REFERENCES, "r.npy", random_vectors(rng))
    generation = daemon.status()["generation"]
    again = daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "c"])
    assert again == first | {"unchanged": True}
    assert daemon.status()["generation"] == generation
    assert files_of(daemon.spool)["done/images"] == ["s.ids", "s.npy", "s.npy.receipt.json"]


def test_the_same_shard_after_a_restart_changes_nothing(daemon, rng):
    vectors = random_vectors(rng)
    first = daemon.drop(IMAGES, "s.npy", vectors)
    daemon.restart()
    again = daemon.drop(IMAGES, "s.npy", vectors)
    assert again == first | {"unchanged": True}
    assert daemon.status()["generation"] == first["generation"]


def test_the_same_content_with_other_ids_is_another_shard(daemon, rng):
    vectors = random_vectors(rng)
    daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "c"])
    receipt = daemon.drop(IMAGES, "s.npy", vectors, ids=["a", "b", "d"])
    assert (receipt["replaced"], receipt["unchanged"]) == (2, False)
    assert daemon.status()["images"] == 4


def test_shards_of_the_same_name_as_images_and_as_references_are_independent(daemon, rng):
    vectors = random_vectors(rng)
    daemon.drop(IMAGES, "s.npy", vectors)
    daemon.drop(REFERENCES, "s.npy", vectors)
    status = daemon.status()
    assert (status["images"], status["references"]) == (3, 3)


def test_new_content_under_the_same_name_replaces_rows_with_the_same_ids(daemon, client, rng):
    oracle = Oracle(k=4)
    daemon.drop(REFERENCES, "r.npy", references := random_vectors(rng, 9))
    oracle.put(REFERENCES, default_ids("r.npy", 9), references)
    for rows, replaced in ((5, 0), (5, 5), (3, 3), (7, 5)):
        vectors = random_vectors(rng, rows)
        receipt = daemon.drop(IMAGES, "s.npy", vectors)
        assert (receipt["rows"], receipt["replaced"]) == (rows, replaced)
        oracle.put(IMAGES, default_ids("s.npy", rows), vectors)
        check_everything(client, oracle)


def test_earlier_content_takes_effect_again_after_other_content_of_the_same_name(daemon, client, rng):
    first, second = random_vectors(rng), random_vectors(rng)
    oracle = Oracle(k=4)
    for vectors in (first, second, first):
        receipt = daemon.drop(IMAGES, "s.npy", vectors)
        assert not receipt["unchanged"]
        oracle.put(IMAGES, default_ids("s.npy", 3), vectors)
        check_everything(client, oracle)


def test_biases_are_exact_after_many_replacements(daemon, client, rng):
    """There are enough replacements that heaps are refilled by a new search."""
    oracle = Oracle(k=4)
    for step in range(40):
        kind = (IMAGES, REFERENCES)[int(rng.integers(0, 2))]
        ids = [f"id-{number}" for number in rng.choice(30, size=int(rng.integers(1, 12)), replace=False)]
        known = oracle.images if kind == IMAGES else oracle.references
        expected = len(known.keys() & set(ids))
        vectors = random_vectors(rng, len(ids))
        receipt = daemon.drop(kind, f"{step}.npy", vectors, ids)
        assert receipt["replaced"] == expected
        oracle.put(kind, ids, vectors)
        check_everything(client, oracle)


def test_biases_are_exact_after_replacements_within_one_commit(make_daemon, rng):
    """Shards that wait together can share a commit; later ones replace rows of earlier ones."""
    daemon = make_daemon(k=4, capacity=6)
    daemon.spool.create_incoming_folders()
    oracle = Oracle(k=4)
    for step in range(30):
        kind = REFERENCES if step % 3 else IMAGES
        ids = [f"id-{number}" for number in rng.choice(20, size=7, replace=False)]
        vectors = random_vectors(rng, 7)
        name = f"{step:02}.npy"
        daemon.spool.drop(kind, name, vectors, ids)
        oracle.put(kind, ids, vectors)
        daemon.spool.wait_until_new_files_are_newer(kind, name)
    daemon.start()
    for step in range(30):
        daemon.spool.wait_receipt(REFERENCES if step % 3 else IMAGES, f"{step:02}.npy")
    with daemon.client() as client:
        check_everything(client, oracle)


def test_hidden_and_temporary_files_and_sidecars_without_a_shard_are_ignored(daemon, rng):
    content = npy_bytes(random_vectors(rng))
    ignored = [".hidden.npy", "s.npy.tmp", "s.npy.part", "s.npz.tmp", ".s.npy.part", "lonely.ids", ".tmp", ".part"]
    for name in ignored:
        daemon.spool.drop_bytes(IMAGES, name, content)
    # When these shards have receipts, the daemon has scanned the spool after the quiet time of the ignored files.
    daemon.drop(IMAGES, "first.npy", random_vectors(rng))
    (daemon.spool.incoming(IMAGES) / "in-place.npy").write_bytes(content)
    daemon.spool.wait_receipt(IMAGES, "in-place.npy")
    assert daemon.spool.names(IMAGES) == sorted(ignored)
    assert daemon.spool.names("failed", IMAGES) == []
    status = daemon.status()
    assert (status["images"], status["spool"]["backlog"]) == (6, 0)


def test_an_ignored_file_is_processed_after_its_rename_to_a_shard_name(daemon, rng):
    ignored = daemon.spool.incoming(IMAGES) / "s.npy.part"
    ignored.write_bytes(npy_bytes(random_vectors(rng)))
    ignored.rename(ignored.with_name("s.npy"))
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 3


def test_files_waiting_at_the_start_are_processed(make_daemon, rng):
    daemon = make_daemon(k=3)
    daemon.spool.create_incoming_folders()
    daemon.spool.drop(IMAGES, "s.npy", random_vectors(rng))
    (daemon.spool.incoming(IMAGES) / "in-place.npy").write_bytes(npy_bytes(random_vectors(rng)))
    os.link(
        daemon.spool.incoming(IMAGES) / "in-place.npy",
        daemon.spool.incoming(REFERENCES) / "linked.npy",
    )
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "s.npy")
    daemon.spool.wait_receipt(IMAGES, "in-place.npy")
    daemon.spool.wait_receipt(REFERENCES, "linked.npy")


def test_a_hard_link_in_the_spool_is_processed_and_the_original_stays(daemon, rng):
    original = daemon.folder / "original.npy"
    original.write_bytes(npy_bytes(random_vectors(rng)))
    os.link(original, daemon.spool.incoming(IMAGES) / "link.npy")
    assert daemon.spool.wait_receipt(IMAGES, "link.npy")["rows"] == 3
    assert original.exists()


def test_a_file_with_times_in_the_future_is_processed(daemon, rng):
    path = daemon.spool.incoming(IMAGES) / "future.npy"
    path.write_bytes(npy_bytes(random_vectors(rng)))
    os.utime(path, (2**33, 2**33))
    daemon.spool.wait_receipt(IMAGES, "future.npy")


def test_a_deleted_incoming_folder_is_created_again(daemon, rng):
    shutil.rmtree(daemon.spool.incoming(IMAGES))
    wait_until(daemon.spool.incoming(IMAGES).is_dir, "the folder", alive=daemon.check_alive)
    daemon.drop(IMAGES, "s.npy", random_vectors(rng))


def test_a_deleted_spool_is_created_again(daemon, rng):
    daemon.drop(IMAGES, "first.npy", random_vectors(rng))
    # The daemon is paused, because it would create folders while others are being deleted.
    daemon.pause()
    shutil.rmtree(daemon.spool.root)
    daemon.resume()
    folders = [daemon.spool.incoming(kind) for kind in (IMAGES, REFERENCES)]
    wait_until(lambda: all(folder.is_dir() for folder in folders), "the folders", alive=daemon.check_alive)
    for kind in (IMAGES, REFERENCES):
        daemon.drop(kind, "s.npy", random_vectors(rng))
    daemon.spool.drop(IMAGES, "bad.npy", np.zeros((1, DIMENSION)))
    daemon.spool.wait_failure(IMAGES, "bad.npy")


def test_done_and_failed_can_be_deleted_while_the_daemon_runs(daemon, rng):
    daemon.drop(IMAGES, "first.npy", random_vectors(rng))
    for folder in ("done", "failed"):
        # The rename removes the folder in one step; the daemon can create it again at any moment.
        deleted = (daemon.spool.root / folder).rename(daemon.folder / f"{folder}-deleted")
        shutil.rmtree(deleted)
    daemon.drop(IMAGES, "second.npy", random_vectors(rng))
    assert (daemon.spool.done(IMAGES) / "second.npy").exists()
    daemon.spool.drop(REFERENCES, "bad.npy", np.zeros((1, DIMENSION)))
    daemon.spool.wait_failure(REFERENCES, "bad.npy")
    assert (daemon.spool.failed(REFERENCES) / "bad.npy").exists()


def test_thousands_of_small_shards_waiting_at_the_start_share_commits(make_daemon, rng):
    count = 6000
    daemon = make_daemon(k=4, capacity=6)
    daemon.spool.create_incoming_folders()
    oracle = Oracle(k=4)
    vectors = rng.standard_normal((count, DIMENSION)).astype(np.float32)
    for number in range(count):
        kind = REFERENCES if number % 4 == 3 else IMAGES
        name = f"{number:05}.npy"
        daemon.spool.drop_bytes(kind, name, npy_bytes(vectors[number : number + 1]))
        oracle.put(kind, [f"{number:05}:0"], vectors[number : number + 1])
    daemon.start()
    for number in range(count):
        daemon.spool.wait_receipt(REFERENCES if number % 4 == 3 else IMAGES, f"{number:05}.npy")
    with daemon.client() as client:
        check_everything(client, oracle)
        status = client.status()
    assert status["generation"] < count / 10, "too few shards shared a commit"
    assert files_of(daemon.spool)[IMAGES] == []
    assert len(status["last_receipts"]) == 16
    written = json.loads(daemon.spool.receipt_path(IMAGES, "00000.npy").read_text())
    assert written["rows"] == 1


def test_the_backlog_is_the_number_of_waiting_shards(make_daemon, rng):
    daemon = make_daemon(k=3, quiet_seconds=3600).start()
    for number in range(3):
        (daemon.spool.incoming(IMAGES) / f"{number}.npy").write_bytes(npy_bytes(random_vectors(rng)))
    daemon.drop(IMAGES, "renamed.npy", random_vectors(rng))
    wait_until(lambda: daemon.status()["spool"]["backlog"] == 3, "the backlog", alive=daemon.check_alive)
    assert daemon.status()["images"] == 3
