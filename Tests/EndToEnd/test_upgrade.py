"""`nnnd rebuild` converts a store of an older format.

fixtures/store-format-3.tar.xz has `data.mdb`, a store that nnnd 0.1.0 made with k = 4 and capacity 6, and the vectors
that were dropped: 60 references r0 to r59, then 120 images i0 to i119, then deletion lists for every seventh image and
for r0 to r4. store-format-4.tar.xz has the same corpus in the format before sign codes.
"""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from harness.daemon import Daemon, run_to_end
from harness.oracle import Oracle, check_everything
from harness.rebuild import rebuild
from harness.spool import IMAGES, REFERENCES

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(params=[3, 4])
def format(request):
    """The format of the older store."""
    return request.param


@pytest.fixture
def old_store(tmp_path, format):
    """A stopped daemon on the store of an older format, and an oracle with the same corpus."""
    with tarfile.open(FIXTURES / f"store-format-{format}.tar.xz") as archive:
        archive.extractall(tmp_path / "fixture", filter="data")
    daemon = Daemon(tmp_path / "daemon", k=4)
    data = Path(daemon.flags["data"])
    data.mkdir(mode=0o700)
    (tmp_path / "fixture" / "data.mdb").rename(data / "data.mdb")
    vectors = np.load(tmp_path / "fixture" / "vectors.npz")
    oracle = Oracle(k=4)
    oracle.put(REFERENCES, [f"r{row}" for row in range(60)], vectors["references"])
    oracle.put(IMAGES, [f"i{row}" for row in range(120)], vectors["images"])
    oracle.remove(IMAGES, [f"i{row}" for row in range(0, 120, 7)])
    oracle.remove(REFERENCES, [f"r{row}" for row in range(5)])
    yield daemon, oracle
    daemon.kill()


def test_a_start_on_an_older_format_names_the_rebuild(old_store, format):
    daemon, _ = old_store
    before = (Path(daemon.flags["data"]) / "data.mdb").read_bytes()
    status, errors = run_to_end(daemon.folder, k=4)
    assert status == 78
    assert f"has format {format}" in errors and "run nnnd rebuild" in errors
    assert (Path(daemon.flags["data"]) / "data.mdb").read_bytes() == before


def test_a_rebuild_converts_an_older_format(old_store, rng):
    daemon, oracle = old_store
    rebuild(daemon)
    daemon.start()
    with daemon.client() as client:
        check_everything(client, oracle)
        report = client.verify()
        assert (report["wrong"], report["wrong_references"], report["checked"]) == (0, 0, len(oracle.images))
        receipts = client.status()["last_receipts"]
        assert [receipt["name"] for receipt in receipts] == ["some.delete", "some.delete", "i.npy", "r.npy"]
    later = rng.standard_normal((20, 8)).astype(np.float32)
    ids = [f"later{row}" for row in range(20)]
    daemon.drop(REFERENCES, "later.npy", later, ids)
    oracle.put(REFERENCES, ids, later)
    with daemon.client() as client:
        check_everything(client, oracle)
