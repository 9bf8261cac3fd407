"""Gated feedback by hand: what lies between the layers. What happens within one is in ``gated_feedback_units``.

Every layer has its columns side by side, in the pre-activations and in their gradients ``da``::

    layer j:   candidate (H_j) | unit gates (G·H_j) | global gates (L)

so that it meets each of its operands in one product, and all layers meet h*_{t−1} in one:

========================  =====================================  ==============================================
operand                   with                                   when
========================  =====================================  ==============================================
x_t                       all columns of all layers              before the loop, for a block of steps at once
h*_{t−1}                  unit and global gates of all layers    at the beginning of a step
h^{j−1}_t                 all columns of layer j                 as soon as the layer below is done
g^{i→j} h^i_{t−1}, all i  the candidate of layer j               as soon as g is known
========================  =====================================  ==============================================

The last line is where the sum over i is made: Σ_i g^{i→j} (h^i U^{i→j}) is one product, of all g^{i→j} h^i side by
side with all U^{i→j} one below the other. A number for each layer is spread over the units of that layer by a matrix
of zeros and ones, E (L, ΣH), and on the way back the same matrix gathers them: dg = (d(g h*) ⊙ h*) Eᵀ.
"""

from __future__ import annotations

from typing import Any

from minigate.cells.cell import State
from minigate.cells.gated_feedback_columns import LayersInColumns
from minigate.cells.gated_feedback_units import UNITS_BY_HAND
from minigate.cells.trace import Trace, by_gate

Array = Any
GLOBAL = "global "  # the place of the global gates of all layers


class LayersByHand(LayersInColumns):
    """Forward and back through the layers of one time step, on arrays; who reads whom is said by the subclass.

    **Equations**, **Source**, **Errors**: those of :class:`GatedFeedback`.

    **Shapes**: of layer j, in the trace as ``layers.<j>.<name>``: h, c, candidate and unit gates (T, N, H_j), global
    (T, N, L), one number for each source, past (T, N, ΣH), the g^{i→j} h^i of all sources.
    """

    # ---- forward -----------------------------------------------------------------------------

    def begin(self, T: int, N: int, state: State, trace: Trace) -> None:
        """h of all layers is one array, so that h*_{t−1} is there without being put together.

        **Shapes**: h (T, N, ΣH), of one layer a view (T, N, H_j); global (T, L, N, L): into layer, n, from layer.
        """
        xp, L, each = trace.xp, self.L, len(self.state_names) // self.L
        trace.state("h", xp.concatenate(state[::each], axis=-1), T)
        for j, own in enumerate(self.layers):
            here = f"layers.{j}."
            for name in ("h", "h_prev", "h_moments"):
                trace[f"{here}{name}"] = trace[name][..., own]
            if each == 2:
                trace.state(f"{here}c", state[2 * j + 1], T)
            UNITS_BY_HAND[self.unit].begin(self, j, trace)
            if self.keeps_past:
                widths = [self.sizes[i] for i in self.sources(j)]
                parts = [f"from{i}" for i in self.sources(j)]
                trace.pack(f"{here}past", trace.empty(T, N, sum(widths)), parts, f"{here}past.", widths)
            if j:
                own = self.columns[j].own
                trace[f"{here}columns"] = trace.empty(N, own.stop - own.start)
            if self.unit_gates == "own":
                trace[f"{here}gates of past"] = trace.empty(N, len(self.unit_gate_names) * self.sizes[j])
        if self.gates_are == "learned":
            names = tuple(f"layers.{j}.global" for j in range(L))
            trace.planes("global", trace.empty(T, L, N, L), names)
            self.begin_gates(trace, trace["global"], names, GLOBAL, (1,) * L)
            trace["spread"] = trace.empty(N, self.H)
        self._pack_weights(trace)
        trace["columns of past"] = trace.empty(N, trace.weights["U*"].shape[1])

    def step_forward(self, t: int, pre_t: Array, state: State, trace: Trace) -> State:
        """**Shapes**: pre_t (N, all columns), h (and c) of each layer (N, H_j) → the same, one step on."""
        xp, unit = trace.xp, UNITS_BY_HAND[self.unit]
        of_past = trace["columns of past"]
        if of_past.shape[1]:
            xp.matmul(trace["h_prev"][t], trace.weights["U*"], out=of_past)
        for j, columns in enumerate(self.columns):
            here, H, a = f"layers.{j}.", self.sizes[j], pre_t[:, columns.own]
            if j:
                below = trace[f"layers.{j - 1}.h"][t]
                a = xp.matmul(below, trace.weights[f"{here}W"], out=trace[f"{here}columns"])
                a += pre_t[:, columns.own]
            if self.unit_gate_names:
                gates = of_past[:, columns.unit_gates_of_past]
                if self.unit_gates == "own":
                    own = trace[f"{here}h_prev"][t]
                    gates = xp.matmul(own, trace.weights[f"{here}U of gates"], out=trace[f"{here}gates of past"])
                planes = trace[f"{here}activations"][t, 1:]
                xp.add(by_gate(a[:, columns.unit_gates], H), by_gate(gates, H), out=planes)
                unit.open(self, j, t, trace)
            if self.gates_are == "learned":
                a_g = trace["global"][t, j]
                xp.add(a[:, columns.global_gates], of_past[:, columns.global_gates_of_past], out=a_g)
                self.open_gates(trace, t, j, GLOBAL)
            s = unit.place_of_sum(self, j, t, trace)
            xp.matmul(self._past(j, t, trace), trace.weights[f"{here}U"], out=s)
            unit.close(self, j, t, a[:, :H], s, trace)
        return tuple(trace[name][t] for name in self.state_names)

    def _past(self, j: int, t: int, trace: Trace) -> Array:
        """The operand of U.candidate: h_{t−1} of every source, times r where that comes before, times its g.

        **Shapes**: (N, ΣH), in a stack (N, H_j).
        """
        xp, here = trace.xp, f"layers.{j}."
        h_prev = trace["h_prev" if self.gates_are != "stack" else f"{here}h_prev"][t]
        if not self.keeps_past:
            return h_prev
        past = trace[f"{here}past"][t]
        if self.reset == "before":
            h_prev = self._times_reset(j, t, h_prev, past, trace)
        if self.gates_are == "learned":
            spread = xp.matmul(trace[f"{here}global"][t], trace.weights["E"], out=trace["spread"])
            xp.multiply(spread, h_prev, out=past)
        return past

    def _times_reset(self, j: int, t: int, of_all: Array, out: Array, trace: Trace) -> Array:
        """r ⊙ q for every source's part of q; the layers have one size then.

        **Shapes**: of_all, out (N, ΣH), in a stack (N, H_j).
        """
        H, r = self.sizes[j], trace[f"layers.{j}.reset"][t]
        trace.xp.multiply(by_gate(of_all, H), r, out=by_gate(out, H))
        return out

    # ---- back --------------------------------------------------------------------------------

    def begin_backward(self, trace: Trace, steps: int) -> None:
        """**Shapes**: da (T, N, all columns); dg (T, L, N, L) as the global gates; d_sum (T, N, ΣH), of r ⊙ s."""
        T, N, H = trace["h"].shape
        names = [(f"layers.{j}.{name}", width) for j in range(self.L) for name, width in self._names(j)]
        parts, widths = [name for name, _ in names], [width for _, width in names]
        trace.pack("da", trace.empty(T, N, sum(widths)), parts, "da_", widths)
        if self.unit == "gru" and self.reset == "after":
            candidates = [f"layers.{j}.candidate" for j in range(self.L)]
            trace.pack("d_sum", trace.empty(T, N, H), candidates, "d_sum_", self.sizes)
        trace["dh before"], trace["through"], trace["work"] = (trace.empty(N, H) for _ in range(3))
        if self.gates_are == "learned":
            trace["dg"] = trace.empty(T, self.L, N, self.L)
            trace.weights["E.T"] = trace.weights["E"].T.copy()
        for j, columns in enumerate(self.columns):
            here = f"layers.{j}."
            UNITS_BY_HAND[self.unit].begin_backward(self, j, trace, steps)
            of_past = slice(columns.unit_gates_of_past.start, columns.global_gates_of_past.stop)
            trace.weights[f"{here}U*.T"] = trace.weights["U*"][:, of_past].T.copy()
            for name in ("W", "U", "U of gates"):
                if f"{here}{name}" in trace.weights:
                    trace.weights[f"{here}{name}.T"] = trace.weights[f"{here}{name}"].T.copy()
            if j:
                trace[f"{here}d below"] = trace.empty(N, self.sizes[j - 1])

    def factors(self, trace: Trace, t0: int, t1: int) -> None:
        """The local derivatives of every layer's unit and of the global gates, for a block of steps."""
        steps = slice(t0, t1)
        for j in range(self.L):
            UNITS_BY_HAND[self.unit].factors(self, j, trace, steps)
        if self.gates_are == "learned":
            trace["dg/da"] = self.gate_slopes(trace, steps, GLOBAL)

    def step_backward(self, t: int, dy_t: Array, dstate: State, trace: Trace) -> State:
        """From the top layer to the bottom one, in the opposite order of the step.

        - dh^j has come from y_t, from step t + 1 and from the layer above; the unit makes da of it, and ds^j
        - d(g h*) = ds^j U^jᵀ: to every h^i_{t−1} its g^{i→j} times that, to g^{i→j} the sum of that times h^i_{t−1}
        - h*_{t−1} gets [da of unit and global gates] U*ᵀ, and h^{j−1}_t, of this step, [all da of layer j] W^jᵀ

        **Shapes**: dy_t (N, ΣH); dh (and dc) of each layer (N, H_j) → those of the state before.

        common slip: dg without the sum over units, or leaving out what a global gate hands on, to the layer below and,
        through u, to the past of all layers: it is a gate of both.
        """
        xp, unit, each = trace.xp, UNITS_BY_HAND[self.unit], len(self.state_names) // self.L
        before, through = trace["dh before"], trace["through"]
        before[...] = 0.0
        for j in reversed(range(self.L)):
            here, columns, own = f"layers.{j}.", self.columns[j], self.layers[j]
            dh, dc = dstate[each * j], dstate[each * j + 1] if each == 2 else None
            dh += dy_t[:, own]
            if trace.keeps_dstate:
                trace[f"d{here}h"][t] = dh
            da = trace["da"][t][:, columns.own]
            ds = unit.backward(self, j, t, dh, dc, da, trace)
            self._past_backward(j, t, ds, da, trace)
            gates = slice(columns.unit_gates.start, columns.global_gates.stop)
            if self.unit_gates == "own":
                gates = columns.global_gates
                if self.unit_gate_names:
                    U = trace.weights[f"{here}U of gates.T"]
                    before[:, own] += xp.matmul(da[:, columns.unit_gates], U, out=through[:, own])
            if gates.stop > gates.start:
                before += xp.matmul(da[:, gates], trace.weights[f"{here}U*.T"], out=through)
            if j:
                below = xp.matmul(da, trace.weights[f"{here}W.T"], out=trace[f"{here}d below"])
                dstate[each * (j - 1)][...] += below
        for j, own in enumerate(self.layers):
            dstate[each * j][...] += before[:, own]
        return dstate

    def _past_backward(self, j: int, t: int, ds: Array, da: Array, trace: Trace) -> None:
        """Back through Σ_i g^{i→j} (h^i U^{i→j}): to g, where it comes before to r, and to the past of all layers.

        **Shapes**: ds (N, H_j), da (N, columns).
        """
        xp, here, columns, k = trace.xp, f"layers.{j}.", self.columns[j], t - trace.first
        stack = self.gates_are == "stack"
        h_prev = trace[f"{here}h_prev" if stack else "h_prev"][t]
        through, work, before = (
            trace[name][:, self.layers[j]] if stack else trace[name] for name in ("through", "work", "dh before")
        )
        xp.matmul(ds, trace.weights[f"{here}U.T"], out=through)
        if self.gates_are == "learned":
            h_in = self._times_reset(j, t, h_prev, work, trace) if self.reset == "before" else h_prev
            xp.multiply(through, h_in, out=work)
            dg = xp.matmul(work, trace.weights["E.T"], out=trace["dg"][t, j])
            xp.multiply(dg, trace["dg/da"][k, j], out=da[:, columns.global_gates])
            through *= xp.matmul(trace[f"{here}global"][t], trace.weights["E"], out=trace["spread"])
        if self.reset == "before":
            H, dr = self.sizes[j], trace[f"d{here}reset"][t]
            xp.multiply(through, h_prev, out=work)
            xp.sum(by_gate(work, H), axis=0, out=dr)
            xp.multiply(dr, trace[f"{here}da/d"][k, 2], out=da[:, 2 * H : 3 * H])
            self._times_reset(j, t, through, through, trace)
        before += through

    def other_gradients(self, trace: Trace) -> dict[str, Array]:
        """Peepholes, dV = Σ da ⊙ c, and the gates' own parameters."""
        found: dict[str, Array] = {}
        for j in range(self.L):
            here = f"layers.{j}."
            for name in self.unit_gate_names:
                if f"{here}V.{name}" in self:
                    seen = trace[f"{here}c" if name == "output" else f"{here}c_prev"]
                    found[f"{here}V.{name}"] = trace.xp.einsum("tnh,tnh->h", trace[f"da_{here}{name}"], seen)
        if self.has_gate_parameters:
            dg: dict[str, Array] = {}
            for j in range(self.L):
                own = UNITS_BY_HAND[self.unit].dg(self, j, trace)
                dg |= {f"layers.{j}.{name}": d for name, d in own.items()}
                if self.gates_are == "learned":
                    dg[f"layers.{j}.global"] = trace["dg"][:, j]
            found |= self.gate_gradients(trace, dg)
        return found
