"""schemathesis makes valid and invalid requests from docs/openapi.yaml, and compares the responses with it.

`harness/schemathesis_hooks.py` names the exceptions, each with its reason.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from harness.daemon import PROJECT
from harness.relay import tcp_port
from harness.spool import IMAGES, REFERENCES
from harness.waiting import DEADLINE

COMMAND = Path(sys.executable).parent / "schemathesis"
# Always the same requests, about 800.
ARGUMENTS = [
    "--checks=all", "--continue-on-failure", "--max-examples=60", "--seed=1", "--generation-database=none",
    "--suppress-health-check=all", f"--request-timeout={DEADLINE}", "--no-color",
]  # fmt: skip


def test_schemathesis_finds_no_failure(daemon, tmp_path):
    for kind in (IMAGES, REFERENCES):
        # The last id is in the examples of the document.
        daemon.drop(kind, "s.npy", np.eye(3), ids=["a", "b/c", "dog.n.01"])
    hooks = {"SCHEMATHESIS_HOOKS": "harness.schemathesis_hooks", "PYTHONPATH": str(Path(__file__).parent)}
    with tcp_port(daemon.socket) as port:
        # Schemathesis writes files into the current folder.
        done = subprocess.run(
            [COMMAND, "run", PROJECT / "docs/openapi.yaml", f"--url=http://127.0.0.1:{port}", *ARGUMENTS],
            cwd=tmp_path, env=os.environ | hooks, capture_output=True, text=True,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
