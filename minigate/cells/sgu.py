"""The SGU and the DSGU: a GRU's update gate, and in place of its reset a product that goes deeper."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.cells.cell import State
from minigate.cells.gated import GatedCell
from minigate.cells.trace import Trace
from minigate.gates import HardSigmoid
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any


class SGU(GatedCell):
    """The simple gated unit. The input multiplies the state, and so decides what the unit asks of its memory.

    **Equations**, σ₃ the hard sigmoid unless ``gate=`` says otherwise:

    - x_g = x_t W_g + b_g
    - z_g = tanh((x_g ⊙ h_{t−1}) U_g)
    - z_out = softplus(z_g ⊙ h_{t−1})
    - z_t = σ₃(x_t W_z + h_{t−1} U_z + b_z), the update gate
    - h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ z_out

    **Shapes**: x_t (N, D); h, x_g, z_g, z_out and z (N, H); W.<block> (D, H), b.<block> (H,) for the blocks deep
    (the x_g) and update; U.deep (the paper's W_zxh) and U.update (H, H); y_t = h_t.

    **Source**: Gao & Glowacka (ACML 2016). Their W x is x W here. The hard sigmoid is clip(0.2 s + 0.5, 0, 1), the one
    of the library that their published code calls. In the zero state x_g ⊙ h and so z_g are 0 whatever comes
    in, and softplus(0) = ln 2 is what the state begins to move towards.

    **Errors**: :class:`OptionError` for sizes below 1, for a ``gate=`` that is none.
    """

    state_names = ("h",)
    gate_names = ("update",)
    default_gate = HardSigmoid("fifth")
    blocks = ("deep", "update")
    deeper: tuple[str, ...] = ("z_g",)  # what has a pre-activation of its own, behind the input's share
    products = {"U.deep": ("x_g_h", "da_z_g"), "U.update": ("h_prev", "da_update")}

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (self.D, self.H)), dtype)
            self.parameter(f"U.{block}", orthogonal(rng, (self.H, self.H)), dtype)
            self.parameter(f"b.{block}", zeros(rng, (self.H,)), dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        x_g = self.input_share(x_t, "deep")
        z_g = ops.tanh((x_g * h_prev) @ self["U.deep"])
        z_out = self.out(z_g * h_prev)
        z = self.gate("update", self.input_share(x_t, "update") + h_prev @ self["U.update"])
        h = (1.0 - z) * h_prev + z * z_out
        return h, (h,)

    def out(self, z_g_h: Tensor) -> Tensor:
        """z_out from z_g ⊙ h_{t−1}: the one equation in which SGU and DSGU differ.

        **Shapes**: (N, H) → (N, H).
        """
        return ops.softplus(z_g_h)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """**Shapes**: x_g, z_g, z_out, the update gate, and the operands x_g ⊙ h and z_g ⊙ h: each (T, N, H)."""
        H = self.H
        trace.state("h", state[0], T)
        trace.planes("activations", trace.empty(T, 1, N, H), self.gate_names)
        self.begin_gates(trace, trace["activations"])
        for name in ("x_g", "x_g_h", "z_g", "z_g_h", "z_out"):
            trace[name] = trace.empty(T, N, H)
        for name in self.products:
            trace.weights[name] = self[name].data.astype(trace.dtype)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, 2H), h (N, H) → (h,)."""
        xp, H, (h_prev,) = trace.xp, self.H, state
        x_g, x_g_h, z_g, z_g_h, z_out, h = (trace[name][t] for name in ("x_g", "x_g_h", "z_g", "z_g_h", "z_out", "h"))
        a = trace["activations"][t]
        xp.matmul(h_prev, trace.weights["U.update"], out=a[0])
        a[0] += pre_t[:, H:]
        self.open_gates(trace, t)
        x_g[...] = pre_t[:, :H]
        xp.multiply(x_g, h_prev, out=x_g_h)
        xp.matmul(x_g_h, trace.weights["U.deep"], out=z_g)
        xp.tanh(z_g, out=z_g)
        xp.multiply(z_g, h_prev, out=z_g_h)
        self.out_forward(trace, z_g_h, z_out, work=h)  # h is not yet in use
        xp.subtract(z_out, h_prev, out=h)  # h = h_prev + z (z_out − h_prev): the same, one product less
        h *= trace["update"][t]
        h += h_prev
        return (h,)

    def out_forward(self, trace: Trace, z_g_h: Array, z_out: Array, work: Array) -> None:
        """softplus(a) = max(a, 0) + ln(1 + e^−|a|), which cannot overflow.

        **Shapes**: z_g_h, z_out, work (N, H).
        """
        xp = trace.xp
        xp.abs(z_g_h, out=z_out)
        xp.negative(z_out, out=z_out)
        xp.exp(z_out, out=z_out)
        xp.log1p(z_out, out=z_out)
        z_out += xp.maximum(z_g_h, 0.0, out=work)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """The input sees [dx_g da_z]; z_g (and in the DSGU z_out) have pre-activations of their own.

        **Shapes**: da (T, N, 3H), of a DSGU (T, N, 4H).
        """
        T, N, H = trace["h"].shape
        parts = (*self.blocks, *self.deeper)
        trace.pack("da", trace.empty(T, N, len(parts) * H), parts, prefix="da_")
        for name in ("da_z/dh", "da_z_g/d", "d_out/dh", "1 - z"):
            trace[name] = trace.empty(steps, N, H)
        for name in ("d_z_g_h", "d_x_g_h", "product"):
            trace[name] = trace.empty(N, H)
        for name in self.products:
            trace.weights[f"{name}.T"] = trace.weights[name].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives, for a block of steps: of the gate, of tanh, and of what z_out is made by."""
        xp, B = trace.xp, t1 - t0
        steps = slice(t0, t1)
        z, z_g, z_out, h_prev = (trace[name][steps] for name in ("update", "z_g", "z_out", "h_prev"))
        through_z, through_z_g, through_out = (trace[name][:B] for name in ("da_z/dh", "da_z_g/d", "d_out/dh"))
        xp.subtract(z_out, h_prev, out=through_z)
        through_z *= self.gate_slopes(trace, steps)[:, 0]
        xp.multiply(z_g, z_g, out=through_z_g)
        xp.subtract(1.0, through_z_g, out=through_z_g)
        through_z_g *= h_prev
        self.out_slope(trace, z_out, through_out)
        through_out *= z
        xp.subtract(1.0, z, out=trace["1 - z"][:B])

    def out_slope(self, trace: Trace, z_out: Array, slope: Array) -> None:
        """The derivative of z_out = softplus(a), from z_out itself: σ(a) = 1 − e^−z_out.

        **Shapes**: z_out, slope (B, N, H).
        """
        trace.xp.negative(z_out, out=slope)
        trace.xp.expm1(slope, out=slope)
        trace.xp.negative(slope, out=slope)

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """h_{t−1} stands in four places: around, in the gate, and as a factor at either depth.

        - da_z = dh ⊙ (z_out − h_{t−1}) ⊙ z′, and with d_out = dh ⊙ z ⊙ z_out′:
        - SGU: d(z_g ⊙ h) = d_out;  DSGU: da_out = d_out, d(z_g ⊙ h) = da_out U_oᵀ
        - da_{z_g} = d(z_g ⊙ h) ⊙ h_{t−1} ⊙ (1 − z_g²),  d(x_g ⊙ h) = da_{z_g} U_gᵀ,  dx_g = d(x_g ⊙ h) ⊙ h_{t−1}
        - dh_{t−1} = dh ⊙ (1 − z) + d(z_g ⊙ h) ⊙ z_g + d(x_g ⊙ h) ⊙ x_g + da_z U_zᵀ

        **Shapes**: dy_t, dh (N, H) → (dh_prev,).

        common slip: a product has two factors; leaving out that h_{t−1} multiplies x_g *and* z_g.
        """
        xp, (dh,), k = trace.xp, dstate, t - trace.first
        dh += dy_t
        if trace.keeps_dstate:
            trace["dh"][t] = dh
        h_prev, product = trace["h_prev"][t], trace["product"]
        dx_g, da_z, da_z_g = (trace[name][t] for name in ("da_deep", "da_update", "da_z_g"))
        xp.multiply(dh, trace["da_z/dh"][k], out=da_z)
        d_z_g_h = self.out_backward(t, xp.multiply(dh, trace["d_out/dh"][k], out=product), trace)
        xp.multiply(d_z_g_h, trace["da_z_g/d"][k], out=da_z_g)
        d_x_g_h = xp.matmul(da_z_g, trace.weights["U.deep.T"], out=trace["d_x_g_h"])
        xp.multiply(d_x_g_h, h_prev, out=dx_g)
        dh *= trace["1 - z"][k]
        d_z_g_h *= trace["z_g"][t]
        dh += d_z_g_h
        d_x_g_h *= trace["x_g"][t]
        dh += d_x_g_h
        dh += xp.matmul(da_z, trace.weights["U.update.T"], out=product)
        return (dh,)

    def out_backward(self, t: int, d_out: Array, trace: Trace) -> Array:
        """d(z_g ⊙ h) from the gradient of what z_out's nonlinearity is applied to: here they are the same.

        **Shapes**: d_out (N, H) → (N, H), to be edited.
        """
        return d_out

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """The update gate's own parameters: dz = dh ⊙ (z_out − h_{t−1})."""
        if not self.has_gate_parameters:
            return {}
        return self.gate_gradients(trace, {"update": trace["dh"] * (trace["z_out"] - trace["h_prev"])})


class DSGU(SGU):
    """The deep simple gated unit: one more matrix on the way to z_out, and a sigmoid at its end.

    **Equations**: those of the SGU, but z_out = σ((z_g ⊙ h_{t−1}) U_o).

    **Shapes**: as in the SGU, and U.out (H, H), the paper's W_go.

    **Source**: Gao & Glowacka (ACML 2016). This σ is the nonlinearity of the output, fixed by the paper, and no gate.
    In the zero state z_out is σ(0) = ½.

    **Errors**: :class:`OptionError` for sizes below 1, for a ``gate=`` that is none.
    """

    deeper = ("z_g", "out")
    products = {**SGU.products, "U.out": ("z_g_h", "da_out")}

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        super()._draw_weights(rng, dtype)
        self.parameter("U.out", orthogonal(rng, (self.H, self.H)), dtype)

    def out(self, z_g_h: Tensor) -> Tensor:
        """**Shapes**: (N, H) → (N, H)."""
        return ops.sigmoid(z_g_h @ self["U.out"])

    def out_forward(self, trace: Trace, z_g_h: Array, z_out: Array, work: Array) -> None:
        """σ(a) = ½ tanh(½ a) + ½.

        **Shapes**: z_g_h, z_out, work (N, H).
        """
        trace.xp.matmul(z_g_h, trace.weights["U.out"], out=z_out)
        z_out *= 0.5
        trace.xp.tanh(z_out, out=z_out)
        z_out *= 0.5
        z_out += 0.5

    def out_slope(self, trace: Trace, z_out: Array, slope: Array) -> None:
        """σ′ = σ (1 − σ).

        **Shapes**: z_out, slope (B, N, H).
        """
        trace.xp.subtract(1.0, z_out, out=slope)
        slope *= z_out

    def out_backward(self, t: int, d_out: Array, trace: Trace) -> Array:
        """da_out is written down for U_o, and goes back through it.

        **Shapes**: d_out (N, H) → (N, H), to be edited.
        """
        trace["da_out"][t] = d_out
        return trace.xp.matmul(d_out, trace.weights["U.out.T"], out=trace["d_z_g_h"])
