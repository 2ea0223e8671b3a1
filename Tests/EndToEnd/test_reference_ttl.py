"""`reference-ttl`: references go when they are so old, whether or not anything comes, and not before."""

import datetime
import time

import pytest

from harness.corpus import ids_of
from harness.daemon import setting_from
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

# So rarely that what is old is not found by looking through the spool.
NEVER = 3600
# Times of arrival and those in receipts are whole milliseconds.
ROUNDING = 0.002


def arrived(receipt):
    """When a shard's references arrived, in seconds since 1970."""
    return datetime.datetime.fromisoformat(receipt["commit_started"]).timestamp()


# All about a second, in every unit that there is.
@pytest.mark.parametrize(
    ("source", "ttl", "seconds"),
    [
        ("flag", "1s", 1), ("flag", "0.00001d", 0.864), ("environment", "0.02m", 1.2), ("environment", "1", 1),
        ("file", "0.0003h", 1.08), ("file", "1", 1),
    ],
)  # fmt: skip
def test_old_references_retire_without_anything_new(make_corpus, tmp_path, source, ttl, seconds):
    corpus = make_corpus(rescan_seconds=NEVER, **setting_from(source, tmp_path, "reference-ttl", ttl))
    receipt = corpus.add(REFERENCES, "r.npy", ids_of(REFERENCES, range(9)))
    corpus.wait_for_references(0)
    assert time.time() - arrived(receipt) > seconds - ROUNDING, "they went before their time"
    assert corpus.daemon.status()["generation"] == receipt["generation"] + 1
    # What comes without references has no bias either.
    corpus.add(IMAGES, "later.npy", ["later"])
    corpus.check()


def test_references_retire_in_the_order_of_their_arrival_and_none_before_its_time(make_corpus):
    """One comes after the other; each time with it one id that is replaced, and so never grows old."""
    corpus = make_corpus(rescan_seconds=NEVER, reference_ttl="1s")
    daemon, oracle, arrivals = corpus.daemon, corpus.oracle, {}

    def is_there(client, id):
        status = client.get(f"/v1/references/{id}").status
        assert status == 200 or time.time() - arrivals[id] > 1 - ROUNDING, f"{id} went before its time"
        return status == 200

    def first_is_gone():
        ids, vectors = [f"r{len(arrivals)}", "evergreen"], corpus.vectors(2)
        receipt = daemon.drop(REFERENCES, f"{ids[0]}.npy", vectors, ids)
        oracle.put(REFERENCES, ids, vectors)
        arrivals.update(dict.fromkeys(ids, arrived(receipt)))
        with daemon.client() as client:
            is_there(client, "evergreen")
            return not is_there(client, "r0")

    wait_until(first_is_gone, "the first to go", alive=daemon.check_alive)
    # Now none goes any more, so that what is left can be looked at.
    daemon.restart(reference_ttl=None)
    with daemon.client() as client:
        left = [id for id in oracle.references if is_there(client, id)]
    oracle.keep_newest_references(len(left))
    assert list(oracle.references) == left
    corpus.check_references()


def test_the_age_counts_beside_the_number(make_corpus):
    corpus = make_corpus(max_references=4, reference_ttl="1s", rescan_seconds=NEVER)
    corpus.daemon.drop(REFERENCES, "r.npy", corpus.vectors(9))
    assert corpus.daemon.status()["references"] <= 4
    corpus.wait_for_references(0)


def test_a_long_life_retires_nothing(make_corpus):
    corpus = make_corpus(reference_ttl="30d", rescan_seconds=0.1)
    corpus.add(REFERENCES, "r.npy", ids_of(REFERENCES, range(9)))
    # Taken a quiet time later: after some looks.
    (corpus.daemon.spool.incoming(IMAGES) / "in-place.delete").write_bytes(b"unknown\n")
    generation = corpus.daemon.spool.wait_receipt(IMAGES, "in-place.delete")["generation"]
    corpus.daemon.restart()
    assert corpus.daemon.status()["generation"] == generation
    corpus.check_references()
