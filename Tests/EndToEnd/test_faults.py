"""System calls that fail: each fault is outlived, or ends the daemon with a clear message and the next start recovers.

Shards that wait stay where they are, and searches go on. docs/reliability.md has the table.
"""

import pytest

from harness.nnnctl import succeeds
from harness.oracle import check_everything
from harness.sanitizers import WITHOUT_LEAK_DETECTION
from harness.spool import IMAGES, REFERENCES
from harness.strace import faults
from harness.waiting import wait_until

DATA = "data/data.mdb"
DONE = "spool/done/images/.new.npy.receipt.json.tmp"
NEW = "spool/images/new.npy"
CLAIMED = "spool/processing/images/new.npy"


def check_all_in(corpus):
    """Holds the corpus against the oracle, by nnnctl verify too."""
    corpus.check()
    assert corpus.daemon.spool.names(IMAGES) == corpus.daemon.spool.names("processing", IMAGES) == []
    succeeds("verify", daemon=corpus.daemon)


def drop(corpus, name="new.npy", ids=("n0", "n1", "i3")):
    """Drops images that the oracle knows of when they have taken effect."""
    vectors = corpus.vectors(len(ids))
    corpus.daemon.spool.drop(IMAGES, name, vectors, ids)
    return lambda: corpus.oracle.put(IMAGES, ids, vectors)


@pytest.fixture
def corpus(make_corpus):
    corpus = make_corpus(environment=WITHOUT_LEAK_DETECTION)
    corpus.add(REFERENCES, "r.npy", [f"r{number}" for number in range(9)])
    return corpus


# What fails, where, and with what: the daemon goes on, and works it off when the fault is gone.
OUTLIVED = {
    f"{error} on {calls} of {path}": (calls, error, path)
    for calls, errors, path in [
        ("writev,pwrite64", ("ENOSPC", "EDQUOT", "EROFS"), DATA),
        ("fdatasync", ("ENOSPC", "EDQUOT"), DATA),
        ("openat", ("EIO", "EMFILE", "ENFILE", "ENOMEM"), CLAIMED),
        ("openat", ("EIO", "EMFILE", "ENFILE", "ENOSPC", "EROFS", "EACCES"), DONE),
        ("pread64", ("EIO",), CLAIMED),
        ("rename", ("EIO", "ENOSPC", "EROFS", "EACCES"), NEW),
        ("rename", ("EIO", "ENOSPC", "EROFS", "EXDEV"), CLAIMED),
        ("rename", ("EIO", "ENOSPC"), DONE),
        ("write", ("EIO", "ENOSPC", "EDQUOT"), DONE),
        ("newfstatat", ("EIO",), NEW),
        ("openat", ("EIO", "EMFILE"), "spool/images"),
        ("inotify_add_watch", ("ENOSPC", "ENOMEM"), "spool/images"),
    ]
    for error in errors
}


@pytest.mark.parametrize("case", OUTLIVED)
def test_outlived(corpus, case):
    calls, error, path = OUTLIVED[case]
    daemon = corpus.daemon
    with faults(daemon, calls, f"error={error}", path=daemon.folder / path):
        take_effect = drop(corpus)
        with daemon.client() as client:
            if calls == "inotify_add_watch":
                daemon.spool.wait_receipt(IMAGES, "new.npy")
                (daemon.spool.incoming(IMAGES)).rename(daemon.spool.root / "gone")
                wait_until(lambda: "can't be watched" in daemon.log(), "the fault", alive=daemon.check_alive)
            else:
                wait_until(lambda: "wait" in daemon.log(), "the fault in the log", alive=daemon.check_alive)
            assert client.status()["images"] >= 12
            client.search(corpus.vectors(2), top_k=3)
        daemon.check_alive()
    # Something to wake it up.
    another = drop(corpus, "another.npy", ("x",))
    for name, effect in (("new.npy", take_effect), ("another.npy", another)):
        daemon.spool.wait_receipt(IMAGES, name)
        effect()
    check_all_in(corpus)


# What can't be outlived: the store may or may not have what was written. The daemon ends, saying why.
ENDED = {
    f"{error} on {calls}, call {when}": (calls, error, when)
    for calls, error, when in [
        ("writev,pwrite64", "EIO", 1),
        ("writev", "EIO", 2),
        ("fdatasync", "EIO", 1),
    ]
}


@pytest.mark.parametrize("case", ENDED)
def test_ended_and_recovered(corpus, case):
    calls, error, when = ENDED[case]
    daemon = corpus.daemon
    with faults(daemon, calls, f"error={error}", path=daemon.folder / DATA, when=when):
        take_effect = drop(corpus)
        assert daemon.wait() != 0
    last = daemon.log().strip().splitlines()[-1]
    assert last.startswith("nnnd: ") and "mdb_txn_commit" in last, last
    assert daemon.spool.names("processing", IMAGES) == ["new.ids", "new.npy"]
    daemon.start()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    take_effect()
    check_all_in(corpus)


def test_the_write_that_makes_a_commit_count_fails(corpus):
    """LMDB then refuses all further writes: only a new start knows what the file holds."""
    daemon = corpus.daemon
    # The pages of a commit of few rows go out in one writev, so single writes are those of the meta page.
    with faults(daemon, "pwrite64", "error=ENOSPC", path=daemon.folder / DATA):
        take_effect = drop(corpus)
        wait_until(lambda: daemon.process.poll() is not None or "shards wait" in daemon.log(), "the fault")
        with daemon.client() as client:
            if daemon.process.poll() is None:
                check_everything(client, corpus.oracle)
    if daemon.process.poll() is not None:
        daemon.start()
    wait_until(lambda: daemon.process.poll() is not None or daemon.spool.receipt_path(IMAGES, "new.npy").exists(), "an end")
    if daemon.process.poll() is not None:
        daemon.start()
    daemon.spool.wait_receipt(IMAGES, "new.npy")
    take_effect()
    check_all_in(corpus)


def test_one_shard_on_a_bad_sector_holds_no_other_up(corpus):
    daemon = corpus.daemon
    with faults(daemon, "pread64", "error=EIO", path=daemon.spool.root / "processing" / IMAGES / "bad.npy"):
        bad = drop(corpus, "bad.npy", ("b",))
        for number in range(3):
            corpus.add(IMAGES, f"good-{number}.npy", [f"g{number}"])
        corpus.check()
        assert "bad.npy" in daemon.spool.names("processing", IMAGES)
        assert daemon.status()["spool"]["backlog"] == 1
    drop(corpus, "wakes.npy", ("w",))()
    daemon.spool.wait_receipt(IMAGES, "bad.npy")
    daemon.spool.wait_receipt(IMAGES, "wakes.npy")
    bad()
    check_all_in(corpus)
