"""The examples in documentation comments compile; an example is an indented block after "For example".

NAMES and IMPORTS have the variables and modules that the examples of a file use. Types that only their own module sees
have no examples. The modules must have been built.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "Sources"
# Folders of built modules; the first one that exists is used.
BUILT = [Path(os.environ.get("NNND_BIN", "/nowhere")), PROJECT / ".build" / "release", PROJECT / ".build" / "debug"]

# The file of an example -> the variables that it uses, as parameters of the function around it.
NAMES = {
    "BaselineVariants.swift": "toReferences: [Float], toImages: [Float], meanProduct: Double, means: [Float]",
    "Corpus.swift": "settings: RequestedSettings, shard: IncomingShard, vectors: [Float]",
    "IngestPipeline.swift": "context: IngestContext",
    "Ingestion.swift": "daemon: DaemonClient",
    "ContentDigest.swift": "piece: [UInt8]",
    "ExhaustiveSearch.swift": (
        "images: Span<Float>, blocks: [(vectors: [Float], firstRow: UInt32)], products: inout [Float], "
        "rows: inout [UInt32]"
    ),
    "NPZFile.swift": "output: inout OutputRawSpan",
    "CodeRotation.swift": "sample: [Float], images: [Float], center: [Float], rotated: inout [Float]",
    "CodedSearch.swift": (
        "basis: CodeBasis, layout: CodeLayout, images: [Float], blocks: [(codes: [UInt8], rows: [UInt32])], "
        "vectors: CodedSearch.VectorAccess, products: inout [Float], rows: inout [UInt32]"
    ),
}

# The file of an example -> modules that it imports besides its own.
IMPORTS = {
    "Corpus.swift": ["FoundationEssentials"],
    "Ingestion.swift": ["ShardFormats", "WireAPI"],
    "Registry.swift": ["Metrics"],
}

COMMENT = re.compile(r"^ */// ?(.*)$")
CODE = re.compile(r"^    (.*)$")


def examples(text):
    """The examples in a Swift file, as (number of the first line, lines of code)."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        comment = COMMENT.match(line)
        if not comment or "For example" not in comment[1]:
            continue
        # The end of the sentence, an empty line, then the code.
        start = number
        while (below := COMMENT.match(lines[start])) and below[1].strip():
            start += 1
        if not below:
            continue
        body = []
        for next_line in lines[start + 1 :]:
            comment = COMMENT.match(next_line)
            code = comment and CODE.match(comment[1])
            if not code and not (comment and not comment[1].strip()):
                break
            body.append(code[1] if code else "")
        while body and not body[-1]:
            body.pop()
        if body:
            yield start + 2, body


def all_examples():
    for path in sorted(SOURCES.rglob("*.swift")):
        for line, body in examples(path.read_text()):
            yield path, line, body


def wrapped(path, line, body, number):
    """A Swift file with the example in a function; the compiler reports errors at the lines of the comment."""
    module = path.relative_to(SOURCES).parts[0]
    imports = "\n".join(f"import {name}" for name in [module, *IMPORTS.get(path.name, [])])
    return (
        f"{imports}\nfunc example{number}({NAMES.get(path.name, '')}) async throws {{\n"
        f'#sourceLocation(file: "{path.relative_to(PROJECT)}", line: {line})\n'
        + "\n".join(body)
        + "\n#sourceLocation()\n}\n"
    )


def compiler_options(folder):
    """The options with which the compiler finds the built modules and the C modules that they use.

    They are read from the build manifest that SwiftPM wrote.
    """
    manifest = (folder.parent / f"{folder.name}.yaml").read_text()
    maps = sorted(set(re.findall(r'-fmodule-map-file=[^"\s]+', manifest)))
    package = re.search(r'"-module-name","WireAPI".*?"-package-name","([^"]+)"', manifest)[1]
    return [
        "-package-name", package, "-I", str(folder / "Modules"), *(word for path in maps for word in ("-Xcc", path)),
    ]  # fmt: skip


def test_examples_compile(tmp_path):
    built = next((folder for folder in BUILT if (folder / "Modules").is_dir()), None)
    if built is None:
        pytest.fail("there are no built modules; build them, or set NNND_BIN to their folder")
    files = []
    for number, (path, line, body) in enumerate(all_examples()):
        file = tmp_path / f"{path.stem}-{line}.swift"
        file.write_text(wrapped(path, line, body, number))
        files.append(file)
    compiled = subprocess.run(
        ["swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Examples", *compiler_options(built), *files],
        capture_output=True, text=True, cwd=PROJECT, timeout=300,
    )  # fmt: skip
    errors = [line for line in compiled.stderr.splitlines() if " error: " in line]
    assert compiled.returncode == 0, "\n".join(errors or [compiled.stderr])


def test_names_and_imports_have_only_files_with_examples():
    assert NAMES.keys() | IMPORTS.keys() <= {path.name for path, _, _ in all_examples()}


def test_examples_finds_an_example_and_its_end():
    text = (
        "/// Does it. For example, with\n/// one:\n///\n///     let a = 1\n///\n///     a.b()\n///\n/// More.\n"
        "struct A {}\n"
    )
    assert list(examples(text)) == [(4, ["let a = 1", "", "a.b()"])]
    assert list(examples("/// For example `a`.\nstruct A {}\n")) == []
