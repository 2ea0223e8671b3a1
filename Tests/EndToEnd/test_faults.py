"""System calls that fail: the daemon survives the fault, or it exits with a message and the next start recovers.

During a fault shards wait and searches succeed. docs/reliability.md lists the faults.
"""

import pytest

from harness.nnnctl import succeeds
from harness.oracle import check_everything
from harness.sanitizers import WITHOUT_LEAK_DETECTION
from harness.spool import IMAGES, REFERENCES
from harness.strace import faults
from harness.waiting import wait_until

DATA = "data/data.mdb"
RECEIPT = "spool/done/images/.new.npy.receipt.json.tmp"
NEW = "spool/images/new.npy"
CLAIMED = "spool/processing/images/new.npy"


def check_all_processed(corpus):
    """Compares the corpus with the oracle, runs `nnnctl verify`, and checks that no shard waits."""
    corpus.check()
    assert corpus.daemon.spool.names(IMAGES) == corpus.daemon.spool.names("processing", IMAGES) == []
    succeeds("verify", daemon=corpus.daemon)


def drop(corpus, name="new.npy", ids=("n0", "n1", "i3")):
    """Drops a shard of images; returns a function that adds them to the oracle."""
    vectors = corpus.vectors(len(ids))
    corpus.daemon.spool.drop(IMAGES, name, vectors, ids)
    return lambda: corpus.oracle.put(IMAGES, ids, vectors)


@pytest.fixture
def corpus(make_corpus):
    corpus = make_corpus(environment=WITHOUT_LEAK_DETECTION)
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    return corpus


# Faults that the daemon survives, as (system calls, error, path); the shard takes effect when the fault has ended.
SURVIVED = {
    f"{error} on {calls} of {path}": (calls, error, path)
    for calls, errors, path in [
        ("writev,pwrite64", ("ENOSPC", "EDQUOT", "EROFS"), DATA),
        ("fdatasync", ("ENOSPC", "EDQUOT"), DATA),
        ("openat", ("EIO", "EMFILE", "ENFILE", "ENOMEM"), CLAIMED),
        ("openat", ("EIO", "EMFILE", "ENFILE", "ENOSPC", "EROFS", "EACCES"), RECEIPT),
        ("pread64", ("EIO",), CLAIMED),
        ("rename", ("EIO", "ENOSPC", "EROFS", "EACCES"), NEW),
        ("rename", ("EIO", "ENOSPC", "EROFS", "EXDEV"), CLAIMED),
        ("rename", ("EIO", "ENOSPC"), RECEIPT),
        ("write", ("EIO", "ENOSPC", "EDQUOT"), RECEIPT),
        ("newfstatat", ("EIO",), NEW),
        ("openat", ("EIO", "EMFILE"), "spool/images"),
        ("inotify_add_watch", ("ENOSPC", "ENOMEM"), "spool/images"),
    ]
    for error in errors
}


@pytest.mark.parametrize("case", SURVIVED)
def test_a_shard_takes_effect_after_a_fault_that_the_daemon_survives(corpus, case):
    calls, error, path = SURVIVED[case]
    daemon = corpus.daemon
    with faults(daemon, calls, f"error={error}", path=daemon.folder / path):
        add_to_oracle = drop(corpus)
        with daemon.client() as client:
            if calls == "inotify_add_watch":
                daemon.spool.wait_receipt(IMAGES, "new.npy")
                (daemon.spool.incoming(IMAGES)).rename(daemon.spool.root / "gone")
                wait_until(lambda: "can't be watched" in daemon.log(), "the fault", alive=daemon.check_alive)
            else:
                wait_until(lambda: "wait" in daemon.log(), "the fault in the log", alive=daemon.check_alive)
            assert client.status()["images"] >= 12  # those of `make_corpus`
            client.search(corpus.vectors(2), top_k=3)
        daemon.check_alive()
    # A new file makes the daemon scan the spool again.
    add_another_to_oracle = drop(corpus, "another.npy", ("x",))
    for name, add in (("new.npy", add_to_oracle), ("another.npy", add_another_to_oracle)):
        daemon.spool.wait_receipt(IMAGES, name)
        add()
    check_all_processed(corpus)


# Faults after which the daemon can't know whether the store has the commit, as (system calls, error, call number).
FATAL = {
    f"{error} on {calls}, call {when}": (calls, error, when)
    for calls, error, when in [
        ("writev,pwrite64", "EIO", 1),
        ("writev", "EIO", 2),
        ("fdatasync", "EIO", 1),
    ]
}


@pytest.mark.parametrize("case", FATAL)
def test_the_daemon_exits_after_a_fatal_fault_and_the_next_start_recovers(corpus, case):
    calls, error, when = FATAL[case]
    daemon = corpus.daemon
    # A commit that replaces scattered images changes pages that are not next to each other. LMDB writes these with
    # several calls of writev.
    corpus.add(IMAGES, "many.npy", [f"k{number}" for number in range(900)])
    with faults(daemon, calls, f"error={error}", path=daemon.folder / DATA, when=when):
        add_to_oracle = drop(corpus, ids=[f"k{number}" for number in range(0, 900, 30)])
        assert daemon.wait() != 0
    last = daemon.log().strip().splitlines()[-1]
    assert last.startswith("nnnd: ") and "mdb_txn_commit" in last, last
    assert daemon.spool.names("processing", IMAGES) == ["new.ids", "new.npy"]
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    add_to_oracle()
    check_all_processed(corpus)


def test_a_failed_write_of_the_meta_page(corpus):
    """The write of the meta page makes a commit valid.

    If it fails, LMDB rejects all further writes until the store is opened again.
    """
    daemon = corpus.daemon
    # The pages of a small commit are written by one writev, and only the meta page by pwrite64.
    with faults(daemon, "pwrite64", "error=ENOSPC", path=daemon.folder / DATA):
        add_to_oracle = drop(corpus)
        wait_until(lambda: daemon.process.poll() is not None or "shards wait" in daemon.log(), "the fault")
        with daemon.client() as client:
            if daemon.process.poll() is None:
                check_everything(client, corpus.oracle)
    if daemon.process.poll() is not None:
        daemon.start()
    receipt = daemon.spool.receipt_path(IMAGES, "new.npy")
    wait_until(lambda: daemon.process.poll() is not None or receipt.exists(), "the receipt or the end of the daemon")
    if daemon.process.poll() is not None:
        daemon.start()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    add_to_oracle()
    check_all_processed(corpus)


def test_a_shard_that_cannot_be_read_does_not_block_others(corpus):
    daemon = corpus.daemon
    with faults(daemon, "pread64", "error=EIO", path=daemon.spool.root / "processing" / IMAGES / "bad.npy"):
        add_bad_to_oracle = drop(corpus, "bad.npy", ("b",))
        for number in range(3):
            corpus.add(IMAGES, f"good-{number}.npy", [f"g{number}"])
        corpus.check()
        assert "bad.npy" in daemon.spool.names("processing", IMAGES)
        assert daemon.status()["spool"]["backlog"] == 1
    # A new file makes the daemon scan the spool again.
    drop(corpus, "last.npy", ("w",))()
    daemon.spool.wait_receipt(IMAGES, "bad.npy")
    daemon.spool.wait_receipt(IMAGES, "last.npy")
    add_bad_to_oracle()
    check_all_processed(corpus)


def test_a_fault_of_a_commit_of_codes_holds_up_nothing(corpus):
    """Codes are made anew after four times as many images as for the first basis; the shard's commit comes first."""
    daemon = corpus.daemon
    rows = 1024
    with faults(daemon, "fdatasync", "error=ENOSPC", path=daemon.folder / DATA, when="2+"):
        corpus.add(IMAGES, "many.npy", [f"n{row}" for row in range(rows)])
        wait_until(lambda: "codes and cells wait to be made anew" in daemon.log(), "the fault", alive=daemon.check_alive)
        corpus.check()
        assert "shards wait" not in daemon.log()
    drop(corpus, "another.npy", ("x",))()
    daemon.spool.wait_receipt(IMAGES, "another.npy")
    check_all_processed(corpus)
