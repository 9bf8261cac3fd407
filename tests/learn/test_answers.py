"""A course can close the answers, or leave them out: what refuses then, and what goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minigate.cli import main
from minigate.errors import OptionError
from minigate.learn import check, exercise, hint, library, solution
from minigate.learn.answers import are_closed, are_here
from minigate.learn.copying import copy_lessons
from minigate.learn.progress import MARKER


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINIGATE_ANSWERS", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_copy_with_the_answers_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    assert main(["lessons", "copy", str(mine), "--only", "00", "--answers", "closed"]) == 0
    assert are_closed(mine) and not are_closed()
    monkeypatch.chdir(mine)
    capsys.readouterr()
    solution("00.gate")
    assert "the answers are closed in this course" in capsys.readouterr().out
    hint("00.gate", 3)
    out = capsys.readouterr().out
    assert out.startswith("hint 3 of 3") and "solution" not in out
    assert check("00.gate", exercise("00.gate").answer)


def test_they_stay_closed_until_they_are_opened(tmp_path: Path) -> None:
    copy_lessons(tmp_path, only=["00"], answers="closed")
    copy_lessons(tmp_path, only=["00"])
    assert are_closed(tmp_path)
    copy_lessons(tmp_path, only=["00"], answers="open")
    assert not are_closed(tmp_path)
    assert json.loads((tmp_path / MARKER).read_text("utf-8"))["answers"] == "open"


def test_worked_copies_are_answers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_lessons(tmp_path / "one", only=["00"], answers="closed")
    with pytest.raises(OptionError, match="worked copies are answers(.|\n)*leave --solutions out, or --answers open"):
        copy_lessons(tmp_path / "one", only=["00"], solutions=True)
    monkeypatch.setenv("MINIGATE_ANSWERS", "closed")
    with pytest.raises(OptionError, match="the answers are closed"):
        copy_lessons(tmp_path / "two", only=["00"], solutions=True)
    assert not (tmp_path / "two").exists()


def test_a_variable_closes_them_everywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINIGATE_ANSWERS", "closed")
    solution("00.gate")
    assert capsys.readouterr().out == (
        '00.gate: the answers are closed in this course; hint("00.gate", 3) is nearly the line\n'
    )


def test_an_installation_without_them_judges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "_lessons").mkdir()
    (tmp_path / "_lessons" / "00_x.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(library, "_PACKAGE", tmp_path)
    assert not are_here()
    result = check("00.gate", len)
    hint("00.gate")
    solution("00.gate")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("00.gate: not judged here") and "no hints" in lines[1] and "closed" in lines[2]
    assert result.status == "not started" and not result
    with pytest.raises(OptionError, match="77.gate: the answers are not with this installation"):
        exercise("77.gate")  # one that no other test has loaded already


def test_teachers_words_are_not_delivered(tmp_path: Path) -> None:
    copy_lessons(tmp_path, only=["00"])
    assert (library.lessons_root() / "TEACHING.md").is_file() and not (tmp_path / "TEACHING.md").exists()
