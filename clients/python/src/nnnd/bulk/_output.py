"""Output files: one parquet file for each image shard, which appears when it is complete."""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from ._shards import filesystem

FINGERPRINT = b"nnnd.bulk"
TEMPORARY = ".part"


class Output:
    """A folder of output files, on any file system that pyarrow knows; its path or URI is made if it is missing."""

    def __init__(self, folder: str) -> None:
        self.folder = folder if "://" in folder else os.path.abspath(folder)
        self._system, self._inside = filesystem(self.folder)
        self._is_local = isinstance(self._system, pa.fs.LocalFileSystem)

    def create(self) -> None:
        """Makes the folder."""
        self._system.create_dir(self._inside, recursive=True)

    def path(self, name: str) -> str:
        """The path or URI of the output file of a shard."""
        return f"{self.folder.rstrip('/')}/{name}.parquet"

    def has(self, name: str, fingerprint: str) -> bool:
        """Whether there is a complete output file of this shard that was computed from the same input and settings."""
        path = f"{self._inside}/{name}.parquet"
        if self._system.get_file_info(path).type != pa.fs.FileType.File:
            return False
        try:
            with self._system.open_input_file(path) as file:
                metadata = pq.read_schema(file).metadata or {}
        except (OSError, pa.ArrowInvalid):
            return False
        return bool(metadata.get(FINGERPRINT) == fingerprint.encode())

    def write(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], fingerprint: str) -> int:
        """Writes an output file under a hidden name and renames it; returns the number of rows."""
        batches = iter(batches)
        first = next(batches, None)
        metadata = {} if first is None else first.schema.metadata or {}
        schema = schema.with_metadata({**metadata, FINGERPRINT: fingerprint.encode()})
        path, rows = f"{self._inside}/{name}.parquet", 0
        temporary = f"{self._inside}/.{name}.{secrets.token_hex(8)}{TEMPORARY}"
        # Ids of references occur many times, and are stored once for each group of rows.
        options: dict[str, Any] = {"use_dictionary": ["references.list.element"], "dictionary_pagesize_limit": 64 << 20}
        with contextlib.ExitStack() as files:
            stream = files.enter_context(self._system.open_output_stream(temporary))
            writer = files.enter_context(pq.ParquetWriter(stream, schema, compression="zstd", **options))
            for batch in itertools.chain([] if first is None else [first], batches):
                writer.write_batch(batch.replace_schema_metadata(schema.metadata))
                rows += batch.num_rows
        if self._is_local:
            _sync(temporary)
        elif self._system.get_file_info(path).type == pa.fs.FileType.File:
            # Not every file system replaces a file when another one is moved to its name.
            self._system.delete_file(path)
        self._system.move(temporary, path)
        return rows

    def remove_temporary(self, names: Iterable[str]) -> None:
        """Removes what tasks for these shards left that were killed while they wrote."""
        prefixes = tuple(f".{name}." for name in names)
        for info in self._system.get_file_info(pa.fs.FileSelector(self._inside)):
            if info.base_name.startswith(prefixes) and info.base_name.endswith(TEMPORARY):
                self._system.delete_file(info.path)


def _sync(path: str) -> None:
    """Flushes a file to the disk, so that its name never shows less than all of it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
