"""The LSTM: a cell state on a straight line through time, and three gates around it that may look at it."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell, GateOption
from minigate.cells.trace import Trace, by_gate
from minigate.module.arguments import check_choice, check_number
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any

#: What the gates may see of the cell state.
PEEPHOLES = {"none": "", "diagonal": "each unit its own c: c ⊙ V", "full": "c V"}


class LSTM(GatedCell):
    """Long short-term memory; with peepholes the gates see the cell state, coupled there are only two of them.

    **Equations**, c̃ the candidate; i, f, o the gates (σ unless ``gate=`` says otherwise):

    - c̃_t = tanh(x_t W_c + h_{t−1} U_c + b_c)
    - i_t = σ(x_t W_i + h_{t−1} U_i + b_i), and so f_t and o_t
    - c_t = f_t ⊙ c_{t−1} + i_t ⊙ c̃_t
    - h_t = o_t ⊙ tanh(c_t)
    - peepholes add to the pre-activations: c_{t−1} V_i to that of i_t, c_{t−1} V_f to that of f_t, and to that of
      o_t, which waits for it, c_t V_o; ``peephole="diagonal"``: V is a diagonal, c ⊙ V; ``"full"``: any matrix
    - ``coupled=True``: i_t = 1 − f_t, and the input gate has no parameters

    **Shapes**: x_t (N, D); h, c and every gate (N, H); W.<block> (D, H), U.<block> (H, H), b.<block> (H,)
    for the blocks candidate, input, forget, output; V.<gate> (H,) or (H, H); y_t = h_t.

    **Source**: Hochreiter & Schmidhuber (1997) with the forget gate of Gers, Schmidhuber & Cummins (2000);
    without peepholes as in Chung et al. (2015), section 2. Peepholes: Gers & Schmidhuber (2000), from each cell to
    the gates around it; Graves (2013) and Chung et al. (2014) write V as a matrix and say that it is diagonal; "full"
    leaves that out. Coupled: the CIFG of Greff et al. (2017); since 1 − σ(a) = σ(−a) it does
    not matter which of the two gates is the one that is left. ``forget_bias`` is where b_f begins: 1 is the advice
    of Jozefowicz, Zaremba & Sutskever (2015), 0 what the Gated-Feedback author's code has. V begins at 0: with
    one seed it starts as the LSTM without peepholes.

    **Errors**: :class:`OptionError` for another ``peephole`` or ``coupled``, for sizes below 1, for a ``gate=`` that is
    none or is for a gate that a coupled LSTM does not have.
    """

    state_names = ("h", "c")
    gate_names: tuple[str, ...] = ("input", "forget", "output")
    blocks: tuple[str, ...] = ("candidate", *gate_names)

    def __init__(
        self,
        D: int,
        H: int,
        *,
        peephole: str = "none",
        coupled: bool = False,
        forget_bias: float = 1.0,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        remedy = 'peephole="diagonal", the peephole of the papers' if isinstance(peephole, bool) else ""
        check_choice("LSTM", "what do the gates see of the cell state?", PEEPHOLES, peephole=peephole, remedy=remedy)
        check_choice("LSTM", "is the input gate 1 − the forget gate?", (True, False), coupled=coupled)
        self.peephole, self.coupled = peephole, coupled
        self.forget_bias = check_number("LSTM", "forget_bias", forget_bias)
        if coupled:
            self.gate_names = ("forget", "output")
            self.blocks = ("candidate", *self.gate_names)
        if peephole != "none":
            self.moments = (len(self.gate_names) - 1, 1)  # the output gate waits for c_t
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)
        self.products = {f"U.{block}": ("h_prev", f"da_{block}") for block in self.blocks}
        if peephole == "full":
            self.products |= {f"V.{name}": (self._seen_by(name), f"da_{name}") for name in self.gate_names}

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            bias = zeros(rng, (self.H,)) + (self.forget_bias if block == "forget" else 0.0)
            self.parameter(f"b.{block}", bias, dtype)
        if self.peephole != "none":
            shape = (self.H, self.H) if self.peephole == "full" else (self.H,)
            for name in self.gate_names:
                self.parameter(f"V.{name}", zeros(rng, shape), dtype)

    @staticmethod
    def _seen_by(name: str) -> str:
        """Which c a gate looks at: the output gate at the new one, the others open before there is one."""
        return "c" if name == "output" else "c_prev"

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,); h, c (N, H) → y_t (N, H), (h, c)."""
        h_prev, c_prev = state
        f = self.gate("forget", self._pre_activation("forget", x_t, h_prev, c_prev))
        i = 1.0 - f if self.coupled else self.gate("input", self._pre_activation("input", x_t, h_prev, c_prev))
        candidate = ops.tanh(self._pre_activation("candidate", x_t, h_prev))
        c = f * c_prev + i * candidate
        o = self.gate("output", self._pre_activation("output", x_t, h_prev, c))
        h = o * ops.tanh(c)
        return h, (h, c)

    def _pre_activation(self, block: str, x_t: Tensor, h_prev: Tensor, c: Tensor | None = None) -> Tensor:
        """x W + h U + b, and where there is a peephole what it sees of c.

        **Shapes**: x_t (N, D) or int (N,); h_prev, c (N, H) → (N, H).
        """
        a = self.input_share(x_t, block) + h_prev @ self[f"U.{block}"]
        if self.peephole == "none" or c is None:
            return a
        V = self[f"V.{block}"]
        return a + (c @ V if self.peephole == "full" else c * V)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """The blocks are planes of one array: first their pre-activations, then what they become.

        **Shapes**: activations (T, 4, N, H), coupled (T, 3, N, H); h, c (T, N, H).
        """
        G, H = len(self.blocks), self.H
        trace.state("h", state[0], T)
        trace.state("c", state[1], T)
        trace.planes("activations", trace.empty(T, G, N, H), self.blocks)
        self.begin_gates(trace, trace["activations"][:, 1:])
        if self.coupled:
            trace["input"] = trace.empty(T, N, H)
        trace["tanh_c"] = trace.empty(T, N, H)
        trace["product"] = trace.empty(N, G * H)
        trace.weights["U"] = self.packed("U", self.blocks).astype(trace.dtype, copy=False)
        if self.peephole != "none":
            V = self.packed("V", self.gate_names).astype(trace.dtype, copy=False)
            if self.peephole == "diagonal":
                V = trace.weights["V"] = V.reshape(G - 1, 1, H)
                trace.weights["V_early"], trace.weights["V_o"] = V[:-1], V[-1:]
            else:
                trace.weights["V_early"], trace.weights["V_o"] = V[:, :-H].copy(), V[:, -H:].copy()

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, G·H); h, c (N, H) → (h, c)."""
        xp, H, (h_prev, c_prev) = trace.xp, self.H, state
        product = xp.matmul(h_prev, trace.weights["U"], out=trace["product"])
        a, g = xp.add(by_gate(pre_t, H), by_gate(product, H), out=trace["activations"][t]), trace["gates"][t]
        candidate, i, f, o = a[0], trace["input"][t], g[-2], g[-1]
        xp.tanh(candidate, out=candidate)
        if self.peephole != "none":
            a[1:-1] += self._seen(c_prev, trace.weights["V_early"], trace)
        self.open_gates(trace, t)
        if self.coupled:
            xp.subtract(1.0, f, out=i)
        c, h, tanh_c = trace["c"][t], trace["h"][t], trace["tanh_c"][t]
        xp.multiply(f, c_prev, out=c)
        c += xp.multiply(i, candidate, out=h)  # h is not yet in use and holds the product
        if self.peephole != "none":
            a[-1:] += self._seen(c, trace.weights["V_o"], trace)
            self.open_gates(trace, t, moment=1)
        xp.tanh(c, out=tanh_c)
        xp.multiply(o, tanh_c, out=h)
        return h, c

    def _seen(self, c: Array, V: Array, trace: Trace) -> Array:
        """What gates see of the cell, c ⊙ V or c V, written over the product h U: that is already added.

        **Shapes**: c (N, H); V (G, 1, H) or (H, G·H) → (G, N, H).
        """
        free = trace["product"]
        if self.peephole == "full":
            return by_gate(trace.xp.matmul(c, V, out=free[:, : V.shape[1]]), self.H)
        return trace.xp.multiply(c, V, out=free.reshape(len(self.blocks), *c.shape)[: len(V)])

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, G·H)."""
        (T, N, H), G = trace["h"].shape, len(self.blocks)
        trace.pack("da", trace.empty(T, N, G * H), self.blocks, prefix="da_")
        trace["da/d"] = trace.empty(steps, G, N, H)  # the factors that turn dc (for o: dh) into da
        trace["dc/dh"] = trace.empty(steps, N, H)
        trace["dc from"] = trace.empty(N, H)
        for name in ("U", "V_early", "V_o") if self.peephole == "full" else ("U",):
            trace.weights[f"{name}.T"] = trace.weights[name].T.copy()
        if self.peephole == "diagonal":
            trace["dc_prev/dc"] = trace.empty(steps, N, H)
            trace["seen"] = trace.empty(steps, G - 1, N, H)

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives of all blocks, of h and of c, for a block of steps.

        The way through a diagonal peephole is one more factor between dh, dc and dc_prev, and so comes in here.
        """
        xp, B = trace.xp, t1 - t0
        steps = slice(t0, t1)
        candidate, c_prev, tanh_c = (trace[name][steps] for name in ("candidate", "c_prev", "tanh_c"))
        i, f, o = (trace[name][steps] for name in ("input", "forget", "output"))
        slope = self.gate_slopes(trace, steps)
        F, dc_dh = trace["da/d"][:B], trace["dc/dh"][:B]
        xp.multiply(candidate, candidate, out=F[:, 0])
        xp.subtract(1.0, F[:, 0], out=F[:, 0])
        F[:, 0] *= i
        if self.coupled:
            xp.subtract(c_prev, candidate, out=F[:, 1])
            F[:, 1] *= slope[:, 0]
        else:
            xp.multiply(slope[:, 0], candidate, out=F[:, 1])
            xp.multiply(slope[:, 1], c_prev, out=F[:, 2])
        xp.multiply(slope[:, -1], tanh_c, out=F[:, -1])
        xp.multiply(tanh_c, tanh_c, out=dc_dh)
        xp.subtract(1.0, dc_dh, out=dc_dh)
        dc_dh *= o
        if self.peephole != "diagonal":
            trace["dc_prev/dc"] = f
            return
        seen = xp.multiply(F[:, 1:], trace.weights["V"], out=trace["seen"][:B])
        dc_dh += seen[:, -1]
        keep = xp.sum(seen[:, :-1], axis=1, out=trace["dc_prev/dc"][:B])
        keep += f

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """dc gathers what comes through h_t, and through o_t where that has a peephole; da of i, f, c̃ hang on dc.

        - da_o = dh ⊙ tanh(c_t) ⊙ o′
        - dc_t ← dc_t + dh_t ⊙ o ⊙ (1 − tanh² c_t) + da_o V_oᵀ
        - da_c = dc ⊙ i ⊙ (1 − c̃²), da_i = dc ⊙ c̃ ⊙ i′, da_f = dc ⊙ c_{t−1} ⊙ f′; coupled da_f = dc ⊙ (c_{t−1} − c̃) ⊙ f′
        - dh_{t−1} = [da_c da_i da_f da_o] Uᵀ,  dc_{t−1} = dc ⊙ f + da_i V_iᵀ + da_f V_fᵀ

        **Shapes**: dy_t, dh, dc (N, H) → (dh_prev, dc_prev).

        common slip: da_f with c_t instead of c_{t−1}; or losing the dc that comes back from step t + 1; with a
        peephole, taking da_i and da_f before da_o V_oᵀ has come to dc.
        """
        xp, H, (dh, dc), k = trace.xp, self.H, dstate, t - trace.first
        dh += dy_t
        da, F = trace["da"][t], trace["da/d"][k]
        blocks = by_gate(da, H)
        xp.multiply(dh, F[-1], out=blocks[-1])
        dc += xp.multiply(dh, trace["dc/dh"][k], out=trace["dc from"])
        if self.peephole == "full":
            dc += xp.matmul(da[:, -H:], trace.weights["V_o.T"], out=trace["dc from"])
        if trace.keeps_dstate:
            trace["dh"][t], trace["dc"][t] = dh, dc
        xp.multiply(dc, F[:-1], out=blocks[:-1])
        dc *= trace["dc_prev/dc"][k]
        if self.peephole == "full":
            dc += xp.matmul(da[:, H:-H], trace.weights["V_early.T"], out=trace["dc from"])
        xp.matmul(da, trace.weights["U.T"], out=dh)
        return dh, dc

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """Diagonal peepholes: dV = Σ da ⊙ c. The gates' own parameters: df = dc ⊙ c_{t−1}, do = dh ⊙ tanh(c_t), …"""
        found: dict[str, Array] = {}
        if self.peephole == "diagonal":
            for name in self.gate_names:
                found[f"V.{name}"] = trace.xp.einsum("tnh,tnh->h", trace[f"da_{name}"], trace[self._seen_by(name)])
        if self.has_gate_parameters:
            dh, dc, c_prev, candidate = trace["dh"], trace["dc"], trace["c_prev"], trace["candidate"]
            dg = {"input": dc * candidate, "forget": dc * c_prev, "output": dh * trace["tanh_c"]}
            if self.coupled:
                dg["forget"] -= dg["input"]
            found |= self.gate_gradients(trace, dg)
        return found

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        peephole = "" if self.peephole == "none" else f", peephole={self.peephole!r}"
        return super().extra_repr() + peephole + (", coupled=True" if self.coupled else "")
