"""Socket activation: the socket unit owns the socket, and a connection starts the daemon."""

import grp
import pwd
import stat

from machine import systemctl
from harness.waiting import wait_until


def test_a_connection_starts_the_service(nnnd):
    nnnd.do("stop")
    assert nnnd.state == "inactive"
    assert systemctl("is-active", nnnd.socket_unit).stdout.strip() == "active"
    nnnd.status()  # fails unless the daemon answers
    assert nnnd.state == "active"


def test_the_socket_is_accessible_only_to_the_daemon_and_the_clients_group(nnnd):
    info = nnnd.socket.stat()
    assert stat.S_IMODE(info.st_mode) == 0o660
    assert (info.st_uid, info.st_gid) == (pwd.getpwnam("nnnd").pw_uid, grp.getgrnam("nnnd-clients").gr_gid)


def test_stopping_the_socket_unit_removes_the_socket(nnnd):
    nnnd.do("stop")
    systemctl("stop", nnnd.socket_unit)
    assert not nnnd.socket.exists()
    systemctl("start", nnnd.socket_unit)
    wait_until(nnnd.socket.exists, "the socket")
    nnnd.status()  # fails unless the daemon answers
