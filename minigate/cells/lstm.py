"""The LSTM: a cell state on a straight line through time, and three gates around it."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell, GateOption
from minigate.cells.trace import Trace, by_gate
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any


class LSTM(GatedCell):
    """Long short-term memory, without peepholes.

    **Equations**, c̃ the candidate; i, f, o the gates (σ unless ``gate=`` says otherwise):

    - c̃_t = tanh(x_t W_c + h_{t−1} U_c + b_c)
    - i_t = σ(x_t W_i + h_{t−1} U_i + b_i), and so f_t and o_t
    - c_t = f_t ⊙ c_{t−1} + i_t ⊙ c̃_t
    - h_t = o_t ⊙ tanh(c_t)

    **Shapes**: x_t (N, D); h, c and every gate (N, H); W.<block> (D, H), U.<block> (H, H), b.<block> (H,)
    for the blocks candidate, input, forget, output; y_t = h_t.

    **Source**: Hochreiter & Schmidhuber (1997) with the forget gate of Gers, Schmidhuber & Cummins (2000);
    Chung et al. (2015), section 2. ``forget_bias`` is where b_f begins: 1 is the advice of Jozefowicz,
    Zaremba & Sutskever (2015), 0 what the Gated-Feedback author's code has.

    **Errors**: :class:`OptionError` for sizes below 1, for a ``gate=`` that is none.
    """

    state_names = ("h", "c")
    gate_names = ("input", "forget", "output")
    blocks = ("candidate", *gate_names)
    products = {f"U.{block}": ("h_prev", f"da_{block}") for block in blocks}

    def __init__(
        self,
        D: int,
        H: int,
        *,
        forget_bias: float = 1.0,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        self.forget_bias = float(forget_bias)
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            bias = zeros(rng, (self.H,)) + (self.forget_bias if block == "forget" else 0.0)
            self.parameter(f"b.{block}", bias, dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,); h, c (N, H) → y_t (N, H), (h, c)."""
        h_prev, c_prev = state
        i = self.gate("input", self.input_share(x_t, "input") + h_prev @ self["U.input"])
        f = self.gate("forget", self.input_share(x_t, "forget") + h_prev @ self["U.forget"])
        o = self.gate("output", self.input_share(x_t, "output") + h_prev @ self["U.output"])
        candidate = ops.tanh(self.input_share(x_t, "candidate") + h_prev @ self["U.candidate"])
        c = f * c_prev + i * candidate
        h = o * ops.tanh(c)
        return h, (h, c)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """The four blocks are planes of one array: first their pre-activations, then what they become.

        **Shapes**: activations (T, 4, N, H); h, c (T, N, H).
        """
        H = self.H
        trace.state("h", state[0], T)
        trace.state("c", state[1], T)
        trace.planes("activations", trace.empty(T, 4, N, H), self.blocks)
        self.begin_gates(trace, trace["activations"][:, 1:])
        trace["tanh_c"] = trace.empty(T, N, H)
        trace["product"] = trace.empty(N, 4 * H)
        trace.weights["U"] = self.packed("U", self.blocks).astype(trace.dtype, copy=False)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, 4H); h, c (N, H) → (h, c)."""
        xp, H, (h_prev, c_prev) = trace.xp, self.H, state
        product = xp.matmul(h_prev, trace.weights["U"], out=trace["product"])
        a = xp.add(by_gate(pre_t, H), by_gate(product, H), out=trace["activations"][t])
        candidate, (i, f, o) = a[0], trace["gates"][t]
        xp.tanh(candidate, out=candidate)
        self.open_gates(trace, a[1:], trace["gates"][t])
        c, h, tanh_c = trace["c"][t], trace["h"][t], trace["tanh_c"][t]
        xp.multiply(f, c_prev, out=c)
        c += xp.multiply(i, candidate, out=h)  # h is not yet in use and holds the product
        xp.tanh(c, out=tanh_c)
        xp.multiply(o, tanh_c, out=h)
        return h, c

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, 4H)."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, 4 * H), self.blocks, prefix="da_")
        trace["da/d"] = trace.empty(steps, 4, N, H)  # the factors that turn dc (for o: dh) into da
        trace["dc/dh"] = trace.empty(steps, N, H)
        trace["dc from h"] = trace.empty(N, H)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives of all four blocks and of the output, for a block of steps."""
        xp, B = trace.xp, t1 - t0
        steps = slice(t0, t1)
        candidate, i, o, tanh_c = (trace[name][steps] for name in ("candidate", "input", "output", "tanh_c"))
        slope = self.gate_slopes(trace, steps)
        F = trace["da/d"][:B]
        xp.multiply(candidate, candidate, out=F[:, 0])
        xp.subtract(1.0, F[:, 0], out=F[:, 0])
        F[:, 0] *= i
        xp.multiply(slope[:, 0], candidate, out=F[:, 1])
        xp.multiply(slope[:, 1], trace["c_prev"][steps], out=F[:, 2])
        xp.multiply(slope[:, 2], tanh_c, out=F[:, 3])
        dc_dh = trace["dc/dh"][:B]
        xp.multiply(tanh_c, tanh_c, out=dc_dh)
        xp.subtract(1.0, dc_dh, out=dc_dh)
        dc_dh *= o

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """dc gathers what comes through h_t; da of i, f, c̃ hang on dc, that of o on dh.

        - dc_t ← dc_t + dh_t ⊙ o ⊙ (1 − tanh² c_t)
        - da_c = dc ⊙ i ⊙ (1 − c̃²), da_i = dc ⊙ c̃ ⊙ i′, da_f = dc ⊙ c_{t−1} ⊙ f′, da_o = dh ⊙ tanh(c_t) ⊙ o′
        - dh_{t−1} = [da_c da_i da_f da_o] Uᵀ,  dc_{t−1} = dc ⊙ f

        **Shapes**: dy_t, dh, dc (N, H) → (dh_prev, dc_prev).

        common slip: da_f with c_t instead of c_{t−1}; or losing the dc that comes back from step t + 1.
        """
        xp, (dh, dc), k = trace.xp, dstate, t - trace.first
        dh += dy_t
        dc += xp.multiply(dh, trace["dc/dh"][k], out=trace["dc from h"])
        if trace.keeps_dstate:
            trace["dh"][t], trace["dc"][t] = dh, dc
        da, F = trace["da"][t], trace["da/d"][k]
        blocks = by_gate(da, self.H)
        xp.multiply(dc, F[:3], out=blocks[:3])
        xp.multiply(dh, F[3], out=blocks[3])
        dc *= trace["forget"][t]
        xp.matmul(da, trace.weights["U.T"], out=dh)
        return dh, dc

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """The gates' own parameters: di = dc ⊙ c̃, df = dc ⊙ c_{t−1}, do = dh ⊙ tanh(c_t)."""
        if not self.has_gate_parameters:
            return {}
        dh, dc = trace["dh"], trace["dc"]
        dg = {"input": dc * trace["candidate"], "forget": dc * trace["c_prev"], "output": dh * trace["tanh_c"]}
        return self.gate_gradients(trace, dg)
