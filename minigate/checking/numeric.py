"""Derivatives from values alone: differences, extrapolated, each with an error bar.

The derivative of f along a direction v is what (f(x + h·v) − f(x − h·v)) / 2h tends to. Its error shrinks
with h² until rounding, which grows as 1/h, takes over. Three step sizes, h, h/2 and h/4, make it possible
to cancel the h² and the h⁴ term (Richardson, 1911), and what the last cancellation still changed says how
far one can trust the result. So no tolerance is guessed: a gradient is held to the error bar.

f may have a kink (a hard sigmoid, a rectifier): there the two one-sided slopes differ, and no derivative
exists. For a smooth f the gap between the slopes shrinks with h; at a kink it stays; where a kink lies
between x + h/4·v and x + h·v it vanishes. A kink close by is escaped with a smaller step; one that cannot
be escaped is reported, and nothing is concluded from it. An edge, beyond which f is not a number (that of a
logarithm), is met in the same way.

Nothing that differences say rules out a structure finer than their steps: kinks a thousandth apart, a ripple.
It may even look smooth, where the steps happen to fit it. So whoever is about to call a gradient wrong takes more
:func:`looks`, from other distances and from much closer: a derivative is the same at all of them.

All outputs are differenced at once, as one vector: the derivative of every output number along v. Any
cotangent can then be applied afterwards, to the differences, never to the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
FIRST_STEP = 2.0**-7
SHRINK = 16.0
ATTEMPTS = 3  # FIRST_STEP, then a 16th of it, then a 16th of that
#: Further looks begin at this share of FIRST_STEP, in no simple ratio to the others, and come closer.
OTHER_STEP = 0.3719
LOOKS = 4

#: How many error bars two numbers may lie apart.
BARS = 4.0
#: The last correction says how large the error is, if the terms of the series fall off as they should; they may not.
CAUTION = 3.0
#: What extrapolation makes of a trembling of size 1, times the step.
AMPLIFIED = 8.0
#: An error bar below this share of the derivative is good enough to stop.
GOOD = 1e-7
#: One above this share, with every step size tried, says nothing.
USELESS = 1e-3


@dataclass(frozen=True)
class Derivative:
    """The derivative of every output number along one direction.

    **Shapes**: value, error (M,) for M output numbers.
    """

    value: Array
    error: Array  # how far off ``value`` may be, each number for itself
    step: float  # the largest of the three step sizes that it comes from
    kink: str = ""  # "": smooth; "near": one had to be escaped; "at": there is no derivative; "finer": see close_by
    calls: int = 6
    exact: bool = False  # by the complex step, which knows it to the last digits

    @property
    def finite(self) -> bool:
        """Is it a number, for every output?"""
        return bool(np.all(np.isfinite(self.value)))


def along(f: Callable[[float], Array], centre: Array, size: int = 1) -> Derivative:
    """The derivative of ``f(e)`` at e = 0, where ``f(e)`` is the vector of outputs at x + e·v.

    **Equations**: D(h) = (f(h) − f(−h)) / 2h; R(h) = (4 D(h/2) − D(h)) / 3; result (16 R(h/2) − R(h)) / 15.

    **Shapes**: f returns (M,), ``centre`` = f(0) (M,); ``size`` is how many numbers of x the direction moves.
    """
    smooth: list[Derivative] = []
    near = False
    step = FIRST_STEP * _reach(size)
    for attempt in range(1, ATTEMPTS + 1):
        found, suspicious = _extrapolate(f, centre, step)
        share = _share(found)
        if attempt == 1:  # a kink shows at the largest step; what shows only at a smaller one is noise
            near = bool(found.kink) or not found.finite or (suspicious and share > GOOD)
        if not (found.kink and near) and found.finite:
            smooth.append(found)
            if share <= GOOD:
                break
        step /= SHRINK
    best = replace(min(smooth, key=_share, default=found), calls=6 * attempt)
    if not smooth or (near and _share(best) > USELESS):
        return replace(best, kink="at")
    error = best.error if attempt == 1 else _widened(best, smooth, _trembling(f, step))
    return replace(best, error=error, kink="near" if near else "")


def looks(f: Callable[[float], Array], centre: Array, size: int = 1) -> Iterator[Derivative]:
    """The derivative from other distances than :func:`along` takes it, the closest first; without those at a kink.

    **Shapes**: as of :func:`along`.
    """
    for k in reversed(range(LOOKS)):
        found, _ = _extrapolate(f, centre, OTHER_STEP * FIRST_STEP * _reach(size) / SHRINK**k)
        if found.finite and not found.kink:
            yield found


def close_by(f: Callable[[float], Array], first: Derivative, found: Sequence[Derivative]) -> Derivative:
    """What the first two of several looks agree on; if nothing, ``first``, its kink "finer" than any step.

    **Shapes**: as of :func:`along`.
    """
    closest = found[:2]
    if len(closest) < 2 or _differ(*closest) or max(map(_share, closest)) > USELESS:
        return replace(first, kink="finer")
    best = min(closest, key=_share)
    return replace(best, error=_widened(best, closest, _trembling(f, closest[0].step)), kink="near")


def _differ(one: Derivative, other: Derivative) -> bool:
    """Are these two derivatives, each within its bars?"""
    return bool(np.any(np.abs(one.value - other.value) > BARS * (one.error + other.error)))


def _reach(size: int) -> float:
    """A direction that moves many numbers moves their sums further."""
    return float(max(1, size) ** -0.25)


def _widened(best: Derivative, smooth: Sequence[Derivative], trembling: Array) -> Array:
    """The error bar of ``best``, by as much wider as it takes to meet what else is known.

    A function that trembles gives another derivative at every step size, and now and then a bar that is short by
    chance. How much it trembles does not depend on the step.

    **Shapes**: (M,).
    """
    error = np.maximum(best.error, AMPLIFIED * trembling / best.step)
    for other in smooth:
        error = np.maximum(error, np.abs(best.value - other.value) - BARS * other.error)
    return error


def _trembling(f: Callable[[float], Array], h: float) -> Array:
    """How far the values of f at nine places within h of the middle lie from a parabola, at most.

    **Shapes**: (M,).
    """
    e = np.linspace(-1.0, 1.0, 9)
    values = np.stack([f(h * place) for place in e])
    powers = np.stack([np.ones_like(e), e, e * e], axis=1)
    with np.errstate(invalid="ignore"):
        left = values - powers @ (np.linalg.pinv(powers) @ values)
    return np.asarray(np.abs(left).max(axis=0))


def _share(found: Derivative) -> float:
    """The largest error bar as a share of the largest derivative."""
    scale = float(np.max(np.abs(found.value), initial=0.0))
    share = float(np.max(found.error, initial=0.0)) / scale if scale > 0.0 else 0.0
    return share if np.isfinite(share) else np.inf


def _extrapolate(f: Callable[[float], Array], centre: Array, h: float) -> tuple[Derivative, bool]:
    """One extrapolation from h, h/2, h/4; and whether the one-sided slopes look like a kink within h."""
    steps = (h, h / 2.0, h / 4.0)
    up, down = [f(e) for e in steps], [f(-e) for e in steps]
    with np.errstate(over="ignore", invalid="ignore"):
        D = [(plus - minus) / (2.0 * e) for plus, minus, e in zip(up, down, steps, strict=True)]
        R = [(4.0 * D[1] - D[0]) / 3.0, (4.0 * D[2] - D[1]) / 3.0]
        value = (16.0 * R[1] - R[0]) / 15.0
        gaps = [(plus - centre) - (centre - minus) for plus, minus in zip(up, down, strict=True)]
        noise = _noise(gaps) + 2.0 * EPSILON * (np.abs(up[2]) + np.abs(down[2]))
        error = CAUTION * np.abs(value - R[1]) + 24.0 * noise / h
        far, close = np.abs(gaps[0]) / steps[0], np.abs(gaps[2]) / steps[2]
    found = Derivative(value, error, h)
    if not found.finite:
        return found, False
    scale = float(np.max(np.abs(value), initial=0.0))
    felt = far > 1e-4 * scale + 2000.0 * EPSILON * (np.abs(up[2]) + np.abs(down[2])) / h
    here = felt & (close > 0.5 * far) & (close < 1.6 * far)  # a gap that a four times smaller step leaves as it was
    beside = felt & ((close < 0.15 * far) | (close > 0.4 * far) & (close < 1.6 * far))  # a smooth f has close = far / 4
    return (replace(found, kink="at") if here.any() else found), bool(beside.any())


def _noise(gaps: list[Array]) -> Array:
    """How much each output number trembles, by more than the rounding of its last digit.

    The gaps f(e) + f(−e) − 2 f(0) are even in e: c₂ e² + c₄ e⁴ + …; from those at h, h/2 and h/4 both terms
    cancel, and what is left is what f added by chance. One sample may be small by luck, so the typical one
    of all outputs counts as well.

    **Shapes**: each gap (M,) → (M,).
    """
    left = np.abs(gaps[0] - 20.0 * gaps[1] + 64.0 * gaps[2]) / 64.0
    moved = left[left > 0.0]
    return np.maximum(left, np.median(moved)) if moved.size else left
