"""The Python examples in the documents run and print what the documents say."""

import contextlib
import io
import os
import re

import pytest

from conftest import PROJECT

BLOCK = re.compile(r"^```python\n([\s\S]*?)^```\n((?:    .*\n)*)", re.M)
DOCUMENTS = ["README.md", "docs/python.md", "clients/python/README.md"]


def examples():
    for document in DOCUMENTS:
        for number, (code, output) in enumerate(BLOCK.findall((PROJECT / document).read_text())):
            yield pytest.param(code, output, id=f"{document}-{number}")


@pytest.mark.parametrize(("code", "output"), list(examples()))
def test_an_example_runs_and_prints_its_output(code, output, tmp_path, monkeypatch):
    (tmp_path / "Examples").symlink_to(PROJECT / "Examples")
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.replace('"/tmp/', f'"{os.fspath(tmp_path)}/'), "example", "exec"), {})
    assert printed.getvalue() == re.sub(r"^    ", "", output, flags=re.M)


def test_each_example_of_the_python_document_shows_its_output():
    assert all(output for _, output in BLOCK.findall((PROJECT / "docs/python.md").read_text()))


def test_each_document_has_as_many_examples_as_are_found():
    """An example that the pattern no longer finds would not be run."""
    assert [len(BLOCK.findall((PROJECT / document).read_text())) for document in DOCUMENTS] == [1, 2, 1]
