#!/usr/bin/env python3
"""Runs the notebooks in this folder and stores them with their outputs; `make notebooks` calls it.

What depends on the machine or on the time of a run is left out. The tests of the Python package run the notebooks in the
same way and compare the outputs. It needs nbclient and ipykernel (`packages/python-client.txt`).

    Examples/notebooks/execute.py [NOTEBOOK...]
"""

import base64
import io
import os
import pathlib
import sys
import tempfile

import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent
TIMEOUT = 120
# Pictures in the notebook whatever the environment says, and no progress bars, whose remains would be stored.
ENVIRONMENT = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "TQDM_DISABLE": "1"}


def notebooks():
    """The paths of all notebooks."""
    return sorted(FOLDER.glob("*.ipynb"))


def execute(path, folder):
    """Runs a notebook from top to bottom in an empty folder; the notebook with its outputs, as it is stored.

    The example data is beside that folder, where the notebook expects it. A cell that fails raises CellExecutionError.
    """
    (folder / "wordnet").symlink_to(FOLDER.parent / "wordnet")
    (folder / "notebooks").mkdir()
    notebook = without_outputs(nbformat.read(path, as_version=4))
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(folder / "notebooks")}},
    )
    client.execute(env={**os.environ, **ENVIRONMENT})
    return normalized(notebook)


def without_outputs(notebook):
    """The notebook with its cells only."""
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def normalized(notebook):
    """The notebook with the same metadata on every machine, and with small pictures."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "data" in output:
                output.metadata = {}
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = smaller(output.data["image/png"])
    return notebook


def smaller(picture):
    """A PNG in base64 with at most 128 colours, which takes a third of the space."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    file = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main():
    for path in map(pathlib.Path, sys.argv[1:]) if sys.argv[1:] else notebooks():
        with tempfile.TemporaryDirectory() as temporary:
            nbformat.write(execute(path, pathlib.Path(temporary)), path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
