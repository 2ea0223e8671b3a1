"""Stored vectors that are no longer those that were stored: `verify` names them, a rebuild refuses to build on them, and
whoever ingests them again is rid of the damage."""

import os

import numpy as np
import pytest

from harness.nnnctl import nnnctl
from harness.rebuild import rebuild, run_rebuild
from harness.spool import IMAGES, REFERENCES

CLEAN = {"wrong": 0, "images": [], "wrong_references": 0, "references": []}


@pytest.fixture
def stopped(make_corpus):
    """A corpus whose daemon has stopped, with vectors as they were dropped."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    assert corpus.daemon.stop() == 0
    return corpus


@pytest.fixture
def config(tmp_path):
    """The settings that a rebuild takes from a file alone."""
    path = tmp_path / "nnnd.yaml"
    path.write_text("metric: inner-product\n")
    return path


def stored(corpus, kind, id):
    """A vector's bytes, as they lie in the store."""
    return corpus.oracle.of(kind)[id].tobytes()


def damage(corpus, kind, id, bit):
    """Turns over one bit of a stored vector, wherever there is a copy of it."""
    path = corpus.daemon.flags["data"] / "data.mdb"
    content = path.read_bytes()
    vector = stored(corpus, kind, id)
    assert vector in content
    number, place = divmod(bit, 8)
    other = bytes(byte ^ (1 << place if at == number else 0) for at, byte in enumerate(vector))
    path.write_bytes(content.replace(vector, other))


def verify(corpus):
    with corpus.daemon.client() as client:
        report = client.post_json("/v1/verify", {}).json()
    return {name: report[name] for name in CLEAN}


# The lowest bit of the first number, a bit of an exponent, the sign of the last number.
BITS = [0, 29, 6 * 32 - 1]


@pytest.mark.parametrize("bit", BITS)
def test_an_image_is_reported(stopped, bit):
    damage(stopped, IMAGES, "m7", bit)
    stopped.daemon.start()
    report = verify(stopped)
    assert [(image["id"], image["fault"]) for image in report["images"]] == [("m7", "vector")]
    told = nnnctl("verify", daemon=stopped.daemon)
    assert told.status == 1 and "m7" in told.output and "vector" in told.output


@pytest.mark.parametrize("bit", BITS)
def test_a_reference_is_reported(stopped, bit):
    """Also where no image's mean tells: of 40 references few are among the best of an image."""
    damage(stopped, REFERENCES, "r11", bit)
    stopped.daemon.start()
    report = verify(stopped)
    assert (report["wrong_references"], report["references"]) == (1, [{"id": "r11", "fault": "vector"}])
    told = nnnctl("verify", daemon=stopped.daemon)
    assert told.status == 1 and "r11" in told.output and "vector" in told.output


def test_an_image_is_reported_where_there_are_no_references(make_corpus):
    """Its mean is 0 whatever the vector."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(IMAGES, "more.npy", ["a", "b"])
    assert corpus.daemon.stop() == 0
    damage(corpus, IMAGES, "b", 3)
    corpus.daemon.start()
    assert [image["id"] for image in verify(corpus)["images"]] == ["b"]


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_a_vector_in_anothers_place_is_reported(stopped, kind, id):
    path = stopped.daemon.flags["data"] / "data.mdb"
    content = path.read_bytes()
    other = id[0] + "12"
    ours, theirs = stored(stopped, kind, id), stored(stopped, kind, other)
    assert ours in content and theirs in content
    path.write_bytes(content.replace(ours, bytes(len(ours))).replace(theirs, ours).replace(bytes(len(ours)), theirs))
    stopped.daemon.start()
    report = verify(stopped)
    named = report["images" if kind == IMAGES else "references"]
    assert {entry["id"] for entry in named if entry["fault"] == "vector"} == {id, other}


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_a_rebuild_does_not_build_on_it(stopped, config, kind, id):
    damage(stopped, kind, id, 12)
    before = (stopped.daemon.flags["data"] / "data.mdb").read_bytes()
    status, errors = run_rebuild(stopped.daemon, config=config)
    assert status == 65 and f"'{id}'" in errors.splitlines()[-1] and "another vector" in errors, errors
    assert (stopped.daemon.flags["data"] / "data.mdb").read_bytes() == before
    assert not os.path.exists(stopped.daemon.flags["data"] / "rebuild.tmp")


@pytest.mark.parametrize("bit", BITS)
@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_ingesting_it_again_mends_it(stopped, config, kind, id, bit):
    damage(stopped, kind, id, bit)
    stopped.daemon.start()
    stopped.add(kind, "again.npy", [id])
    assert verify(stopped) == CLEAN
    stopped.check()
    assert stopped.daemon.stop() == 0
    rebuild(stopped.daemon, config=config)
    stopped.daemon.start()
    assert verify(stopped) == CLEAN
    stopped.check()


@pytest.mark.parametrize(("kind", "id"), [(IMAGES, "m7"), (REFERENCES, "r11")])
def test_deleting_it_mends_it(stopped, kind, id):
    damage(stopped, kind, id, 29)
    stopped.daemon.start()
    stopped.delete(kind, "bad.delete", [id])
    assert verify(stopped) == CLEAN
    stopped.check()


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_a_number_that_has_become_infinite_is_reported_with_all_else(make_corpus, kind):
    """One bit makes infinity of 1: the means that follow are no numbers."""
    corpus = make_corpus(metric="inner-product")
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    vector = np.eye(1, 6, dtype=np.float32)
    corpus.daemon.drop(kind, "one.npy", vector, ["one"])
    corpus.oracle.put(kind, ["one"], vector)
    assert corpus.daemon.stop() == 0
    damage(corpus, kind, "one", 30)
    damage(corpus, IMAGES, "i3", 2)
    corpus.daemon.start()
    report = verify(corpus)
    faults = {entry["id"]: entry["fault"] for entry in report["images"] + report["references"]}
    assert faults["one"] == faults["i3"] == "vector"
    if kind == REFERENCES:
        # All means of images to which it is nearer than any other are wrong with it.
        assert "mean" in faults.values()
    assert "not a number" in nnnctl("verify", daemon=corpus.daemon).output
