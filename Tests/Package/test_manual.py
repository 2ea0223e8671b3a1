"""The man pages, which are generated from the programs' help and the example configuration."""

import re

import pytest

from project import BIN, PROGRAMS, PROJECT, run

PAGES = ["man1/nnnctl.1", "man5/nnnd.yaml.5", "man8/nnnd.8"]


@pytest.fixture(scope="module")
def manual(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man")
    run("python3", PROJECT / "packaging/manual.py", "--bin", BIN, "--to", folder)
    return folder


def plain_text(path):
    """A page as plain text in one line."""
    text = run("mandoc", "-T", "ascii", path).stdout
    return re.sub(r"\s+", " ", re.sub(".\b", "", text))


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_and_groff_give_no_warnings(manual, page):
    finished = run("mandoc", "-T", "lint", "-W", "warning", manual / page, check=False)
    assert (finished.returncode, finished.stdout) == (0, "")
    assert run("groff", "-mandoc", "-Tutf8", "-ww", "-z", manual / page).stderr == ""


@pytest.mark.parametrize("page", PAGES)
def test_each_page_has_the_standard_sections_in_order(manual, page):
    sections = re.findall(r"^\.Sh (.*)$", (manual / page).read_text(), re.M)
    standard = ["NAME", "SYNOPSIS", "DESCRIPTION", "FILES", "SEE ALSO"]
    assert [name for name in sections if name in standard] == standard
    assert ("EXIT STATUS" in sections) == (not page.startswith("man5"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_and_option_is_in_the_manual(manual, program):
    text = plain_text(next(manual.rglob(f"{program}.[18]")))
    root = run(BIN / program, "--help").stdout
    commands = re.findall(r"^  (\w+) {5,}", root.partition("SUBCOMMANDS:")[2], re.M)
    assert commands
    for command in commands:
        assert f"{program} {command}" in text
        for option in re.findall(r"^  (--[\w-]+)(?: <|  )", run(BIN / program, "help", command).stdout, re.M):
            assert f"{option} " in text, f"{command} {option}"


def test_every_setting_is_in_the_manual(manual):
    text = plain_text(manual / "man5/nnnd.yaml.5")
    for name, value in re.findall(r"^#([a-z-]+): (.+)$", (PROJECT / "systemd/nnnd.yaml").read_text(), re.M):
        assert f" {name}: {value} " in text
    assert "A reload applies it." in text and "It is fixed when a store is made." in text
    assert "[reload]" not in text and "[fixed]" not in text


def test_the_manual_has_exactly_the_exit_statuses_of_the_daemons_sources(manual):
    names = ("PosixSupport/StartupError.swift", "DaemonSupport/Settings/ConfigurationError.swift")
    sources = [PROJECT / "Sources" / name for name in names]
    statuses = re.compile(r"(?:case|static let) \w+(?:: Int32)? = (\d+)")
    numbers = {int(number) for path in sources for number in statuses.findall(path.read_text())}
    section = (manual / "man8/nnnd.8").read_text().partition(".Sh EXIT STATUS")[2]
    assert {int(n) for n in re.findall(r"^\.It (\d+)$", section, re.M)} == numbers | {0}
