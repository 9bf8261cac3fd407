"""The ``minigate`` command: help at once, one clear line for each error, the right exit codes."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from minigate import cli
from minigate.errors import BackendError, OptionError
from tests.sources import ROOT


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put a command ``probe`` beside the others that does what the test says."""
    real, doing = cli._load, {"run": lambda arguments: 0}

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--number", type=int, default=0)

    module = SimpleNamespace(
        HELP="probe", EPILOG="examples:\n  minigate probe", add_arguments=add_arguments, run=lambda a: doing["run"](a)
    )
    monkeypatch.setattr(cli, "COMMANDS", ("doctor", "probe", "absent"))
    monkeypatch.setattr(cli, "_load", lambda name: module if name == "probe" else real(name))
    return lambda run: doing.update(run=run)


def raising(error: BaseException) -> Any:
    def run(arguments: argparse.Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    "does, code",
    [
        (lambda arguments: 0, 0),
        (lambda arguments: None, 0),
        (lambda arguments: 3, 3),
        (lambda arguments: arguments.number, 7),
        (raising(BackendError("no GPU")), 1),
        (raising(FileNotFoundError(2, "No such file or directory", "x")), 1),
        (raising(OptionError("unit: expected tanh")), 2),
        (raising(KeyboardInterrupt()), 130),
        (raising(SystemExit(5)), 5),
    ],
)
def test_exit_codes(command: Any, does: Any, code: int) -> None:
    command(does)
    assert cli.main(["probe", "--number", "7"]) == code


def test_an_error_is_one_message_on_stderr(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    command(raising(BackendError("no GPU here\n  type: nvidia-smi")))
    cli.main(["probe"])
    out, err = capsys.readouterr()
    assert (out, err) == ("", "minigate probe: no GPU here\n  type: nvidia-smi\n")


@pytest.mark.parametrize("words", [["--debug", "probe"], ["probe", "--debug"]])
def test_debug_shows_the_traceback(command: Any, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    command(raising(BackendError("no GPU")))
    assert cli.main(words) == 1
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err and err.endswith("minigate probe: no GPU\n")


def test_the_variable_shows_the_traceback(command: Any, monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MINIGATE_DEBUG", "1")
    command(raising(BackendError("no GPU")))
    cli.main(["probe"])
    assert "Traceback" in capsys.readouterr().err


def test_a_mistake_of_minigate_itself_is_not_hidden(command: Any) -> None:
    command(raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main(["probe"])


@pytest.mark.parametrize("words", [["nonsense"], ["absent"], ["probe", "--number", "many"], ["probe", "extra"]])
def test_typed_wrongly_is_two(command: Any, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    assert "usage: minigate" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_the_commands_that_are_there(
    command: Any, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert "doctor" in out and "probe" in out and "absent" not in out and "exit codes" in out


def test_every_command_has_help_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for name in cli.COMMANDS:
        module = cli._load(name)
        if module is not None:
            assert cli.main([name, "--help"]) == 0
            assert f"minigate {name}" in capsys.readouterr().out.partition("examples")[2], name


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("minigate ") and "NumPy" in out


def test_python_m_minigate_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "minigate", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "usage: minigate" in done.stdout and done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="pipes close differently")
def test_a_reader_that_has_had_enough_is_no_error() -> None:
    code = (
        "import sys; from minigate.cli import main\n"
        "print('ready', flush=True); sys.stdin.read()\n"  # the test closes its end of stdout here
        "sys.exit(main(['doctor']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_help_does_not_import_what_is_heavy() -> None:
    code = "import sys; from minigate.cli import main; main(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    for name in ("matplotlib", "tqdm", "cupy", "torch", "jupyterlab", "sklearn", "nbclient"):
        assert f"'{name}'" not in done.stderr, name
