"""Deletion lists and .ids files that are written slowly, that end too early, or that come after their shards."""

import json
import os

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.spool import IMAGES, REFERENCES, id_lines
from harness.waiting import wait_until

IDS = [f"i{number}" for number in range(8)]
VECTORS = np.eye(8, dtype=np.float32)


@pytest.fixture
def daemon_with_images(daemon):
    daemon.drop(IMAGES, "i.npy", VECTORS, IDS)
    return daemon


LIST = "".join(f"{id}\n" for id in IDS)


@pytest.mark.parametrize("pause_after", ["i0\ni1\n", "i0\ni1"], ids=["after a line", "within a line"])
def test_a_list_that_is_written_with_a_pause_deletes_all(make_daemon, pause_after):
    daemon = make_daemon(k=4, quiet_seconds=0.02, list_quiet_seconds=5).start()
    daemon.drop(IMAGES, "i.npy", VECTORS, IDS)
    with open(daemon.spool.incoming(IMAGES) / "d.delete", "w") as file:
        file.write(pause_after)
        file.flush()
        # Shards of references: those of images would wait for the list.
        daemon.spool.wait_until_older_files_are_quiet(REFERENCES, dimension=8)
        file.write(LIST.removeprefix(pause_after))
    receipt = daemon.spool.wait_receipt(IMAGES, "d.delete")
    assert (receipt["deleted"], receipt["missing"]) == (8, 0)


def test_what_comes_after_a_list_takes_effect_after_it(make_daemon):
    """A list that is written in place has to be quiet for longer than the shard that is dropped after it."""
    daemon = make_daemon(k=4, quiet_seconds=0.02, list_quiet_seconds=0.5).start()
    daemon.drop(IMAGES, "i.npy", VECTORS, IDS)
    (daemon.spool.incoming(IMAGES) / "d.delete").write_bytes(id_lines(IDS))
    daemon.spool.wait_until_new_files_are_newer(IMAGES, "d.delete")
    daemon.drop(IMAGES, "again.npy", VECTORS, IDS)
    assert daemon.spool.wait_receipt(IMAGES, "d.delete")["deleted"] == 8
    assert daemon.status()["images"] == 8


def test_ids_that_are_written_with_a_pause_name_every_row(make_daemon):
    """A shard that was renamed into the spool waits for its .ids file."""
    daemon = make_daemon(k=4, quiet_seconds=0.02, list_quiet_seconds=5).start()
    folder = daemon.spool.incoming(IMAGES)
    with open(folder / "s.ids", "w") as file:
        file.write("i0\ni1\n")
        file.flush()
        daemon.spool.wait_until_older_files_are_quiet(REFERENCES, dimension=8)
        file.write("\n".join(IDS[2:]) + "\n")
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["ids_sha256"]
    with daemon.client() as client:
        assert all(client.explain(id) for id in IDS)


@pytest.mark.parametrize("text", ["", "i0", "i0\ni1"], ids=["empty", "one cut line", "a cut line"])
def test_a_list_without_a_final_line_feed_is_rejected(make_daemon, text):
    daemon = make_daemon(k=4, quiet_seconds=0.01, list_quiet_seconds=0.02).start()
    daemon.drop(IMAGES, "i.npy", VECTORS, IDS)
    (daemon.spool.incoming(IMAGES) / "d.delete").write_text(text)
    failure = daemon.spool.wait_failure(IMAGES, "d.delete")
    assert failure["code"] == "truncated" and "line feed" in failure["advice"]
    assert (daemon.spool.failed(IMAGES) / "d.delete").read_text() == text
    assert daemon.status()["images"] == 8


def test_ids_without_a_final_line_feed_reject_their_shard(make_daemon):
    daemon = make_daemon(k=4, quiet_seconds=0.01, list_quiet_seconds=0.02).start()
    (daemon.spool.incoming(IMAGES) / "s.ids").write_text("\n".join(IDS))
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    failure = daemon.spool.wait_failure(IMAGES, "s.npy")
    assert failure["code"] == "truncated" and "s.ids" in failure["message"]
    assert daemon.spool.names("failed", IMAGES) == ["s.ids", "s.npy", "s.npy.error.json"]


@pytest.mark.parametrize("name", ["d.delete", "s.npy"], ids=["list", "ids"])
def test_renamed_lists_need_no_final_line_feed(daemon_with_images, name):
    spool = daemon_with_images.spool
    text = "\n".join(IDS).encode()
    if name == "d.delete":
        spool.drop_bytes(IMAGES, name, text)
    else:
        spool.drop_bytes(IMAGES, name, npy_bytes(VECTORS), text)
    assert spool.wait_receipt(IMAGES, name)["rows"] == 8


def test_ids_that_come_after_a_waiting_shard_are_not_used(make_daemon):
    """The shard is rejected; the .ids file stays for the next one, and the status shows it."""
    daemon = make_daemon(k=4, quiet_seconds=0.2, list_quiet_seconds=0.2)
    daemon.spool.create_incoming_folders()
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    daemon.spool.wait_until_new_files_are_newer(IMAGES, "s.npy")
    daemon.spool.drop_bytes(IMAGES, "s.ids", id_lines(IDS))
    daemon.start()
    wait_until((daemon.spool.failed(IMAGES) / "s.npy").exists, "the rejection", alive=daemon.check_alive)
    failure = json.loads(daemon.spool.error_path(IMAGES, "s.npy").read_text())
    assert failure["code"] == "ids_late" and "s.ids" in failure["message"]
    assert daemon.status()["images"] == 0
    assert daemon.spool.names(IMAGES) == ["s.ids"]
    reports = wait_until(lambda: daemon.status()["spool"]["unused"], "the report", alive=daemon.check_alive)
    assert [(report["name"], report["reason"]) for report in reports] == [("s.ids", "ids_without_shard")]
    # As its advice says: once the shard comes after the ids, both belong together.
    os.rename(daemon.spool.failed(IMAGES) / "s.npy", daemon.spool.incoming(IMAGES) / "s.npy")
    wait_until(daemon.spool.receipt_path(IMAGES, "s.npy").exists, "the receipt", alive=daemon.check_alive)
    with daemon.client() as client:
        assert client.explain("i7")


def test_ids_that_come_after_a_processed_shard_are_shown(daemon):
    daemon.drop(IMAGES, "s.npy", VECTORS)
    daemon.spool.drop_bytes(IMAGES, "s.ids", id_lines(IDS))
    reports = wait_until(lambda: daemon.status()["spool"]["unused"], "the report", alive=daemon.check_alive)
    assert [(report["name"], report["kind"]) for report in reports] == [("s.ids", IMAGES)]
    assert daemon.spool.names(IMAGES) == ["s.ids"]


def test_a_shard_and_its_ids_can_be_replaced_together(make_daemon):
    """While the first pair waits, its .ids file is replaced first: the old shard must not take the new ids."""
    daemon = make_daemon(k=4, quiet_seconds=2, list_quiet_seconds=2)
    daemon.spool.create_incoming_folders()
    daemon.spool.drop(IMAGES, "s.npy", VECTORS[:3], IDS[:3])
    daemon.spool.wait_until_new_files_are_newer(IMAGES, "s.npy")
    daemon.spool.drop_bytes(IMAGES, "s.ids", id_lines(IDS))
    daemon.start()
    daemon.drop(IMAGES, "other.npy", VECTORS)
    assert daemon.status()["images"] == 8
    daemon.spool.drop(IMAGES, "s.npy", VECTORS)
    assert daemon.spool.wait_receipt(IMAGES, "s.npy")["rows"] == 8
    with daemon.client() as client:
        assert client.explain("i7")
