"""The structure of the sources: dependencies between targets and folders, unsafe code, lengths of files and functions.

SwiftPM lets a target import the dependencies of its dependencies, so Package.swift alone does not keep targets apart.
"""

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = PROJECT / "Sources"

SYSTEM = {"Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"}

# Target -> the targets and packages that it can import, besides the modules in SYSTEM.
DEPENDENCIES = {
    "PosixSupport": {"SystemPackage"},
    "LMDB": {"CLMDB"},
    "VectorMath": {"CFaiss", "CKernels", "CZlib"},
    "ShardFormats": {"CZlib"},
    "WireAPI": set(),
    "SpoolProtocol": {"COpenSSL", "PosixSupport", "ShardFormats", "WireAPI"},
    "Prometheus": {"CoreMetrics"},
    "IncrementalBias": {"LMDB", "ShardFormats", "VectorMath", "HeapModule"},
    "Evaluation": {"IncrementalBias", "ShardFormats", "VectorMath", "WireAPI"},
    "Observability": {"IncrementalBias", "Prometheus", "ShardFormats", "WireAPI", "Logging", "Metrics"},
    "SpoolIngest": {
        "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI",
        "Logging", "ServiceLifecycle",
    },
    "QuerySampling": {
        "IncrementalBias", "Observability", "PosixSupport", "ShardFormats", "SpoolProtocol", "Logging",
        "ServiceLifecycle",
    },
    "HTTPServer": {
        "Evaluation", "IncrementalBias", "Observability", "PosixSupport", "Prometheus", "QuerySampling", "ShardFormats",
        "SpoolProtocol", "VectorMath", "WireAPI",
        "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "NIOFoundationEssentialsCompat",
        "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "ServiceLifecycle",
    },
    "DaemonSupport": {
        "CMalloc", "IncrementalBias", "LMDB", "Observability", "PosixSupport", "QuerySampling", "ShardFormats",
        "SpoolProtocol", "VectorMath",
        "Configuration", "Logging", "ServiceLifecycle", "UnixSignals", "Yams",
    },
    "ControlClient": {"PosixSupport", "ShardFormats", "SpoolProtocol", "WireAPI", "NIOCore", "NIOHTTP1", "NIOPosix"},
    "nnnd": {
        "DaemonSupport", "Evaluation", "HTTPServer", "IncrementalBias", "Observability", "PosixSupport", "QuerySampling",
        "SpoolIngest", "WireAPI",
        "ArgumentParser", "Logging", "NIOPosix", "ServiceLifecycle", "UnixSignals",
    },
    "nnnctl": {"ControlClient", "ShardFormats", "WireAPI", "ArgumentParser"},
}

# C target -> the headers of other targets that it can include.
C_TARGETS = {
    "CLMDB": set(), "CMalloc": set(), "COpenSSL": set(), "CZlib": set(), "CKernels": set(), "CFaiss": {"CKernels.h"},
}  # fmt: skip
C_SUFFIXES = {".c", ".cpp", ".h", ".inc"}

# Target -> the only files in it that can have unsafe code.
UNSAFE_FILES = {"IncrementalBias": {"StoreLock.swift", "StoreState.swift"}}

MAX_LINES = 300
MAX_LINES_OF_A_FUNCTION = 50

IMPORT = re.compile(r"^(?:@\w+\s+)*(?:internal |package |public |private |fileprivate )?import (?:\w+ )?(\w+)", re.M)
TYPE = re.compile(
    r"^(?:@\w+\s+)*(?:package |public )?(?:final |indirect )?(?:struct|class|enum|protocol|actor|typealias) (\w+)",
    re.M,
)
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


def c_files(target):
    """The C and C++ files of a target, with headers and included files."""
    return sorted(path for path in (SOURCES / target).rglob("*") if path.suffix in C_SUFFIXES)


def folder_dependencies(files):
    """For each folder of a target, the folders whose top-level types it uses.

    Files outside of the folders belong to the folder ".".
    """
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
    """The functions, initialisers and subscripts that are too long, as (first line, number of lines).

    A function ends at the first brace with its own indentation, which swift-format guarantees. If another declaration
    with this indentation comes before that brace, the function is a requirement of a protocol and has no body.
    """
    lines = text.splitlines()
    for start, line in enumerate(lines):
        head = re.match(r"( *)(?:@\w+\s+)*[\w() ]*\b(func|init|subscript)\b", line)
        if not head or line.strip().startswith("//"):
            continue
        end = next((n for n in range(start + 1, len(lines)) if lines[n] == head[1] + "}"), start)
        if end - start + 1 > MAX_LINES_OF_A_FUNCTION and not any(
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


def test_targets_do_not_depend_on_each_other_in_circles():
    TopologicalSorter(DEPENDENCIES).prepare()


@pytest.mark.parametrize("target", DEPENDENCIES)
def test_the_folders_of_a_target_do_not_depend_on_each_other_in_circles(target):
    used = folder_dependencies(swift_files(target))
    # Files outside of the folders can use all of them.
    graph = {folder: others - {"."} for folder, others in used.items() if folder != "."}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"{' -> '.join(error.args[1])} in {graph}")


@pytest.mark.parametrize("target", C_TARGETS)
def test_a_c_target_includes_only_its_own_and_its_allowed_headers(target):
    headers = {path.name for other in C_TARGETS if other != target for path in (SOURCES / other).rglob("*.h")}
    headers -= {"shim.h"}  # several targets have one of their own
    for path in c_files(target):
        included = set(re.findall(r'#include [<"]([\w./]+)[>"]', path.read_text()))
        assert not included & headers - C_TARGETS[target], path


@pytest.mark.parametrize("target", UNSAFE_FILES)
def test_only_the_named_files_of_a_target_have_unsafe_code(target):
    with_unsafe = {path.name for path in swift_files(target) if re.search(r"\bunsafe\b", path.read_text())}
    assert with_unsafe <= UNSAFE_FILES[target]


def test_the_sources_have_no_todo_comments():
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for path in SOURCES.rglob("*"):
        if path.suffix in C_SUFFIXES | {".swift"}:
            assert not marks.search(path.read_text()), path


def long_files(paths):
    """The files with more than MAX_LINES lines: path -> number of lines."""
    counts = {str(path.relative_to(PROJECT)): len(path.read_text().splitlines()) for path in paths}
    return {path: count for path, count in counts.items() if count > MAX_LINES}


SWIFT = [*SOURCES.rglob("*.swift"), *(PROJECT / "Tests").rglob("*.swift")]


def test_swift_files_have_at_most_300_lines():
    assert long_files(SWIFT) == {}


def test_swift_functions_have_at_most_50_lines():
    assert {f"{path.name}: {head}": count for path in SWIFT for head, count in long_functions(path.read_text())} == {}


def test_c_and_cpp_files_have_at_most_300_lines():
    assert long_files(path for target in C_TARGETS for path in c_files(target)) == {}


@pytest.mark.parametrize("folder", ["Tests", "Benchmarks", "Examples", "clients"])
def test_python_files_have_at_most_300_lines(folder):
    assert long_files((PROJECT / folder).rglob("*.py")) == {}


def test_every_library_has_unit_tests():
    libraries = DEPENDENCIES.keys() - {"nnnd", "nnnctl"}
    missing = {name for name in libraries if not list((PROJECT / "Tests" / f"{name}Tests").glob("*.swift"))}
    assert not missing


def test_imports_finds_every_form_of_import():
    text = "import A\npackage import B\n@preconcurrency internal import C\nimport struct D.E\n// import F\n"
    assert imports(text) == {"A", "B", "C", "D"}


def test_long_functions_finds_a_long_function():
    body = "    func f() {\n" + "        work()\n" * 60 + "    }\n"
    assert [lines for _, lines in long_functions("struct S {\n" + body + "}\n")] == [62]
