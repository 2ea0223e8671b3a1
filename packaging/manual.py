#!/usr/bin/env python3
"""Writes the man pages of nnnd, nnnctl and nnnd.yaml.

What programs and example configuration say of themselves comes from there: options and commands from
`--experimental-dump-help`, settings from `systemd/nnnd.yaml`. The rest stands in `packaging/manual/*.in`, in mdoc(7).
A line `@WORD ...@` there is replaced by what a function here makes of it.

    packaging/manual.py --bin .build/release --to /usr/share/man
"""

import argparse
import email.utils
import json
import pathlib
import re
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parents[1]
# Options that every command has, told once.
EVERYWHERE = ("version", "help")


def escaped(text):
    """Text in which nothing is taken for markup, and hyphens stay what is typed."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraph(text):
    """The lines of a paragraph: each sentence begins one, and what stands in backticks is set as typed."""
    lines = []
    for sentence in re.split(r"(?<=[.:;]) (?=[A-Z`])", " ".join(text.split())):
        start = ""
        for number, part in enumerate(sentence.split("`")):
            if number % 2 == 0:
                marks = re.match(r"[.,:;)]*", part)[0] if number else ""
                if marks:
                    lines[-1] += "".join(f" {mark}" for mark in marks)
                rest = part[len(marks):].strip()
                start = "( " if rest.endswith("(") else ""
                rest = rest.removesuffix("(").strip()
                if rest:
                    lines.append(escaped(rest))
            else:
                lines.append(f".Ql {start}{escaped(part)}")
    return lines


def paragraphs(text):
    """A discussion of several paragraphs, the first without a break before it."""
    lines = []
    for part in text.strip().split("\n\n"):
        lines += ([".Pp"] if lines else []) + paragraph(part)
    return lines


class Program:
    """What a program's own help says."""

    def __init__(self, folder, name):
        said = subprocess.run(
            [str(folder / name), "--experimental-dump-help"], check=True, capture_output=True, text=True, timeout=60)
        self.root = json.loads(said.stdout)["command"]
        commands = self.root.get("subcommands", [])
        self.commands = {
            command["commandName"]: command
            for command in commands
            if command["commandName"] != "help" and command.get("shouldDisplay", True)
        }
        discussion, _, statuses = self.root["discussion"].partition("EXIT STATUS:\n")
        self.discussion = discussion
        self.statuses = re.findall(r"^ *(\d+)  (.+)$", statuses, re.M)


def own_arguments(command):
    """The arguments of a command, without those that every one has."""
    return [a for a in command["arguments"] if a.get("shouldDisplay", True) and a["valueName"] not in EVERYWHERE]


def usage(argument):
    """An argument as macros: `Fl Fl socket Ar path`."""
    if argument["kind"] == "positional":
        text = f"Ar {argument['valueName']}"
    else:
        text = f"Fl Fl {escaped(argument['preferredName']['name'])}"
        if argument["kind"] == "option":
            text += f" Ar {argument['valueName']}"
    return text


def synopsis(name, command):
    """How a command is called; one with many options shows their place only."""
    arguments = own_arguments(command)
    lines = [".Nm", f".Cm {command['commandName']}"]
    if len(arguments) > 8:
        return [*lines, ".Op Ar option ..."]
    for argument in arguments:
        more = " ..." if argument.get("isRepeating") else ""
        optional = argument["isOptional"]
        lines.append((".Op " if optional else ".") + usage(argument) + more)
    return lines


def options(command):
    """A list of what a command can be told."""
    lines = [".Bl -tag -width Ds"]
    for argument in own_arguments(command):
        lines.append(f".It {usage(argument)}" + (" ..." if argument.get("isRepeating") else ""))
        text = argument["abstract"]
        if argument.get("allValues"):
            text += " One of " + ", ".join(argument["allValues"]) + "."
        if argument.get("defaultValue"):
            text += f" (default: {argument['defaultValue']})"
        lines += paragraph(text)
    return [*lines, ".El"]


def commands(program):
    """A subsection for each command: what it does, what it can be told."""
    lines = []
    for name, command in program.commands.items():
        lines += [f".Ss {name}", *paragraph(command["abstract"])]
        if command.get("discussion"):
            lines += [".Pp", *paragraphs(command["discussion"])]
        lines += options(command)
    return lines


def statuses(program):
    """A list of exit statuses and what they mean."""
    lines = [".Bl -tag -width Ds"]
    for number, meaning in program.statuses:
        first = meaning.split()[0]
        if first not in program.commands and first != "nnnd":
            meaning = meaning[0].upper() + meaning[1:]
        lines += [f".It {number}", *paragraph(meaning + ".")]
    return [*lines, ".El"]


MARKS = {
    "reload": "A reload applies it.",
    "store": "It is fixed when a store is made.",
}


def settings(example):
    """A list of the settings in the example configuration, each with what is said of it there."""
    lines = [".Bl -tag -width Ds"]
    for block in example.split("\n\n")[1:]:
        told, setting = [], None
        for line in block.strip().splitlines():
            setting = re.fullmatch(r"#([a-z-]+): (.+)", line)
            if not setting:
                told.append(line.removeprefix("#").strip())
        if not setting:
            # A remark between settings, which stands in the page's own text.
            continue
        text = " ".join(told)
        for mark in re.findall(r"^((?:\[\w+\] )*)", text)[0].split():
            text = text.replace(f"{mark} ", "", 1) + " " + MARKS[mark.strip("[]")]
        name, value = setting.groups()
        value = escaped(value).replace('"', "\\(dq")
        lines += [f".It Ic {escaped(name)} : Ar {value}", *paragraph(text)]
    return [*lines, ".El"]


def date():
    """The day of the last entry of the changelog."""
    changelog = (PROJECT / "debian" / "changelog").read_text()
    day = email.utils.parsedate_to_datetime(re.search(r"^ -- .*>  (.*)$", changelog, re.M)[1])
    return f"{day:%B} {day.day}, {day.year}"


def page(source, programs):
    """The text of a page, made from its source."""

    def fill(match):
        words = match[1].split()
        what, of = words[0], words[1:]
        if what == "DATE":
            return [f".Dd {date()}"]
        if what == "SETTINGS":
            return settings((PROJECT / "systemd" / "nnnd.yaml").read_text())
        program = programs[of[0]]
        if what == "ABSTRACT":
            return [".Nd " + escaped(program.root["abstract"][0].lower() + program.root["abstract"][1:].rstrip("."))]
        if what == "DISCUSSION":
            return paragraphs(program.discussion)
        if what == "SYNOPSIS":
            return [line for command in program.commands.values() for line in synopsis(of[0], command)]
        if what == "OPTIONS":
            return options(program.commands[of[1]])
        if what == "ABOUT":
            return paragraphs(program.commands[of[1]]["discussion"])
        if what == "COMMANDS":
            return commands(program)
        if what == "STATUSES":
            return statuses(program)
        raise ValueError(f"{source.name}: nothing is known of @{match[1]}@")

    lines = []
    for line in source.read_text().splitlines():
        match = re.fullmatch(r"@([^@]+)@", line)
        lines += fill(match) if match else [line]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="where nnnd and nnnctl are")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the folder of man pages")
    told = parser.parse_args()
    programs = {name: Program(told.bin, name) for name in ("nnnd", "nnnctl")}
    for source in sorted((PROJECT / "packaging" / "manual").glob("*.in")):
        name = source.name.removesuffix(".in")
        path = told.to / f"man{name[-1]}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(source, programs))


if __name__ == "__main__":
    main()
