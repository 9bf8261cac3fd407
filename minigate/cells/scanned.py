"""What the cells have in common whose gates do not read the state.

A cell whose gates and candidate are made of x_t alone is linear in its state,

    h_t = keep_t ⊙ h_{t−1} + new_t,

and keep and new are known for all steps before the first one is taken. All of its products and every curved
function are therefore computed for a block of steps at once, with no loop around them; what is left to be done
in the order of time is one product and one sum, which :mod:`minigate.bptt.scan` knows two ways to do.

Such a cell writes no ``step_forward``. By hand it has, for a block of steps,

==========================================  ====================================================
``coefficients(trace, steps, keep, new)``   its equation: gates and candidate → keep, new
``coefficients_backward(trace, steps,       back: dkeep, dnew → the gradient of each gate and of the
dkeep, dnew, d)``                           candidate, into ``d``
==========================================  ====================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell, GateOption
from minigate.cells.trace import Trace
from minigate.gates import Sigmoid
from minigate.module.arguments import check_choice
from minigate.module.initialisers import glorot, zeros
from minigate.tensor import Tensor

Array = Any


class ScannedCell(GatedCell):
    """A gated cell that is linear in its state: h_t = keep_t ⊙ h_{t−1} + new_t.

    **Equations**: the candidate is h̃_t = x_t W_h + b_h (``candidate="linear"``), or g(x_t W_h + b_h)
    (``candidate="positive"``) with g(a) = a + ½ for a ≥ 0 and σ(a) for a < 0. g is positive and continuous; its
    slope leaps at 0, from ¼ to 1, so that differences taken across 0 confirm neither.

    **Shapes**: x_t (N, D); h, every gate, keep and new (N, H); W.<block> (D, H), b.<block> (H,); y_t = h_t.

    **Source**: Feng et al. (2024), section 3; g is that of the log-space form in their appendix B.

    **Errors**: :class:`OptionError` for another ``candidate``, for sizes below 1, for a ``gate=`` that is none.
    """

    state_names = ("h",)

    def __init__(
        self,
        D: int,
        H: int,
        *,
        candidate: str = "linear",
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        choices = {"linear": "x W + b", "positive": "g(x W + b) > 0"}
        check_choice(type(self).__name__, "what is the candidate made of?", choices, candidate=candidate)
        self.candidate = candidate
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"b.{block}", zeros(rng, (self.H,)), dtype)

    @property
    def written_by_hand(self) -> bool:
        """Does this cell have its coefficients by hand, beside ``step``?"""
        return type(self).coefficients is not ScannedCell.coefficients

    def candidate_of(self, a: Tensor) -> Tensor:
        """h̃ at the pre-activation ``a``, in differentiable operations.

        **Shapes**: a (N, H) → (N, H).
        """
        if self.candidate == "linear":
            return a
        return ops.where(a.data >= 0.0, a + 0.5, ops.sigmoid(a))

    # ---- by hand -----------------------------------------------------------------------------

    def coefficients(self, trace: Trace, steps: slice, keep: Array, new: Array) -> None:
        """Fill ``keep`` and ``new`` for a block of steps, from the gates and the candidate in the trace.

        **Shapes**: keep, new (B, N, H).
        """
        raise TypeError(self._only_composed("coefficients"))

    def coefficients_backward(
        self, trace: Trace, steps: slice, dkeep: Array, dnew: Array, d: Mapping[str, Array]
    ) -> None:
        """Fill ``d[block]``, the gradient of each gate and of the candidate, for a block of steps.

        **Shapes**: dkeep, dnew and each of d (B, N, H); dkeep and dnew may be overwritten.
        """
        raise TypeError(self._only_composed("coefficients_backward"))

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """Every block is one array over all time without gaps: first its pre-activations, then what they become.

        **Shapes**: activations (T, G + 1, N, H), a view of (G + 1, T, N, H); h (T, N, H).
        """
        trace.state("h", state[0], T)
        activations = trace.empty(len(self.blocks), T, N, self.H).swapaxes(0, 1)
        trace.planes("activations", activations, self.blocks)
        self.begin_gates(trace, activations[:, 1:])

    def activate(self, trace: Trace, steps: slice) -> None:
        """The gates and the candidate of a block of steps, from their pre-activations, in one go."""
        xp = trace.xp
        self.open_gates(trace, steps)
        if self.candidate == "positive":
            a = trace["candidate"][steps]  # g(a) = max(a, 0) + σ(min(a, 0)): no choice to be made
            below = Sigmoid().forward(xp, xp.minimum(a, 0.0), {})
            xp.maximum(a, 0.0, out=a)
            a += below

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, (G + 1)·H), for one product with the input; the gates' gradients (G, B, N, H)."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, len(self.blocks) * H), self.blocks, prefix="da_")
        trace["d gates"] = trace.empty(len(self.gate_names), steps, N, H)

    def activate_backward(self, trace: Trace, steps: slice, dkeep: Array, dnew: Array) -> None:
        """da of every block, for a block of steps: the gradient of what it became, times the slope there.

        **Shapes**: dkeep, dnew (B, N, H), which may be overwritten.
        """
        xp, candidate, da_candidate = trace.xp, trace["candidate"][steps], trace["da_candidate"][steps]
        d_gates = trace["d gates"][:, : len(dnew)]
        d = dict(zip(self.gate_names, d_gates, strict=True)) | {"candidate": da_candidate}
        self.coefficients_backward(trace, steps, dkeep, dnew, d)
        slope = self.gate_slopes(trace, steps)
        for k, name in enumerate(self.gate_names):
            xp.multiply(d_gates[k], slope[:, k], out=trace[f"da_{name}"][steps])
        if self.candidate == "positive":
            da_candidate *= xp.where(candidate < 0.5, candidate * (1.0 - candidate), 1.0)  # g > ½ is the line

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """The gates' own parameters, from the gradient of the gates at all steps."""
        if not self.has_gate_parameters:
            return {}
        dh = trace["dh"]
        d = {block: trace.empty(*dh.shape) for block in self.blocks}
        self.coefficients_backward(trace, slice(None), dh * trace["h_prev"], dh.copy(), d)
        return self.gate_gradients(trace, d)

    def _only_composed(self, method: str) -> str:
        return (
            f"{type(self).__name__} has no {method}: it is composed only. "
            f'Type Recurrent(cell, method="tape"), or write the pair coefficients / coefficients_backward.'
        )

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        return super().extra_repr() + ("" if self.candidate == "linear" else f", candidate={self.candidate!r}")
