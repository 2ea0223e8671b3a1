"""The settings of a private daemon."""

import socket

import pytest

import nnnd
from conftest import end_daemon_of, wait_until
from nnnd import _lease


def test_fixed_settings_need_not_be_repeated(tmp_path):
    with nnnd.open(tmp_path, metric="inner-product", precision="float16") as db:
        db.add_images([[3.0, 0.0]], ["a"])
    with nnnd.open(tmp_path, k=3) as db:
        assert db.search([2.0, 0.0], 1, alpha=0).scores.tolist() == [[6.0]]
        assert (db.status()["metric"], db.status()["precision"], db.status()["k"]) == ("inner-product", "float16", 3)


def test_other_settings_than_those_of_the_running_daemon_are_rejected(tmp_path):
    with nnnd.open(tmp_path, k=2), pytest.raises(nnnd.DaemonFailed, match="k = 3, not 2"):
        nnnd.open(tmp_path, k=3)


def test_settings_of_the_folder_and_other_forms_of_a_number_are_the_same_settings(tmp_path):
    with nnnd.open(tmp_path, metric="inner-product"):
        pass
    with nnnd.open(tmp_path, alpha=1), nnnd.open(tmp_path, metric="inner-product", k=128, alpha=1.0) as second:
        assert second.status()["metric"] == "inner-product"
        with pytest.raises(nnnd.DaemonFailed, match="metric = cosine, not inner-product"):
            nnnd.open(tmp_path, metric="cosine")
        with pytest.raises(nnnd.DaemonFailed, match="max-references = 5, not the default"):
            nnnd.open(tmp_path, max_references=5)


def test_the_settings_of_a_daemon_that_another_database_has_started_again_are_checked(tmp_path):
    with nnnd.open(tmp_path, k=2) as first:
        end_daemon_of(first)
        wait_until(lambda: not first._lease.is_valid(), "the news of the daemon's end")
        with nnnd.open(tmp_path, k=3) as second:
            with pytest.raises(nnnd.DaemonFailed, match="k = 2, not 3"):
                first.ready()
            assert second.ready()
        assert first.status()["k"] == 2


def test_a_wrong_setting_is_an_error_with_the_words_of_the_daemon(tmp_path):
    with pytest.raises(nnnd.DaemonFailed, match="metric"):
        nnnd.open(tmp_path, metric="manhattan")


def test_the_words_of_the_daemon_are_known_without_its_folder(tmp_path):
    own, other = socket.socketpair()
    with other:
        other.sendall(b'{"failed": 64, "log": "the metric is wrong"}\n')
        with pytest.raises(nnnd.DaemonFailed, match="the metric is wrong"):
            _lease._greeted(_lease.PrivateFolder(tmp_path / "removed"), own)
    with pytest.raises(nnnd.DaemonFailed, match="metric"):
        nnnd.open(metric="manhattan")


def test_settings_of_the_environment_do_not_reach_the_daemon(tmp_path, monkeypatch):
    monkeypatch.setenv("NNND_ALPHA", "0.1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    with nnnd.open(tmp_path) as db:
        assert db.status()["alpha"] == 0.75
