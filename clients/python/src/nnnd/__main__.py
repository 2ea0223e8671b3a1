"""`python -m nnnd import ...` imports files, `... export ...` writes them, `... bulk ...` computes biases.

`... sync ...` keeps copies in PostgreSQL and Milvus.

`python -m nnnd nnnctl ...` runs a program.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] in ("nnnd", "nnnctl"):
        from ._programs import find_program

        path = find_program(given[0])
        os.execv(path, [given[0], *given[1:]])
    options = _parser().parse_args(given)
    from ._bulk_command import bulk
    from .errors import NnndError

    try:
        return {"bulk": bulk, "import": _import, "export": _export, "sync": _sync}[options.command](options)
    except (NnndError, OSError, ValueError, TypeError, ImportError) as error:
        print(f"nnnd {options.command}: {error}", file=sys.stderr)
        return os.EX_DATAERR if isinstance(error, (ValueError, TypeError, NnndError)) else os.EX_NOINPUT
    except KeyboardInterrupt:
        print(f"nnnd {options.command}: interrupted; the same command continues", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from ._bulk_command import add_bulk, add_bulk_files
    from ._sync_command import add_sync

    parser = argparse.ArgumentParser(
        prog="python -m nnnd",
        description="Imports embeddings into nnnd, exports them, keeps copies in other engines, or computes biases "
        "without it. A command that was interrupted continues when it is run again. 'python -m nnnd nnnctl ...' and "
        "'python -m nnnd nnnd ...' run the programs.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    add_bulk(commands)
    add_sync(commands, _add_source)
    export = commands.add_parser("export", help="write all images with their vectors and means into parquet files")
    export.add_argument("folder", help="the folder to create, or that of an unfinished export")
    export.add_argument("--format", choices=["parquet"], default="parquet", help="'nnnctl export' writes .npy files")
    _add_source(export, "--from")
    kinds = commands.add_parser("import", help="import embeddings").add_subparsers(dest="format", required=True)
    clip = kinds.add_parser("clip-retrieval", help="the output folder of clip-retrieval inference")
    clip.add_argument("folder")
    clip.add_argument("--ids", help="column of the metadata, or 'row' for row numbers (default: image_path)")
    clip.add_argument("--no-texts", action="store_true", help="do not import text_emb as references")
    files = kinds.add_parser("files", help=".npy, .safetensors, .pt, .parquet, .arrow and memory maps")
    files.add_argument("paths", nargs="+", metavar="file", help="a file, or a folder for its files")
    files.add_argument("--kind", choices=["images", "references"], default="images")
    files.add_argument("--vectors", help="the column of a table or the key of a tensor, if there are several")
    files.add_argument("--ids", help="the column of a table with the ids (default: the file's name and the row)")
    files.add_argument("--type", help="of a file without a header: float16, bfloat16, float32 or float64")
    files.add_argument("--dimension", type=int, help="of a file without a header")
    heaps = kinds.add_parser("heaps", help="images with heaps that 'python -m nnnd bulk' has computed")
    heaps.add_argument("folder", help="the output of 'python -m nnnd bulk'")
    add_bulk_files(heaps)
    heaps.add_argument("-k", type=int, help="of a private daemon, as for 'python -m nnnd bulk'")
    heaps.add_argument("--capacity", type=int, help="of a private daemon whose folder is new")
    heaps.add_argument("--metric", choices=["cosine", "inner-product"], help="of a private daemon whose folder is new")
    heaps.add_argument("--precision", choices=["float32", "float16"], help="of a private daemon whose folder is new")
    for command in (clip, files, heaps):
        _add_source(command, "--to")
    for command in (clip, files):
        command.add_argument("--shard-rows", type=int, help="rows of a shard (default: 128 MiB of them)")
        command.add_argument("--again", action="store_true", help="send everything, also what was received before")
    return parser


def _add_source(command: argparse.ArgumentParser, folder: str) -> None:
    """Adds the options that name a daemon."""
    source = command.add_mutually_exclusive_group()
    help = "the folder of a private daemon, as nnnd.open takes it"
    source.add_argument(folder, metavar="FOLDER", dest="private", help=help)
    source.add_argument("--socket", help="the socket of a daemon (default: NNND_SOCKET or /run/nnnd/nnnd.sock)")


def _export(options: argparse.Namespace) -> int:
    from .exporting import export

    with _client(options) as client:
        manifest = export(client, options.folder)
    changes = f" and {manifest.changes:,} changes" if manifest.changes else ""
    print(f"{options.folder}: {manifest.rows:,} images{changes}, generation {manifest.generation:,}")
    return 0


def _sync(options: argparse.Namespace) -> int:
    from ._sync_command import run_sync

    with _client(options) as client:
        return run_sync(options, client)


def _import(options: argparse.Namespace) -> int:
    from .importing import import_clip_retrieval, import_files

    with _client(options) as client:
        shared: dict[str, Any] = {name: getattr(options, name, None) for name in ("ids", "shard_rows", "again")}
        if options.format == "heaps":
            from ._bulk_command import load_heaps

            report = load_heaps(client, options)
        elif options.format == "clip-retrieval":
            report = import_clip_retrieval(client, options.folder, texts=not options.no_texts, **shared)
        else:
            report = import_files(
                client, options.paths, options.kind, vectors=options.vectors, element_type=options.type,
                dimension=options.dimension, **shared,
            )  # fmt: skip
        status = client.status()
    print(f"{report.rows:,} rows imported, {report.rows_before:,} had been before, {report.replaced:,} replaced others")
    print(f"now {status['images']:,} images, {status['references']:,} references, generation {status['generation']:,}")
    return 0


@contextlib.contextmanager
def _client(options: argparse.Namespace) -> Iterator[Any]:
    from .client import Client
    from .embedded import open

    given = {name: getattr(options, name, None) for name in ("k", "capacity", "metric", "precision")}
    settings: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with open(options.private, **settings) if options.private is not None else Client(options.socket) as client:
        yield client


if __name__ == "__main__":
    sys.exit(main())
