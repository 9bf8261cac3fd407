"""Promises that a derivative knows nothing of: how they are asked about, and how the answers are told.

The gradients of a cell can be right to the last digit while it mixes up the sequences of a batch, reads one
step ahead, or keeps something between two calls. Each promise is one function: it runs a :class:`Trial` in
two ways that have to give the same, and says where they do not. From the answer comes a line of the report,
and where the promise is broken, a finding with what to look at.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from minigate.checking.report import FAIL, Finding, Report, Stage

if TYPE_CHECKING:
    from minigate.checking.trial import Trial

Outcome = tuple[Stage, Finding | None]

#: Findings that make others, and are told first: no gradient can be right, or be compared, before these are mended.
CAUSES = {"deterministic", "kept", "elementwise", "edited", "forward"}
#: The line for all promises after one without which nothing can be compared.
UNASKED = "other contracts"


@dataclass(frozen=True)
class Answer:
    """What came of asking: broken, not asked ("-"), or kept with something to tell ("ok").

    ``last`` says that nothing else can be asked: two runs of the same cannot be compared. ``raised``: it was not
    the promise that broke, but the code on the way to it.
    """

    text: str
    advice: str = ""
    status: str = "FAIL"
    last: bool = False
    raised: bool = False


@dataclass(frozen=True)
class Promise:
    """A promise: its line in the report, its ``kind`` for programs, and the function that looks.

    ``look(trial, way)`` returns None where all is well; ``kept`` then says what was looked at.
    """

    name: str
    kind: str
    look: Callable[[Trial, str], Answer | None]
    kept: str
    advice: str = ""


def fails(name: str, kind: str, text: str, advice: str) -> Outcome:
    """A broken promise."""
    return Stage(name, "FAIL", text), Finding(kind, text, (), advice)


def hold(trial: Trial, promises: Sequence[Promise]) -> Iterator[Outcome]:
    """Hold a trial to each promise, in each of its ways.

    What a promise needs may be something that the code under check cannot do at all: an error is an answer too.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for promise in promises:
            answers = {way: _ask(trial, promise, way) for way in trial.ways}
            broken = {way: a for way, a in answers.items() if a is not None and a.status == "FAIL"}
            told = next(iter([*broken.values(), *(a for a in answers.values() if a is not None)]), None)
            if broken and told is not None:
                only = f"{' and '.join(broken)} only: " if len(broken) < len(answers) else ""
                advice = told.advice or ("" if told.raised else promise.advice)
                yield fails(promise.name, promise.kind, only + told.text, advice)
                if told.last:
                    yield Stage(UNASKED, "-", "not asked: what a call gives is not settled by what goes in"), None
                    return
            elif told is not None:
                yield Stage(promise.name, told.status, told.text), None
            else:
                yield Stage(promise.name, "ok", promise.kept), None


def _ask(trial: Trial, promise: Promise, way: str) -> Answer | None:
    try:
        return promise.look(trial, way)
    except Exception as error:
        return Answer(f"raises {in_a_line(error)}", raised=True)


def in_a_line(error: Exception) -> str:
    """The kind of an error and the first line of its text."""
    words = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {words[:160]}" if words else type(error).__name__


def add_to(report: Report, outcomes: Sequence[Outcome]) -> Report:
    """Enter the promises into a report, before its other lines; a broken one makes it FAIL.

    Of two lines with one name (a check of gradients also sees an edit of its inputs) the worse one stays.
    """
    if not outcomes:
        return report
    kept = {stage.name for stage, _ in outcomes if stage.status != "FAIL"}
    broken = {stage.name for stage, _ in outcomes if stage.status == "FAIL"}
    worse = {s.name for s in report.stages if s.name in kept and s.status not in ("ok", "")}
    first = [stage for stage, _ in outcomes if stage.name not in worse]
    rest = [s for s in report.stages if s.name not in broken and (s.name not in kept or s.name in worse)]
    report.stages = first + rest
    known = {(finding.kind, finding.text) for finding in report.findings}
    report.findings += [f for _, f in outcomes if f is not None and (f.kind, f.text) not in known]
    report.findings.sort(key=lambda finding: finding.kind not in CAUSES)
    report.coverage |= {"contracts": {stage.name: stage.status for stage, _ in outcomes}} if report.coverage else {}
    if broken and report.verdict != FAIL:  # no gradient is wrong: there is no worst one to show
        report.verdict, report.reasons, report.worst = FAIL, [], []
    return report


def number(value: Any) -> str:
    """A number as it is told in an answer."""
    return f"{float(value):.6g}"
