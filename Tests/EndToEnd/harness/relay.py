"""A TCP port that leads to a Unix socket, for programs that know TCP only."""

import contextlib
import socket
import threading

from .http import connect


@contextlib.contextmanager
def tcp_port(path):
    """Listens on a local port while the context lasts; each connection is one to the socket at `path`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, path), daemon=True).start()
        yield server.getsockname()[1]
        # Wakes the thread that accepts.
        server.shutdown(socket.SHUT_RDWR)


def _accept(server, path):
    with contextlib.suppress(OSError):
        while True:
            client, _ = server.accept()
            daemon = connect(path)
            for source, target in ((client, daemon), (daemon, client)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source, target):
    """Copies until the source ends; then so does the target, which can still be read."""
    with contextlib.suppress(OSError):
        while part := source.recv(1 << 16):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
