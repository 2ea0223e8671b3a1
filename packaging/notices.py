#!/usr/bin/env python3
"""Writes the copyright file of the programs: the copyright holders, licences and notices of everything linked in.

The Swift packages are those whose modules were given to the linker; copyright holders and notices come from their
sources. `packaging/copyright.in` has everything else. Two things are errors, so that no new dependency is forgotten:
a package with an unknown licence, and third-party C code in a package that `copyright.in` does not name.

    packaging/notices.py --objects .build/release --to copyright
"""

import argparse
import pathlib
import re
import shlex
import sys

PROJECT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = PROJECT / "packaging" / "copyright.in"
PROGRAMS = ("nnnd", "nnnctl")

APACHE = "Apache-2.0"
APACHE_SWIFT = "Apache-2.0-with-Swift-exception"
EXPAT = "Expat"


class UnknownNotice(Exception):
    """The copyright file would lack a notice for linked code; the message says what to do."""


def words(text):
    return text.split()


def licence(text):
    """The short name of a licence with this text, or None if it is unknown."""
    apache, given = words((PROJECT / "LICENSE").read_text()), words(text)
    # The appendix explains how to apply the licence; it differs between copies and is not part of the terms.
    terms = apache[: apache.index("APPENDIX:")]
    exception = "Runtime Library Exception to the Apache 2.0 License"
    if given[: len(terms)] == terms:
        return APACHE_SWIFT if exception in " ".join(given) else APACHE
    expat = re.search(r"^License: Expat\n((?: .*\n)+)", SOURCE.read_text(), re.M)[1]
    expat = [word for word in words(expat) if word != "."]
    return EXPAT if given[-len(expat):] == expat else None


def linked_sources(folder):
    """The source files of the objects that were linked into both programs."""
    modules = set()
    for program in PROGRAMS:
        objects = shlex.split((folder / f"{program}.product" / "Objects.LinkFileList").read_text())
        modules |= {folder / f"{re.search(r'.*/(.+?)[.]build/', path)[1]}.build" for path in objects}
    for module in sorted(modules):
        source_list = module / "sources"
        if source_list.exists():
            yield from map(pathlib.Path, shlex.split(source_list.read_text()))
        else:
            # C modules have a .d file for each object, which lists its dependencies, the source first.
            for path in sorted(module.rglob("*.d")):
                yield pathlib.Path(re.match(r"dependencies:[\\\s]+(\S+)", path.read_text())[1])


class Package:
    """A Swift package with modules that are linked into the programs."""

    def __init__(self, folder):
        self.folder = folder
        self.name = folder.name
        self.sources = []

    @property
    def licence(self):
        (path,) = self.folder.glob("LICENSE*")
        found = licence(path.read_text())
        if not found:
            raise UnknownNotice(
                f"the licence of {self.name} isn't known: read {path}, and add it to packaging/notices.py and "
                f"{SOURCE.name}, if nnnd may be linked with it")
        return found

    @property
    def notice(self):
        path = self.folder / "NOTICE.txt"
        return path.read_text() if path.exists() else ""

    @property
    def owners(self):
        """The copyright holders, each with the first and last year that the sources name."""
        texts = [path.read_text()[:1000] for path in self.sources if path.suffix == ".swift"]
        texts += [path.read_text() for path in self.folder.glob("LICENSE*")]
        years = {}
        for text in texts:
            for dates, holder in re.findall(r"Copyright \([cC]\) ((?:\d{4}|[-, ])*)(.+)", text):
                holder = re.sub(r"[. ]*(All rights reserved)?[. */]*$", "", holder)
                years.setdefault(holder, []).extend(int(year) for year in re.findall(r"\d{4}", dates))
        lines = []
        for holder, found in sorted(years.items()):
            span = sorted({min(found), max(found)}) if found else []
            lines.append(" ".join(["-".join(map(str, span)), holder]).strip())
        if not lines:
            raise UnknownNotice(f"no source of {self.name} names a copyright holder: name one in {SOURCE.name}")
        return lines

    def third_party_modules(self):
        """The folders below `Sources` with C code whose copyright line is not that of the package's authors."""
        own = re.compile(r"Copyright \(c\) .* project authors")
        return sorted({
            path.relative_to(self.folder / "Sources").parts[0] for path in self.sources
            if path.suffix != ".swift" and not own.search(path.read_text(errors="replace")[:1000])
        })  # fmt: skip

    def stanza(self):
        """The package's stanza in Debian's copyright format."""
        lines = [f"Files: {self.name}/*", "Copyright:", *(f" {owner}" for owner in self.owners)]
        lines.append(f"License: {self.licence}")
        if self.notice:
            lines += ["Comment:", *(f" {line.rstrip() or '.'}" for line in self.notice.strip("\n").splitlines())]
        return "\n".join(lines)


def packages(folder):
    """The Swift packages that are linked into the programs in this build folder."""
    folder = folder.resolve()
    checkouts = folder.parents[1] / "checkouts"
    found = {}
    for path in linked_sources(folder):
        if path.is_relative_to(checkouts):
            home = checkouts / path.relative_to(checkouts).parts[0]
            found.setdefault(home.name, Package(home)).sources.append(path)
        elif not path.is_relative_to(PROJECT / "Sources") and not path.is_relative_to(folder):
            raise UnknownNotice(f"{path} is in no known package")
    return list(found.values())


def copyright_file(folder):
    """The text of the copyright file."""
    text = SOURCE.read_text()
    linked = packages(folder)
    for package in linked:
        for module in package.third_party_modules():
            if f"{package.name}/Sources/{module}/" not in text:
                raise UnknownNotice(
                    f"{package.name} has third-party C code in Sources/{module}: name its copyright holder in {SOURCE.name}")
    stanzas = "\n\n".join(package.stanza() for package in sorted(linked, key=lambda package: package.name.lower()))
    return text.replace("@PACKAGES@", stanzas)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--objects", type=pathlib.Path, required=True, help="the folder that swift build has written")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the file to write")
    options = parser.parse_args()
    try:
        options.to.write_text(copyright_file(options.objects))
    except UnknownNotice as error:
        sys.exit(f"notices.py: {error}")


if __name__ == "__main__":
    main()
