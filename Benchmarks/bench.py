"""Compares nnnd, measured by a client over its socket, with other programs on the same data in the same run.

Prints a table for each part and kind of data as soon as it is measured. docs/benchmarks.md says what is measured, and
how.
"""

import argparse
import contextlib
import signal
import sys
import time
import traceback
from pathlib import Path

import authors
import churn
import growth
import history
import ingest
import kernels
import likeness
import living
import machine
import maintenance
import memory
import million
import peer
import python_client
import references
import search
import stream
from base import Base
from context import SIZE, Context, Shared
from datasets import KINDS
from harness import Daemon
from report import Report

ON_BASE = {"search": search, "maintenance": maintenance, "ingest": ingest, "growth": growth}
ALONE = {
    "living": living, "churn": churn, "stream": stream, "memory": memory, "million": million, "authors": authors,
    "python": python_client,
}  # fmt: skip
WITHOUT_DATA = {"likeness": likeness, "kernels": kernels, "references": references}
PARTS = {**ON_BASE, **ALONE, **WITHOUT_DATA}
# All parts but these: "million" and "stream" take long, and "references" builds the unit tests.
DEFAULT = [part for part in PARTS if part not in ("million", "stream", "references")]
# The other parts need more rows than WordNet has.
ON_WORDNET = ("search", "maintenance", "ingest", "churn", "authors")


def names(text):
    return text.replace(",", " ").split()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=Path(".build/release"), help="the folder with nnnd")
    parser.add_argument("--old", type=Path, help="the folder with an older nnnd, which is measured too")
    parser.add_argument("--parts", default=",".join(DEFAULT), type=names,
                        help=f"a list of {','.join(PARTS)}, or all (default: {','.join(DEFAULT)})")
    parser.add_argument("--data", default=",".join(KINDS), type=names, help=f"a list of {','.join(KINDS)}")
    parser.add_argument("--scale", type=float, default=1,
                        help=f"a factor for the numbers of images and references: 1 is {SIZE:,} images")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2, help="the duration of one measurement with clients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="the Markdown file to write; a plot and the history are written to"
                                                   " the same folder")
    options = parser.parse_args()
    options.parts = list(PARTS) if options.parts == ["all"] else options.parts
    if unknown := {*options.parts} - PARTS.keys() | {*options.data} - KINDS.keys():
        parser.error(f"no such part or kind of data: {', '.join(unknown)}")
    if SIZE * options.scale < 2000:
        parser.error("the scale must be at least 0.01")
    if options.write and options.scale != 1:
        parser.error("only measurements with scale 1 can be written")
    return options


def run_part(part, context, *base):
    """Runs a part. If it fails, the report says so and the other parts run."""
    module, report, begin, load = PARTS[part], context.report, time.monotonic(), machine.load()
    report.kind = context.kind.title if context.kind else ""
    try:
        module.run(context, *base)
    except Exception as error:
        traceback.print_exc()
        report.fail(module.TITLE, error)
    seconds = time.monotonic() - begin
    report.text(f"*{machine.now()}, {machine.cpu()}; nnnd {machine.program(context.binaries)}; took {seconds:.0f} s;"
                f" load average at the start {load}.*")


def run_kind(kind, options, shared):
    """Runs the parts that need data, on one kind of data."""
    chosen = [part for part in options.parts if kind.size is None or part in ON_WORDNET]
    if left_out := [part for part in (*ON_BASE, *ALONE) if part in options.parts and part not in chosen]:
        print(f"\n{kind.title}: {', '.join(left_out)} skipped, which need more rows than it has.")
    context = Context(shared, options, kind)
    on_base = [part for part in ON_BASE if part in chosen]
    if on_base:
        with contextlib.ExitStack() as stack:
            base = stack.enter_context(Base(context))
            for part in on_base:
                run_part(part, context, base)
    for part in [part for part in ALONE if part in chosen]:
        run_part(part, context)


def write(options, report):
    """Writes the document and the history."""
    report.write(options.write, [part.TITLE for part in PARTS.values()])
    if report.history:
        with Daemon(options.bin.resolve()) as daemon:
            used = f"{machine.cpu()}, {daemon.client.status()['kernels']}"
        history.update(options.write.with_name("benchmarks-history.md"), machine.version_of_sources(), used,
                       machine.now()[:10], report.history)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that daemons are stopped and folders removed
    peer.use_all_cores()
    report, begin = Report(), time.monotonic()
    shared = Shared(report)
    report.begin(machine.describe(options.bin), shared.limits())
    if options.scale != 1:
        print(f"\nThe targets are meant for {SIZE:,} images.")
    for kind in [KINDS[key] for key in KINDS if key in options.data]:
        run_kind(kind, options, shared)
    for part in [part for part in WITHOUT_DATA if part in options.parts]:
        run_part(part, Context(shared, options, None))
    if options.write:
        write(options, report)
    print(f"\n{time.monotonic() - begin:.0f} s. Missed: {'; '.join(report.missed) or 'nothing'}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
