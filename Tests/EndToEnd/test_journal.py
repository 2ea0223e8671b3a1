"""Log lines in the format of the journal: one line an event, with its priority."""

import os
import re

import pytest

from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until


@pytest.fixture
def journaled(make_daemon):
    """A daemon whose standard error counts as the journal, because JOURNAL_STREAM names it."""
    daemon = make_daemon(k=4, capacity=8)
    set_journal(daemon)
    return daemon.start()


def set_journal(daemon):
    daemon.log_path.touch()
    info = os.stat(daemon.log_path)
    daemon.environment = {"JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"}


def line_with(daemon, text):
    """Waits for the only line of the log that has `text`, and returns it."""
    found = wait_until(
        lambda: [line for line in daemon.log().splitlines() if text in line], f"a line with {text}",
        alive=daemon.check_alive,
    )  # fmt: skip
    assert len(found) == 1, found
    return found[0]


def test_every_line_begins_with_its_priority(journaled, rng):
    journaled.drop(IMAGES, "i.npy", rng.standard_normal((2, 2)))
    journaled.spool.drop_bytes(IMAGES, "bad.npy", b"nothing")
    journaled.spool.wait_failure(IMAGES, "bad.npy")
    assert line_with(journaled, "name=i.npy").startswith("<6>shard committed ")
    assert line_with(journaled, "name=bad.npy").startswith("<4>shard rejected ")
    assert journaled.stop() == 0
    assert all(re.match(r"<[2-7]>\w", line) for line in journaled.log().splitlines())
    assert journaled.log().splitlines()[-1] == "<6>nnnd stopped"


def test_the_line_of_a_committed_shard_has_its_fields(journaled, rng):
    journaled.drop(IMAGES, "i.npy", rng.standard_normal((3, 2)))
    journaled.drop(REFERENCES, "r.npy", rng.standard_normal((2, 2)))
    fields = dict(re.findall(r"(\w+)=(\S+)", line_with(journaled, "name=i.npy")))
    assert float(fields.pop("seconds")) >= 0
    assert fields == {
        "action": "add", "generation": "1", "kind": "images", "name": "i.npy", "replaced": "0", "rows": "3",
    }  # fmt: skip
    assert "generation=2" in line_with(journaled, "name=r.npy")


def test_the_line_of_a_start_has_its_fields(journaled):
    line = line_with(journaled, "answers on")
    assert f"answers on {journaled.socket} " in line
    assert all(f"{name}=" in line for name in ("images", "references", "generation", "spool", "data"))


def test_control_characters_in_a_name_are_escaped(journaled, rng):
    journaled.drop(IMAGES, "a\n<2>all is lost\x1b[31m.npy", rng.standard_normal((1, 2)))
    line = line_with(journaled, "all is lost")
    assert line.startswith("<6>shard committed ") and "\x1b" not in line


def test_a_failed_start_is_logged_with_priority_error(make_daemon):
    daemon = make_daemon(alpha="loud")
    set_journal(daemon)
    daemon.spawn()
    assert daemon.wait() == 64
    assert re.fullmatch(r"<3>--alpha is 'loud'.*\n", daemon.log())


@pytest.mark.parametrize("stream", ["1:1", "", "nonsense"])
def test_lines_have_time_and_level_if_standard_error_is_not_the_journal(make_daemon, stream):
    daemon = make_daemon(environment={"JOURNAL_STREAM": stream}).start()
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info: nnnd \S+ answers on ", daemon.log())
