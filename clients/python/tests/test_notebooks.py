"""The notebooks in Examples/notebooks run from top to bottom, and print what is stored in them."""

import base64
import importlib.util
import json
import re
import struct

import pytest

from conftest import PROJECT

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

FOLDER = PROJECT / "Examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# What execute.py stores in a code cell and its outputs; anything else could depend on the machine.
CELL_KEYS = {"cell_type", "id", "metadata", "source", "execution_count", "outputs"}
SOURCE_PATH = str(PROJECT / "clients" / "python" / "src")


def load_execute():
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture_size(png):
    """The width and height of a PNG in base64."""
    return struct.unpack(">II", base64.b64decode(png)[16:24])


def printed(notebook):
    """Id of a code cell -> its outputs. Of pictures only the size counts, because fonts and libraries differ.

    The generation can differ, because one commit can hold several files.
    """

    def content(kind, value):
        return picture_size(value) if kind == "image/png" else re.sub(r"generation \d+", "generation N", value)

    return {
        cell.id: [
            (output.name, content("text/plain", output.text))
            if output.output_type == "stream"
            else {kind: content(kind, value) for kind, value in output.data.items()}
            for output in cell.outputs
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_prints_its_stored_outputs(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", SOURCE_PATH)
    executed = load_execute().execute(path, tmp_path)
    assert printed(executed) == printed(nbformat.read(path, as_version=4))
    assert list((tmp_path / "notebooks").iterdir()) == [], "the notebook left files beside itself"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_has_outputs_and_nothing_of_the_machine(path):
    notebook = json.loads(path.read_text())
    assert notebook["metadata"].keys() == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])
    for cell in notebook["cells"]:
        assert cell.keys() <= CELL_KEYS and cell["metadata"] == {}
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output
            texts = {kind: text for kind, text in output.get("data", {}).items() if kind != "image/png"}
            assert not re.search(r"(?<![\w.])/(home|root|tmp|usr|var|work)/", json.dumps([output.get("text"), texts]))


def test_there_are_three_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["does-nnn-help", "from-clip-retrieval", "references-from-traffic"]


def test_different_outputs_are_found():
    def notebook(text):
        cell = nbformat.v4.new_code_cell("1", id="a", outputs=[nbformat.v4.new_output("stream", text=text)])
        return nbformat.v4.new_notebook(cells=[cell])

    assert printed(notebook("R@1 0.34, generation 4")) == printed(notebook("R@1 0.34, generation 5"))
    assert printed(notebook("R@1 0.34, generation 4")) != printed(notebook("R@1 0.35, generation 4"))
