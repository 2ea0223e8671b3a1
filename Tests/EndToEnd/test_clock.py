"""Wall clock jumps: shards take effect without delay, and references retire in order of arrival."""

import datetime

import pytest

from harness.http import npy_bytes
from harness.preload import JumpingClock
from harness.spool import IMAGES, REFERENCES

YEAR = 365 * 86_400


@pytest.fixture
def clock(tmp_path):
    return JumpingClock(tmp_path)


@pytest.mark.parametrize("seconds", [-30 * YEAR, -3600, 3600, 30 * YEAR])
def test_shards_take_effect_while_the_clock_jumps(make_corpus, clock, seconds):
    corpus = make_corpus(environment=clock.environment, rescan_seconds=1)
    for turn in range(3):
        clock.jump(seconds if turn % 2 == 0 else 0)
        receipt = corpus.add(IMAGES, f"renamed-{turn}.npy", [f"a{turn}"])
        assert abs(timestamp(receipt["commit_started"]) - now() - (seconds if turn % 2 == 0 else 0)) < 120
        if seconds > 0:
            # If the clock is ahead of the file system's, a file that is still being written seems old enough.
            continue
        vectors = corpus.vectors(1)
        (corpus.daemon.spool.incoming(IMAGES) / f"in-place-{turn}.npy").write_bytes(npy_bytes(vectors))
        corpus.daemon.spool.wait_receipt(IMAGES, f"in-place-{turn}.npy")
        corpus.oracle.put(IMAGES, [f"in-place-{turn}:0"], vectors)
    corpus.check()


def now():
    return datetime.datetime.now(datetime.UTC).timestamp()


def timestamp(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_references_retire_when_the_clock_jumps_past_their_ttl(make_corpus, clock):
    corpus = make_corpus(environment=clock.environment, reference_ttl="1h", rescan_seconds=1)
    corpus.add(REFERENCES, "old.npy", ["r0", "r1", "r2"])
    clock.jump(3599 * 2)
    corpus.wait_for_references(0)


def test_no_reference_expires_when_the_clock_jumps_back(make_corpus, clock):
    corpus = make_corpus(environment=clock.environment, reference_ttl="1h", max_references=5, rescan_seconds=0.2)
    corpus.add(REFERENCES, "old.npy", ["r0", "r1", "r2"])
    clock.jump(-YEAR)
    corpus.add(REFERENCES, "new.npy", ["r3", "r4"])
    corpus.check_references()
    # `max-references` retires the reference that arrived first, not the one with the lowest time.
    corpus.add(REFERENCES, "newer.npy", ["r5"])
    corpus.check_references()
    assert "r0" not in corpus.oracle.references
