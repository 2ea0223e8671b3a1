"""Fixtures of the long tests: a corpus on the disk, the daemon's heaps of it, and settings of Spark."""

import os

import pytest

from bar import Corpus
from spark_cluster import SETTINGS, Cluster, ConnectServer, environment


@pytest.fixture(scope="session")
def bar(tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp("bar"))


@pytest.fixture(scope="session")
def daemon_heaps(bar, tmp_path_factory):
    return bar.daemon_heaps(tmp_path_factory.mktemp("daemon"))


@pytest.fixture(scope="session", autouse=True)
def spark_settings(tmp_path_factory):
    """Sets the environment of all sessions that tests start."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in SETTINGS.items()))
    os.environ.update(environment(), SPARK_CONF_DIR=str(folder))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory, spark_settings):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def connect_server(tmp_path_factory, spark_settings):
    server = ConnectServer(tmp_path_factory.mktemp("connect"))
    yield server
    server.stop()
