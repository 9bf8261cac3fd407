"""The LSTM of two dimensions: a cell state that comes from above and from the left, each through a gate of its own."""

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


class MDLSTM(GatedCell):
    """Multi-dimensional LSTM, for grids of two dimensions.

    Of a grid with I rows and J columns, position (i, j) has two predecessors: "row" is the one in the row before,
    (i − 1, j), above; "column" is the one in the column before, (i, j − 1), to the left. Outside the grid all is 0.
    In the equations i is the input gate.

    **Equations**, r the predecessor in the row before, l the one in the column before; h₋ = [h_r, h_l]:

    - c̃ = tanh(x W_c + h₋ U_c + b_c)
    - i = σ(x W_i + h₋ U_i + V_i ⊙ (c_r + c_l) + b_i)
    - f_r = σ(x W_r + h₋ U_r + V_r ⊙ c_r + b_r), and so f_l, which looks at c_l alone
    - c = i ⊙ c̃ + f_r ⊙ c_r + f_l ⊙ c_l
    - o = σ(x W_o + h₋ U_o + V_o ⊙ c + b_o), which looks at the new c;  h = o ⊙ tanh(c)

    With ``input_peepholes=2`` the input gate has one for each predecessor: V_ir ⊙ c_r + V_il ⊙ c_l.

    **Shapes**: x (N, D); h, c and every gate (N, H). W.<block> (D, H), U.<block> (2H, H), the upper half for h_r, the
    lower for h_l, and b.<block> (H,) for the blocks candidate, input, forget_row, forget_column, output; V.<gate> (H,),
    for the input gate V.input, or V.input_row and V.input_column.

    **Source**: Graves, Fernández & Schmidhuber (2007): a forget gate for each dimension, each looking at its own c. One
    input peephole over the sum of both c is how it is often implemented. ``forget_bias`` is where both b_f begin.
    f_r + f_l may exceed 1: then c grows with the grid, at worst as the number of ways that lead to a position. On this
    instability, and cells without it, see Leifert et al. (2016).

    **Errors**: :class:`OptionError` for sizes below 1, a ``gate=`` that is none, other numbers of input peepholes.
    """

    dimensions = 2
    state_names = ("h", "c")
    gate_names = ("input", "forget_row", "forget_column", "output")
    blocks = ("candidate", *gate_names)
    products = {f"U.{block}": ("h_before", f"da_{block}") for block in blocks}
    moments = (3, 1)  # the output gate waits for c

    def __init__(
        self,
        D: int,
        H: int,
        *,
        input_peepholes: int = 1,
        forget_bias: float = 1.0,
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        self.input_peepholes = check_choice(
            "MDLSTM", "how many peepholes has the input gate?",
            {1: "one over the sum of both c", 2: "one for each"}, input_peepholes=input_peepholes,
        )  # fmt: skip
        self.forget_bias = check_number("MDLSTM", "forget_bias", forget_bias)
        super().__init__(D, H, gate=gate, seed=seed, dtype=dtype)

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        H = self.H
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (2 * H, H)), dtype)
            bias = zeros(rng, (H,)) + (self.forget_bias if block.startswith("forget") else 0.0)
            self.parameter(f"b.{block}", bias, dtype)
        of_input = ("input",) if self.input_peepholes == 1 else ("input_row", "input_column")
        for name in (*of_input, *self.gate_names[1:]):
            self.parameter(f"V.{name}", zeros(rng, (H,)), dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D); h_row, c_row, h_column, c_column (N, H) → y_t (N, H), (h, c)."""
        h_row, c_row, h_column, c_column = state
        h_before = ops.concat([h_row, h_column], axis=-1)
        a = {block: self.input_share(x_t, block) + h_before @ self[f"U.{block}"] for block in self.blocks}
        if self.input_peepholes == 1:
            peek = self["V.input"] * (c_row + c_column)
        else:
            peek = self["V.input_row"] * c_row + self["V.input_column"] * c_column
        i = self.gate("input", a["input"] + peek)
        f_row = self.gate("forget_row", a["forget_row"] + self["V.forget_row"] * c_row)
        f_column = self.gate("forget_column", a["forget_column"] + self["V.forget_column"] * c_column)
        candidate = ops.tanh(a["candidate"])
        c = i * candidate + f_row * c_row + f_column * c_column
        o = self.gate("output", a["output"] + self["V.output"] * c)
        h = o * ops.tanh(c)
        return h, (h, c)

    def extra_repr(self) -> str:
        """Sizes, and the second input peephole where there is one."""
        return super().extra_repr() + (", input_peepholes=2" if self.input_peepholes == 2 else "")

    # ---- by hand: a step is a whole diagonal, n positions at once; t is the slice of them ------------

    def begin(self, T: int, N: int, longest: int, trace: Trace) -> None:  # type: ignore[override]
        """For T positions, at most ``longest`` of them on a diagonal.

        The five blocks are planes of one array: first their pre-activations, then what they become.

        **Shapes**: activations (T, 5, N, H), by name (T, N, H); h_before (T, N, 2H); V_row, V_column (2, 1, 1, H).
        """
        H, weights = self.H, trace.weights
        activations = trace.empty(5, T, N, H)
        trace.planes("activations", activations.swapaxes(0, 1), self.blocks)
        self.begin_gates(trace, activations[1:].swapaxes(0, 1))
        trace["tanh_c"] = trace.empty(T, N, H)
        trace["h_before"] = trace.empty(T, N, 2 * H)
        trace["product"] = trace.empty(longest * N, 5 * H)
        trace["peeks"] = trace.empty(2, longest, N, H)
        weights["U"] = self.packed("U", self.blocks).astype(trace.dtype, copy=False)
        shared = self.input_peepholes == 1
        for side in ("row", "column"):
            pair = [self["V.input" if shared else f"V.input_{side}"].data, self[f"V.forget_{side}"].data]
            weights[f"V_{side}"] = trace.xp.stack(pair).astype(trace.dtype, copy=False)[:, None, None]
        weights["V_output"] = self["V.output"].data.astype(trace.dtype)

    def step_forward(  # type: ignore[override]
        self, t: slice, pre_t: Array, state: State, after: State, trace: Trace
    ) -> None:
        """**Shapes**: pre_t (n, N, 5H); h_row, c_row, h_column, c_column (n, N, H) → into h, c (n, N, H)."""
        xp, H, (n, N) = trace.xp, self.H, pre_t.shape[:2]
        (h_row, c_row, h_column, c_column), (h, c) = state, after
        h_before, product = trace["h_before"][t], trace["product"][: n * N]
        h_before[..., :H], h_before[..., H:] = h_row, h_column
        xp.matmul(h_before.reshape(n * N, 2 * H), trace.weights["U"], out=product)
        a, g = trace["activations"][t].swapaxes(0, 1), trace["gates"][t].swapaxes(0, 1)
        xp.add(by_gate(pre_t, H), by_gate(product.reshape(n, N, 5 * H), H), out=a)
        candidate, by_row, by_column, a_o = a[0], a[1:3], a[1:4:2], a[4]  # i and f_row; i and f_column
        peeks = trace["peeks"][:, :n]
        by_row += xp.multiply(trace.weights["V_row"], c_row, out=peeks)
        by_column += xp.multiply(trace.weights["V_column"], c_column, out=peeks)
        xp.tanh(candidate, out=candidate)
        self.open_gates(trace, t)
        i, f_row, f_column, o = g
        xp.multiply(i, candidate, out=c)
        c += xp.multiply(f_row, c_row, out=h)  # h is not yet in use and holds the products
        c += xp.multiply(f_column, c_column, out=h)
        a_o += xp.multiply(trace.weights["V_output"], c, out=h)
        self.open_gates(trace, t, moment=1)
        tanh_c = xp.tanh(c, out=trace["tanh_c"][t])
        xp.multiply(o, tanh_c, out=h)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """``steps`` positions are the most on a diagonal.

        **Shapes**: da (T, N, 5H); dg (4, ·, N, H), of the gates; dV_row, dV_column (2, H) and dV_output (H,).
        """
        T, N, H = trace["tanh_c"].shape
        trace.pack("da", trace.empty(T, N, 5 * H), self.blocks, prefix="da_")
        trace["dg"] = trace.empty(4, T if self.has_gate_parameters else steps, N, H)
        trace["dh before"] = trace.empty(steps * N, 2 * H)
        trace["dc before"] = trace.empty(2, steps, N, H)
        for name, shape in (("dV_row", (2, H)), ("dV_column", (2, H)), ("dV_output", (H,))):
            trace[name] = trace.xp.zeros(shape, dtype=trace.dtype)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def step_backward(  # type: ignore[override]
        self, t: slice, dy_t: Array, dstate: State, state: State, after: State, trace: Trace
    ) -> State:
        """Back through one diagonal: from what comes to h and c to what goes to each of the two predecessors.

        - do = dh ⊙ tanh(c), da_o = do ⊙ o′;  dc ← dc + o ⊙ (dh − do ⊙ tanh(c)) + da_o ⊙ V_o
        - di = dc ⊙ c̃, df_r = dc ⊙ c_r, df_l = dc ⊙ c_l; with their slopes da_i, da_r, da_l;  da_c = i ⊙ (dc − di ⊙ c̃)
        - [dh_r, dh_l] = da Uᵀ;  dc_r = dc ⊙ f_r + da_i ⊙ V_i + da_r ⊙ V_r, and so dc_l
        - dV_i = Σ da_i ⊙ (c_r + c_l), dV_r = Σ da_r ⊙ c_r, dV_l = Σ da_l ⊙ c_l, dV_o = Σ da_o ⊙ c

        **Shapes**: dy_t, dh, dc (n, N, H) → dh_row, dc_row, dh_column, dc_column (n, N, H).

        common slip: forgetting that the gates looked at c: dc without da_o ⊙ V_o, dc_r without da_i ⊙ V_i.
        """
        xp, H, weights, (n, N) = trace.xp, self.H, trace.weights, dy_t.shape[:2]
        (dh, dc), (_, c_row, _, c_column), (_, c) = dstate, state, after
        candidate, tanh_c = trace["candidate"][t], trace["tanh_c"][t]
        i, f_row, f_column, o = trace["gates"][t].swapaxes(0, 1)
        slope = self.gate_slopes(trace, t).swapaxes(0, 1)
        dg = trace["dg"][:, t] if self.has_gate_parameters else trace["dg"][:, :n]
        di, df_row, df_column, do = dg
        da, peeks = by_gate(trace["da"][t], H), trace["peeks"][:, :n]
        da_c, da_o, product = da[0], da[4], peeks[0]
        dh += dy_t
        xp.multiply(dh, tanh_c, out=do)
        xp.multiply(do, slope[3], out=da_o)
        dh -= xp.multiply(do, tanh_c, out=product)
        dh *= o
        dc += dh
        dc += xp.multiply(da_o, weights["V_output"], out=product)
        xp.multiply(dc, candidate, out=di)
        xp.multiply(dc, c_row, out=df_row)
        xp.multiply(dc, c_column, out=df_column)
        xp.multiply(dg[:3], slope[:3], out=da[1:4])
        xp.subtract(dc, xp.multiply(di, candidate, out=product), out=product)
        xp.multiply(i, product, out=da_c)
        dh_before, dc_before = trace["dh before"][: n * N], trace["dc before"][:, :n]
        xp.matmul(trace["da"][t].reshape(n * N, 5 * H), weights["U.T"], out=dh_before)
        trace["dV_output"] += xp.einsum("pnh,pnh->h", da_o, c)
        for side, f, c_side, dc_side, looked in (
            ("row", f_row, c_row, dc_before[0], da[1:3]),
            ("column", f_column, c_column, dc_before[1], da[1:4:2]),
        ):
            trace[f"dV_{side}"] += xp.einsum("gpnh,pnh->gh", looked, c_side)
            xp.multiply(looked, weights[f"V_{side}"], out=peeks)
            xp.multiply(dc, f, out=dc_side)
            dc_side += peeks[0]
            dc_side += peeks[1]
        dh_row, dh_column = by_gate(dh_before.reshape(n, N, 2 * H), H)
        return dh_row, dc_before[0], dh_column, dc_before[1]

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """The peepholes, and the gates' own parameters."""
        (di_row, df_row), (di_column, df_column) = trace["dV_row"], trace["dV_column"]
        found = {"V.forget_row": df_row, "V.forget_column": df_column, "V.output": trace["dV_output"]}
        if self.input_peepholes == 1:
            found["V.input"] = di_row + di_column
        else:
            found |= {"V.input_row": di_row, "V.input_column": di_column}
        if self.has_gate_parameters:
            found |= self.gate_gradients(trace, dict(zip(self.gate_names, trace["dg"], strict=True)))
        return found
