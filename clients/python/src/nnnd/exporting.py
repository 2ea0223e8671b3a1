"""Exports of a corpus: parquet files with ids, means and vectors, and the changes that came meanwhile.

`python -m nnnd export` writes them, `read_export` reads them and those of `nnnctl export`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._progress import Progress
from .changes import Change, Changes
from .errors import NnndError

if TYPE_CHECKING:
    import numpy.typing as npt

    from .client import Client

# About the bytes of vectors in one file.
FILE_BYTES = 128 << 20
HIDDEN_PROGRESS = ".progress.json.tmp"


@dataclass(frozen=True)
class Manifest:
    """What an export has: the file `manifest.json`; `progress.json` while the export is under way.

    The rows of the images, and then the changes applied in their order, are the corpus of `generation`. The change feed
    continues with `cursor`.
    """

    format: str
    version: str
    metric: str
    precision: str
    k: int
    dimension: int = 0
    rows: int = 0
    """The rows of the images, without the changes."""
    changes: int = 0
    files: int = 0
    """The number of parquet files with images."""
    change_files: int = 0
    generation: int = 0
    cursor: str = "start"
    has_all_images: bool = False


def export(client: Client, folder: str | os.PathLike[str], *, progress: bool | None = None) -> Manifest:
    """Writes all images with their means and vectors into parquet files, while the daemon works.

    `images-00000.parquet`, ... have the columns id, mean and vector. `changes-00000.parquet`, ... have what changed
    while they were written, with the columns change (upsert, mean or delete), id, mean and vector. An export that was
    interrupted continues if it is called with the same folder.

    Raises:
        CursorGone: it was interrupted for so long that the daemon no longer has the changes since then.

    """
    target = Path(folder)
    if (target / "manifest.json").exists():
        raise FileExistsError(f"{target} has a complete export; name a new folder")
    manifest = _begin(client, target)
    with Progress("export", client.status()["images"], "images", progress) as bar:
        bar.add(manifest.rows)
        while not manifest.has_all_images:
            pages = _pages(client, manifest.cursor)
            rows = sum(map(len, pages))
            if rows:
                _write(target / f"images-{manifest.files:05}.parquet", pages, with_changes=False)
            manifest = _next(manifest, pages, rows=manifest.rows + rows, files=manifest.files + (rows > 0))
            _save(target, manifest)
            bar.add(rows)
    more = True
    while more:
        page = client.changes(manifest.cursor, vectors=True)
        if len(page):
            _write(target / f"changes-{manifest.change_files:05}.parquet", [page], with_changes=True)
        manifest = _next(
            manifest, [page], changes=manifest.changes + len(page), change_files=manifest.change_files + (len(page) > 0)
        )
        _save(target, manifest)
        more = page.more
    os.replace(target / "progress.json", target / "manifest.json")
    return manifest


def _begin(client: Client, target: Path) -> Manifest:
    """The progress of an export that was interrupted, or of a new one."""
    if (target / "progress.json").exists():
        return _manifest(target / "progress.json")
    target.mkdir(parents=True, exist_ok=True)
    if any(path.name != HIDDEN_PROGRESS for path in target.iterdir()):
        raise FileExistsError(f"{target} is neither empty nor an unfinished export; name a new folder")
    status = client.status()
    manifest = Manifest("parquet", status["version"], status["metric"], status["precision"], status["k"])
    # Before the first file with images, so that a folder with that file is known as an unfinished export.
    _save(target, manifest)
    return manifest


def _pages(client: Client, cursor: str) -> list[Changes]:
    """The next pages of images, as many as one file has."""
    pages: list[Changes] = []
    size = 0
    while True:
        page = client.changes(cursor, vectors=True)
        if pages and page.dimension != pages[0].dimension and len(page):
            raise NnndError("the corpus was emptied and has vectors of another dimension now; export it again")
        pages.append(page)
        size += 0 if page.vectors is None else page.vectors.nbytes
        cursor = page.cursor
        if not page.initial or size >= FILE_BYTES:
            return pages


def _next(manifest: Manifest, pages: list[Changes], **changed: Any) -> Manifest:
    last = pages[-1]
    known = asdict(manifest) | {"generation": last.generation, "k": last.k, "cursor": last.cursor}
    known |= {"has_all_images": not last.initial, "dimension": last.dimension or manifest.dimension}
    return Manifest(**(known | changed))


def _write(path: Path, pages: list[Changes], with_changes: bool) -> None:
    """Writes a parquet file, which appears as a whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    changes = [change for page in pages for change in page]
    dimension = max(page.dimension for page in pages)
    vectors = pa.array([change.vector for change in changes], pa.list_(pa.float32(), dimension or -1))
    columns = {
        "id": pa.array([change.id for change in changes], pa.string()),
        "mean": pa.array([change.mean for change in changes], pa.float32()),
        "vector": vectors,
    }
    if with_changes:
        columns = {"change": pa.array([change.kind for change in changes], pa.string()), **columns}
    hidden = path.with_name(f".{path.name}.tmp")
    pq.write_table(pa.table(columns), hidden)
    with hidden.open("rb+") as file:
        os.fsync(file.fileno())
    os.replace(hidden, path)


def _save(target: Path, manifest: Manifest) -> None:
    hidden = target / HIDDEN_PROGRESS
    hidden.write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    os.replace(hidden, target / "progress.json")


def _manifest(path: Path) -> Manifest:
    document = json.loads(path.read_text())
    # A newer version can add fields.
    return Manifest(**{field.name: document[field.name] for field in fields(Manifest) if field.name in document})


@dataclass(frozen=True, eq=False)
class Export:
    """The images of an export, with its changes applied: the corpus of `manifest.generation`."""

    ids: list[str]
    vectors: npt.NDArray[np.float32]
    """(n, dimension), as the daemon stores them: normalised under the metric cosine."""
    means: npt.NDArray[np.float32]
    manifest: Manifest


def read_export(folder: str | os.PathLike[str]) -> Export:
    """Reads an export of `python -m nnnd export` or `nnnctl export` into memory, and applies its changes."""
    source = Path(folder)
    if not (source / "manifest.json").exists():
        raise FileNotFoundError(f"{source} has no complete export: there is no manifest.json")
    manifest = _manifest(source / "manifest.json")
    rows = {change.id: (change.vector, change.mean) for change in _images(source, manifest)}
    for change in _changes(source, manifest):
        if change.kind == "delete":
            rows.pop(change.id, None)
        else:
            rows[change.id] = (rows[change.id][0] if change.vector is None else change.vector, change.mean)
    vectors = np.array([vector for vector, _ in rows.values()], dtype=np.float32)
    return Export(
        ids=list(rows), vectors=vectors.reshape(len(rows), -1 if rows else 0),
        means=np.array([mean for _, mean in rows.values()], dtype=np.float32), manifest=manifest,
    )  # fmt: skip


def _images(source: Path, manifest: Manifest) -> Iterator[Change]:
    if manifest.format == "npy":
        ids = (source / "images.ids").read_text(encoding="utf-8").split("\n")[:-1]
        vectors, means = np.load(source / "images.npy", mmap_mode="r"), np.load(source / "means.npy")
        for id, vector, mean in zip(ids, vectors, means.tolist()):
            yield Change("upsert", id, mean, np.array(vector))
        return
    yield from _rows(source / f"images-{number:05}.parquet" for number in range(manifest.files))


def _changes(source: Path, manifest: Manifest) -> Iterator[Change]:
    if manifest.format != "npy":
        yield from _rows(source / f"changes-{number:05}.parquet" for number in range(manifest.change_files))
        return
    for line in (source / "changes.ndjson").read_text(encoding="utf-8").split("\n")[:-1]:
        change = json.loads(line)
        vector = np.array(change["vector"], dtype=np.float32) if "vector" in change else None
        yield Change(change["change"], change["id"], change.get("mean"), vector)


def _rows(paths: Iterable[Path]) -> Iterator[Change]:
    import pyarrow.parquet as pq

    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                vector = None if row["vector"] is None else np.array(row["vector"], dtype=np.float32)
                yield Change(row.get("change", "upsert"), row["id"], row["mean"], vector)
