"""The second derivative: the gradient on the tape is a function, and has a gradient of its own."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_cell, check_gate, check_layer, check_vjp
from minigate.errors import OptionError
from minigate.tensor import Tensor, op
from tests.contracts.example_gates import ParametricSigmoid

X = numpy.random.default_rng(0).normal(size=(4, 3))


@op()
def cut(xp, a):
    """A square whose rule reaches for the numbers."""
    return a * a


@cut.rule("a", needs="a")
def _(dout, out, a):
    return dout * 2.0 * Tensor(a.data)


@op()
def half(xp, a):
    """A cube whose rule cuts the tape at one of two places."""
    return a * a * a


@half.rule("a", needs="a")
def _(dout, out, a):
    return dout * 3.0 * a * a.detach()


def line(report, name="second order"):
    return next(stage for stage in report.stages if stage.name == name)


def test_a_rule_that_cuts_the_tape_is_right_once_and_wrong_twice():
    assert check(cut, X)
    report = check(cut, X, order=2)
    assert report.verdict == "FAIL" and line(report).status == "FAIL"
    assert report.findings[0].kind == "second order" and "every number is 0" in report.diagnosis
    assert report.worst[0].way == "the tape, twice" and report.worst[0].analytic == 0.0


def test_a_factor_is_named():
    assert check(half, X)
    report = check(half, X, order=2)
    assert report.verdict == "FAIL" and "constant factor 0.500000" in report.diagnosis


def test_what_is_right_passes_and_says_what_was_compared():
    report = check(lambda x, W: mg.ops.tanh(x @ W) * mg.ops.sigmoid(x @ W), X, X.T.copy(), order=2)
    assert report
    assert line(report).detail == "the tape, twice = differences of the gradient, 2 of 2; uᵀ H v = vᵀ H u, backward"


def test_a_straight_line_has_no_second_derivative_and_passes():
    report = check(lambda x: 3.0 * x, X, order=2)
    assert report and line(report).detail.startswith("the tape, twice = differences of the gradient, 0 of 1; 0 for x")


def test_a_cell_is_asked_composed_and_by_hand():
    report = check_cell(mg.cells.LSTM(2, 4, seed=0, peephole="diagonal"), T=(1, 2, 3), order=2)
    assert report and "18 of 18" in line(report).detail and "by hand and composed" in line(report).detail


def test_by_hand_there_is_no_second_derivative_and_the_gradient_is_that_of_something():
    report = check_layer(mg.layers.registry["Highway"](), order=2)
    assert report and line(report).detail.startswith("there is no tape to go back on twice; uᵀ H v = vᵀ H u")
    report = check_vjp(lambda x: numpy.sin(x) * x, lambda w, x: (w * (numpy.cos(x) * x + numpy.sin(x)),), X, order=2)
    assert report and line(report).status == "ok"


def test_a_gradient_that_is_right_here_and_of_nothing_elsewhere_is_uneven():
    """One that keeps a number from its first call is right where it was called first, and nowhere else."""
    kept = {}

    def backward(w, x, y):
        first = kept.setdefault("x", x.copy())
        return w * y * y, w * 2.0 * first * y

    report = check_vjp(lambda x, y: x * y * y, backward, X, X + 2.0, order=2)
    assert report.verdict == "FAIL" and "uᵀ H v is" in report.diagnosis


@pytest.mark.parametrize(
    "gate", [mg.gates.Sigmoid(), mg.gates.HardSigmoid(), ParametricSigmoid(), mg.gates.Constant(1.0)]
)
def test_gates_have_second_derivatives(gate):
    assert check_gate(gate, order=2)


@pytest.mark.parametrize("name", mg.cells.registry)
def test_every_cell_has_second_derivatives(name):
    report = check_cell(mg.cells.registry[name], T=(2,), mask=None, order=2, contracts=False)
    assert report, report


def test_another_order_is_an_error():
    for asked in (lambda: check(mg.ops.tanh, X, order=3), lambda: check_cell(mg.cells.RNN, order=0),
                  lambda: check_gate(mg.gates.Sigmoid, order="2")):  # fmt: skip
        with pytest.raises(OptionError, match="no such order: expected 1, the gradient; or 2"):
            asked()
