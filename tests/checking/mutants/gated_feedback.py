"""Mutants of gated feedback: a line of its backward pass gone wrong, between the layers or within one."""

from __future__ import annotations

from minigate.cells import GatedFeedback
from minigate.cells.gated_feedback_by_hand import LayersByHand
from minigate.cells.gated_feedback_columns import LayersInColumns
from minigate.cells.gated_feedback_units import GRUUnit, LSTMUnit, TanhUnit
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

#: What the mutants are tried on: layers of different sizes, so that none can be taken for another.
SUBJECTS = {
    "gf": OfCell(lambda: GatedFeedback(2, [2, 3], seed=0, dtype="float64")),
    "gf-k": OfCell(lambda: GatedFeedback(2, [2, 3], seed=0, dtype="float64", gate=ParametricSigmoid())),
    "gf-lstm": OfCell(lambda: GatedFeedback(2, [3, 2], unit="lstm", peephole="diagonal", seed=0, dtype="float64")),
    "gf-gru": OfCell(lambda: GatedFeedback(2, [2, 3], unit="gru", gate_bias=True, seed=0, dtype="float64")),
    "gf-before": OfCell(lambda: GatedFeedback(2, [2, 2], unit="gru", reset="before", seed=0, dtype="float64")),
    "gf-own": OfCell(
        lambda: GatedFeedback(2, [2, 3], unit="gru", unit_gates="own", skip_input=False, seed=0, dtype="float64")
    ),
    "gf-open": OfCell(lambda: GatedFeedback(2, [2, 3], unit="gru", gates="open", seed=0, dtype="float64")),
}

BELOW = "gate", "in the blocks layers.0.candidate, layers.0.global; right: all of layers.1.candidate"
GATES = "gate", "in the blocks layers.0.candidate, layers.0.global, layers.1.global; right: all of layers.1.candidate"
STATES = "state", "only dlayers.0.h0, dlayers.1.h0"

MUTANTS = [
    # ---- between the layers --------------------------------------------------------------------
    Mutant("gf: dy reaches the top layer alone", "gf", LayersByHand, "step_backward",
           "dh += dy_t[:, own]", "dh += dy_t[:, own] if j == self.L - 1 else 0.0",
           *BELOW),
    Mutant("gf: nothing goes down to the layer below", "gf", LayersByHand, "step_backward",
           "dstate[each * (j - 1)][...] += below", "pass",
           *BELOW),
    Mutant("gf: global gates hand nothing on to the layer below", "gf", LayersByHand, "step_backward",
           "xp.matmul(da, trace.weights[f\"{here}W.T\"]",
           "xp.matmul(da[:, :columns.global_gates.start], trace.weights[f\"{here}W.T\"][:columns.global_gates.start]",
           *BELOW),
    Mutant("gf: gates hand nothing on to the past", "gf", LayersByHand, "step_backward",
           "before += xp.matmul(da[:, gates], trace.weights[f\"{here}U*.T\"], out=through)", "pass",
           *STATES),
    Mutant("gf: only the top layer's gates hand on to the past", "gf-gru", LayersByHand, "step_backward",
           "if gates.stop > gates.start:", "if j == self.L - 1:",
           *STATES),
    Mutant("gf: the past gets its gradient without g", "gf", LayersByHand, "_past_backward",
           "through *= xp.matmul(trace[f\"{here}global\"][t], trace.weights[\"E\"], out=trace[\"spread\"])", "pass",
           *STATES),
    Mutant("gf: dg with the new states", "gf", LayersByHand, "_past_backward",
           "xp.multiply(through, h_in, out=work)", "xp.multiply(through, trace[\"h\"][t], out=work)",
           *GATES),
    Mutant("gf: dg without the sum over units", "gf", LayersByHand, "_past_backward",
           "xp.matmul(work, trace.weights[\"E.T\"], out=trace[\"dg\"][t, j])",
           "work[:, [own.start for own in self.layers]]",
           *GATES),
    Mutant("gf: dg as a mean over units", "gf", LayersByHand, "_past_backward",
           "xp.multiply(dg, trace[\"dg/da\"][k, j]",
           "dg /= trace.weights[\"E\"].sum(axis=1); xp.multiply(dg, trace[\"dg/da\"][k, j]",
           *GATES),
    Mutant("gf: the slope of another layer's global gates", "gf", LayersByHand, "_past_backward",
           "trace[\"dg/da\"][k, j]", "trace[\"dg/da\"][k, 0]",
           *GATES),
    Mutant("gf: global gates without their slope", "gf", LayersByHand, "_past_backward",
           "xp.multiply(dg, trace[\"dg/da\"][k, j], out=da[:, columns.global_gates])",
           "da[:, columns.global_gates] = dg",
           *GATES),
    Mutant("gf: what comes back to the past of other layers is lost", "gf", LayersByHand, "_past_backward",
           "before += through", "before[:, self.layers[j]] += through[:, self.layers[j]]",
           *STATES),
    Mutant("gf: the past of the bottom layer alone", "gf-open", LayersByHand, "_past_backward",
           "before += through", "before[...] = through",
           *STATES),
    Mutant("gf: U gets h without g", "gf", LayersInColumns, "_products",
           "f\"{here}past.from{i}\" if self.keeps_past else f\"layers.{i}.h_prev\"", "f\"layers.{i}.h_prev\"",
           "operand", "layers.0.h_prevᵀ @ da_layers.0.candidate, and should be layers.0.past.from0ᵀ"),
    Mutant("gf: W gets the layer below as it was", "gf", LayersInColumns, "_products",
           "(f\"layers.{j - 1}.h\", f\"da_{here}{name}\")", "(f\"layers.{j - 1}.h_prev\", f\"da_{here}{name}\")",
           "operand", "dlayers.1.W.candidate is layers.0.h_prevᵀ @ da_layers.1.candidate, and should be layers.0.hᵀ"),
    Mutant("gf: u gets the new states", "gf", LayersInColumns, "_products",
           "\"h_prev\" if all_seen else", "\"h\" if all_seen else",
           "operand", "is hᵀ @ da_layers.0.global.from0, and should be h_prevᵀ"),
    # ---- within a layer ------------------------------------------------------------------------
    Mutant("gf: tanh' with h", "gf", TanhUnit, "factors",
           "xp.multiply(h, h, out=F)", "F[...] = h",
           "entry", "everything is wrong"),
    Mutant("gf: dh is not let go of", "gf", TanhUnit, "backward",
           "dh[...] = 0.0", "pass",
           *STATES),
    Mutant("gf: dc is lost", "gf-lstm", LSTMUnit, "backward",
           "dc *= trace[f\"{here}dc_prev/dc\"][k]", "dc[...] = 0.0",
           "carry", "the gradient of the state layers.0.c and layers.1.c is not handed back"),
    Mutant("gf: da_f with c_t", "gf-lstm", LSTMUnit, "factors",
           "xp.multiply(slope[:, 1], c_prev, out=F[:, 2])",
           "xp.multiply(slope[:, 1], trace[f\"{here}c\"][steps], out=F[:, 2])",
           "gate", "layers.0.global, layers.1.forget; right: all of layers.1.candidate"),
    Mutant("gf: dc does not see the peephole of o", "gf-lstm", LSTMUnit, "factors",
           "dc_dh += F[:, 3] * V[2]", "pass",
           "gate", "right: all of layers.1.output"),
    Mutant("gf: dc_prev does not see the peephole of f", "gf-lstm", LSTMUnit, "factors",
           "keep += F[:, 2] * V[1]", "pass",
           "state", "only dlayers.0.c0, dlayers.1.c0"),
    Mutant("gf: V.output gets c_{t-1}", "gf-lstm", LayersByHand, "other_gradients",
           "f\"{here}c\" if name == \"output\" else f\"{here}c_prev\"", "f\"{here}c_prev\"",
           "product", "only dlayers.0.V.output, dlayers.1.V.output"),
    Mutant("gf: r left out of ds", "gf-gru", GRUUnit, "backward",
           "xp.multiply(blocks[0], trace[f\"{here}gates\"][t, 1], out=trace[f\"d_sum_{here}candidate\"][t])",
           "xp.multiply(blocks[0], 1.0, out=trace[f\"d_sum_{here}candidate\"][t])",
           "gate", "layers.1.candidate, layers.1.global; right: dlayers.1.W.candidate"),
    Mutant("gf: the way around the candidate is lost", "gf-gru", GRUUnit, "backward",
           "dh *= trace[f\"{here}1 - z\"][k]", "dh[...] = 0.0",
           *STATES),
    Mutant("gf: da_r without s", "gf-gru", GRUUnit, "factors",
           "F[:, 2] *= trace[f\"{here}sum\"][steps]", "pass",
           "gate", "layers.0.global, layers.1.reset; right: all of layers.1.candidate"),
    Mutant("gf: dr of the last source alone", "gf-before", LayersByHand, "_past_backward",
           "xp.sum(by_gate(work, H), axis=0, out=dr)", "dr[...] = by_gate(work, H)[-1]",
           "gate", "layers.0.global, layers.1.reset; right: all of layers.1.candidate"),
    Mutant("gf: r left out of what goes to the past", "gf-before", LayersByHand, "_past_backward",
           "self._times_reset(j, t, through, through, trace)", "pass",
           *STATES),
    Mutant("gf: dg without r", "gf-before", LayersByHand, "_past_backward",
           "self._times_reset(j, t, h_prev, work, trace) if self.reset == \"before\" else h_prev", "h_prev",
           "gate", "layers.0.global, layers.1.global; right: all of layers.1.candidate"),
    Mutant("gf: gates that see their own past hand nothing on", "gf-own", LayersByHand, "step_backward",
           "before[:, own] += xp.matmul(da[:, columns.unit_gates], U, out=through[:, own])", "pass",
           *STATES),
    Mutant("gf: the parameters of a global gate get the dg of another layer", "gf-k", LayersByHand, "other_gradients",
           "trace[\"dg\"][:, j]", "trace[\"dg\"][:, 0]",
           "gate parameters", "only dlayers.1.global.gate.k, dlayers.1.global.gate.m"),
]  # fmt: skip
