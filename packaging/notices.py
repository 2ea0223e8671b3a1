#!/usr/bin/env python3
"""Writes the copyright file: everything that is linked into the programs, with its owners, licence and notices.

What can't be read off a build stands in `packaging/copyright.in`. The Swift packages are those whose modules the linker
was given; owners and notices are read from their sources. A package whose licence isn't known here, and C code in one
that belongs to others and isn't named in `copyright.in`, are errors: so nothing that comes new is forgotten.

    packaging/notices.py --bin .build/release --to copyright
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
    """Something is linked of which the copyright file would say nothing; the message says what to do."""


def words(text):
    return text.split()


def licence(text):
    """The short name of a licence by its text; none if it isn't one of those that are known."""
    apache, given = words((PROJECT / "LICENSE").read_text()), words(text)
    # The appendix, on how to apply the licence, differs and doesn't matter.
    terms = apache[: apache.index("APPENDIX:")]
    exception = "Runtime Library Exception to the Apache 2.0 License"
    if given[: len(terms)] == terms:
        return APACHE_SWIFT if exception in " ".join(given) else APACHE
    expat = re.search(r"^License: Expat\n((?: .*\n)+)", SOURCE.read_text(), re.M)[1]
    expat = [word for word in words(expat) if word != "."]
    return EXPAT if given[-len(expat):] == expat else None


def linked_sources(folder):
    """The files of which the linker was given the objects, of both programs."""
    modules = set()
    for program in PROGRAMS:
        objects = shlex.split((folder / f"{program}.product" / "Objects.LinkFileList").read_text())
        modules |= {folder / f"{re.search(r'.*/(.+?)[.]build/', path)[1]}.build" for path in objects}
    for module in sorted(modules):
        listed = module / "sources"
        if listed.exists():
            yield from map(pathlib.Path, shlex.split(listed.read_text()))
        else:
            # Of C, a file that tells of each object what it was made from, the source first.
            for path in sorted(module.rglob("*.d")):
                yield pathlib.Path(re.match(r"dependencies:[\\\s]+(\S+)", path.read_text())[1])


class Package:
    """A Swift package of which something is linked."""

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
        """Who holds the rights, each with the first and last year that the sources name."""
        texts = [path.read_text()[:1000] for path in self.sources if path.suffix == ".swift"]
        texts += [path.read_text() for path in self.folder.glob("LICENSE*")]
        years = {}
        for text in texts:
            for when, who in re.findall(r"Copyright \([cC]\) ((?:\d{4}|[-, ])*)(.+)", text):
                who = re.sub(r"[. ]*(All rights reserved)?[. */]*$", "", who)
                years.setdefault(who, []).extend(int(year) for year in re.findall(r"\d{4}", when))
        lines = []
        for who, found in sorted(years.items()):
            span = sorted({min(found), max(found)}) if found else []
            lines.append(" ".join(["-".join(map(str, span)), who]).strip())
        if not lines:
            raise UnknownNotice(f"no source of {self.name} says whose it is: name the owner in {SOURCE.name}")
        return lines

    def foreign_modules(self):
        """The folders, below `Sources`, with code in C that doesn't say that it is the package's own."""
        own = re.compile(r"Copyright \(c\) .* project authors")
        return sorted({
            path.relative_to(self.folder / "Sources").parts[0] for path in self.sources
            if path.suffix != ".swift" and not own.search(path.read_text(errors="replace")[:1000])
        })  # fmt: skip

    def stanza(self):
        lines = [f"Files: {self.name}/*", "Copyright:", *(f" {owner}" for owner in self.owners)]
        lines.append(f"License: {self.licence}")
        if self.notice:
            lines += ["Comment:", *(f" {line.rstrip() or '.'}" for line in self.notice.strip("\n").splitlines())]
        return "\n".join(lines)


def packages(folder):
    """The packages that are linked into the programs in this folder of a build."""
    folder = folder.resolve()
    checkouts = folder.parents[1] / "checkouts"
    found = {}
    for path in linked_sources(folder):
        if path.is_relative_to(checkouts):
            home = checkouts / path.relative_to(checkouts).parts[0]
            found.setdefault(home.name, Package(home)).sources.append(path)
        elif not path.is_relative_to(PROJECT / "Sources") and not path.is_relative_to(folder):
            raise UnknownNotice(f"it isn't known where {path} comes from")
    return list(found.values())


def copyright_file(folder):
    """The whole text."""
    text = SOURCE.read_text()
    linked = packages(folder)
    for package in linked:
        for module in package.foreign_modules():
            if f"{package.name}/Sources/{module}/" not in text:
                raise UnknownNotice(
                    f"{package.name} has C code of others in Sources/{module}: say in {SOURCE.name} whose it is")
    stanzas = "\n\n".join(package.stanza() for package in sorted(linked, key=lambda package: package.name.lower()))
    return text.replace("@PACKAGES@", stanzas)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder of a build that has the programs")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the file to write")
    told = parser.parse_args()
    try:
        told.to.write_text(copyright_file(told.bin))
    except UnknownNotice as error:
        sys.exit(f"notices.py: {error}")


if __name__ == "__main__":
    main()
