"""nnnctl ingest: what it brings into the corpus, what it tells, and its exit statuses."""

import json
import os
import stat

import numpy as np
import pytest

from harness.nnnctl import fails, nnnctl, succeeds
from harness.spool import IMAGES, REFERENCES, id_lines


def save(folder, name, vectors, ids=None):
    np.save(folder / f"{name}.npy", vectors)
    if ids is not None:
        (folder / f"{name}.ids").write_bytes(id_lines(ids))
    return folder / f"{name}.npy"


def test_ingest_brings_shards_with_their_ids_and_tells_of_each(daemon, rng, tmp_path):
    ids = [["a", "b", "c"], ["c", "d", "e"], None]
    files = [save(tmp_path, f"s{n}", rng.standard_normal((3, 5)), own) for n, own in enumerate(ids)]
    told = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon).splitlines()
    assert [line.split(" since ")[0] for line in told] == ["s0.npy: 3 rows", "s1.npy: 3 rows", "s2.npy: 3 rows"]
    assert "1 of them replaced" in told[1] and daemon.status()["images"] == 8
    again = succeeds("ingest", "--kind", "images", "--wait", files[1], daemon=daemon)
    assert again.startswith("s1.npy: unchanged, 3 rows since generation ")
    # No copies are left, and what was ingested stays where it was.
    assert daemon.spool.names(IMAGES) == [] and all(file.exists() for file in files)


def test_what_ingest_drops_is_for_the_group_to_read(daemon, rng, tmp_path):
    """The daemon is another user: a caller who keeps his files to himself drops shards all the same."""
    file = save(tmp_path, "s", rng.standard_normal((2, 5)), ["a", "b"])
    succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon, umask=0o077)
    for name in ("s.npy", "s.ids"):
        assert stat.S_IMODE((daemon.spool.done(IMAGES) / name).stat().st_mode) == 0o640


def test_ingest_without_waiting_tells_that_it_dropped_them(daemon, rng, tmp_path):
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    assert succeeds("ingest", "--kind", "references", file, daemon=daemon) == "s.npy: dropped\n"
    assert daemon.spool.wait_receipt(REFERENCES, "s.npy")["rows"] == 3


def test_ingest_tells_why_a_shard_was_rejected_and_takes_the_others(daemon, tmp_path):
    files = [save(tmp_path, "bad", np.zeros((2, 5))), save(tmp_path, "good", np.ones((2, 5)))]
    finished = nnnctl("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert (finished.status, finished.output.split(":")[0]) == (65, "good.npy"), finished
    assert all(word in finished.errors for word in ("bad.npy was rejected (zero_vector)", "Rows 0 and 1")), finished
    assert daemon.status()["images"] == 2


@pytest.mark.parametrize("suffix", ["error", "receipt"])
@pytest.mark.parametrize("what", ["a pipe", "a forged rejection"])
def test_ingest_is_told_by_the_daemon_alone(daemon, rng, tmp_path, suffix, what):
    """What other producers name as the daemon names its documents is rejected, and no document of others."""
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    path = daemon.spool.incoming(IMAGES) / f"s.npy.{suffix}.json"
    if what == "a pipe":
        os.mkfifo(path)
    else:
        forged = {
            "name": "s.npy", "kind": "images", "code": "truncated", "message": "forged", "advice": "", "rows": [],
            "rejected": "2099-01-01T00:00:00.000Z",
        }  # fmt: skip
        os.rename(save_json(tmp_path, forged), path)
    daemon.spool.wait_failure(IMAGES, path.name)
    assert "3 rows since generation 1" in succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon)


def save_json(folder, document):
    path = folder / "document"
    path.write_text(json.dumps(document))
    return path


def test_ingest_works_where_finished_shards_are_deleted(make_daemon, rng, tmp_path):
    daemon = make_daemon(k=4, finished_shards="delete").start()
    file = save(tmp_path, "s", rng.standard_normal((3, 5)))
    assert "3 rows since generation 1" in succeeds("ingest", "--kind", "images", "--wait", file, daemon=daemon)
    assert "3 rows deleted" in succeeds("delete", "--kind", "images", "s:0", "s:1", "s:2", daemon=daemon)


def test_ingest_checks_all_before_it_drops_any(daemon, tmp_path):
    good = save(tmp_path, "good", np.ones((2, 5)))
    (tmp_path / "other").mkdir()
    (tmp_path / "list.delete").write_text("good:0\n")
    for status, file in ((66, tmp_path / "absent.npy"), (65, tmp_path / "list.delete"), (66, tmp_path / "other.npy")):
        told = fails(status, "ingest", "--kind", "images", good, file, daemon=daemon)
        assert file.name in told and ("nnnctl delete --file" in told) == (file.suffix == ".delete")
    twin = save(tmp_path / "other", "good", np.ones((2, 5)))
    assert "same name" in nnnctl("ingest", "--kind", "images", good, twin, daemon=daemon).errors
    fails(64, "ingest", "--kind", "images", "--timeout", "3", good, daemon=daemon)
    assert daemon.status()["generation"] == 0 and daemon.spool.names(IMAGES) == []


def test_ingest_gives_up_in_time_and_leaves_what_it_dropped(idle_daemon_socket, tmp_path):
    file = save(tmp_path, "s", np.ones((2, 5)))
    told = fails(75, "ingest", "--kind", "images", "--wait", "--timeout", "0", file, "--socket", idle_daemon_socket)
    assert "s.npy" in told and os.listdir(tmp_path / "spool" / "images") == ["s.npy"]
    # Nor does it replace what waits.
    assert "s.npy" in fails(75, "ingest", "--kind", "images", file, "--socket", idle_daemon_socket)


# The daemon shortens the name of the receipt from 228 bytes on; 255 bytes is the longest name of a file.
LENGTHS = (1, 200, 227, 228, 233, 234, 250, 251)


@pytest.mark.parametrize("with_ids", [False, True], ids=["alone", "with ids"])
def test_ingest_waits_for_shards_whatever_the_length_of_their_names(daemon, tmp_path, with_ids):
    names = ["n" * length for length in LENGTHS]
    vectors = np.ones((2, 5))
    files = [save(tmp_path, name, vectors, [f"{name}:a", f"{name}:b"] if with_ids else None) for name in names]
    told = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon).splitlines()
    assert sorted(line.split(":")[0] for line in told) == sorted(f"{name}.npy" for name in names)
    assert all(": 2 rows since generation " in line for line in told)
    # What was ingested is found again under its name.
    again = succeeds("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert again.count(": unchanged, 2 rows") == len(names)
    assert daemon.spool.names(IMAGES) == [] and daemon.status()["images"] == 2 * len(names)
    expected = {f"{name}.{suffix}" for name in names for suffix in (("npy", "ids") if with_ids else ("npy",))}
    assert {name for name in daemon.spool.names("done", IMAGES) if not name.endswith(".json")} == expected


@pytest.mark.parametrize("with_ids", [False, True], ids=["alone", "with ids"])
def test_ingest_tells_of_rejections_whatever_the_length_of_the_names(daemon, tmp_path, with_ids):
    names = ["n" * length for length in LENGTHS]
    files = [save(tmp_path, name, np.zeros((2, 5)), ["a", "b"] if with_ids else None) for name in names]
    finished = nnnctl("ingest", "--kind", "images", "--wait", *files, daemon=daemon)
    assert (finished.status, finished.output) == (65, ""), finished
    lines = finished.errors.splitlines()
    assert len(lines) == len(names)
    assert {line.split(" was rejected (zero_vector)")[0] for line in lines} == {f"nnnctl: {name}.npy" for name in names}
    assert daemon.spool.names(IMAGES) == []


@pytest.mark.parametrize("suffix", [".npy", ".safetensors"])
def test_ingest_says_that_a_name_is_too_long(daemon, tmp_path, suffix):
    name = "n" * 252 + suffix
    told = fails(65, "ingest", "--kind", "images", "--wait", tmp_path / name, daemon=daemon)
    assert f"the name has {len(name)} bytes" in told and "255" in told
    assert daemon.status()["generation"] == 0
