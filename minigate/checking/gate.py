"""Check a gate: its promises, and its derivative by hand against the tape against differences."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, generator
from minigate.checking import cotangents as cotangents_of
from minigate.checking.contract import CAUSES, UNASKED, add_to
from minigate.checking.copies import random_state_kept
from minigate.checking.diagnosis import deaf_to_the_cotangent, deafness, describe, other_gradients, patterns_of
from minigate.checking.evidence import Residual, keep
from minigate.checking.gate_contract import Bench, checks
from minigate.checking.localise import Located, locate, worst_of
from minigate.checking.probes import Examination, examine
from minigate.checking.report import FAIL, INCONCLUSIVE, PASS, Entry, Finding, Report, Score, Stage
from minigate.checking.returns import verify_gate
from minigate.checking.second_order import add_second_order, check_order
from minigate.checking.subject import Array, Subject, Values, host, on_the_tape
from minigate.checking.verdict import bracketed, closest_calls, coverage, judge, reference, several, stages, unfit
from minigate.errors import OptionError, explain
from minigate.gates import Gate


def check_gate(
    gate: Gate | type[Gate], *, H: int = 4, seed: int = 0, order: int = 1, contracts: bool = True
) -> Report:
    """Check a gate: range, overflow, dtype, arguments left alone; slope and parameter gradients.

    The slope and the gradients of the gate's own parameters, by hand, are held to the tape through
    ``compose`` and to differences of ``forward``, number by number, on a grid from −6 to 6 (kinks are
    counted and left out) and at random places; at parameters moved away from where they begin. ``order=2``
    looks at the second derivatives of ``compose`` too. Without ``contracts`` that is all. ``report.profile`` says
    what the gate does to gradients, beside the logistic one.

    **Equations**: dg/ds and dg/dp by hand = by the tape = by differences; low ≤ g ≤ high over −10⁴ … 10⁴, ±∞.

    **Shapes**: s (…, H) → g (…, H).

    **Errors**: whatever the gate raises. A wrong gradient is a verdict: see :func:`assert_gradients`.

    >>> from minigate.gates import HardSigmoid
    >>> check_gate(HardSigmoid).verdict
    'PASS'
    """
    from minigate.checking.gate_trial import array_promises  # not before something is checked
    from minigate.checking.profile import lines, profile_of

    check_order(order, "check_gate")
    gate = copy.deepcopy(_make(gate))
    with random_state_kept():
        verify_gate(copy.deepcopy(gate), H, generator(seed), contracts)
        rng = generator(seed)
        begin = {name: host(array) for name, array in gate.init(H, generator(seed)).items()}
        moved = {name: array + 0.3 * rng.normal(size=array.shape) for name, array in begin.items()}
        points = {"begin": begin, "moved": moved} if begin else {"moved": moved}
        bench = Bench(gate, H, points)
        untried = Bench(copy.deepcopy(gate), H, points)
        report = Report(f"mg.check_gate {gate!r}", PASS, seed=seed)
        broken = _needs_input(bench, rng)
        if broken:  # nothing else can be called without the input that the gate turns out to need
            gate.needs_input = untried.gate.needs_input = True
            report.stages.append(broken[0])
            report.findings.append(broken[1])
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            kept = array_promises(untried, seed) if contracts else []
            unsettled = any(stage.name == UNASKED for stage, _ in kept)  # the same call gives other numbers each time
            own = list(checks(bench, rng)) if contracts and not unsettled else []
        broken_already = {finding.kind for _, finding in own if finding}
        promises = own if "elementwise" in broken_already else [*own, *kept]
        _check_gradients(report, bench, order, rng, explained=bool(broken_already & CAUSES))
        add_to(report, promises)
        report.by_gate = {name: replace(score, verdict=report.verdict) for name, score in report.by_gate.items()}
        if contracts and report.verdict != FAIL:
            report.profile = profile_of(bench)
            report.stages += lines(report.profile)
        return report


def _check_gradients(report: Report, bench: Bench, order: int, rng: np.random.Generator, explained: bool) -> None:
    """The slope and the parameters' gradients against differences; no diagnosis where it is ``explained`` already."""
    grid = np.linspace(-6.0, 6.0, 49)
    s = np.concatenate([grid, 2.0 * rng.normal(size=-len(grid) % bench.H + 15 * bench.H)]).reshape(-1, bench.H)
    subject = _subject(bench, s)
    once = subject.forward(subject.values)
    trouble = unfit(once, subject.forward(subject.values))
    if trouble:
        report.stages.append(Stage(*trouble))
        report.verdict, report.reasons = (FAIL if report.findings else INCONCLUSIVE), [trouble[2]]
        return
    found = examine(subject, cotangents_of.of_function(rng, subject.outputs, once), rng, full=True)
    low, high = bench.gate.bounded
    constant = ("s",) if low == high else ()
    verdict, reasons = judge({"": found}, constant)
    broken = any(stage.status == "FAIL" for stage in report.stages)
    report.verdict, report.reasons = (FAIL if broken else verdict), ([] if broken else reasons)

    def place(name: str, at: tuple[int, ...]) -> str:
        return f"s = {s[at]:.4g}" if name == "s" else bracketed(name, at)

    report.stages += stages({"": found}, place)[1:]
    report.coverage, report.reference = coverage({"": found}), reference({"": found})
    wrong = found.wrong()
    for name in subject.values:
        label = "slope" if name == "s" else f"gradient of {name}"
        status = "FAIL" if name in wrong else "ok" if name in found.proven() or name in constant else "?"
        report.stages.append(Stage(label, status, "" if status == "ok" else _detail(name, status)))
    located = [locate(found, name, "", rng) for name in wrong]
    keep(report, {"": found}, located)
    report.residuals = [_along_s(residual, s, found, each) for residual, each in zip(report.residuals, located)]
    if wrong:
        report.worst = [_at_s(entry, s, found) for entry in worst_of(located)]
        report.findings += [] if explained else _diagnose(found, located, s, once[0], rng)
    elif report.verdict != FAIL:
        report.worst = closest_calls({"": found})
    report.by_gate = {type(bench.gate).__name__: _score(found, report.verdict)}
    if order == 2:
        add_second_order(report, subject, found.cotangents[0], rng)


def _detail(name: str, status: str) -> str:
    if status == "?":
        return "nothing was tested"
    return "dg/ds" if name == "s" else ""


def _at_s(entry: Entry, s: Array, found: Examination) -> Entry:
    """For the slope: dg/ds itself, without the cotangent, and the s it belongs to."""
    if entry.gradient != "s" or entry.index is None:
        return entry
    weights = next(c for c in found.cotangents if c.name == entry.cotangent).arrays[0]
    w = 1.0 if weights is None else float(weights[entry.index])
    return Entry(
        entry.gradient,
        entry.index,
        entry.analytic / w,
        entry.numeric / w,
        entry.error_bar / abs(w),
        case=f"slope at s = {s[entry.index]:.6g}",
        way=entry.way,
    )


def _along_s(residual: Residual, s: Array, found: Examination, each: Located) -> Residual:
    """For the slope: dg/ds as a function of s, where the cotangent asks for it."""
    weights = next(c for c in found.cotangents if c.name == each.cotangent).arrays[0]
    if each.argument != "s" or weights is None:
        return residual
    asked = weights != 0.0
    got, right = (array[asked] / weights[asked] for array in (each.got, each.right))
    return replace(residual, got=got, right=right, bad=each.bad[asked], along=s[asked], axes=("s",), told=each.way)


def _subject(bench: Bench, s: Array) -> Subject:
    """g as a function of s and of the gate's parameters; by hand, and composed."""
    gate, H = bench.gate, bench.H
    values: dict[str, Array] = {"s": s, **{name: array for name, array in bench.points["moved"].items()}}
    like: dict[str, Any] = {}

    def forward(values: Values) -> list[Array]:
        x, p = _on_library(values)
        return [host(gate.forward(array_module(x), x, p))]

    def by_hand(values: Values, weights: Sequence[Array | None]) -> dict[str, Array]:
        x, p = _on_library(values)
        xp = array_module(x)
        g = gate.forward(xp, x.copy(), p)
        dg = asarray(weights[0].copy() if weights[0] is not None else np.zeros(s.shape))
        found = {"s": host(dg) * host(gate.slope(xp, bench.shown(x), g, p))}
        own = gate.param_gradients(xp, dg, bench.shown(x), g, p)
        return found | {name: host(own[name]) for name in p}

    composed = on_the_tape(
        values, like, lambda t: [("g", gate.compose(t["s"], {n: a for n, a in t.items() if n != "s"}))]
    )
    ways = {"by hand": by_hand, "composed": composed.ways["backward"]}
    assert s.shape[-1] == H
    return Subject(
        values, ["g"], forward, ways, axes={"s": ("n", "unit")}, analytic=composed.analytic, twice=composed.twice
    )


def _on_library(values: Values) -> tuple[Any, dict[str, Any]]:
    arrays = {name: asarray(value.copy()) for name, value in values.items()}
    return arrays.pop("s"), arrays


def _needs_input(bench: Bench, rng: np.random.Generator) -> tuple[Stage, Finding] | None:
    """A gate that says it needs no input gets none on the way back."""
    if bench.gate.needs_input:
        return None
    s, p = asarray(rng.normal(size=(3, bench.H))), bench.arrays("moved", "float64")
    xp = array_module(s)
    g = bench.gate.forward(xp, s.copy(), p)
    try:
        bench.gate.slope(xp, None, g, p)
        bench.gate.param_gradients(xp, xp.ones_like(g), None, g, p)
    except (TypeError, AttributeError) as error:
        text = f"needs_input is False, but slope or param_gradients reads s ({error})"
        return Stage("needs_input", "FAIL", text), Finding("needs input", text, (), "needs_input = True in the class")
    return None


def _diagnose(
    found: Examination, located: list[Located], s: Array, g: Array, rng: np.random.Generator
) -> list[Finding]:
    deaf = deaf_to_the_cotangent(found, located[0].way, rng)
    others = other_gradients(found, located)
    for each in located:
        weight = next(c for c in found.cotangents if c.name == each.cotangent).arrays[0]
        if each.argument == "s" and weight is not None:
            others["s"] |= _other_slopes(found.subject.values, weight, s, g)
    findings = [deafness(deaf)] if deaf else []
    findings += describe(located, patterns_of(located, found.subject.axes, others), found.subject.axes)
    for each in located:
        where = _where_on_the_line(each, s) if each.argument == "s" else ""
        if where:
            findings.append(Finding("place", f"the slope is {where}", ("s",)))
    if found.wrong("composed"):
        text = "the tape disagrees with the differences too: forward and compose differ, or an operation is wrong"
        findings.append(
            Finding("composed", text, tuple(found.wrong("composed")), "mg.check the operations that compose uses")
        )
    return findings


def _other_slopes(values: Values, weight: Array, s: Array, g: Array) -> dict[str, Array]:
    """What is often written for a slope, by itself and times each parameter that a unit has one of.

    **Shapes**: weight, s, g (…, H) → the same.
    """
    usual = {
        "g (1 − g), the slope of the logistic function": g * (1.0 - g),
        "s (1 − s): with s in place of g": s * (1.0 - s),
        "g itself": g,
        "1 − g², the slope of tanh": 1.0 - g * g,
    }
    found = {words: weight * slope for words, slope in usual.items()}
    for name, p in values.items():
        if name != "s" and p.shape in ((), s.shape[-1:]):
            found |= {f"{name} times {words}": weight * p * slope for words, slope in usual.items()}
    return found


def _where_on_the_line(each: Located, s: Array) -> str:
    """On which stretch of s the slope is wrong, if it is one."""
    unknown = np.zeros_like(each.bad) if each.unknown is None else each.unknown
    wrong, right = s[each.bad], s[~each.bad & ~unknown]
    if not len(wrong) or not len(right):
        return ""
    if not np.any((wrong > right.min()) & (wrong < right.max())):
        return f"right {_stretch(right)}, wrong outside"
    if not np.any((right > wrong.min()) & (right < wrong.max())):
        return f"wrong {_stretch(wrong)}, right outside"
    return ""


def _stretch(s: Array) -> str:
    low, high = float(s.min()), float(s.max())
    return f"at s = {low:.4g}" if low == high else f"for s in {low:.4g} … {high:.4g}"


def _score(found: Examination, verdict: str) -> Score:
    comparisons = [c for c in found.comparisons if c.outcome in ("ok", "wrong")]
    return Score(
        verdict, max((c.deviation for c in comparisons), default=0.0), tuple(several([n], 1) for n in found.wrong())
    )


def _make(gate: Any) -> Gate:
    if isinstance(gate, type) and issubclass(gate, Gate):
        gate = gate()
    if not isinstance(gate, Gate):
        raise OptionError(
            explain("not a gate", where="check_gate", expected="a mg.gates.Gate, or a class of gates", got=repr(gate),
                    remedy="mg.check_gate(mg.gates.Sigmoid())")
        )  # fmt: skip
    return gate
