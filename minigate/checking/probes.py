"""The comparison: gradients against differences, along random directions, for every argument and cotangent.

A direction v turns a gradient of a thousand numbers into one, ⟨gradient, v⟩, which has to be the derivative
along v. One random direction sees a single wrong number among a thousand, provided that the tolerance is
tight; three leave nothing to luck. An argument of a few numbers is taken number by number.

Nothing is called wrong that does not look so from other distances too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigate.checking.comparison import FLOOR, Comparison, Probe, compare
from minigate.checking.complex_step import STEP, refined
from minigate.checking.cotangents import Cotangent, draw
from minigate.checking.numeric import Array, Derivative, along, close_by, looks
from minigate.checking.subject import Subject

#: Two ways written in float64 agree to this share of the largest gradient, number by number.
AGREE = 1e-9

DIRECTIONS = 3
REDRAWS = 2
MOST_ELEMENTS = 256


@dataclass
class Examination:
    """All that was found out about one Subject at one point."""

    subject: Subject
    outputs: list[Array]
    cotangents: list[Cotangent]
    gradients: dict[str, dict[str, dict[str, Array]]] = field(default_factory=dict)  # way → cotangent → argument
    probes: dict[str, list[Probe]] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    unequal: dict[str, set[str]] = field(default_factory=dict)  # argument → cotangents where two ways differ
    control: dict[str, bool] = field(default_factory=dict)  # argument → was a bent gradient noticed?

    def wrong(self, way: str | None = None) -> list[str]:
        """The arguments whose gradient is wrong (by one way, or by any)."""
        bad: dict[str, set[str]] = {name: set() for name in self.subject.ways}
        for comparison in self.comparisons:
            if comparison.outcome == "wrong":
                bad[comparison.way].add(comparison.probe.argument)
        everything = set().union(*bad.values())
        bad[next(iter(bad))] |= set(self.unequal) - everything  # too small a difference for the differences to place
        chosen = everything | set(self.unequal) if way is None else bad[way]
        return [name for name in self.subject.values if name in chosen]

    def proven(self) -> list[str]:
        """The arguments with at least one comparison that proves something, and none that fails."""
        good = {c.probe.argument for c in self.comparisons if c.outcome == "ok"} - set(self.wrong())
        return [name for name in self.subject.values if name in good]


@np.errstate(all="ignore")  # what overflows in somebody's code shows in the numbers, and is told from them
def examine(subject: Subject, cotangents: list[Cotangent], rng: np.random.Generator, full: bool = False) -> Examination:
    """Compare every way's gradient of every argument, for every cotangent, with differences.

    ``full`` takes every argument number by number.
    """
    outputs = subject.forward(subject.values)
    found = Examination(subject, outputs, cotangents)
    for way, backward in subject.ways.items():
        found.gradients[way] = {}
        for cotangent in cotangents:
            given = [None if array is None else array.copy() for array in cotangent.arrays]
            found.gradients[way][cotangent.name] = backward(subject.values, given)
            pairs = [(a, b) for a, b in zip(given, cotangent.arrays, strict=True) if a is not None and b is not None]
            if any(not np.array_equal(a, b) for a, b in pairs):
                subject.edited.add("the cotangent")
    centre = join(outputs)
    for name, value in subject.values.items():
        found.probes[name] = _probe(subject, name, value, centre, rng, full)
    weights = {cotangent.name: cotangent.flat(outputs) for cotangent in cotangents}
    for probe in (probe for probes in found.probes.values() for probe in probes):
        compared = _compare_all(found, probe, weights)
        if not probe.derivative.exact and any(each.outcome == "wrong" for each in compared):
            compared = _look_again(found, probe, weights, compared, centre)
        found.comparisons += compared
    _compare_ways(found)
    _negative_control(found, rng)
    return found


def join(outputs: Sequence[Array]) -> Array:
    """All output numbers as one vector.

    **Shapes**: (M,).
    """
    return np.concatenate([out.ravel() for out in outputs]) if outputs else np.zeros(0)


def _probe(
    subject: Subject, name: str, value: Array, centre: Array, rng: np.random.Generator, full: bool
) -> list[Probe]:
    if full or value.size <= DIRECTIONS + 1:
        return elements(subject, name, centre, range(value.size))
    probes = []
    for _ in range(DIRECTIONS):
        for _ in range(1 + REDRAWS):
            probe = _one(subject, name, draw(rng, value.shape), centre)
            probes.append(probe)
            if not probe.kinked:
                break
    if all(probe.kinked for probe in probes):  # a kink exactly here: find out which numbers it belongs to
        chosen = range(value.size) if value.size <= MOST_ELEMENTS else rng.choice(value.size, MOST_ELEMENTS, False)
        return elements(subject, name, centre, chosen)
    axis = subject.time_axis.get(name)
    if axis is not None and value.shape[axis] > 1:
        for t in range(value.shape[axis]):
            at = tuple(slice(None) if i != axis else t for i in range(value.ndim))
            direction = np.zeros_like(value)
            direction[at] = draw(rng, direction[at].shape)
            probes.append(_one(subject, name, direction, centre, step=t))
    return probes


@np.errstate(all="ignore")
def elements(subject: Subject, name: str, centre: Array, chosen: Iterable[Any]) -> list[Probe]:
    """One probe for each of the chosen numbers of an argument.

    **Shapes**: ``chosen`` flat positions in the argument.
    """
    probes = []
    shape = subject.values[name].shape
    for position in chosen:
        index = tuple(int(i) for i in np.unravel_index(int(position), shape)) if shape else ()
        direction = np.zeros(shape)
        direction[index] = 1.0
        probes.append(_one(subject, name, direction, centre, index=index))
    return probes


def _one(
    subject: Subject,
    name: str,
    direction: Array,
    centre: Array,
    index: tuple[int, ...] | None = None,
    step: int | None = None,
) -> Probe:
    """Move one argument along a direction, scaled number by number: a 100 moves a hundred times as far as a 1."""
    value = subject.values[name]
    moved = direction * np.maximum(1.0, np.abs(value))
    size = int(np.count_nonzero(direction))
    derivative = along(_moving(subject, name, moved), centre, size)
    analytic = subject.analytic
    if analytic is not None:
        there = {**subject.values, name: value + 1j * STEP * moved}
        better = refined(derivative, lambda: join(analytic(there)), centre)
        if better is None:  # it cannot be computed with complex numbers
            subject.analytic = None
        derivative = better or derivative
    return Probe(name, moved, derivative, index, step)


def _moving(subject: Subject, name: str, moved: Array) -> Callable[[float], Array]:
    """All outputs, as one argument is moved."""
    value = subject.values[name]
    return lambda e: join(subject.forward({**subject.values, name: value + e * moved}))


def _compare_all(found: Examination, probe: Probe, weights: dict[str, Array]) -> list[Comparison]:
    """One probe against every way's gradient for every cotangent."""
    compared = []
    for cotangent, weight in weights.items():
        numeric, bar = probe.numeric(weight)
        floor = FLOOR * float(np.max(np.abs(weight), initial=0.0))
        for way in found.subject.ways:
            gradient = found.gradients[way][cotangent][probe.argument]
            compared.append(compare(probe, way, cotangent, gradient, numeric, bar, floor))
    return compared


def _look_again(
    found: Examination, probe: Probe, weights: dict[str, Array], compared: list[Comparison], centre: Array
) -> list[Comparison]:
    """The same comparisons, if the two closest looks that can tell say "wrong" again; else new ones, from close by.

    **Shapes**: weights and centre (M,).
    """
    first, f = probe.derivative, _moving(found.subject, probe.argument, probe.direction)
    disputed = [k for k, each in enumerate(compared) if each.outcome == "wrong"]
    again: list[Derivative] = []
    wrong, right = 0, False
    for look in looks(f, centre, int(np.count_nonzero(probe.direction))):
        probe.derivative = look
        again.append(look)
        seen = _compare_all(found, probe, weights)
        outcomes = {seen[k].outcome for k in disputed} - {"blind"}
        wrong, right = wrong + (outcomes == {"wrong"}), right or "ok" in outcomes
        if len(again) > 1 and (right or wrong > 1):
            break
    probe.derivative = first if wrong > 1 and not right else close_by(f, first, again)
    return compared if probe.derivative is first else _compare_all(found, probe, weights)


def _compare_ways(found: Examination) -> None:
    """Two ways to the same gradient are held to each other number by number."""
    ways = list(found.subject.ways)
    for way in ways[1:]:
        for cotangent in found.cotangents:
            one, other = (found.gradients[w][cotangent.name] for w in (ways[0], way))
            largest = max((float(np.max(np.abs(g), initial=0.0)) for g in other.values()), default=0.0)
            for name in one:
                own = float(np.max(np.abs(other[name]), initial=0.0))
                if not np.all(np.abs(one[name] - other[name]) <= AGREE * own + 1e-13 * largest):
                    found.unequal.setdefault(name, set()).add(cotangent.name)


def _negative_control(found: Examination, rng: np.random.Generator) -> None:
    """Bend one number of each gradient by 1 %: a comparison that does not notice proves nothing."""
    first, way, wrong = found.cotangents[0], next(iter(found.subject.ways)), set(found.wrong())
    weights = first.flat(found.outputs)
    for name, probes in found.probes.items():
        gradient = found.gradients[way][first.name][name]
        size = np.abs(gradient)
        largest = float(np.max(size, initial=0.0))
        candidates = np.flatnonzero(size.ravel() > 0.1 * largest)
        if largest == 0.0 or not len(candidates) or name in wrong:
            continue
        position = int(rng.choice(candidates))
        bent = gradient.copy()
        bent.ravel()[position] *= 1.01
        found.control[name] = any(
            compare(probe, way, first.name, bent, *probe.numeric(weights)).outcome == "wrong"
            for probe in probes
            if probe.direction.ravel()[position] != 0.0
        )
