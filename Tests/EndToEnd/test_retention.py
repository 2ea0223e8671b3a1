"""`max-references`: the newest references remain, and retired ones affect no bias."""

import pytest

from harness.corpus import Corpus, ids_of
from harness.daemon import setting_from
from harness.nnnctl import succeeds
from harness.spool import IMAGES, REFERENCES


@pytest.mark.parametrize("source", ["flag", "environment", "file"])
def test_only_the_newest_references_remain(make_corpus, tmp_path, source):
    corpus = make_corpus(expected_max_references=9, **setting_from(source, tmp_path, "max-references", "9"))
    for start in range(0, 24, 4):
        receipt = corpus.add(REFERENCES, f"{start}.npy", ids_of(REFERENCES, range(start, start + 4)))
        # References retire in the commit that adds newer ones.
        assert corpus.daemon.status()["generation"] == receipt["generation"]
        corpus.check_references()
    assert list(corpus.oracle.references) == ids_of(REFERENCES, range(15, 24))
    assert corpus.daemon.status()["images"] == 12


def test_a_shard_above_the_limit_keeps_its_last_rows(make_corpus):
    corpus = make_corpus(max_references=5)
    corpus.add(REFERENCES, "first.npy", ids_of(REFERENCES, range(3)))
    # The first rows replace existing references and retire in the same commit.
    receipt = corpus.add(REFERENCES, "large.npy", ids_of(REFERENCES, range(20)))
    assert (receipt["rows"], receipt["replaced"]) == (20, 3)
    assert list(corpus.oracle.references) == ids_of(REFERENCES, range(15, 20))
    corpus.check_references()


def test_a_replaced_reference_counts_as_newly_arrived(make_corpus):
    corpus = make_corpus(max_references=6)
    corpus.add(REFERENCES, "a.npy", ids_of(REFERENCES, range(6)))
    corpus.add(REFERENCES, "b.npy", ["r0", "r1"])
    corpus.add(REFERENCES, "c.npy", ["r6", "r7"])
    assert set(corpus.oracle.references) == {"r0", "r1", "r4", "r5", "r6", "r7"}
    corpus.check_references()


def test_a_deleted_reference_does_not_count_and_is_newest_when_added_again(make_corpus):
    corpus = make_corpus(max_references=6)
    corpus.add(REFERENCES, "a.npy", ids_of(REFERENCES, range(6)))
    corpus.delete(REFERENCES, "a.delete", ["r0", "r5"])
    corpus.add(REFERENCES, "b.npy", ["r0"])
    corpus.check_references()
    corpus.add(REFERENCES, "c.npy", ids_of(REFERENCES, range(6, 10)))
    assert list(corpus.oracle.references) == ["r4", "r0", "r6", "r7", "r8", "r9"]
    corpus.check_references()


def test_a_retired_reference_counts_as_missing_and_its_shard_is_recognised(make_corpus):
    """A shard that adds it again replaces nothing."""
    corpus = make_corpus(max_references=2)
    first = corpus.vectors(2)
    corpus.daemon.drop(REFERENCES, "a.npy", first, ["r0", "r1"])
    corpus.add(REFERENCES, "b.npy", ["r2", "r3"])
    assert corpus.delete(REFERENCES, "a.delete", ["r0", "r3"])["missing"] == 1
    assert corpus.daemon.drop(REFERENCES, "a.npy", first, ["r0", "r1"])["unchanged"]
    corpus.check_references()
    assert corpus.add(REFERENCES, "c.npy", ["r0"])["replaced"] == 0
    corpus.check_references()


def test_biases_are_exact_while_references_retire_through_restarts_and_kills(make_corpus, rng):
    """There are enough changes that heaps are refilled by a new search; ids are added again, replaced and deleted."""
    corpus = make_corpus(max_references=15)
    daemon = corpus.daemon
    for step in range(45):
        ids = ids_of(REFERENCES, rng.choice(30, size=int(rng.integers(1, 22)), replace=False))
        if step % 7 == 3:
            corpus.delete(REFERENCES, f"{step}.delete", ids)
        elif step % 7 == 5:
            corpus.add(IMAGES, f"{step}.npy", ids_of(IMAGES, rng.choice(20, size=5, replace=False)))
        else:
            corpus.add(REFERENCES, f"{step}.npy", ids)
        if step % 15 == 10:
            daemon.restart()
        elif step % 15 == 14:
            daemon.kill()
            daemon.start()
        corpus.check_references()


def test_references_of_waiting_shards_retire_in_order_of_arrival(make_daemon, rng):
    daemon = make_daemon(k=4, capacity=6, max_references=7)
    daemon.spool.create_incoming_folders()
    corpus = Corpus(daemon, rng)
    for step in range(20):
        kind, name = REFERENCES if step % 5 else IMAGES, f"{step:02}.npy"
        ids, vectors = ids_of(kind, rng.choice(25, size=3, replace=False)), corpus.vectors(3)
        daemon.spool.drop(kind, name, vectors, ids)
        corpus.oracle.put(kind, ids, vectors)
        daemon.spool.wait_until_new_files_are_newer(kind, name)
    daemon.start()
    for step in range(20):
        daemon.spool.wait_receipt(REFERENCES if step % 5 else IMAGES, f"{step:02}.npy")
    corpus.oracle.keep_newest_references(7)
    corpus.check_references()


def test_a_lower_limit_applies_at_the_next_start_and_a_higher_one_restores_nothing(make_corpus):
    # Scans are so rare that only the start can retire references.
    corpus = make_corpus(rescan_seconds=3600)
    for start in range(0, 20, 5):
        corpus.add(REFERENCES, f"{start}.npy", ids_of(REFERENCES, range(start, start + 5)))
    corpus.add(REFERENCES, "again.npy", ["r0"])
    corpus.daemon.restart(max_references=3)
    corpus.wait_for_references(3)
    assert list(corpus.oracle.references) == ["r18", "r19", "r0"]
    corpus.daemon.restart(max_references=100)
    corpus.check_references()


def test_nnnctl_explain_names_no_retired_reference(make_corpus):
    corpus = make_corpus(max_references=5)
    corpus.add(REFERENCES, "a.npy", ids_of(REFERENCES, range(10, 20)))
    corpus.add(REFERENCES, "b.npy", ids_of(REFERENCES, range(20, 23)))
    output = succeeds("explain", "i3", daemon=corpus.daemon)
    ids = {word for word in output.split() if word.startswith("r") and word[1:].isdigit()}
    assert ids == {"r18", "r19", "r20", "r21", "r22"}
    output = succeeds("status", daemon=corpus.daemon)
    assert ["references", "5"] in [line.split() for line in output.splitlines()]
