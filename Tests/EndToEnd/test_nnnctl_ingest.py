"""nnnctl ingest: the shards that it drops, its output and its exit statuses."""

import json
import os
import stat

import numpy as np
import pytest

from harness.nnnctl import fails, nnnctl, succeeds
from harness.spool import IMAGES, REFERENCES, id_lines


def save(folder, name, vectors, ids=None):
    """Writes NAME.npy, and NAME.ids if there are ids; returns the path of the shard."""
    np.save(folder / f"{name}.npy", vectors)
    if ids is not None:
        (folder / f"{name}.ids").write_bytes(id_lines(ids))
    return folder / f"{name}.npy"


def test_ingest_drops_shards_with_their_sidecars_and_prints_a_line_for_each(daemon, rng, tmp_path):
    ids = [["a", "b", "c"], ["c", "d", "e"], None]
    files = [save(tmp_path, f"s{n}", rng.standard_normal((3, 5)), row_ids) for n, row_ids in enumerate(ids)]
    lines = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon).splitlines()
    assert [line.split(", ")[0] for line in lines] == ["s0.npy: 3 rows", "s1.npy: 3 rows", "s2.npy: 3 rows"]
    assert "1 of them replaced" in lines[1] and daemon.status()["images"] == 8
    again = succeeds("ingest", "--kind", "images", "--wait", files[1], daemon=daemon)
    assert again.startswith("s1.npy: unchanged, 3 rows, 1 of them replaced, visible from generation ")
    # nnnctl drops copies; the original files stay.
    assert daemon.spool.names(IMAGES) == [] and all(file.exists() for file in files)


def test_the_group_can_read_dropped_files_whatever_the_umask(daemon, rng, tmp_path):
    """The daemon runs as another user and reads shards through the group."""
    file = save(tmp_path, "s", rng.standard_normal((2, 5)), ["a", "b"])
    succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon, umask=0o077)
    for name in ("s.npy", "s.ids"):
        assert stat.S_IMODE((daemon.spool.done(IMAGES) / name).stat().st_mode) == 0o640


def test_ingest_without_wait_says_that_the_shard_was_dropped(daemon, rng, tmp_path):
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    assert succeeds("ingest", "--kind", "references", file, daemon=daemon) == "s.npy: dropped\n"
    assert daemon.spool.wait_receipt(REFERENCES, "s.npy")["rows"] == 3


def test_ingest_prints_why_a_shard_was_rejected_and_ingests_the_others(daemon, tmp_path):
    files = [save(tmp_path, "bad", np.zeros((2, 5))), save(tmp_path, "good", np.ones((2, 5)))]
    finished = nnnctl("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert (finished.status, finished.output.split(":")[0]) == (65, "good.npy"), finished
    assert all(word in finished.errors for word in ("bad.npy was rejected (zero_vector)", "Rows 0 and 1")), finished
    assert daemon.status()["images"] == 2


@pytest.mark.parametrize("suffix", ["error", "receipt"])
@pytest.mark.parametrize("forgery", ["a pipe", "an error document"])
def test_ingest_accepts_only_documents_of_the_daemon(daemon, rng, tmp_path, suffix, forgery):
    """A producer drops a file with the name of a document; it stays where it is and does not become that document."""
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    path = daemon.spool.incoming(IMAGES) / f"s.npy.{suffix}.json"
    if forgery == "a pipe":
        os.mkfifo(path)
    else:
        forged = {
            "name": "s.npy", "kind": "images", "code": "truncated", "message": "forged", "advice": "", "rows": [],
            "rejected": "2099-01-01T00:00:00.000Z",
        }  # fmt: skip
        os.rename(save_json(tmp_path, forged), path)
    output = succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon)
    assert "3 rows, visible from generation 1 on" in output
    assert daemon.spool.names(IMAGES) == [path.name]


def save_json(folder, document):
    path = folder / "document"
    path.write_text(json.dumps(document))
    return path


def test_ingest_and_delete_succeed_with_finished_shards_delete(make_daemon, rng, tmp_path):
    daemon = make_daemon(k=4, finished_shards="delete").start()
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    output = succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon)
    assert "3 rows, visible from generation 1 on" in output
    assert "3 rows deleted" in succeeds("delete", "--kind", "images", "s:0", "s:1", "s:2", daemon=daemon)


def test_ingest_checks_all_arguments_before_it_drops_a_shard(daemon, tmp_path):
    good = save(tmp_path, "good", np.ones((2, 5)))
    (tmp_path / "other").mkdir()
    (tmp_path / "list.delete").write_text("good:0\n")
    for status, file in ((66, tmp_path / "absent.npy"), (65, tmp_path / "list.delete"), (66, tmp_path / "other.npy")):
        message = fails(status, "ingest", "--kind", "images", good, file, daemon=daemon)
        assert file.name in message and ("nnnctl delete --file" in message) == (file.suffix == ".delete")
    same_name = save(tmp_path / "other", "good", np.ones((2, 5)))
    assert "same name" in nnnctl("ingest", "--kind", "images", good, same_name, daemon=daemon).errors
    fails(os.EX_USAGE, "ingest", "--kind", "images", "--timeout", "3", good, daemon=daemon)
    assert daemon.status()["generation"] == 0 and daemon.spool.names(IMAGES) == []


def test_ingest_fails_at_its_timeout_and_leaves_its_shard_in_the_spool(idle_daemon_socket, tmp_path):
    file = save(tmp_path, "s", np.ones((2, 5)))
    arguments = ["ingest", "--kind", "images", "--wait", "--timeout", "0", file, "--socket", idle_daemon_socket]
    message = fails(os.EX_TEMPFAIL, *arguments)
    assert "s.npy" in message and os.listdir(tmp_path / "spool" / "images") == ["s.npy"]
    # A second call does not replace the waiting shard.
    assert "s.npy" in fails(os.EX_TEMPFAIL, "ingest", "--kind", "images", file, "--socket", idle_daemon_socket)


# Document names are shortened for names from 228 bytes on. With the extension, 251 is the longest possible length.
LENGTHS = (1, 200, 227, 228, 233, 234, 250, 251)


@pytest.mark.parametrize("with_ids", [False, True], ids=["without ids", "with ids"])
def test_ingest_finds_the_receipts_of_names_of_all_lengths(daemon, tmp_path, with_ids):
    names = ["n" * length for length in LENGTHS]
    vectors = np.ones((2, 5))
    files = [save(tmp_path, name, vectors, [f"{name}:a", f"{name}:b"] if with_ids else None) for name in names]
    lines = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon).splitlines()
    assert sorted(line.split(":")[0] for line in lines) == sorted(f"{name}.npy" for name in names)
    assert all(": 2 rows, visible from generation " in line for line in lines)
    # The same shards are recognised by their names.
    again = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert again.count(": unchanged, 2 rows") == len(names)
    assert daemon.spool.names(IMAGES) == [] and daemon.status()["images"] == 2 * len(names)
    expected = {f"{name}.{suffix}" for name in names for suffix in (("npy", "ids") if with_ids else ("npy",))}
    assert {name for name in daemon.spool.names("done", IMAGES) if not name.endswith(".json")} == expected


@pytest.mark.parametrize("with_ids", [False, True], ids=["without ids", "with ids"])
def test_ingest_finds_the_error_documents_of_names_of_all_lengths(daemon, tmp_path, with_ids):
    names = ["n" * length for length in LENGTHS]
    files = [save(tmp_path, name, np.zeros((2, 5)), ["a", "b"] if with_ids else None) for name in names]
    finished = nnnctl("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert (finished.status, finished.output) == (65, ""), finished
    lines = finished.errors.splitlines()
    assert len(lines) == len(names)
    assert {line.split(" was rejected (zero_vector)")[0] for line in lines} == {f"nnnctl: {name}.npy" for name in names}
    assert daemon.spool.names(IMAGES) == []


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_ingest_rejects_a_name_that_is_too_long(daemon, tmp_path, suffix):
    name = "n" * 252 + suffix
    message = fails(os.EX_DATAERR, "ingest", "--kind", "images", "--wait", tmp_path / name, daemon=daemon)
    assert f"the name has {len(name)} bytes" in message and "255" in message
    assert daemon.status()["generation"] == 0
