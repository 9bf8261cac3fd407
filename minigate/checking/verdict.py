"""From comparisons to a verdict, and to the lines of the report that say what it rests on."""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minigate.checking.comparison import Comparison
from minigate.checking.numeric import Array
from minigate.checking.probes import Examination
from minigate.checking.report import FAIL, INCONCLUSIVE, PASS, Entry, Finding, Stage

Cases = Mapping[str, Examination]

#: With more than this share of all probes at kinks, too little is left.
MOST_KINKS = 0.2


def unfit(once: Sequence[Array], again: Sequence[Array]) -> tuple[str, str, str] | None:
    """Why this cannot be checked at all, as (stage, status, detail): it is random, or not finite."""
    if any(a.shape != b.shape or not np.array_equal(a, b, equal_nan=True) for a, b in zip(once, again, strict=True)):
        return (
            "deterministic",
            "?",
            "two calls with the same values gave different results: switch dropout off, or fix its seed",
        )
    if not all(np.all(np.isfinite(a)) for a in once):
        return "finite", "?", "the result holds NaN or infinite numbers: there is nothing to differentiate"
    return None


def judge(cases: Cases, independent: Sequence[str] = ()) -> tuple[str, list[str]]:
    """PASS, FAIL or INCONCLUSIVE, and for the last one the reasons.

    ``independent`` names arguments that the outputs are not meant to depend on (patterns such as
    ``"*.update"``): for those a derivative of exactly nothing is no reason for doubt.
    """
    if any(found.wrong() for found in cases.values()) or any(found.subject.edited for found in cases.values()):
        return FAIL, []
    reasons = []
    for name, why in unproven(cases).items():
        if why == "zero" and any(fnmatch.fnmatchcase(name, pattern) for pattern in independent):
            continue
        reasons.append(f"{name}: {_WHY[why].format(share=_unsettled(cases, name))}")
    probes = [probe for found in cases.values() for group in found.probes.values() for probe in group]
    kinked = sum(probe.kinked for probe in probes)
    if not probes:
        reasons.append(f"there is nothing to differentiate: no floating input or parameter{_FLOATING}")
    elif not any(found.subject.outputs for found in cases.values()):
        reasons = ["there is nothing to differentiate: no floating output (is a return missing?)"]
    elif kinked > MOST_KINKS * len(probes):
        reasons.append(f"{kinked} of {len(probes)} probes lie at kinks: too many to conclude from the rest")
    finer = sum(probe.derivative.kink == "finer" for probe in probes)
    if finer:
        reasons.append(
            f"at {finer} of {len(probes)} probes the differences are others at every distance, and the gradient is "
            "none of them: the function has a structure too fine for any step, or is singular close by"
        )
    return (INCONCLUSIVE if reasons else PASS), reasons


_WHY = {
    "zero": "no output changes with it, so nothing was tested (saturated? a path that is dead?)",
    "noise": "the function trembles, its differences do not settle to better than {share:.0e}, so nothing was tested "
    "(float32 or float16 inside? a rounding? a much larger number added? something random?)",
    "blind": "the differences are no better than its size, so nothing was tested (hardly a gradient? float32 inside?)",
    "kink": "every probe lies at a kink, or where the function is not defined on both sides",
    "control": "a gradient bent by 1 % was not noticed, so an error would not be either",
    "empty": "it has no numbers",
}


#: What to do about numbers that have no gradient.
_FLOATING = " (of whole numbers: array.astype(float); of complex ones: the real and the imaginary part, one by one)"


def edits(cases: Cases) -> list[Finding]:
    """The finding about arrays that a call has changed in place."""
    names = sorted({name for found in cases.values() for name in found.subject.edited})
    text = f"changed in place: {', '.join(names)}"
    return (
        [Finding("edited", text, tuple(names), "work on a copy: what comes in belongs to the caller")] if names else []
    )


def unproven(cases: Cases) -> dict[str, str]:
    """Arguments that no case has really tested, each with the kind of reason."""
    found: dict[str, str] = {}
    names = list(dict.fromkeys(name for each in cases.values() for name in each.subject.values))
    proven = {name for each in cases.values() for name in each.proven()}
    for name in names:
        comparisons = [c for each in cases.values() for c in each.comparisons if c.probe.argument == name]
        if not comparisons:
            found[name] = "empty"
        elif {c.outcome for c in comparisons} == {"kink"}:
            found[name] = "kink"
        elif not any(_moves(c) for c in comparisons):
            found[name] = "zero"
        elif name not in proven:
            found[name] = _noise_or(cases, name, "blind")
        elif not any(each.control.get(name, False) for each in cases.values()):
            found[name] = _noise_or(cases, name, "control")
    return found


def _noise_or(cases: Cases, name: str, otherwise: str) -> str:
    return "noise" if 1e-6 < _unsettled(cases, name) < 1.0 else otherwise


def _unsettled(cases: Cases, name: str) -> float:
    """The best error bar of an argument's derivatives, as a share of the derivative."""
    found = [c for each in cases.values() for c in each.comparisons if c.probe.argument == name and c.numeric]
    return min((c.bar / abs(c.numeric) for c in found if c.outcome != "kink"), default=np.inf)


def trembling(found: Examination) -> list[Finding]:
    """The finding about a function whose own numbers tremble, where no gradient is wrong by more than that may be.

    Such a function is no more exact at any step size than the few digits on which they all agree.
    """
    wrong = [c for c in found.comparisons if c.outcome == "wrong"]
    shares = {name: _unsettled({"": found}, name) for name in found.wrong()}
    if not wrong or any(c.probe.derivative.exact for c in wrong) or found.unequal:
        return []
    if max(c.deviation for c in wrong) > 0.05 or min(shares.values()) < 1e-6:
        return []
    text = (
        f"the function trembles: its differences settle to {max(shares.values()):.0e} at best, and the gradient "
        f"is no more than {max(c.deviation for c in wrong):.0e} off"
    )
    advice = "is there float32 or float16 inside, a rounding, an iteration that stops early?"
    return [Finding("noise", text, tuple(shares), advice)]


def _moves(comparison: Comparison) -> bool:
    """Did any output change at all?"""
    return bool(np.any(comparison.probe.derivative.value)) or comparison.analytic != 0.0


def bracketed(argument: str, index: tuple[int, ...]) -> str:
    """Where a number is: ``alpha[0, 2]``."""
    return f"{argument}[{', '.join(map(str, index))}]"


def stages(cases: Cases, place: Callable[[str, tuple[int, ...]], str] = bracketed) -> list[Stage]:
    """The lines about the check itself: was anything edited, was the control noticed, how many kinks.

    ``place`` puts the argument and the index of a kink into words.
    """
    edited = edits(cases)
    lines = [Stage("inputs untouched", "FAIL" if edited else "ok", edited[0].text if edited else "")]
    noticed: Counter[str] = Counter()
    for found in cases.values():
        for name, seen in found.control.items():
            noticed[name] += seen
    if noticed:
        missed = [name for name, count in noticed.items() if not count]
        told = f"one number bent by 1 % was noticed in {len(noticed) - len(missed)} of {len(noticed)} gradients"
        lines.append(
            Stage("control", "?" if missed else "ok", told + (f", not in {', '.join(missed)}" if missed else ""))
        )
    probes = [probe for found in cases.values() for group in found.probes.values() for probe in group]
    at = [probe for probe in probes if probe.kinked]
    near = sum(probe.derivative.kink == "near" for probe in probes)
    detail = f"{len(at)} of {len(probes)} probes at a kink" + (" (left out)" if at else "")
    if near:
        detail += f", {near} near one (taken with a smaller step)"
    places = [place(probe.argument, probe.index) for probe in at if probe.index is not None]
    detail += ": " + ", ".join(places[:4]) + (", …" if len(places) > 4 else "") if places else ""
    lines.append(Stage("kinks", str(len(at) + near) if at or near else "ok", detail))
    return lines


def reference(cases: Cases) -> str:
    """Where the right derivatives come from, in words."""
    probes = [probe for found in cases.values() for group in found.probes.values() for probe in group]
    usable = [probe for probe in probes if not probe.kinked]
    exact = sum(probe.derivative.exact for probe in usable)
    if not exact:
        return "differences, Richardson"
    share = "" if exact == len(usable) else f" for {exact} of {len(usable)} directions"
    return f"differences, Richardson; complex step{share}"


def coverage(cases: Cases) -> dict[str, Any]:
    """What was looked at: numbers with a gradient that is not zero, probes, cotangents, the largest deviation."""
    live: dict[str, np.ndarray] = {}
    for found in cases.values():
        for by_argument in (g for by_way in found.gradients.values() for g in by_way.values()):
            for name, gradient in by_argument.items():
                before, nonzero = live.get(name), gradient != 0.0
                if before is None or before.size < nonzero.size:  # x grows with T: the longest one counts
                    live[name] = nonzero
                elif before.shape == nonzero.shape:
                    live[name] = before | nonzero
    comparisons = [c for found in cases.values() for c in found.comparisons]
    outcomes = Counter(c.outcome for c in comparisons)
    return {
        "gradients": list(live),
        "numbers": int(sum(array.size for array in live.values())),
        "numbers with a gradient": int(sum(int(array.sum()) for array in live.values())),
        "probes": sum(len(group) for found in cases.values() for group in found.probes.values()),
        "by the complex step": sum(
            probe.derivative.exact for found in cases.values() for group in found.probes.values() for probe in group
        ),
        "comparisons": len(comparisons),
        "outcomes": dict(outcomes),
        "cotangents": list(dict.fromkeys(c.name for found in cases.values() for c in found.cotangents)),
        "ways": list(dict.fromkeys(way for found in cases.values() for way in found.subject.ways)),
        "cases": list(cases),
        "largest deviation": max((c.deviation for c in comparisons if c.outcome in ("ok", "wrong")), default=0.0),
    }


def closest_calls(cases: Cases, count: int = 5) -> list[Entry]:
    """The comparisons with the largest deviation, for a report in which none is wrong."""
    pairs = [
        (case, c)
        for case, found in cases.items()
        for c in found.comparisons
        if c.outcome == "ok" and c.way == next(iter(found.subject.ways))
    ]
    pairs.sort(key=lambda pair: -pair[1].deviation)
    return [
        Entry(c.probe.argument, c.probe.index, c.analytic, c.numeric, c.bar, c.cotangent, case, c.way)
        for case, c in pairs[:count]
    ]


def several(words: Iterable[str], most: int = 6) -> str:
    """Names in a row, the tail of a long row counted."""
    names = list(words)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
