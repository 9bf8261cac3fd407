"""What all gated cells share: which gate stands where, its parameters, and running them side by side.

A cell names its gates (``gate_names``, in packed order). ``gate=`` gives one :class:`Gate` for all of
them or one by name. The cell owns the gates' parameters, as ``<gate>.gate.<parameter>``. Neighbours
that are the same gate run as one where it can do that: for the usual sigmoids that is a single call
on all gates of a step, so that a gate one can exchange costs nothing until one does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate.backend import generator
from minigate.cells.cell import Cell
from minigate.cells.trace import Run, Trace
from minigate.gates import Gate, GateOption, Sigmoid, choose_gates, draw_gate_parameters, gate_parameters
from minigate.tensor import Tensor

Array = Any


class GatedCell(Cell):
    """A cell with named gates, any of which can be any :class:`Gate`.

    **Equations**: g = gate(a_g; p_g) for each name g in ``gate_names``.

    **Shapes**: a_g and g (N, H).

    **Source**: each cell's own paper.

    **Errors**: :class:`OptionError` for a ``gate=`` that is no gate, or a name that is none of the cell's.
    """

    #: The gates, in the order in which they lie side by side.
    gate_names: tuple[str, ...] = ()

    #: What a gate is unless ``gate=`` says otherwise.
    default_gate: Gate = Sigmoid()

    def __init__(self, D: int, H: int, *, gate: GateOption = None, seed: int | None = None, dtype: Any = None) -> None:
        super().__init__(D, H)
        self.gates = self._choose_gates(gate)
        rng = generator(seed)
        self._draw_weights(rng, dtype)
        for name, own in self.gates.items():
            draw_gate_parameters(self, {name: own}, self.gate_size(name), rng, dtype)
        self._own_of_gate = {name: tuple(gate_parameters(self, name)) for name in self.gate_names}  # looked up often
        self.has_gate_parameters = any(self._own_of_gate.values())

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        """Register the cell's own weights, in the order of its equations."""
        raise TypeError(f"{type(self).__name__} draws no weights")

    def _choose_gates(self, gate: GateOption) -> dict[str, Gate]:
        """The gate at every name, from what was given as ``gate=``."""
        return choose_gates(type(self).__name__, gate, self.gate_names, self.default_gate)

    def gate_size(self, name: str) -> int:
        """How many units the gate ``name`` has: H, but for a cell of several layers."""
        return self.H

    def gate_parameters(self, name: str) -> dict[str, Tensor]:
        """The parameters of the gate ``name``, by their own names."""
        return {own: self[f"{name}.gate.{own}"] for own in self._own_of_gate[name]}

    def gate(self, name: str, a: Tensor) -> Tensor:
        """The gate ``name`` at the pre-activation ``a``, in differentiable operations.

        **Shapes**: a (N, H) → (N, H).
        """
        return self.gates[name].compose(a, self.gate_parameters(name))

    # ---- by hand -----------------------------------------------------------------------------

    #: How many gates open at each moment of a step, for a cell whose gates do not all open at once.
    moments: tuple[int, ...] = ()

    def begin_gates(
        self,
        trace: Trace,
        a: Array,
        names: tuple[str, ...] | None = None,
        place: str = "",
        moments: tuple[int, ...] | None = None,
    ) -> None:
        """Note, once per sequence, where the gates lie and which of them run together.

        They take the place of their pre-activations, unless some gate's backward has to see those: then the
        pre-activations stay, as ``a_<gate>``, and the gates get an array of their own. A cell of several layers has
        gates of several sizes, those of one size by ``names`` in a ``place`` of their own.

        **Shapes**: a (T, G, N, H), the planes in the order of ``names``, all of ``gate_names`` unless told otherwise.
        """
        names = self.gate_names if names is None else names
        trace.keeps_dstate = self.has_gate_parameters  # their gradients are made of it, after the loop
        trace[f"{place}gates"] = a
        if any(self.gates[name].needs_input for name in names):
            trace.planes(f"{place}a", a, names, prefix="a_")
            trace.planes(f"{place}gates", trace.empty(*a.shape), names)
        if any(self.gates[name].slope_with_forward for name in names):
            trace[f"{place}slopes"] = trace.empty(*a.shape)
        runs, k = [], 0
        for size in moments or self.moments or (len(names),):
            runs.append(self._runs(trace.xp, names, k, k + size))
            k += size
        runs.append(self._runs(trace.xp, names, 0, len(names)))  # at the end, when all are open, at once
        trace.gate_runs[place] = runs

    def _runs(self, xp: Any, names: tuple[str, ...], k: int, end: int) -> list[Run]:
        """Neighbours among the gates k … end − 1 that are the same gate are one run, if it takes them together."""
        alike: list[list[str]] = []
        for name in names[k:end]:
            if alike and _same(self.gates[alike[-1][-1]], self.gates[name]):
                alike[-1].append(name)
            else:
                alike.append([name])
        runs: list[Run] = []
        for group in alike:
            gate = self.gates[group[0]]
            own = [{key: each.data for key, each in self.gate_parameters(name).items()} for name in group]
            together = gate.prepare(xp, own)
            prepared = [together] if together is not None else [gate.prepare(xp, [p]) for p in own]
            size = len(group) // len(prepared)
            for p in prepared:
                runs.append((gate, k, k + size, p))
                k += size
        return runs

    def open_gates(self, trace: Trace, at: int | slice, moment: int = 0, place: str = "") -> None:
        """The gates of one moment of a step, or of a block of steps, from the pre-activations that stand there.

        **Shapes**: of a step (G, N, H), the planes of all gates of the place, in their order; of a block (B, G, N, H).
        """
        g = trace[f"{place}gates"][at]
        a = trace[f"{place}a"][at] if f"{place}a" in trace else g
        for gate, first, end, p in trace.gate_runs[place][moment]:
            own = (..., slice(first, end), slice(None), slice(None))
            beside = {"slope": trace[f"{place}slopes"][at][own]} if gate.slope_with_forward else {}
            gate.forward(trace.xp, a[own], p, out=g[own], **beside)

    def gate_slopes(self, trace: Trace, steps: slice, place: str = "") -> Array:
        """dg/da of every gate of a place, for a block of steps at once; not to be edited.

        **Shapes**: (B, G, N, H).
        """
        g, a = trace[f"{place}gates"][steps], trace[f"{place}a"][steps] if f"{place}a" in trace else None
        known = trace[f"{place}slopes"][steps] if f"{place}slopes" in trace else None
        runs = trace.gate_runs[place][-1]
        if len(runs) == 1:
            gate, _, _, p = runs[0]
            return known if gate.slope_with_forward else gate.slope(trace.xp, a, g, p)
        slopes = trace.xp.empty(g.shape, dtype=g.dtype)
        for gate, first, end, p in runs:
            own = slice(first, end)
            if gate.slope_with_forward:
                slopes[:, own] = known[:, own]  # type: ignore[index]
            else:
                slopes[:, own] = gate.slope(trace.xp, None if a is None else a[:, own], g[:, own], p)
        return slopes

    def gate_gradients(self, trace: Trace, dg: Mapping[str, Array]) -> dict[str, Array]:
        """Gradients of the gates' own parameters, from ``dg`` = d loss / d gate over all steps.

        **Shapes**: each dg (T, N, H) → each of the shape of its parameter.
        """
        found: dict[str, Array] = {}
        for name in self.gate_names:
            p = {key: parameter.data for key, parameter in self.gate_parameters(name).items()}
            if p:
                s = trace.get(f"a_{name}")
                own = self.gates[name].param_gradients(trace.xp, dg[name], s, trace[name], p)
                found |= {f"{name}.gate.{key}": gradient for key, gradient in own.items()}
        return found

    def extra_repr(self) -> str:
        """What tells this cell from another of its class."""
        plain = all(repr(gate) == repr(self.default_gate) for gate in self.gates.values())
        return super().extra_repr() + ("" if plain else f", gate={self.gates}")


def _same(one: Gate, other: Gate) -> bool:
    return one is other or (type(one) is type(other) and not vars(one) and not vars(other))
