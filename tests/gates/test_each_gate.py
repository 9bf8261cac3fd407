"""The values of each gate, worked by hand, and how a cell is given its gates."""

from __future__ import annotations

import math

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from tests.contracts.example_gates import ParametricSigmoid
from tests.contracts.subjects import Subject, sequence
from tests.contracts.test_three_ways import compare


def at(gate, *points):
    s = numpy.array(points)
    g = gate.forward(numpy, s, {})
    return g.tolist(), gate.slope(numpy, s, g, {}).tolist()


def test_the_logistic_function_at_logarithms():
    """σ(ln a) = a / (1 + a), so σ(ln 3) = 3/4, and the slope there is 3/4 · 1/4."""
    g, slope = at(mg.gates.Sigmoid(), 0.0, math.log(3), -math.log(3), math.log(2), 1000.0, -1000.0)
    assert g == pytest.approx([1 / 2, 3 / 4, 1 / 4, 2 / 3, 1.0, 0.0], abs=1e-15)
    assert slope == pytest.approx([1 / 4, 3 / 16, 3 / 16, 2 / 9, 0.0, 0.0], abs=1e-15)


@pytest.mark.parametrize(
    "form, points, g, slope",
    [
        ("fifth", (0.0, 1.0, -2.0, 2.5, -2.5, 3.0, -9.0), (0.5, 0.7, 0.1, 1, 0, 1, 0), (0.2, 0.2, 0.2, 0, 0, 0, 0)),
        ("sixth", (0.0, 1.5, -1.5, 3.0, -3.0, 4.0, -9.0), (0.5, 0.75, 0.25, 1, 0, 1, 0), (1 / 6,) * 3 + (0,) * 4),
    ],
)
def test_three_straight_lines(form, points, g, slope):
    """The corners belong to the flat pieces, by hand and composed alike."""
    gate = mg.gates.HardSigmoid(form)
    found = at(gate, *points)
    assert found[0] == pytest.approx(g, abs=1e-15) and found[1] == pytest.approx(slope, abs=1e-15)
    s = mg.Tensor(numpy.array(points), requires_grad=True)
    composed = gate.compose(s, {})
    assert composed.data.tolist() == found[0]
    assert mg.grad(composed, s, numpy.ones(len(points))).data.tolist() == found[1]


def test_hard_sigmoid_has_two_forms():
    assert mg.gates.HardSigmoid().form == "fifth"
    with pytest.raises(OptionError) as caught:
        mg.gates.HardSigmoid("tenth")
    assert str(caught.value) == """\
HardSigmoid: unknown form: expected form='fifth' (0.2 s + 0.5) or 'sixth' (s/6 + 0.5), got 'tenth'
  type: HardSigmoid('fifth')"""


@pytest.mark.parametrize("value", [0.0, 1.0, 0.7])
def test_a_constant_is_exactly_that(backend, value):
    gate = mg.gates.Constant(value)
    s = backend.to([[1.0, -1e4, numpy.inf]])
    g = gate.forward(backend.xp, s, {})
    assert backend.host(g).tolist() == [[value] * 3] == backend.host(gate.compose(mg.Tensor(s), {})).tolist()
    assert backend.host(gate.slope(backend.xp, s, g, {})).tolist() == [[0.0] * 3]
    assert gate.bounded == (value, value)


def test_one_gate_for_all_or_one_by_name():
    parametric, hard = ParametricSigmoid(), mg.gates.HardSigmoid()
    cell = mg.cells.LSTM(2, 4, gate={"forget": parametric, "output": hard})
    assert list(cell.gates) == ["input", "forget", "output"]
    assert cell.gates["forget"] is parametric and cell.gates["output"] is hard
    assert type(cell.gates["input"]) is mg.gates.Sigmoid
    assert [name for name, _ in cell.named_parameters() if ".gate." in name] == ["forget.gate.k", "forget.gate.m"]
    cell = mg.cells.LSTM(2, 4, gate=parametric, seed=0)
    drawn = [cell[f"{name}.gate.k"].data for name in cell.gate_names]
    assert not numpy.array_equal(drawn[0], drawn[1]), "one recipe, but every gate has parameters of its own"


class WithMore(mg.gates.Gate):
    """Parameters that compose does not use, or uses all at once, and an attribute that cannot be compared."""

    def __init__(self, used):
        self.used, self.note = used, numpy.arange(3.0)

    def init(self, size, rng):
        return {"k": rng.normal(size=size), "scale": numpy.ones(()), "idle": numpy.ones(size)}

    def compose(self, s, p):
        return mg.ops.sigmoid(s * p["k"] * p["scale"]) if self.used else mg.Tensor(s.data * 0.0 + 0.5)


@pytest.mark.parametrize("used", [True, False])
@pytest.mark.parametrize("cell", [mg.cells.GRU, mg.cells.LSTM])
def test_a_gate_may_have_parameters_of_any_shape_and_leave_some_unused(backend, cell, used):
    cells = [cell(2, 4, gate=WithMore(used), seed=0, dtype="float64") for _ in range(2)]
    hand, tape = (
        Subject(mg.layers.Recurrent(own, method=method), backend, sequence((5, 3, 2)))
        for own, method in zip(cells, ("bptt", "tape"), strict=True)
    )
    cotangents = hand.cotangents()["all"]
    found = hand.gradients(cotangents)
    compare(found, tape.gradients(cotangents), 1e-10, "with more")
    assert all(not gradient.any() for name, gradient in found.items() if name.endswith("idle"))
    assert all(bool(found[name].any()) is used for name in found if name.endswith((".k", "scale")))


def test_gates_with_attributes_of_their_own_stand_side_by_side():
    class Noted(mg.gates.Sigmoid):
        def __init__(self):
            self.note = numpy.arange(3.0)

    x = sequence((5, 3, 2))
    own = mg.cells.GRU(2, 4, gate={"update": Noted(), "reset": Noted()}, seed=0, dtype="float64")
    plain = mg.cells.GRU(2, 4, seed=0, dtype="float64")
    assert numpy.array_equal(*(mg.layers.Recurrent(cell)(x)[0].data for cell in (own, plain)))


def test_what_a_gate_is_called():
    assert repr(mg.gates.Sigmoid()) == "Sigmoid()"
    assert repr(mg.gates.HardSigmoid()) == "HardSigmoid(form='fifth')"
    assert repr(mg.cells.GRU(2, 4)) == "GRU(D=2, H=4)"
    assert repr(mg.cells.RNN(2, 4)) == "RNN(D=2, H=4)"
    assert "HardSigmoid(form='fifth')" in repr(mg.cells.GRU(2, 4, gate=mg.gates.HardSigmoid()))


@pytest.mark.parametrize("cell, calls", [(mg.cells.GRU, 5), (mg.cells.LSTM, 5)])
def test_gates_that_are_alike_run_as_one(cell, calls):
    """A gate that can be exchanged costs nothing until it is: one call per step for all of them."""
    seen = []

    class Counted(mg.gates.Sigmoid):
        def forward(self, xp, s, p, out=None):
            seen.append(s.shape)
            return super().forward(xp, s, p, out)

    made = cell(2, 4, gate=Counted(), seed=0)
    mg.layers.Recurrent(made)(numpy.ones((5, 3, 2), dtype="float32"))
    assert seen == [(len(made.gate_names), 3, 4)] * calls
