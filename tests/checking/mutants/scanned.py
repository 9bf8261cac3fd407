"""Mutants of minGRU and minLSTM: a line of the coefficients' backward, or of their way through time, gone wrong."""

from __future__ import annotations

import sys

from minigate.cells import MinGRU, MinLSTM, ScannedCell
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

SCANNED = sys.modules["minigate.bptt.scanned"]

SUBJECTS = {
    "min-gru": OfCell(lambda: MinGRU(2, 4, seed=0, dtype="float64")),
    "min-gru-k": OfCell(lambda: MinGRU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid())),
    "min-gru-positive": OfCell(lambda: MinGRU(2, 4, seed=0, dtype="float64", candidate="positive")),
    "min-lstm": OfCell(lambda: MinLSTM(2, 4, seed=0, dtype="float64")),
}

MUTANTS = [
    # ---- the coefficients --------------------------------------------------------------------
    Mutant("min-gru: dz without its second place", "min-gru", MinGRU, "coefficients_backward",
           'xp.subtract(dnew, dkeep, out=d["update"])', 'd["update"][...] = dnew', "gate",
           "in the block update alone"),
    Mutant("min-gru: sign of dz", "min-gru", MinGRU, "coefficients_backward",
           'xp.subtract(dnew, dkeep, out=d["update"])', 'xp.subtract(dkeep, dnew, out=d["update"])',
           "sign", "dW.update, db.update"),
    Mutant("min-gru: z left out of the candidate", "min-gru", MinGRU, "coefficients_backward",
           'xp.multiply(dnew, trace["update"][steps], out=d["candidate"])', 'd["candidate"][...] = dnew',
           "gate", "in the block candidate alone"),
    Mutant("min-gru: the candidate with 1 - z", "min-gru", MinGRU, "coefficients_backward",
           'trace["update"][steps], out=d["candidate"]', '1.0 - trace["update"][steps], out=d["candidate"]',
           "gate", "in the block candidate alone"),
    Mutant("min-lstm: df as if f stood above the line only", "min-lstm", MinLSTM, "coefficients_backward",
           'xp.multiply(i_share, delta, out=d["forget"])', 'xp.divide(dkeep, 1.0, out=d["forget"])',
           "gate", "in the block forget alone"),
    Mutant("min-lstm: sign of di", "min-lstm", MinLSTM, "coefficients_backward",
           'xp.negative(f_share, out=d["input"])', 'd["input"][...] = f_share', "sign", "dW.input, db.input"),
    Mutant("min-lstm: not divided by the whole", "min-lstm", MinLSTM, "coefficients_backward",
           "delta /= whole", "pass", "gate", "in the blocks forget, input"),
    Mutant("min-lstm: the candidate gets f'", "min-lstm", MinLSTM, "coefficients_backward",
           "xp.multiply(dnew, i_share,", "xp.multiply(dnew, f_share,", "gate", "in the block candidate alone"),
    # ---- gates and candidate -----------------------------------------------------------------
    Mutant("scanned: slope of the positive candidate missing", "min-gru-positive", ScannedCell, "activate_backward",
           "da_candidate *= xp.where(candidate < 0.5, candidate * (1.0 - candidate), 1.0)", "pass",
           "gate", "in the block candidate alone"),
    Mutant("scanned: slope of a gate missing", "min-gru", ScannedCell, "activate_backward",
           "xp.multiply(d_gates[k], slope[:, k],", "xp.multiply(d_gates[k], 1.0,",
           "gate", "in the block update alone"),
    Mutant("scanned: a gate's parameters get h in place of h_prev", "min-gru-k", ScannedCell, "other_gradients",
           'dh * trace["h_prev"]', 'dh * trace["h"]', "gate parameters", "dupdate.gate.k"),
    # ---- the way through time ----------------------------------------------------------------
    Mutant("scanned: a_t in place of a_{t+1}", "min-gru", SCANNED, "backward_by_scan",
           "a[:0:-1]", "a[-2::-1]", "carry", "right for one step, wrong for two"),
    Mutant("scanned: nothing handed back from t + 1", "min-gru", SCANNED, "backward_by_scan",
           "through_time(a[:0:-1], dh[::-1], room)", "pass",
           "carry", "not handed back from step t + 1 to step t"),
    Mutant("scanned: the first step not counted for the initial state", "min-lstm", SCANNED, "backward_by_scan",
           "arrives = a[0] * dh[0]", "arrives = dh[0].copy()", "state", "only dh0"),
    Mutant("scanned: the final state's gradient ignored", "min-gru", SCANNED, "backward_by_scan",
           "dh[-1] += arrives", "pass", "cotangent", "the gradient of the final state is ignored"),
    Mutant("scanned: dy ignored", "min-lstm", SCANNED, "backward_by_scan",
           "dh[...] = dy[now]", "dh[...] = 0.0", "cotangent", "dy is ignored"),
    Mutant("scanned: h in place of h_prev", "min-gru", SCANNED, "backward_by_scan",
           'trace["h_prev"][now]', 'trace["h"][now]', "gate", "in the block update alone"),
    Mutant("scanned: a held state forgets on the way back", "min-gru", SCANNED, "backward_by_scan",
           "xp.copyto(a, 1.0, where=held[now])", "pass", "mask", "right without a mask, wrong with one"),
    Mutant("scanned: padding gets a gradient", "min-gru", SCANNED, "backward_by_scan",
           "xp.copyto(dh, 0.0, where=held[now])", "pass", "mask", "right without a mask, wrong with one"),
]  # fmt: skip
