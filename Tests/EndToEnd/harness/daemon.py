"""Runs the daemon as a child process."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess

import nnnd

from .http import Client
from .metrics import Metrics
from .sanitizers import SANITIZED
from .spool import Spool
from .waiting import DEADLINE, wait_until

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def binary(name="nnnd"):
    """The path of a built program, in the folder that NNND_BIN names or else in that of a release build."""
    return pathlib.Path(os.environ.get("NNND_BIN") or PROJECT / ".build" / "release").resolve() / name


def clean_environment(extra=None):
    """The environment of the tests without variables that the daemon reads, and with those in `extra`."""
    removed = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
    removed += ("WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NNND_") and name not in removed}
    return kept | (extra or {})


class Daemon:
    """`nnnd serve` with its spool, data and socket in one folder; as a context manager it ends the process on exit.

    Flags are given as keyword arguments: `socket_mode="0600"` is `--socket-mode=0600`. None leaves a flag out.
    """

    def __init__(
        self, folder, *, environment=None, user=None, socket_path=None, wrapper=(), descriptors=None,
        passed_descriptors=None, **flags
    ):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flags = {
            "spool": self.folder / "spool",
            "data": self.folder / "data",
            "socket": self.folder / "nnnd.sock",
            "threads": 2,
            "quiet_seconds": 0.2,
            "list_quiet_seconds": 0.4,
            "rescan_seconds": 30,
        } | flags
        # The path of the socket if no flag sets it.
        self._socket_path = socket_path
        self.environment = environment or {}
        self.user = user
        # A command prefix such as strace; the started process must become the daemon itself.
        self.wrapper = list(wrapper)
        # The limit of open descriptors (RLIMIT_NOFILE).
        self.descriptors = descriptors
        # Descriptors that are open when the daemon starts: a PassedDescriptors.
        self.passed_descriptors = passed_descriptors
        self.process = None
        self.spool = Spool(pathlib.Path(self.flags["spool"] or self.folder / "spool"), alive=self.check_alive)
        self.log_path = self.folder / "log"

    @property
    def socket(self):
        return pathlib.Path(self._socket_path or self.flags["socket"])

    @property
    def has_socket(self):
        """Whether the path of the socket is known."""
        return bool(self._socket_path or self.flags["socket"])

    @property
    def arguments(self):
        arguments = [str(binary()), "serve"]
        for name, value in self.flags.items():
            flag = f"--{name.replace('_', '-')}"
            if value == "":
                arguments += [flag, ""]
            elif value is not None:
                arguments.append(f"{flag}={value}")
        return arguments

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.kill()
            raise

    def __exit__(self, *_):
        # LeakSanitizer runs when a process exits by itself. A paused or hung process does not, and is killed.
        if SANITIZED and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(AssertionError):
                self.stop(deadline=10)
        self.kill()

    def spawn(self):
        """Starts the process without waiting until it answers requests."""
        assert self.process is None or self.process.poll() is not None, "the daemon is already running"
        passed = self.passed_descriptors
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + (passed.wrapped(self.arguments) if passed else self.arguments),
                pass_fds=passed.descriptors if passed else (), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, env=clean_environment(self.environment), user=self.user,
                preexec_fn=self._limit_descriptors if self.descriptors else None,
            )  # fmt: skip
        return self

    def _limit_descriptors(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def start(self):
        self.spawn()
        wait_until(self.is_ready, "the daemon to be ready", alive=self.check_alive)
        return self

    def restart(self, **flags):
        """Stops the daemon with SIGTERM and starts it again with the changed flags."""
        assert self.stop() == 0, self.log()
        self.flags |= flags
        return self.start()

    def is_ready(self):
        try:
            with self.client() as client:
                return client.ready()
        except (OSError, nnnd.ApiError):
            return False

    def check_alive(self):
        status = self.process.poll()
        assert status is None, f"the daemon ended with status {status}:\n{self.log()[-3000:]}"

    def client(self, timeout=DEADLINE):
        return Client(self.socket, timeout)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def send_signal(self, number):
        self.process.send_signal(number)

    def pause(self):
        """Stops all threads of the process until `resume` is called."""
        self.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def resume(self):
        self.send_signal(signal.SIGCONT)

    def let_run(self, seconds):
        """Waits for this time; fails if the process ends before."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"the daemon ended with status {status}:\n{self.log()[-3000:]}")

    def wait(self, deadline=DEADLINE):
        """Waits until the process ends and returns its exit status."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the daemon still runs after {deadline} s:\n{self.log()[-3000:]}") from None

    def stop(self, number=signal.SIGTERM, deadline=DEADLINE):
        """Sends SIGTERM or another signal, waits until the process ends, and returns its exit status."""
        self.send_signal(number)
        return self.wait(deadline)

    def kill(self):
        """Kills the process with SIGKILL if it is running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def drop(self, kind, name, vectors, ids=None):
        """Adds a shard as the package does, which writes .npy files, and returns its receipt."""
        assert name.endswith(".npy"), name
        with self.client() as client:
            added = client.submit(kind, vectors, ids, name.removesuffix(".npy"), sync=False)
            try:
                return added.wait(DEADLINE).receipts[0]
            except nnnd.NotReachable:
                self.check_alive()
                raise

    def delete(self, kind, name, ids):
        """Drops a deletion list and returns its receipt."""
        return self.spool.delete_and_wait(kind, name, ids)

    def status(self):
        with self.client() as client:
            return client.status()

    def metrics(self):
        with self.client() as client:
            return Metrics(client.metrics())

    def search(self, queries, top_k=10, alpha=None):
        with self.client() as client:
            return client.search(queries, top_k, alpha)


def setting_from(source, folder, setting, value):
    """Arguments of `Daemon` that give it a setting by a flag, the environment or the configuration file."""
    if source == "flag":
        return {setting.replace("-", "_"): value}
    if source == "environment":
        return {"environment": {f"NNND_{setting.upper().replace('-', '_')}": value}}
    path = folder / "nnnd.yaml"
    path.write_text(f"{setting}: {value}\n")
    return {"config": path}


def run_to_end(folder, *, environment=None, **flags):
    """Starts a daemon whose start must fail; returns its exit status and its output to standard error."""
    daemon = Daemon(folder, environment=environment, **flags)
    daemon.log_path = daemon.folder / "errors"
    daemon.log_path.unlink(missing_ok=True)
    # If there is a socket already, another daemon may answer on it.
    can_check_ready = daemon.has_socket and not daemon.socket.exists()
    try:
        daemon.spawn()
        wait_until(
            lambda: daemon.process.poll() is not None or (can_check_ready and daemon.is_ready()), "the daemon to exit"
        )
        assert daemon.process.returncode is not None, f"the start succeeded: {daemon.arguments} {environment}"
    finally:
        daemon.kill()
    return daemon.process.returncode, daemon.log()


def run(*arguments, environment=None):
    """Runs nnnd with these arguments to its end and returns the `subprocess.CompletedProcess`."""
    return subprocess.run(
        [str(binary()), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=clean_environment(environment), timeout=DEADLINE,
    )  # fmt: skip
