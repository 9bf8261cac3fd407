"""Mutants of the LSTM with layer normalisation: the way back through a normalisation, and its gains and biases."""

from __future__ import annotations

import sys

from minigate.cells import LayerNormLSTM
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell

NORMALISATION = sys.modules["minigate.cells.normalisation"]

SUBJECTS = {"lstm-norm": OfCell(lambda: LayerNormLSTM(2, 4, seed=0, dtype="float64"))}

MUTANTS = [
    Mutant("layer norm: the mean taken for a constant", "lstm-norm", NORMALISATION, "normalise_backward",
           "d -= mean", "pass", "gate", "right: db.output, dgain_x.output, dgain_h.output, all of cell"),
    Mutant("layer norm: the deviation taken for a constant", "lstm-norm", NORMALISATION, "normalise_backward",
           "d -= work", "pass", "gate", "right: db.output, dgain_x.output, dgain_h.output, all of cell"),
    Mutant("layer norm: s left out", "lstm-norm", NORMALISATION, "normalise_backward",
           "d *= scale", "pass", "gate", "right: db.output, dgain_x.output, dgain_h.output, all of cell"),
    Mutant("layer norm: the sum in place of the mean", "lstm-norm", NORMALISATION, "normalise_backward",
           "xp.matmul(d, average, out=mean)", "xp.sum(d, axis=-1, keepdims=True, out=mean)",
           "gate", "right: db.output, dgain_x.output, dgain_h.output, all of cell"),
    Mutant("lstm-norm: the gains of x and h left out", "lstm-norm", LayerNormLSTM, "step_backward",
           'xp.multiply(d_sum, trace.weights["gains"], out=d_shares)', "d_shares[...] = d_sum",
           "gate", "right: db.candidate, dgain_x.candidate"),
    Mutant("lstm-norm: the gain of the cell left out", "lstm-norm", LayerNormLSTM, "step_backward",
           'xp.multiply(d_cell, trace.weights["gain.cell"], out=d_c)', "d_c[...] = d_cell",
           "gate", "right: db.output, dgain_x.output, dgain_h.output, all of cell"),
    Mutant("lstm-norm: the gradient of the sum handed back to h", "lstm-norm", LayerNormLSTM, "step_backward",
           'xp.matmul(d_shares[1], trace', 'xp.matmul(d_sum, trace', "state", "only dh0"),
    Mutant("lstm-norm: the two shares change places", "lstm-norm", LayerNormLSTM, "step_backward",
           'trace["da"][t], trace["d_hU"][t] = d_shares', 'trace["d_hU"][t], trace["da"][t] = d_shares',
           "gate", "right: db.candidate, dgain_x.candidate"),
    Mutant("lstm-norm: the bias gets the gradient of x W", "lstm-norm", LayerNormLSTM, "other_gradients",
           '("b", d_sum)', '("b", trace["da"])', "product", "db.candidate, db.input"),
    Mutant("lstm-norm: the gain of h with the numbers of x", "lstm-norm", LayerNormLSTM, "other_gradients",
           "d_sum * hat[:, 1]", "d_sum * hat[:, 0]",
           "swapped", "dgain_h.candidate: this is the gradient of gain_x.candidate"),
    Mutant("lstm-norm: the gain of the cell with c before it is normalised", "lstm-norm", LayerNormLSTM,
           "other_gradients", 'trace["c_hat"]', 'trace["c"]', "product", "only dgain.cell"),
]  # fmt: skip
