"""Fixtures of the tests of what is installed: a package that is there already, named in NNND_DEB, and its content."""

import os
import pathlib

import pytest

from project import run


@pytest.fixture(scope="session")
def package():
    """The package; `make test-package` builds it."""
    path = pathlib.Path(os.environ.get("NNND_DEB", "there is none"))
    assert path.exists(), "say in NNND_DEB where the package is, or run `make test-package`"
    return path.resolve()


@pytest.fixture(scope="session")
def content(package, tmp_path_factory):
    """The files of the package, unpacked."""
    folder = tmp_path_factory.mktemp("package")
    run("dpkg-deb", "--extract", package, folder)
    return folder


@pytest.fixture(scope="session")
def control(package, tmp_path_factory):
    """What the package tells dpkg, unpacked."""
    folder = tmp_path_factory.mktemp("control")
    run("dpkg-deb", "--control", package, folder)
    return folder
