"""The copyright file: it must have a notice for everything that is linked into the programs."""

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
    """The values of a field that begins a stanza."""
    return re.findall(rf"^{field}:\s*(\S.*)$", text, re.M)


def test_every_linked_swift_package_has_a_stanza(text):
    """SwiftPM's checkouts are compared with the files given to the linker, from which the copyright file is made."""
    resolved = {path.name for path in (PROJECT / ".build/checkouts").iterdir()}
    named = {name.partition("/")[0] for name in stanzas(text, "Files")}
    assert {package.name for package in notices.packages(BIN)} <= named
    # These packages are resolved but not linked: only other systems or tests need them.
    assert resolved - named <= {
        "async-http-client", "swift-algorithms", "swift-asn1", "swift-certificates", "swift-crypto",
        "swift-http-structured-headers", "swift-nio-http2", "swift-nio-ssl", "swift-nio-transport-services",
        "swift-numerics", "swift-service-context",
    }  # fmt: skip


def test_every_licence_has_its_text(text):
    used = set(re.findall(r"^License: (\S+)$", text, re.M))
    with_text = set(re.findall(r"^License: (\S+)\n [^\n]", text, re.M))
    assert used == with_text


def test_the_notice_of_each_package_is_complete(text):
    plain = " ".join(line.removeprefix(" ").removeprefix(".") for line in text.splitlines())
    for package in notices.packages(BIN):
        assert " ".join(package.notice.split()) in " ".join(plain.split())


def test_system_libraries_are_in_the_copyright_file(text):
    """Statically linked libraries have a stanza, dynamically linked ones are in the comment at the top."""
    manifest = (PROJECT / "Package.swift").read_text()
    # What the tests alone link (CFaissFlat) is behind their heading, and not in the package.
    programs, heading, _ = manifest.partition("// Faiss's public index, which needs BLAS and OpenMP")
    assert heading
    assert re.findall(r'linkedLibrary\("(\w+)"', programs) == ["faiss"] and "Files: libfaiss.a" in text
    maps = " ".join(path.read_text() for path in (PROJECT / "Sources").rglob("module.modulemap"))
    assert set(re.findall(r'link "(\w+)"', maps)) == {"crypto", "lmdb", "z"}
    assert all(name in text for name in ("LMDB (OpenLDAP", "libcrypto (Apache-2.0)", "zlib (Zlib)"))
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in text


def test_an_unknown_licence_is_an_error(tmp_path):
    (tmp_path / "LICENSE").write_text("Do as I say.\n")
    with pytest.raises(notices.UnknownNotice, match="isn't known"):
        notices.Package(tmp_path).licence


def test_c_code_of_another_copyright_holder_is_found(tmp_path):
    package = notices.Package(tmp_path)
    (tmp_path / "Sources/CThing").mkdir(parents=True)
    heads = {"own.c": "Copyright (c) 2026 Apple Inc. and the Thing project authors", "new.c": "By somebody"}
    for name, head in heads.items():
        path = tmp_path / "Sources/CThing" / name
        path.write_text(f"// {head}\n")
        package.sources = [path]
        assert package.third_party_modules() == ([] if name == "own.c" else ["CThing"])
