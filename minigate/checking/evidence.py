"""What a report keeps to draw from: a wrong gradient beside the right one, and how close each came to its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.checking.comparison import Comparison
from minigate.checking.localise import Located
from minigate.checking.numeric import BARS, Array
from minigate.checking.probes import Examination
from minigate.checking.report import Report


@dataclass(frozen=True)
class Residual:
    """A wrong gradient as written, beside what it should be.

    **Shapes**: got, right, bad, and along where there is one, all as the gradient. ``axes`` names its axes.
    """

    gradient: str
    got: Array
    right: Array
    bad: NDArray[np.bool_]
    axes: tuple[str, ...] = ()
    told: str = ""  # which case, which cotangent
    whole: bool = True  # is every number of ``right`` known?
    along: Array | None = None  # what the gradient is a function of, number by number, where it is one

    def to_dict(self) -> dict[str, Any]:
        """Its sizes, without the numbers."""
        return {"gradient": self.gradient, "shape": list(self.got.shape), "axes": list(self.axes),
                "wrong numbers": int(self.bad.sum()), "all numbers compared": self.whole}  # fmt: skip


@dataclass(frozen=True)
class Deviation:
    """The comparison of one gradient that came closest to its limit, or went furthest beyond it."""

    deviation: float  # |written − differences|, as a share of the gradient's size along the direction
    limit: float  # what that share may be: the error bar, and a share for rounding
    outcome: str


def keep(report: Report, cases: Mapping[str, Examination], located: Sequence[Located] = ()) -> None:
    """Note in the report what a picture of it is made of."""
    axes = {name: each for found in cases.values() for name, each in found.subject.axes.items()}
    report.residuals = [
        Residual(
            each.argument, each.got, each.right, each.bad, tuple(axes.get(each.argument, ())), _told(each), each.whole
        )
        for each in located
    ]
    closest: dict[str, Comparison] = {}
    for comparison in (c for found in cases.values() for c in found.comparisons if c.outcome != "kink"):
        name = comparison.probe.argument
        if name not in closest or _share(comparison) > _share(closest[name]):
            closest[name] = comparison
    report.deviations = {name: Deviation(c.deviation, _limit(c), c.outcome) for name, c in closest.items()}


def _told(each: Located) -> str:
    case = each.entries[0].case if each.entries else ""
    return ", ".join(part for part in (case, f"cotangent: {each.cotangent}", each.way) if part)


def _limit(comparison: Comparison) -> float:
    return comparison.probe.rtol + (BARS * comparison.bar / comparison.scale if comparison.scale > 0.0 else 0.0)


def _share(comparison: Comparison) -> float:
    share = comparison.deviation / _limit(comparison)
    return share if np.isfinite(share) else np.inf
