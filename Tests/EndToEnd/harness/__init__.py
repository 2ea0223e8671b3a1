"""Helpers of the end-to-end tests, which use the built programs through files, the socket and signals only.

Where a test needs an ordinary client or producer, it uses the Python package `nnnd` of this working tree.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "clients" / "python" / "src"))
