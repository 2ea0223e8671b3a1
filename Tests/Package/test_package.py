"""Checks of the Debian package that do not need to install it."""

import re
import stat

import pytest

from project import PROGRAMS, PROJECT, run

# The shared libraries that the programs can depend on; Swift's libraries are linked statically.
LIBRARIES = {"libc.so.6", "libcrypto.so.3", "libgcc_s.so.1", "liblmdb.so.0", "libm.so.6", "libpthread.so.0"}
LIBRARIES |= {"ld-linux-x86-64.so.2", "libstdc++.so.6", "libz.so.1"}


def fields(package):
    output = run("dpkg-deb", "--field", package).stdout
    return dict(re.findall(r"^(\S+): (.*)$", output, re.M))


def test_lintian_finds_no_error_and_no_warning(package):
    finished = run("lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit=0", package, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_package_and_programs_have_the_same_version(package, content):
    version = fields(package)["Version"]
    for program in PROGRAMS:
        assert run(content / "usr/bin" / program, "--version").stdout.strip() == version


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_needs_no_swift_library_has_no_symbols_and_full_relro(content, program):
    path = content / "usr/bin" / program
    needed = set(re.findall(r"Shared library: \[(.*)\]", run("readelf", "--dynamic", path).stdout))
    assert needed <= LIBRARIES
    sections = run("readelf", "--sections", "--wide", path).stdout
    assert ".symtab" not in sections and ".debug" not in sections
    assert re.search(r"FLAGS.*NOW|BIND_NOW", run("readelf", "--dynamic", path).stdout)


def test_the_package_depends_on_its_libraries_and_systemd_only(package):
    names = {re.split(r"[ :(|]", name.strip())[0] for name in fields(package)["Depends"].split(",")}
    assert names == {"libc6", "libgcc-s1", "liblmdb0", "libssl3", "libstdc++6", "systemd", "zlib1g"}


def test_the_settings_are_a_conffile(control, content):
    assert (control / "conffiles").read_text().split() == ["/etc/nnnd/nnnd.yaml"]
    assert (content / "etc/nnnd/nnnd.yaml").read_bytes() == (PROJECT / "systemd/nnnd.yaml").read_bytes()


@pytest.mark.parametrize("script", ["preinst", "postinst", "prerm", "postrm"])
def test_maintainer_scripts_stop_at_errors_and_ask_nothing(control, script):
    path = control / script
    if not path.exists():
        assert script == "preinst"
        return
    assert run("sh", "-n", path).stderr == ""
    text = path.read_text()
    assert "set -e" in text and "#DEBHELPER#" not in text
    assert "read " not in text and "debconf" not in text, "the script can ask a question"


def test_the_package_has_the_units_of_the_sources(content):
    for unit in (PROJECT / "systemd").glob("*.s*"):
        if unit.is_file() and unit.suffix in (".service", ".socket"):
            assert (content / "lib/systemd/system" / unit.name).read_text() == unit.read_text()
    for folder in ("sysusers.d", "tmpfiles.d"):
        assert (content / f"usr/lib/{folder}/nnnd.conf").exists()


def test_the_package_has_the_documents_and_examples_of_the_sources(content):
    folder = content / "usr/share/doc/nnnd"
    for name in ("README.md", "docs/decisions/README.md", "docs/openapi.yaml", "monitoring/alerts.yaml"):
        assert (folder / name).read_bytes() == (PROJECT / name).read_bytes()
    for path in (PROJECT / "Examples/wordnet").rglob("*.npy"):
        assert (folder / "examples" / path.relative_to(PROJECT / "Examples")).stat().st_size == path.stat().st_size
    for name in ("copyright", "changelog.gz"):
        assert (folder / name).exists()


def test_files_are_readable_by_all_and_writable_only_by_their_owner(content):
    for path in content.rglob("*"):
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            assert mode in ((0o755,) if path.is_dir() or path.parent.name == "bin" else (0o644,)), path
