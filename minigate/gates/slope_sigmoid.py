"""The logistic gate that learns how steep it is: the smallest step from a fixed gate to a flexible one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate import ops
from minigate.gates.gate import Gate
from minigate.gates.sigmoid import Sigmoid
from minigate.tensor import Tensor

Array = Any


class SlopeSigmoid(Gate):
    """A logistic gate with one number more for each unit, its slope k; k = 1 is where it begins.

    **Equations**: g = σ(k s); dg/ds = k g (1 − g); dg/dk = s g (1 − g).

    **Shapes**: s (…, H) → g (…, H); k (H,).

    **Source**: the trained gain of Kruschke & Movellan (1991). Of the shapes that a kernel gate can take it has one
    family only, which makes it the thing to compare that one with.

    **Errors**: none.
    """

    def init(self, size: int, rng: Any) -> dict[str, Array]:
        """**Shapes**: k (H,)."""
        return {"k": 0.0 * rng.random(size) + 1.0}

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """**Shapes**: s (…, H) → g (…, H)."""
        return ops.sigmoid(s * p["k"])

    def forward(self, xp: Any, s: Array, p: Mapping[str, Array], out: Array | None = None) -> Array:
        """**Shapes**: s (…, H) → g (…, H)."""
        g = xp.multiply(s, p["k"], out=out)
        return Sigmoid().forward(xp, g, {}, out=g)

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Array]) -> Array:
        """**Shapes**: g (…, H) → dg/ds (…, H)."""
        # common slip: g (1 − g), without the k that multiplies s
        dg_ds = Sigmoid().slope(xp, s, g, {})
        dg_ds *= p["k"]
        return dg_ds

    def param_gradients(
        self, xp: Any, dg: Array, s: Array, g: Array, p: Mapping[str, Array]
    ) -> dict[str, Array]:
        """**Shapes**: dg, s, g (…, H) → k (H,)."""
        e = Sigmoid().slope(xp, s, g, {})
        e *= s
        e *= dg
        return {"k": e.sum(axis=tuple(range(e.ndim - 1)))}
