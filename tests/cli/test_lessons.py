"""``minigate lessons``: copy, list, check, run, and JupyterLab on a machine without a screen."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from minigate.cli import main
from minigate.learn import lab, lessons
from minigate.learn.library import read_notebook
from minigate.learn.paste import exercise_cells, with_answers
from minigate.learn.progress import MARKER

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test comes near the home or the lessons of whoever runs it."""
    monkeypatch.setenv("MINIGATE_LESSONS", str(tmp_path / "mine"))
    monkeypatch.chdir(tmp_path)


def test_copy_then_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "copy"]) == 0
    assert "00_orientation.ipynb" in capsys.readouterr().out and (tmp_path / "mine" / "01_the_tape.ipynb").is_file()
    assert main(["lessons", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["number"] for row in rows] == [lesson.number for lesson in lessons()]
    first = rows[0]
    assert first["copy"] == "as shipped" and first["minutes"] == 40 and first["needs"] == [] and first["passed"] == 0
    assert set(first["exercises"]) == {"00.shapes", "00.gate", "00.unbroadcast", "00.silent"}
    assert main(["lessons", "list"]) == 0
    table = capsys.readouterr().out
    assert "Orientation" in table and "0 of 4 passed" in table and str(tmp_path / "mine") in table


def test_list_before_any_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "list"]) == 0
    assert "(not there yet: minigate lessons)" in capsys.readouterr().out
    assert not (tmp_path / "mine").exists()


def test_copy_of_some_with_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "copy", "there", "--only", "01", "--solutions"]) == 0
    names = sorted(p.relative_to(tmp_path / "there").as_posix() for p in (tmp_path / "there").rglob("*") if p.is_file())
    beside = ["README.md", "RESULTS.md", "map.png", *(name for name in names if name.startswith("figures/"))]
    assert names == sorted([MARKER, "01_the_tape.ipynb", *beside, "solutions/01_the_tape.ipynb"])
    assert main(["lessons", "copy", "there", "--only", "99"]) == 2
    assert "there is no lesson '99'" in capsys.readouterr().err


def test_copy_keeps_what_was_edited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["lessons", "copy"])
    mine = tmp_path / "mine" / "00_orientation.ipynb"
    notebook = read_notebook(mine)
    exercise_cells(notebook)["00.gate"]["source"] = "# Exercise 00.gate\nmy work"
    mine.write_text(json.dumps(notebook), encoding="utf-8")
    main(["lessons", "copy"])
    assert "my work" in mine.read_text(encoding="utf-8")
    capsys.readouterr()
    main(["lessons", "list", "--json"])
    assert json.loads(capsys.readouterr().out)[0]["copy"] == "edited"
    assert main(["lessons", "copy", "--force"]) == 0
    assert "my work" not in mine.read_text(encoding="utf-8")
    assert "my work" in mine.with_name(mine.name + ".bak").read_text(encoding="utf-8")


def test_check_needs_a_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "check", "00"]) == 2
    assert "there is no copy of lesson 00 to check" in capsys.readouterr().err
    assert main(["lessons", "check"]) == 2
    assert "there are no lessons to check: expected a copy in" in capsys.readouterr().err


def test_check_reports_exercises_and_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from minigate.learn import exercises

    main(["lessons", "copy", "--only", "00"])
    mine = tmp_path / "mine" / "00_orientation.ipynb"
    worked = with_answers(read_notebook(mine), tuple(e for e in exercises("00") if e.id != "00.silent"))
    exercise_cells(worked)["00.gate"]["source"] = "# Exercise 00.gate\ndef gate(s, old, new):\n    return old\n"
    mine.write_text(json.dumps(worked), encoding="utf-8")
    before = mine.read_bytes()
    capsys.readouterr()
    assert main(["lessons", "check", "--json"]) == 1  # every lesson that is in the copy
    (report,) = json.loads(capsys.readouterr().out)
    assert report["lesson"] == "00" and report["error"] == ""
    states = {"00.shapes": "pass", "00.gate": "fail", "00.unbroadcast": "pass", "00.silent": "not started"}
    assert report["exercises"] == states
    assert mine.read_bytes() == before


@pytest.mark.lessons
@pytest.mark.slow
def test_run_all_as_shipped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "run", "--quick", "--shipped"]) == 0
    out = capsys.readouterr().out
    assert all(lesson.title in out for lesson in lessons()) and "not started" in out


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lessons", "--help"]) == 0
    out = capsys.readouterr().out
    for piece in ("examples:", "minigate lessons check 03 --json", "--no-browser", "MINIGATE_LESSONS", "exit codes"):
        assert piece in out
    assert main(["lessons", "nonsense"]) == 2


def test_without_jupyter_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lessons"]) == 1
    error = capsys.readouterr().err
    assert "-m pip install jupyter" in error and sys.executable in error
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize(
    "system, root, environment, screen",
    [
        ("linux", False, {"DISPLAY": ":0"}, True),
        ("linux", False, {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", False, {}, False),
        ("linux", True, {"DISPLAY": ":0"}, False),
        ("linux", False, {"DISPLAY": ":10", "SSH_CONNECTION": "1.2.3.4"}, False),
        ("darwin", False, {}, True),
        ("win32", False, {}, True),
    ],
)
def test_when_a_browser_can_be_opened(
    system: str, root: bool, environment: dict[str, str], screen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.sys, "platform", system)
    monkeypatch.setattr(lab, "is_root", lambda: root)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert lab.has_screen() is screen


def test_the_command_listens_here_only_and_keeps_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lab, "is_root", lambda: True)
    words = lab.command(tmp_path, port=9999)
    assert words[0] == sys.executable and "--ServerApp.ip=127.0.0.1" in words and "--allow-root" in words
    assert "--port=9999" in words and not any("token" in word or "password" in word for word in words)
    monkeypatch.setattr(lab, "is_root", lambda: False)
    assert "--allow-root" not in lab.command(tmp_path)
    server = {"url": "http://127.0.0.1:8888/", "token": "abc"}
    tree = "http://127.0.0.1:8888/lab/workspaces/minigate/tree"
    assert lab.address(server, "a b.ipynb") == f"{tree}/a%20b.ipynb?reset&token=abc"
    assert lab.address(server | {"token": ""}, "README.md").endswith("/tree/README.md?reset")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jupyterlab") is None, reason="JupyterLab is not installed")
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent with a POSIX signal here")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM"])
def test_open_on_a_machine_without_a_screen(tmp_path: Path, stop: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment |= {"PYTHONPATH": str(ROOT), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "minigate", "lessons", "open", "01", "--to", str(tmp_path / "mine")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    try:
        shown = ""
        for line in process.stdout:
            shown += line
            if "Stop with Ctrl-C" in line:
                break
        tree = r"http://127\.0\.0\.1:\d+/lab/workspaces/minigate/tree"
        link = re.search(tree + r"/01_the_tape\.ipynb\?reset&token=\w+", shown)
        assert link, shown
        with urllib.request.urlopen(link[0], timeout=30) as page:
            assert page.status == 200
        host, token = link[0].split("/lab/")[0], link[0].split("token=")[1]
        with urllib.request.urlopen(f"{host}/api/contents/01_the_tape.ipynb?token={token}", timeout=30) as answer:
            assert json.load(answer)["type"] == "notebook"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{host}/api/contents?token=guessed", timeout=30)
        process.send_signal(getattr(signal, stop))
        rest, _ = process.communicate(timeout=60)
        assert "JupyterLab is stopped" in rest and process.returncode == 0
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(host, timeout=5)
    finally:
        if process.poll() is None:
            process.kill()
