"""Mutants of the flexible gate, of the sum of kernels that it has inside, and of the layers made of it."""

from __future__ import annotations

import minigate as mg
from minigate.gates import KAF, SlopeSigmoid
from minigate.gates.element_by_element import ElementByElement
from minigate.gates.kernels import Gaussian
from minigate.gates.outward import Outward
from minigate.layers import KAF2D
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell, OfGate, OfLayer

Layer = mg.layers.KAF

SUBJECTS = {
    "kaf": OfGate(lambda: KAF(elements=6, init="random")),
    "kaf, trained": OfGate(lambda: KAF(elements=5, train_gamma=True, init="random")),
    "kaf, narrow": OfGate(lambda: KAF(gamma=60.0, train_gamma=True, init="random")),
    "kaf, alone": OfGate(lambda: KAF(elements=6, init="random", residual=False)),
    "slope sigmoid": OfGate(SlopeSigmoid),
    "gru, kaf": OfCell(lambda: mg.cells.GRU(2, 3, gate=KAF(elements=5), seed=0, dtype="float64")),
    "kaf layer": OfLayer(lambda: Layer(4, elements=5, seed=0, dtype="float64")),
    "kaf of pairs": OfLayer(lambda: KAF2D(4, elements=3, seed=0, dtype="float64")),
}


def gate(name: str, function: str, line: str, instead: str, kind: str = "", says: str = "", wrong: str = "") -> Mutant:
    return Mutant(f"kaf: {name}", "kaf", KAF, function, line, instead, kind, says, wrong)


def outward(name: str, function: str, line: str, instead: str, kind: str = "", says: str = "", wrong: str = "",
            subject: str = "kaf, trained") -> Mutant:  # fmt: skip
    return Mutant(f"outward: {name}", subject, Outward, function, line, instead, kind, says, wrong)


SLOPE, ALPHA, GAMMA = "ds", "dalpha", "dlog_gamma"

MUTANTS = [
    # ---- the gate around the kernels -----------------------------------------------------------------
    gate("no ½ in the slope", "forward", "dz_ds *= 0.5", "pass", "factor", "constant factor 2.000000", SLOPE),
    gate("a slope without the residual", "forward", "dz_ds += 1.0", "pass", wrong=SLOPE),
    gate("the slope of tanh", "forward", "0.25 - z * z", "1.0 - 4.0 * z * z", "factor", "constant factor 4.000000",
         SLOPE),
    gate("no ½ in α", "param_gradients", "e *= 0.5", "pass", "factor", "constant factor 2.000000", ALPHA),
    gate("no slope of σ in α", "param_gradients", "e *= g[at]", "pass", wrong=ALPHA),
    gate("the incoming gradient left out", "param_gradients", "e *= dg[at]", "pass", "ignores cotangent",
         "the incoming gradient is ignored", ALPHA),
    Mutant("kaf: a residual that is not there", "kaf, alone", KAF, "forward", "if self.residual:\n                dz",
           "if True:\n                dz", wrong=SLOPE),
    Mutant("kaf: two gates with the coefficients of one", "gru, kaf", KAF, "prepare", "(xp, parameters)}",
           "(xp, [parameters[0]] * len(parameters))}", "forward", "by hand"),
    # ---- all kernels from two exponentials -------------------------------------------------------------
    outward("the powers go on the wrong way", "_add_sums", "powers *= r", "powers /= r", "place", "of axis 1 only"),
    outward("the left side begins at the middle", "_add_sums", "xp.multiply(powers[0], r[1], out=powers[1])",
            "powers[1] = powers[0]", "place", "of axis 1 only"),
    outward("α as a mean", "_add_sums", "sums[k] += xp.matmul(ones, rows)[:, 0]",
            "sums[k] += xp.matmul(ones, rows)[:, 0] / len(ones[0])", "factor", "constant factor", ALPHA, "kaf"),
    outward("the last row only", "_add_sums", "sums[k] += xp.matmul(ones, rows)[:, 0]",
            "sums[k] += rows[:, -1]", "sum", "place", ALPHA, "kaf"),
    outward("α without q", "parameter_gradients", "xp.multiply(sums[k, side], q, out=dalpha[i])",
            "dalpha[i] = sums[k, side]", "place", "only index 2 of axis 1 is right", ALPHA),
    outward("γ for ln γ", "parameter_gradients", "self.beta * self.a[k, side] * squared",
            "self.spacing**2 * self.a[k, side] * squared", wrong=GAMMA),
    outward("ln γ with another sign", "parameter_gradients", "dlog_gamma -=", "dlog_gamma +=", "sign",
            "the sign is the other way round", GAMMA),
    outward("ln γ of every element as the middle one", "_add_sums", "xp.subtract(room.v, k, out=x[0])",
            "x[0] = room.v", wrong=GAMMA),
    outward("a slope of the powers alone", "value_and_slope", "slope -= xp.multiply(room.v, value, out=room.v)", "pass",
            "place", "the slope is right at s = 0", SLOPE),
    outward("a slope without its 2", "value_and_slope", "slope *= 2.0 / self.spacing * self.beta",
            "slope *= 1.0 / self.spacing * self.beta", "factor", "constant factor 0.500000", SLOPE, "kaf, alone"),
    outward("Δ² for Δ", "value_and_slope", "slope *= 2.0 / self.spacing * self.beta",
            "slope *= 2.0 / self.spacing**2 * self.beta", "factor", "constant factor 0.625000", SLOPE, "kaf, alone"),
    # ---- kernels one by one ----------------------------------------------------------------------------
    Mutant("gaussian: no 2 in the slope", "kaf, narrow", Gaussian, "slope", "-2.0 * gamma", "-gamma", wrong=SLOPE),
    Mutant("narrow: γ for ln γ", "kaf, narrow", ElementByElement, "parameter_gradients", "-self.gamma * dlog_gamma",
           "-dlog_gamma", wrong=GAMMA),
    # ---- the gate with one parameter, and the layers -----------------------------------------------------
    Mutant("slope sigmoid: no k", "slope sigmoid", SlopeSigmoid, "slope", 'dg_ds *= p["k"]', "pass", "terms",
           "the right gradient without the factor k", SLOPE),
    Mutant("slope sigmoid: dk without s", "slope sigmoid", SlopeSigmoid, "param_gradients", "e *= s", "pass",
           wrong="dk"),
    Mutant("kaf layer: dα without dy", "kaf layer", Layer, "rows_backward", "(x[at], dy[at])",
           "(x[at], 0.0 * dy[at] + 1.0)", "ignores cotangent", "the incoming gradient is ignored"),
    Mutant("kaf layer: g for the slope", "kaf layer", Layer, "rows_backward", 'dy * kept["slope"]', "dy.copy()",
           "slope", "the local derivative is left out"),
    Mutant("pairs: α the wrong way round", "kaf of pairs", KAF2D, "rows_backward", 'xp.matmul(kappa_x, p["alpha"])',
           'xp.matmul(kappa_x, p["alpha"].swapaxes(1, 2))', "place", "of axis 2 only"),
    Mutant("pairs: dα the wrong way round", "kaf of pairs", KAF2D, "rows_backward", 'return ds, {"alpha": dalpha}',
           'return ds, {"alpha": dalpha.swapaxes(1, 2).copy()}', "places",
           "the right numbers in the wrong places"),
    Mutant("pairs: no 2 in the slope", "kaf of pairs", KAF2D, "rows_backward", "ds *= -2.0 * self.gamma",
           "ds *= -self.gamma", "factor", "constant factor 0.500000"),
]  # fmt: skip
