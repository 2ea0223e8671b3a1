"""A private daemon in a notebook: a kernel of Jupyter that is interrupted, restarted or killed."""

import os
import signal
import sys

import pytest

from conftest import process_runs, wait_until

manager = pytest.importorskip("jupyter_client.manager")
pytest.importorskip("ipykernel")

OPEN = """
import sys
sys.path[:0] = {path!r}
import nnnd, numpy as np, socket, struct
db = nnnd.open({folder!r}, k=2)
db.add_images(np.eye(3, dtype=np.float32), ["a", "b", "c"])
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(db.socket)
    print(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
"""


@pytest.fixture
def kernel():
    kernel_manager, client = manager.start_new_kernel(kernel_name="python3", env=dict(os.environ))
    yield kernel_manager, client
    client.stop_channels()
    kernel_manager.shutdown_kernel(now=True)


def run(client, code):
    """Runs a cell and returns what it prints."""
    printed = []
    reply = client.execute_interactive(
        code, timeout=60, output_hook=lambda message: printed.append(message["content"].get("text", ""))
    )
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed).strip()


def open_in(client, folder):
    """Opens a database in a cell; the process id of its daemon."""
    return int(run(client, OPEN.format(path=sys.path, folder=str(folder))))


@pytest.mark.parametrize("end", ["kill", "restart", "shutdown"])
def test_the_daemon_ends_with_the_kernel(kernel, tmp_path, end):
    kernel_manager, client = kernel
    pid = open_in(client, tmp_path / "db")
    assert process_runs(pid)
    if end == "kill":
        kernel_manager.signal_kernel(signal.SIGKILL)
    elif end == "restart":
        kernel_manager.restart_kernel(now=True)
    else:
        kernel_manager.shutdown_kernel()
    wait_until(lambda: not process_runs(pid), "the end of the daemon")


def test_an_interrupt_of_a_cell_does_not_stop_the_daemon(kernel, tmp_path):
    kernel_manager, client = kernel
    pid = open_in(client, tmp_path / "db")
    kernel_manager.interrupt_kernel()
    assert run(client, "print(db.search(np.eye(3)[0], 1, alpha=0).ids[0, 0])") == "a"
    assert process_runs(pid)


def test_a_result_is_shown_as_a_table(kernel, tmp_path):
    _, client = kernel
    open_in(client, tmp_path / "db")
    assert "<table>" in run(client, "print(db.search(np.eye(3)[0], 1)._repr_html_())")
