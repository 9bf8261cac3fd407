"""Where two runs differ: the first number, by the name and place that a reader knows it by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from minigate.checking.trial import Run, Trial

#: Two ways that do the same arithmetic in another order agree to this share of the largest number.
SAME = 1e-10
#: A gradient that is 0 but for rounding is held to what rounding makes of its neighbours.
NEIGHBOURS = 0.1


@dataclass(frozen=True)
class Difference:
    """The first number in which two runs differ."""

    name: str
    index: tuple[int, ...]
    found: float
    expected: float
    place: str

    def told(self, found: str, expected: str) -> str:
        """``y[t=1, n=0, 2] is 0.5 <found>, 0.25 <expected>``."""
        this, that = self.found + 0.0, self.expected + 0.0  # −0 reads as 0
        digits = 6 if f"{this:.6g}" != f"{that:.6g}" else 17
        return f"{self.place} is {this:.{digits}g} {found}, {that:.{digits}g} {expected}"


def differ(trial: Trial, found: Run, expected: Run, limit: float = SAME, limit_back: float = SAME) -> Difference | None:
    """Where two runs differ: in an output first, then in a gradient; None where they do not.

    The limits are shares of the largest number; 0 means to the bit.

    **Shapes**: those of ``expected``; what ``found`` has more is not looked at.
    """
    groups = (("", found.outputs, expected.outputs, limit), ("d", found.gradients, expected.gradients, limit_back))
    for prefix, these, those, share in groups:
        sizes = {name: float(np.max(np.abs(a), initial=0.0)) for name, a in those.items() if a.dtype.kind == "f"}
        largest = max((size for size in sizes.values() if np.isfinite(size)), default=0.0)
        for name, b in those.items():
            a, name = these[name], prefix + name
            if a.shape != b.shape:
                return Difference(name, (), np.nan, np.nan, f"{name} has the shape {a.shape}, not {b.shape}: it")
            if not share or b.dtype.kind != "f":
                off = ~((a == b) | ((a != a) & (b != b)))
            else:
                off = ~(np.abs(a - b) <= share * max(sizes[name[len(prefix) :]], NEIGHBOURS * largest))
            if off.any():
                at = tuple(int(i) for i in np.argwhere(off)[0])
                return Difference(name, at, float(a[at]), float(b[at]), trial.place(name, at))
    return None
