"""The sLSTM: an LSTM whose gates are exponentials, and a normaliser and a stabiliser that make this possible."""

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

#: The logarithm of nothing, as far as float32 goes: e to this is 0, whatever reasonable number is added to it.
LOG_NOTHING = -1e30


class SLSTM(GatedCell):
    """The scalar LSTM of the xLSTM. An exponential input gate can overrule everything stored before.

    **Equations**, z̃ the candidate, o a gate (σ unless ``gate=`` says otherwise), a_g = x_t W_g + h_{t−1} U_g + b_g:

    - z̃_t = tanh(a_z), i_t = exp(a_i), and f_t = σ(a_f) with ``forget="sigmoid"``, exp(a_f) with ``"exponential"``
    - ĉ_t = f_t ⊙ ĉ_{t−1} + i_t ⊙ z̃_t and n̂_t = f_t ⊙ n̂_{t−1} + i_t: what is stored, and its total weight
    - h_t = o_t ⊙ ĉ_t / n̂_t, a weighted mean of all that came in

    As written, these overflow. What is kept instead is c = ĉ e^{−m} and n = n̂ e^{−m}, with a stabiliser m that makes
    the larger of the two gates exactly 1, and on which h does not depend:

    - m_t = max(ln f_t + m_{t−1}, a_i), i′_t = exp(a_i − m_t), f′_t = exp(ln f_t + m_{t−1} − m_t)
    - c_t = f′_t ⊙ c_{t−1} + i′_t ⊙ z̃_t,  n_t = f′_t ⊙ |n_{t−1}| + i′_t,  h_t = o_t ⊙ c_t / n_t

    **Shapes**: x_t (N, D); h, c, n, m and every gate (N, H); W.<block> (D, H), U.<block> (the paper's R) (H, H),
    b.<block> (H,) for the blocks candidate, input, forget, output; y_t = h_t. In the trace, input is i′ and forget f′.

    **Source**: Beck et al. (2024), section 2.2; the stabiliser is its eq. 15. The paper has several heads, here it is
    one. From the initial state n is a sum of positive terms; a state that is handed in may be anything, and of its
    n the magnitude counts: that |·| is ours. Where n is 0, as in the initial state, nothing is stored, and m_t = a_i:
    so the authors' code begins. Where both sides of the maximum are equal, its gradient goes to a_i.
    ``forget_bias``, where b_f begins, is 1 as in :class:`LSTM`. Only o is a :class:`Gate`: of the other two it is
    the logarithms that count, and no exponential is a map into (0, 1).

    **Errors**: :class:`OptionError` for another ``forget``, for sizes below 1, for a ``gate=`` that is none.
    """

    state_names = ("h", "c", "n", "m")
    gate_names = ("output",)
    blocks = ("candidate", "input", "forget", *gate_names)
    products = {f"U.{block}": ("h_prev", f"da_{block}") for block in blocks}

    def __init__(
        self,
        D: int,
        H: int,
        *,
        forget: str = "sigmoid",
        forget_bias: float = 1.0,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        self.forget = check_choice("SLSTM", "what is the forget gate?", ("sigmoid", "exponential"), forget=forget)
        self.forget_bias = check_number("SLSTM", "forget_bias", forget_bias)
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            bias = zeros(rng, (self.H,)) + (self.forget_bias if block == "forget" else 0.0)
            self.parameter(f"b.{block}", bias, dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,); h, c, n, m (N, H) → y_t (N, H), (h, c, n, m)."""
        h_prev, c_prev, n_prev, m_prev = state
        candidate = ops.tanh(self.input_share(x_t, "candidate") + h_prev @ self["U.candidate"])
        log_i = self.input_share(x_t, "input") + h_prev @ self["U.input"]
        a_f = self.input_share(x_t, "forget") + h_prev @ self["U.forget"]
        o = self.gate("output", self.input_share(x_t, "output") + h_prev @ self["U.output"])
        log_f = -ops.softplus(-a_f) if self.forget == "sigmoid" else a_f  # ln σ(a) = −softplus(−a)
        kept = ops.where(n_prev.data == 0.0, LOG_NOTHING, log_f + m_prev)
        m = ops.where(kept.data > log_i.data, kept, log_i)
        i = ops.exp(log_i - m)
        f = ops.exp(kept - m)
        c = f * c_prev + i * candidate
        n = f * ops.abs(n_prev) + i
        h = o * (c / n)
        return h, (h, c, n, m)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """c/n and 1/n are kept as a step makes them: where a step is not real, the n that is held may be 0.

        **Shapes**: activations (T, 4, N, H); h, c, n, m, c/n, 1/n and ln f (T, N, H).
        """
        xp, H = trace.xp, self.H
        for name, initial in zip(self.state_names, state, strict=True):
            trace.state(name, initial, T)
        trace.planes("activations", trace.empty(T, 4, N, H), self.blocks)
        self.begin_gates(trace, trace["activations"][:, 3:])
        for name in ("c/n", "1/n", "log_f"):
            trace[name] = trace.empty(T, N, H)
        trace["kept"] = xp.empty((T, N, H), dtype=bool)  # is ln f + m_prev the larger side of the maximum?
        trace["nothing stored"] = xp.empty((N, H), dtype=bool)
        trace["product"] = trace.empty(N, 4 * H)
        trace.weights["U"] = self.packed("U", self.blocks).astype(trace.dtype, copy=False)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, 4H); h, c, n, m (N, H) → (h, c, n, m)."""
        xp, H, (h_prev, c_prev, n_prev, m_prev) = trace.xp, self.H, state
        h, c, n, m, log_f = (trace[name][t] for name in (*self.state_names, "log_f"))
        product = xp.matmul(h_prev, trace.weights["U"], out=trace["product"])
        a = xp.add(by_gate(pre_t, H), by_gate(product, H), out=trace["activations"][t])
        candidate, i, f = a[:3]
        xp.tanh(candidate, out=candidate)
        self.open_gates(trace, t)
        self._log_forget(xp, f, out=log_f)
        xp.add(log_f, m_prev, out=f)
        xp.copyto(f, LOG_NOTHING, where=xp.equal(n_prev, 0.0, out=trace["nothing stored"]))
        xp.greater(f, i, out=trace["kept"][t])
        xp.maximum(f, i, out=m)
        a[1:3] -= m
        xp.exp(a[1:3], out=a[1:3])  # from the logarithms of i′ and f′ to themselves
        xp.multiply(f, c_prev, out=c)
        c += xp.multiply(i, candidate, out=h)  # h is not yet in use and holds the product
        xp.abs(n_prev, out=n)
        n *= f
        n += i
        inverse_n = xp.reciprocal(n, out=trace["1/n"][t])
        mean = xp.multiply(c, inverse_n, out=trace["c/n"][t])
        xp.multiply(trace["output"][t], mean, out=h)
        return h, c, n, m

    def _log_forget(self, xp: Any, a_f: Array, out: Array) -> None:
        """ln f: a_f itself, or ln σ(a_f) = min(a_f, 0) − ln(1 + e^−|a_f|), which cannot overflow; a_f is used up."""
        if self.forget == "exponential":
            out[...] = a_f
            return
        xp.minimum(a_f, 0.0, out=out)
        xp.abs(a_f, out=a_f)
        xp.negative(a_f, out=a_f)
        xp.exp(a_f, out=a_f)
        out -= xp.log1p(a_f, out=a_f)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, 4H); the factors over the blocks that each gradient of the state reaches."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, 4 * H), self.blocks, prefix="da_")
        trace["from dh"] = trace.empty(steps, 3, N, H)  # to da_o, dc, dn
        trace["from dc"] = trace.empty(steps, 3, N, H)  # to da_z, and to ln i′, ln f′
        trace["from dn"] = trace.empty(steps, 2, N, H)  # to ln i′, ln f′
        trace["from dm"] = trace.empty(steps, 2, N, H)  # to the two sides of the maximum
        trace["dn/dn_prev"] = trace.empty(steps, N, H)
        trace["log_f'"] = trace.empty(steps, N, H)
        trace["work"] = trace.empty(2, N, H)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives, for a block of steps, sorted by the gradient that they meet."""
        xp, B = trace.xp, t1 - t0
        steps = slice(t0, t1)
        candidate, i, f, o, mean = (trace[name][steps] for name in (*self.blocks, "c/n"))
        from_dh, from_dc, from_dn, from_dm = (trace[f"from d{name}"][:B] for name in self.state_names)
        xp.multiply(self.gate_slopes(trace, steps)[:, 0], mean, out=from_dh[:, 0])
        xp.multiply(o, trace["1/n"][steps], out=from_dh[:, 1])
        xp.multiply(from_dh[:, 1], mean, out=from_dh[:, 2])
        xp.negative(from_dh[:, 2], out=from_dh[:, 2])
        xp.multiply(candidate, candidate, out=from_dc[:, 0])
        xp.subtract(1.0, from_dc[:, 0], out=from_dc[:, 0])
        from_dc[:, 0] *= i
        xp.multiply(i, candidate, out=from_dc[:, 1])
        xp.multiply(f, trace["c_prev"][steps], out=from_dc[:, 2])
        dn_dn_prev = xp.sign(trace["n_prev"][steps], out=trace["dn/dn_prev"][:B])
        dn_dn_prev *= f
        from_dn[:, 0] = i
        xp.multiply(dn_dn_prev, trace["n_prev"][steps], out=from_dn[:, 1])
        from_dm[:, 1] = trace["kept"][steps]
        xp.subtract(1.0, from_dm[:, 1], out=from_dm[:, 0])
        if self.forget == "sigmoid":  # 1 − σ(a) = 1 − e^(ln f)
            slope = xp.expm1(trace["log_f"][steps], out=trace["log_f'"][:B])
            xp.negative(slope, out=slope)

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """c and n both scale with e^−m: what m does to them is taken off what comes back to m itself.

        - dc_t ← dc_t + dh ⊙ o / n,  dn_t ← dn_t − dh ⊙ o ⊙ c / n²,  dm_t ← dm_t − dc ⊙ c − dn ⊙ n
        - d(ln i′) = dc ⊙ i′ ⊙ z̃ + dn ⊙ i′,  d(ln f′) = dc ⊙ f′ ⊙ c_{t−1} + dn ⊙ f′ ⊙ |n_{t−1}|
        - dm goes to the larger side of its maximum: to a_i with the first, to ln f + m_{t−1} with the second
        - da_z = dc ⊙ i′ ⊙ (1 − z̃²),  da_f = d(ln f) ⊙ (1 − σ(a_f)) or d(ln f),  da_o = dh ⊙ c / n ⊙ o′
        - dh_{t−1} = [da_z da_i da_f da_o] Uᵀ,  dc_{t−1} = dc ⊙ f′,  dn_{t−1} = dn ⊙ f′ ⊙ sign n_{t−1},
          dm_{t−1} = d(ln f)

        Where only h is asked for, dc ⊙ c + dn ⊙ n = 0 at every step and m gets nothing: h does not depend on it. A
        cotangent on the last c, n or m does reach it.

        **Shapes**: dy_t, dh, dc, dn, dm (N, H) → (dh_prev, dc_prev, dn_prev, dm_prev).

        common slip: taking m for a constant, which is right for h, but not for the c, n and m that are handed on.
        """
        xp, (dh, dc, dn, dm), k = trace.xp, dstate, t - trace.first
        work = trace["work"]
        da = trace["da"][t]
        blocks = by_gate(da, self.H)
        dh += dy_t
        xp.multiply(dh, trace["from dh"][k, 0], out=blocks[3])
        xp.multiply(dh, trace["from dh"][k, 1:], out=work)
        dc += work[0]
        dn += work[1]
        dm -= xp.multiply(dc, trace["c"][t], out=work[0])
        dm -= xp.multiply(dn, trace["n"][t], out=work[1])
        if trace.keeps_dstate:
            trace["dh"][t], trace["dc"][t], trace["dn"][t], trace["dm"][t] = dh, dc, dn, dm
        xp.multiply(dc, trace["from dc"][k], out=blocks[:3])
        blocks[1:3] += xp.multiply(dn, trace["from dn"][k], out=work)
        blocks[1:3] += xp.multiply(dm, trace["from dm"][k], out=work)
        dm[...] = blocks[2]
        if self.forget == "sigmoid":
            blocks[2] *= trace["log_f'"][k]
        dc *= trace["forget"][t]
        dn *= trace["dn/dn_prev"][k]
        xp.matmul(da, trace.weights["U.T"], out=dh)
        return dh, dc, dn, dm

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """The output gate's own parameters: do = dh ⊙ c / n."""
        if not self.has_gate_parameters:
            return {}
        return self.gate_gradients(trace, {"output": trace["dh"] * trace["c/n"]})

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        return super().extra_repr() + ("" if self.forget == "sigmoid" else f", forget={self.forget!r}")
