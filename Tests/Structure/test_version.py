"""One version: that of the programs is also that of the Debian package and of the API's description."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SOURCES = {
    "Sources/WireAPI/Version.swift": r'current = "([^"]+)"',
    "debian/changelog": r"\Annnd \(([^)]+)\)",
    "docs/openapi.yaml": r"^ *version: (\d\S*)$",
}


def test_the_version_is_the_same_everywhere():
    found = {path: set(re.findall(pattern, (PROJECT / path).read_text(), re.M)) for path, pattern in SOURCES.items()}
    assert len(set.union(*found.values())) == 1 and all(found.values()), found
