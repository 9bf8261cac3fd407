"""``check``, ``hint`` and ``solution`` as a learner meets them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigate.errors import OptionError
from minigate.learn import (
    Case,
    Exercise,
    ExerciseNotPassedError,
    Output,
    Verdict,
    Wrong,
    agrees_with,
    attempt,
    check,
    hint,
    is_value,
    judge,
    right,
    solution,
    wrong,
)


def halve(x: Any) -> Any:
    """Half of every number. x (n, unit)."""
    return 0.5 * x


def _doubled(x: Any) -> Any:
    return 2.0 * x


def _cases() -> list[Case]:
    return [Case("x (3, 4), random", (np.random.default_rng(0).normal(size=(3, 4)),))]


WRONG = (Wrong(_doubled, slip="this doubles"),)
HALVE = Exercise(
    id="90.halve", title="Halve", minutes=2, difficulty=1, kind="forward", answer=halve,
    judge=agrees_with(halve, _cases, outputs=(Output("y", ("n", "unit")),), slips=WRONG),
    hints=("multiply by something", "by a half", "return 0.5 * x"), wrong=WRONG,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _one_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "exercise", {HALVE.id: HALVE}.__getitem__)
    monkeypatch.delenv("MINIGATE_STRICT", raising=False)


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_right_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    result = check("90.halve", lambda x: x / 2)
    assert said(capsys) == "90.halve: right (1 of 1 cases agree)\n"
    assert result and result.status == "pass" and repr(result) == "<check 90.halve: pass>"


def test_wrong_says_what_where_and_what_next(capsys: pytest.CaptureFixture[str]) -> None:
    result = check("90.halve", lambda x: x + x)
    text = said(capsys)
    assert not result and result.status == "fail"
    assert text.splitlines()[0] == "90.halve: not right yet"
    assert "case: x (3, 4), random" in text and "y differs in 12 of 12 numbers; worst at [n=" in text
    assert "every number is 4 times what it should be" in text and "likely slip: this doubles" in text
    assert text.splitlines()[-1].strip() == 'next: hint("90.halve", 1)'
    assert result.diagnosis in text.replace("\n  ", "\n") and "likely slip" in result.diagnosis


def stub_that_raises(x: Any) -> Any:
    raise NotImplementedError("write me")


@pytest.mark.parametrize("stub", [stub_that_raises, lambda x: ..., ..., {"a": ..., "b": ...}])
def test_a_stub_is_not_started(stub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.halve", stub).status == "not started"
    assert said(capsys) == "90.halve: not started (about 2 minutes)\n"


def test_a_stub_inside_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.halve", lambda x: stub_that_raises(x) / 2).status == "not started"
    assert "it calls stub_that_raises, which is not written yet" in said(capsys)


def in_notebook(source: str, name: str) -> Any:
    names: dict[str, Any] = {"np": np}
    exec(compile(source, "<ipython-input-7>", "exec"), names)
    return names[name]


def test_an_exception_is_shown_with_the_learners_line_only(capsys: pytest.CaptureFixture[str]) -> None:
    fn = in_notebook("def f(x):\n    y = np.zeros(3)\n    return x @ y\n", "f")
    assert check("90.halve", fn).status == "fail"
    text = said(capsys)
    assert "your code raised ValueError" in text and "in f, line 3" in text
    assert "case: x (3, 4), random" in text
    for hidden in ("judges.py", "guard.py", "attempt.py", "Traceback"):
        assert hidden not in text


@pytest.mark.parametrize(
    "fn, piece",
    [
        (lambda x: None, "y is None: is the return missing?"),
        (lambda x: "half", "y is 'half', expected an array of shape (n=3, unit=4)"),
        (lambda x: [x, x, 1], "y is a list of 3"),
        (lambda x: x[0] / 2, "y has shape (4,), expected (n=3, unit=4)"),
        (lambda x: x.T / 2, "the axes are the other way round"),
        (lambda x: x / 0 * 0, "y is not finite"),
        (7.0, "this is float, expected a function: pass halve itself, without calling it"),
        (int, "the check could not work with what your answer gave: TypeError"),
    ],
)
def test_odd_answers(fn: Any, piece: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.halve", fn).status == "fail"
    assert piece in said(capsys)


def writes_into_its_input(x: Any) -> Any:
    x *= 0.5
    return x


def test_inputs_are_copies_and_writing_into_them_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("90.halve", writes_into_its_input).status == "fail"
    assert "your function wrote into its input x" in said(capsys)
    assert check("90.halve", halve)


def test_random_streams_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    def uses_randomness(x: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        random.random()
        return x / 2

    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    expected = np.random.random(), random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    random.seed(5)
    check("90.halve", uses_randomness)
    assert (np.random.random(), random.random()) == expected  # noqa: NPY002


def test_warnings_of_an_answer_do_not_get_out() -> None:
    assert check("90.halve", lambda x: x / 2 + 0.0 * np.log(np.abs(x) * 0.0 + 1.0) + np.exp(-1e9 * np.ones(()) * 1e9))


def test_shown_once_in_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    result = check("90.halve", halve)
    said(capsys)
    result._ipython_display_()  # as the last line of the cell: it was printed already
    assert said(capsys) == ""
    result._ipython_display_()  # asked for again in another cell
    assert "right" in said(capsys)


def test_strict_mode_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGATE_STRICT", "1")
    assert check("90.halve", halve)
    for answer in (stub_that_raises, _doubled):
        with pytest.raises(ExerciseNotPassedError, match="90.halve: not"):
            check("90.halve", answer)


def test_hints_one_after_the_other_and_then_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    hint("90.halve")
    assert said(capsys) == 'hint 1 of 3 for 90.halve: multiply by something\n  after that: hint("90.halve", 2)\n'
    hint("90.halve", 3)
    assert 'after that: solution("90.halve")' in said(capsys)
    with pytest.raises(OptionError, match="expected 1, 2 or 3, got 4"):
        hint("90.halve", 4)
    solution("90.halve")
    assert "return 0.5 * x" in said(capsys)


def test_nothing_to_judge() -> None:
    with pytest.raises(OptionError, match=r'type: check\("90.halve", halve\)'):
        check("90.halve")


def test_a_judge_is_any_function() -> None:
    def of_a_class(attempt: Any) -> Verdict:
        return right() if attempt().value == 3 else wrong("value is not 3", case="Thing()", slip="counted from 0")

    known = Exercise("90.thing", "Thing", 1, 1, "build", object, of_a_class, ("", "", ""), ())

    class Thing:
        value = 2

    assert judge(known, Thing).text == "case: Thing()\nvalue is not 3\nlikely slip: counted from 0"
    Thing.value = 3
    assert judge(known, Thing).passed


def test_several_outputs() -> None:
    def both(x: Any) -> Any:
        return x, 2 * x

    judged: Callable[[Any], Verdict] = agrees_with(both, _cases, outputs=(Output("a"), Output("b")))
    assert judged(both).passed and judged(lambda x: [x, 2 * x]).passed and judged(lambda x: {"a": x, "b": 2 * x}).passed
    assert "the result has 3 parts, expected 2: a, b" in judged(lambda x: (x, x, x)).text
    assert "the result is one ndarray, expected 2 things: a, b" in judged(lambda x: x).text
    assert "the result is None" in judged(lambda x: None).text
    assert "the result has no b; it has a" in judged(lambda x: {"a": x}).text
    assert judged(lambda x: (x, x)).text.splitlines()[1].startswith("b differs")


def test_predictions() -> None:
    judged = is_value({"size": (3, 4), "da": 7.0, "which": "reset"}, why={"da": "used three times"})
    assert judged({"size": [3, 4], "da": 7, "which": " Reset "}).passed
    assert "not right: 'da': 6 (used three times)" in judged({"size": (3, 4), "da": 6, "which": "reset"}).text
    assert "no answer for 'da', 'which'" in judged({"size": (3, 4), "da": ...}).text
    assert "expected a dictionary" in judged((3, 4)).text
