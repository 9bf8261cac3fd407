"""Every lesson runs: as it is shipped, and (slow) with every reference answer pasted in."""

from __future__ import annotations

from typing import Any

import pytest

from minigate.learn import Lesson, exercises, lessons
from minigate.learn.library import read_notebook
from minigate.learn.paste import with_answers
from minigate.learn.publish import normalised
from minigate.learn.runner import first_error, run_notebook

LESSONS = lessons()


def shown_sources(notebook: dict[str, Any]) -> list[Any]:
    """What the cells with ``show`` put out: the source of the package as it was then."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [output["data"]["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})]


every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])


@pytest.mark.lessons
@every_lesson
def test_runs_as_shipped(lesson: Lesson) -> None:
    run = run_notebook(lesson.path, quick=True)
    assert run.passed, run.error
    assert run.states == {e.id: "not started" for e in exercises(lesson.number)}
    for cell in run.notebook.cells:
        assert not any(output.get("name") == "stderr" for output in cell.get("outputs", ())), cell.source
    committed = read_notebook(lesson.path)
    again = f"the package has changed since: python -m minigate.learn.publish lessons/{lesson.path.name}"
    assert shown_sources(normalised(run.notebook, lesson.name)) == shown_sources(committed), again


@pytest.mark.slow
@pytest.mark.lessons
@every_lesson
def test_runs_with_every_answer_pasted_in(lesson: Lesson) -> None:
    worked = with_answers(read_notebook(lesson.path), exercises(lesson.number))
    run = run_notebook(worked, strict=True)
    assert run.passed, run.error
    assert run.states == {e.id: "pass" for e in exercises(lesson.number)}


@pytest.mark.slow
@pytest.mark.lessons
def test_strict_mode_stops_at_the_first_stub() -> None:
    run = run_notebook(LESSONS[0].path, strict=True)
    assert "ExerciseNotPassedError" in run.error and first_error(run.notebook)
