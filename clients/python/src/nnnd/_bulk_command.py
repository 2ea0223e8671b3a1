"""`python -m nnnd bulk`."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import Any

DESCRIPTION = """Computes heaps and means of images, and writes a parquet file for each image shard, with the columns
id, similarities, references and mean_K. Shards are .npy (with NAME.ids), .npz and parquet files, and folders of them.
A run that was interrupted continues when it is run again."""


def add_bulk(commands: Any) -> None:
    """Adds the command to a parser's commands."""
    parser = commands.add_parser("bulk", help="compute biases of many images at once", description=DESCRIPTION)
    data = add_bulk_files(parser)
    data.add_argument("--output", required=True, metavar="FOLDER", help="the folder for the parquet files")
    data.add_argument("--again", action="store_true", help="compute all output files anew")
    result = parser.add_argument_group("result")
    result.add_argument("--socket", help="take k, capacity, metric and precision from the daemon with this socket")
    result.add_argument("-k", type=int, nargs="+", help="how many similarities a mean averages (default: 128)")
    result.add_argument("--capacity", type=int, help="references kept per image (default: k + max(8, k / 4))")
    result.add_argument("--metric", choices=["cosine", "inner-product"], help="default: cosine")
    result.add_argument("--precision", choices=["float32", "float16"], help="of the daemon's vectors; default: float32")
    result.add_argument("--names", choices=["ids", "hashes"], default="ids", help="how heaps name references")
    where = parser.add_argument_group("where it runs")
    where.add_argument("--workers", type=int, help="processes (default: one for each core)")
    where.add_argument("--arithmetic", choices=["numpy", "faiss", "torch"], default="numpy")
    where.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N; a GPU needs torch")
    where.add_argument("--spark", metavar="MASTER", help="run on Spark: local[2], spark://host:7077, sc://host")


def add_bulk_files(parser: Any) -> Any:
    """Adds the options that name the input files of a bulk computation."""
    data = parser.add_argument_group("files")
    data.add_argument("--images", nargs="+", required=True, metavar="PATH", help="image shards, or folders of them")
    data.add_argument("--references", nargs="+", required=True, metavar="PATH", help="reference shards, or folders")
    data.add_argument(
        "--vectors", metavar="COLUMN", help="of image tables, with vectors (default: the only list column)"
    )
    data.add_argument("--ids", metavar="COLUMN", help="of image tables, with the ids (default: id, or NAME:0, ...)")
    data.add_argument("--reference-vectors", metavar="COLUMN", help="the same for tables of references")
    data.add_argument("--reference-ids", metavar="COLUMN", help="the same for tables of references")
    data.add_argument("--distinct", action="store_true", help="no id occurs twice, so that ids need not be compared")
    return data


def load_heaps(client: Any, options: argparse.Namespace) -> Any:
    """Runs `python -m nnnd import heaps`."""
    from .bulk import load

    return load(client, *_shards(options), options.folder, distinct=options.distinct)


def _shards(options: argparse.Namespace) -> tuple[Any, Any]:
    from .bulk import list_shards

    return (
        list_shards(options.images, options.vectors, options.ids),
        list_shards(options.references, options.reference_vectors, options.reference_ids),
    )


def bulk(options: argparse.Namespace) -> int:
    """Runs the command."""
    from .bulk import run

    images, references = _shards(options)
    with _session(options.spark) as spark:
        report = run(
            images, references, options.output, _settings(options), workers=options.workers, spark=spark,
            distinct=options.distinct, again=options.again,
        )  # fmt: skip
    print(f"{report.rows:,} images in {len(report.shards):,} shards; {report.shards_before:,} shards had been before")
    if report.pairs:
        rate = report.pairs_per_core_second / 1e6
        print(f"{report.seconds:,.1f} s; {rate:,.1f} million pairs of image and reference per second of a task")
    return 0


def _settings(options: argparse.Namespace) -> Any:
    from .bulk import BulkSettings
    from .client import Client

    named = {name: getattr(options, name) for name in ("k", "capacity", "metric", "precision")}
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    given.update(references=options.names, arithmetic=options.arithmetic, device=options.device)
    if options.socket is None:
        return BulkSettings(**given)
    with Client(options.socket) as client:
        return BulkSettings.of(client, **given)


@contextlib.contextmanager
def _session(address: str | None) -> Iterator[Any]:
    """A session of Spark that is stopped at the end; None without an address."""
    if address is None:
        yield None
        return
    from .bulk._spark import open_session

    session = open_session(address)
    try:
        yield session
    finally:
        session.stop()
