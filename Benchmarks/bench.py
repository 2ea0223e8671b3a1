"""Compares nnnd, measured by a client over its socket, with faiss-cpu on the same data in the same run.

Prints a table for each part as soon as it is measured. docs/benchmarks.md says what is measured, and how.
"""

import argparse
import contextlib
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

import authors
import churn
import growth
import ingest
import kernels
import living
import machine
import maintenance
import million
import native
import peer
import references
import search
from base import Base
from report import Report

ON_BASE = {"search": search, "maintenance": maintenance, "ingest": ingest, "growth": growth}
ALONE = {
    "living": living, "churn": churn, "million": million, "kernels": kernels, "references": references,
    "authors": authors,
}  # fmt: skip
# All parts but these: "million" takes long, and "references" builds the unit tests.
DEFAULT = [part for part in (*ON_BASE, *ALONE) if part not in ("million", "references")]
PARTS = {**ON_BASE, **ALONE}
SIZE = 200_000  # the number of images that the targets are meant for


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, default=Path(".build/release"), help="the folder with nnnd")
    parser.add_argument("--parts", default=",".join(DEFAULT),
                        help=f"a list of {','.join(PARTS)}, or all (default: {','.join(DEFAULT)})")
    parser.add_argument("--images", type=int, default=SIZE,
                        help="the number of images; the numbers of references follow from it")
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2, help="the duration of one measurement with clients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="the Markdown file to write; a plot is written to the same folder")
    options = parser.parse_args()
    options.parts = list(PARTS) if options.parts == "all" else options.parts.split(",")
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(unknown)}")
    if options.images < 7000:
        parser.error("at least 7,000 images are needed, so that there are more than k = 128 references")
    return options


def make_context(options):
    """The options and objects that every part gets."""
    measured = []

    def limits():
        """The limits of the machine with all cores, measured at the first call."""
        if not measured:
            measured.append(native.limits(os.cpu_count()))
        return measured[0]

    return SimpleNamespace(
        binaries=options.bin.resolve(), images=options.images, references=options.images // 10,
        dimension=options.dimension, runs=options.runs, seconds=options.seconds, seed=options.seed,
        report=Report(), limits=limits, cores=os.cpu_count(),
        shape=f"{options.images:,} x {options.dimension} float32 images",
        where=f"{machine.cpu()}, {machine.now()}",
        plots=options.write.resolve().parent if options.write else None,
        scaled=lambda count: max(1, count * options.images // SIZE),
    )


def run_part(part, context, *base):
    """Runs a part. If it fails, the report says so and the other parts run."""
    module, report, begin, load = PARTS[part], context.report, time.monotonic(), machine.load()
    try:
        module.run(context, *base)
    except Exception as error:
        traceback.print_exc()
        report.fail(module.TITLE, error)
    seconds = time.monotonic() - begin
    report.text(f"*{machine.now()}, {machine.cpu()}; nnnd {machine.program(context.binaries)}; took {seconds:.0f} s;"
                f" load average at the start {load}.*")


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that daemons are stopped and folders removed
    peer.use_all_cores()
    context = make_context(options)
    report, begin = context.report, time.monotonic()
    report.begin(machine.describe(context.binaries), context.limits())
    if options.images != SIZE:
        print(f"\nThe targets are meant for {SIZE:,} images.")
    with contextlib.ExitStack() as stack:
        on_base = [part for part in PARTS if part in options.parts and part in ON_BASE]
        if on_base:
            base = stack.enter_context(Base(context))
            for part in on_base:
                run_part(part, context, base)
    for part in [part for part in PARTS if part in options.parts and part in ALONE]:
        run_part(part, context)
    if options.write:
        report.write(options.write)
    print(f"\n{time.monotonic() - begin:.0f} s. Missed: {'; '.join(report.missed) or 'nothing'}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
