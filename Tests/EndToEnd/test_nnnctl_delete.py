"""`nnnctl delete`: the ids that it deletes, its output and its exit statuses."""

import os
import signal
import subprocess

import numpy as np
import pytest

from harness.corpus import Corpus, ids_of
from harness.daemon import binary, clean_environment
from harness.nnnctl import fails, succeeds
from harness.shards import npz_bytes
from harness.spool import IMAGES, REFERENCES, id_lines
from harness.waiting import DEADLINE, wait_until

UNUSUAL_IDS = ["a b", "-x", "--", "--kind", "ü", "日本", "a/b", "%41", " ", "'\"\\", "a\tb"]
# Ids that differ only in bytes that a reader of lists strips: a byte order mark, or a carriage return at the end.
SIMILAR_IDS = ["e", "e\r", "e\r\r", "\ufeffe", "\ufeff\ufeffe", "e\ufeff", "\ufeffe\r", "\re", "\r", "\ufeff"]


@pytest.fixture
def corpus(daemon, rng):
    corpus = Corpus(daemon, rng)
    corpus.add(IMAGES, "unusual.npy", UNUSUAL_IDS)
    for kind in (IMAGES, REFERENCES):
        corpus.add(kind, "s.npy", ids_of(kind, range(9)) + ["both"])
    return corpus


def delete(corpus, kind, *arguments, ids, **options):
    """Deletes with nnnctl, which must succeed, and compares the corpus with the oracle; returns the output."""
    deleted = corpus.oracle.remove(kind, ids)
    output = succeeds("delete", "--kind", kind, *arguments, daemon=corpus.daemon, **options)
    rows = "1 row" if deleted == 1 else f"{deleted} rows"
    assert f"{rows} deleted, {len(ids) - deleted} not there, visible from generation " in output
    assert output.split()[-2] == str(corpus.daemon.status()["generation"])
    corpus.check()
    return output


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_delete_reads_ids_from_the_command_line(corpus, kind):
    ids = [*ids_of(kind, (1, 4)), "both", "unknown"]
    delete(corpus, kind, *ids, ids=ids)
    assert corpus.daemon.spool.names(kind) == []
    assert corpus.daemon.status()["last_receipts"][0]["action"] == "delete"


@pytest.mark.parametrize("kind", [IMAGES, REFERENCES])
def test_delete_reads_ids_from_a_file(corpus, tmp_path, kind):
    ids = [*ids_of(kind, range(300)), "both"]
    (tmp_path / "a list").write_bytes(id_lines(ids))
    delete(corpus, kind, "--file", tmp_path / "a list", ids=ids)
    assert (tmp_path / "a list").exists()


@pytest.mark.parametrize("path", ["-", "/dev/stdin"])
def test_delete_reads_ids_from_a_pipe(corpus, path):
    delete(corpus, IMAGES, "--file", path, ids=["i1", "i2"], stdin=b"i1\ni2\n")


def test_delete_accepts_unusual_ids_on_the_command_line(corpus):
    delete(corpus, IMAGES, "--", *UNUSUAL_IDS[:6], ids=UNUSUAL_IDS[:6])
    delete(corpus, IMAGES, *UNUSUAL_IDS[6:], ids=UNUSUAL_IDS[6:])


def test_delete_matches_ids_on_the_command_line_byte_by_byte(corpus):
    vectors = corpus.vectors(len(SIMILAR_IDS))
    corpus.daemon.spool.drop_bytes(IMAGES, "similar.npz", npz_bytes(embeddings=vectors, ids=np.array(SIMILAR_IDS)))
    assert corpus.daemon.spool.wait_receipt(IMAGES, "similar.npz")["rows"] == len(SIMILAR_IDS)
    corpus.oracle.put(IMAGES, SIMILAR_IDS, vectors)
    for id in SIMILAR_IDS[:6]:
        delete(corpus, IMAGES, id, ids=[id])
    delete(corpus, IMAGES, *SIMILAR_IDS[6:], ids=SIMILAR_IDS[6:])


@pytest.mark.parametrize("id", ["i1\r", "\ufeffi1"])
def test_delete_keeps_an_id_that_differs_only_in_stripped_bytes(corpus, id):
    delete(corpus, IMAGES, id, ids=[id])


def test_delete_of_unknown_ids_succeeds(corpus):
    assert delete(corpus, IMAGES, "r1", "unknown", ids=["r1", "unknown"]).startswith("0 rows deleted, 2 not there")


def test_delete_again_deletes_an_id_that_was_added_again(corpus):
    for _ in range(2):
        delete(corpus, IMAGES, "i1", ids=["i1"])
        corpus.add(IMAGES, "back.npy", ["i1"])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "--kind"),
        (["i1"], "--kind"),
        (["--kind", "images"], "--file"),
        (["--kind", "images", "--file", "ids", "i1"], "not both"),
        (["--kind", "pictures", "i1"], "'images' and 'references'"),
        (["--kind", "images", "i1", "-x"], "-x"),
        (["--kind", "images", "i1\ni2"], "line feed"),
        (["--kind", "images", "i1\r\ni2"], "line feed"),
        (["--kind", "images", "i2", "i1\n"], "line feed"),
        (["--kind", "images", b"i1\xff"], "not UTF-8"),
        # Arguments that are not UTF-8 have U+FFFD after decoding. An id that really has it must be in a file.
        (["--kind", "images", "i1\ufffd"], "'--file'"),
        (["--kind", "images", "--timeout", "nan", "i1"], "'--timeout'"),
    ],
)
def test_delete_rejects_invalid_usage(corpus, tmp_path, arguments, text):
    (tmp_path / "ids").write_text("i1\n")
    generation = corpus.daemon.status()["generation"]
    assert text in fails(os.EX_USAGE, "delete", *arguments, daemon=corpus.daemon, cwd=tmp_path)
    assert corpus.daemon.status()["generation"] == generation


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "no_rows"), (b"i1\n\n", "id_empty"), (b"i1\ni1\n", "ids_duplicate"), (b"\xff\n", "ids_not_utf8")],
)
def test_delete_prints_the_error_code_of_a_rejected_list(corpus, tmp_path, content, code):
    (tmp_path / "ids").write_bytes(content)
    arguments = ["delete", "--kind", "images", "--file", tmp_path / "ids"]
    assert f"({code})" in fails(os.EX_DATAERR, *arguments, daemon=corpus.daemon)
    corpus.check()


def test_delete_rejects_invalid_ids_and_unreadable_files(corpus, tmp_path):
    for ids, code in (([""], "id_empty"), (["i1", "i1"], "ids_duplicate"), (["x" * 501], "id_too_long")):
        assert f"({code})" in fails(os.EX_DATAERR, "delete", "--kind", "images", *ids, daemon=corpus.daemon)
    for path, reason in ((tmp_path / "absent", "No such file"), (tmp_path, "Is a directory")):
        message = fails(os.EX_NOINPUT, "delete", "--kind", "images", "--file", path, daemon=corpus.daemon)
        assert f"{path}: {reason}" in message
    corpus.check()


def test_delete_creates_no_temporary_folder(corpus, tmp_path):
    delete(corpus, IMAGES, "i1", ids=["i1"], environment={"TMPDIR": str(tmp_path / "absent" / "below")})
    assert not (tmp_path / "absent").exists()


def test_delete_fails_at_its_timeout_and_leaves_its_list_in_the_spool(idle_daemon_socket, corpus, tmp_path):
    arguments = ["delete", "--kind", "images", "--timeout", "0", "i1", "--socket", idle_daemon_socket]
    message = fails(os.EX_TEMPFAIL, *arguments)
    (name,) = os.listdir(tmp_path / "spool" / "images")
    assert name in message and name.endswith(".delete")
    delete(corpus, IMAGES, "--timeout", "600", "i1", ids=["i1"])


def test_an_interrupted_delete_leaves_a_complete_list_in_the_spool(idle_daemon_socket, tmp_path):
    spool = tmp_path / "spool" / "images"
    process = subprocess.Popen(
        [binary("nnnctl"), "delete", "--kind", "images", "i1", "i2", "--socket", idle_daemon_socket],
        env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        wait_until(lambda: any(not name.startswith(".") for name in os.listdir(spool)), "the list")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, output, errors) == (130, b"", b"nnnctl: interrupted\n")
    (name,) = os.listdir(spool)
    # nnnd strips the byte order mark and the carriage returns, and so none that belong to an id.
    assert name.endswith(".delete") and (spool / name).read_bytes() == b"\xef\xbb\xbfi1\r\ni2\r\n"
