"""Mutants of the SGU and the DSGU: a line of their backward pass gone wrong."""

from __future__ import annotations

from minigate.cells import DSGU, SGU
from minigate.gates import Sigmoid
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

SUBJECTS = {
    "sgu": OfCell(lambda: SGU(2, 4, seed=0, dtype="float64", gate=Sigmoid())),
    "sgu-k": OfCell(lambda: SGU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid())),
    "dsgu": OfCell(lambda: DSGU(2, 4, seed=0, dtype="float64")),
}

MUTANTS = [
    Mutant("sgu: the straight way missing", "sgu", SGU, "step_backward",
           'dh *= trace["1 - z"][k]', "dh *= 0.0", "state", "only dh0"),
    Mutant("sgu: h as the factor of z_g missing", "sgu", SGU, "step_backward",
           "dh += d_z_g_h", "pass", "state", "only dh0"),
    Mutant("sgu: h as the factor of x_g missing", "sgu", SGU, "step_backward",
           "dh += d_x_g_h", "pass", "state", "only dh0"),
    Mutant("sgu: the way through the gate missing", "sgu", SGU, "step_backward",
           'dh += xp.matmul(da_z, trace.weights["U.update.T"], out=product)', "pass", "state",
           "the way through U.update is missing", "dh0"),
    Mutant("sgu: dx_g with x_g in place of h", "sgu", SGU, "step_backward",
           "xp.multiply(d_x_g_h, h_prev, out=dx_g)", 'xp.multiply(d_x_g_h, trace["x_g"][t], out=dx_g)',
           "gate", "in the block deep alone"),
    Mutant("sgu: U_g not transposed", "sgu", SGU, "step_backward",
           'trace.weights["U.deep.T"]', 'trace.weights["U.deep"]', "gate", "in the block deep alone"),
    Mutant("sgu: the slope of tanh left out", "sgu", SGU, "factors",
           "xp.subtract(1.0, through_z_g, out=through_z_g)", "through_z_g[...] = 1.0",
           "gate", "in the block deep alone"),
    Mutant("sgu: da_z without h_prev", "sgu", SGU, "factors",
           "xp.subtract(z_out, h_prev, out=through_z)", "through_z[...] = z_out", "gate", "in the block update alone"),
    Mutant("sgu: d_out without z", "sgu", SGU, "factors",
           "through_out *= z", "pass", "gate", "in the block deep alone"),
    Mutant("sgu: softplus with the slope of a sigmoid", "sgu", SGU, "out_slope",
           "trace.xp.negative(slope, out=slope)", "slope *= -1.0; slope *= 1.0 - slope",
           "gate", "in the block deep alone"),
    Mutant("sgu: the gate's parameters get dh without h_prev", "sgu-k", SGU, "other_gradients",
           '(trace["z_out"] - trace["h_prev"])', 'trace["z_out"]', "gate parameters", "dupdate.gate.k"),
    Mutant("dsgu: the slope 1 - z_out", "dsgu", DSGU, "out_slope",
           "slope *= z_out", "pass", "gate", "deep, out; right: all of update"),
    Mutant("dsgu: U_o skipped on the way back", "dsgu", DSGU, "out_backward",
           'return trace.xp.matmul(d_out, trace.weights["U.out.T"], out=trace["d_z_g_h"])', "return d_out",
           "gate", "in the block deep alone"),
]  # fmt: skip
