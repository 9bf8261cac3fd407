"""The Clockwork RNN: a plain recurrent network whose units work in groups, each group to a clock of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigate import ops
from minigate.backend import array_module, generator
from minigate.cells.cell import Cell, State
from minigate.cells.clock import Beat, equal_groups, shared_clock, timetable
from minigate.cells.trace import Trace
from minigate.errors import OptionError, explain
from minigate.module.arguments import is_size
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import Tensor, as_tensor

Array = Any


class ClockworkRNN(Cell):
    """The tanh RNN in g groups of units; group i works at every T_i-th step, and reads itself and slower groups.

    **Equations**, t the step count before the step, i and j groups in the order of their periods:

    - a_i = x_t W_i + Σ_{j ≥ i} h_{t−1, j} U_{j→i} + b_i
    - h_{t, i} = tanh(a_i) where t mod T_i = 0, else h_{t−1, i};  y_t = h_t;  t ← t + 1

    ================  ==========================  ============================================
    group i at t      h_{t, i} and y_{t, i}       the gradient
    ================  ==========================  ============================================
    t mod T_i = 0     tanh(a_i)                   to W_i, U_{j→i}, b_i, x_t and h_{t−1, j}, j ≥ i
    otherwise         as they were: held, not 0   all of dh_{t, i} to h_{t−1, i}
    ================  ==========================  ============================================

    Slow groups speak to fast ones, never the other way. The paper draws U h, block upper triangular; in h U it
    is block *lower* triangular, and only the blocks that exist are parameters, a column of them for each group::

        from ╲ to   fast   mid   slow
        fast       [  ■     ·     ·  ]        U.group0 (H, fast), all three blocks of the first column
        mid        [  ■     ■     ·  ]        U.group1 (mid + slow, mid)
        slow       [  ■     ■     ■  ]        U.group2 (slow, slow)

    What is not there can be moved by no optimiser and no decay, and every parameter has a gradient.
    :meth:`matrix` puts U together.

    **Shapes**: x_t (N, D), h (N, H), t int64 (N,), W (D, H), U.group<i> (units of groups i … g, units of group i),
    b (H,). Groups are of equal size; what is left over goes, one unit each, to the faster ones. ``periods`` never
    decrease; at t = 0 every group works. The clock t is part of the state, one for each sequence: it goes on where
    a sequence is split, and stands where a mask holds the state.

    **Source**: Koutník, Greff, Gomez & Schmidhuber (2014); the leftover units as in its first experiment. The paper
    leaves biases out "for simplicity", and draws its weights from N(0, 0.1²). Periods 1, 2, 4, 8, … are its choice.
    With all periods 1 this is the RNN with zeros in U. By hand, where all sequences keep the same time, a step makes
    the products of the groups at work and no others: with these periods about 2/g of those of an RNN, a gain of some
    g/2; the paper promises at least g/4.

    **Errors**: :class:`OptionError` for periods that are no whole numbers ≥ 1 or decrease, for more groups than
    units, for sizes below 1.

    ``seed`` draws W by Glorot's rule and each U.group<i> with orthonormal columns or rows; b begins at zero.
    """

    state_names = ("h", "t")
    blocks = ("",)

    def __init__(
        self, D: int, H: int, *, periods: Sequence[int] = (1, 2, 4, 8), seed: int | None = None, dtype: Any = None
    ) -> None:
        super().__init__(D, H)
        self.periods = _whole_and_in_order(periods, self.H)
        self.groups = equal_groups(self.H, len(self.periods))
        rng = generator(seed)
        self.parameter("W", glorot(rng, (D, H)), dtype)
        for i, own in enumerate(self.groups):
            self.parameter(f"U.group{i}", orthogonal(rng, (H - own.start, own.stop - own.start)), dtype)
        self.parameter("b", zeros(rng, (H,)), dtype)
        self.products = {f"U.group{i}": (f"h_prev.group{i}", f"da.group{i}") for i in range(len(self.groups))}

    def initial_state(self, N: int, like: Any = None) -> State:
        """Zeros, and a clock at 0.

        **Shapes**: h (N, H), t int64 (N,).
        """
        h, _ = super().initial_state(N, like)
        return h, Tensor(array_module(h.data).zeros((N,), dtype="int64"))

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,), h (N, H), t int (N,) → y_t (N, H), (h, t)."""
        h_prev, t = state
        read = [h_prev[:, own.start :] @ self[f"U.group{i}"] for i, own in enumerate(self.groups)]
        new = ops.tanh(self.input_share(x_t, "") + ops.concat(read, axis=1))
        h = ops.where(self.active(t), new, h_prev)
        return h, (h, t + 1)

    def active(self, t: Any) -> Array:
        """Who works at step count t: the units of the groups with t mod T_i = 0.

        **Shapes**: t int (…) → bool (…, H).
        """
        t = as_tensor(t).data
        xp, parts = array_module(t), []
        for period, own in zip(self.periods, self.groups, strict=True):
            parts.append(xp.broadcast_to((t % period == 0)[..., None], (*t.shape, own.stop - own.start)))
        return xp.concatenate(parts, axis=-1)

    def matrix(self) -> Array:
        """U as a whole, as it stands in h U: block lower triangular, with zeros where no parameter is.

        **Shapes**: (H, H): from unit, to unit.
        """
        slowest = self[f"U.group{len(self.groups) - 1}"].data
        U = array_module(slowest).zeros((self.H, self.H), dtype=slowest.dtype)
        for i, own in enumerate(self.groups):
            U[own.start :, own] = self[f"U.group{i}"].data
        return U

    # ---- by hand -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """Wind the clocks before the loop: where all sequences share one, groups at rest cost nothing in it.

        **Shapes**: h (T, N, H); t (T, N); active bool (T, N, H).
        """
        xp, H, (h, t), mask = trace.xp, self.H, state, trace.mask
        trace.state("h", h, T)
        trace.state("t", t, T)
        trace["t"][...] = t + (xp.arange(1, T + 1)[:, None] if mask is None else xp.cumsum(mask, axis=0, dtype="int64"))
        clock = shared_clock(xp, t, mask)
        if clock is None:
            active = self.active(trace["t_prev"])
            trace.timetable = [((slice(0, H),), ())] * T  # all are computed, and some of it is not taken
        else:
            groups = zip(self.periods, self.groups, strict=True)
            trace.beats = [Beat(-clock % period, period, own.start, own.stop) for period, own in groups]
            trace.timetable = timetable(trace.beats, T)
            active = xp.zeros((T, 1, H), dtype=bool)
            for beat in trace.beats:
                active[beat.steps(T), :, beat.columns] = True
        trace["active"] = xp.broadcast_to(active, (T, N, H)) if mask is None else active & mask[..., None]
        trace["product"], trace["rests"] = trace.empty(N * H), xp.empty((N, H), dtype=bool)
        trace.weights["U"] = self.matrix().astype(trace.dtype, copy=False)

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, H), h (N, H), t (N,) → (h, t)."""
        xp, (h_prev, _), h = trace.xp, state, trace["h"][t]
        works, rests = trace.timetable[t]
        for own in works:
            a = _room(trace["product"], len(h), own.stop - own.start)
            xp.matmul(h_prev[:, own.start :], trace.weights["U"][own.start :, own], out=a)
            a += pre_t[:, own]
            xp.tanh(a, out=h[:, own])
        for own in rests:
            h[:, own] = h_prev[:, own]
        if not trace.beats:
            xp.copyto(h, h_prev, where=xp.logical_not(trace["active"][t], out=trace["rests"]))
        return h, trace["t"][t]

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """Each group's part of h_{t−1} and of da: with a shared clock, of the steps alone at which it works.

        **Shapes**: da (T, N, H); h_prev.group<i> (T/T_i, N, units of i … g), da.group<i> (T/T_i, N, units of i).
        """
        T, N, H = trace["h"].shape
        trace["da"] = trace.xp.zeros((T, N, H), dtype=trace.dtype)
        beats = trace.beats or [Beat(0, 1, own.start, own.stop) for own in self.groups]
        for i, beat in enumerate(beats):
            at, da = beat.steps(T), f"da.group{i}"
            trace[f"h_prev.group{i}"] = trace["h_prev"][at, :, beat.first :]
            trace[da], trace.columns[da] = trace["da"][at, :, beat.columns], (da, 0, beat.end - beat.first)
        trace["tanh'"] = trace.empty(steps, N, H)
        trace.weights["U.T"] = trace.weights["U"].T.copy()

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """tanh′(a) = 1 − h², for a block of steps; 0 for a unit that rests where another one like it works."""
        xp, h = trace.xp, trace["h"][t0:t1]
        slope = trace["tanh'"][: t1 - t0]
        xp.multiply(h, h, out=slope)
        xp.subtract(1.0, slope, out=slope)
        if not trace.beats:
            slope *= trace["active"][t0:t1]

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """Through the groups that work as in the RNN; for the others the gradient is handed on as it is.

        - da_i = dh_i ⊙ (1 − h_i²) and dh_i ← 0 where group i works; then dh_j ← dh_j + da_i U_{j→i}ᵀ for j ≥ i

        From the slowest to the fastest: what a group hands back goes to itself and to slower ones, so that dh_i
        is still that of h_t when its turn comes.

        **Shapes**: dy_t, dh (N, H) → (dh_prev, None): a count has no gradient.

        common slip: the triangle the wrong way round (U h is drawn, h U is stored), or a group that rests handing
        back nothing, as if it were zero and not held.
        """
        xp, (dh, _), slope, U_T = trace.xp, dstate, trace["tanh'"][t - trace.first], trace.weights["U.T"]
        dh += dy_t
        if trace.keeps_dstate:
            trace["dh"][t] = dh
        for own in reversed(trace.timetable[t][0]):
            da = trace["da"][t, :, own]
            xp.multiply(dh[:, own], slope[:, own], out=da)
            through = _room(trace["product"], len(dh), self.H - own.start)
            xp.matmul(da, U_T[own, own.start :], out=through)
            if trace.beats:
                dh[:, own] = 0.0
            else:
                xp.copyto(dh, 0.0, where=trace["active"][t])
            dh[:, own.start :] += through
        return dh, None

    def extra_repr(self) -> str:
        """D, H, and the periods."""
        return f"{super().extra_repr()}, periods={self.periods}"


def _room(memory: Array, N: int, width: int) -> Array:
    """The beginning of a piece of memory as an array (N, width) without gaps."""
    return memory[: N * width].reshape(N, width)


def _whole_and_in_order(periods: Any, H: int) -> tuple[int, ...]:
    """The periods as a tuple of plain integers.

    **Errors**: :class:`OptionError`.
    """
    found: tuple[Any, ...] = tuple(periods) if isinstance(periods, Iterable) and not isinstance(periods, str) else ()
    whole = bool(found) and all(is_size(T) for T in found)
    ordered = sorted(found) if whole else []
    slip, remedy = "", "periods=(1, 2, 4, 8)"
    if whole and list(found) != ordered:
        slip, remedy = "the order is the wiring: a group reads itself and slower ones", f"periods={tuple(ordered)}"
    elif whole and len(found) > H:
        slip, remedy = f"{len(found)} groups of {H} units", f"H={len(found)} or more, or fewer periods"
    elif whole:
        return tuple(int(T) for T in found)
    raise OptionError(
        explain(
            "each group of units has a period",
            where="ClockworkRNN",
            expected=f"whole numbers T_1 <= T_2 <= …, at least 1 each, at most H={H} of them",
            got=repr(periods),
            slip=slip,
            remedy=remedy,
        )
    )
