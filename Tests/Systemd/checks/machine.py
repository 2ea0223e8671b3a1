"""The container in which the checks run: its services, users and journal."""

import json
import os
import pathlib
import pwd
import subprocess

from harness.http import Client
from harness.spool import Spool
from harness.waiting import wait_until

PACKAGE = pathlib.Path("/nnnd-checks/nnnd.deb")
# Seconds; a restart by the watchdog takes several times the watchdog's interval.
DEADLINE = 60


def run(*arguments, user=None, check=True, text=None):
    """Runs a program to its end, as `user` with all groups of that user if one is given."""
    as_user = {}
    if user:
        entry = pwd.getpwnam(user)
        groups = os.getgrouplist(user, entry.pw_gid)
        as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups, "umask": 0o027}
    finished = subprocess.run(
        [str(a) for a in arguments], input=text or "", capture_output=True, text=True, timeout=DEADLINE, **as_user)
    if check:
        assert finished.returncode == 0, f"{arguments}: {finished.returncode}\n{finished.stdout}{finished.stderr}"
    return finished


def systemctl(*arguments, check=True):
    return run("systemctl", *arguments, check=check)


def make_users(groups):
    """Creates users; `groups` maps the name of a user to its groups. Returns the names."""
    for name, memberships in groups.items():
        run("useradd", "--no-create-home", "--groups", ",".join(memberships), name)
    return list(groups)


class Service:
    """A systemd service of nnnd, with its socket, spool and store."""

    def __init__(self, name):
        self.name = name
        self.unit = f"{name}.service"
        self.socket_unit = f"{name}.socket"
        self.socket = pathlib.Path(f"/run/{name}/nnnd.sock")
        self.spool = Spool(pathlib.Path(f"/var/spool/{name}"))
        self.store = pathlib.Path(f"/var/lib/{name}")
        self._drop_in = pathlib.Path(f"/run/systemd/system/{name}.service.d/check.conf")

    def show(self, name, unit=None):
        """A property of the service, or of another unit, as a string."""
        return systemctl("show", "--property", name, "--value", unit or self.unit).stdout.strip()

    @property
    def state(self):
        return self.show("ActiveState")

    @property
    def process(self):
        return int(self.show("MainPID"))

    @property
    def restarts(self):
        """How often systemd has restarted the service automatically."""
        return int(self.show("NRestarts"))

    def ensure_running(self):
        systemctl("reset-failed", self.unit, self.socket_unit, check=False)
        systemctl("start", self.socket_unit, self.unit)

    def do(self, *verbs):
        """Runs `systemctl VERB` on the service."""
        systemctl(*verbs, self.unit)

    def set(self, **settings):
        """Overrides settings of the unit's [Service] section with a drop-in, and restarts the service."""
        self._drop_in.parent.mkdir(parents=True, exist_ok=True)
        self._drop_in.write_text("[Service]\n" + "".join(f"{name}={value}\n" for name, value in settings.items()))
        systemctl("daemon-reload")
        self.do("restart")

    def remove_drop_ins(self):
        """Removes the drop-in of `set` and restarts the service, if there is one."""
        if self._drop_in.exists():
            self._drop_in.unlink()
            self._drop_in.parent.rmdir()
            systemctl("daemon-reload")
            self.ensure_running()
            self.do("restart")

    def wait_restarted(self, before, process, alive=None):
        """Waits until systemd has restarted the service; `before` and `process` are its old values.

        `alive` is as in `wait_until`.
        """

        def is_restarted():
            return self.restarts > before and self.state == "active" and self.process not in (0, process)

        wait_until(is_restarted, f"{self.unit} to be restarted", alive=alive, deadline=DEADLINE)

    def client(self):
        return Client(self.socket)

    def status(self):
        with self.client() as client:
            return client.status()

    def nnnctl(self, *arguments, user=None, check=True):
        return run("nnnctl", *arguments, "--socket", self.socket, user=user, check=check)

    def check_biases(self):
        """Checks that no bias is wrong; returns the number of images checked."""
        report = json.loads(self.nnnctl("verify", "--json").stdout)
        assert report["wrong"] == 0, report
        return report["checked"]

    def journal(self, since=None):
        """The journal's entries of this unit as (priority, message); with `since` only those after this cursor."""
        run("journalctl", "--sync")
        arguments = ["journalctl", "--unit", self.unit, "--output=json", "--no-pager"]
        arguments += ["--after-cursor", since] if since else []
        entries = [json.loads(line) for line in run(*arguments).stdout.splitlines()]
        return [(int(entry["PRIORITY"]), entry["MESSAGE"]) for entry in entries]

    def journal_cursor(self):
        """The cursor of the last entry of the journal."""
        run("journalctl", "--sync")
        output = run("journalctl", "--lines=0", "--show-cursor", "--no-pager").stdout
        return output.partition("-- cursor: ")[2].strip()

    def memory(self, name):
        """The content of a memory file of the unit's control group, of version 1 or 2; None if it does not exist."""
        group = self.show("ControlGroup")
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/memory"):
            path = pathlib.Path(f"{root}{group}/{name}")
            if path.exists():
                return path.read_text()
        return None
