#!/usr/bin/env python3
"""Writes the man pages of nnnd, nnnctl and nnnd.yaml.

Commands and options come from the programs' `--experimental-dump-help`, settings from `systemd/nnnd.yaml`. All other
text is in `packaging/manual/*.in`, in mdoc(7). A line `@WORD ...@` there is replaced by generated text.

    packaging/manual.py --bin .build/release --to /usr/share/man
"""

import argparse
import email.utils
import json
import pathlib
import re
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parents[1]
# Options that every command has; they are documented once.
COMMON_OPTIONS = ("version", "help")


def escaped(text):
    """Text escaped for mdoc(7); hyphens are printed as ASCII minus signs, so that options can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraph(text):
    """The lines of a paragraph: one for each sentence, with text in backticks as literals."""
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
    """The lines of several paragraphs, separated by breaks."""
    lines = []
    for part in text.strip().split("\n\n"):
        lines += ([".Pp"] if lines else []) + paragraph(part)
    return lines


class Program:
    """A program's commands, discussion and exit statuses, read from its help."""

    def __init__(self, folder, name):
        dump = subprocess.run(
            [str(folder / name), "--experimental-dump-help"], check=True, capture_output=True, text=True, timeout=60)
        self.root = json.loads(dump.stdout)["command"]
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
    """The arguments of a command, without the common options."""
    return [a for a in command["arguments"] if a.get("shouldDisplay", True) and a["valueName"] not in COMMON_OPTIONS]


def usage(argument):
    """An argument as mdoc macros, such as `Fl Fl socket Ar path`."""
    if argument["kind"] == "positional":
        text = f"Ar {argument['valueName']}"
    else:
        text = f"Fl Fl {escaped(argument['preferredName']['name'])}"
        if argument["kind"] == "option":
            text += f" Ar {argument['valueName']}"
    return text


def synopsis(name, command):
    """The lines of a command's synopsis; more than eight options are abbreviated."""
    arguments = own_arguments(command)
    lines = [".Nm", f".Cm {command['commandName']}"]
    if len(arguments) > 8:
        return [*lines, ".Op Ar option ..."]
    for argument in arguments:
        repeated = " ..." if argument.get("isRepeating") else ""
        optional = argument["isOptional"]
        lines.append((".Op " if optional else ".") + usage(argument) + repeated)
    return lines


def options(command):
    """The list of a command's arguments."""
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
    """A subsection for each command, with its description and arguments."""
    lines = []
    for name, command in program.commands.items():
        lines += [f".Ss {name}", *paragraph(command["abstract"])]
        if command.get("discussion"):
            lines += [".Pp", *paragraphs(command["discussion"])]
        lines += options(command)
    return lines


def statuses(program):
    """The list of exit statuses with their meanings."""
    lines = [".Bl -tag -width Ds"]
    for number, meaning in program.statuses:
        first = meaning.split()[0]
        if first not in program.commands and first != "nnnd":
            meaning = meaning[0].upper() + meaning[1:]
        lines += [f".It {number}", *paragraph(meaning + ".")]
    return [*lines, ".El"]


# The sentences for marks such as [reload] in the example configuration.
MARKS = {
    "reload": "A reload applies it.",
    "fixed": "It is fixed when a store is made.",
}


def settings(example):
    """The list of settings in the example configuration, each with its description there."""
    lines = [".Bl -tag -width Ds"]
    for block in example.split("\n\n")[1:]:
        description, setting = [], None
        for line in block.strip().splitlines():
            setting = re.fullmatch(r"#([a-z-]+): (.+)", line)
            if not setting:
                description.append(line.removeprefix("#").strip())
        if not setting:
            # A comment between settings; the page's source has its own text for it.
            continue
        text = " ".join(description)
        for mark in re.findall(r"^((?:\[\w+\] )*)", text)[0].split():
            text = text.replace(f"{mark} ", "", 1) + " " + MARKS[mark.strip("[]")]
        name, value = setting.groups()
        value = escaped(value).replace('"', "\\(dq")
        lines += [f".It Ic {escaped(name)} : Ar {value}", *paragraph(text)]
    return [*lines, ".El"]


def date():
    """The date of the latest entry of the Debian changelog."""
    changelog = (PROJECT / "debian" / "changelog").read_text()
    day = email.utils.parsedate_to_datetime(re.search(r"^ -- .*>  (.*)$", changelog, re.M)[1])
    return f"{day:%B} {day.day}, {day.year}"


def page(source, programs):
    """The text of a man page, generated from its source file."""

    def generated(match):
        words = match[1].split()
        placeholder, arguments = words[0], words[1:]
        if placeholder == "DATE":
            return [f".Dd {date()}"]
        if placeholder == "SETTINGS":
            return settings((PROJECT / "systemd" / "nnnd.yaml").read_text())
        program = programs[arguments[0]]
        if placeholder == "ABSTRACT":
            return [".Nd " + escaped(program.root["abstract"][0].lower() + program.root["abstract"][1:].rstrip("."))]
        if placeholder == "DISCUSSION":
            return paragraphs(program.discussion)
        if placeholder == "SYNOPSIS":
            return [line for command in program.commands.values() for line in synopsis(arguments[0], command)]
        if placeholder == "OPTIONS":
            return options(program.commands[arguments[1]])
        if placeholder == "ABOUT":
            return paragraphs(program.commands[arguments[1]]["discussion"])
        if placeholder == "COMMANDS":
            return commands(program)
        if placeholder == "STATUSES":
            return statuses(program)
        raise ValueError(f"{source.name}: unknown placeholder @{match[1]}@")

    lines = []
    for line in source.read_text().splitlines():
        match = re.fullmatch(r"@([^@]+)@", line)
        lines += generated(match) if match else [line]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the folder with nnnd and nnnctl")
    parser.add_argument("--to", type=pathlib.Path, required=True, help="the folder for the man pages, such as /usr/share/man")
    options = parser.parse_args()
    programs = {name: Program(options.bin, name) for name in ("nnnd", "nnnctl")}
    for source in sorted((PROJECT / "packaging" / "manual").glob("*.in")):
        name = source.name.removesuffix(".in")
        path = options.to / f"man{name[-1]}" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(source, programs))


if __name__ == "__main__":
    main()
