"""Derivatives from differences of the function itself, in float64: the oracle that knows no rule of calculus.

It has nothing in common with ``minigate.checking``, so that neither can hide a mistake of the other.

A function here maps named host arrays to a list of host arrays. What comes back is the change of every
*output*; a cotangent is applied afterwards. Summing the outputs first and subtracting the sums would lose
half of the digits, and one set of differences would serve one cotangent only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy

Values = Mapping[str, numpy.ndarray]
Function = Callable[[Values], Sequence[numpy.ndarray]]

#: Richardson's fourth order is best near eps^(1/5) = 7e-4. A chain of tanh with large weights bends more
#: sharply than most functions, so that a smaller step is better here; rounding stays below 1e-11.
STEP = 3e-4

#: A kink, such as that of a maximum, may lie within a step, and a function may bend still more sharply, as a
#: normalisation of nearly equal numbers does. A smaller step escapes both; a wrong gradient is wrong with any.
STEPS = (STEP, STEP / 32)


def along(f: Function, values: Values, direction: Values, step: float = STEP) -> list[numpy.ndarray]:
    """d outputs / d e at values + e · direction, by Richardson's rule: (8 [f(e) − f(−e)] − [f(2e) − f(−2e)]) / 12 e.

    Names that are not in ``direction`` stay where they are.
    """

    def at(amount: float) -> list[numpy.ndarray]:
        moved = {name: values[name] + amount * towards for name, towards in direction.items()}
        return [numpy.array(output, copy=True) for output in f({**values, **moved})]

    near, far = (at(step), at(-step)), (at(2 * step), at(-2 * step))
    return [
        (8.0 * (n_up - n_down) - (f_up - f_down)) / (12.0 * step)
        for n_up, n_down, f_up, f_down in zip(*near, *far, strict=True)
    ]


class Known:
    """The differences of one function around one place: what was asked for once is there when it is asked for again.

    The same function is held to them on several array libraries, and several gradients of it.
    """

    def __init__(self, f: Function, values: Values) -> None:
        self.f, self.values = f, dict(values)
        self.centre = [numpy.array(output, copy=True) for output in f(self.values)]
        self.found: dict[tuple[str, bytes, float], list[numpy.ndarray]] = {}

    def along(self, name: str, direction: numpy.ndarray, step: float) -> list[numpy.ndarray]:
        """:func:`along`, one argument moved."""
        key = name, direction.tobytes(), step
        if key not in self.found:
            self.found[key] = along(self.f, self.values, {name: direction}, step)
        return self.found[key]


def jacobian(f: Function, values: Values, name: str, step: float = STEP) -> list[list[numpy.ndarray]]:
    """For every element of ``values[name]``, in flat order, the derivative of every output."""
    found = []
    for place in numpy.ndindex(values[name].shape):
        one = numpy.zeros_like(values[name])
        one[place] = 1.0
        found.append(along(f, values, {name: one}, step))
    return found


def gradient(
    columns: Sequence[Sequence[numpy.ndarray]], cotangents: Sequence[numpy.ndarray | None], shape: tuple[int, ...]
) -> numpy.ndarray:
    """Σ cotangent · d output / d element, from a :func:`jacobian`."""
    return numpy.array([contract(column, cotangents) for column in columns]).reshape(shape)


def contract(derivatives: Sequence[numpy.ndarray], cotangents: Sequence[numpy.ndarray | None]) -> float:
    """Σ cotangent · derivative over all outputs; an output without a cotangent counts for nothing."""
    return float(sum(numpy.sum(c * d) for c, d in zip(cotangents, derivatives, strict=True) if c is not None))


def distance(found: numpy.ndarray, expected: numpy.ndarray) -> float:
    """The largest difference, relative to the largest number of the two (and 0 where both are empty or 0)."""
    if found.shape != expected.shape:
        return float("inf")
    scale = max((float(numpy.abs(each).max()) for each in (found, expected) if each.size), default=0.0)
    if not numpy.isfinite(scale):
        return float("inf")  # a NaN anywhere is as far as can be
    return float(numpy.abs(found - expected).max()) / scale if scale > 0.0 else 0.0
