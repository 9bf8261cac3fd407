"""What is wrong with a cell: the slips, patterns and places of its wrong gradients, the most telling first.

The shortest sequence that fails is looked at. If forgetting one thing on the way back explains every
gradient, that is all there is to say. Otherwise each wrong gradient is compared with what it should be; and
what the set of wrong gradients, and the length at which it first appears, leave as possible is said anyway.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from minigate.checking.bisection import conclude
from minigate.checking.diagnosis import deaf_to_the_cotangent, deafness, describe, other_gradients, patterns_of
from minigate.checking.localise import Located
from minigate.checking.patterns import factor_of, name_factor
from minigate.checking.probes import Examination
from minigate.checking.report import Finding
from minigate.checking.sequence import RandomSequence
from minigate.checking.slips import operands, shares, slip_made, ways_back
from minigate.checking.verdict import several

Sequences = Mapping[str, RandomSequence]
Cases = Mapping[str, Examination]


def diagnose(
    first: str,
    shown: str,
    located: list[Located],
    sequences: Sequences,
    cases: Cases,
    blocks: Mapping[str, str],
    rng: np.random.Generator,
    forward_differs: bool = False,
) -> list[Finding]:
    """All findings: what follows from ``first``, the shortest case that fails, and what is seen in ``shown``.

    ``located``: the wrong gradients of ``shown``; ``blocks``: parameter → its gate or block. Where the two forward
    passes differ, the composed way is the gradient of another function, which says nothing about it.
    """
    conclusion = _conclusion(first, sequences, cases, blocks)
    found, sequence = cases[shown], sequences[shown]
    way, wrong = located[0].way, found.wrong()
    deaf = deaf_to_the_cotangent(found, way, rng)
    if len(deaf) == len(wrong):
        return [deafness(deaf), conclusion]
    by_hand_alone = way == "by hand" and not found.wrong("composed")
    slip = _slip(first, sequences, cases) if by_hand_alone else None
    if slip:
        return [slip, conclusion]
    others, weights = other_gradients(found, located), found.cotangents[0].arrays
    named: list[Finding] = [deafness(deaf)] if deaf else []
    if by_hand_alone and conclusion.kind == "state" and shown == first:
        named += _ways_back(sequence, found, located)
    if by_hand_alone:
        pairs = {
            each.argument: (each.got, each.right) for each in located if each.cotangent == found.cotangents[0].name
        }
        named += operands(sequence, weights, pairs)
        for name, texts in shares(sequence, weights, list(pairs)).items():
            others[name] |= texts
    rest = [each for each in located if each.argument not in deaf]
    patterns = patterns_of(rest, found.subject.axes, others)
    factors = {n: _factor_in_words(n, way, sequences, cases) for n, p in patterns.items() if p and p.kind == "factor"}
    told = describe(rest, patterns, found.subject.axes, factors)
    named += [finding for finding in told if finding.kind != "place"]
    places = [finding for finding in told if finding.kind == "place"]
    explained = {name for finding in named for name in finding.gradients}
    main = [name for name in wrong if name in blocks] or wrong  # dx and dh0 are wrong wherever a da is
    findings = [*named, conclusion, *places] if explained >= set(main) else [conclusion, *named, *places]
    return ([_composed_too(found)] if found.wrong("composed") and not forward_differs else []) + findings


def _ways_back(sequence: RandomSequence, found: Examination, located: list[Located]) -> list[Finding]:
    """Which way back into the state is missing, for each wrong gradient of one."""
    ways = []
    for each in located:
        weights = next(c for c in found.cotangents if c.name == each.cotangent).arrays
        way = ways_back(sequence, weights, each.argument.removesuffix("0"), each.got, each.right)
        ways += [way] if way else []
    return ways


def most_telling(first: str, sequences: Sequences, cases: Cases, blocks: Mapping[str, str]) -> str:
    """The case to look at: the first that fails, where little is wrong; if nothing spreads, the longest."""
    masked = sequences[first].mask is not None
    alike = [case for case in cases if (sequences[case].mask is not None) == masked and cases[case].wrong()]
    longest = max(alike, key=lambda case: len(sequences[case].x))
    return longest if all(name in blocks for name in cases[longest].wrong()) else first


def _conclusion(first: str, sequences: Sequences, cases: Cases, blocks: Mapping[str, str]) -> Finding:
    found, sequence = cases[first], sequences[first]
    T, wrong = len(sequence.x), found.wrong()
    plain = sequence.mask is None
    before = max((len(s.x) for s in sequences.values() if (s.mask is None) == plain and len(s.x) < T), default=0)
    right = [name for name in found.subject.values if name not in wrong]
    states = [f"{name}0" for name in sequence.state]
    return conclude(T, before, not plain, wrong, right, blocks, states)


def _slip(first: str, sequences: Sequences, cases: Cases) -> Finding | None:
    """A usual slip, if one explains all gradients; looked for in the longest sequence, where no two look alike."""
    masked = sequences[first].mask is not None
    alike = [case for case in cases if (sequences[case].mask is not None) == masked and cases[case].wrong()]
    longest = max(alike, key=lambda case: len(sequences[case].x))
    cotangent = cases[longest].cotangents[0]
    return slip_made(sequences[longest], cotangent.arrays, cases[longest].gradients["by hand"][cotangent.name])


def _composed_too(found: Examination) -> Finding:
    by_hand = [name for name in found.wrong("by hand")] if "by hand" in found.subject.ways else []
    wrong = found.wrong("composed")
    names = several(f"d{name}" for name in wrong)
    if "by hand" in found.subject.ways and not by_hand:
        told = f"{names}: the composed way (the tape) is wrong, the hand-written one right"
    else:
        told = f"{names}: the composed way (the tape) is wrong"
    advice = "mg.check the operations that step uses; look for a detach, a no_grad or .data in step"
    return Finding("composed", told, tuple(wrong), advice)


def _factor_in_words(name: str, way: str, sequences: Sequences, cases: Cases) -> str:
    """A constant factor, put into words with the help of all lengths of time: is it T, or is it always 2?"""
    factors = []
    for case, found in cases.items():
        if sequences[case].mask is None and way != "composed" and name in found.wrong(way):
            first = found.cotangents[0].name
            factor = factor_of(found.gradients[way][first][name], found.gradients["composed"][first][name])
            if factor is None:
                return ""
            cell, (T, N) = sequences[case].cell, sequences[case].x.shape[:2]
            factors.append((factor, {"T": T, "N": N, "D": cell.D, "H": cell.H}))
    return name_factor(factors) if factors else ""
