"""The plain recurrent network: one layer of tanh that reads its own past. No gate at all."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.cells.cell import Cell, State
from minigate.cells.trace import Trace
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any


class RNN(Cell):
    """The tanh RNN, also called simple, vanilla or Elman network.

    **Equations**: h_t = tanh(x_t W + h_{t−1} U + b).

    **Shapes**: x_t (N, D), h (N, H), W (D, H), U (H, H), b (H,); y_t = h_t.

    **Source**: Elman (1990); the "tanh unit" of Chung et al. (2015), section 2. The papers write W x, here
    it is x W.

    **Errors**: :class:`OptionError` for sizes below 1.

    ``seed`` draws W by Glorot's rule and U orthogonal; b begins at zero.
    """

    state_names = ("h",)
    blocks = ("",)
    products = {"U": ("h_prev", "da")}

    def __init__(self, D: int, H: int, *, seed: int | None = None, dtype: Any = None) -> None:
        super().__init__(D, H)
        rng = generator(seed)
        self.parameter("W", glorot(rng, (D, H)), dtype)
        self.parameter("U", orthogonal(rng, (H, H)), dtype)
        self.parameter("b", zeros(rng, (H,)), dtype)

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        h = ops.tanh(self.input_share(x_t, "") + h_prev @ self["U"])
        return h, (h,)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """**Shapes**: h (T, N, H): the state is all there is."""
        trace.state("h", state[0], T)
        trace.weights["U"] = self["U"].data.astype(trace.dtype)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, H), h (N, H) → (h,)."""
        xp, (h_prev,), h = trace.xp, state, trace["h"][t]
        xp.matmul(h_prev, trace.weights["U"], out=h)
        h += pre_t
        xp.tanh(h, out=h)
        return (h,)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, H)."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, H), ("",), prefix="da")
        trace["tanh'"] = trace.empty(steps, N, H)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """tanh′(a) = 1 − h², for a block of steps."""
        xp, h = trace.xp, trace["h"][t0:t1]
        slope = trace["tanh'"][: t1 - t0]
        xp.multiply(h, h, out=slope)
        xp.subtract(1.0, slope, out=slope)

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """da_t = (dy_t + dh_t) ⊙ (1 − h_t²);  dh_{t−1} = da_t Uᵀ.

        **Shapes**: dy_t, dh (N, H) → (dh_prev,).

        common slip: forgetting that h_t has two children, y_t and h_{t+1}: their gradients add up.
        """
        xp, (dh,) = trace.xp, dstate
        dh += dy_t
        if trace.keeps_dstate:
            trace["dh"][t] = dh
        da = trace["da"][t]
        xp.multiply(dh, trace["tanh'"][t - trace.first], out=da)
        xp.matmul(da, trace.weights["U.T"], out=dh)
        return (dh,)
