"""The daemon as a process of its own."""

import contextlib
import os
import pathlib
import resource
import signal
import subprocess

from .http import Client
from .sanitizers import SANITIZED
from .spool import Spool
from .waiting import DEADLINE, wait_until

PROJECT = pathlib.Path(__file__).resolve().parents[3]


def binary(name="nnnd"):
    """Where the built programs are: the folder in NNND_BIN, else that of a release build."""
    return pathlib.Path(os.environ.get("NNND_BIN") or PROJECT / ".build" / "release").resolve() / name


def clean_environment(extra=None):
    """The environment without any setting of the daemon."""
    ours = ("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
    ours += ("WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NNND_") and name not in ours}
    return kept | (extra or {})


class Daemon:
    """`nnnd serve` on a folder of its own; as a context manager it always ends the process that it started.

    Flags are given as keyword arguments: `socket_mode="0600"` is `--socket-mode=0600`. None leaves a flag out.
    """

    def __init__(
        self, folder, *, environment=None, user=None, socket_path=None, wrapper=(), descriptors=None, handed_over=None,
        **flags
    ):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flags = {
            "spool": self.folder / "spool",
            "data": self.folder / "data",
            "socket": self.folder / "nnnd.sock",
            "threads": 2,
            "quiet_seconds": 0.2,
            "rescan_seconds": 30,
        } | flags
        # Where to find it if no flag says so.
        self._socket_path = socket_path
        self.environment = environment or {}
        self.user = user
        # What to start it with, such as strace; the process must stay the daemon's own.
        self.wrapper = list(wrapper)
        # How many files it may have open.
        self.descriptors = descriptors
        # Descriptors that it finds open: a HandedOver.
        self.handed_over = handed_over
        self.process = None
        self.spool = Spool(pathlib.Path(self.flags["spool"] or self.folder / "spool"), alive=self.check_alive)
        self.log_path = self.folder / "log"

    @property
    def socket(self):
        return pathlib.Path(self._socket_path or self.flags["socket"])

    @property
    def has_socket(self):
        """Whether it is known where its socket will be."""
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
        # Leaks are looked for when a process ends by itself; what has been paused or hangs does not.
        if SANITIZED and self.process is not None and self.process.poll() is None:
            with contextlib.suppress(AssertionError):
                self.stop(deadline=10)
        self.kill()

    def spawn(self):
        """Starts the process without waiting until it answers."""
        assert self.process is None or self.process.poll() is not None, "it runs already"
        given = self.handed_over
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.wrapper + (given.arguments(self.arguments) if given else self.arguments),
                pass_fds=given.descriptors if given else (), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env=clean_environment(self.environment), user=self.user,
                preexec_fn=self._limit if self.descriptors else None,
            )  # fmt: skip
        return self

    def _limit(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def start(self):
        self.spawn()
        wait_until(self.is_ready, "the daemon to be ready", alive=self.check_alive)
        return self

    def restart(self, **flags):
        """Ends it gracefully and starts it again, with some flags changed."""
        assert self.stop() == 0, self.log()
        self.flags |= flags
        return self.start()

    def is_ready(self):
        try:
            with self.client() as client:
                return client.get("/readyz").status == 200
        except OSError:
            return False

    def check_alive(self):
        status = self.process.poll()
        assert status is None, f"the daemon ended with status {status}:\n{self.log()[-3000:]}"

    def client(self, timeout=DEADLINE):
        return Client(self.socket, timeout)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def send(self, number):
        self.process.send_signal(number)

    def pause(self):
        """Stops it in its tracks, until `resume`."""
        self.send(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def resume(self):
        self.send(signal.SIGCONT)

    def let_run(self, seconds):
        """Lets it do what it does for a while: any moment is a good one to kill it."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return
        raise AssertionError(f"the daemon ended with status {status}:\n{self.log()[-3000:]}")

    def wait(self, deadline=DEADLINE):
        """Waits for its end; the exit status."""
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it still runs after {deadline} s:\n{self.log()[-3000:]}") from None

    def stop(self, number=signal.SIGTERM, deadline=DEADLINE):
        """Ends it gracefully; the exit status."""
        self.send(number)
        return self.wait(deadline)

    def kill(self):
        """Ends it at once, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # What the tests ask for most.

    def drop(self, kind, name, vectors, ids=None):
        return self.spool.drop_and_wait(kind, name, vectors, ids)

    def delete(self, kind, name, ids):
        return self.spool.delete_and_wait(kind, name, ids)

    def status(self):
        with self.client() as client:
            return client.status()

    def metrics(self):
        with self.client() as client:
            return client.metrics()

    def search(self, queries, top_k=10, alpha=None):
        with self.client() as client:
            return client.search(queries, top_k, alpha)


def setting_from(source, folder, setting, value):
    """What to start a daemon with so that it has a setting from its flag, the environment or the file."""
    if source == "flag":
        return {setting.replace("-", "_"): value}
    if source == "environment":
        return {"environment": {f"NNND_{setting.upper().replace('-', '_')}": value}}
    path = folder / "nnnd.yaml"
    path.write_text(f"{setting}: {value}\n")
    return {"config": path}


def run_to_end(folder, *, environment=None, **flags):
    """Starts a daemon that must not come up; its exit status and what it wrote to standard error."""
    daemon = Daemon(folder, environment=environment, **flags)
    daemon.log_path = daemon.folder / "errors"
    daemon.log_path.unlink(missing_ok=True)
    # Whose socket may be there already.
    others = daemon.has_socket and daemon.socket.exists()
    try:
        daemon.spawn()
        wait_until(lambda: daemon.process.poll() is not None or (not others and daemon.has_socket and daemon.is_ready()), "its end")
        assert daemon.process.returncode is not None, f"it came up: {daemon.arguments} {environment}"
    finally:
        daemon.kill()
    return daemon.process.returncode, daemon.log()


def run(*arguments, environment=None):
    """Runs the program to its end; what `subprocess.run` gives."""
    return subprocess.run(
        [str(binary()), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env=clean_environment(environment), timeout=DEADLINE,
    )  # fmt: skip
