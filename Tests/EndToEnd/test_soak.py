"""A short soak test. NNND_TEST_SOAK_MINUTES=30 or Tests/Soak/soak.py runs a long one."""

import os

from harness.corpus import Corpus
from harness.soak import Soak, settings

MINUTES = float(os.environ.get("NNND_TEST_SOAK_MINUTES") or 0.2)


def test_memory_descriptors_and_file_size_do_not_grow_under_load(make_daemon, rng):
    soak = Soak(Corpus(make_daemon(**settings()).start(), rng, dimension=64))
    soak.run(MINUTES, report=print)
    soak.check()
