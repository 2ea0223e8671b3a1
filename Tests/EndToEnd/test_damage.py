"""Data files that are not as they were left: a clear refusal, or a clear report by `verify`; never a wrong answer with
neither.

NNND_TEST_FLIPS=2000 turns over bytes in so many copies of a store.
"""

import os
import shutil
import struct

import numpy as np
import pytest
from jsonschema import ValidationError

from harness.daemon import run_to_end
from harness.raw_lmdb import drop_from_lmdb, put_in_lmdb
from harness.oracle import check_rankings
from harness.rebuild import rebuild
from harness.sanitizers import sanitizer_reports_to_log
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

DAMAGED, SYSTEM, CONFIGURATION = 65, 71, 78
FLIPS = int(os.environ.get("NNND_TEST_FLIPS") or 25)
PAGE = 4096
# In each of the first two pages: of the commit that has written it.
NUMBER_OF_COMMIT = 144


@pytest.fixture
def stopped(make_corpus):
    """A corpus whose daemon has stopped, and its data file."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    corpus.delete(IMAGES, "some.delete", [f"m{number}" for number in range(0, 300, 3)])
    assert corpus.daemon.stop() == 0
    return corpus


def data_file(corpus):
    return corpus.daemon.flags["data"] / "data.mdb"


def check_refused(daemon, expected, *told):
    status, errors = run_to_end(daemon.folder, **daemon.flags)
    assert status == expected, errors
    assert errors.count("\n") == 1 and errors.startswith("nnnd: "), errors
    for text in (str(daemon.flags["data"]), *told):
        assert text in errors, errors


def is_refused(daemon):
    """Whether a start is refused, in one line that names the folder; a start that crashes is neither."""
    daemon.log_path.unlink(missing_ok=True)
    try:
        daemon.start()
    except AssertionError:
        assert daemon.process.returncode in (DAMAGED, CONFIGURATION), daemon.log()[-3000:]
        assert str(daemon.flags["data"]) in daemon.log()
        return True
    return False


@pytest.mark.parametrize("left", [0, 1, 100, PAGE, 2 * PAGE - 1, 2 * PAGE, 3 * PAGE, "half", "all but a page of data"])
def test_a_file_that_was_cut_short_is_refused(stopped, left):
    path = data_file(stopped)
    size = path.stat().st_size
    whole = path.read_bytes()
    left = {"half": size // 2, "all but a page of data": last_page_of_data(whole) * PAGE}.get(left, left)
    os.truncate(path, left)
    check_refused(stopped.daemon, DAMAGED, "damaged")
    assert path.stat().st_size == left, "it is as it was found"
    path.write_bytes(whole)
    stopped.daemon.start()
    stopped.check()


def last_page_of_data(content):
    """The last page that is of use: the one with the highest number of an id, say."""
    return content.rindex(b"m299") // PAGE


def test_a_file_that_lacks_free_pages_only_is_as_good_as_a_whole_one(stopped):
    """LMDB never writes pages that a transaction took and gave back: a file can be shorter than its last page."""
    path = data_file(stopped)
    whole = path.read_bytes()
    for cut in range(1, 4):
        path.write_bytes(whole[: -cut * PAGE])
        if is_refused(stopped.daemon):
            break
        stopped.check()
        assert stopped.daemon.stop() == 0


def flip(path, rng, count):
    content = np.fromfile(path, np.uint8)
    # Bytes of one page, which is what a bad sector or a stray write takes.
    page = int(rng.integers(0, len(content) // PAGE))
    places = page * PAGE + rng.integers(0, PAGE, count)
    content[places] ^= rng.integers(1, 256, count).astype(np.uint8)
    content.tofile(path)
    return page


def test_bytes_turned_over_are_refused_or_reported_or_do_no_harm(stopped, rng):
    daemon, path = stopped.daemon, data_file(stopped)
    whole = path.with_name("whole")
    shutil.copy(path, whole)
    outcomes = []
    queries = stopped.vectors(20)
    for _ in range(FLIPS):
        shutil.copy(whole, path)
        page = flip(path, rng, int(rng.choice([1, 8, 200])))
        outcome = try_out(stopped, queries)
        assert outcome, f"a wrong answer and nothing told of page {page}"
        outcomes.append(outcome)
        daemon.kill()
    print({outcome: outcomes.count(outcome) for outcome in set(outcomes)})


def test_the_pages_that_name_the_last_commit_are_read_with_care(stopped, rng):
    """LMDB has two, and goes by the one with the larger number: the last commit must not go away in silence."""
    daemon, path = stopped.daemon, data_file(stopped)
    whole = np.fromfile(path, np.uint8)
    queries = stopped.vectors(5)
    places = [(page, byte) for page in range(2) for byte in range(NUMBER_OF_COMMIT, NUMBER_OF_COMMIT + 8)]
    if FLIPS > 1000:
        places = [(page, byte) for page in range(2) for byte in range(NUMBER_OF_COMMIT + 8)]
    for page, byte in places:
        content = whole.copy()
        content[page * PAGE + byte] ^= rng.integers(1, 256)
        content.tofile(path)
        assert try_out(stopped, queries), f"a wrong answer and nothing told of byte {byte} of page {page}"
        daemon.kill()


def try_out(corpus, queries):
    """What became of a damaged store; None if it gave wrong answers in silence."""
    daemon = corpus.daemon
    daemon.log_path.unlink(missing_ok=True)
    daemon.environment = sanitizer_reports_to_log()
    report = {}
    try:
        daemon.start()
        with daemon.client() as client:
            found = client.search(queries, top_k=20)["results"]
            report = client.post("/v1/verify", b"", "application/json").json()
        check_rankings(corpus.oracle, queries, found)
        corpus.check()
        return "no harm"
    except ValidationError as error:
        # What a receipt says is what its bytes say: nothing is there to hold them against.
        assert error.absolute_path[0] == "last_receipts", error
        return "a receipt differs"
    except (AssertionError, KeyError, ValueError, OSError):
        # Wrong, or with ids that nobody gave, or no answer.
        wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), "its end, or an answer")
        if daemon.process.poll() is not None:
            return "refused" if daemon.process.returncode in (DAMAGED, SYSTEM, CONFIGURATION) else "crashed"
        if "wrong" not in report or "request failed" in daemon.log():
            return "a request failed"
        return "reported" if report["images"] or report["references"] else None
    finally:
        # LMDB may fall over damaged pages, but nobody else, and there is no other finding.
        assert "Sanitizer" not in daemon.log() or "liblmdb" in daemon.log(), daemon.log()


def test_a_file_cut_short_while_it_is_open_ends_the_daemon_clearly(stopped):
    """As a page does that a broken disk doesn't give: there is no going on in the middle of an instruction."""
    daemon = stopped.daemon
    daemon.log_path.unlink(missing_ok=True)
    daemon.start()
    os.truncate(data_file(stopped), 2 * PAGE)
    with daemon.client() as client, pytest.raises(OSError):
        while True:
            client.status()
    assert daemon.wait() == DAMAGED
    last = daemon.log().splitlines()[-1]
    assert last.startswith("nnnd: ") and "damaged" in last and str(daemon.flags["data"]) in last


def test_a_store_of_another_version_is_refused(stopped):
    put_in_lmdb(stopped.daemon.flags["data"], "meta", b"format", b"7")
    check_refused(stopped.daemon, CONFIGURATION, "format 7")


@pytest.mark.parametrize("database", ["meta", "theirs"])
def test_the_data_of_another_program_are_refused_and_left_alone(make_daemon, database):
    daemon = make_daemon()
    daemon.flags["data"].mkdir()
    put_in_lmdb(daemon.flags["data"], database, b"something", b"else")
    before = (daemon.flags["data"] / "data.mdb").read_bytes()
    check_refused(daemon, CONFIGURATION, "not a store of nnnd")
    assert (daemon.flags["data"] / "data.mdb").read_bytes() == before


# Nine numbers: generation, dimension, k, images in use and ever, references in use and ever, next receipt and arrival.
STATES = {
    "numbers beyond all bounds": [2**64 - 1] * 9,
    "more rows in use than ever": [1, 4, 3, 9, 8, 0, 0, 1, 0],
    "more images than ids": [1, 4, 3, 1000, 1000, 40, 40, 1, 40],
    "fewer images than ids": [1, 4, 3, 1, 1, 40, 40, 1, 40],
    "a dimension beyond all": [1, 65_537, 3, 0, 0, 0, 0, 1, 0],
}


@pytest.mark.parametrize("case", STATES)
def test_a_state_that_was_never_written_is_refused(stopped, case):
    put_in_lmdb(stopped.daemon.flags["data"], "meta", b"state", struct.pack("<9Q", *STATES[case]))
    check_refused(stopped.daemon, DAMAGED, "damaged")


def test_a_mean_where_no_image_ever_was_fails_searches_and_nothing_else(stopped):
    """Of the first block, which has room for many more images than there are."""
    path, images = stopped.daemon.flags["data"], len(stopped.oracle.images)
    put_in_lmdb(path, "images.means", struct.pack("<I", 0), np.zeros(4096, np.float32).tobytes())
    stopped.daemon.start()
    with stopped.daemon.client() as client:
        answer = client.post_json("/v1/search", {"queries": stopped.vectors(1).tolist(), "top_k": 4000})
        assert (answer.status, answer.json()["code"]) == (500, "internal")
        assert "no image ever was" in stopped.daemon.log()
        assert client.status()["images"] == images
        assert client.post_json("/v1/verify", {}).json()["wrong"] > 0
    assert stopped.daemon.stop() == 0
    rebuild(stopped.daemon)
    stopped.daemon.start()
    stopped.check()


@pytest.mark.parametrize("table", ["images.means", "references.vectors", "receipts.names"])
def test_a_store_without_a_table_is_refused_and_left_alone(stopped, table):
    drop_from_lmdb(stopped.daemon.flags["data"], table)
    before = data_file(stopped).read_bytes()
    check_refused(stopped.daemon, DAMAGED, "damaged", f"no {table}")
    assert data_file(stopped).read_bytes() == before


@pytest.mark.parametrize("key", [b"state", b"settings"])
def test_a_store_without_what_it_needs_is_refused(stopped, key):
    put_in_lmdb(stopped.daemon.flags["data"], "meta", key, b"?")
    check_refused(stopped.daemon, DAMAGED, "damaged")
