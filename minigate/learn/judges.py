"""Judges: from the object that a learner wrote to a verdict that says where it is wrong.

:func:`agrees_with` makes the usual judge, for a function that must give what the reference answer
gives. An exercise whose answer is judged by what it *does* (an order of nodes, an input that exposes
a bug) has a judge of its own: a plain function returning :func:`~minigate.learn.exercise.right` or
:func:`~minigate.learn.exercise.wrong`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from minigate.learn.compare import difference
from minigate.learn.exercise import Judge, Verdict, Wrong, right, wrong
from minigate.learn.guard import copied


@dataclass(frozen=True)
class Case:
    """One set of arguments to try a function on, and how to call it in a message."""

    label: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Output:
    """One thing that a function returns: its name and the names of its axes."""

    name: str
    axes: tuple[str, ...] = ()


def named_outputs(result: Any, outputs: Sequence[Output]) -> dict[str, Any] | str:
    """What a function returned, by name; a text where it is not as many things as it should be."""
    if isinstance(result, dict):
        missing = [output.name for output in outputs if output.name not in result]
        return f"the result has no {', '.join(missing)}; it has {', '.join(map(str, result))}" if missing else result
    if len(outputs) == 1:
        return {outputs[0].name: result}
    names = ", ".join(output.name for output in outputs)
    if result is None:
        return f"the result is None, expected {len(outputs)} things ({names}): is the return missing?"
    if not isinstance(result, (tuple, list)):
        return f"the result is one {type(result).__name__}, expected {len(outputs)} things: {names}"
    if len(result) != len(outputs):
        return f"the result has {len(result)} parts, expected {len(outputs)}: {names}"
    return dict(zip((output.name for output in outputs), result))


def first_difference(expected: Any, got: Any, outputs: Sequence[Output], tolerance: float) -> str:
    """The first output that differs, and how; an empty text where all agree."""
    wanted, found = named_outputs(expected, outputs), named_outputs(got, outputs)
    if isinstance(found, str):
        return found
    assert isinstance(wanted, dict)
    for output in outputs:
        text = difference(
            output.name, wanted[output.name], found[output.name], axes=output.axes, tolerance=tolerance
        )
        if text:
            return text
    return ""


def agrees_with(
    answer: Callable[..., Any],
    cases: Callable[[], Sequence[Case]],
    *,
    outputs: Sequence[Output],
    slips: Sequence[Wrong] = (),
    tolerance: float = 1e-8,
    praise: str = "",
) -> Judge:
    """A judge that compares a function with the reference answer on every case.

    Where they differ, the diagnosis names the case, the output, the worst element by its axes and
    what the difference looks like; where the attempt gives what a known mistake gives on every case,
    it also names that mistake.
    """

    def judge(attempt: Any) -> Verdict:
        if not callable(attempt):
            got = type(attempt).__name__
            return wrong(f"this is {got}, expected a function: pass {answer.__name__} itself, without calling it")
        tried = list(cases())
        results: list[Any] = []
        first: tuple[Case, str] | None = None
        for case in tried:
            try:
                results.append(attempt(*case.args))
            except Exception as error:
                error.add_note(f"case: {case.label}")
                raise
            text = first_difference(answer(*copied(case.args)), results[-1], outputs, tolerance)
            if text and first is None:
                first = (case, text)
        if first is None:
            return right(praise or f"{len(tried)} of {len(tried)} cases agree")
        return wrong(first[1], case=first[0].label, slip=_recognise(results, tried, outputs, slips, tolerance))

    return judge


def _recognise(
    results: Sequence[Any], cases: Sequence[Case], outputs: Sequence[Output], slips: Sequence[Wrong], tolerance: float
) -> str:
    """The known mistake that gives the same results on every case, if there is one."""
    for slip in slips:
        if not slip.slip or not callable(slip.attempt):
            continue
        try:
            mistaken = [slip.attempt(*copied(case.args)) for case in cases]
            if not any(first_difference(m, r, outputs, tolerance) for m, r in zip(mistaken, results)):
                return slip.slip
        except Exception:  # a mistake that cannot even be run on every case is not this one
            continue
    return ""


def is_value(
    expected: dict[str, Any], *, why: dict[str, str] | None = None, tolerance: float = 1e-8, praise: str = ""
) -> Judge:
    """A judge for a prediction: a dictionary of answers, each a number, a tuple (a shape), or a text.

    ``why`` explains, per key, how to see the right answer; it is shown with the keys that are wrong,
    and the right answer itself is not.
    """

    def judge(attempt: Any) -> Verdict:
        if not isinstance(attempt, dict):
            return wrong(f"this is {type(attempt).__name__}, expected a dictionary with {', '.join(expected)}")
        missing = [key for key in expected if attempt.get(key, ...) is ...]
        if missing:
            return wrong(f"no answer for {', '.join(map(repr, missing))}")
        bad = [key for key in expected if not _equal(expected[key], attempt[key], tolerance)]
        if not bad:
            return right(praise or f"{len(expected)} of {len(expected)} predictions are right")
        lines = [f"{len(expected) - len(bad)} of {len(expected)} predictions are right"]
        for key in bad:
            lines.append(f"not right: {key!r}: {attempt[key]!r}" + (f" ({why[key]})" if why and key in why else ""))
        return wrong("\n".join(lines))

    return judge


def _equal(expected: Any, got: Any, tolerance: float) -> bool:
    if isinstance(expected, float) and isinstance(got, (int, float)):
        return abs(got - expected) <= tolerance * max(1.0, abs(expected))
    if isinstance(expected, tuple) and isinstance(got, (list, tuple)):
        return tuple(got) == expected
    if isinstance(expected, str):
        return isinstance(got, str) and got.strip().lower() == expected.lower()
    return type(expected) is type(got) and bool(expected == got)
