"""Damaged data files: the daemon does not start, a request fails, or `verify` reports damage if an answer is wrong.

NNND_TEST_FLIPS=2000 damages 2,000 copies of a store instead of 25.
"""

import os
import shutil
import struct

import nnnd
import numpy as np
import pytest
from jsonschema import ValidationError

from harness.daemon import run_to_end
from harness.raw_lmdb import drop_from_lmdb, put_in_lmdb
from harness.oracle import check_rankings
from harness.rebuild import rebuild, run_rebuild
from harness.sanitizers import sanitizer_reports_to_log
from harness.spool import IMAGES, REFERENCES
from harness.waiting import wait_until

DAMAGED, SYSTEM, CONFIGURATION = 65, 71, 78
FLIPS = int(os.environ.get("NNND_TEST_FLIPS") or 25)
PAGE = 4096
# The offset of the transaction id in each of LMDB's two meta pages.
TRANSACTION_ID_OFFSET = 144


@pytest.fixture
def stopped_corpus(make_corpus):
    """A corpus with deletions, whose daemon has stopped."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    corpus.delete(IMAGES, "some.delete", [f"m{number}" for number in range(0, 300, 3)])
    assert corpus.daemon.stop() == 0
    return corpus


def data_file(corpus):
    return corpus.daemon.flags["data"] / "data.mdb"


def check_start_fails(daemon, expected, *texts):
    """Checks the exit status, and that one line on standard error has the data folder and these texts."""
    status, errors = run_to_end(daemon.folder, **daemon.flags)
    assert status == expected, errors
    assert errors.count("\n") == 1 and errors.startswith("nnnd: "), errors
    for text in (str(daemon.flags["data"]), *texts):
        assert text in errors, errors


def start_is_rejected(daemon):
    """Starts the daemon; whether it ends with an expected status and names the folder. A crash is an error."""
    daemon.log_path.unlink(missing_ok=True)
    try:
        daemon.start()
    except AssertionError:
        assert daemon.process.returncode in (DAMAGED, CONFIGURATION), daemon.log()[-3000:]
        assert str(daemon.flags["data"]) in daemon.log()
        return True
    return False


@pytest.mark.parametrize("left", [0, 1, 100, PAGE, 2 * PAGE - 1, 2 * PAGE, 3 * PAGE, "half", "all but a page of data"])
def test_a_truncated_data_file_prevents_the_start_and_is_not_changed(stopped_corpus, left):
    path = data_file(stopped_corpus)
    size = path.stat().st_size
    original = path.read_bytes()
    left = {"half": size // 2, "all but a page of data": last_page_of_data(original) * PAGE}.get(left, left)
    os.truncate(path, left)
    check_start_fails(stopped_corpus.daemon, DAMAGED, "damaged")
    assert path.stat().st_size == left, "the daemon changed the file"
    path.write_bytes(original)
    stopped_corpus.daemon.start()
    stopped_corpus.check()


def last_page_of_data(content):
    """A page in use near the end of the file: the last one that has the id m299."""
    return content.rindex(b"m299") // PAGE


def test_a_data_file_that_lacks_only_free_pages_is_accepted(stopped_corpus):
    """LMDB does not write pages that a transaction allocated and freed, so a file can end before its last page."""
    path = data_file(stopped_corpus)
    original = path.read_bytes()
    for cut in range(1, 4):
        path.write_bytes(original[: -cut * PAGE])
        if start_is_rejected(stopped_corpus.daemon):
            break
        stopped_corpus.check()
        assert stopped_corpus.daemon.stop() == 0


def damage_random_page(path, rng, count):
    """Changes `count` random bytes of a random page, as a bad sector would; returns the page number."""
    content = np.fromfile(path, np.uint8)
    page = int(rng.integers(0, len(content) // PAGE))
    offsets = page * PAGE + rng.integers(0, PAGE, count)
    content[offsets] ^= rng.integers(1, 256, count).astype(np.uint8)
    content.tofile(path)
    return page


def test_changed_bytes_never_give_a_wrong_answer_without_a_report(stopped_corpus, rng):
    daemon, path = stopped_corpus.daemon, data_file(stopped_corpus)
    original = path.with_name("original")
    shutil.copy(path, original)
    outcomes = []
    queries = stopped_corpus.vectors(20)
    for _ in range(FLIPS):
        shutil.copy(original, path)
        page = damage_random_page(path, rng, int(rng.choice([1, 8, 200])))
        outcome = use_damaged_store(stopped_corpus, queries)
        assert outcome, f"a wrong answer without a report, page {page}"
        outcomes.append(outcome)
        daemon.kill()
    print({outcome: outcomes.count(outcome) for outcome in set(outcomes)})


def test_zeroed_pages_end_the_daemon_and_a_rebuild_with_a_message_or_do_no_harm(make_corpus, rng):
    """As after a power failure on a disk that loses writes. The store has pending heap entries too."""
    corpus = make_corpus()
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(40)])
    corpus.add(IMAGES, "more.npy", [f"m{number}" for number in range(300)])
    for number in range(3):
        corpus.add(REFERENCES, f"s{number}.npy", [f"s{number}"])
    daemon, path = corpus.daemon, data_file(corpus)
    assert daemon.stop() == 0
    original = path.with_name("original")
    shutil.copy(path, original)
    queries = corpus.vectors(20)
    pages = original.stat().st_size // PAGE
    for page in rng.permutation(pages)[:FLIPS]:
        zero_page(original, path, page)
        status, errors = run_rebuild(daemon)
        assert status in (0, DAMAGED, SYSTEM, CONFIGURATION), (page, status, errors)
        assert status == 0 or str(daemon.flags["data"]) in errors, errors
        zero_page(original, path, page)
        outcome = use_damaged_store(corpus, queries)
        assert outcome not in (None, "crashed"), (page, outcome, daemon.log()[-3000:])
        if daemon.process.poll() is None:
            change_damaged_store(corpus, page)
        daemon.kill()
        shutil.rmtree(daemon.spool.root, ignore_errors=True)


def zero_page(original, path, page):
    """Copies a data file, and overwrites a page of the copy with zeros."""
    shutil.copy(original, path)
    with path.open("r+b") as file:
        file.seek(int(page) * PAGE)
        file.write(bytes(PAGE))


def change_damaged_store(corpus, page):
    """Drops shards of both kinds, and waits until they take effect or the daemon ends with an expected status."""
    daemon = corpus.daemon
    for kind in (REFERENCES, IMAGES):
        daemon.spool.drop(kind, "new.npy", corpus.vectors(30), [f"new{row}" for row in range(30)])
    documents = [daemon.spool.done(kind) / "new.npy.receipt.json" for kind in (REFERENCES, IMAGES)]
    wait_until(
        lambda: daemon.process.poll() is not None or all(document.exists() for document in documents),
        f"the end of the daemon or the receipts, page {page}",
    )
    if daemon.process.poll() is not None:
        assert daemon.process.returncode in (DAMAGED, SYSTEM), (page, daemon.log()[-3000:])
        assert str(daemon.flags["data"]) in daemon.log(), daemon.log()[-3000:]


def test_a_damaged_meta_page_never_loses_the_last_commit_silently(stopped_corpus, rng):
    """LMDB alone would use the meta page with the larger transaction id, which can be that of the commit before."""
    daemon, path = stopped_corpus.daemon, data_file(stopped_corpus)
    original = np.fromfile(path, np.uint8)
    queries = stopped_corpus.vectors(5)
    first = 0 if FLIPS > 1000 else TRANSACTION_ID_OFFSET
    for page, byte in [(page, byte) for page in range(2) for byte in range(first, TRANSACTION_ID_OFFSET + 8)]:
        content = original.copy()
        content[page * PAGE + byte] ^= rng.integers(1, 256)
        content.tofile(path)
        outcome = use_damaged_store(stopped_corpus, queries)
        assert outcome, f"a wrong answer without a report, byte {byte} of page {page}"
        daemon.kill()


def use_damaged_store(corpus, queries):
    """Starts, searches and verifies a damaged store; the outcome, or None after a wrong answer without a report."""
    daemon = corpus.daemon
    daemon.log_path.unlink(missing_ok=True)
    daemon.environment = sanitizer_reports_to_log()
    report = {}
    try:
        daemon.start()
        with daemon.client() as client:
            result = client.search(queries, top_k=20)
            report = client.verify()
        check_rankings(corpus.oracle, queries, result)
        corpus.check()
        return "no harm"
    except ValidationError as error:
        # Receipts have no checksum, so damage in them can reach the status.
        assert error.absolute_path[0] == "last_receipts", error
        return "a receipt differs"
    except (AssertionError, KeyError, ValueError, OSError, nnnd.ApiError):
        # A wrong answer, an unknown id, or no answer.
        wait_until(lambda: daemon.process.poll() is not None or daemon.is_ready(), "the daemon to exit or to answer")
        if daemon.process.poll() is not None:
            return "rejected" if daemon.process.returncode in (DAMAGED, SYSTEM, CONFIGURATION) else "crashed"
        if "wrong" not in report or "request failed" in daemon.log():
            return "a request failed"
        return "reported" if report["images"] or report["references"] else None
    finally:
        # Only LMDB may make invalid accesses on damaged pages.
        assert "Sanitizer" not in daemon.log() or "liblmdb" in daemon.log(), daemon.log()


def test_truncating_an_open_data_file_ends_the_daemon_with_a_message(stopped_corpus):
    """A page that can't be read raises SIGBUS, as on a broken disk, and the daemon can't continue."""
    daemon = stopped_corpus.daemon
    daemon.log_path.unlink(missing_ok=True)
    daemon.start()
    os.truncate(data_file(stopped_corpus), 2 * PAGE)
    with daemon.client() as client, pytest.raises(OSError):
        while True:
            client.status()
    assert daemon.wait() == DAMAGED
    last = daemon.log().splitlines()[-1]
    assert last.startswith("nnnd: ") and "damaged" in last and str(daemon.flags["data"]) in last


def test_a_store_of_an_unknown_format_prevents_the_start(stopped_corpus):
    put_in_lmdb(stopped_corpus.daemon.flags["data"], "meta", b"format", b"7")
    check_start_fails(stopped_corpus.daemon, CONFIGURATION, "format 7")


@pytest.mark.parametrize("database", ["meta", "other"])
def test_an_lmdb_file_of_another_program_prevents_the_start_and_is_not_changed(make_daemon, database):
    daemon = make_daemon()
    daemon.flags["data"].mkdir()
    put_in_lmdb(daemon.flags["data"], database, b"something", b"else")
    before = (daemon.flags["data"] / "data.mdb").read_bytes()
    check_start_fails(daemon, CONFIGURATION, "not a store of nnnd")
    assert (daemon.flags["data"] / "data.mdb").read_bytes() == before


# Generation, dimension, k, image rows in use and allocated, reference rows in use and allocated, next receipt and next
# arrival number.
INVALID_STATES = {
    "numbers out of range": [2**64 - 1] * 9,
    "more rows in use than allocated": [1, 4, 3, 9, 8, 0, 0, 1, 0],
    "more images than ids": [1, 4, 3, 1000, 1000, 40, 40, 1, 40],
    "fewer images than ids": [1, 4, 3, 1, 1, 40, 40, 1, 40],
    "a dimension above the maximum": [1, 65_537, 3, 0, 0, 0, 0, 1, 0],
}


@pytest.mark.parametrize("case", INVALID_STATES)
def test_an_invalid_state_record_prevents_the_start(stopped_corpus, case):
    put_in_lmdb(stopped_corpus.daemon.flags["data"], "meta", b"state", struct.pack("<9Q", *INVALID_STATES[case]))
    check_start_fails(stopped_corpus.daemon, DAMAGED, "damaged")


def test_a_mean_of_an_unused_row_fails_searches_and_nothing_else(stopped_corpus):
    """The first block of means has more rows than there are images; unused rows must be infinite."""
    path, images = stopped_corpus.daemon.flags["data"], len(stopped_corpus.oracle.images)
    # The codes of unused rows stand for the mean of the images of the first shard: this query finds it first.
    first = stopped_corpus.oracle.prepared([stopped_corpus.oracle.images[f"i{row}"] for row in range(12)])
    query = first.mean(axis=0).tolist()
    put_in_lmdb(path, "images.means", struct.pack("<I", 0), np.zeros(4096, np.float32).tobytes())
    stopped_corpus.daemon.start()
    with stopped_corpus.daemon.client() as client:
        answer = client.post_json("/v1/search", {"queries": [query], "top_k": 4000})
        assert (answer.status, answer.json()["code"]) == (500, "internal")
        assert "a row that was never used has a mean" in stopped_corpus.daemon.log()
        assert client.status()["images"] == images
        assert client.verify()["wrong"] > 0
    assert stopped_corpus.daemon.stop() == 0
    rebuild(stopped_corpus.daemon)
    stopped_corpus.daemon.start()
    stopped_corpus.check()


@pytest.mark.parametrize("table", ["images.means", "references.vectors", "receipts.names"])
def test_a_missing_table_prevents_the_start_and_the_store_is_not_changed(stopped_corpus, table):
    drop_from_lmdb(stopped_corpus.daemon.flags["data"], table)
    before = data_file(stopped_corpus).read_bytes()
    check_start_fails(stopped_corpus.daemon, DAMAGED, "damaged", f"the table {table} is missing")
    assert data_file(stopped_corpus).read_bytes() == before


@pytest.mark.parametrize("key", [b"state", b"settings"])
def test_an_unreadable_meta_record_prevents_the_start(stopped_corpus, key):
    put_in_lmdb(stopped_corpus.daemon.flags["data"], "meta", key, b"?")
    check_start_fails(stopped_corpus.daemon, DAMAGED, "damaged")
