"""A private daemon in a folder, as easy to open as a file."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, Callable, cast

from ._lease import Lease, PrivateFolder, acquire
from ._messages import STATUS
from ._transport import Transport
from .client import Client
from .errors import DaemonFailed

# The value of a setting: a number, a string or a bool, of which `_text` makes a flag's text.
Setting = Any
STATUS_SECONDS = 60.0


class Database(Client):
    """A client for the private daemon of a folder, which `nnnd.open` returns.

    The daemon ends when the last process that uses the folder has closed it or has ended, however it ended.
    """

    def __init__(
        self, folder: PrivateFolder, settings: dict[str, str], timeout: float | None, retry_seconds: float
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._lease_lock = threading.Lock()
        self._lease: Lease | None = _acquire(folder, settings)
        super().__init__(folder.socket, timeout=timeout, retry_seconds=retry_seconds)
        # This transport first makes sure that the daemon runs, before each request. It refers to the database only
        # weakly: a database that nobody uses any more is then deleted at once, and its lease ends.
        self._transport = Transport(folder.socket, timeout, retry_seconds, _weak_ensure_running(self))
        self._is_closed = False
        _databases.add(self)

    @property
    def folder(self) -> Path:
        """The folder with the store, the spool, the socket and the log of the daemon."""
        return self._folder.path

    def close(self) -> None:
        """Closes the connections. If nobody else uses the folder, the daemon stops, and this waits for its end."""
        self._transport.pool.close()
        with self._lease_lock:
            self._is_closed = True
            lease, self._lease = self._lease, None
        if lease is not None:
            lease.close_and_wait()

    def __repr__(self) -> str:
        """The class and the folder."""
        return f"nnnd.open({str(self.folder)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the same folder, and shares its daemon."""
        transport = self._transport
        return _reopen, (self._folder, self._settings, transport.pool.timeout, transport.retries.seconds)

    def ensure_running(self) -> None:
        """Starts the daemon again if it has ended, and acquires a lease of its own in the child of a fork."""
        lease = self._lease
        if lease is not None and lease.is_valid():
            return
        with self._lease_lock:
            if self._is_closed:
                raise ValueError("the database is closed")
            if self._lease is None or not self._lease.is_valid():
                if not self._folder.path.is_dir():
                    raise DaemonFailed(f"the folder {self._folder.path} of the database has been removed")
                # The old lease is closed after the new one has begun, because a temporary folder is removed when its
                # last lease ends.
                old, self._lease = self._lease, _acquire(self._folder, self._settings)
                if old is not None:
                    old.close()

    def after_fork(self) -> None:
        """Closes the copy of the parent's lease, in the child of a fork."""
        self._lease_lock = threading.Lock()
        lease, self._lease = self._lease, None
        if lease is not None:
            lease.close()


def open(
    folder: str | os.PathLike[str] | None = None,
    *,
    k: int | None = None,
    alpha: float | None = None,
    metric: str | None = None,
    precision: str | None = None,
    threads: int | None = None,
    timeout: float | None = 60.0,
    retry_seconds: float = 5.0,
    **settings: Setting,
) -> Database:
    """Opens a folder with a private daemon, and starts that daemon if it does not run yet.

    The folder is created if it does not exist. Processes that open the same folder share one daemon. It ends when the
    last of them has closed the folder or has ended, even by SIGKILL. Without a folder the data is temporary.

    >>> with nnnd.open(k=2) as temporary:
    ...     _ = temporary.add_images([[1.0, 0.0], [0.6, 0.8]], ["a", "b"])
    ...     _ = temporary.add_references([[1.0, 0.0]], ["query"])
    ...     temporary.search([1.0, 0.0], top_k=1, alpha=0.75).biases.round(3)
    array([[0.75]], dtype=float32)

    Args:
        folder: where the store, the spool, the socket and the log of the daemon are.
        k: the number of references that a bias averages (128).
        alpha: the weight of the bias in searches that name none (0.75).
        metric: `cosine` or `inner-product`; fixed when the folder is created.
        precision: `float32` or `float16`; fixed when the folder is created.
        threads: the number of threads; by default one for each core.
        timeout: as for `Client`.
        retry_seconds: as for `Client`.
        settings: other settings of the daemon, for example `max_references=100_000`. `nnnd.yaml` in the folder can
            have them too.

    Raises:
        DaemonFailed: the daemon did not start, or runs with other settings than those given here.

    """
    named = {"k": k, "alpha": alpha, "metric": metric, "precision": precision, "threads": threads, **settings}
    flags = {name.replace("_", "-"): _text(value) for name, value in named.items() if value is not None}
    if folder is None:
        private = PrivateFolder(Path(tempfile.mkdtemp(prefix="nnnd-")), is_temporary=True)
    else:
        private = PrivateFolder(Path(folder).expanduser().resolve())
        private.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return Database(private, flags, timeout, retry_seconds)
    except BaseException:
        if private.is_temporary:
            shutil.rmtree(private.path, ignore_errors=True)
        raise


def _reopen(folder: PrivateFolder, settings: dict[str, str], timeout: float | None, retry_seconds: float) -> Database:
    if not folder.path.is_dir():
        raise DaemonFailed(f"the folder {folder.path} of the database has been removed")
    return Database(folder, settings, timeout, retry_seconds)


def _text(value: Setting) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _acquire(folder: PrivateFolder, settings: dict[str, str]) -> Lease:
    """A lease of the daemon of a folder, which runs with these settings."""
    lease = acquire(folder, settings)
    try:
        _check_settings(folder, settings, lease.settings)
    except BaseException:
        lease.close()
        raise
    return lease


def _check_settings(folder: PrivateFolder, wanted: dict[str, str], given: dict[str, str]) -> None:
    """Raises DaemonFailed if the daemon, which was started with the settings `given`, has others than those wanted."""
    others = {name: given.get(name) for name, value in wanted.items() if not _is_same(value, given.get(name))}
    if None in others.values():
        # The daemon was started without some of the wanted settings. It reports what it has for them: defaults, or
        # values from nnnd.yaml in the folder.
        status = _status(folder)
        found = {name: _text(status[key]) for name in others if (key := name.replace("-", "_")) in status}
        others = {name: value or found.get(name) for name, value in others.items()}
        others = {name: value for name, value in others.items() if not _is_same(wanted[name], value)}
    if others:
        texts = ", ".join(f"{name} = {wanted[name]}, not {value or 'the default'}" for name, value in others.items())
        raise DaemonFailed(
            f"the daemon of {folder.path} runs already, with other settings: this call asks for {texts}. Close the "
            "other databases on this folder first, or open it with the same settings."
        )


def _is_same(wanted: str, value: str | None) -> bool:
    """Whether two texts of a setting are the same text or the same number."""
    if wanted == value or value is None:
        return wanted == value
    try:
        return float(wanted) == float(value)
    except ValueError:
        return False


def _status(folder: PrivateFolder) -> dict[str, Any]:
    transport = Transport(folder.socket, STATUS_SECONDS, STATUS_SECONDS)
    try:
        return cast("dict[str, Any]", transport.send(STATUS).json())
    finally:
        transport.pool.close()


def _weak_ensure_running(database: Database) -> Callable[[], None]:
    """`database.ensure_running`, with a weak reference to the database."""
    reference = weakref.ref(database)

    def ensure_running() -> None:
        found = reference()
        if found is not None:
            found.ensure_running()

    return ensure_running


_databases: weakref.WeakSet[Database] = weakref.WeakSet()


def _after_fork() -> None:
    for database in list(_databases):
        database.after_fork()


os.register_at_fork(after_in_child=_after_fork)
