"""Writes a copy of the store into a new folder."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._shards import sync_folder

DATA_FILE = "data.mdb"


def write_backup(folder: Path, receive: Callable[[Callable[[bytes], Any]], Any], report: Callable[[int], Any]) -> Path:
    """Creates `folder` with a copy of the store.

    `receive` is called once, with a function to which it passes the copy piece by piece. `report` gets the number of
    bytes of each piece. The folder has a hidden name until its content is complete and on the disk.
    """
    folder = folder.absolute()
    if folder.exists():
        raise FileExistsError(f"{folder} exists already; give the backup a new folder")
    hidden = folder.parent / f".{folder.name}-{secrets.token_hex(4)}"
    hidden.mkdir(mode=0o700)
    try:
        with open(hidden / DATA_FILE, "xb", opener=_private) as file:

            def write(piece: bytes) -> None:
                file.write(piece)
                report(len(piece))

            receive(write)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(hidden)
        os.rename(hidden, folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    return folder


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
