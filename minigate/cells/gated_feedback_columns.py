"""Gated feedback by hand: what the columns of its layers are, and which weights make them.

Outside every weight has a name, for one block of one layer, the global gates even one for each pair of layers.
Inside they lie side by side where they have an operand in common. This file is where the one becomes the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigate.cells.cell import InputPart
from minigate.cells.gated import GatedCell
from minigate.cells.trace import Trace

Array = Any


@dataclass(frozen=True)
class Columns:
    """Where the columns of a layer lie: ``own`` among those of all layers; its gates within them, and within h* U*."""

    own: slice
    unit_gates: slice
    global_gates: slice
    unit_gates_of_past: slice
    global_gates_of_past: slice


class LayersInColumns(GatedCell):
    """The names and places of all columns; who reads whom is said by the subclass.

    **Equations**, **Source**, **Errors**: those of :class:`GatedFeedback`.

    **Shapes**: a layer has H_j columns for its candidate, H_j for every unit gate, L for its global gates.
    """

    sizes: tuple[int, ...]
    layers: tuple[slice, ...]
    columns: tuple[Columns, ...]
    parts: tuple[InputPart, ...]
    L: int
    unit: str
    unit_gate_names: tuple[str, ...]
    blocks_of_unit: tuple[str, ...]
    gates_are: str
    gate_bias: bool
    unit_gates: str
    reset: str
    skip_input: bool

    def sources(self, j: int) -> range:
        """The layers whose past goes into the new content of layer j."""
        raise NotImplementedError

    def gate_skips(self, j: int) -> bool:
        """Do the global gates into layer j read x_t beside the layer below?"""
        raise NotImplementedError

    def _names(self, j: int) -> list[tuple[str, int]]:
        """What the columns of layer j are, with their widths."""
        units = [(block, self.sizes[j]) for block in self.blocks_of_unit]
        return units + [(f"global.from{i}", 1) for i in range(self.L if self.gates_are == "learned" else 0)]

    def _columns(self) -> tuple[Columns, ...]:
        found, first, past = [], 0, 0
        for j, H in enumerate(self.sizes):
            width, gates = sum(width for _, width in self._names(j)), len(self.unit_gate_names) * H
            there = past + (gates if self.unit_gates == "all" else 0)
            end = there + width - H - gates
            found.append(
                Columns(slice(first, first + width), slice(H, H + gates), slice(H + gates, width),
                        slice(past, there), slice(there, end))
            )  # fmt: skip
            first, past = first + width, end
        return tuple(found)

    @property
    def input_parts(self) -> tuple[InputPart, ...]:
        """The columns of all layers; where a layer, or its global gates, do not read x, there is a bias alone."""
        return self.parts

    def _input_parts(self) -> tuple[InputPart, ...]:
        parts = []
        for j in range(self.L):
            for name, width in self._names(j):
                gate = name.startswith("global")
                reads = j == 0 or (self.gate_skips(j) if gate else self.skip_input)
                symbol = ("w" if gate else "W") + ("_x" if j else "")
                bias = f"layers.{j}.b.{name}" if self.gate_bias or not gate else None
                parts.append(InputPart(f"layers.{j}.{symbol}.{name}" if reads else None, bias, width))
        return tuple(parts)

    @property
    def keeps_past(self) -> bool:
        """Is the operand of U.candidate another than h_{t−1}: because of g, or of a reset before the product?"""
        return self.gates_are == "learned" or self.reset == "before"

    def _products(self) -> dict[str, tuple[str, str]]:
        """Every weight that does not meet x: its operand, and the gradient of the columns that it makes."""
        found = {}
        for j in range(self.L):
            here = f"layers.{j}."
            for name, _ in self._names(j):
                W, U = ("w", "u") if name.startswith("global") else ("W", "U")
                if j:
                    found[f"{here}{W}.{name}"] = (f"layers.{j - 1}.h", f"da_{here}{name}")
                if name != "candidate":
                    all_seen = U == "u" or self.unit_gates == "all"
                    found[f"{here}{U}.{name}"] = ("h_prev" if all_seen else f"{here}h_prev", f"da_{here}{name}")
            d = "d_sum_" if self.unit == "gru" and self.reset == "after" else "da_"
            for i in self.sources(j):
                seen = f"{here}past.from{i}" if self.keeps_past else f"layers.{i}.h_prev"
                found[f"{here}U.candidate.from{i}"] = (seen, f"{d}{here}candidate")
        return found

    def _pack_weights(self, trace: Trace) -> None:
        """Side by side what has one operand, one below the other what has one result.

        **Shapes**: for every layer W (H_{j−1}, columns), U (ΣH, H_j) of the candidate; U* (ΣH, columns) for all.
        """

        def packed(names: list[str], axis: int = 1) -> Array:
            return trace.xp.concatenate([self[name].data for name in names], axis=axis).astype(trace.dtype, copy=False)

        seen: list[str] = []
        for j in range(self.L):
            here, gates = f"layers.{j}.", [name for name, _ in self._names(j) if name.startswith("global")]
            if j:
                below = [f"{here}W.{block}" for block in self.blocks_of_unit] + [f"{here}w.{name}" for name in gates]
                trace.weights[f"{here}W"] = packed(below)
            trace.weights[f"{here}U"] = packed([f"{here}U.candidate.from{i}" for i in self.sources(j)], axis=0)
            own = [f"{here}U.{name}" for name in self.unit_gate_names]
            if self.unit_gates == "all":
                seen += own
            elif own:
                trace.weights[f"{here}U of gates"] = packed(own)
            seen += [f"{here}u.{name}" for name in gates]
        trace.weights["U*"] = packed(seen) if seen else trace.empty(self.H, 0)
        if self.gates_are == "learned":
            E = trace.weights["E"] = trace.xp.zeros((self.L, self.H), dtype=trace.dtype)
            for i, units in enumerate(self.layers):
                E[i, units] = 1.0
