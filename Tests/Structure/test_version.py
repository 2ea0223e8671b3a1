"""The programs, the Debian package, the Python package and docs/openapi.yaml have the same version."""

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# File -> a pattern of its version.
PATTERNS = {
    "Sources/WireAPI/Version.swift": r'current = "([^"]+)"',
    "debian/changelog": r"\Annnd \(([^)]+)\)",
    "clients/python/src/nnnd/_version.py": r'^__version__ = "([^"]+)"',
    "docs/openapi.yaml": r"^ *version: (\d\S*)$",
}


def test_all_files_have_the_same_version():
    found = {path: set(re.findall(pattern, (PROJECT / path).read_text(), re.M)) for path, pattern in PATTERNS.items()}
    assert len(set.union(*found.values())) == 1 and all(found.values()), found
