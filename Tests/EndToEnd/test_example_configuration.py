"""systemd/nnnd.yaml, which `nnnd settings --format yaml` writes: every setting with its default."""

import re

from harness.daemon import PROJECT, run

EXAMPLE = (PROJECT / "systemd" / "nnnd.yaml").read_text()
# Examples of values where the default is to set nothing, or depends on the machine.
WITHOUT_DEFAULT = ("max-references", "reference-ttl", "threads", "spool", "data", "socket")


def names():
    return re.findall(r"^#([a-z-]+): ", EXAMPLE, re.M)


def test_every_setting_stands_in_it_once():
    known = set(re.findall(r"^  --([a-z-]+) <", run("serve", "--help").stdout, re.M)) - {"config"}
    assert len(known) > 10
    assert sorted(names()) == sorted(known)


def test_every_setting_is_explained():
    before = ""
    for line in EXAMPLE.splitlines():
        if re.match("#[a-z-]+: ", line):
            assert before.startswith("# "), line
        before = line


def test_it_sets_nothing_as_it_is(make_daemon, tmp_path):
    path = tmp_path / "nnnd.yaml"
    path.write_text(EXAMPLE)
    assert make_daemon(config=path).start().status()["k"] == 128


def test_it_has_the_defaults(make_daemon, tmp_path):
    """A daemon with all of it and one with nothing are the same."""
    path = tmp_path / "nnnd.yaml"
    path.write_text(re.sub(r"^#([a-z-]+: )", r"\1", EXAMPLE, flags=re.M))
    left_out = {"threads": None, "quiet_seconds": None, "rescan_seconds": None}
    explicit = make_daemon(config=path, **left_out).start()
    default = make_daemon(**left_out).start()
    fields = ("k", "capacity", "alpha", "metric", "precision")
    assert [explicit.status()[name] for name in fields] == [default.status()[name] for name in fields]
    assert explicit.socket.stat().st_mode == default.socket.stat().st_mode
