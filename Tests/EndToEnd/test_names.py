"""Names of shards: each name that a file system allows is accepted, or rejected without harm to other shards."""

import json
import os

import numpy as np
import pytest

from harness.http import npy_bytes
from harness.oracle import Oracle, check_everything
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

VECTORS = np.eye(2, 4, dtype=np.float32)

NAMES = {
    "a space": "two words.npy",
    "a newline": "two\nlines.npy",
    "a carriage return": "two\r\nlines.npy",
    "quotes": "it's \"quoted\".npy",
    "a backslash": "back\\slash.npy",
    "control characters": "bell\x07\x1b[31m.npy",
    "Unicode": "größe-日本語-🦆.npy",
    "percent and query": "100%?a=b&c#d.npy",
    "a leading dash": "-rf.npy",
    "several extensions": "s.npy.npz.npy",
    "a dot before the extension": "s..npy",
    "an accent first": "\u0301accent.npy",
    "a joiner first": "\u200djoiner.npy",
    "255 bytes": "n" * 251 + ".npy",
    "255 bytes of three-byte characters": "日" * 83 + "nn.npy",
}


def find_document(spool, folder, kind, name):
    """The receipt or error document of the shard `name`, whatever its file name is; None if there is none."""
    for path in (spool.root / folder / kind).glob("*.json"):
        try:
            document = json.loads(path.read_text())
        except FileNotFoundError:
            continue
        if document["name"] == name:
            return document
    return None


def wait_document(daemon, folder, kind, name):
    return wait_until(
        lambda: find_document(daemon.spool, folder, kind, name), f"{folder} of {name!r}", alive=daemon.check_alive
    )


@pytest.mark.parametrize("case", NAMES)
def test_a_shard_with_this_name_takes_effect(daemon, client, case):
    name = NAMES[case]
    daemon.spool.drop(IMAGES, name, VECTORS)
    assert wait_document(daemon, "done", IMAGES, name)["rows"] == 2
    assert (daemon.spool.done(IMAGES) / name).exists()
    assert daemon.spool.names(IMAGES) == []
    oracle = Oracle(k=4)
    oracle.put(IMAGES, [f"{name.removesuffix('.npy')}:{row}" for row in range(2)], VECTORS)
    check_everything(client, oracle)


@pytest.mark.parametrize("case", NAMES)
def test_a_shard_with_this_name_is_recognised_when_dropped_again_after_a_kill(make_daemon, case):
    name = NAMES[case]
    daemon = make_daemon(k=4)
    daemon.spool.create_incoming_folders()
    daemon.spool.drop(REFERENCES, name, VECTORS, ids=["a", "b"])
    daemon.start()
    wait_document(daemon, "done", REFERENCES, name)
    daemon.kill()
    daemon.spool.drop(REFERENCES, name, VECTORS, ids=["a", "b"])
    daemon.start()
    wait_until(
        lambda: find_document(daemon.spool, "done", REFERENCES, name)["unchanged"], "the receipt of the second drop",
        alive=daemon.check_alive,
    )  # fmt: skip
    assert daemon.spool.names(REFERENCES) == []
    assert daemon.status()["references"] == 2


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_bad_shard_with_this_name_is_rejected(daemon, name):
    daemon.spool.drop_bytes(IMAGES, name, b"no shard")
    failure = wait_document(daemon, "failed", IMAGES, name)
    assert failure["code"] == "not_a_shard"
    # The error document is written before the file moves.
    wait_until((daemon.spool.failed(IMAGES) / name).exists, "the move to failed/", alive=daemon.check_alive)
    assert daemon.spool.names(IMAGES) == []
    assert (daemon.spool.failed(IMAGES) / name).read_bytes() == b"no shard"
    # The daemon still works.
    daemon.drop(IMAGES, "good.npy", VECTORS)


def test_long_names_with_a_common_prefix_have_separate_receipts(daemon):
    names = ["n" * 250 + f"{number}.npy" for number in range(2)]
    for name in names:
        daemon.spool.drop(IMAGES, name, VECTORS)
    for name in names:
        wait_document(daemon, "done", IMAGES, name)


def test_two_rejected_folders_of_the_same_long_name_are_both_kept(daemon):
    name = "f" * 251 + ".npy"

    def count_folders():
        return sum(entry.is_dir() for entry in daemon.spool.failed(IMAGES).iterdir())

    for count in (1, 2):
        folder = daemon.spool.root / "folder"
        folder.mkdir()
        (folder / "file").write_text("content")
        folder.rename(daemon.spool.incoming(IMAGES) / name)
        wait_until(lambda count=count: count_folders() == count, "the move to failed/", alive=daemon.check_alive)
        assert daemon.spool.names(IMAGES) == []
    daemon.drop(IMAGES, "good.npy", VECTORS)


@pytest.mark.parametrize("name", [".\u0301hidden.npy", ".\u200dhidden.npy"], ids=["accent", "joiner"])
def test_a_name_with_a_leading_dot_and_a_combining_character_is_ignored(daemon, name):
    daemon.spool.drop(IMAGES, name, VECTORS)
    daemon.drop(IMAGES, "good.npy", VECTORS)
    (daemon.spool.incoming(IMAGES) / "in-place.npy").write_bytes(npy_bytes(VECTORS))
    daemon.spool.wait_receipt(IMAGES, "in-place.npy")
    assert daemon.spool.names(IMAGES) == [name]


def test_names_that_differ_only_in_unicode_normalisation_are_two_shards(daemon):
    """U+00E9 and U+0065 U+0301 are the same character for Unicode, but different bytes."""
    for number, name in enumerate(("\u00e9.npy", "e\u0301.npy")):
        daemon.spool.drop(IMAGES, name, VECTORS[number : number + 1])
        assert not wait_document(daemon, "done", IMAGES, name)["unchanged"]
    assert sorted(daemon.search(np.ones((1, 4))).ids[0]) == ["e\u0301:0", "\u00e9:0"]


def test_a_name_that_is_not_utf8_is_rejected_and_does_not_block_others(daemon):
    folder = bytes(daemon.spool.incoming(IMAGES))
    with open(folder + b"/.writing", "wb") as file:
        file.write(npy_bytes(VECTORS))
    os.rename(folder + b"/.writing", folder + b"/caf\xe9.npy")
    daemon.drop(IMAGES, "good.npy", VECTORS)
    failed = bytes(daemon.spool.failed(IMAGES))
    wait_until(lambda: b"caf\xe9.npy" in os.listdir(failed), "the move to failed/", alive=daemon.check_alive)
    assert os.listdir(folder) == []
    failures = wait_until(
        lambda: daemon.status()["last_failures"], "the failure in the status", alive=daemon.check_alive)
    assert failures[0]["code"] == "bad_name"


def test_ids_that_differ_only_in_unicode_normalisation_are_two_images(daemon):
    daemon.drop(IMAGES, "s.npy", VECTORS, ids=["\u00e9", "e\u0301"])
    assert sorted(daemon.search(np.ones((1, 4))).ids[0]) == ["e\u0301", "\u00e9"]
