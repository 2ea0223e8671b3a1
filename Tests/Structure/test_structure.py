"""Dependencies point down only: between targets by their imports, between the folders of a target by the types they use.

SwiftPM lets a target import whatever its dependencies depend on, so Package.swift alone does not keep targets apart.
"""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "Sources"

SYSTEM = {"Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"}

# Target -> the targets and packages that it may import, beside the system's own modules.
DEPENDENCIES = {
    "PosixSupport": {"SystemPackage"},
    "LMDB": {"CLMDB"},
    "VectorMath": {"CFaiss", "CKernels", "CZlib"},
    "ShardFormats": {"CZlib"},
    "WireAPI": set(),
    "SpoolProtocol": {"COpenSSL", "PosixSupport", "ShardFormats", "WireAPI"},
    "Prometheus": {"CoreMetrics"},
    "IncrementalBias": {"LMDB", "ShardFormats", "VectorMath", "HeapModule"},
    "Observability": {"IncrementalBias", "Prometheus", "ShardFormats", "WireAPI", "Logging", "Metrics"},
    "SpoolIngest": {
        "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI",
        "Logging", "ServiceLifecycle",
    },
    "HTTPServer": {
        "IncrementalBias", "Observability", "PosixSupport", "Prometheus", "ShardFormats", "SpoolProtocol",
        "VectorMath", "WireAPI",
        "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "NIOFoundationEssentialsCompat",
        "NIOHTTPTypes", "NIOPosix", "ServiceLifecycle",
    },
    "DaemonSupport": {
        "CMalloc", "IncrementalBias", "LMDB", "Observability", "PosixSupport", "SpoolProtocol", "VectorMath",
        "Configuration", "Logging", "ServiceLifecycle", "UnixSignals", "Yams",
    },
    "ControlClient": {"PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI", "NIOCore", "NIOHTTP1", "NIOPosix"},
    "nnnd": {
        "DaemonSupport", "HTTPServer", "IncrementalBias", "Observability", "PosixSupport", "SpoolIngest", "WireAPI",
        "ArgumentParser", "Logging", "NIOPosix", "ServiceLifecycle", "UnixSignals",
    },
    "nnnctl": {"ControlClient", "ShardFormats", "WireAPI", "ArgumentParser"},
}

# C target -> the headers of other targets that it may include.
C_TARGETS = {"CLMDB": set(), "CMalloc": set(), "COpenSSL": set(), "CZlib": set(), "CKernels": set(), "CFaiss": {"CKernels.h"}}

# Targets that wrap unsafe interfaces; in IncrementalBias unsafe code is confined to the files named here.
UNSAFE_FILES = {"IncrementalBias": {"StoreLock.swift", "StoreState.swift"}}

MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 50

IMPORT = re.compile(r"^(?:@\w+\s+)*(?:internal |package |public |private |fileprivate )?import (?:\w+ )?(\w+)", re.M)
TYPE = re.compile(
    r"^(?:@\w+\s+)*(?:package |public )?(?:final |indirect )?(?:struct|class|enum|protocol|actor|typealias) (\w+)", re.M)
COMMENT = re.compile(r"//.*")
STRING = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"')


def imports(text):
    """The modules that a Swift file imports."""
    return set(IMPORT.findall(text))


def swift_files(target):
    return sorted((SOURCES / target).rglob("*.swift"))


def code(text):
    """A Swift file without comments and string literals."""
    return STRING.sub('""', COMMENT.sub("", text))


def folder_dependencies(files):
    """Which folder uses top-level types of which other folders; files beside the folders are a folder called "."."""
    texts = {path: code(path.read_text()) for path in files}
    root = Path(*files[0].parts[: len(SOURCES.parts) + 1])

    def folder(path):
        relative = path.relative_to(root)
        return relative.parts[0] if len(relative.parts) > 1 else "."

    owners = {}
    for path, text in texts.items():
        for name in TYPE.findall(text):
            owners.setdefault(name, set()).add(folder(path))
    used = {folder(path): set() for path in files}
    for path, text in texts.items():
        for name in set(re.findall(r"\b[A-Z]\w+", text)) & owners.keys():
            if folder(path) not in owners[name]:
                used[folder(path)] |= owners[name]
    return used


def long_functions(text):
    """Functions, initialisers and accessors with more lines than allowed, by the indentation that swift-format gives."""
    lines = text.splitlines()
    for start, line in enumerate(lines):
        head = re.match(r"( *)(?:@\w+\s+)*[\w() ]*\b(func|init|subscript)\b", line)
        if not head or line.strip().startswith("//"):
            continue
        end = next((n for n in range(start + 1, len(lines)) if lines[n] == head[1] + "}"), start)
        if end - start + 1 > MOST_LINES_OF_A_FUNCTION and not any(
            re.match(head[1] + r"(?:[\w()@ ]*\b(?:func|init|subscript|var|let|case)\b|})", lines[n])
            for n in range(start + 1, end)
        ):
            yield line.strip(), end - start + 1


def test_every_folder_is_a_known_target():
    assert {folder.name for folder in SOURCES.iterdir()} == DEPENDENCIES.keys() | C_TARGETS.keys()


@pytest.mark.parametrize("target", DEPENDENCIES)
def test_a_target_imports_only_its_dependencies(target):
    wrong = {
        f"{path.relative_to(SOURCES)} imports {module}"
        for path in swift_files(target)
        for module in imports(path.read_text()) - DEPENDENCIES[target] - SYSTEM
    }
    assert not wrong


def test_targets_have_no_circles():
    TopologicalSorter(DEPENDENCIES).prepare()


@pytest.mark.parametrize("target", DEPENDENCIES)
def test_the_folders_of_a_target_have_no_circles(target):
    used = folder_dependencies(swift_files(target))
    # The files beside the folders put them together.
    graph = {folder: others - {"."} for folder, others in used.items() if folder != "."}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{' -> '.join(error.args[1])} in {graph}")


@pytest.mark.parametrize("target", C_TARGETS)
def test_c_targets_include_no_other_targets_headers(target):
    headers = {path.name for other in C_TARGETS if other != target for path in (SOURCES / other).rglob("*.h")}
    headers -= {"shim.h"}
    for path in [p for p in (SOURCES / target).rglob("*") if p.suffix in {".c", ".cpp", ".h", ".inc"}]:
        included = set(re.findall(r'#include [<"]([\w./]+)[>"]', path.read_text()))
        assert not included & headers - C_TARGETS[target], path


@pytest.mark.parametrize("target", UNSAFE_FILES)
def test_unsafe_code_stays_in_its_files(target):
    with_unsafe = {path.name for path in swift_files(target) if re.search(r"\bunsafe\b", path.read_text())}
    assert with_unsafe <= UNSAFE_FILES[target]


def test_no_unfinished_marks():
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for path in SOURCES.rglob("*"):
        if path.suffix in {".swift", ".c", ".cpp", ".h", ".inc"}:
            assert not marks.search(path.read_text()), path


def test_files_and_functions_are_short():
    swift = [*SOURCES.rglob("*.swift"), *(PROJECT / "Tests").rglob("*.swift")]
    files = {str(p.relative_to(PROJECT)): n for p in swift if (n := len(p.read_text().splitlines())) > MOST_LINES}
    functions = {f"{p.name}: {head}": n for p in swift for head, n in long_functions(p.read_text())}
    assert (files, functions) == ({}, {})


def test_every_library_has_unit_tests():
    libraries = DEPENDENCIES.keys() - {"nnnd", "nnnctl"}
    missing = {name for name in libraries if not list((PROJECT / "Tests" / f"{name}Tests").glob("*.swift"))}
    assert not missing


def test_the_check_sees_every_form_of_import():
    text = "import A\npackage import B\n@preconcurrency internal import C\nimport struct D.E\n// import F\n"
    assert imports(text) == {"A", "B", "C", "D"}


def test_the_check_sees_a_long_function():
    body = "    func f() {\n" + "        work()\n" * 60 + "    }\n"
    assert [lines for _, lines in long_functions("struct S {\n" + body + "}\n")] == [62]
