"""The minimal LSTM: two gates that do not read the state, and that share out a whole between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate.backend import array_module
from minigate.cells.cell import State
from minigate.cells.gated import GateOption
from minigate.cells.scanned import ScannedCell
from minigate.cells.trace import Trace
from minigate.module.arguments import check_number
from minigate.module.initialisers import glorot, zeros
from minigate.tensor import Tensor

Array = Any


class MinLSTM(ScannedCell):
    """The LSTM without U, without an output gate and without tanh; what is kept and what is taken add up to 1.

    **Equations** (σ unless ``gate=`` says otherwise):

    - f_t = σ(x_t W_f + b_f), i_t = σ(x_t W_i + b_i)
    - f′_t = f_t / (f_t + i_t), i′_t = i_t / (f_t + i_t) = 1 − f′_t
    - h̃_t = x_t W_h + b_h, or g(x_t W_h + b_h) where ``candidate="positive"``:
      g(a) = a + ½ for a ≥ 0, σ(a) for a < 0
    - h_t = f′_t ⊙ h_{t−1} + i′_t ⊙ h̃_t

    **Shapes**: x_t (N, D); h, f, i, h̃ (N, H); W.<block> (D, H), b.<block> (H,) for the blocks candidate, forget,
    input; y_t = h_t.

    **Source**: Feng et al. (2024), "Were RNNs All We Needed?", section 3 ("linear") and appendix B ("positive").
    Two gates that are both shut to the last digit would give 0/0: ε², with ε the spacing of floating numbers at
    1, is added to each. It changes no other number, and makes f′ = i′ = ½ there. ``forget_bias`` is where b_f
    begins; 1 as in the LSTM here.

    **Errors**: :class:`OptionError` for another ``candidate``, for sizes below 1, for a ``gate=`` that is none.
    """

    gate_names = ("forget", "input")
    blocks = ("candidate", *gate_names)

    def __init__(
        self,
        D: int,
        H: int,
        *,
        candidate: str = "linear",
        forget_bias: float = 1.0,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        self.forget_bias = check_number("MinLSTM", "forget_bias", forget_bias)
        super().__init__(D, H, candidate=candidate, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            bias = zeros(rng, (self.H,)) + (self.forget_bias if block == "forget" else 0.0)
            self.parameter(f"b.{block}", bias, dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        f = self.gate("forget", self.input_share(x_t, "forget"))
        i = self.gate("input", self.input_share(x_t, "input"))
        candidate = self.candidate_of(self.input_share(x_t, "candidate"))
        least = _least(array_module(f.data), f.dtype)
        whole = f + i + 2.0 * least
        h = (f + least) / whole * h_prev + (i + least) / whole * candidate
        return h, (h,)

    # ---- by hand -----------------------------------------------------------------------------

    def coefficients(self, trace: Trace, steps: slice, keep: Array, new: Array) -> None:
        """keep = f′, new = i′ ⊙ h̃ with i′ = 1 − f′.

        **Shapes**: keep, new (B, N, H).
        """
        xp, least = trace.xp, _least(trace.xp, trace.dtype)
        f, i = trace["forget"][steps], trace["input"][steps]
        whole = xp.add(f, i, out=new)
        whole += 2.0 * least
        xp.add(f, least, out=keep)
        keep /= whole
        xp.subtract(1.0, keep, out=new)
        new *= trace["candidate"][steps]

    def coefficients_backward(
        self, trace: Trace, steps: slice, dkeep: Array, dnew: Array, d: Mapping[str, Array]
    ) -> None:
        """The two shares come from one division, and so do their gradients: δ = (df′ − di′) / (f + i).

        - df′ = dkeep, di′ = dnew ⊙ h̃
        - df = i′ ⊙ δ, di = −f′ ⊙ δ
        - dh̃ = dnew ⊙ i′

        **Shapes**: dkeep, dnew and each of d (B, N, H).

        common slip: df = df′ / (f + i). f stands below the line too, and in both shares.
        """
        xp, least = trace.xp, _least(trace.xp, trace.dtype)
        f, i = trace["forget"][steps], trace["input"][steps]
        whole = f + i
        whole += 2.0 * least
        f_share = f + least
        f_share /= whole
        i_share = 1.0 - f_share
        xp.multiply(dnew, i_share, out=d["candidate"])
        dnew *= trace["candidate"][steps]
        delta = xp.subtract(dkeep, dnew, out=dkeep)
        delta /= whole
        xp.multiply(i_share, delta, out=d["forget"])
        f_share *= delta
        xp.negative(f_share, out=d["input"])


def _least(xp: Any, dtype: Any) -> float:
    """ε²: below the last digit of every gate that is not 0 itself."""
    return float(xp.finfo(dtype).eps) ** 2
