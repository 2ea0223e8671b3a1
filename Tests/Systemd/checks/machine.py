"""The machine in which the checks run: its services, its users, its journal."""

import json
import os
import pathlib
import pwd
import subprocess

from harness.http import Client
from harness.spool import Spool
from harness.waiting import wait_until

PACKAGE = pathlib.Path("/nnnd-checks/nnnd.deb")
# Seconds; a restart by the watchdog takes a few times its own limit.
DEADLINE = 60


def run(*arguments, user=None, check=True, text=None):
    """Runs a program to its end, as a user with all groups that one has."""
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
    """Makes users who are in these groups; their names."""
    for name, of in groups.items():
        run("useradd", "--no-create-home", "--groups", ",".join(of), name)
    return list(groups)


class Service:
    """A service of nnnd with its socket, spool and store."""

    def __init__(self, name):
        self.name = name
        self.unit = f"{name}.service"
        self.socket_unit = f"{name}.socket"
        self.socket = pathlib.Path(f"/run/{name}/nnnd.sock")
        self.spool = Spool(pathlib.Path(f"/var/spool/{name}"))
        self.store = pathlib.Path(f"/var/lib/{name}")
        self._drop_in = pathlib.Path(f"/run/systemd/system/{name}.service.d/check.conf")

    def show(self, name, unit=None):
        """A property of the service, or of another unit, as text."""
        return systemctl("show", "--property", name, "--value", unit or self.unit).stdout.strip()

    @property
    def state(self):
        return self.show("ActiveState")

    @property
    def process(self):
        return int(self.show("MainPID"))

    @property
    def restarts(self):
        """How often it was restarted by itself."""
        return int(self.show("NRestarts"))

    def make_sure_it_runs(self):
        systemctl("reset-failed", self.unit, self.socket_unit, check=False)
        systemctl("start", self.socket_unit, self.unit)

    def do(self, *verbs):
        systemctl(*verbs, self.unit)

    def set(self, **settings):
        """Overrides settings of the unit's service part and starts it anew."""
        self._drop_in.parent.mkdir(parents=True, exist_ok=True)
        self._drop_in.write_text("[Service]\n" + "".join(f"{name}={value}\n" for name, value in settings.items()))
        systemctl("daemon-reload")
        self.do("restart")

    def forget_drop_ins(self):
        if self._drop_in.exists():
            self._drop_in.unlink()
            self._drop_in.parent.rmdir()
            systemctl("daemon-reload")
            self.make_sure_it_runs()
            self.do("restart")

    def wait_restarted(self, before, process, alive=None):
        """Waits until it runs again, after it was restarted by itself; `alive` as in `wait_until`."""

        def again():
            return self.restarts > before and self.state == "active" and self.process not in (0, process)

        wait_until(again, f"{self.unit} to be restarted", alive=alive, deadline=DEADLINE)

    def client(self):
        return Client(self.socket)

    def status(self):
        with self.client() as client:
            return client.status()

    def nnnctl(self, *arguments, user=None, check=True):
        return run("nnnctl", *arguments, "--socket", self.socket, user=user, check=check)

    def check_biases(self):
        """Holds that no bias is off; how many were looked at."""
        report = json.loads(self.nnnctl("verify", "--json").stdout)
        assert report["wrong"] == 0, report
        return report["checked"]

    def journal(self, since=None):
        """What the journal has of this unit, as (priority, message)."""
        run("journalctl", "--sync")
        arguments = ["journalctl", "--unit", self.unit, "--output=json", "--no-pager"]
        arguments += ["--after-cursor", since] if since else []
        entries = [json.loads(line) for line in run(*arguments).stdout.splitlines()]
        return [(int(entry["PRIORITY"]), entry["MESSAGE"]) for entry in entries]

    def now(self):
        """The place where the journal is."""
        run("journalctl", "--sync")
        found = run("journalctl", "--lines=0", "--show-cursor", "--no-pager").stdout
        return found.partition("-- cursor: ")[2].strip()

    def memory(self, name):
        """A figure of the unit's control group, of whichever version."""
        group = self.show("ControlGroup")
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/memory"):
            path = pathlib.Path(f"{root}{group}/{name}")
            if path.exists():
                return path.read_text()
        return None
