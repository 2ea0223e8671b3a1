#!/usr/bin/env python3
"""A soak test: under load for a long time, memory, descriptors and file size do not grow.

    .venv-test/bin/python Tests/Soak/soak.py --minutes 30

The programs are those of the end-to-end tests: from NNND_BIN, or else from a release build.
"""

import argparse
import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from harness.corpus import Corpus
from harness.daemon import Daemon
from harness.soak import Soak, settings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=np.random.SeedSequence().entropy % 2**32)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="nnnd-soak-") as folder, Daemon(folder, **settings()) as daemon:
        soak = Soak(Corpus(daemon, np.random.default_rng(arguments.seed), dimension=64))
        soak.run(arguments.minutes, report=lambda sample: print(sample, flush=True))
        soak.check()
        assert daemon.stop() == 0, daemon.log()
    print("no resource has grown, and every bias is right")


if __name__ == "__main__":
    main()
