"""The search for the best references of images, on one thread: nnnd's two implementations and Faiss's IndexFlatIP."""

import os
import subprocess
from pathlib import Path

from report import written

TITLE = "Search for references"
PROJECT = Path(__file__).resolve().parent.parent
COLUMNS = ("dimension", "references", "images", "by products", "by codes", "Faiss", "Faiss / best of nnnd")


def blas():
    """The path of the BLAS library that the tests use."""
    lines = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout.splitlines()
    paths = [line.split(" => ")[1] for line in lines if line.strip().startswith("libblas.so.3 ")]
    return Path(paths[0]).resolve() if paths else "no BLAS"


def measured():
    """The lines that the unit test `ReferenceSearchTests.measure` prints, as lists of fields."""
    command = ["swift", "test", "-c", "release", "--filter", "ReferenceSearchTests.measure"]
    environment = {**os.environ, "NNND_MEASURE": "1"}
    environment.pop("NNND_KERNELS", None)
    # The first time this builds the tests.
    output = subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True, text=True,
                            timeout=3600).stdout  # fmt: skip
    lines = [line.split("\t")[1:] for line in output.splitlines() if line.startswith("measured\t")]
    if not lines:
        raise RuntimeError(f"the test printed no measurement:\n{output[-2000:]}")
    return lines


def run(context):
    context.report.plain_section(
        TITLE,
        "CPU time of one thread for the search for the 160 best references of each image; the best of 2 to 5 runs."
        " It starts with vectors in memory and ends with sorted lists. *By products* multiplies all pairs with nnnd's"
        " kernels and selects with Faiss's `ReservoirTopN`; *by codes* encodes the references first; *Faiss* is"
        f" `IndexFlatIP::add` and `search` of Debian's libfaiss with one OpenMP thread and {blas()}. The times by codes"
        " and of Faiss include encoding the references and creating the index. nnnd searches by codes from 512 images"
        " and 640 references on, and by products otherwise.")
    context.report.table(f"| {' | '.join(COLUMNS)} |\n" + "|---" * len(COLUMNS) + "|")
    for dimension, references, images, *seconds in measured():
        products, codes, faiss = map(float, seconds)
        cells = [f"{int(number):,}" for number in (dimension, references, images)]
        cells += [written(value, "s") for value in (products, codes, faiss)]
        context.report.line("| " + " | ".join([*cells, f"{faiss / min(products, codes):.2f}"]) + " |")
