"""Where the lessons are found, and how they describe themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from minigate.errors import OptionError
from minigate.learn import exercise, exercises, find_lesson, lessons, lessons_root, library

ROOT = Path(__file__).resolve().parents[2]


def test_in_a_checkout_they_stand_beside_the_package() -> None:
    assert lessons_root() == ROOT / "lessons"
    assert [lesson.number for lesson in lessons()][:2] == ["00", "01"]
    assert find_lesson("0") == find_lesson("00") == find_lesson("00_orientation.ipynb")


def test_a_wheel_carries_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_lessons").mkdir()
    (tmp_path / "_lessons" / "00_x.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(library, "_PACKAGE", tmp_path)
    assert lessons_root() == tmp_path / "_lessons"
    (tmp_path / "_lessons" / "00_x.ipynb").unlink()
    with pytest.raises(OptionError, match="the lessons are not with this installation"):
        lessons_root()


def test_a_lesson_that_does_not_describe_itself(tmp_path: Path) -> None:
    path = tmp_path / "00_x.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": ["# Hello"]}]}), encoding="utf-8")
    with pytest.raises(OptionError, match="the first cell does not describe the lesson"):
        library.describe_lesson(path)


def test_exercises_by_name() -> None:
    assert exercise("00.gate") is exercises("00")[1]
    assert exercises("77") == ()
    with pytest.raises(OptionError, match=r'type: check\("00.unbroadcast", …\)'):
        exercise("00.unbroadcasts")
    with pytest.raises(OptionError, match="the name comes first"):
        exercise(len)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="expected one of 00.shapes"):
        exercise("../secret")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed: no wheel can be built offline")
def test_a_built_wheel_delivers_lessons_and_answers(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "-w", str(tmp_path)]
    subprocess.run([*build, str(ROOT)], check=True)
    installed, mine = tmp_path / "installed", tmp_path / "mine"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    code = (
        "from pathlib import Path; from minigate.learn import judge, exercise, lessons_root, solution;"
        "from minigate.learn.copying import copy_lessons;"
        f"copy_lessons(Path({str(mine)!r}), solutions=True);"
        "e = exercise('01.tanh'); print(judge(e, e.answer).status, judge(e, e.wrong[-1].attempt).text);"
        "solution('00.gate'); print(lessons_root())"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=installed, check=True, capture_output=True, text=True)
    assert result.stdout.startswith("pass ") and str(installed) in result.stdout
    assert "in _tanh_of_the_value" in result.stdout and "judge_tanh" not in result.stdout
    assert (mine / "00_orientation.ipynb").is_file() and (mine / "solutions" / "01_the_tape.ipynb").is_file()
