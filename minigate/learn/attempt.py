"""``check``, ``hint`` and ``solution``: what a learner types.

``check("03.step_backward", fn)`` judges the object that it is handed, never a module's. It prints one
line when the answer is right; otherwise what differs, where, and which hint to ask for. An exercise
that has not been begun (the stub raises ``NotImplementedError``, or is ``...``) is "not started" and
nothing more, so that a notebook runs from top to bottom before anything is written. With
``MINIGATE_STRICT=1`` an exercise that is not passed raises instead.
"""

from __future__ import annotations

import inspect
import os
import textwrap
import warnings
from dataclasses import dataclass, field
from typing import Any

from minigate.checking.copies import random_state_kept
from minigate.errors import MinigateError, OptionError, explain
from minigate.learn import answers, progress
from minigate.learn.exercise import Exercise, Status, Verdict, wrong
from minigate.learn.fold import folded
from minigate.learn.guard import (
    InputChangedError,
    MissingAnswerError,
    describe_error,
    guarded,
    learner_frames,
    raised_in_own_code,
)
from minigate.learn.library import exercise

_MISSING = object()
_ELSEWHERE = "not judged here, the answers are not with this installation: hand your notebook in"


class ExerciseNotPassedError(MinigateError, AssertionError):
    """With ``MINIGATE_STRICT=1``: an exercise is not started, or its answer is wrong."""


@dataclass
class Result:
    """The outcome of one ``check``: true in a condition exactly where the answer is right."""

    id: str
    status: Status
    diagnosis: str
    text: str
    _shown: bool = field(default=False, repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.status == "pass"

    def __repr__(self) -> str:
        return f"<check {self.id}: {self.status}>"

    def __str__(self) -> str:
        return self.text

    def _ipython_display_(self) -> None:
        if not self._shown:  # check() has printed it; show it again only where it is asked for again
            print(folded(self.text))
        self._shown = False


def check(identity: str, attempt: Any = _MISSING) -> Result:
    """Judge ``attempt`` as an answer to the exercise ``identity``, print the outcome and return it.

    **Errors**: :class:`OptionError` for an unknown exercise or without an attempt;
    :class:`ExerciseNotPassedError` only with ``MINIGATE_STRICT=1``.
    """
    if not answers.are_here():
        print(f"{identity}: {_ELSEWHERE}")
        return Result(identity, "not started", "", f"{identity}: {_ELSEWHERE}", _shown=True)
    known = exercise(identity)
    if attempt is _MISSING:
        raise OptionError(
            explain("there is nothing to judge", where="check", remedy=f'check("{identity}", {known.variable})')
        )
    verdict = judge(known, attempt)
    result = Result(known.id, verdict.status, verdict.text, _report(known, verdict), _shown=True)
    print(folded(result.text))
    progress.record(known.id, verdict.status)
    if os.environ.get("MINIGATE_STRICT") == "1" and not result:
        raise ExerciseNotPassedError(result.text)
    return result


def judge(known: Exercise, attempt: Any) -> Verdict:
    """The verdict on an attempt, with no printing and nothing recorded."""
    if attempt is Ellipsis or _has_blanks(attempt):
        return Verdict("not started", "")
    subject = guarded(attempt) if inspect.isfunction(attempt) or inspect.ismethod(attempt) else attempt
    with random_state_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return known.judge(subject)
        except MissingAnswerError:
            return Verdict("not started", "")
        except NotImplementedError as error:
            if raised_in_own_code(error):
                return Verdict("not started", _where_not_written(attempt, error))
            return _failed_by(error)
        except InputChangedError as changed:
            return wrong(
                f"your function wrote into its input {changed}",
                slip=f"an operation in place (+=, out=, {changed}[...] = …); make a new array instead",
            )
        except Exception as error:
            return _failed_by(error)


def _has_blanks(attempt: Any) -> bool:
    """Is a prediction still full of ``...``?"""
    values = attempt.values() if isinstance(attempt, dict) else attempt if isinstance(attempt, (tuple, list)) else ()
    return bool(len(values)) and all(value is Ellipsis for value in values)


def _where_not_written(attempt: Any, error: NotImplementedError) -> str:
    frames = learner_frames(error)
    own = not frames or not inspect.isfunction(attempt) or frames[-1].name == attempt.__name__
    return "" if own else f"it calls {frames[-1].name}, which is not written yet"


def _failed_by(error: Exception) -> Verdict:
    text = describe_error(error) if learner_frames(error) else (
        f"the check could not work with what your answer gave: {type(error).__name__}: {error}"
    )
    notes = [note.removeprefix("case: ") for note in getattr(error, "__notes__", []) if note.startswith("case: ")]
    return wrong(text, case=notes[0] if notes else "")


def _report(known: Exercise, verdict: Verdict) -> str:
    if verdict.status == "pass":
        return f"{known.id}: right" + (f" ({verdict.text})" if verdict.text else "")
    if verdict.status == "not started":
        return f"{known.id}: not started" + (f" ({verdict.text or f'about {known.minutes} minutes'})")
    body = textwrap.indent(verdict.text, "  ")
    return f"{known.id}: not right yet\n{body}\n  next: hint(\"{known.id}\", {progress.next_hint(known.id)})"


def hint(identity: str, number: int = 1) -> None:
    """Print hint 1, 2 or 3 of an exercise: a direction, then the idea, then nearly the line.

    **Errors**: :class:`OptionError` for an unknown exercise or a number that is not 1, 2 or 3.
    """
    if not answers.are_here():
        print(f"{identity}: no hints, they are with the answers, and those are not with this installation")
        return
    known = exercise(identity)
    if number not in (1, 2, 3):
        raise OptionError(explain("no such hint", where="hint", expected="1, 2 or 3", got=repr(number)))
    progress.record_hint(known.id, number)
    print(folded(f"hint {number} of 3 for {known.id}: {known.hints[number - 1]}"))
    if number < 3:
        print(f'  after that: hint("{known.id}", {number + 1})')
    elif not answers.are_closed():
        print(f'  after that: solution("{known.id}")')


def solution(identity: str) -> None:
    """Print the reference answer of an exercise, or that the course has closed the answers.

    **Errors**: :class:`OptionError` for an unknown exercise.
    """
    if not answers.are_here() or answers.are_closed():
        print(f'{identity}: the answers are closed in this course; hint("{identity}", 3) is nearly the line')
        return
    known = exercise(identity)
    progress.record_solution(known.id)
    print(f"# one right answer to {known.id}\n{known.source()}")
