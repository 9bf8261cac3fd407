"""One gradient against one derivative, along one direction, and what comes of it.

Each comparison ends in one of four ways. *ok*: equal within the error bar, and the bar is small. *wrong*:
not equal. *blind*: equal, but only because the error bar is as large as the derivative itself, which is
what happens where all gradients vanish. *kink*: no derivative exists there, or none that differences could tell.
Only *ok* proves anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minigate.checking.numeric import BARS, EPSILON, USELESS, Array, Derivative

#: Besides its error bar, a derivative may differ by this share of the gradient's size along the direction.
RTOL = 1e-7
#: The same for a derivative by the complex step.
EXACT_RTOL = 1e-9
#: How many error bars count where the bar itself is a guess: the function trembles, or hardly moves.
COARSE_BARS = 32.0
#: What rounding leaves of 1 − σ(s) where s is large, and of what it is multiplied with, per unit of the cotangent.
FLOOR = 256.0 * EPSILON


@dataclass
class Probe:
    """One direction in which one argument was moved, and the derivative of all outputs along it."""

    argument: str
    direction: Array
    derivative: Derivative
    index: tuple[int, ...] | None = None  # a single number was moved
    step: int | None = None  # only this time step was moved

    @property
    def kinked(self) -> bool:
        """Is there no derivative along this direction, or none that differences could tell?"""
        return self.derivative.kink in ("at", "finer")

    @property
    def rtol(self) -> float:
        """The share of its size by which a gradient may differ, besides the error bar."""
        return EXACT_RTOL if self.derivative.exact else RTOL

    def numeric(self, weights: Array) -> tuple[float, float]:
        """The derivative of Σ weights · outputs along the direction, and its error bar.

        **Shapes**: weights (M,).
        """
        return float(weights @ self.derivative.value), float(np.abs(weights) @ self.derivative.error)


@dataclass
class Comparison:
    """One gradient, by one way, for one cotangent, along one direction."""

    probe: Probe
    way: str
    cotangent: str
    analytic: float
    numeric: float
    bar: float
    scale: float
    floor: float = 0.0  # what rounding alone makes of a gradient that should be 0, for this cotangent

    @property
    def outcome(self) -> str:
        """``"ok"``, ``"wrong"``, ``"blind"`` or ``"kink"``."""
        if self.probe.kinked:
            return "kink"
        sharp = BARS * self.bar <= USELESS * self.scale
        bars = (BARS if sharp else COARSE_BARS) * self.bar
        off = abs(self.analytic - self.numeric)
        if not off <= self.probe.rtol * self.scale + bars:
            return "blind" if off <= self.floor else "wrong"  # an absolute tolerance excuses, and proves nothing
        return "ok" if sharp else "blind"

    @property
    def deviation(self) -> float:
        """The difference as a share of the gradient's size along the direction."""
        return abs(self.analytic - self.numeric) / self.scale if self.scale > 0.0 else 0.0


def compare(
    probe: Probe, way: str, cotangent: str, gradient: Array, numeric: float, bar: float, floor: float = 0.0
) -> Comparison:
    """A gradient along the direction of a probe, beside the derivative there.

    **Shapes**: gradient as the argument.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        along_it = gradient * probe.direction
        analytic, size = float(along_it.sum()), float(np.sqrt((along_it * along_it).sum()))
    return Comparison(probe, way, cotangent, analytic, numeric, bar, max(size, abs(numeric)), floor)
