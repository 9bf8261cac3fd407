"""Gates as somebody else writes them: right ones that are unusual, and what the first word about a wrong one is."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check_gate
from tests.contracts.example_gates import ParametricSigmoid


class Softmax(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.softmax(s)


class OfTheBatch(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.sigmoid(s if s.data.sum() > 0.0 else 2.0 * s)


@pytest.mark.parametrize("gate", [Softmax, OfTheBatch])
def test_what_is_no_elementwise_map_is_told_so_and_nothing_else(gate):
    report = check_gate(gate)
    assert report.verdict == "FAIL" and [finding.kind for finding in report.findings] == ["elementwise"]
    assert "once the other numbers of s have changed" in report.diagnosis and report.stages[0].name == "elementwise"


class OneForAll(mg.gates.Gate):
    """One slope for all units: a number, and by hand the sum over everything."""

    factor = 1.0

    def init(self, size, rng):
        return {"a": 1.0}

    def compose(self, s, p):
        return mg.ops.sigmoid(p["a"] * s)

    def forward(self, xp, s, p, out=None):
        g = xp.multiply(0.5 * p["a"], s, out=out)
        xp.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        return g

    def slope(self, xp, s, g, p):
        return p["a"] * g * (1.0 - g)

    def param_gradients(self, xp, dg, s, g, p):
        return {"a": self.factor * (dg * g * (1.0 - g) * s).sum()}


class OneForAllDoubled(OneForAll):
    factor = 2.0


def test_a_parameter_that_is_one_number_is_checked_and_trained():
    report = check_gate(OneForAll)
    assert report, report
    assert "da: the whole array is off by the constant factor 2" in check_gate(OneForAllDoubled).diagnosis
    gru = mg.layers.Recurrent(mg.cells.GRU(2, 3, gate=OneForAll(), seed=0))
    mg.ops.sum(gru(numpy.ones((4, 2, 2), dtype="float32"))[0]).backward()
    assert gru.cell["update.gate.a"].grad.shape == ()


class Table(mg.gates.Gate):
    """σ from a table, straight in between."""

    def __init__(self, pieces=1000, factor=1.0):
        self.x = numpy.linspace(-4.0, 4.0, pieces + 1)
        self.y, self.factor = 0.5 * numpy.tanh(0.5 * self.x) + 0.5, factor

    def compose(self, s, p):
        c = mg.ops.clip(s, -4.0, 4.0)
        i = numpy.clip(numpy.searchsorted(self.x, c.data, side="right") - 1, 0, len(self.x) - 2)
        part = (c - self.x[i]) / (self.x[1] - self.x[0])
        return self.y[i] + part * (self.y[i + 1] - self.y[i])

    def slope(self, xp, s, g, p):
        return self.factor * super().slope(xp, s, g, p)


@pytest.mark.parametrize("pieces", [1000, 10_000, 100_000])
def test_many_fine_pieces_are_never_called_wrong_and_a_wrong_slope_of_them_always(pieces):
    for seed in range(3):
        assert check_gate(Table(pieces), seed=seed, contracts=False).verdict != "FAIL"
    assert check_gate(Table(pieces, factor=1.01), contracts=False).verdict == "FAIL"


def test_a_structure_finer_than_any_step_is_inconclusive_and_its_reason_is_told():
    class Zigzag(mg.gates.Gate):
        def compose(self, s, p):
            part = s * 1e3 - numpy.floor(s.data * 1e3)
            return 2.0 * mg.ops.minimum(part, 1.0 - part)

    reports = [check_gate(Zigzag, seed=seed, contracts=False) for seed in range(4)]
    assert all(report.verdict != "FAIL" for report in reports)
    assert any("a structure too fine for any step" in " ".join(report.reasons) for report in reports)


def test_a_straight_through_gradient_is_called_by_its_name():
    class StraightThrough(mg.gates.Gate):
        def compose(self, s, p):
            soft = mg.ops.sigmoid(s)
            return soft + ((s.data > 0.0).astype(s.data.dtype) - soft.data)

    report = check_gate(StraightThrough)
    assert report.verdict == "FAIL" and "flat" in [finding.kind for finding in report.findings]
    assert "a straight-through gradient is meant to be wrong" in str(report) and "right at s" not in str(report)


def test_a_usual_slope_is_recognised_with_a_parameter_in_front():
    class OfTanh(ParametricSigmoid):
        def slope(self, xp, s, g, p):
            return p["k"] * (1.0 - g * g)

    assert "ds: this is k times 1 − g², the slope of tanh" in check_gate(OfTanh).diagnosis


def test_the_cause_is_told_before_what_follows_from_it():
    class Off(mg.gates.Sigmoid):
        def forward(self, xp, s, p, out=None):
            return super().forward(xp, 1.02 * s, p, out)

    class Dropping(mg.gates.Gate):
        def compose(self, s, p):
            return mg.ops.sigmoid(s) * (numpy.random.default_rng().random(s.shape) > 0.5)

    dropping, other = check_gate(Dropping), check_gate(Off)
    assert [finding.kind for finding in dropping.findings] == ["deterministic"]
    assert "nothing that counts its calls" in str(dropping)
    assert other.findings[0].kind == "forward" and not {"composed", "place"} & {f.kind for f in other.findings}
    assert "slope ....................... FAIL" in str(other)


def test_bounds_at_infinity_hold_on_their_other_side():
    class Swish(mg.gates.Gate):
        bounded = (-0.2, float("inf"))

        def compose(self, s, p):
            return mg.ops.clip(s, -1e5, 1e300) * mg.ops.sigmoid(s)

    class Rectifier(Swish):
        bounded = (0.0, float("inf"))

        def compose(self, s, p):
            return mg.ops.relu(s)

    assert "forward is -0.278" in check_gate(Swish).diagnosis
    assert check_gate(Rectifier)
