"""Mutants of the LSTM's variants, and of the GRU's bias inside of the reset: one line of the fast pair gone wrong."""

from __future__ import annotations

from minigate.cells import GRU, LSTM
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

ABOVE_O = "in the blocks candidate, input, forget; right: all of output"

SUBJECTS = {
    "lstm-peephole": OfCell(lambda: LSTM(2, 4, seed=0, dtype="float64", peephole="diagonal")),
    "lstm-full": OfCell(lambda: LSTM(2, 4, seed=0, dtype="float64", peephole="full")),
    "lstm-coupled": OfCell(lambda: LSTM(2, 4, seed=0, dtype="float64", coupled=True)),
    "lstm-coupled-k": OfCell(lambda: LSTM(2, 4, seed=0, dtype="float64", coupled=True, gate=ParametricSigmoid())),
    "gru-bias": OfCell(lambda: GRU(2, 4, seed=0, dtype="float64", recurrent_bias=True)),
}

MUTANTS = [
    # ---- diagonal peepholes: factors -----------------------------------------------------------
    Mutant("peephole: dc does not see da_o", "lstm-peephole", LSTM, "factors",
           "dc_dh += seen[:, -1]", "pass", "gate", ABOVE_O),
    Mutant("peephole: dc sees da_o without the slope of o", "lstm-peephole", LSTM, "factors",
           "dc_dh += seen[:, -1]", 'dc_dh += tanh_c * trace.weights["V_o"][0]', "gate", ABOVE_O),
    Mutant("peephole: dc_prev does not see da_i and da_f", "lstm-peephole", LSTM, "factors",
           "keep += f", "keep[...] = f", "state", "the way through V.input and V.forget is missing", "dc0"),
    Mutant("peephole: dc_prev sees da_i only", "lstm-peephole", LSTM, "factors",
           "xp.sum(seen[:, :-1]", "xp.sum(seen[:, :1]", "state", "the way through V.forget is missing", "dc0"),
    Mutant("peephole: dc_prev sees da_i and da_f with the wrong sign", "lstm-peephole", LSTM, "factors",
           "keep += f", "xp.subtract(f, keep, out=keep)", "state",
           "the way through V.input and V.forget has the wrong sign", "dc0"),
    Mutant("peephole: V.output gets c_{t-1}", "lstm-peephole", LSTM, "other_gradients",
           "trace[self._seen_by(name)]", 'trace["c_prev"]', "product", "only dV.output"),
    Mutant("peephole: V.input and V.forget get c_t", "lstm-peephole", LSTM, "other_gradients",
           "trace[self._seen_by(name)]", 'trace["c"]', "product", "only dV.input, dV.forget"),
    Mutant("peephole: V.forget gets the da of the input gate", "lstm-peephole", LSTM, "other_gradients",
           'trace[f"da_{name}"]', 'trace[f"da_{name}".replace("forget", "input")]',
           "swapped", "dV.forget: this is the gradient of V.input"),
    # ---- full peepholes: products --------------------------------------------------------------
    Mutant("full: dc does not see da_o", "lstm-full", LSTM, "step_backward",
           'dc += xp.matmul(da[:, -H:]', 'xp.matmul(da[:, -H:]', "gate", ABOVE_O),
    Mutant("full: back through V_o, not its transpose", "lstm-full", LSTM, "begin_backward",
           "trace.weights[name].T.copy()", "trace.weights[name].T.copy() if name != 'V_o' else trace.weights['V_o']",
           "gate", ABOVE_O),
    Mutant("full: dc_prev does not see da_i and da_f", "lstm-full", LSTM, "step_backward",
           'dc += xp.matmul(da[:, H:-H]', 'xp.matmul(da[:, H:-H]', "state",
           "the way through V.input and V.forget is missing", "dc0"),
    Mutant("full: da_c, da_i and da_f as they were before da_o came to dc", "lstm-full", LSTM, "step_backward",
           "xp.multiply(dc, F[:-1]", 'xp.multiply(dc - trace["dc from"], F[:-1]', "gate", ABOVE_O),
    # ---- coupled -------------------------------------------------------------------------------
    Mutant("coupled: da_f as if the input gate were another", "lstm-coupled", LSTM, "factors",
           "xp.subtract(c_prev, candidate, out=F[:, 1])", "F[:, 1] = c_prev", "gate", "in the block forget alone"),
    Mutant("coupled: da_f with the sign of da_i", "lstm-coupled", LSTM, "factors",
           "xp.subtract(c_prev, candidate, out=F[:, 1])", "xp.subtract(candidate, c_prev, out=F[:, 1])",
           "sign", "dW.forget, dU.forget, db.forget"),
    Mutant("coupled: the candidate's share is f", "lstm-coupled", LSTM, "factors",
           "F[:, 0] *= i", "F[:, 0] *= f", "gate", "in the block candidate alone"),
    Mutant("coupled: the forget gate's parameters do not know that i is 1 - f", "lstm-coupled-k", LSTM,
           "other_gradients",
           'dg["forget"] -= dg["input"]', "pass", "gate parameters", "dforget.gate.k"),
    # ---- the GRU's recurrent bias --------------------------------------------------------------
    Mutant("gru-bias: r left out of the recurrent bias", "gru-bias", GRU, "other_gradients",
           'trace["da_recurrent"].sum', 'trace["da_candidate"].sum',
           "swapped", "db.recurrent: this is the gradient of b.candidate"),
    Mutant("gru-bias: the recurrent bias left out of dr", "gru-bias", GRU, "factors",
           'trace["h_U"][steps] if', '(trace["h_U"][steps] - trace.weights["b_r"]) if',
           "gate", "in the block reset alone"),
]  # fmt: skip
