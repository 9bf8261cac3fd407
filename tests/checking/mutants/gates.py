"""Mutants of gates by themselves: a slope or the gradient of a parameter gone wrong."""

from __future__ import annotations

import minigate as mg
from tests.checking.contract_subjects import Slope
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfGate
from tests.contracts.example_gates import ComposedSigmoid, ParametricSigmoid

Gate, Sigmoid, HardSigmoid, Constant = mg.gates.Gate, mg.gates.Sigmoid, mg.gates.HardSigmoid, mg.gates.Constant

SUBJECTS = {
    "sigmoid": OfGate(Sigmoid),
    "hard sigmoid": OfGate(HardSigmoid),
    "hard sigmoid, sixth": OfGate(lambda: HardSigmoid("sixth")),
    "constant": OfGate(lambda: Constant(0.7)),
    "parametric": OfGate(ParametricSigmoid),
    "composed": OfGate(ComposedSigmoid),
    "slope": OfGate(Slope),
}


def sigmoid(name: str, instead: str, kind: str, says: str, line: str = "dg_ds *= g") -> Mutant:
    return Mutant(f"sigmoid: {name}", "sigmoid", Sigmoid, "slope", line, instead, kind, says)


def by_slope(name: str, instead: str, kind: str, says: str) -> Mutant:
    line = 'g * (1.0 - g) * p["k"]'
    return Mutant(f"parametric: {name}", "parametric", ParametricSigmoid, "slope", line, instead, kind, says, "ds")


def by_parameter(name: str, line: str, instead: str, kind: str, says: str, wrong: str) -> Mutant:
    owner, function = ParametricSigmoid, "param_gradients"
    return Mutant(f"parametric: {name}", "parametric", owner, function, line, instead, kind, says, wrong)


MUTANTS = [
    # ---- slopes ------------------------------------------------------------------------------------
    sigmoid("g in place of the slope", "dg_ds = g.copy()", "other", "g itself"),
    sigmoid("g left out", "pass", "terms", "the right gradient without the factor g"),
    sigmoid("squared", "dg_ds *= g; dg_ds *= 4.0 * dg_ds", "", ""),
    sigmoid("the slope of tanh", "dg_ds *= 1.0 + g", "other", "1 − g², the slope of tanh"),
    sigmoid("at 0 everywhere", "dg_ds[...] = 0.25", "", ""),
    sigmoid("twice", "dg_ds *= 2.0 * g", "factor", "constant factor 2.000000"),
    sigmoid("sign", "dg_ds *= -g", "sign", "the sign is the other way round"),
    sigmoid("none", "dg_ds *= 0.0", "zero", "every number is 0"),
    sigmoid("flat where it is steep enough", "dg_ds *= g; dg_ds *= g < 0.9", "cut", "places, and should not be"),
    sigmoid("½ tanh ½ forgotten", "dg_ds = 4.0 * g * dg_ds", "factor", "constant factor 4.000000"),
    Mutant("hard sigmoid: no flat pieces", "hard sigmoid", HardSigmoid, "slope",
           "((g > 0.0) & (g < 1.0))", "(g == g)", "leak", "it should be 0 at"),
    Mutant("hard sigmoid: flat above only", "hard sigmoid", HardSigmoid, "slope",
           "((g > 0.0) & (g < 1.0))", "(g < 1.0)", "leak", "it should be 0 at"),
    Mutant("hard sigmoid: the slope 1 of clip", "hard sigmoid", HardSigmoid, "slope",
           " * self.slopes[self.form]", "", "factor", "constant factor 5.000000"),
    Mutant("hard sigmoid: the slope of the other form", "hard sigmoid, sixth", HardSigmoid, "slope",
           "self.slopes[self.form]", 'self.slopes["fifth"]', "factor", "constant factor 1.200000"),
    Mutant("hard sigmoid: the slope of a smooth one", "hard sigmoid", HardSigmoid, "slope",
           "((g > 0.0) & (g < 1.0)).astype(g.dtype)", "(g * (1.0 - g)) * 4.0"),
    Mutant("constant: the slope of its value", "constant", Constant, "slope",
           "xp.zeros_like(g)", "g * (1.0 - g)", "flat", "it should be 0, for the function does not change here"),
    by_slope("a slope without k", "g * (1.0 - g)", "terms", "the right gradient without the factor k"),
    by_slope("a slope with k twice", 'g * (1.0 - g) * p["k"] * p["k"]', "terms",
             "the right gradient with the factor k once too often"),
    by_slope("a slope with m in place of k", 'g * (1.0 - g) * p["m"]', "terms",
             "the right gradient times m / k: one stands where the other belongs"),
    by_slope("a slope divided by k", 'g * (1.0 - g) / p["k"]', "terms",
             "the right gradient divided by k twice: `/ k` where `* k` belongs"),
    Mutant("composed: of the sum of g", "composed", Gate, "slope", "Tensor(xp.ones_like(g))",
           "Tensor(0.5 * xp.ones_like(g))", "factor", "constant factor 0.500000"),
    Mutant("composed: the slope at 0", "composed", Gate, "slope", "Tensor(s, req", "Tensor(0.0 * s, req"),
    # ---- parameters --------------------------------------------------------------------------------
    by_parameter("no slope in the parameters", "dg * g * (1.0 - g)", "dg.copy()", "", "", "dk, dm"),
    by_parameter("g for the slope in the parameters", "dg * g * (1.0 - g)", "dg * g", "", "", "dk, dm"),
    by_parameter("k inside of the parameters' gradient", "dg * g * (1.0 - g)", 'dg * g * (1.0 - g) * p["k"]',
                 "terms", "the right gradient with the factor k once too often", "dk, dm"),
    by_parameter("the incoming gradient left out", "dg * g * (1.0 - g)", "g * (1.0 - g)", "ignores cotangent",
                 "the incoming gradient is ignored", "dk, dm"),
    by_parameter("dk without s", '"k": (inner * s)', '"k": inner', "swapped", "the gradient of m", "dk"),
    by_parameter("dk with g in place of s", '"k": (inner * s)', '"k": (inner * g)', "", "", "dk"),
    by_parameter("dk over k", '(inner * s).sum(axis=over)', '(inner * s).sum(axis=over) / p["k"]', "terms",
                 "the right gradient without the factor k", "dk"),
    by_parameter("dm with s", '"m": inner.sum', '"m": (inner * s).sum', "swapped", "the gradient of k", "dm"),
    by_parameter("dm of the first row", '"m": inner.sum(axis=over)', '"m": inner[0].copy()', "sum",
                 "the share of place 0 along axis 0", "dm"),
    by_parameter("dm as a mean", '"m": inner.sum(', '"m": inner.mean(', "factor", "constant factor 0.035714 = 1/28",
                 "dm"),
    by_parameter("dm one unit on", '"m": inner.sum(axis=over)', '"m": xp.roll(inner.sum(axis=over), 1)', "shift",
                 "it is shifted by one along axis 0", "dm"),
    by_parameter("dm the wrong way round", '"m": inner.sum(axis=over)', '"m": inner.sum(axis=over)[::-1].copy()',
                 "flip", "it is reversed along axis 0", "dm"),
    by_parameter("dm spread over the units", '"m": inner.sum(axis=over)', '"m": inner.sum() + 0.0 * p["m"]', "sum",
                 "it was summed over axis 0 and given to every place along it", "dm"),
    by_parameter("dm never written", '"m": inner.sum(axis=over)', '"m": 0.0 * p["m"]', "zero", "every number is 0",
                 "dm"),
    by_parameter("dm with another sign", '"m": inner.sum(axis=over)', '"m": -inner.sum(axis=over)', "sign",
                 "the sign is the other way round", "dm"),
    Mutant("slope: k in dk", "slope", Slope, "param_gradients", "* (1.0 - g) * s", '* (1.0 - g) * s * p["k"]',
           "terms", "the right gradient with the factor k once too often", wrong="dk"),
    Mutant("slope: dk with the slope of tanh", "slope", Slope, "param_gradients", "g * (1.0 - g) * s",
           "(1.0 - g * g) * s", wrong="dk"),
    Mutant("composed: dg left out", "composed", Gate, "param_gradients", "[Tensor(dg)]", "[Tensor(0.0 * dg + 1.0)]",
           "ignores cotangent", "the incoming gradient is ignored"),
    Mutant("composed: dg twice", "composed", Gate, "param_gradients", "[Tensor(dg)]", "[Tensor(2.0 * dg)]", "factor",
           "constant factor 2.000000"),
    Mutant("composed: parameters change places", "composed", Gate, "param_gradients",
           "zip(p_, gradients, strict=True)", "zip(p_, gradients[::-1], strict=True)", "swapped", "the gradient of m"),
]  # fmt: skip
