"""What is wrong, in words: the patterns of all wrong gradients, put together.

One slip usually spoils several gradients, all in the same way. What is said once about all of them points
further up, to the thing that they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from minigate.checking.cotangents import Cotangent, draw
from minigate.checking.localise import Located
from minigate.checking.patterns import Pattern, alike, recognise, where_wrong
from minigate.checking.probes import Examination
from minigate.checking.report import Finding
from minigate.checking.suspects import shares_of_places, suspects
from minigate.checking.verdict import several

ADVICE = {
    "not finite": "where does the first NaN come from? mg.detect_anomaly() names the operation",
    "zero": "is it assigned and returned, or in products? in operations: is a .data, float(…) or NumPy in between?",
    "rounded": "no float32 constant and no astype on the way: an array of float64 in gives float64 out",
    "sign": "look for a minus that belongs to a derivative such as d(1 − z) = −dz, or that is there twice",
    "factor": "look at what all of these share, upstream of their product",
    "transpose": "with y = x @ W: dx = dy @ W.T and dW = x.T @ dy",
    "swapped": "one is returned or stored in the place of the other, or what tells them apart is left out",
    "flip": "one of the two passes runs the other way round",
    "shift": "an index is off by one: t where t − 1 belongs, or the other way round",
    "sum": "sum over the axis that was broadcast on the way forward",
    "flat": "a straight-through gradient is meant to be wrong; otherwise leave the rounding out of the way forward",
    "other": "the derivative of another function, or of a part: what is done before it has a derivative too",
    "slope": "the derivative of what stands in the forward pass, taken at the same numbers",
    "operand": "with y = x @ W: dx = dy @ W.T and dW = x.T @ dy",
    "terms": "with y = a * b: da = dy * b and db = dy * a; write the derivative of this line anew, factor by factor",
    "leak": "where the forward pass takes nothing from it, the gradient is 0: multiply by the same condition",
    "cut": "a condition that is too narrow, or an index that misses these places",
    "complement": "the condition is the other way round",
    "places": "undo on the way back what the way forward did to the order of axes and places",
    "row": "what is subtracted or added for a whole row at once, such as its mean, has a gradient too",
    "ignores cotangent": "every line of a backward pass is proportional to the incoming gradient: multiply by it",
}


def patterns_of(
    located: Sequence[Located], axes: Mapping[str, Sequence[str]], others: Mapping[str, Mapping[str, np.ndarray]]
) -> dict[str, Pattern | None]:
    """The pattern of each wrong gradient, of which every number is known; ``others``: what else it may be."""
    return {
        each.argument: recognise(each.got, each.right, axes.get(each.argument, ()), others.get(each.argument))
        if each.whole
        else None
        for each in located
    }


def describe(
    located: Sequence[Located],
    patterns: Mapping[str, Pattern | None],
    axes: Mapping[str, Sequence[str]],
    factors: Mapping[str, str] | None = None,
) -> list[Finding]:
    """One finding for each pattern, with all the gradients that show it; and where the others are wrong.

    ``factors``: gradient → its constant factor in words, where more is known of it than its size.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for each in located:
        pattern = patterns[each.argument]
        if pattern is not None:
            words = (factors or {}).get(each.argument, "")
            text = f"the whole array is off by the constant factor {words}" if words else pattern.text
            groups.setdefault((pattern.kind, text), []).append(each.argument)
    found = []
    for (kind, text), names in sorted(groups.items(), key=lambda item: -len(item[1])):
        told = f"{several(f'd{name}' for name in names)}: {text}"
        if len(names) > 1 and kind in ("factor", "sign"):
            told += "; the same in all of these, so it comes from upstream of them"
        found.append(Finding(kind, told, tuple(names), _advice(kind, text, names)))
    places: dict[str, list[str]] = {}
    for each in located:
        if patterns[each.argument] is None:
            places.setdefault(_inside(each, axes.get(each.argument, ())), []).append(each.argument)
    for text, names in places.items():
        if text:
            found.append(Finding("place", f"{several(f'd{name}' for name in names)}: {text}", tuple(names)))
    return found


def _advice(kind: str, text: str, names: Sequence[str]) -> str:
    if kind == "factor" and len(names) == 1:
        return f"the line that makes d{names[0]}: what comes to it from upstream is right in the others"
    if kind == "sum" and "time step" in text:
        return "`+=` over all steps, or one product over all of time"
    return ADVICE.get(kind, "")


def _inside(each: Located, axes: Sequence[str]) -> str:
    """Where the wrong numbers are, if not everywhere; and the pattern of those alone."""
    where = where_wrong(each.bad, axes)
    if not where:
        return ""
    pattern = recognise(each.got[each.bad], each.right[each.bad]) if each.bad.sum() > 1 else None
    return where + (f", and there {pattern.text}" if pattern and pattern.kind in ("zero", "sign", "factor") else "")


def other_gradients(found: Examination, located: Sequence[Located]) -> dict[str, dict[str, np.ndarray]]:
    """For each wrong gradient, what else it may be: the gradient of another argument, or what a usual slip gives.

    Two that are both wrong have probably changed places. Of a right one the wrong one is at best a copy, and a
    slip in its own line is likelier.
    """
    right = {each.argument: each.right for each in located}
    others: dict[str, dict[str, np.ndarray]] = {}
    for each in located:
        reference = found.gradients[each.way][each.cotangent] | right
        gradients = {
            name: gradient
            for name, gradient in reference.items()
            if name != each.argument and gradient.shape == each.got.shape and gradient.size > 1
        }
        wrong, sound = ({n: g for n, g in gradients.items() if (n in right) == both} for both in (True, False))
        others[each.argument] = (
            {f"the gradient of {name}": gradient for name, gradient in wrong.items()}
            | suspects(found, each)
            | {f"the gradient of {name}": gradient for name, gradient in sound.items()}
            | shares_of_places(found, each)
        )
    return others


def deaf_to_the_cotangent(found: Examination, way: str, rng: np.random.Generator) -> list[str]:
    """The wrong gradients that stay as they are when another cotangent comes in."""
    first = found.cotangents[0]
    other = Cotangent("another", tuple(None if a is None else 2.5 * draw(rng, a.shape) for a in first.arrays))
    again = found.subject.ways[way](found.subject.values, other.arrays)
    before = found.gradients[way][first.name]
    return [name for name in found.wrong(way) if np.any(before[name]) and alike(before[name], again[name])]


def deafness(names: Sequence[str]) -> Finding:
    """The finding about gradients that ignore what comes in."""
    told = (
        f"{several(f'd{name}' for name in names)}: the incoming gradient is ignored; another one gives the same result"
    )
    return Finding("ignores cotangent", told, tuple(names), ADVICE["ignores cotangent"])
