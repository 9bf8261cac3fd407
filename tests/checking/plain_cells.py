"""The cells once more, with a backward pass that has one line for one equation: what the mutants are made from.

Forward they are the cells of minigate. Backward they compute nothing ahead and reuse nothing, so that every
line is one that a person deriving the gradient by hand would write, and can get wrong.
"""

from __future__ import annotations

from typing import Any

import minigate as mg


class Plain:
    """What the plain cells share."""

    def begin_backward(self: Any, trace: Any, steps: int) -> None:
        T, N, H = trace["h"].shape
        parts = self.parts()
        trace.pack("da", trace.empty(T, N, len(parts) * H), parts, prefix="da_" if len(parts) > 1 else "da")
        trace.keeps_dstate = True

    def parts(self: Any) -> tuple[str, ...]:
        return tuple(self.blocks)

    def factors(self, trace: Any, t0: int, t1: int) -> None:
        pass

    def slope(self: Any, name: str, t: int, trace: Any) -> Any:
        """dg/da of the gate ``name`` at step t."""
        a = trace[f"a_{name}"][t] if f"a_{name}" in trace else None
        return self.gates[name].slope(trace.xp, a, trace[name][t], self.gate_arrays(name))

    def gate_arrays(self: Any, name: str) -> dict[str, Any]:
        return {key: parameter.data for key, parameter in self.gate_parameters(name).items()}

    def of_gates(self: Any, trace: Any, dg: dict[str, Any]) -> dict[str, Any]:
        """The gradients of the gates' own parameters."""
        found = {}
        for name, d in dg.items():
            p = self.gate_arrays(name)
            if p:
                own = self.gates[name].param_gradients(trace.xp, d, trace.get(f"a_{name}"), trace[name], p)
                found |= {f"{name}.gate.{key}": gradient for key, gradient in own.items()}
        return found


class PlainRNN(Plain, mg.cells.RNN):
    def step_backward(self, t, dy_t, dstate, trace):
        (dh,) = dstate
        h = trace["h"][t]
        dh = dh + dy_t
        da = dh * (1.0 - h * h)
        trace["da"][t] = da
        dh_prev = da @ self["U"].data.T
        return (dh_prev,)


class PlainGRU(Plain, mg.cells.GRU):
    def parts(self):
        return (*self.blocks, "recurrent") if self.reset == "after" else tuple(self.blocks)

    def step_backward(self, t, dy_t, dstate, trace):
        (dh,) = dstate
        h_prev, z, r, candidate = (trace[name][t] for name in ("h_prev", "update", "reset", "candidate"))
        U_z, U_r, U_h = (self[f"U.{name}"].data for name in ("update", "reset", "candidate"))
        dh = dh + dy_t
        trace["dh"][t] = dh
        dz = dh * (candidate - h_prev)
        da_z = dz * self.slope("update", t, trace)
        da_h = dh * z * (1.0 - candidate * candidate)
        if self.reset == "after":
            dr = da_h * (h_prev @ U_h)
            through_candidate = (da_h * r) @ U_h.T
            trace["da_recurrent"][t] = da_h * r
        else:
            dr = (da_h @ U_h.T) * h_prev
            through_candidate = (da_h @ U_h.T) * r
        da_r = dr * self.slope("reset", t, trace)
        trace["da_candidate"][t], trace["da_update"][t], trace["da_reset"][t] = da_h, da_z, da_r
        around = dh * (1.0 - z)
        through_gates = da_z @ U_z.T + da_r @ U_r.T
        return (around + through_gates + through_candidate,)

    def other_gradients(self, trace):
        h_prev, da_h, U_h = trace["h_prev"], trace["da_candidate"], self["U.candidate"].data
        dz = trace["dh"] * (trace["candidate"] - h_prev)
        dr = da_h * (h_prev @ U_h) if self.reset == "after" else (da_h @ U_h.T) * h_prev
        return self.of_gates(trace, {"update": dz, "reset": dr})


class PlainLSTM(Plain, mg.cells.LSTM):
    def step_backward(self, t, dy_t, dstate, trace):
        dh, dc = dstate
        c, c_prev, candidate = (trace[name][t] for name in ("c", "c_prev", "candidate"))
        i, f, o = (trace[name][t] for name in ("input", "forget", "output"))
        tanh_c = trace.xp.tanh(c)
        dh = dh + dy_t
        dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
        trace["dh"][t], trace["dc"][t] = dh, dc
        da_i = dc * candidate * self.slope("input", t, trace)
        da_f = dc * c_prev * self.slope("forget", t, trace)
        da_o = dh * tanh_c * self.slope("output", t, trace)
        da_c = dc * i * (1.0 - candidate * candidate)
        trace["da_candidate"][t], trace["da_input"][t] = da_c, da_i
        trace["da_forget"][t], trace["da_output"][t] = da_f, da_o
        U_c, U_i, U_f, U_o = (self[f"U.{name}"].data for name in ("candidate", "input", "forget", "output"))
        dh_prev = da_c @ U_c.T + da_i @ U_i.T + da_f @ U_f.T + da_o @ U_o.T
        dc_prev = dc * f
        return dh_prev, dc_prev

    def other_gradients(self, trace):
        dh, dc = trace["dh"], trace["dc"]
        tanh_c = trace.xp.tanh(trace["c"])
        dg = {"input": dc * trace["candidate"], "forget": dc * trace["c_prev"], "output": dh * tanh_c}
        return self.of_gates(trace, dg)
