"""mg.check_gate: every promise of a gate, broken once."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_gate
from minigate.errors import DTypeError, OptionError, ShapeError
from tests.contracts.example_gates import ParametricSigmoid

Sigmoid = mg.gates.Sigmoid


class Line(mg.gates.Gate):
    def compose(self, s, p):
        return 0.1 * s + 0.5


class Bump(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.sigmoid(s) - 0.1 * mg.ops.exp(-((s + 2.9) ** 2))


class Overflowing(mg.gates.Gate):
    def compose(self, s, p):
        return 1.0 / (1.0 + mg.ops.exp(-s))


class NaNAtInfinity(mg.gates.Gate):
    def compose(self, s, p):
        return 0.5 + 0.5 * s / mg.ops.sqrt(s * s + 1.0)


class Scaled(mg.gates.Gate):
    """Within its bounds where it begins, and not where training takes it."""

    def init(self, size, rng):
        return {"a": numpy.ones(size)}

    def compose(self, s, p):
        return p["a"] * mg.ops.sigmoid(s)


class Widening(Sigmoid):
    def forward(self, xp, s, p, out=None):
        return super().forward(xp, s.astype("float64"), p, out)


class OtherForward(Sigmoid):
    def forward(self, xp, s, p, out=None):
        return super().forward(xp, 1.02 * s, p, out)


class ForgetsOut(Sigmoid):
    def forward(self, xp, s, p, out=None):
        return super().forward(xp, s, p)


class ReadsAfterWriting(Sigmoid):
    def forward(self, xp, s, p, out=None):
        out = xp.empty_like(s) if out is None else out
        out[...] = 0.5
        out += 0.5 * xp.tanh(0.5 * s)
        return out


class EditsItsInput(Sigmoid):
    def forward(self, xp, s, p, out=None):
        s *= 0.5
        g = xp.tanh(s, out=out)
        g *= 0.5
        g += 0.5
        return g


class EditsG(Sigmoid):
    def slope(self, xp, s, g, p):
        g *= 1.0 - g
        return g


class FirstAxis(Sigmoid):
    """Takes the second axis for the unit."""

    def forward(self, xp, s, p, out=None):
        g = super().forward(xp, s, p, out)
        if g.ndim == 3:
            g *= xp.where(xp.arange(g.shape[1]) == 0, 1.0, 0.999)[:, None]
        return g


class NeedsInput(Sigmoid):
    def slope(self, xp, s, g, p):
        return 0.25 / xp.cosh(0.5 * xp.clip(s, -300.0, 300.0)) ** 2


class SlopeOfS(Sigmoid):
    needs_input = True

    def slope(self, xp, s, g, p):
        return s * (1.0 - s)


class SlopeG(Sigmoid):
    def slope(self, xp, s, g, p):
        return g.copy()


class SlopeHalf(Sigmoid):
    def slope(self, xp, s, g, p):
        return 0.5 * g * (1.0 - g)


class NoFlatPieces(mg.gates.HardSigmoid):
    def slope(self, xp, s, g, p):
        return xp.full_like(g, self.slopes[self.form])


class DeafParameters(ParametricSigmoid):
    def param_gradients(self, xp, dg, s, g, p):
        return super().param_gradients(xp, xp.ones_like(dg), s, g, p)


class SwappedParameters(ParametricSigmoid):
    def param_gradients(self, xp, dg, s, g, p):
        found = super().param_gradients(xp, dg, s, g, p)
        return {"k": found["m"], "m": found["k"]}


class MeanOfParameters(ParametricSigmoid):
    def param_gradients(self, xp, dg, s, g, p):
        found = super().param_gradients(xp, dg, s, g, p)
        return {"k": found["k"], "m": -found["m"]}


BROKEN = {
    Line: ("range", "forward is -4.5 at s = -50"),
    Bump: ("range", "at s = -3"),
    Scaled: ("range", "parameters moved from where they begin"),
    NaNAtInfinity: ("range", "nan at s = -inf"),
    Overflowing: ("overflow", "overflow encountered in exp at s = -"),
    Widening: ("dtype", "float32 in, forward gives float64"),
    OtherForward: ("forward", "forward is"),
    ForgetsOut: ("out", "forward(…, out=another array): what is written is not g"),
    ReadsAfterWriting: ("out", "out=s itself"),
    EditsItsInput: ("edited", "forward changes s in place"),
    EditsG: ("edited", "slope changes g in place"),
    FirstAxis: ("shape", "other numbers than as part of (T, N, H)"),
    NeedsInput: ("needs input", "reads s"),
    SlopeOfS: ("other", "s (1 − s): with s in place of g"),
    SlopeG: ("other", "this is g itself"),
    SlopeHalf: ("factor", "0.500000"),
    NoFlatPieces: ("place", "the slope is right for s in -2."),
    DeafParameters: ("ignores cotangent", "dk, dm"),
    SwappedParameters: ("swapped", "dk: this is the gradient of m"),
    MeanOfParameters: ("sign", "dm"),
}


@pytest.mark.parametrize("gate", BROKEN, ids=lambda gate: gate.__name__)
def test_a_broken_promise_fails_by_its_name(gate):
    kind, says = BROKEN[gate]
    report = check_gate(gate)
    assert report.verdict == "FAIL", report
    assert kind in [finding.kind for finding in report.findings], report
    assert says in report.diagnosis, report
    assert says.split(":")[0] in " ".join(str(report).split()), report


def test_kinks_are_counted_with_their_place():
    report = check_gate(mg.gates.HardSigmoid())
    kinks = next(stage for stage in report.stages if stage.name == "kinks")
    assert report and kinks.detail == "2 of 112 probes at a kink (left out): s = -2.5, s = 2.5"


def test_a_constant_in_double_precision_is_told_and_does_not_end_the_check():
    class Wide(mg.gates.Gate):
        init = ParametricSigmoid.init

        def compose(self, s, p):
            return mg.ops.sigmoid(p["k"] * s + p["m"] + numpy.zeros(s.shape))

    assert "float32 in, forward gives float64" in check_gate(Wide()).diagnosis


def test_a_kink_of_a_parameter_has_the_name_of_the_parameter():
    class Coarse(ParametricSigmoid):
        def forward(self, xp, s, p, out=None):
            g = super().forward(xp, s, p, out)
            return xp.round(g, 6, out=g)

    found = check_gate(Coarse())
    assert found.verdict == "FAIL" and "probes at a kink" in next(x.detail for x in found.stages if x.name == "kinks")


def test_a_constant_gate_passes_and_a_dead_one_does_not():
    class Dead(mg.gates.Gate):
        def compose(self, s, p):
            return mg.ops.clip(s, 0.3, 0.3)

    assert check_gate(mg.gates.Constant(0.3))
    assert check_gate(Dead).verdict == "INCONCLUSIVE"


def test_parameters_without_a_gradient_are_an_error_that_names_them():
    class Forgets(ParametricSigmoid):
        def param_gradients(self, xp, dg, s, g, p):
            return {"k": super().param_gradients(xp, dg, s, g, p)["k"]}

    class Unsummed(ParametricSigmoid):
        def param_gradients(self, xp, dg, s, g, p):
            return {"k": dg * s, "m": dg}

    with pytest.raises(DTypeError, match="returns nothing for 'm'"):
        check_gate(Forgets)
    with pytest.raises(ShapeError, match="the sum over all leading axes is missing"):
        check_gate(Unsummed)
    with pytest.raises(OptionError, match="not a gate"):
        check_gate(3)


def test_by_gate_names_the_gate():
    assert check_gate(Sigmoid).by_gate["Sigmoid"].verdict == "PASS"
    assert check_gate(SlopeG).by_gate["SlopeG"].verdict == "FAIL"
