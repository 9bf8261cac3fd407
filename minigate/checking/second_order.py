"""The derivative of the derivative: is the gradient that the tape gives itself differentiable, and rightly?

A rule that is written in operations can be differentiated again; one that reaches for ``.data``, or detaches,
gives a right gradient and a wrong second one, without a word. So the gradient becomes a function like any
other: its outputs are dx, dW, …, its gradient is what the tape gives when it is asked twice, and it is held to
differences of the first gradient along random directions.

What is written by hand on arrays has no second derivative on the tape. Its gradient can still be asked whether
it is the gradient of anything at all: along two directions u and v, the derivative of ⟨u, g⟩ along v is that of
⟨v, g⟩ along u, for a Hessian is symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minigate.checking.comparison import RTOL
from minigate.checking.cotangents import Cotangent, draw
from minigate.checking.diagnosis import describe, patterns_of
from minigate.checking.localise import locate, worst_of
from minigate.checking.numeric import BARS, Array, along
from minigate.checking.probes import Examination, examine, join
from minigate.checking.report import FAIL, Finding, Report, Stage
from minigate.checking.subject import Subject, Values
from minigate.checking.verdict import several
from minigate.errors import OptionError, SecondDerivativeError, explain

NAME = "second order"
ADVICE = "a rule is itself made of operations: .data, detach, no_grad or a number worked out on the way cuts the tape"
UNEVEN = "a backward that is no gradient of any function: look for a term that is missing or there twice"


def check_order(order: int, where: str) -> None:
    """**Errors**: :class:`OptionError` for an order other than 1 and 2."""
    if order not in (1, 2):
        expected = "1, the gradient; or 2, the gradient of the gradient too"
        raise OptionError(explain("no such order", where=where, expected=expected, got=repr(order)))


def add_second_order(report: Report, subject: Subject, cotangent: Cotangent, rng: np.random.Generator) -> None:
    """Enter into a report what came of the second derivatives of a subject, for one cotangent.

    **Shapes**: the cotangent as the outputs.
    """
    weights = cotangent.arrays
    found = _twice(subject, weights, rng)
    uneven = {way: told for way in subject.ways if (told := _uneven(subject, way, weights, rng))}
    lines = [] if found is None else [_proven(found)]
    findings = [] if found is None else _of_the_tape(report, found, rng)
    for way, told in uneven.items():
        findings.append(Finding("second order", f"{way}: {told}", (), UNEVEN))
    if found is None:
        lines.append("there is no tape to go back on twice")
    lines.append("" if uneven else f"uᵀ H v = vᵀ H u, {' and '.join(subject.ways)}")
    wrong = "" if found is None else several(f"d(d{name})" for name in found.wrong())
    detail = f"{wrong} wrong" if wrong else "; ".join(filter(None, [*lines, *uneven.values()]))
    report.stages.append(Stage(NAME, "FAIL" if findings else "ok", detail))
    report.findings += findings
    if findings:
        report.verdict, report.reasons = FAIL, []


def _twice(subject: Subject, weights: Sequence[Array | None], rng: np.random.Generator) -> Examination | None:
    """The gradient of the gradient by the tape, against differences of the gradient; None where there is no such tape.

    **Shapes**: weights as the outputs.
    """
    twice, way = subject.twice, list(subject.ways)[-1]
    if twice is None:
        return None

    def gradient(values: Values) -> list[Array]:
        found = subject.ways[way](values, weights)
        return [found[name] for name in subject.values]

    def again(values: Values, outer: Sequence[Array | None]) -> dict[str, Array]:
        return twice(values, weights, outer)

    outputs = gradient(subject.values)
    cotangent = Cotangent("all of the gradient", tuple(draw(rng, out.shape) for out in outputs))
    try:
        again(subject.values, cotangent.arrays)
    except SecondDerivativeError:
        return None
    names = [f"d{name}" for name in subject.values]
    second = Subject(subject.values, names, gradient, {"the tape, twice": again}, axes=subject.axes)
    return examine(second, [cotangent], rng)


def _proven(found: Examination) -> str:
    dead = [name for name, gradient in found.gradients["the tape, twice"]["all of the gradient"].items()
            if not gradient.any() and name not in found.proven()]  # fmt: skip
    told = f"the tape, twice = differences of the gradient, {len(found.proven())} of {len(found.subject.values)}"
    return told + (f"; 0 for {several(dead)}" if dead else "")


def _of_the_tape(report: Report, found: Examination, rng: np.random.Generator) -> list[Finding]:
    wrong = found.wrong()
    if not wrong:
        return []
    located = [locate(found, name, "second derivative", rng) for name in wrong]
    report.worst = report.worst if report.verdict == FAIL else worst_of(located)
    named = describe(located, patterns_of(located, found.subject.axes, {}), found.subject.axes)
    told = "; ".join(finding.text for finding in named) or several(f"d{name}" for name in wrong)
    return [Finding("second order", f"the gradient is right, its own gradient is not: {told}", tuple(wrong), ADVICE)]


def _uneven(subject: Subject, way: str, weights: Sequence[Array | None], rng: np.random.Generator) -> str:
    """Where uᵀ H v and vᵀ H u differ for random u and v, both numbers in words; else ""."""
    u, v = ({name: draw(rng, value.shape) for name, value in subject.values.items()} for _ in "uv")

    def gradient(values: Values) -> Array:
        found = subject.ways[way](values, weights)
        return join([found[name] for name in subject.values])

    def second(one: Values, other: Values) -> tuple[float, float]:
        at = subject.values
        moved, left = ({n: d[n] * np.maximum(1.0, np.abs(value)) for n, value in at.items()} for d in (other, one))
        weights = join(list(left.values()))
        found = along(lambda e: gradient({n: a + e * moved[n] for n, a in at.items()}), gradient(at), weights.size)
        if found.kink == "at":
            return 0.0, np.inf
        return float(weights @ found.value), float(np.abs(weights) @ found.error)

    (one, bar), (other, other_bar) = second(u, v), second(v, u)
    if abs(one - other) <= RTOL * max(abs(one), abs(other)) + BARS * (bar + other_bar) or not np.isfinite(one - other):
        return ""
    return f"uᵀ H v is {one:.6g}, vᵀ H u {other:.6g}"
