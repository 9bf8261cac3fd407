"""From "something is wrong" to the number that is wrong.

Random directions say that a gradient is wrong, not where. Where there is a second way to the gradient that
the differences agree with, it says what every single number should be, at no cost, and the differences have
to confirm the worst of them only. Where there is none, the argument is differenced number by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minigate.checking.comparison import Probe
from minigate.checking.numeric import BARS, USELESS, Array
from minigate.checking.probes import AGREE, Examination, elements, join
from minigate.checking.report import Entry

#: An argument with more numbers than this is differenced at as many places, drawn at random.
MOST_ELEMENTS = 2048


@dataclass
class Located:
    """One wrong gradient, number by number, beside what it should be.

    **Shapes**: got, right, bad, unknown all as the argument.
    """

    argument: str
    cotangent: str
    way: str
    got: Array
    right: Array
    bad: NDArray[np.bool_]
    whole: bool  # is every number of ``right`` known, but for those that are ``unknown``?
    entries: list[Entry]
    unknown: NDArray[np.bool_] | None = None  # at a kink or a jump: ``right`` is there what was got; None: nowhere


def locate(found: Examination, argument: str, case: str, rng: np.random.Generator, worst: int = 3) -> Located:
    """Find the wrong numbers of an argument that the comparison has found wrong."""
    way = _guilty_way(found, argument)
    cotangent = _first_cotangent(found, argument, way)
    got = found.gradients[way][cotangent][argument]
    weights = next(c for c in found.cotangents if c.name == cotangent).flat(found.outputs)
    centre = join(found.outputs)
    sound = [w for w in found.subject.ways if w != way and argument not in found.wrong(w)]
    if sound:
        right = found.gradients[sound[0]][cotangent][argument]
        largest = float(np.max(np.abs(right), initial=0.0))
        bad = ~np.isfinite(got) | ~(
            np.abs(np.where(np.isfinite(got), got, 0.0) - right) <= 10.0 * AGREE * max(largest, 1e-300)
        )
        positions = _largest(got, right, bad, worst)
        probes = elements(found.subject, argument, centre, positions)
        return Located(
            argument, cotangent, way, got, right, bad, True, _entries(probes, got, weights, case, cotangent, way)
        )
    probes = [probe for probe in found.probes[argument] if probe.index is not None]
    if len(probes) < got.size:
        chosen = range(got.size) if got.size <= MOST_ELEMENTS else rng.choice(got.size, MOST_ELEMENTS, replace=False)
        probes = elements(found.subject, argument, centre, chosen)
    right, bad, unknown = got.copy(), np.zeros(got.shape, dtype=bool), np.zeros(got.shape, dtype=bool)
    for probe in probes:
        at = probe.index
        assert at is not None
        slope = float(probe.direction[at])
        numeric, bar = (each / slope for each in probe.numeric(weights))
        bad[at] = not (probe.kinked or abs(got[at] - numeric) <= probe.rtol * abs(numeric) + BARS * bar)
        unknown[at] = probe.kinked or (not bad[at] and BARS * bar > USELESS * max(abs(numeric), abs(got[at])))
        right[at] = got[at] if unknown[at] else numeric
    positions = _largest(got, right, bad, worst)
    by_place = {probe.index: probe for probe in probes}
    top = [by_place[tuple(int(i) for i in np.unravel_index(p, got.shape))] for p in positions]
    whole = len(probes) == got.size
    entries = _entries(top, got, weights, case, cotangent, way)
    return Located(argument, cotangent, way, got, right, bad, whole, entries, unknown)


def worst_of(located: Sequence[Located]) -> list[Entry]:
    """The entries of all wrong gradients, the largest relative deviation first, the worst of each gradient first."""
    entries = [
        (rank, -abs(entry.analytic - entry.numeric) / max(abs(entry.numeric), abs(entry.analytic), 1e-300), k, entry)
        for k, each in enumerate(located)
        for rank, entry in enumerate(each.entries)
    ]
    return [entry for *_, entry in sorted(entries, key=lambda item: item[:3])]


def _guilty_way(found: Examination, argument: str) -> str:
    ways = list(found.subject.ways)
    return next((way for way in ways if argument in found.wrong(way)), ways[0])


def _first_cotangent(found: Examination, argument: str, way: str) -> str:
    bad = {
        c.cotangent for c in found.comparisons if c.probe.argument == argument and c.way == way and c.outcome == "wrong"
    }
    bad |= found.unequal.get(argument, set())
    return next(c.name for c in found.cotangents if c.name in bad)


def _largest(got: Array, right: Array, bad: NDArray[np.bool_], count: int) -> list[int]:
    """The flat positions of the wrong numbers that are furthest off, what is not finite first."""
    finite = np.isfinite(got)
    size = np.where(finite, np.abs(np.where(finite, got, 0.0) - right), np.inf)
    size = np.where(bad, size, -1.0).ravel()
    order = np.argsort(-size, kind="stable")[:count]
    return [int(p) for p in order if size[p] >= 0.0]


def _entries(probes: list[Probe], got: Array, weights: Array, case: str, cotangent: str, way: str) -> list[Entry]:
    entries = []
    for probe in probes:
        at = probe.index
        assert at is not None
        slope = float(probe.direction[at])
        numeric, bar = (each / slope for each in probe.numeric(weights))
        entries.append(Entry(probe.argument, at, float(got[at]), numeric, bar, cotangent, case, way))
    return entries
