"""`reference-ttl`: references retire when they reach that age, not before, and without a new shard."""

import datetime
import time

import nnnd
import pytest

from harness.corpus import ids_of
from harness.daemon import setting_from
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

# A rescan interval so long that no rescan of the spool can trigger the retirement.
NO_RESCAN = 3600
# Seconds; times of arrival and times in receipts are rounded to milliseconds.
ROUNDING = 0.002


def arrival_time(receipt):
    """The time when a shard's references arrived, in seconds since 1970."""
    return datetime.datetime.fromisoformat(receipt["commit_started"]).timestamp()


# About one second in each unit.
@pytest.mark.parametrize(
    ("source", "ttl", "seconds"),
    [
        ("flag", "1s", 1), ("flag", "0.00001d", 0.864), ("environment", "0.02m", 1.2), ("environment", "1", 1),
        ("file", "0.0003h", 1.08), ("file", "1", 1),
    ],
)  # fmt: skip
def test_references_retire_at_their_ttl_without_a_new_shard(make_corpus, tmp_path, source, ttl, seconds):
    corpus = make_corpus(rescan_seconds=NO_RESCAN, **setting_from(source, tmp_path, "reference-ttl", ttl))
    receipt = corpus.add(REFERENCES, "r.npy", ids_of(REFERENCES, range(9)))
    corpus.wait_for_references(0)
    assert time.time() - arrival_time(receipt) > seconds - ROUNDING, "they retired too early"
    assert corpus.daemon.status()["generation"] == receipt["generation"] + 1
    # Images that arrive when there are no references have bias 0.
    corpus.add(IMAGES, "later.npy", ["later"])
    corpus.check()


def test_references_retire_in_order_of_arrival_and_none_too_early(make_corpus):
    """References arrive one by one; each shard also replaces one id, which therefore never gets old."""
    corpus = make_corpus(rescan_seconds=NO_RESCAN, reference_ttl="1s")
    daemon, oracle, arrivals = corpus.daemon, corpus.oracle, {}

    def exists(client, id):
        try:
            client.reference(id)
        except nnnd.UnknownId:
            assert time.time() - arrivals[id] > 1 - ROUNDING, f"{id} retired too early"
            return False
        return True

    def first_has_retired():
        ids, vectors = [f"r{len(arrivals)}", "replaced"], corpus.vectors(2)
        receipt = daemon.drop(REFERENCES, f"{ids[0]}.npy", vectors, ids)
        oracle.put(REFERENCES, ids, vectors)
        arrivals.update(dict.fromkeys(ids, arrival_time(receipt)))
        with daemon.client() as client:
            exists(client, "replaced")
            return not exists(client, "r0")

    wait_until(first_has_retired, "the first reference to retire", alive=daemon.check_alive)
    # Without a TTL no more references retire, so the rest can be checked.
    daemon.restart(reference_ttl=None)
    with daemon.client() as client:
        remaining = [id for id in oracle.references if exists(client, id)]
    oracle.keep_newest_references(len(remaining))
    assert list(oracle.references) == remaining
    corpus.check_references()


def test_the_ttl_applies_together_with_max_references(make_corpus):
    corpus = make_corpus(max_references=4, reference_ttl="1s", rescan_seconds=NO_RESCAN)
    corpus.daemon.drop(REFERENCES, "r.npy", corpus.vectors(9))
    assert corpus.daemon.status()["references"] <= 4
    corpus.wait_for_references(0)


def test_a_long_ttl_retires_nothing(make_corpus):
    corpus = make_corpus(reference_ttl="30d", rescan_seconds=0.1)
    corpus.add(REFERENCES, "r.npy", ids_of(REFERENCES, range(9)))
    # A file written in place is processed after the quiet time, during which several rescans take place.
    (corpus.daemon.spool.incoming(IMAGES) / "in-place.delete").write_bytes(b"unknown\n")
    generation = corpus.daemon.spool.wait_receipt(IMAGES, "in-place.delete")["generation"]
    corpus.daemon.restart()
    assert corpus.daemon.status()["generation"] == generation
    corpus.check_references()
