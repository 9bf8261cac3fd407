"""The leaky RNN: a plain recurrent network whose units have inertia, in groups with fixed time constants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

from minigate import ops
from minigate.backend import array_module, generator
from minigate.cells.cell import Cell, State
from minigate.cells.clock import equal_groups
from minigate.cells.trace import Trace
from minigate.errors import OptionError, explain
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor

Array = Any


class LeakyRNN(Cell):
    """The tanh RNN of leaky integrators: a unit moves the τ-th part of the way to where the tanh would put it.

    **Equations**, one time constant τ ≥ 1 for each group of units:

    - h̃_t = tanh(x_t W + h_{t−1} U + b)
    - h_t = (1 − 1/τ) ⊙ h_{t−1} + (1/τ) ⊙ h̃_t

    Without input or recurrence a unit forgets by the factor 1 − 1/τ at each step, about e^{−t/τ}. It is a GRU with
    z = 1/τ and r = 1, both constant; where the Clockwork RNN's slow units jump at every T_i-th step and rest between,
    these creep.

    **Shapes**: x_t (N, D), h and h̃ (N, H), W (D, H), U (H, H), b (H,); y_t = h_t. Groups are of equal size; what is
    left over goes, one unit each, to the first. Every unit reads every unit.

    **Source**: the idea of units in groups with fixed and unequal time scales is that of El Hihi & Bengio (1995), as
    Chung et al. (2015), section 3, and Koutník et al. (2014) describe it; its delays and its hierarchy of
    connections are left out. The equation is the usual one of leaky integrator units, as in the echo state networks
    of Jaeger, Lukoševičius, Popovici & Siewert (2007). With τ = 1 everywhere it is the RNN.

    **Errors**: :class:`OptionError` for time constants below 1 or not finite, for more of them than units, for
    sizes below 1.

    ``seed`` draws W by Glorot's rule and U orthogonal; b begins at zero. The time constants are not trained.
    """

    state_names = ("h",)
    blocks = ("",)
    products = {"U": ("h_prev", "da")}

    def __init__(
        self,
        D: int,
        H: int,
        *,
        time_constants: Sequence[float] = (1, 2, 4, 8),
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(D, H)
        self.time_constants = _at_least_one(time_constants, self.H)
        self.groups = equal_groups(self.H, len(self.time_constants))
        rng = generator(seed)
        self.parameter("W", glorot(rng, (D, H)), dtype)
        self.parameter("U", orthogonal(rng, (H, H)), dtype)
        self.parameter("b", zeros(rng, (H,)), dtype)

    def rate(self, like: Array) -> Array:
        """1/τ of every unit, of the library and dtype of ``like``.

        **Shapes**: (H,).
        """
        found = array_module(like).empty((self.H,), dtype=like.dtype)
        for tau, own in zip(self.time_constants, self.groups, strict=True):
            found[own] = 1.0 / tau
        return found

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H) → y_t (N, H), (h,)."""
        (h_prev,) = state
        candidate = ops.tanh(self.input_share(x_t, "") + h_prev @ self["U"])
        rate = self.rate(candidate.data)
        h = (1.0 - rate) * h_prev + rate * candidate
        return h, (h,)

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """**Shapes**: h, candidate (T, N, H); rate, 1 - rate (H,)."""
        trace.state("h", state[0], T)
        trace["candidate"] = trace.empty(T, N, self.H)
        trace["part"] = trace.empty(N, self.H)
        trace["rate"] = self.rate(trace["h"])
        trace["1 - rate"] = 1.0 - trace["rate"]
        trace.weights["U"] = self["U"].data.astype(trace.dtype)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, H), h (N, H) → (h,)."""
        xp, (h_prev,), h, candidate = trace.xp, state, trace["h"][t], trace["candidate"][t]
        xp.matmul(h_prev, trace.weights["U"], out=candidate)
        candidate += pre_t
        xp.tanh(candidate, out=candidate)
        xp.multiply(h_prev, trace["1 - rate"], out=h)
        h += xp.multiply(candidate, trace["rate"], out=trace["part"])
        return (h,)

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, H)."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, H), ("",), prefix="da")
        trace["da/dh"] = trace.empty(steps, N, H)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """tanh′(a)/τ = (1 − h̃²)/τ, for a block of steps."""
        xp, candidate = trace.xp, trace["candidate"][t0:t1]
        factor = trace["da/dh"][: t1 - t0]
        xp.multiply(candidate, candidate, out=factor)
        xp.subtract(1.0, factor, out=factor)
        factor *= trace["rate"]

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """da_t = dh_t ⊙ (1 − h̃_t²) / τ;  dh_{t−1} = dh_t ⊙ (1 − 1/τ) + da_t Uᵀ.

        **Shapes**: dy_t, dh (N, H) → (dh_prev,).

        common slip: the slope with h_t in place of h̃_t: in the RNN the two are the same, here they are not.
        """
        xp, (dh,) = trace.xp, dstate
        dh += dy_t
        if trace.keeps_dstate:
            trace["dh"][t] = dh
        da = trace["da"][t]
        xp.multiply(dh, trace["da/dh"][t - trace.first], out=da)
        dh *= trace["1 - rate"]
        dh += xp.matmul(da, trace.weights["U.T"], out=trace["part"])
        return (dh,)

    def extra_repr(self) -> str:
        """D, H, and the time constants."""
        return f"{super().extra_repr()}, time_constants={self.time_constants}"


def _at_least_one(time_constants: Any, H: int) -> tuple[float, ...]:
    """The time constants as a tuple.

    **Errors**: :class:`OptionError`.
    """
    several = isinstance(time_constants, Iterable) and not isinstance(time_constants, str)
    found: tuple[Any, ...] = tuple(time_constants) if several else ()
    real = all(isinstance(tau, Real) and not isinstance(tau, bool) for tau in found)
    if found and real and all(1.0 <= tau < math.inf for tau in found) and len(found) <= H:
        return tuple(int(tau) if tau == int(tau) else float(tau) for tau in found)
    slip = ""
    if len(found) > H:
        slip = f"{len(found)} groups of {H} units"
    elif found and real and all(0.0 < tau < 1.0 for tau in found):
        slip = "rates 1/τ in the place of time constants"
    raise OptionError(
        explain(
            "each group of units has a time constant",
            where="LeakyRNN",
            expected=f"numbers of steps τ >= 1, at most H={H} of them",
            got=repr(time_constants),
            slip=slip,
            remedy="time_constants=(1, 2, 4, 8)",
        )
    )
