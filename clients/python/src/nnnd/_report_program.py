"""Runs `nnnctl report` for both clients: its files, its command line and its errors."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ._arrays import ArrayLike, as_vectors
from ._connections import socket_address
from ._evaluation_requests import Answers, Groups, lists_of_answers
from ._formats import npy_header
from ._programs import find_program
from .errors import NnndError, NotReachable, api_error
from .report import Report

# The status of an API problem for each exit status of nnnctl that one has.
PROBLEM_STATUS = {65: 400, 70: 500, 75: 503, 77: 403}
CONFLICTS = ("no_images", "no_references")
NOT_REACHABLE = 69


class ReportProgram:
    """One run of `nnnctl report` in a temporary folder with the files that it reads and writes."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self._folder = folder
        self._command = command

    def run(self) -> Report:
        """Runs the program. It is killed, and the daemon ends the evaluation, if this call is interrupted."""
        done = subprocess.run(self._command, cwd=self._folder, stdin=subprocess.DEVNULL, capture_output=True)
        return self._report(done.returncode, done.stdout, done.stderr)

    async def run_async(self) -> Report:
        """Runs the program, as `run`; it is killed if the task is cancelled."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            output, errors = await process.communicate()
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        return self._report(process.returncode or 0, output, errors)

    def _report(self, status: int, output: bytes, errors: bytes) -> Report:
        if status != 0:
            raise _error(status, errors.decode(errors="replace").strip())
        # The last line names the file.
        verdict = output.decode().splitlines()[:-1]
        return Report((self._folder / "report.html").read_text(encoding="utf-8"), tuple(verdict))


@contextmanager
def report_program(
    socket: str,
    queries: ArrayLike | None,
    answers: Answers | None,
    texts: Mapping[Any, Any] | None,
    groups: Groups | None,
    group_sizes: Sequence[int] | None,
    baselines: bool,
    reference_curve: bool,
    ks: Sequence[int] | None,
    alphas: Sequence[float] | None,
    repeats: int | None,
    seed: int | None,
) -> Iterator[ReportProgram]:
    """The program, ready to run, with its files; they are deleted at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nnnd-report-")))
        # The address of a socket with a long path names a descriptor of this process.
        address = stack.enter_context(socket_address(socket)).replace("/proc/self/", f"/proc/{os.getpid()}/")
        command = [str(find_program("nnnctl")), "report", "--socket", address, "--out", "report.html"]
        command += _files(folder, queries, answers, texts, groups)
        command += ["--baselines"] if baselines else []
        command += ["--reference-curve"] if reference_curve else []
        for name, numbers in (("group-sizes", group_sizes), ("ks", ks), ("alphas", alphas)):
            command += [] if numbers is None else [f"--{name}={','.join(map(str, numbers))}"]
        for name, number in (("repeats", repeats), ("seed", seed)):
            command += [] if number is None else [f"--{name}={number}"]
        yield ReportProgram(folder, command)


def _files(
    folder: Path,
    queries: ArrayLike | None,
    answers: Answers | None,
    texts: Mapping[Any, Any] | None,
    groups: Groups | None,
) -> list[str]:
    """Writes the files that the program reads, and returns the options that name them."""
    options = []
    if queries is not None:
        vectors = as_vectors(queries, "queries").without_bfloat16()
        with open(folder / "queries.npy", "wb") as file:
            file.write(npy_header(vectors.element_type, vectors.rows, vectors.dimension))
            file.writelines(vectors.pieces())
        options.append("--queries=queries.npy")
        if answers is not None:
            _write_lines(folder / "answers.tsv", lists_of_answers(answers, vectors.rows))
            options.append("--answers=answers.tsv")
    elif answers is not None:
        raise ValueError("answers need queries")
    if texts is not None:
        # A text is shown on one line.
        lines = ([str(id), " ".join(str(text).split())] for id, text in texts.items())
        _write_lines(folder / "texts.tsv", lines)
        options.append("--texts=texts.tsv")
    if groups is not None:
        _write_lines(folder / "groups.tsv", ([str(id), str(label)] for id, label in groups.items()))
        options.append("--groups=groups.tsv")
    return options


def _write_lines(path: Path, lines: Iterable[Sequence[str]]) -> None:
    """Writes lines whose fields are separated by tabs."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        for fields in lines:
            for field in fields:
                if re.search(r"[\t\n\r]", field):
                    raise ValueError(f"{field[:80]!r} has a tab or a line break, which a report can't show")
            file.write("\t".join(fields) + "\n")


def _error(status: int, message: str) -> NnndError:
    """The exception for an exit status and the message of nnnctl."""
    message = re.sub(r"^nnnctl: ", "", message)
    if status == NOT_REACHABLE:
        return NotReachable(message)
    problem = re.fullmatch(r"(.*) \((\w+)\)", message, re.DOTALL)
    if problem is None or status not in PROBLEM_STATUS:
        return NnndError(f"nnnctl report ended with status {status}: {message}")
    detail, code = problem.groups()
    document = json.dumps({"code": code, "detail": detail}).encode()
    return api_error(409 if code in CONFLICTS else PROBLEM_STATUS[status], document)
