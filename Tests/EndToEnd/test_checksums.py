"""Checksums of stored vectors.

`verify` names damaged vectors, a rebuild rejects them, and ingesting them again repairs the store.
"""

import os

import numpy as np
import pytest

from harness.nnnctl import nnnctl
from harness.rebuild import rebuild, run_rebuild
from harness.spool import IMAGES, REFERENCES

NO_DAMAGE = {"wrong": 0, "images": [], "wrong_references": 0, "references": []}


@pytest.fixture
def stopped_corpus(make_corpus):
    """A corpus whose daemon has stopped; the store has the vectors exactly as they were dropped."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    assert corpus.daemon.stop() == 0
    return corpus


@pytest.fixture
def config(tmp_path):
    """A configuration file with the metric, for which `nnnd rebuild` has no flag."""
    path = tmp_path / "nnnd.yaml"
    path.write_text("metric: inner-product\n")
    return path


def stored_bytes(corpus, kind, id):
    """The bytes of a vector in the store."""
    return corpus.oracle.of(kind)[id].tobytes()


def flip_bit(corpus, kind, id, bit):
    """Flips one bit of a stored vector, in all its copies in the data file."""
    path = corpus.daemon.flags["data"] / "data.mdb"
    content = path.read_bytes()
    vector = stored_bytes(corpus, kind, id)
    assert vector in content
    position, shift = divmod(bit, 8)
    damaged = bytes(byte ^ (1 << shift if index == position else 0) for index, byte in enumerate(vector))
    path.write_bytes(content.replace(vector, damaged))


def verify(corpus):
    """The findings of `/v1/verify` about vectors and means."""
    with corpus.daemon.client() as client:
        report = client.verify()
    return {name: report[name] for name in NO_DAMAGE}


# The lowest bit of the first component, a bit of its exponent, and the sign of the last component.
BITS = [0, 29, 6 * 32 - 1]


@pytest.mark.parametrize("bit", BITS)
def test_verify_reports_an_image_with_a_flipped_bit(stopped_corpus, bit):
    flip_bit(stopped_corpus, IMAGES, "m7", bit)
    stopped_corpus.daemon.start()
    report = verify(stopped_corpus)
    assert [(image["id"], image["fault"]) for image in report["images"]] == [("m7", "vector")]
    finished = nnnctl("verify", daemon=stopped_corpus.daemon)
    assert finished.status == 1 and "m7" in finished.output and "vector" in finished.output


@pytest.mark.parametrize("bit", BITS)
def test_verify_reports_a_reference_with_a_flipped_bit(stopped_corpus, bit):
    """The damage can leave an image's mean unchanged, which depends on only 4 of the 40 references."""
    flip_bit(stopped_corpus, REFERENCES, "r11", bit)
    stopped_corpus.daemon.start()
    report = verify(stopped_corpus)
    assert (report["wrong_references"], report["references"]) == (1, [{"id": "r11", "fault": "vector"}])
    finished = nnnctl("verify", daemon=stopped_corpus.daemon)
    assert finished.status == 1 and "r11" in finished.output and "vector" in finished.output


def test_verify_reports_a_damaged_image_in_a_corpus_without_references(make_corpus):
    """The mean is 0 whatever the vector is, so only the checksum shows the damage."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(IMAGES, "more.npy", ["a", "b"])
    assert corpus.daemon.stop() == 0
    flip_bit(corpus, IMAGES, "b", 3)
    corpus.daemon.start()
    assert [image["id"] for image in verify(corpus)["images"]] == ["b"]


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_verify_reports_two_vectors_that_are_exchanged(stopped_corpus, kind, id):
    path = stopped_corpus.daemon.flags["data"] / "data.mdb"
    content = path.read_bytes()
    other = id[0] + "12"
    first, second = stored_bytes(stopped_corpus, kind, id), stored_bytes(stopped_corpus, kind, other)
    assert first in content and second in content
    neither = bytes(255 - byte for byte in first)
    assert neither not in content
    path.write_bytes(content.replace(first, neither).replace(second, first).replace(neither, second))
    stopped_corpus.daemon.start()
    report = verify(stopped_corpus)
    findings = report["images" if kind == IMAGES else "references"]
    assert {entry["id"] for entry in findings if entry["fault"] == "vector"} == {id, other}


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_a_rebuild_rejects_a_damaged_vector_and_changes_nothing(stopped_corpus, config, kind, id):
    flip_bit(stopped_corpus, kind, id, 12)
    before = (stopped_corpus.daemon.flags["data"] / "data.mdb").read_bytes()
    status, errors = run_rebuild(stopped_corpus.daemon, config=config)
    assert status == 65 and f"'{id}'" in errors.splitlines()[-1] and "does not match its checksum" in errors, errors
    assert (stopped_corpus.daemon.flags["data"] / "data.mdb").read_bytes() == before
    assert not os.path.exists(stopped_corpus.daemon.flags["data"] / "rebuild.tmp")


@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_ingesting_a_damaged_vector_again_repairs_the_store(stopped_corpus, config, kind, id, bit):
    flip_bit(stopped_corpus, kind, id, bit)
    stopped_corpus.daemon.start()
    stopped_corpus.add(kind, "again.npy", [id])
    assert verify(stopped_corpus) == NO_DAMAGE
    stopped_corpus.check()
    assert stopped_corpus.daemon.stop() == 0
    rebuild(stopped_corpus.daemon, config=config)
    stopped_corpus.daemon.start()
    assert verify(stopped_corpus) == NO_DAMAGE
    stopped_corpus.check()


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_deleting_a_damaged_vector_repairs_the_store(stopped_corpus, kind, id):
    flip_bit(stopped_corpus, kind, id, 29)
    stopped_corpus.daemon.start()
    stopped_corpus.delete(kind, "bad.delete", [id])
    assert verify(stopped_corpus) == NO_DAMAGE
    stopped_corpus.check()


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_verify_reports_an_infinite_component_beside_other_damage(make_corpus, kind):
    """A flipped bit turns a component of 1 into infinity, so means computed from it are NaN."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    vector = np.eye(1, 6, dtype=np.float32)
    corpus.daemon.drop(kind, "one.npy", vector, ["one"])
    corpus.oracle.put(kind, ["one"], vector)
    assert corpus.daemon.stop() == 0
    flip_bit(corpus, kind, "one", 30)
    flip_bit(corpus, IMAGES, "i3", 2)
    corpus.daemon.start()
    report = verify(corpus)
    faults = {entry["id"]: entry["fault"] for entry in report["images"] + report["references"]}
    assert faults["one"] == faults["i3"] == "vector"
    if kind == REFERENCES:
        # The reference is in the heaps of some images, whose means are wrong too.
        assert "mean" in faults.values()
    assert "not a number" in nnnctl("verify", daemon=corpus.daemon).output
