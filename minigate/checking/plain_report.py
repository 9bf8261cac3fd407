"""From a subject without time to a report: examined where it is, and where there is one at a saturated point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from minigate.backend import generator
from minigate.checking import cotangents as cotangents_of
from minigate.checking.diagnosis import deaf_to_the_cotangent, deafness, describe, other_gradients, patterns_of
from minigate.checking.evidence import keep
from minigate.checking.localise import Located, locate, worst_of
from minigate.checking.probes import Examination, examine
from minigate.checking.report import FAIL, INCONCLUSIVE, Finding, Report, Stage
from minigate.checking.second_order import add_second_order, check_order
from minigate.checking.subject import Subject, Values
from minigate.checking.verdict import (
    closest_calls,
    coverage,
    edits,
    judge,
    reference,
    several,
    stages,
    trembling,
    unfit,
)

SATURATED = "saturated"


def report_of(
    title: str, subject: Subject, flat: Values, seed: int, full: bool, order: int, independent: Sequence[str]
) -> Report:
    """Compare, judge, and where something is wrong say what; ``flat``: the parameters of a saturated point, if any.

    **Shapes**: flat: each as its parameter.
    """
    check_order(order, title.split()[0])
    rng = generator(np.random.SeedSequence([seed, 1]))
    once, again = subject.forward(subject.values), subject.forward(subject.values)
    trouble = unfit(once, again)
    if trouble:
        return Report(title, INCONCLUSIVE, [Stage(*trouble[:2], trouble[2])], reasons=[trouble[2]], seed=seed)
    cases = {"": examine(subject, cotangents_of.of_function(rng, subject.outputs, once), rng, full)}
    there = replace(subject, values={**subject.values, **flat}, edited=set())
    far = there.forward(there.values) if flat else []
    if flat and all(np.isfinite(out).all() for out in far):
        cases[SATURATED] = examine(there, cotangents_of.of_function(rng, subject.outputs, far), rng, full)
    verdict, reasons = judge(cases, independent)
    report = Report(title, verdict, [Stage("deterministic", "ok")], reasons=reasons, seed=seed)
    report.coverage, report.reference = coverage(cases), reference(cases)
    report.stages += [*stages(cases), *(_line(case, found, verdict) for case, found in cases.items())]
    if flat and SATURATED not in cases:
        report.stages.append(Stage(f"gradient, {SATURATED}", "-", "not finite there: nothing to compare"))
    report.findings = edits(cases)
    case = next((case for case, found in cases.items() if found.wrong()), "")
    found = cases[case]
    located = [locate(found, name, case, rng) for name in found.wrong()]
    keep(report, cases, located)
    if located:
        report.worst = worst_of(located)
        report.findings += [*trembling(found), *_diagnose(found, located, rng)]
    elif verdict != FAIL:
        report.worst = closest_calls(cases)
    if order == 2:
        add_second_order(report, subject, cases[""].cotangents[0], rng)
    return report


def _line(case: str, found: Examination, verdict: str) -> Stage:
    wrong = found.wrong()
    right = [name for name in found.subject.values if name not in wrong]
    told = several(f"d{name}" for name in wrong or found.proven())
    told += f"   right: {several(f'd{name}' for name in right) or 'none'}" if wrong else ""
    status = "FAIL" if wrong else "ok" if verdict != INCONCLUSIVE else "?"
    return Stage("gradient" + (f", {case}" if case else ""), status, told)


def _diagnose(found: Examination, located: list[Located], rng: np.random.Generator) -> list[Finding]:
    deaf = deaf_to_the_cotangent(found, located[0].way, rng)
    rest = [each for each in located if each.argument not in deaf]
    patterns = patterns_of(rest, {}, other_gradients(found, rest))
    named = ([deafness(deaf)] if deaf else []) + describe(rest, patterns, {})
    told = {name for finding in named if finding.kind != "place" for name in finding.gradients}
    return named if told >= set(found.wrong()) else [*named, _company(found)]


def _company(found: Examination) -> Finding:
    """What the set of wrong gradients says, where their numbers show no pattern."""
    wrong = found.wrong()
    right = [name for name in found.subject.values if name not in wrong]
    names = several(f"d{name}" for name in wrong)
    verb = "is" if len(wrong) == 1 else "are"
    if right:
        text = f"{names} {verb} wrong, {several(f'd{name}' for name in right)} right: it is nothing that they share"
        return Finding("branch", text, tuple(wrong), "look at the last product or sum before it, and at its operands")
    if len(wrong) > 1:
        text = f"all of {names} are wrong: it is what they share, where the incoming gradient enters"
        return Finding("entry", text, tuple(wrong), "the derivative of the last operation comes first on the way back")
    text = f"{names} is wrong, in a way that is none of the usual"
    return Finding("unknown", text, tuple(wrong), "mg.check each operation by itself")
