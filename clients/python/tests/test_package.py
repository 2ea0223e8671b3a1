"""The package as a whole: what `import nnnd` gives and costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import nnnd
from nnnd import _programs

SOURCES = Path(nnnd.__file__).parents[1]


def run(code):
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(SOURCES)!r})\n{code}"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_every_public_name_can_be_imported():
    for name in nnnd.__all__:
        if name == "AsyncClient":
            pytest.importorskip("httpx")
        assert getattr(nnnd, name) is not None
    assert set(nnnd.__all__) <= set(dir(nnnd))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = nnnd.nonsense
    assert run("import nnnd; print(nnnd.compat.NNNRanker.__name__)") == "NNNRanker"


def test_the_commands_of_the_wheel_start_without_numpy():
    assert run("import nnnd._programs; print('numpy' in sys.modules)") == "False"


def test_the_command_of_the_wheel_executes_the_program():
    output = run("import nnnd._programs; sys.argv = ['nnnctl', '--version']; nnnd._programs.run_nnnctl()")
    assert output == nnnd.__version__


def test_the_error_for_a_folder_without_the_program_names_it(monkeypatch, tmp_path):
    monkeypatch.setenv("NNND_BIN", str(tmp_path))
    with pytest.raises(nnnd.DaemonFailed, match="there is no nnnd"):
        _programs.find_program("nnnd")


def test_open_without_the_program_says_what_to_install_and_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("NNND_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_programs, "BUNDLED", tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with pytest.raises(nnnd.DaemonFailed, match="manylinux"):
        nnnd.open()
    assert list((tmp_path / "temporary").iterdir()) == []
