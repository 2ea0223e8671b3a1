"""Deletion lists (`NAME.delete`) in the spool: how they are processed, and which ones are rejected."""

import hashlib
import os

import numpy as np
import pytest

from harness.corpus import Corpus, ids_of
from harness.rejection import check_rejection
from harness.spool import IMAGES, REFERENCES, id_lines
from harness.waiting import wait_until


@pytest.fixture
def corpus(daemon, rng):
    """Five images, i0 to i4, and one reference; generation 2."""
    corpus = Corpus(daemon, rng)
    corpus.add(IMAGES, "s.npy", ids_of(IMAGES, range(5)))
    corpus.add(REFERENCES, "s.npy", ["r0"])
    return corpus


def test_a_processed_list_is_in_done_with_its_receipt(corpus, client, api_document):
    spool, ids = corpus.daemon.spool, ["i1", "i3", "unknown"]
    receipt = corpus.delete(IMAGES, "d.delete", ids)
    api_document.validate(receipt, "ShardReceipt")
    assert client.status()["last_receipts"][0] == receipt
    assert receipt["received"] <= receipt["commit_started"]
    assert receipt["commit_ms"] > 0
    del receipt["received"], receipt["commit_started"], receipt["commit_ms"]
    assert receipt == {
        "name": "d.delete", "kind": "images", "sha256": hashlib.sha256(id_lines(ids)).hexdigest(),
        "action": "delete", "rows": 3, "replaced": 0, "deleted": 2, "missing": 1, "generation": 3, "unchanged": False,
    }  # fmt: skip
    assert (spool.done(IMAGES) / "d.delete").read_bytes() == id_lines(ids)
    assert spool.names(IMAGES) == spool.names("processing", IMAGES) == spool.names("failed", IMAGES) == []


def test_the_log_has_the_number_of_deleted_rows_and_of_missing_ids(corpus):
    daemon = corpus.daemon
    corpus.delete(IMAGES, "d.delete", ["i1", "i3", "unknown"])

    def lines_of_the_list():
        return [line for line in daemon.log().splitlines() if "name=d.delete" in line and "seconds=" in line]

    (line,) = wait_until(lines_of_the_list, "the log line", alive=daemon.check_alive)
    assert {"action=delete", "rows=3", "deleted=2", "missing=1"} <= set(line.split()), line
    assert "replaced" not in line


def test_with_finished_shards_delete_processed_lists_are_deleted(make_daemon):
    daemon = make_daemon(k=4, finished_shards="delete").start()
    daemon.delete(IMAGES, "d.delete", ["a"])
    assert daemon.spool.names("done", IMAGES) == ["d.delete.receipt.json"]
    assert daemon.spool.names(IMAGES) == daemon.spool.names("processing", IMAGES) == []


def test_the_same_list_again_changes_nothing_even_if_its_ids_were_added_again(corpus):
    first = corpus.delete(IMAGES, "d.delete", ["i1", "i2"])
    generation = corpus.add(IMAGES, "back.npy", ["i1"])["generation"]
    assert corpus.daemon.delete(IMAGES, "d.delete", ["i1", "i2"]) == first | {"unchanged": True}
    corpus.daemon.restart()
    assert corpus.daemon.delete(IMAGES, "d.delete", ["i1", "i2"]) == first | {"unchanged": True}
    assert corpus.daemon.status()["generation"] == generation
    corpus.check()


def test_a_list_with_another_name_or_content_takes_effect(corpus):
    corpus.delete(IMAGES, "d.delete", ["i1", "i2"])
    corpus.add(IMAGES, "back.npy", ["i1"])
    assert corpus.delete(IMAGES, "e.delete", ["i1", "i2"])["deleted"] == 1
    assert corpus.delete(IMAGES, "d.delete", ["i3"])["deleted"] == 1
    # The last receipt of this name is that of another content, so the list takes effect again.
    assert corpus.delete(IMAGES, "d.delete", ["i1", "i2"])["missing"] == 2
    corpus.check()


def test_a_shard_dropped_again_does_not_add_deleted_rows_again(daemon, rng):
    vectors = rng.standard_normal((3, 6))
    daemon.drop(IMAGES, "s.npy", vectors)
    daemon.delete(IMAGES, "d.delete", ["s:0", "s:1"])
    assert daemon.drop(IMAGES, "s.npy", vectors)["unchanged"]
    assert daemon.status()["images"] == 1
    assert daemon.drop(IMAGES, "another.npy", vectors, ["s:0", "s:1", "s:2"])["replaced"] == 1
    assert daemon.status()["images"] == 3


def test_shards_and_lists_waiting_at_the_start_take_effect_in_the_order_of_their_drops(make_daemon, rng):
    daemon = make_daemon(k=4, capacity=6)
    daemon.spool.create_incoming_folders()
    corpus = Corpus(daemon, rng)
    expected = {}
    for step in range(24):
        kind = IMAGES if step % 4 < 2 else REFERENCES
        ids = ids_of(kind, rng.choice(9, size=6, replace=False))
        if step % 3 == 2:
            name = f"{step:02}.delete"
            daemon.spool.drop_bytes(kind, name, id_lines(ids))
            expected[kind, name] = corpus.oracle.remove(kind, ids)
        else:
            name = f"{step:02}.npy"
            expected[kind, name] = len(corpus.oracle.of(kind).keys() & set(ids))
            daemon.spool.drop(kind, name, vectors := corpus.vectors(6), ids)
            corpus.oracle.put(kind, ids, vectors)
        daemon.spool.wait_until_new_files_are_newer(kind, name)
    daemon.start()
    for (kind, name), count in expected.items():
        receipt = daemon.spool.wait_receipt(kind, name)
        assert receipt["deleted" if name.endswith(".delete") else "replaced"] == count, receipt
    corpus.check()


def test_a_list_takes_effect_once_however_often_the_daemon_is_killed(corpus):
    daemon = corpus.daemon
    for turn in range(5):
        corpus.add(IMAGES, f"{turn}.npy", ids_of(IMAGES, range(5)))
        daemon.spool.drop_bytes(IMAGES, f"{turn}.delete", id_lines(["i1", "i2"]))
        daemon.kill()
        daemon.start()
        receipt = daemon.spool.wait_receipt(IMAGES, f"{turn}.delete")
        assert (receipt["deleted"], receipt["missing"]) == (2, 0)
        corpus.oracle.remove(IMAGES, ["i1", "i2"])
        corpus.check()


def test_a_list_written_in_place_is_processed_after_the_quiet_time(corpus):
    (corpus.daemon.spool.incoming(IMAGES) / "d.delete").write_bytes(b"i1\ni2\n")
    assert corpus.daemon.spool.wait_receipt(IMAGES, "d.delete")["deleted"] == 2


def test_a_list_does_not_use_the_sidecar_of_a_shard_of_the_same_name(corpus):
    spool = corpus.daemon.spool
    (spool.incoming(IMAGES) / "t.ids").write_bytes(id_lines(["a", "b"]))
    corpus.delete(IMAGES, "t.delete", ["i1"])
    spool.drop(IMAGES, "t.npy", corpus.vectors(2))
    assert "ids_sha256" in spool.wait_receipt(IMAGES, "t.npy")
    assert corpus.daemon.delete(IMAGES, "u.delete", ["a", "b"])["deleted"] == 2


UNUSUAL_IDS = ["a b", " lead", "trail ", "ü", "u\u0308", "日本語", "-x", "a/b", "%41", "a\tb", "x" * 500, "é" * 250]
LISTS = {
    "LF": id_lines(UNUSUAL_IDS),
    "CRLF": id_lines(UNUSUAL_IDS).replace(b"\n", b"\r\n"),
    "no final line end": id_lines(UNUSUAL_IDS)[:-1],
    "a byte order mark": b"\xef\xbb\xbf" + id_lines(UNUSUAL_IDS),
}


@pytest.mark.parametrize("form", LISTS)
def test_a_list_of_each_form_deletes_exactly_its_unusual_ids(corpus, client, form):
    # These differ from ids in the list by a space, an accent or their case, or are a part of one.
    similar = ["a  b", "lead", "trail", "u", "A B", "a", "b"]
    corpus.add(IMAGES, "unusual.npy", UNUSUAL_IDS + similar)
    corpus.daemon.spool.drop_bytes(IMAGES, "d.delete", LISTS[form])
    assert corpus.daemon.spool.wait_receipt(IMAGES, "d.delete")["deleted"] == corpus.oracle.remove(IMAGES, UNUSUAL_IDS)
    corpus.check()
    assert all(client.explain(id) for id in similar)


# name: (file name, content, code, rows)
BAD = {
    "empty": ("d.delete", b"", "no_rows", []),
    "only a byte order mark": ("d.delete", b"\xef\xbb\xbf", "no_rows", []),
    "a repeated id": ("d.delete", b"i1\ni2\ni1\ni2\n", "ids_duplicate", [2, 3]),
    "a repeated id with another line end": ("d.delete", b"i1\ni1\r\n", "ids_duplicate", [1]),
    "a blank line": ("d.delete", b"i1\n\ni2\n", "id_empty", [1]),
    "a blank line at the end": ("d.delete", b"i1\n\n", "id_empty", [1]),
    "a blank line with CRLF": ("d.delete", b"i1\r\n\r\ni2\r\n", "id_empty", [1]),
    "only a line end": ("d.delete", b"\n", "id_empty", [0]),
    "too long": ("d.delete", b"i1\n" + b"x" * 501 + b"\n", "id_too_long", [1]),
    "too long in two-byte characters": ("d.delete", "é".encode() * 251 + b"\ni1\n", "id_too_long", [0]),
    "Latin-1": ("d.delete", b"i1\ncaf\xe9\n", "ids_not_utf8", [1]),
    "UTF-16": ("d.delete", "i1\n".encode("utf-16"), "ids_not_utf8", [0]),
    "too large": ("d.delete", id_lines(range(100_000)), "too_large", []),
    "an array": ("d.delete", np.ones(3).tobytes(), "ids_not_utf8", [0]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_an_invalid_list_is_rejected_and_deletes_nothing(make_daemon, rng, api_document, case):
    name, content, code, rows = BAD[case]
    corpus = Corpus(make_daemon(k=4, largest_shard=100_000).start(), rng)
    corpus.add(IMAGES, "s.npy", ids_of(IMAGES, range(5)))
    corpus.daemon.spool.drop_bytes(IMAGES, name, content)
    failure = corpus.daemon.spool.wait_failure(IMAGES, name)
    check_rejection(corpus.daemon, api_document, failure, IMAGES, name, code, rows)
    assert (corpus.daemon.spool.failed(IMAGES) / name).read_bytes() == content
    assert corpus.daemon.status()["generation"] == 1
    corpus.check()


def test_a_symbolic_link_as_a_list_is_rejected_and_not_followed(corpus, tmp_path):
    (tmp_path / "ids").write_bytes(b"i1\n")
    os.symlink(tmp_path / "ids", corpus.daemon.spool.incoming(IMAGES) / "d.delete")
    assert corpus.daemon.spool.wait_failure(IMAGES, "d.delete")["code"] == "not_regular_file"
    corpus.check()
