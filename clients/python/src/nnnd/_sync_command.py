"""`python -m nnnd sync`."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from typing import Any

DESCRIPTION = """Keeps a copy of all images with their means in PostgreSQL or Milvus: first a snapshot, then what
changes, until it is interrupted. It can be killed and started again at any point. A progress line is shown on a
terminal; elsewhere only problems are printed."""


def add_sync(commands: Any, add_source: Callable[[argparse.ArgumentParser, str], None]) -> None:
    """Adds the command to a parser's commands."""
    engines = commands.add_parser("sync", help="keep a copy in PostgreSQL or Milvus", description=DESCRIPTION)
    engines = engines.add_subparsers(dest="engine", required=True)
    postgres = engines.add_parser("postgres", help="a table of PostgreSQL with pgvector (nnnd[postgres])")
    postgres.add_argument("url", help="postgresql://user@host/database, or another connection string of libpq")
    postgres.add_argument("--table", dest="name", default="images", help="TABLE or SCHEMA.TABLE (default: images)")
    postgres.add_argument("--partitions", type=int, default=0, metavar="N", help="divide a new table by a hash of ids")
    postgres.add_argument(
        "--centre", type=float, metavar="C", help="of the index (default: about the mean of the means)"
    )
    milvus = engines.add_parser("milvus", help="a collection of Milvus (nnnd[milvus])")
    milvus.add_argument("url", help="http://host:19530, or a file of milvus-lite: NAME.db")
    milvus.add_argument("--collection", dest="name", default="images", help="default: images")
    for command in (postgres, milvus):
        add_source(command, "--from")
        command.add_argument("--once", action="store_true", help="end when the copy is the corpus")
        command.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between two looks")
        command.add_argument("--eps", type=float, default=0.0, help="leave out changes of a mean below this")
        command.add_argument("--index", choices=["none", "hnsw"], default="none", help="for approximate searches")
        command.add_argument("--part", type=_part, default=(1, 1), metavar="I/N", help="copy part I of N of the images")
        command.add_argument("--metrics", metavar="FILE", help="metrics for the node exporter's textfile collector")


def run_sync(options: argparse.Namespace, client: Any) -> int:
    """Runs the command."""
    from .sync import CopyError, sync

    copy: Any
    if options.engine == "postgres":
        from .sync.postgres import PostgresCopy

        copy = PostgresCopy(options.url, options.name, partitions=options.partitions, centre=options.centre)
    else:
        from .sync.milvus import MilvusCopy

        copy = MilvusCopy(options.url, options.name)
        # It logs each failed request with a traceback, beside its exception.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    try:
        state = sync(
            client, copy, once=options.once, interval=options.interval, eps=options.eps, index=options.index,
            part=options.part, metrics=options.metrics,
        )  # fmt: skip
    except copy.failures as error:
        raise CopyError(f"{options.engine}: {str(error).strip()}") from error
    print(f"{options.name}: generation {state.generation:,}, k = {state.k}, dimension {state.dimension}")
    return 0


def _part(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    try:
        return int(number), int(parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not I/N, for example 1/3") from None
