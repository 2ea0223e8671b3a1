"""Exports to parquet, while the corpus changes and after they were interrupted."""

import json

import numpy as np
import pytest

import nnnd
from nnnd import exporting
from nnnd.__main__ import main

pytest.importorskip("pyarrow")


def check(db, found):
    listed = {image["id"]: image["mean"] for image in db.list_images()}
    assert sorted(found.ids) == sorted(listed) and len(found.ids) == len(set(found.ids))
    assert found.means.tolist() == [np.float32(listed[id]) for id in found.ids]
    for id, vector in list(zip(found.ids, found.vectors))[::5]:
        assert np.array_equal(vector, db.image(id))
    assert found.manifest.generation == db.status()["generation"]


def fill(db, rng):
    db.add_images(rng.standard_normal((40, 5), dtype=np.float32), range(40))
    db.add_references(rng.standard_normal((9, 5), dtype=np.float32))


def test_the_command_exports_all_images(db, rng, tmp_path, capsys):
    fill(db, rng)
    assert main(["export", "--socket", db.socket, str(tmp_path / "e")]) == 0
    assert "40 images" in capsys.readouterr().out
    found = exporting.read_export(tmp_path / "e")
    check(db, found)
    assert (found.manifest.k, found.manifest.dimension, found.manifest.files) == (2, 5, 1)
    assert main(["export", "--socket", db.socket, str(tmp_path / "e")]) != 0
    assert "complete" in capsys.readouterr().err


@pytest.mark.parametrize("interruption", range(1, 6))
def test_an_export_continues_after_an_interruption_with_what_changed(db, rng, tmp_path, interruption):
    fill(db, rng)

    class Interrupted(Exception):
        pass

    class Pages:
        """A client with small pages, which changes the corpus before each, and fails once."""

        calls = 0

        def status(self):
            return db.status()

        def changes(self, since, *, vectors):
            Pages.calls += 1
            if Pages.calls == interruption:
                raise Interrupted
            if Pages.calls < 6:
                db.delete_images([Pages.calls, 39 - Pages.calls])
                db.add_references(rng.standard_normal((1, 5), dtype=np.float32))
                db.add_images(rng.standard_normal((2, 5), dtype=np.float32), [Pages.calls, f"new{Pages.calls}"])
            return db.changes(since, 12, vectors=vectors)

    exporting.FILE_BYTES, before = 1, exporting.FILE_BYTES
    try:
        with pytest.raises(Interrupted):
            exporting.export(Pages(), tmp_path / "e")
        with pytest.raises(FileNotFoundError):
            exporting.read_export(tmp_path / "e")
        manifest = exporting.export(Pages(), tmp_path / "e")
    finally:
        exporting.FILE_BYTES = before
    found = exporting.read_export(tmp_path / "e")
    assert found.manifest == manifest and manifest.change_files > 0
    check(db, found)
    copy = dict.fromkeys(found.ids)
    db.delete_images([7])
    for page in db.new_changes(manifest.cursor):
        for change in page:
            copy.pop(change.id) if change.kind == "delete" else copy.setdefault(change.id)
    assert sorted(copy) == sorted(image["id"] for image in db.list_images())


def test_an_export_continues_that_was_killed_while_it_recorded_its_start(filled_db, tmp_path):
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / ".progress.json.tmp").write_text("{")
    assert exporting.export(filled_db, tmp_path / "e").rows == 3

    class Killed(Exception):
        pass

    def killed(*_arguments, **_options):
        raise Killed

    folder = tmp_path / "f"
    with pytest.MonkeyPatch.context() as patch:
        # Before the first file with images is recorded.
        patch.setattr(exporting, "_next", killed)
        with pytest.raises(Killed):
            exporting.export(filled_db, folder)
    assert (folder / "images-00000.parquet").exists()
    assert exporting.export(filled_db, folder).rows == 3


def test_other_folders_are_left_alone(filled_db, tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(FileExistsError, match="neither empty"):
        exporting.export(filled_db, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.name != "db"] == ["mine"]


def test_an_empty_corpus_has_an_empty_export(db, tmp_path):
    manifest = exporting.export(db, tmp_path / "e")
    found = exporting.read_export(tmp_path / "e")
    assert (manifest.rows, found.ids, found.vectors.shape) == (0, [], (0, 0))
    assert json.loads((tmp_path / "e/manifest.json").read_text())["cursor"] == manifest.cursor
    with pytest.raises(nnnd.InvalidRequest):
        db.changes("")
