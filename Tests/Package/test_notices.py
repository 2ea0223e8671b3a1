"""The notices of what is linked in: nothing that comes new can be forgotten."""

import re
import sys

import pytest

from project import BIN, PROJECT

sys.path.insert(0, str(PROJECT / "packaging"))

import notices  # noqa: E402


@pytest.fixture(scope="module")
def text():
    return notices.copyright_file(BIN)


def stanzas(text, field):
    """The values of the first line of each stanza that begins with this field."""
    return re.findall(rf"^{field}:\s*(\S.*)$", text, re.M)


def test_every_package_that_is_linked_has_its_notice(text):
    """By what SwiftPM resolved, not by what the linker was given: the two ways must agree."""
    resolved = {path.name for path in (PROJECT / ".build/checkouts").iterdir()}
    named = {name.partition("/")[0] for name in stanzas(text, "Files")}
    assert {package.name for package in notices.packages(BIN)} <= named
    # The rest is not linked: only other systems, or tests, want it.
    assert resolved - named <= {"swift-asn1", "swift-certificates", "swift-http-structured-headers",
                                "swift-nio-transport-services"}  # fmt: skip


def test_every_licence_that_is_named_is_there(text):
    named = set(re.findall(r"^License: (\S+)$", text, re.M))
    explained = set(re.findall(r"^License: (\S+)\n [^\n]", text, re.M))
    assert named == explained


def test_notices_of_the_packages_are_there_word_for_word(text):
    plain = " ".join(line.removeprefix(" ").removeprefix(".") for line in text.splitlines())
    for package in notices.packages(BIN):
        assert " ".join(package.notice.split()) in " ".join(plain.split())


def test_what_is_linked_from_the_system_is_named(text):
    """Statically by a stanza, dynamically in the remark at the top."""
    manifest = (PROJECT / "Package.swift").read_text()
    # What the tests alone link (CFaissFlat) is behind their heading, and not in the package.
    programs, heading, _ = manifest.partition("// Faiss's public index, which needs BLAS and OpenMP")
    assert heading
    assert re.findall(r'linkedLibrary\("(\w+)"', programs) == ["faiss"] and "Files: libfaiss.a" in text
    maps = " ".join(path.read_text() for path in (PROJECT / "Sources").rglob("module.modulemap"))
    assert set(re.findall(r'link "(\w+)"', maps)) == {"lmdb", "z"}
    assert "LMDB (OpenLDAP" in text and "zlib (Zlib)" in text
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in text


def test_a_licence_that_is_not_known_is_refused(tmp_path):
    (tmp_path / "LICENSE").write_text("Do as I say.\n")
    with pytest.raises(notices.UnknownNotice, match="isn't known"):
        notices.Package(tmp_path).licence


def test_c_code_of_others_is_seen(tmp_path):
    package = notices.Package(tmp_path)
    (tmp_path / "Sources/CThing").mkdir(parents=True)
    for name, head in (("own.c", "Copyright (c) 2026 Apple Inc. and the Thing project authors"), ("new.c", "By somebody")):
        path = tmp_path / "Sources/CThing" / name
        path.write_text(f"// {head}\n")
        package.sources = [path]
        assert package.foreign_modules() == ([] if name == "own.c" else ["CThing"])
