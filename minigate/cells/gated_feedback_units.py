"""Within a layer of gated feedback, by hand: the pointwise arithmetic of its tanh, LSTM or GRU.

A unit gets the pre-activations of its gates complete, and those of its candidate in two parts: what comes from
below, and s, the sum over all layers' past. What it does with them is what the cell of that name does; the products
before and after are in ``gated_feedback_by_hand``. All arrays of layer j are in the trace as ``layers.<j>.<name>``.
"""

from __future__ import annotations

from typing import Any

from minigate.cells.trace import Trace, by_gate

Array = Any


class TanhUnit:
    """h_t = tanh(a_c + s): no gate, no other state."""

    def begin(self, cell: Any, j: int, trace: Trace) -> None:
        """Allocate what the steps of layer j will fill."""

    def place_of_sum(self, cell: Any, j: int, t: int, trace: Trace) -> Array:
        """Where the product that makes s is to write it.

        **Shapes**: (N, H_j).
        """
        return trace[f"layers.{j}.h"][t]

    def open(self, cell: Any, j: int, t: int, trace: Trace) -> None:
        """The gates that do not wait for the new state."""

    def close(self, cell: Any, j: int, t: int, a_c: Array, s: Array, trace: Trace) -> None:
        """From the candidate's pre-activation to the new state.

        **Shapes**: a_c, s (N, H_j).
        """
        s += a_c
        trace.xp.tanh(s, out=s)

    def begin_backward(self, cell: Any, j: int, trace: Trace, steps: int) -> None:
        """Allocate the factors of ``steps`` time steps."""
        trace[f"layers.{j}.da/d"] = trace.empty(steps, trace[f"layers.{j}.h"].shape[1], cell.sizes[j])

    def factors(self, cell: Any, j: int, trace: Trace, steps: slice) -> None:
        """tanh′ = 1 − h²."""
        xp, h = trace.xp, trace[f"layers.{j}.h"][steps]
        F = trace[f"layers.{j}.da/d"][: len(h)]
        xp.multiply(h, h, out=F)
        xp.subtract(1.0, F, out=F)

    def backward(self, cell: Any, j: int, t: int, dh: Array, dc: Any, da: Array, trace: Trace) -> Array:
        """Into ``da`` the candidate and the unit gates; into dh and dc what goes around them to the state before.

        **Shapes**: dh, dc (N, H_j), da (N, width) → ds (N, H_j).
        """
        da_c = trace.xp.multiply(dh, trace[f"layers.{j}.da/d"][t - trace.first], out=da[:, : cell.sizes[j]])
        dh[...] = 0.0
        return da_c

    def dg(self, cell: Any, j: int, trace: Trace) -> dict[str, Array]:
        """The gradient of every unit gate, over all steps.

        **Shapes**: each (T, N, H_j).
        """
        return {}


class LSTMUnit(TanhUnit):
    """c_t = f ⊙ c_{t−1} + i ⊙ tanh(a_c + s);  h_t = o ⊙ tanh(c_t). With peepholes i and f see c_{t−1}, o sees c_t."""

    def begin(self, cell: Any, j: int, trace: Trace) -> None:
        """**Shapes**: activations (T, 4, N, H_j): candidate, input, forget, output; tanh_c (T, N, H_j)."""
        here, (T, N, H) = f"layers.{j}.", trace[f"layers.{j}.h"].shape
        trace.planes(f"{here}activations", trace.empty(T, 4, N, H), cell.blocks_of_unit, prefix=here)
        peephole = cell.peephole == "diagonal"
        names = tuple(f"{here}{name}" for name in cell.unit_gate_names)
        cell.begin_gates(trace, trace[f"{here}activations"][:, 1:], names, here, (2, 1) if peephole else None)
        trace[f"{here}tanh_c"] = trace.empty(T, N, H)
        if peephole:
            trace[f"{here}seen"] = trace.empty(2, N, H)
            V = trace.xp.stack([cell[f"{here}V.{name}"].data for name in cell.unit_gate_names])
            trace.weights[f"{here}V"] = V.astype(trace.dtype, copy=False)[:, None]

    def place_of_sum(self, cell: Any, j: int, t: int, trace: Trace) -> Array:
        """**Shapes**: (N, H_j)."""
        return trace[f"layers.{j}.candidate"][t]

    def open(self, cell: Any, j: int, t: int, trace: Trace) -> None:
        """i and f; without peepholes o as well."""
        here = f"layers.{j}."
        a = trace[f"{here}activations"][t, 1:]
        if cell.peephole == "diagonal":
            V = trace.weights[f"{here}V"][:2]
            a[:2] += trace.xp.multiply(trace[f"{here}c_prev"][t], V, out=trace[f"{here}seen"])
        cell.open_gates(trace, t, place=here)

    def close(self, cell: Any, j: int, t: int, a_c: Array, s: Array, trace: Trace) -> None:
        """**Shapes**: a_c, s (N, H_j)."""
        xp, here, candidate = trace.xp, f"layers.{j}.", s
        c, h, tanh_c = trace[f"{here}c"][t], trace[f"{here}h"][t], trace[f"{here}tanh_c"][t]
        g = trace[f"{here}gates"][t]
        candidate += a_c
        xp.tanh(candidate, out=candidate)
        xp.multiply(g[1], trace[f"{here}c_prev"][t], out=c)
        c += xp.multiply(g[0], candidate, out=tanh_c)  # not yet in use
        if cell.peephole == "diagonal":
            a = trace[f"{here}activations"][t, 1:]
            a[2] += xp.multiply(c, trace.weights[f"{here}V"][2], out=tanh_c)
            cell.open_gates(trace, t, moment=1, place=here)
        xp.tanh(c, out=tanh_c)
        xp.multiply(g[2], tanh_c, out=h)

    def begin_backward(self, cell: Any, j: int, trace: Trace, steps: int) -> None:
        """**Shapes**: da/d (B, 4, N, H_j): what turns dc into da of candidate, i, f, and dh into that of o."""
        here, (_, N, H) = f"layers.{j}.", trace[f"layers.{j}.h"].shape
        trace[f"{here}da/d"] = trace.empty(steps, 4, N, H)
        trace[f"{here}dc/dh"], trace[f"{here}dc_prev/dc"] = trace.empty(steps, N, H), trace.empty(steps, N, H)
        trace[f"{here}dc from"] = trace.empty(N, H)

    def factors(self, cell: Any, j: int, trace: Trace, steps: slice) -> None:
        """The local derivatives of candidate, i, f, o, and of c; those through peepholes come into the last two."""
        xp, here = trace.xp, f"layers.{j}."
        candidate, c_prev, tanh_c, g = (
            trace[f"{here}{name}"][steps] for name in ("candidate", "c_prev", "tanh_c", "gates")
        )
        slope = cell.gate_slopes(trace, steps, here)
        B = len(g)
        F, dc_dh, keep = (trace[f"{here}{name}"][:B] for name in ("da/d", "dc/dh", "dc_prev/dc"))
        xp.multiply(candidate, candidate, out=F[:, 0])
        xp.subtract(1.0, F[:, 0], out=F[:, 0])
        F[:, 0] *= g[:, 0]
        xp.multiply(slope[:, 0], candidate, out=F[:, 1])
        xp.multiply(slope[:, 1], c_prev, out=F[:, 2])
        xp.multiply(slope[:, 2], tanh_c, out=F[:, 3])
        xp.multiply(tanh_c, tanh_c, out=dc_dh)
        xp.subtract(1.0, dc_dh, out=dc_dh)
        dc_dh *= g[:, 2]
        keep[...] = g[:, 1]
        if cell.peephole == "diagonal":
            V = trace.weights[f"{here}V"]
            dc_dh += F[:, 3] * V[2]
            keep += F[:, 1] * V[0]
            keep += F[:, 2] * V[1]

    def backward(self, cell: Any, j: int, t: int, dh: Array, dc: Any, da: Array, trace: Trace) -> Array:
        """As in the LSTM: da_o = dh ⊙ tanh(c) ⊙ o′, dc ← dc + dh ⊙ o ⊙ (1 − tanh² c), and da of c̃, i, f hang on dc.

        **Shapes**: dh, dc (N, H_j), da (N, width) → ds = da_c (N, H_j).
        """
        xp, here, k, H = trace.xp, f"layers.{j}.", t - trace.first, cell.sizes[j]
        F, blocks = trace[f"{here}da/d"][k], by_gate(da[:, : 4 * H], H)
        xp.multiply(dh, F[3], out=blocks[3])
        dc += xp.multiply(dh, trace[f"{here}dc/dh"][k], out=trace[f"{here}dc from"])
        if trace.keeps_dstate:
            trace[f"d{here}c"][t] = dc
        xp.multiply(dc, F[:3], out=blocks[:3])
        dc *= trace[f"{here}dc_prev/dc"][k]
        dh[...] = 0.0
        return blocks[0]

    def dg(self, cell: Any, j: int, trace: Trace) -> dict[str, Array]:
        """di = dc ⊙ c̃, df = dc ⊙ c_{t−1}, do = dh ⊙ tanh(c).

        **Shapes**: each (T, N, H_j).
        """
        here = f"layers.{j}."
        dh, dc = trace[f"d{here}h"], trace[f"d{here}c"]
        return {
            "input": dc * trace[f"{here}candidate"],
            "forget": dc * trace[f"{here}c_prev"],
            "output": dh * trace[f"{here}tanh_c"],
        }


class GRUUnit(TanhUnit):
    """h_t = (1 − z) ⊙ h_{t−1} + z ⊙ tanh(a_c + r ⊙ s); with the reset before the product r is already in s."""

    def begin(self, cell: Any, j: int, trace: Trace) -> None:
        """**Shapes**: activations (T, 3, N, H_j): candidate, update, reset; s (T, N, H_j) where r multiplies it."""
        here, (T, N, H) = f"layers.{j}.", trace[f"layers.{j}.h"].shape
        trace.planes(f"{here}activations", trace.empty(T, 3, N, H), cell.blocks_of_unit, prefix=here)
        names = tuple(f"{here}{name}" for name in cell.unit_gate_names)
        cell.begin_gates(trace, trace[f"{here}activations"][:, 1:], names, here)
        if cell.reset == "after":
            trace[f"{here}sum"] = trace.empty(T, N, H)

    def place_of_sum(self, cell: Any, j: int, t: int, trace: Trace) -> Array:
        """**Shapes**: (N, H_j)."""
        return trace[f"layers.{j}.{'sum' if cell.reset == 'after' else 'candidate'}"][t]

    def open(self, cell: Any, j: int, t: int, trace: Trace) -> None:
        """z and r."""
        here = f"layers.{j}."
        cell.open_gates(trace, t, place=here)

    def close(self, cell: Any, j: int, t: int, a_c: Array, s: Array, trace: Trace) -> None:
        """**Shapes**: a_c, s (N, H_j)."""
        xp, here = trace.xp, f"layers.{j}."
        candidate, h, h_prev = (trace[f"{here}{name}"][t] for name in ("candidate", "h", "h_prev"))
        z, r = trace[f"{here}gates"][t]
        if cell.reset == "after":
            xp.multiply(r, s, out=candidate)
        candidate += a_c
        xp.tanh(candidate, out=candidate)
        xp.subtract(candidate, h_prev, out=h)  # h = h_prev + z (h̃ − h_prev): the same, one product less
        h *= z
        h += h_prev

    def begin_backward(self, cell: Any, j: int, trace: Trace, steps: int) -> None:
        """**Shapes**: da/d (B, 3, N, H_j): what turns dh into da of candidate and z, and da_c or dr into that of r."""
        here, (T, N, H) = f"layers.{j}.", trace[f"layers.{j}.h"].shape
        trace[f"{here}da/d"] = trace.empty(steps, 3, N, H)
        trace[f"{here}1 - z"] = trace.empty(steps, N, H)
        if cell.reset == "before":
            trace[f"d{here}reset"] = trace.empty(T, N, H)

    def factors(self, cell: Any, j: int, trace: Trace, steps: slice) -> None:
        """The local derivatives of candidate, z and r."""
        xp, here = trace.xp, f"layers.{j}."
        candidate, h_prev, g = (trace[f"{here}{name}"][steps] for name in ("candidate", "h_prev", "gates"))
        slope = cell.gate_slopes(trace, steps, here)
        F, keep = trace[f"{here}da/d"][: len(g)], trace[f"{here}1 - z"][: len(g)]
        xp.multiply(candidate, candidate, out=F[:, 0])
        xp.subtract(1.0, F[:, 0], out=F[:, 0])
        F[:, 0] *= g[:, 0]
        xp.subtract(candidate, h_prev, out=F[:, 1])
        F[:, 1] *= slope[:, 0]
        F[:, 2] = slope[:, 1]
        if cell.reset == "after":
            F[:, 2] *= trace[f"{here}sum"][steps]
        xp.subtract(1.0, g[:, 0], out=keep)

    def backward(self, cell: Any, j: int, t: int, dh: Array, dc: Any, da: Array, trace: Trace) -> Array:
        """As in the GRU: da_c = dh ⊙ z ⊙ (1 − h̃²), da_z = dh ⊙ (h̃ − h_{t−1}) ⊙ z′, and dh ⊙ (1 − z) goes around.

        After: da_r = da_c ⊙ s ⊙ r′ and ds = r ⊙ da_c. Before: r waits for what comes back through the product.

        **Shapes**: dh (N, H_j), da (N, width) → ds (N, H_j).
        """
        xp, here, k, H = trace.xp, f"layers.{j}.", t - trace.first, cell.sizes[j]
        F, blocks = trace[f"{here}da/d"][k], by_gate(da[:, : 3 * H], H)
        xp.multiply(dh, F[:2], out=blocks[:2])
        dh *= trace[f"{here}1 - z"][k]
        if cell.reset == "before":
            return blocks[0]
        xp.multiply(blocks[0], F[2], out=blocks[2])
        return xp.multiply(blocks[0], trace[f"{here}gates"][t, 1], out=trace[f"d_sum_{here}candidate"][t])

    def dg(self, cell: Any, j: int, trace: Trace) -> dict[str, Array]:
        """dz = dh ⊙ (h̃ − h_{t−1}); dr = da_c ⊙ s, or where it comes before the product what came back through that.

        **Shapes**: each (T, N, H_j).
        """
        here = f"layers.{j}."
        dz = trace[f"d{here}h"] * (trace[f"{here}candidate"] - trace[f"{here}h_prev"])
        if cell.reset == "before":
            return {"update": dz, "reset": trace[f"d{here}reset"]}
        return {"update": dz, "reset": trace[f"da_{here}candidate"] * trace[f"{here}sum"]}


#: The units by the name that ``unit=`` knows them by.
UNITS_BY_HAND: dict[str, TanhUnit] = {"tanh": TanhUnit(), "lstm": LSTMUnit(), "gru": GRUUnit()}
