"""Fixtures of the package tests: an existing Debian package, named in NNND_DEB, and its content."""

import os
import pathlib

import pytest

from project import run


@pytest.fixture(scope="session")
def package():
    """The path of the package; `make test-package` builds it."""
    path = pathlib.Path(os.environ.get("NNND_DEB", "NNND_DEB is not set"))
    assert path.exists(), "set NNND_DEB to the path of the package, or run `make test-package`"
    return path.resolve()


@pytest.fixture(scope="session")
def content(package, tmp_path_factory):
    """A folder with the unpacked files of the package."""
    folder = tmp_path_factory.mktemp("package")
    run("dpkg-deb", "--extract", package, folder)
    return folder


@pytest.fixture(scope="session")
def control(package, tmp_path_factory):
    """A folder with the unpacked control files of the package."""
    folder = tmp_path_factory.mktemp("control")
    run("dpkg-deb", "--control", package, folder)
    return folder
