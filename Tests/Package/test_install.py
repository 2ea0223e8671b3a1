"""`make install` with another folder as DESTDIR."""

import re
import subprocess

import pytest

from project import BIN, PROGRAMS, PROJECT, run


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder into which the programs of an ordinary build have been installed."""
    folder = tmp_path_factory.mktemp("root")
    install(folder)
    return folder


def install(folder):
    run("make", "install", f"DESTDIR={folder}", "PREFIX=/opt/nnnd", f"BIN={BIN}", cwd=PROJECT)


def test_units_use_the_paths_of_the_prefix(root):
    service = (root / "opt/nnnd/lib/systemd/system/nnnd@.service").read_text()
    assert "ExecStart=/opt/nnnd/bin/nnnd serve" in service
    assert "/usr/bin/nnnd" not in service and "/usr/share/doc/nnnd" not in service
    for name in ("nnnd.service", "nnnd.socket", "nnnd@.socket"):
        assert (root / "opt/nnnd/lib/systemd/system" / name).exists()
    for folder in ("sysusers.d", "tmpfiles.d"):
        assert (root / f"opt/nnnd/lib/{folder}/nnnd.conf").exists()


@pytest.mark.parametrize("program", PROGRAMS)
def test_installed_programs_run(root, program):
    assert run(root / "opt/nnnd/bin" / program, "--version").stdout.strip()


def test_existing_settings_are_not_overwritten(root):
    settings = root / "etc/nnnd/nnnd.yaml"
    assert settings.read_bytes() == (PROJECT / "systemd/nnnd.yaml").read_bytes()
    settings.write_text("alpha: 0.5\n")
    install(root)
    assert settings.read_text() == "alpha: 0.5\n"


def test_installing_without_a_build_fails_with_advice(tmp_path):
    finished = run("make", "install", f"DESTDIR={tmp_path}", f"BIN={tmp_path}", cwd=PROJECT, check=False)
    assert finished.returncode != 0
    assert "run 'make static' first" in finished.stderr
    assert list(tmp_path.iterdir()) == []


def complete(root, words):
    """The completions that bash offers for the last of these words."""
    script = f"""
        shopt -s extglob
        source {root}/opt/nnnd/share/bash-completion/completions/{words[0]}
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)})
        COMP_CWORD={len(words) - 1}
        COMP_LINE="{" ".join(words)}"
        COMP_POINT=${{#COMP_LINE}}
        $(complete -p {words[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/') {words[0]} '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{root}/opt/nnnd/bin:/usr/bin:/bin"
    finished = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env={"PATH": path})
    return {line.strip() for line in finished.stdout.splitlines() if line.strip()}


def test_bash_completes_commands_options_and_values(root):
    assert complete(root, ["nnnctl", "in"]) == {"ingest"}
    assert complete(root, ["nnnctl", "ingest", "--ki"]) == {"--kind"}
    assert complete(root, ["nnnctl", "ingest", "--kind", "ref"]) == {"references"}
    assert complete(root, ["nnnd", "serve", "--precision", ""]) == {"float16", "float32"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_zsh_and_fish_complete_every_command(root, program):
    share = root / "opt/nnnd/share"
    zsh = (share / f"zsh/site-functions/_{program}").read_text()
    fish = (share / f"fish/vendor_completions.d/{program}.fish").read_text()
    assert zsh.startswith(f"#compdef {program}\n")
    assert f"complete -c '{program}'" in fish
    text = run(root / "opt/nnnd/bin" / program, "--help").stdout
    commands = re.findall(r"^  (\w+) {5,}", text.partition("SUBCOMMANDS:")[2], re.M)
    assert commands
    for command in commands:
        assert command in zsh and command in fish
