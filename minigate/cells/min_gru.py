"""The minimal GRU: the GRU with everything taken out of it that reads the state. One gate is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate.cells.cell import State
from minigate.cells.scanned import ScannedCell
from minigate.cells.trace import Trace
from minigate.tensor import Tensor

Array = Any


class MinGRU(ScannedCell):
    """The GRU without U: z near 1 takes the new candidate, z near 0 keeps the old state.

    **Equations** (σ unless ``gate=`` says otherwise):

    - z_t = σ(x_t W_z + b_z), the update gate
    - h̃_t = x_t W_h + b_h, or g(x_t W_h + b_h) where ``candidate="positive"``:
      g(a) = a + ½ for a ≥ 0, σ(a) for a < 0
    - h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t

    **Shapes**: x_t (N, D); h, z, h̃ (N, H); W.<block> (D, H), b.<block> (H,) for the blocks candidate, update;
    y_t = h_t.

    **Source**: Feng et al. (2024), "Were RNNs All We Needed?", section 3 ("linear") and appendix B ("positive",
    from which their log-space form follows). Against the GRU: no U, no reset gate, no tanh. The state begins at 0
    here, also where the candidate is positive: the recurrence is solved as it stands, and takes no logarithm.

    **Errors**: :class:`OptionError` for another ``candidate``, for sizes below 1, for a ``gate=`` that is none.
    """

    gate_names = ("update",)
    blocks = ("candidate", *gate_names)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        z = self.gate("update", self.input_share(x_t, "update"))
        candidate = self.candidate_of(self.input_share(x_t, "candidate"))
        h = (1.0 - z) * h_prev + z * candidate
        return h, (h,)

    # ---- by hand -----------------------------------------------------------------------------

    def coefficients(self, trace: Trace, steps: slice, keep: Array, new: Array) -> None:
        """keep = 1 − z, new = z ⊙ h̃.

        **Shapes**: keep, new (B, N, H).
        """
        xp, z = trace.xp, trace["update"][steps]
        xp.subtract(1.0, z, out=keep)
        xp.multiply(z, trace["candidate"][steps], out=new)

    def coefficients_backward(
        self, trace: Trace, steps: slice, dkeep: Array, dnew: Array, d: Mapping[str, Array]
    ) -> None:
        """dz = dnew ⊙ h̃ − dkeep, dh̃ = dnew ⊙ z.

        **Shapes**: dkeep, dnew and each of d (B, N, H).

        common slip: dz = dnew ⊙ h̃ alone. z stands twice in the equation, the second time as 1 − z.
        """
        xp = trace.xp
        xp.multiply(dnew, trace["update"][steps], out=d["candidate"])
        dnew *= trace["candidate"][steps]
        xp.subtract(dnew, dkeep, out=d["update"])
