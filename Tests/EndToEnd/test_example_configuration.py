"""The example configuration systemd/nnnd.yaml has every setting with its default, as a comment."""

import re

from harness.daemon import PROJECT, run

EXAMPLE = (PROJECT / "systemd" / "nnnd.yaml").read_text()


def names():
    return re.findall(r"^#([a-z-]+): ", EXAMPLE, re.M)


def test_every_setting_occurs_once():
    known = set(re.findall(r"^  --([a-z-]+) <", run("serve", "--help").stdout, re.M)) - {"config"}
    assert len(known) > 10
    assert sorted(names()) == sorted(known)


def test_a_comment_precedes_every_setting():
    previous = ""
    for line in EXAMPLE.splitlines():
        if re.match("#[a-z-]+: ", line):
            assert previous.startswith("# "), line
        previous = line


def test_the_example_sets_nothing(make_daemon, tmp_path):
    path = tmp_path / "nnnd.yaml"
    path.write_text(EXAMPLE)
    assert make_daemon(config=path).start().status()["k"] == 128


def test_the_values_in_the_example_are_the_defaults(make_daemon, tmp_path):
    """A daemon with all settings of the example equals one without a configuration file."""
    path = tmp_path / "nnnd.yaml"
    path.write_text(re.sub(r"^#([a-z-]+: )", r"\1", EXAMPLE, flags=re.M))
    # Flags that other tests need, without which both daemons have the values of the file or the defaults.
    left_out = {"threads": None, "quiet_seconds": None, "list_quiet_seconds": None, "rescan_seconds": None}
    explicit = make_daemon(config=path, **left_out).start()
    default = make_daemon(**left_out).start()
    fields = ("k", "capacity", "alpha", "metric", "precision")
    assert [explicit.status()[name] for name in fields] == [default.status()[name] for name in fields]
    assert explicit.socket.stat().st_mode == default.socket.stat().st_mode
