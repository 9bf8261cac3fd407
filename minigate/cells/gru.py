"""The GRU: the LSTM's idea with one state and two gates, in its two published orders of the reset."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell, GateOption
from minigate.cells.trace import Trace, by_gate
from minigate.errors import OptionError, explain
from minigate.module.arguments import check_choice, check_flags
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any

#: Where the reset gate may act.
RESETS = {"before": "r ⊙ h, then U", "after": "h U, then r ⊙"}


class GRU(GatedCell):
    """The gated recurrent unit. z near 1 takes the new candidate, z near 0 keeps the old state.

    **Equations** (σ unless ``gate=`` says otherwise):

    - z_t = σ(x_t W_z + h_{t−1} U_z + b_z), the update gate; r_t = σ(x_t W_r + h_{t−1} U_r + b_r), the reset gate
    - ``reset="after"``:  h̃_t = tanh(x_t W_h + r_t ⊙ (h_{t−1} U_h) + b_h)
    - ``reset="before"``: h̃_t = tanh(x_t W_h + (r_t ⊙ h_{t−1}) U_h + b_h)
    - ``recurrent_bias=True``, after only: r_t ⊙ (h_{t−1} U_h + b_r̃) in place of r_t ⊙ (h_{t−1} U_h)
    - h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t

    **Shapes**: x_t (N, D); h and every gate (N, H); W.<block> (D, H), U.<block> (H, H), b.<block> (H,) for the
    blocks candidate, update, reset, and b.recurrent (H,) for b_r̃; y_t = h_t.

    **Source**: Cho et al. (2014); "after" is the form of Chung et al. (ICML 2015), section 2, and of most
    frameworks; "before" that of Chung et al. (2014) and of Scardapane et al. (2018), eqs. 2–4. By a footnote of
    Chung et al. (2014), "after" is also the original of Cho et al., and they found both alike. The recurrent bias is in
    no paper; frameworks have it where they give each of the two products x W and h U a bias of its own.

    The convention of z is that of Chung et al.: it is the share of the new. Frameworks that write
    h = z ⊙ h_prev + (1 − z) ⊙ h̃ have the same model under z → 1 − z, and since 1 − σ(a) = σ(−a) that is W_z, U_z
    and b_z with their signs turned, and the gradients of these as well.

    **Errors**: :class:`OptionError` for another ``reset``, for a recurrent bias with the reset before, for sizes below
    1, for a ``gate=`` that is none.
    """

    state_names = ("h",)
    gate_names = ("update", "reset")
    blocks = ("candidate", *gate_names)

    def __init__(
        self,
        D: int,
        H: int,
        *,
        reset: str = "after",
        recurrent_bias: bool = False,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        check_choice("GRU", "where does the reset gate act?", RESETS, reset=reset)
        check_flags("GRU", recurrent_bias=recurrent_bias)
        if recurrent_bias and reset == "before":
            raise OptionError(
                explain(
                    "there is no recurrent bias where the reset comes before the product",
                    where="GRU",
                    slip="(r ⊙ h) U + b is the sum that b.candidate already stands in: a second bias would be the same",
                    remedy='reset="after", or leave recurrent_bias out',
                )
            )
        self.reset, self.recurrent_bias = reset, recurrent_bias
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)
        candidate = ("h_prev", "da_recurrent") if reset == "after" else ("reset_h", "da_candidate")
        self.products = {
            "U.update": ("h_prev", "da_update"),
            "U.reset": ("h_prev", "da_reset"),
            "U.candidate": candidate,
        }

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            self.parameter(f"b.{block}", zeros(rng, (self.H,)), dtype)
        if self.recurrent_bias:
            self.parameter("b.recurrent", zeros(rng, (self.H,)), dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        z = self.gate("update", self.input_share(x_t, "update") + h_prev @ self["U.update"])
        r = self.gate("reset", self.input_share(x_t, "reset") + h_prev @ self["U.reset"])
        if self.recurrent_bias:
            recurrent = r * (h_prev @ self["U.candidate"] + self["b.recurrent"])
        elif self.reset == "after":
            recurrent = r * (h_prev @ self["U.candidate"])
        else:
            recurrent = (r * h_prev) @ self["U.candidate"]
        candidate = ops.tanh(self.input_share(x_t, "candidate") + recurrent)
        h = (1.0 - z) * h_prev + z * candidate
        return h, (h,)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """Three products share the operand h_{t−1} where the reset comes after, two where it comes before.

        **Shapes**: activations (T, 3, N, H): candidate, update, reset; h and h_U or reset_h (T, N, H).
        """
        H, after = self.H, self.reset == "after"
        trace.state("h", state[0], T)
        trace.planes("activations", trace.empty(T, 3, N, H), self.blocks)
        self.begin_gates(trace, trace["activations"][:, 1:])
        trace["h_U" if after else "reset_h"] = trace.empty(T, N, H)
        U = self.packed("U", (*self.gate_names, "candidate")).astype(trace.dtype, copy=False)
        if not after:
            U, trace.weights["U_h"] = U[:, : 2 * H].copy(), U[:, 2 * H :].copy()
        trace.weights["U"] = U
        if self.recurrent_bias:
            trace.weights["b_r"] = self["b.recurrent"].data.astype(trace.dtype)
        trace["product"] = trace.empty(N, trace.weights["U"].shape[1])

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, 3H), h (N, H) → (h,)."""
        xp, H, (h_prev,) = trace.xp, self.H, state
        product = xp.matmul(h_prev, trace.weights["U"], out=trace["product"])  # update | reset (| h_U)
        candidate, h, (z, r) = trace["candidate"][t], trace["h"][t], trace["gates"][t]
        xp.add(by_gate(pre_t[:, H:], H), by_gate(product[:, : 2 * H], H), out=trace["activations"][t, 1:])
        self.open_gates(trace, t)
        if self.reset == "after":
            h_U = trace["h_U"][t]
            h_U[...] = product[:, 2 * H :]
            if self.recurrent_bias:
                h_U += trace.weights["b_r"]
            xp.multiply(r, h_U, out=candidate)
        else:
            reset_h = xp.multiply(r, h_prev, out=trace["reset_h"][t])
            xp.matmul(reset_h, trace.weights["U_h"], out=candidate)
        candidate += pre_t[:, :H]
        xp.tanh(candidate, out=candidate)
        xp.subtract(candidate, h_prev, out=h)  # h = h_prev + z (h̃ − h_prev): the same, one product less
        h *= z
        h += h_prev
        return (h,)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """The input sees [da_h da_z da_r]; with the reset after, h_{t−1} sees [da_z da_r r⊙da_h]: overlapping columns.

        **Shapes**: da (T, N, 3H), or (T, N, 4H) where the reset comes after.
        """
        T, N, H = trace["h"].shape
        parts = (*self.blocks, "recurrent") if self.reset == "after" else self.blocks
        trace.pack("da", trace.empty(T, N, len(parts) * H), parts, prefix="da_")
        trace["da/d"] = trace.empty(steps, 4, N, H)
        trace["1 - z"] = trace.empty(steps, N, H)
        trace["dh from gates"] = trace.empty(N, H)
        if self.reset == "before":
            trace["d_reset_h"] = trace.empty(T if trace.keeps_dstate else 1, N, H)
            trace.weights["U_h.T"] = trace.weights["U_h"].T.copy()
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives, for a block of steps: what turns dh, then da_h, into the other gradients."""
        xp, B = trace.xp, t1 - t0
        steps = slice(t0, t1)
        z, r, candidate, h_prev = (trace[name][steps] for name in ("update", "reset", "candidate", "h_prev"))
        slope = self.gate_slopes(trace, steps)
        F, keep = trace["da/d"][:B], trace["1 - z"][:B]
        xp.multiply(candidate, candidate, out=F[:, 0])
        xp.subtract(1.0, F[:, 0], out=F[:, 0])
        F[:, 0] *= z
        xp.subtract(candidate, h_prev, out=F[:, 1])
        F[:, 1] *= slope[:, 0]
        xp.multiply(slope[:, 1], trace["h_U"][steps] if self.reset == "after" else h_prev, out=F[:, 2])
        F[:, 3] = r
        xp.subtract(1.0, z, out=keep)

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """Three ways lead back to h_{t−1}: around the candidate, through the gates, through the candidate.

        - da_h = dh ⊙ z ⊙ (1 − h̃²), da_z = dh ⊙ (h̃ − h_{t−1}) ⊙ z′
        - after:  da_r = da_h ⊙ (h_{t−1} U_h) ⊙ r′, and U_h gets r ⊙ da_h
        - before: with e = da_h U_hᵀ: da_r = e ⊙ h_{t−1} ⊙ r′, and h_{t−1} gets e ⊙ r
        - dh_{t−1} = dh ⊙ (1 − z) + [da_z da_r …] Uᵀ

        **Shapes**: dy_t, dh (N, H) → (dh_prev,).

        common slip: leaving out dh ⊙ (1 − z), the straight way around the candidate.
        """
        xp, H, (dh,), k = trace.xp, self.H, dstate, t - trace.first
        dh += dy_t
        if trace.keeps_dstate:
            trace["dh"][t] = dh
        da, F, through = trace["da"][t], trace["da/d"][k], trace["dh from gates"]
        blocks = by_gate(da, H)  # candidate, update, reset (, recurrent)
        xp.multiply(dh, F[:2], out=blocks[:2])
        dh *= trace["1 - z"][k]
        if self.reset == "after":
            xp.multiply(blocks[0], F[2:], out=blocks[2:])
        else:
            kept = trace["d_reset_h"][t if trace.keeps_dstate else 0]
            d_reset_h = xp.matmul(da[:, :H], trace.weights["U_h.T"], out=kept)
            xp.multiply(d_reset_h, F[2], out=blocks[2])
            dh += xp.multiply(d_reset_h, F[3], out=through)
        dh += xp.matmul(da[:, H:], trace.weights["U.T"], out=through)
        return (dh,)

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """db_r̃ = Σ r ⊙ da_h, and the gates' own parameters: dz = dh ⊙ (h̃ − h_{t−1}), dr = da_h ⊙ what r multiplies."""
        found = {"b.recurrent": trace["da_recurrent"].sum(axis=(0, 1))} if self.recurrent_bias else {}
        if self.has_gate_parameters:
            h_prev = trace["h_prev"]
            dz = trace["candidate"] - h_prev
            dz *= trace["dh"]
            dr = trace["da_candidate"] * trace["h_U"] if self.reset == "after" else trace["d_reset_h"] * h_prev
            found |= self.gate_gradients(trace, {"update": dz, "reset": dr})
        return found

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        reset = "" if self.reset == "after" else f", reset={self.reset!r}"
        return super().extra_repr() + reset + (", recurrent_bias=True" if self.recurrent_bias else "")
