"""Mutants of the layers that map rows: one line of a derivation gone wrong.

Each names the gradients that the check should call wrong, all of them and no other, and where the mistake has a
name the kind of the first finding.
"""

from __future__ import annotations

import sys

from minigate.layers import NAC, NALU, Highway, LayerNorm
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfLayer
from tests.contracts.example_gates import ParametricSigmoid

NALU_FILE = sys.modules["minigate.layers.nalu"]

#: The layers on trial, with a gate that has parameters where there is one.
SUBJECTS = {
    "norm": OfLayer(lambda: LayerNorm(4, dtype="float64")),
    "highway": OfLayer(lambda: Highway(4, gate=ParametricSigmoid(), activation="tanh", seed=0, dtype="float64")),
    "highway-relu": OfLayer(lambda: Highway(4, seed=0, dtype="float64")),
    "nac": OfLayer(lambda: NAC(3, 4, seed=0, dtype="float64")),
    "nalu": OfLayer(lambda: NALU(3, 4, gate=ParametricSigmoid(), seed=0, dtype="float64")),
}

MUTANTS = [
    # ---- LayerNorm ---------------------------------------------------------------------------------
    Mutant("norm: s taken for a constant", "norm", LayerNorm, "rows_backward",
           "dx -= xp.multiply(normed, along, out=dg)", "pass",
           "", "", "dx"),
    Mutant("norm: μ taken for a constant", "norm", LayerNorm, "rows_backward",
           "dx -= dx.mean(axis=-1, keepdims=True)", "pass",
           "row", "off by the same amount: a sum or mean is missing", "dx"),
    Mutant("norm: g left out of dx", "norm", LayerNorm, "rows_backward",
           'dx = dy * p["g"]', "dx = dy.copy()",
           "", "", "dx"),
    Mutant("norm: not divided by s", "norm", LayerNorm, "rows_backward",
           'dx *= kept["1/s"]', "pass",
           "", "", "dx"),
    Mutant("norm: sums of the row for means", "norm", LayerNorm, "rows_backward",
           " / self.H", "",
           "", "", "dx"),
    Mutant("norm: dg without x̂", "norm", LayerNorm, "rows_backward",
           '"g": dg.sum(axis=0)', '"g": dy.sum(axis=0)',
           "swapped", "", "dg"),
    Mutant("norm: db as a mean over the rows", "norm", LayerNorm, "rows_backward",
           '"b": dy.sum(axis=0)', '"b": dy.mean(axis=0)',
           "factor", "", "db"),
    # ---- Highway -----------------------------------------------------------------------------------
    Mutant("highway: nothing carried back", "highway", Highway, "rows_backward",
           "dx = 1.0 - T", "dx = 0.0 * T",
           "", "", "dx"),
    Mutant("highway: all carried back", "highway", Highway, "rows_backward",
           "dx = 1.0 - T", "dx = 1.0 + 0.0 * T",
           "", "", "dx"),
    Mutant("highway: carried back where it was not", "highway", Highway, "rows_backward",
           "dx = 1.0 - T", "dx = T.copy()",
           "", "", "dx"),
    Mutant("highway: dT without x", "highway", Highway, "rows_backward",
           "dT = h - x", "dT = h.copy()",
           "", "", "dW.transform, db.transform, dtransform.gate.k, dtransform.gate.m, dx"),
    Mutant("highway: dT with another sign", "highway", Highway, "rows_backward",
           "dT = h - x", "dT = x - h",
           "sign", "", "dW.transform, db.transform, dtransform.gate.k, dtransform.gate.m, dx"),
    Mutant("highway: T left out of the candidate", "highway", Highway, "rows_backward",
           "da_h *= T", "pass",
           "", "", "dW.candidate, db.candidate, dx"),
    Mutant("highway: slope of the gate left out", "highway", Highway, "rows_backward",
           "xp.multiply(dT, gate.slope(xp, a_T, T, p_gate), out=da_T)", "da_T[...] = dT",
           "", "", "dW.transform, db.transform, dx"),
    Mutant("highway: the gate's parameters get da_T", "highway", Highway, "rows_backward",
           "gate.param_gradients(xp, dT,", "gate.param_gradients(xp, da_T,",
           "", "", "dtransform.gate.k, dtransform.gate.m"),
    Mutant("highway: the blocks change places", "highway", Highway, "rows_backward",
           "own = slice(k * self.D, (k + 1) * self.D)", "own = slice((1 - k) * self.D, (2 - k) * self.D)",
           "swapped", "", "dW.candidate, db.candidate, dW.transform, db.transform"),
    Mutant("highway: slope of the tanh in the place of relu's", "highway-relu", Highway, "rows_backward",
           "da_h[...] = h > 0.0", "da_h[...] = 1.0 - h * h",
           "", "", "dW.candidate, db.candidate, dx"),
    # ---- NAC and NALU ------------------------------------------------------------------------------
    Mutant("nac: tanh(Ŵ) in the place of W", "nac", NAC, "rows_backward",
           'xp.matmul(dy, kept["W"].T)', 'xp.matmul(dy, kept["tanh"].T)',
           "", "", "dx"),
    Mutant("nac: dŴ without σ(M̂)", "nac", NALU_FILE, "weight_gradients",
           '"W_hat": dW * sigma *', '"W_hat": dW *',
           "", "", "dW_hat"),
    Mutant("nac: dM̂ without tanh(Ŵ)", "nac", NALU_FILE, "weight_gradients",
           '"M_hat": dW * tanh *', '"M_hat": dW *',
           "", "", "dM_hat"),
    Mutant("nac: slope 1 − tanh", "nac", NALU_FILE, "weight_gradients",
           "(1.0 - tanh * tanh)", "(1.0 - tanh)",
           "", "", "dW_hat"),
    Mutant("nalu: dW of the sum alone", "nalu", NALU, "rows_backward",
           'dW = dWG[:, : self.H] + xp.matmul(kept["log"].T, de)', "dW = dWG[:, : self.H]",
           "", "", "dW_hat, dM_hat"),
    Mutant("nalu: dW of the product alone", "nalu", NALU, "rows_backward",
           'dW = dWG[:, : self.H] + xp.matmul(kept["log"].T, de)', 'dW = xp.matmul(kept["log"].T, de)',
           "", "", "dW_hat, dM_hat"),
    Mutant("nalu: the sign of x left out", "nalu", NALU, "rows_backward",
           "dx *= xp.sign(x)", "pass",
           "", "", "dx"),
    Mutant("nalu: the slope of the logarithm left out", "nalu", NALU, "rows_backward",
           "dx /= size", "pass",
           "", "", "dx"),
    Mutant("nalu: m left out of the exponent's gradient", "nalu", NALU, "rows_backward",
           "de *= m", "pass",
           "", "", "dW_hat, dM_hat, dx"),
    Mutant("nalu: the gate sees the sum alone", "nalu", NALU, "rows_backward",
           "dg = a - m", "dg = a.copy()",
           "", "", "dG, dmix.gate.k, dmix.gate.m, dx"),
    Mutant("nalu: 1 − g of the product left out", "nalu", NALU, "rows_backward",
           "de = 1.0 - g", "de = xp.ones_like(g)",
           "", "", "dW_hat, dM_hat, dx"),
    Mutant("nalu: dG never written", "nalu", NALU, "rows_backward",
           '{"G": dWG[:, self.H :]}', '{"G": 0.0 * dWG[:, self.H :]}',
           "zero", "", "dG"),
]  # fmt: skip
