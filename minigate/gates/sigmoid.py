"""The gates without parameters: the logistic function, and the straight lines that stand in for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate import ops
from minigate.gates.gate import Gate
from minigate.module.arguments import check_choice
from minigate.tensor import Tensor

Array = Any


class Sigmoid(Gate):
    """The logistic gate of nearly every paper.

    **Equations**: g = σ(s) = 1 / (1 + e^{−s}) = ½ tanh(½ s) + ½; dg/ds = g (1 − g).
    The form with tanh cannot overflow, and NumPy's tanh is vectorised.

    **Shapes**: s (…, H) → g (…, H).

    **Source**: Hochreiter & Schmidhuber (1997) and every gated unit since.

    **Errors**: none; at ±∞ it is exactly 0 and 1.
    """

    needs_input = False  # the slope is a function of g alone

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """**Shapes**: s (…, H) → g (…, H)."""
        return ops.sigmoid(s)

    def forward(self, xp: Any, s: Array, p: Mapping[str, Array], out: Array | None = None) -> Array:
        """**Shapes**: s (…, H) → g (…, H)."""
        g = xp.multiply(s, 0.5, out=out)
        xp.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        return g

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Array]) -> Array:
        """**Shapes**: g (…, H) → dg/ds (…, H)."""
        # common slip: s (1 − s), the pre-activation in place of the gate: 0 at s = 0, where the slope is ¼
        dg_ds = 1.0 - g
        dg_ds *= g
        return dg_ds


class HardSigmoid(Gate):
    """Three straight lines instead of the logistic curve: it reaches exactly 0 and exactly 1.

    **Equations**: g = clip(k s + ½, 0, 1), with k = 0.2 (``form="fifth"``, saturates at ±2.5)
    or k = 1/6 (``form="sixth"``, saturates at ±3); dg/ds = k inside, 0 outside.

    **Shapes**: s (…, H) → g (…, H).

    **Source**: k = 0.2 is Theano's and Keras's hard sigmoid, the σ₃ of Gao & Glowacka (2016);
    k = 1/6 is the one made of ReLU6 in mobile networks and in PyTorch.

    **Errors**: :class:`OptionError` for another form.
    """

    slopes = {"fifth": 0.2, "sixth": 1.0 / 6.0}

    def __init__(self, form: str = "fifth") -> None:
        forms = {"fifth": "0.2 s + 0.5", "sixth": "s/6 + 0.5"}
        self.form = check_choice("HardSigmoid", "unknown form", forms, form=form, remedy="HardSigmoid('fifth')")

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """**Shapes**: s (…, H) → g (…, H)."""
        line = s * self.slopes[self.form] + 0.5
        inside = (line.data > 0.0) & (line.data < 1.0)  # the corners belong to the flat pieces, as in slope
        return ops.where(inside, line, ops.clip(line.detach(), 0.0, 1.0))

    def forward(self, xp: Any, s: Array, p: Mapping[str, Array], out: Array | None = None) -> Array:
        """**Shapes**: s (…, H) → g (…, H)."""
        g = xp.multiply(s, self.slopes[self.form], out=out)
        g += 0.5
        return xp.clip(g, 0.0, 1.0, out=g)

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Array]) -> Array:
        """**Shapes**: g (…, H) → dg/ds (…, H)."""
        # common slip: k everywhere; the two flat pieces pass no gradient at all
        return ((g > 0.0) & (g < 1.0)).astype(g.dtype) * self.slopes[self.form]

    needs_input = False
