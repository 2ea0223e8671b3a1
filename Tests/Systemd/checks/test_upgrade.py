"""Upgrades while the daemons run; the new version is the same package again."""

import pathlib

import numpy as np

from machine import PACKAGE, Service, run
from test_operation import Searchers

SETTINGS = pathlib.Path("/etc/nnnd/nnnd.yaml")


def test_an_upgrade_restarts_all_instances_and_fails_no_request(nnnd):
    instance = Service("nnnd@words")
    processes, corpora = [nnnd.process, instance.process], [nnnd.status()["images"], instance.status()["images"]]
    SETTINGS.write_text(SETTINGS.read_text() + "alpha: 0.6\n")
    with Searchers(nnnd, np.ones((1, 384), np.float32)) as searchers:
        searchers.wait_for_more(5)
        run("dpkg", "--install", PACKAGE)
        searchers.wait_for_more(5)
    assert searchers.failures == []
    assert nnnd.process not in (0, processes[0]) and instance.process not in (0, processes[1])
    assert [nnnd.status()["images"], instance.status()["images"]] == corpora


def test_an_upgrade_keeps_changed_settings(nnnd):
    assert SETTINGS.read_text().endswith("alpha: 0.6\n")
    assert nnnd.status()["alpha"] == 0.6
