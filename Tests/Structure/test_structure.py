"""Arrows between rooms point down only: each target imports what stands here and nothing else.

SwiftPM lets a target import whatever its dependencies depend on, so Package.swift alone does not keep rooms apart.
"""

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "Sources"

SYSTEM = {"Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"}

# Room -> the rooms and packages that it may import, beside the system's own modules.
ARROWS = {
    "LMDB": {"CLMDB"},
    "Similarity": {"CFaiss", "CKernels", "CZlib"},
    "Shards": {"CZlib"},
    "Wire": set(),
    "Prometheus": {"CoreMetrics"},
    "IncrementalBias": {"LMDB", "Similarity", "HeapModule"},
    "nnnd": {
        "IncrementalBias", "Prometheus", "Shards", "Similarity", "Wire",
        "ArgumentParser", "Configuration", "Crypto", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging",
        "Metrics", "NIOCore", "NIOFoundationEssentialsCompat", "NIOHTTPTypes", "NIOPosix", "ServiceLifecycle",
        "UnixSignals", "Yams",
    },
    "nnnctl": {"Shards", "Wire", "ArgumentParser", "AsyncHTTPClient", "Crypto", "NIOCore", "NIOHTTP1"},
}

# C room -> the headers of other rooms that it may include.
C_ROOMS = {"CLMDB": set(), "CZlib": set(), "CKernels": set(), "CFaiss": {"CKernels.h"}}

# Rooms that wrap what is unsafe; elsewhere unsafe code is confined to the files named here, one per concern.
UNSAFE_ROOMS = {"LMDB", "Similarity"}
UNSAFE_FILES = {
    "IncrementalBias": {"StoreLock.swift", "StoreState.swift"},
}

IMPORT = re.compile(r"^(?:@\w+\s+)*(?:internal |package |public |private |fileprivate )?import (?:\w+ )?(\w+)", re.M)


def imports(text):
    """The modules that a Swift file imports."""
    return set(IMPORT.findall(text))


def swift_files(room):
    return sorted((SOURCES / room).rglob("*.swift"))


def test_every_folder_is_a_known_room():
    assert {folder.name for folder in SOURCES.iterdir()} == ARROWS.keys() | C_ROOMS.keys()


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_imports_only_what_lies_below_it(room):
    wrong = {
        f"{path.relative_to(SOURCES)} imports {module}"
        for path in swift_files(room)
        for module in imports(path.read_text()) - ARROWS[room] - SYSTEM
    }
    assert not wrong


@pytest.mark.parametrize("room", C_ROOMS)
def test_c_rooms_include_no_other_rooms_headers(room):
    headers = {path.name for other in C_ROOMS if other != room for path in (SOURCES / other).rglob("*.h")}
    headers -= {"shim.h"}
    for path in [p for p in (SOURCES / room).rglob("*") if p.suffix in {".c", ".cpp", ".h", ".inc"}]:
        included = set(re.findall(r'#include [<"]([\w./]+)[>"]', path.read_text()))
        assert not included & headers - C_ROOMS[room], path


@pytest.mark.parametrize("room", UNSAFE_FILES)
def test_unsafe_code_stays_in_its_files(room):
    with_unsafe = {path.name for path in swift_files(room) if re.search(r"\bunsafe\b", path.read_text())}
    assert with_unsafe <= UNSAFE_FILES[room]


def test_no_unfinished_marks():
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for path in SOURCES.rglob("*"):
        if path.suffix in {".swift", ".c", ".cpp", ".h", ".inc"}:
            assert not marks.search(path.read_text()), path


def test_the_check_sees_every_form_of_import():
    text = "import A\npackage import B\n@preconcurrency internal import C\nimport struct D.E\n// import F\n"
    assert imports(text) == {"A", "B", "C", "D"}
