"""Permissions of users by their groups: producers drop shards, clients connect to the socket."""

import json
import pathlib

import pytest

from machine import run
from harness import wordnet

NO_PERMISSION = 77
IMAGES, REFERENCES = wordnet.image_files()[:2], wordnet.reference_files()[:1]
QUERIES = IMAGES[0].parents[1] / "queries.npy"


def test_a_user_in_both_groups_can_ingest_and_search(nnnd):
    nnnd.nnnctl("ingest", "--kind", "images", "--wait", *IMAGES, user="carol")
    nnnd.nnnctl("ingest", "--kind", "references", "--wait", *REFERENCES, user="carol")
    status = nnnd.status()
    assert (status["images"], status["references"]) == (2000, 1000)
    lines = nnnd.nnnctl("search", "--queries", QUERIES, "--top-k", "1", "--json", user="carol").stdout.splitlines()
    best = [json.loads(line)["hits"][0]["id"] for line in lines]
    right = sum(id == answer for id, answer in zip(best, wordnet.right_answers()))
    # The right answers of all 1,000 queries are among these 2,000 images; R@1 is above a third, see README.md.
    assert right > 340
    assert nnnd.check_biases() == 2000


def test_a_producer_can_drop_a_shard_and_read_its_receipt(nnnd):
    drop = f"cp {IMAGES[0]} .drop && cp {IMAGES[0].with_suffix('.ids')} drop.ids && mv .drop drop.npy"
    run("sh", "-c", f"cd {nnnd.spool.incoming('images')} && {drop}", user="alice")
    receipt = nnnd.spool.wait_receipt("images", "drop.npy")
    assert (receipt["rows"], receipt["replaced"]) == (1000, 1000)
    read = run("cat", nnnd.spool.receipt_path("images", "drop.npy"), user="alice").stdout
    assert json.loads(read) == receipt


def test_a_user_with_umask_077_can_ingest(nnnd):
    ingest = f"umask 077 && nnnctl ingest --kind images --wait --socket {nnnd.socket} {IMAGES[1]}"
    run("sh", "-c", ingest, user="carol")
    assert nnnd.status()["images"] == 2000


@pytest.mark.parametrize("user", ["alice", "eve"])
def test_a_user_who_is_not_a_client_cannot_connect(nnnd, user):
    for command in (["status"], ["search", "--queries", QUERIES], ["verify"]):
        finished = nnnd.nnnctl(*command, user=user, check=False)
        assert finished.returncode == NO_PERMISSION, finished


def test_a_client_can_search(nnnd):
    assert len(nnnd.nnnctl("search", "--queries", QUERIES, "--json", user="bob").stdout.splitlines()) == 1000


@pytest.mark.parametrize("user", ["bob", "eve"])
def test_a_user_who_is_not_a_producer_cannot_drop_or_list_shards(nnnd, user):
    assert nnnd.nnnctl("ingest", "--kind", "images", IMAGES[1], user=user, check=False).returncode == NO_PERMISSION
    assert run("touch", nnnd.spool.incoming("images") / "x.npy", user=user, check=False).returncode != 0
    assert run("ls", nnnd.spool.root, user=user, check=False).returncode != 0


@pytest.mark.parametrize("user", ["alice", "bob", "carol", "eve"])
def test_no_user_can_read_the_store(nnnd, user):
    assert run("ls", nnnd.store, user=user, check=False).returncode != 0
    assert run("cat", nnnd.store / "data.mdb", user=user, check=False).returncode != 0


def test_the_daemon_has_no_capabilities_and_a_seccomp_filter(nnnd):
    status = pathlib.Path(f"/proc/{nnnd.process}/status").read_text()
    for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        assert line in status
