"""Every exercise of every lesson: the answer is right, the stub is not started, each mistake is diagnosed.

Everything here is called as a function in this process; the notebooks are run in test_execution.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import minigate as mg
from minigate.learn import Exercise, Wrong, exercises, judge, lessons
from minigate.learn.library import cell_text, read_notebook
from minigate.learn.paste import exercise_cells, with_answers

EXERCISES = [(lesson, e) for lesson in lessons() for e in exercises(lesson.number)]
MISTAKES = [(e, w) for _, e in EXERCISES for w in e.wrong]
every_exercise = pytest.mark.parametrize("lesson, known", EXERCISES, ids=[e.id for _, e in EXERCISES])


def _mistake_name(known: Exercise, mistake: Wrong) -> str:
    return f"{known.id}-{getattr(mistake.attempt, '__name__', known.wrong.index(mistake))}"


@every_exercise
def test_the_reference_answer_is_right(lesson: Any, known: Exercise) -> None:
    verdict = judge(known, known.answer)
    assert verdict.passed, verdict.text
    assert "\n" not in verdict.text


@every_exercise
def test_the_stub_is_not_started(lesson: Any, known: Exercise) -> None:
    cell = exercise_cells(read_notebook(lesson.path))[known.id]
    names: dict[str, Any] = {"np": np, "mg": mg, "math": math}
    exec(compile(cell_text(cell), f"<stub of {known.id}>", "exec"), names)
    assert judge(known, names[known.variable]).status == "not started"


@every_exercise
def test_the_answer_fits_the_cell(lesson: Any, known: Exercise) -> None:
    cell = exercise_cells(with_answers(read_notebook(lesson.path), exercises(lesson.number)))[known.id]
    assert cell_text(cell).startswith(f"# Exercise {known.id}\n") and known.variable in cell_text(cell)
    compile(cell_text(cell), known.id, "exec")
    assert "NotImplementedError" not in cell_text(cell) and "..." not in cell_text(cell)


@every_exercise
def test_hints_lead_somewhere(lesson: Any, known: Exercise) -> None:
    assert len(known.hints) == 3 and all(len(text) > 20 for text in known.hints)
    assert len(set(known.hints)) == 3
    assert len(known.wrong) >= 3
    assert known.id.startswith(lesson.number + ".")


@pytest.mark.parametrize("known, mistake", MISTAKES, ids=[_mistake_name(*pair) for pair in MISTAKES])
def test_each_mistake_gets_its_diagnosis(known: Exercise, mistake: Wrong) -> None:
    verdict = judge(known, mistake.attempt)
    assert verdict.status == "fail", verdict
    assert mistake.pieces(), "a mistake without an expected diagnosis tests nothing"
    for piece in mistake.pieces():
        assert piece in verdict.text, f"expected {piece!r} in:\n{verdict.text}"


def test_what_an_exercise_lends_is_no_line_of_the_learners() -> None:
    (known,) = (e for _, e in EXERCISES if e.id == "01.fool")  # its judge hands a Value in, with operators of its own
    names: dict[str, Any] = {}
    exec(compile("def fool(a):\n    b = a * 2\n    return b * b\n", "<ipython-input-7>", "exec"), names)
    told = judge(known, names["fool"]).text
    assert "AttributeError" in told and "in fool, line 2" in told and "__mul__" not in told
