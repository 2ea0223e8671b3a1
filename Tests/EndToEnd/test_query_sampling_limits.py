"""Sampled references of a user that floods the daemon, and while a disk is full."""

import json
import os
import subprocess

import numpy as np
import pytest

from harness.sampling import add, check, filled, queries_of, wait_for
from harness.small_disk import can_mount, small_disk
from harness.spool import REFERENCES
from harness.users import make_accessible_to_all_users
from harness.waiting import wait_until


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run programs as other users")
def test_a_user_that_sends_half_of_all_queries_changes_each_bias_by_its_part_only(tmp_path, rng):
    """The bound of SECURITY.md with the default of `sample-client-share`: a quarter of k references for each user."""
    make_accessible_to_all_users(tmp_path)
    k, part, flooding = 8, 2, 65_534
    for daemon, oracle in filled(tmp_path / "d", rng, k=k, sample_client_share=None):
        os.chmod(daemon.socket, 0o666)
        target = oracle.images["images3"]
        for step in range(3):
            varied, alike = queries_of(rng, 4), target + 1e-4 * queries_of(rng, 4)
            daemon.search(varied)
            search_as(flooding, daemon, alike)
            kept = add(oracle, varied)[-part:] + add(oracle, alike)[-part:]
            oracle.remove(REFERENCES, [id for id in oracle.references if id.startswith("query:") and id not in kept])
            wait_for(daemon, kept)
            check(daemon, oracle)
            # The means without the references of the user that floods.
            others = oracle.prepared([vector for id, vector in oracle.references.items() if id not in kept[-part:]])
            nearest = np.sort(oracle.similarities(others).T, axis=1)[:, -k:]
            with daemon.client() as client:
                biases = {hit.id: hit.bias for hit in client.search(target, 40, alpha=1, sample=False)[0]}
            rises = np.array([biases[id] for id in oracle.images]) - nearest.mean(axis=1)
            bounds = part / k * (1 - nearest[:, 0])
            assert (rises > -1e-5).all() and (rises < bounds + 1e-5).all(), step
            assert rises[3] > bounds[3] / 2
        assert "a user has as many sampled references" in daemon.log()


def search_as(user, daemon, queries):
    """Searches as another user."""
    body = json.dumps({"queries": queries.tolist()})
    command = ["curl", "-sf", "-H", "Content-Type: application/json", "-d", "@-", "--unix-socket", daemon.socket,
               "http://nnnd/v1/search"]  # fmt: skip
    subprocess.run(
        command, input=body.encode(), user=user, group=user, extra_groups=[], capture_output=True, check=True)


@pytest.mark.skipif(not can_mount(), reason="only root can mount file systems")
@pytest.mark.parametrize(("full", "end"), [("spool", "space"), ("spool", "kill"), ("data", "space")])
def test_a_full_disk_delays_sampled_references_and_loses_and_doubles_none(tmp_path, rng, full, end):
    with small_disk(tmp_path / "disk", 12) as disk:
        for daemon, oracle in filled(tmp_path / "d", rng, **{full: disk.folder / full}):
            before = queries_of(rng, 3)
            daemon.search(before)
            wait_for(daemon, add(oracle, before))
            disk.fill()
            queries = queries_of(rng, 200)
            daemon.search(queries[:100])
            wait_until(lambda: "No space left" in daemon.log(), "the full disk in the log", alive=daemon.check_alive)
            daemon.search(queries[100:])
            check(daemon, oracle)
            if end == "kill":
                daemon.kill()
            disk.free()
            if end == "kill":
                daemon.start()
                # What waited in memory is lost, as with every kill; a repeated query is no second reference.
                daemon.search(queries)
            wait_for(daemon, {*add(oracle, before), *add(oracle, queries)})
            check(daemon, oracle)
            wait_until(lambda: not daemon.spool.names(REFERENCES), "an empty folder", alive=daemon.check_alive)
            assert daemon.spool.names("processing", REFERENCES) == []
