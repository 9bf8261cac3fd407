"""A highway layer: a gate decides, unit by unit, between a new value and the one that came in.

It is the update gate of a recurrent cell with depth in the place of time. While the gate is shut the input
passes unchanged and its gradient with it, however many such layers lie on top of one another.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.gates import GateOption, choose_gates, draw_gate_parameters, gate_parameters
from minigate.layers.rowwise import Rowwise
from minigate.module import initialisers
from minigate.module.arguments import check_choice, check_number
from minigate.tensor import Tensor

Array = Any


class Highway(Rowwise):
    """y = h ⊙ T + x ⊙ (1 − T): T near 0 carries the input on, T near 1 is a plain layer.

    **Equations** (T is σ unless ``gate=`` says otherwise):

    - h = f(x W_h + b_h), f = relu or tanh, the candidate
    - T = σ(x W_T + b_T), the transform gate
    - y = h ⊙ T + x ⊙ (1 − T)

    T is the gate here, as in the paper; everywhere else it is time.

    **Shapes**: x (…, D) → y (…, D), with "W.candidate" and "W.transform" (D, D), "b.candidate" and "b.transform" (D,);
    the gate's own parameters are "transform.gate.<name>".

    **Source**: Srivastava, Greff & Schmidhuber (2015), eq. 3. b_T begins at ``bias``, below zero as they advise (−1 to
    −4), so that a deep stack begins by carrying. The papers write W x: this W is the transpose of theirs.

    **Errors**: :class:`ShapeError` where the last axis of x is not D long; :class:`DTypeError` where x is not
    floating; :class:`OptionError` for another activation, and for a ``gate=`` that is none.
    """

    def __init__(
        self,
        D: int,
        gate: GateOption = None,
        bias: float = -1.0,
        activation: str = "relu",
        *,
        method: str = "hand",
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(D, D, method)
        self.activation = check_choice("Highway", "unknown activation", ("relu", "tanh"), activation=activation)
        self.bias = check_number("Highway", "bias", bias)
        self.gates = choose_gates("Highway", gate, ("transform",))
        rng = generator(seed)
        for block, start in (("candidate", 0.0), ("transform", self.bias)):
            self.parameter(f"W.{block}", initialisers.glorot(rng, (D, D)), dtype)
            self.parameter(f"b.{block}", initialisers.zeros(rng, (D,)) + start, dtype)
        draw_gate_parameters(self, self.gates, D, rng, dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: x (M, D) → (M, D)."""
        activate = ops.relu if self.activation == "relu" else ops.tanh
        h = activate(x @ self["W.candidate"] + self["b.candidate"])
        a_T = x @ self["W.transform"] + self["b.transform"]
        T = self.gates["transform"].compose(a_T, gate_parameters(self, "transform"))
        return h * T + x * (1.0 - T)

    # ---- by hand -----------------------------------------------------------------------------

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """Both weights read x: side by side they are one product.

        **Shapes**: x (M, D) → (M, D).
        """
        W = xp.concatenate([p["W.candidate"], p["W.transform"]], axis=1)
        a = xp.matmul(x, W)
        a += xp.concatenate([p["b.candidate"], p["b.transform"]])
        a_h, a_T = a[:, : self.D], a[:, self.D :]
        h = xp.maximum(a_h, 0.0) if self.activation == "relu" else xp.tanh(a_h)
        T = self.gates["transform"].forward(xp, a_T, self._gate_arrays(p))
        kept |= {"x": x, "W": W, "a": a, "h": h, "T": T}
        y = 1.0 - T
        y *= x
        y += h * T
        return y

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """Three ways lead back to x: straight on, through the candidate, through the gate.

        - dh = dy ⊙ T, da_h = dh ⊙ f′; dT = dy ⊙ (h − x), da_T = dT ⊙ T′
        - dx = dy ⊙ (1 − T) + [da_h da_T] [W_h W_T]ᵀ
        - [dW_h dW_T] = xᵀ [da_h da_T], and the biases the sums of da over the rows

        **Shapes**: dy (M, D) → dx (M, D).

        common slip: dT = dy ⊙ h, without the x that the gate takes away.
        """
        x, h, T, a_T = kept["x"], kept["h"], kept["T"], kept["a"][:, self.D :]
        gate, p_gate = self.gates["transform"], self._gate_arrays(p)
        da = xp.empty_like(kept["a"])
        da_h, da_T = da[:, : self.D], da[:, self.D :]
        if self.activation == "relu":
            da_h[...] = h > 0.0
        else:
            xp.multiply(h, h, out=da_h)
            xp.subtract(1.0, da_h, out=da_h)
        da_h *= T
        da_h *= dy
        dT = h - x
        dT *= dy
        xp.multiply(dT, gate.slope(xp, a_T, T, p_gate), out=da_T)
        dx = 1.0 - T
        dx *= dy
        dx += xp.matmul(da, kept["W"].T)
        dW, db = xp.matmul(x.T, da), da.sum(axis=0)
        found = {f"transform.gate.{n}": d for n, d in gate.param_gradients(xp, dT, a_T, T, p_gate).items()}
        for k, block in enumerate(("candidate", "transform")):
            own = slice(k * self.D, (k + 1) * self.D)
            found[f"W.{block}"], found[f"b.{block}"] = dW[:, own], db[own]
        return dx, found

    def _gate_arrays(self, p: dict[str, Array]) -> dict[str, Array]:
        return {name: p[f"transform.gate.{name}"] for name in gate_parameters(self, "transform")}

    def __repr__(self) -> str:
        return f"Highway(D={self.D}, bias={self.bias:g}, activation={self.activation!r})"
