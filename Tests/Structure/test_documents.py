"""Links, file names and symbols in the documents refer to something that exists; lines are not too long."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[\s\S]*?^```", re.M)
# A step of a code walk: `Sources/Module/File.swift`, `Type.member`.
STEP = re.compile(r"`((?:Sources|Tests)/[\w+/.]+\.\w+)`, `([\w.]+)`")


def anchors(path):
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def name(path):
    """The path of a document inside the project."""
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_resolve(document):
    broken = []
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if re.match(r"\w+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_code_walks_name_files_and_symbols_that_exist(document):
    wrong = []
    for file, symbol in STEP.findall(document.read_text()):
        path = PROJECT / file
        if not path.exists() or not all(re.search(rf"\b{part}\b", path.read_text()) for part in symbol.split(".")):
            wrong.append(f"{file}, {symbol}")
    assert not wrong


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_tests_and_sources_that_documents_name_exist(document):
    text = document.read_text()
    tests = {path.name for path in (PROJECT / "Tests").rglob("test_*.py")}
    missing = set(re.findall(r"`(test_\w+\.py)`", text)) - tests
    paths = re.findall(r"`((?:Sources|Tests|Fuzz|Benchmarks)/[\w+/.]+)`", text)
    missing |= {path for path in paths if not (PROJECT / path).exists()}
    assert not missing


def test_the_list_of_decisions_is_complete():
    records = {path.name for path in (PROJECT / "docs/decisions").glob("0*.md")}
    assert records == set(re.findall(r"\]\((0[\w-]+\.md)\)", (PROJECT / "docs/decisions/README.md").read_text()))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_lines_have_at_most_120_characters(document):
    """Rows of tables can be longer, because Markdown cannot break them."""
    lines = enumerate(document.read_text().splitlines(), 1)
    assert not [number for number, line in lines if len(line) > 120 and not line.startswith("|")]
