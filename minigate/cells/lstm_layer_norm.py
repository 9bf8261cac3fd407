"""The LSTM with layer normalisation: what each product brings is brought to one scale before it is added."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell, GateOption
from minigate.cells.normalisation import averages, normalise, normalise_backward, normalised
from minigate.cells.trace import Trace, by_gate
from minigate.module.arguments import check_number
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any


class LayerNormLSTM(GatedCell):
    """Long short-term memory whose three sums (of the input, of the state, of the cell) are each normalised.

    **Equations**, side by side with those of the :class:`LSTM`; LN(a; g) = g ⊙ (a − mean(a)) / √(var(a) + ε):

    - [a_c a_i a_f a_o]_t = LN(x_t W; g_x) + LN(h_{t−1} U; g_h) + b, over the 4H numbers of all blocks together
    - c̃_t = tanh(a_c), and i_t = σ(a_i), f_t = σ(a_f), o_t = σ(a_o) unless ``gate=`` says otherwise
    - c_t = f_t ⊙ c_{t−1} + i_t ⊙ c̃_t
    - h_t = o_t ⊙ tanh(LN(c_t; g_c) + b_c), over the H numbers of c_t

    **Shapes**: x_t (N, D); h, c and every gate (N, H); W.<block> (D, H), U.<block> (H, H), b.<block>, gain_x.<block>
    and gain_h.<block> (H,) for the blocks candidate, input, forget, output; gain.cell, b.cell (H,); y_t = h_t.

    **Source**: Ba, Kiros & Hinton (2016), the layer-normalised LSTM of their supplement. There LN(x W) and LN(h U) have
    a bias each besides b; the sum of the three is one bias, b. Gains begin at 1, biases at 0 but b_f at
    ``forget_bias``. ε = 1e-5 is ours. A cell that normalises every gate by itself is another model. The numbers
    of a layer are measured against each other, so H = 1 leaves nothing of c.

    **Errors**: :class:`OptionError` for sizes below 1, for a ``gate=`` that is none.
    """

    state_names = ("h", "c")
    gate_names = ("input", "forget", "output")
    blocks = ("candidate", *gate_names)
    bias_in_share = False
    products = {f"U.{block}": ("h_prev", f"d_hU_{block}") for block in blocks}

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
        self.forget_bias = check_number("LayerNormLSTM", "forget_bias", forget_bias)
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        zero = zeros(rng, (self.H,))
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            self.parameter(f"b.{block}", zero + (self.forget_bias if block == "forget" else 0.0), dtype)
            self.parameter(f"gain_x.{block}", zero + 1.0, dtype)
            self.parameter(f"gain_h.{block}", zero + 1.0, dtype)
        self.parameter("gain.cell", zero + 1.0, dtype)
        self.parameter("b.cell", zero, dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,); h, c (N, H) → y_t (N, H), (h, c)."""
        h_prev, c_prev = state
        x_W = ops.concat([self.input_share(x_t, block) for block in self.blocks], axis=-1)
        h_U = ops.concat([h_prev @ self[f"U.{block}"] for block in self.blocks], axis=-1)
        g_x, g_h, b = (
            ops.concat([self[f"{symbol}.{block}"] for block in self.blocks], axis=-1)
            for symbol in ("gain_x", "gain_h", "b")
        )
        a = g_x * normalised(x_W) + g_h * normalised(h_U) + b
        a_c, a_i, a_f, a_o = ops.split(a, 4, axis=-1)
        i, f, o = self.gate("input", a_i), self.gate("forget", a_f), self.gate("output", a_o)
        c = f * c_prev + i * ops.tanh(a_c)
        h = o * ops.tanh(self["gain.cell"] * normalised(c) + self["b.cell"])
        return h, (h, c)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """The shares of x and of h are two planes, normalised by one call.

        **Shapes**: activations (T, 4, N, H); shares_hat (T, 2, N, 4H) and their scale (T, 2, N, 1); c_hat (T, N, H).
        """
        xp, H = trace.xp, self.H
        trace.state("h", state[0], T)
        trace.state("c", state[1], T)
        trace.planes("activations", trace.empty(T, 4, N, H), self.blocks)
        self.begin_gates(trace, trace["activations"][:, 1:])
        trace["shares_hat"], trace["scale of shares"] = trace.empty(T, 2, N, 4 * H), trace.empty(T, 2, N, 1)
        trace["c_hat"], trace["scale of c"] = trace.empty(T, N, H), trace.empty(T, N, 1)
        trace["tanh_c"] = trace.empty(T, N, H)
        trace["shares"], trace["work"] = trace.empty(2, N, 4 * H), trace.empty(2, N, 4 * H)
        trace["work of c"] = trace.empty(N, H)
        trace.weights["1/4H"], trace.weights["1/H"] = averages(trace, 4 * H), averages(trace, H)
        gains = [self.packed(symbol, self.blocks)[None] for symbol in ("gain_x", "gain_h")]
        for name, packed in {
            "U": self.packed("U", self.blocks),
            "gains": xp.stack(gains),  # (2, 1, 4H)
            "b": self.packed("b", self.blocks),
            "gain.cell": self["gain.cell"].data,
            "b.cell": self["b.cell"].data,
        }.items():
            trace.weights[name] = packed.astype(trace.dtype, copy=False)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, 4H), which is x_t W without b; h, c (N, H) → (h, c)."""
        xp, H, (h_prev, c_prev) = trace.xp, self.H, state
        shares = trace["shares"]
        shares[0] = pre_t
        xp.matmul(h_prev, trace.weights["U"], out=shares[1])
        hat = normalise(
            xp, shares, trace["shares_hat"][t], trace["scale of shares"][t], trace["work"], trace.weights["1/4H"]
        )
        xp.multiply(hat, trace.weights["gains"], out=shares)
        shares[0] += trace.weights["b"]
        a = xp.add(by_gate(shares[0], H), by_gate(shares[1], H), out=trace["activations"][t])
        candidate, (i, f, o) = a[0], trace["gates"][t]
        xp.tanh(candidate, out=candidate)
        self.open_gates(trace, t)
        c, h, tanh_c = trace["c"][t], trace["h"][t], trace["tanh_c"][t]
        xp.multiply(f, c_prev, out=c)
        c += xp.multiply(i, candidate, out=h)  # h is not yet in use and holds the product
        c_hat = normalise(xp, c, trace["c_hat"][t], trace["scale of c"][t], trace["work of c"], trace.weights["1/H"])
        xp.multiply(c_hat, trace.weights["gain.cell"], out=tanh_c)
        tanh_c += trace.weights["b.cell"]
        xp.tanh(tanh_c, out=tanh_c)
        xp.multiply(o, tanh_c, out=h)
        return h, c

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """Three gradients that the LSTM has as one: of the sum a, of x W (da, as the loop calls it) and of h U.

        **Shapes**: d_sum, da, d_hU (T, N, 4H); d_cell, the gradient of LN(c) with its gain and bias, (T, N, H).
        """
        T, N, H = trace["h"].shape
        trace["d_sum"], trace["d_cell"] = trace.empty(T, N, 4 * H), trace.empty(T, N, H)
        trace.pack("da", trace.empty(T, N, 4 * H), self.blocks, prefix="da_")
        trace.pack("d_hU", trace.empty(T, N, 4 * H), self.blocks, prefix="d_hU_")
        trace["da/d"] = trace.empty(steps, 4, N, H)  # the factors that turn dc (for o: dh) into the gradient of a
        trace["d_cell/dh"] = trace.empty(steps, N, H)
        trace["mean"], trace["mean of c"] = trace.empty(2, N, 1), trace.empty(N, 1)
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
        d_cell_dh = trace["d_cell/dh"][:B]
        xp.multiply(tanh_c, tanh_c, out=d_cell_dh)
        xp.subtract(1.0, d_cell_dh, out=d_cell_dh)
        d_cell_dh *= o

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """As in the LSTM, with three normalisations to go back through; d_hat is a gradient before its gain.

        - d_cell = dh ⊙ o ⊙ (1 − tanh²);  dc ← dc + back(g_c ⊙ d_cell)
        - da of c̃, i, f from dc and of o from dh: the gradient of the sum a, and so of b
        - d(x W) = back(g_x ⊙ da),  d(h U) = back(g_h ⊙ da), each over all 4H numbers
        - dh_{t−1} = d(h U) Uᵀ,  dc_{t−1} = dc ⊙ f
        - back(d) = s ⊙ (d − mean(d) − â mean(d ⊙ â)), see :mod:`minigate.cells.normalisation`

        **Shapes**: dy_t, dh, dc (N, H) → (dh_prev, dc_prev).

        common slip: the gain after the way back in place of before it; mean(d) and mean(d ⊙ â) want g ⊙ da.
        """
        xp, (dh, dc), k = trace.xp, dstate, t - trace.first
        dh += dy_t
        d_cell, d_c = trace["d_cell"][t], trace["dc from h"]
        xp.multiply(dh, trace["d_cell/dh"][k], out=d_cell)
        xp.multiply(d_cell, trace.weights["gain.cell"], out=d_c)
        s, work, mean = trace["scale of c"][t], trace["work of c"], trace["mean of c"]
        dc += normalise_backward(xp, d_c, trace["c_hat"][t], s, work, mean, trace.weights["1/H"])
        if trace.keeps_dstate:
            trace["dh"][t], trace["dc"][t] = dh, dc
        d_sum, F, d_shares = trace["d_sum"][t], trace["da/d"][k], trace["shares"]
        blocks = by_gate(d_sum, self.H)
        xp.multiply(dc, F[:3], out=blocks[:3])
        xp.multiply(dh, F[3], out=blocks[3])
        xp.multiply(d_sum, trace.weights["gains"], out=d_shares)
        s, work, mean = trace["scale of shares"][t], trace["work"], trace["mean"]
        normalise_backward(xp, d_shares, trace["shares_hat"][t], s, work, mean, trace.weights["1/4H"])
        trace["da"][t], trace["d_hU"][t] = d_shares
        dc *= trace["forget"][t]
        xp.matmul(d_shares[1], trace.weights["U.T"], out=dh)
        return dh, dc

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """Gains and biases, summed over all steps; and the gates' own parameters, as in the LSTM."""
        d_sum, d_cell, hat = trace["d_sum"], trace["d_cell"], trace["shares_hat"]
        found = {"gain.cell": (d_cell * trace["c_hat"]).sum(axis=(0, 1)), "b.cell": d_cell.sum(axis=(0, 1))}
        for symbol, each in (("b", d_sum), ("gain_x", d_sum * hat[:, 0]), ("gain_h", d_sum * hat[:, 1])):
            total = each.sum(axis=(0, 1)).reshape(len(self.blocks), self.H)
            found |= {f"{symbol}.{block}": total[k] for k, block in enumerate(self.blocks)}
        if self.has_gate_parameters:
            dh, dc = trace["dh"], trace["dc"]
            dg = {"input": dc * trace["candidate"], "forget": dc * trace["c_prev"], "output": dh * trace["tanh_c"]}
            found |= self.gate_gradients(trace, dg)
        return found
