"""Gated feedback: layers that all read each other's past, and a number for each pair of them that says how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from minigate import ops
from minigate.backend import array_module
from minigate.cells.cell import State
from minigate.cells.gated import GateOption
from minigate.cells.gated_feedback_by_hand import LayersByHand
from minigate.cells.gated_feedback_options import PRINTED, UNITS, check_options, check_trace, check_width, sizes_of
from minigate.gates import Gate, choose_gates
from minigate.module.initialisers import glorot, orthogonal, uniform, zeros
from minigate.tensor import Tensor

Array = Any


class Moment(NamedTuple):
    """What a layer can read at one time step: x_t, and every layer's state before it, apart and side by side."""

    x: Tensor
    h_prev: list[Tensor]
    c_prev: list[Tensor]
    h_star: Tensor


class GatedFeedback(LayersByHand):
    """L layers as one cell: each reads the layer below it now and, through global reset gates, all layers' past.

    **Equations**, for layer j = 1 … L from the bottom up; h⁰_t = x_t, and h*_{t−1} = [h¹ … h^L]_{t−1}, all states:

    - g^{i→j} = σ(h^{j−1}_t · w^{i→j} + h*_{t−1} · u^{i→j}), one number for each pair of layers i, j and each step
    - s^j = Σ_i g^{i→j} (h^i_{t−1} U^{i→j}), what layer j's new content takes from the past of all layers i = 1 … L

    ======  =======================================================================================================
    unit    layer j: i, f, o, z, r are those of the LSTM and the GRU, of h^{j−1}_t and h*_{t−1}; g does not touch them
    ======  =======================================================================================================
    tanh    h_t = tanh(h^{j−1}_t W_c + s + b_c)
    lstm    c̃_t = tanh(h^{j−1}_t W_c + s + b_c);  c_t = f_t ⊙ c_{t−1} + i_t ⊙ c̃_t;  h_t = o_t ⊙ tanh(c_t)
    gru     h̃_t = tanh(h^{j−1}_t W_c + r_t ⊙ s + b_c);  h_t = (1 − z_t) ⊙ h_{t−1} + z_t ⊙ h̃_t
    ======  =======================================================================================================

    y_t = [h¹ … h^L]_t: the output layer reads all of them; :meth:`split` takes them apart. Every layer above the first
    reads x_t too, by a weight W_x of its own, beside that of the layer below. In g^{i→j} and h^i, i is a
    layer; in the table it is the input gate.

    **Shapes**: x_t (N, D); h and c of layer j (N, H_j); y_t (N, ΣH). ``H`` is a list, one size for each layer. Names,
    the layers counted from 0 as all that is indexed: ``layers.<j>.`` and then, for each block (candidate and the unit's
    gates), W.<block> (H_{j−1}, H_j), W_x.<block> (D, H_j), U.<gate> (ΣH, H_j), U.candidate.from<i> (H_i, H_j),
    b.<block> (H_j,), V.<gate> (H_j,); of the global gate i → j w.global.from<i> (H_{j−1}, 1), u.global.from<i> (ΣH, 1),
    w_x.global.from<i> (D, 1), b.global.from<i> (1,). Gates are called layers.<j>.update, …, and layers.<j>.global, one
    gate with a unit for each source i: (N, L). ``gate=`` takes one :class:`Gate` for all, or some by name, of one layer
    ("layers.0.global") or of all ("global"). :meth:`global_gates` reads all g over time from a trace.

    **Source**: Chung, Gulcehre, Cho & Bengio (ICML 2015), section 3. What it does not print is as in the first author's
    code and as its numbers of parameters need it: inputs skip to all layers, unit gates see all layers' past without a
    gate. An option for each point at which paper, the talk of May 2015 (after the first arXiv version) and author's
    code differ:

    - ``gate_input="below"``: g reads what the equation says. ``"all_parents"``: x_t too, as in the author's code
    - ``gate_bias``: g has a bias, which is not printed; the author's code has it
    - ``peephole="diagonal"``: the gates of the talk's LSTM look at c, as those of :class:`LSTM`; ICML has none
    - ``reset="before"``, of the talk's GRU: s^j = Σ_i g^{i→j} ((r^j ⊙ h^i_{t−1}) U^{i→j}); all layers of one size
    - ``unit_gates="own"``: unit gates see h^j_{t−1} alone, so U.<gate> is (H_j, H_j); ``skip_input=False``: no W_x
    - ``gates="open"``: g = 1, the paper's ablation. ``gates="stack"``: g^{i→j} = 1 if i = j, else 0, unit gates "own":
      a plain stack. Neither has parameters for g
    - ``init="author"``: W, w, u uniform on ±0.08, U orthogonal for each pair of layers, every bias 0.
      ``init="glorot"``: the rule of the other cells, W, w, u by Glorot's and b_f = 1. ``forget_bias`` overrides either

    What most public versions get wrong: g is one *number* for each pair of layers, not a vector with a number for each
    unit; it has a σ; it depends on the new h^{j−1}_t and on all old states, not on its own layer's; it multiplies what
    goes into the new content and nothing else, neither the unit gates nor what comes from below.

    **Errors**: :class:`OptionError` for sizes below 1, for another value of an option, for options that the unit
    has no use for, for a ``gate=`` that is none or is for a gate that is not there.
    """

    def __init__(
        self,
        D: int,
        H: int | Sequence[int],
        *,
        unit: str = "tanh",
        gates: str = "learned",
        gate_input: str = "below",
        gate_bias: bool = False,
        skip_input: bool = True,
        unit_gates: str | None = None,
        peephole: str = "none",
        reset: str = "after",
        forget_bias: float | None = None,
        init: str = "glorot",
        gate: GateOption = None,
        seed: int | None = None,
        dtype: Any = None,
    ) -> None:
        self.sizes = sizes_of(H)
        check_options(
            self.sizes, forget_bias, unit=unit, gates=gates, gate_input=gate_input, gate_bias=gate_bias,
            skip_input=skip_input, unit_gates=unit_gates, peephole=peephole, reset=reset, init=init,
        )  # fmt: skip
        self.unit, self.gates_are, self.gate_input, self.gate_bias = unit, gates, gate_input, gate_bias
        self.skip_input, self.peephole, self.reset, self.init = skip_input, peephole, reset, init
        self.unit_gates = unit_gates or ("own" if gates == "stack" else "all")
        self.forget_bias = float(forget_bias if forget_bias is not None else init == "glorot")
        self.L = len(self.sizes)
        ends = [sum(self.sizes[: j + 1]) for j in range(self.L)]
        self.layers = tuple(slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True))
        states, self.unit_gate_names = UNITS[unit]
        kinds = (*self.unit_gate_names, *(["global"] if gates == "learned" else []))
        self.blocks_of_unit = ("candidate", *self.unit_gate_names)
        self.blocks = tuple(f"layers.{j}.{kind}" for j in range(self.L) for kind in ("candidate", *kinds))
        self.gate_names = tuple(f"layers.{j}.{kind}" for j in range(self.L) for kind in kinds)
        self.state_names = tuple(f"layers.{j}.{state}" for j in range(self.L) for state in states)
        super().__init__(D, ends[-1], gate=gate, seed=seed, dtype=dtype)
        self.columns, self.products, self.parts = self._columns(), self._products(), self._input_parts()

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        weight = glorot if self.init == "glorot" else uniform
        for j, H in enumerate(self.sizes):
            below = {"W": self.D if j == 0 else self.sizes[j - 1]} | ({"W_x": self.D} if self.skips(j) else {})
            for block in self.blocks_of_unit:
                for symbol, K in below.items():
                    self.parameter(f"layers.{j}.{symbol}.{block}", weight(rng, (K, H)), dtype)
                for name, parts in self._recurrent(j, block).items():
                    U = self._orthogonal(rng, [self.sizes[i] for i in parts], H)
                    self.parameter(name, U, dtype)
                bias = zeros(rng, (H,)) + (self.forget_bias if block == "forget" else 0.0)
                self.parameter(f"layers.{j}.b.{block}", bias, dtype)
            for name in self.unit_gate_names if self.peephole == "diagonal" else ():
                self.parameter(f"layers.{j}.V.{name}", zeros(rng, (H,)), dtype)
            for i in range(self.L) if self.gates_are == "learned" else ():
                read = {"w": below["W"], "u": self.H} | ({"w_x": self.D} if self.gate_skips(j) else {})
                for symbol, K in read.items():
                    self.parameter(f"layers.{j}.{symbol}.global.from{i}", weight(rng, (K, 1)), dtype)
                if self.gate_bias:
                    self.parameter(f"layers.{j}.b.global.from{i}", zeros(rng, (1,)), dtype)

    def _recurrent(self, j: int, block: str) -> dict[str, list[int]]:
        """The recurrent weights of a block: name → the layers whose past it reads."""
        if block == "candidate":
            return {f"layers.{j}.U.candidate.from{i}": [i] for i in self.sources(j)}
        return {f"layers.{j}.U.{block}": list(range(self.L)) if self.unit_gates == "all" else [j]}

    def _orthogonal(self, rng: Any, sizes: list[int], H: int) -> Array:
        """Orthonormal columns (rows where there are fewer); the author's code draws one such block for each source.

        **Shapes**: (Σ sizes, H).
        """
        if self.init == "glorot":
            return orthogonal(rng, (sum(sizes), H))
        U = zeros(rng, (sum(sizes), H))
        for k, size in enumerate(sizes):
            U[sum(sizes[:k]) : sum(sizes[: k + 1])] = orthogonal(rng, (size, H))
        return U

    # ---- who reads whom ----------------------------------------------------------------------

    def sources(self, j: int) -> range:
        """The layers whose past goes into the new content of layer j."""
        return range(j, j + 1) if self.gates_are == "stack" else range(self.L)

    def skips(self, j: int) -> bool:
        """Does layer j read x_t beside the layer below? The first one has nothing else below it."""
        return self.skip_input and j > 0

    def gate_skips(self, j: int) -> bool:
        """Do the global gates into layer j read x_t beside the layer below?"""
        return self.skips(j) and self.gate_input == "all_parents"

    def state_size(self, name: str) -> int:
        """The size of the layer that the state belongs to."""
        return self.sizes[int(name.split(".")[1])]

    def gate_size(self, name: str) -> int:
        """The size of the gate's layer; of a global gate the number of layers that it gates."""
        return self.L if name.endswith(".global") else self.state_size(name)

    def _choose_gates(self, gate: GateOption) -> dict[str, Gate]:
        kinds = tuple(dict.fromkeys(name.split(".")[-1] for name in self.gate_names))
        chosen = choose_gates("GatedFeedback", gate, (*kinds, *self.gate_names), self.default_gate)
        given = gate if isinstance(gate, Mapping) else {}
        return {name: chosen[name if name in given else name.split(".")[-1]] for name in self.gate_names}

    def split(self, y: Any) -> list[Any]:
        """y as one h for each layer, from the bottom up.

        **Shapes**: y (…, ΣH) → each (…, H_j); :class:`ShapeError` for another width.
        """
        check_width(y, self.H)
        return [y[..., own] for own in self.layers]

    def global_gates(self, trace: Mapping[str, Array]) -> Array:
        """All g^{i→j} over time, from ``Recurrent(cell).trace(x)``; 1 or 0 where they are open or a stack's.

        **Shapes**: (T, N, L, L): step, sequence, from layer i, to layer j; :class:`OptionError` for no trace of it.
        """
        learned = [f"layers.{j}.global" for j in range(self.L)] if self.gates_are == "learned" else []
        check_trace(trace, ("h", *learned))
        h, L, xp = trace["h"], self.L, array_module(trace["h"])
        if learned:
            return xp.stack([trace[name] for name in learned], axis=-1)
        fixed = xp.ones((L, L), dtype=h.dtype) if self.gates_are == "open" else xp.eye(L, dtype=h.dtype)
        return xp.broadcast_to(fixed, (*h.shape[:2], L, L))

    def extra_repr(self) -> str:
        """Sizes, the unit, and what is not as printed in the paper."""
        told = {"unit": self.unit} | {name: getattr(self, name) for name in ("gate_input", "gate_bias", "skip_input")}
        told |= {"gates": self.gates_are, "peephole": self.peephole, "reset": self.reset, "init": self.init}
        if self.gates_are != "stack":
            told["unit_gates"] = self.unit_gates
        options = [f"{name}={value!r}" for name, value in told.items() if name == "unit" or value != PRINTED[name]]
        gate = super().extra_repr().partition(", gate=")[1:]
        return ", ".join([f"D={self.D}, H={list(self.sizes)}", *options]) + "".join(gate)

    # ---- the definition ----------------------------------------------------------------------

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """**Shapes**: x_t (N, D) or int (N,); h (and c) of each layer (N, H_j) → y_t (N, ΣH), the new state."""
        each = len(self.state_names) // self.L
        h_prev, c_prev = list(state[::each]), list(state[1::each])
        now = Moment(x_t, h_prev, c_prev, ops.concat(h_prev, axis=-1))
        layer = {"tanh": self._tanh, "lstm": self._lstm, "gru": self._gru}[self.unit]
        below, after = x_t, []
        for j in range(self.L):
            after.append(layer(j, below, now))
            below = after[j][0]
        return ops.concat([new[0] for new in after], axis=-1), tuple(part for new in after for part in new)

    def _tanh(self, j: int, below: Tensor, now: Moment) -> State:
        h = ops.tanh(self._from_below(j, "candidate", below, now) + self._from_the_past(j, below, now))
        return (h,)

    def _lstm(self, j: int, below: Tensor, now: Moment) -> State:
        i = self._unit_gate(j, "input", below, now, c=now.c_prev[j])
        f = self._unit_gate(j, "forget", below, now, c=now.c_prev[j])
        candidate = ops.tanh(self._from_below(j, "candidate", below, now) + self._from_the_past(j, below, now))
        c = f * now.c_prev[j] + i * candidate
        o = self._unit_gate(j, "output", below, now, c=c)
        h = o * ops.tanh(c)
        return h, c

    def _gru(self, j: int, below: Tensor, now: Moment) -> State:
        z = self._unit_gate(j, "update", below, now)
        r = self._unit_gate(j, "reset", below, now)
        if self.reset == "after":
            past = r * self._from_the_past(j, below, now)
        else:
            reset = [r * h_i if i in self.sources(j) else h_i for i, h_i in enumerate(now.h_prev)]
            past = self._from_the_past(j, below, now._replace(h_prev=reset))
        candidate = ops.tanh(self._from_below(j, "candidate", below, now) + past)
        h = (1.0 - z) * now.h_prev[j] + z * candidate
        return (h,)

    def _from_below(self, j: int, block: str, below: Tensor, now: Moment) -> Tensor:
        """h^{j−1}_t W + x_t W_x + b. No g in it.

        **Shapes**: below (N, H_{j−1}) → (N, H_j).
        """
        a = self.reads(below, f"layers.{j}.W.{block}") + self[f"layers.{j}.b.{block}"]
        return a + self.reads(now.x, f"layers.{j}.W_x.{block}") if self.skips(j) else a

    def _unit_gate(self, j: int, name: str, below: Tensor, now: Moment, c: Tensor | None = None) -> Tensor:
        """σ(h^{j−1}_t W + h*_{t−1} U + b), with a peephole + c ⊙ V. No g in it.

        **Shapes**: below (N, H_{j−1}), c (N, H_j) → (N, H_j).
        """
        seen = now.h_star if self.unit_gates == "all" else now.h_prev[j]
        a = self._from_below(j, name, below, now) + seen @ self[f"layers.{j}.U.{name}"]
        if self.peephole == "diagonal" and c is not None:
            a = a + c * self[f"layers.{j}.V.{name}"]
        return self.gate(f"layers.{j}.{name}", a)

    def _from_the_past(self, j: int, below: Tensor, now: Moment) -> Tensor:
        """Σ_i g^{i→j} (h^i_{t−1} U^{i→j}).

        **Shapes**: below (N, H_{j−1}) → (N, H_j).
        """
        g = self._global_gate(j, below, now) if self.gates_are == "learned" else None
        total: Any = 0.0
        for i in self.sources(j):
            h_U = now.h_prev[i] @ self[f"layers.{j}.U.candidate.from{i}"]
            total = total + (h_U if g is None else g[:, i : i + 1] * h_U)
        return total

    def _global_gate(self, j: int, below: Tensor, now: Moment) -> Tensor:
        """g^{i→j} = σ(h^{j−1}_t · w^{i→j} + h*_{t−1} · u^{i→j}), for every i.

        **Shapes**: below (N, H_{j−1}) → (N, L).
        """
        pre = []
        for i in range(self.L):
            a = self.reads(below, f"layers.{j}.w.global.from{i}") + now.h_star @ self[f"layers.{j}.u.global.from{i}"]
            if self.gate_skips(j):
                a = a + self.reads(now.x, f"layers.{j}.w_x.global.from{i}")
            pre.append(a + self[f"layers.{j}.b.global.from{i}"] if self.gate_bias else a)
        return self.gate(f"layers.{j}.global", ops.concat(pre, axis=-1))
