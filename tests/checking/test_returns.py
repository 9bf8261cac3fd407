"""What a method hands back is held to what was promised, in the words of whoever wrote the method."""

from __future__ import annotations

import inspect

import numpy
import pytest

import minigate as mg
from minigate.checking import check_cell, check_gate
from minigate.errors import DTypeError, OptionError, ShapeError


class Plain(mg.cells.Cell):
    """A composed cell; what its step returns is the business of the tests."""

    def __init__(self, D, H):
        super().__init__(D, H)
        self.parameter("W", numpy.ones((D, H)))

    def step(self, x_t, state):
        return self.hand_back(mg.ops.tanh(x_t @ self["W"] + state[0]))


LINE = inspect.unwrap(Plain.step).__code__.co_firstlineno


def plain(hand_back):
    return type("Mine", (Plain,), {"hand_back": lambda self, h: hand_back(h)})


STEPS = {
    "the state alone": (lambda h: h, DTypeError, "step returns two things: expected y_t, (h,), got a Tensor (3, 4)\n"
                                                 "  type: return y_t, (h,)"),
    "nothing": (lambda h: None, DTypeError, "got None: is a return missing?"),
    "no tuple": (lambda h: (h, h), DTypeError, "the state is a tuple, also where it is a single array: expected (h,), "
                                               "got a Tensor (3, 4)"),
    "two states": (lambda h: (h, (h, h)), DTypeError, "expected (h,), got 2 things\n  likely slip: state_names lists"),
    "an array": (lambda h: (h, (h.data,)), DTypeError, "h in the state: expected a Tensor, got an array (3, 4)\n"
                                                       "  likely slip: the .data of a Tensor has left the tape"),
    "a narrow state": (lambda h: (h, (h[:, :1],)), ShapeError, "h in the state has another shape: expected (3, 4), "
                                                               "got (3, 1)"),
    "one row of y": (lambda h: (h[0], (h,)), ShapeError, "y_t has another shape: expected (N=3, output_size=4), got ("),
    "a narrow y": (lambda h: (h[:, :1], (h,)), ShapeError, "output_size=4), got (3, 1)\n  type: output_size = …"),
}  # fmt: skip


@pytest.mark.parametrize("what", STEPS)
def test_what_a_step_returns(what):
    hand_back, error, text = STEPS[what]
    with pytest.raises(error) as caught:
        check_cell(plain(hand_back))
    assert str(caught.value).startswith(f"Plain.step (test_returns.py, line {LINE}): ") and text in str(caught.value)


def test_the_methods_by_hand():
    class BackwardArray(mg.cells.RNN):
        def step_backward(self, t, dy_t, dstate, trace):
            return super().step_backward(t, dy_t, dstate, trace)[0]

    class BackwardShape(mg.cells.RNN):
        def step_backward(self, t, dy_t, dstate, trace):
            return (super().step_backward(t, dy_t, dstate, trace)[0].T,)

    class ForwardArray(mg.cells.RNN):
        def step_forward(self, t, pre_t, state, trace):
            return super().step_forward(t, pre_t, state, trace)[0]

    with pytest.raises(DTypeError, match=r"BackwardArray.step_backward .* expected \(dh,\), got an array \(3, 4\)"):
        check_cell(BackwardArray)
    with pytest.raises(ShapeError, match=r"dh in the gradient of the old state has another shape: expected \(3, 4\)"):
        check_cell(BackwardShape)
    with pytest.raises(DTypeError, match=r"ForwardArray.step_forward .*the new state is a tuple"):
        check_cell(ForwardArray)


GATES = {
    "init": ({"init": lambda self, size, rng: numpy.ones(size)}, DTypeError, "init returns the parameters by name"),
    "compose": ({"compose": lambda self, s, p: None}, DTypeError, "compose returns a Tensor: expected g, a Tensor"),
    "one row": ({"compose": lambda self, s, p: mg.ops.sigmoid(s[0])}, ShapeError, "g has another shape than s"),
    "forward": ({"forward": lambda self, xp, s, p, out=None: None}, DTypeError, "g is no array: expected an array"),
    "slope": ({"slope": lambda self, xp, s, g, p: 1.0}, DTypeError, "slope is no array: expected an array (3, 4), got "
                                                                    "float 1.0"),
    "slopes": ({"slope": lambda self, xp, s, g, p: g[0]}, ShapeError, "slope has another shape than s: expected ("),
    "tuple": ({"param_gradients": lambda self, xp, dg, s, g, p: (dg,)}, DTypeError, "the gradients come by name"),
}  # fmt: skip


@pytest.mark.parametrize("what", GATES)
def test_what_a_gate_returns(what):
    methods, error, text = GATES[what]
    with pytest.raises(error) as caught:
        check_gate(type("Mine", (mg.gates.Sigmoid,), methods))
    assert "(test_returns.py, line " in str(caught.value) and text in str(caught.value)


CALLED = {
    "init": ({"init": lambda self, size: {}}, DTypeError, "def init(self, size, rng), got def init(self, size)"),
    "compose": ({"compose": lambda self, s: s}, DTypeError, "def compose(self, s, p), got def compose(self, s)"),
    "out": ({"forward": lambda self, xp, s, p: s}, DTypeError, "def forward(self, xp, s, p, out=None), got def"),
    "narrow": ({"forward": lambda self, xp, s, p, out=None: s.astype("float32")}, DTypeError,
               "g has another dtype than s: expected float64, got float32"),
    "first axis": ({"init": lambda self, size, rng: {"k": numpy.ones(size)},
                    "param_gradients": lambda self, xp, dg, s, g, p: {"k": dg.sum(axis=0)}}, ShapeError,
                   "expected (4,), got (3, 4) for s (2, 3, H=4)\n  likely slip: the sum over all leading axes is"),
    "all axes": ({"init": lambda self, size, rng: {"k": numpy.ones(size)},
                  "param_gradients": lambda self, xp, dg, s, g, p: {"k": dg.sum()}}, ShapeError,
                 "expected (4,), got () for s (3, H=4)\n  likely slip: the sum is over the leading axes alone"),
    "named s": ({"init": lambda self, size, rng: {"s": numpy.ones(size)}}, OptionError, "another name: s is the"),
    "no bounds": ({"bounded": None}, OptionError, "expected (low, high), two numbers, got None"),
    "kept": ({"a": mg.Tensor([1.0], requires_grad=True)}, OptionError, "self.a wants a gradient and is no parameter"),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLED)
def test_how_a_gate_is_called(what):
    methods, error, text = CALLED[what]
    gate = type("Mine", (mg.gates.Sigmoid,), {n: m for n, m in methods.items() if n != "a"})()
    vars(gate).update({n: m for n, m in methods.items() if n == "a"})
    with pytest.raises(error) as caught:
        check_gate(gate)
    assert text in str(caught.value), caught.value


def test_rows_alone_are_enough_where_no_contract_is_asked_for():
    class OfRows(mg.gates.Sigmoid):
        def slope(self, xp, s, g, p):
            rows, units = g.shape
            return (g * (1.0 - g)).reshape(rows, units)

    assert check_gate(OfRows, contracts=False)


def test_a_pair_by_hand_is_whole_and_its_products_are_there():
    class Misspelt(mg.cells.RNN):
        begin_backward = mg.cells.Cell.begin_backward

        def begin_backwards(self, trace, steps):
            pass

    class NoWeight(mg.cells.RNN):
        products = {"V": ("h_prev", "da")}

    class NoOperand(mg.cells.RNN):
        products = {"U": ("h_before", "da")}

    class Stray(mg.cells.RNN):
        def __init__(self, D, H):
            super().__init__(D, H)
            self.scale = mg.Tensor([1.0], requires_grad=True)

    for cell, error, text in (
        (Misspelt, DTypeError, "a cell by hand without begin_backward"),
        (Misspelt, DTypeError, "did you mean 'begin_backwards'?"),
        (NoWeight, OptionError, "products names 'V', which is no parameter: expected W | U | b"),
        (NoOperand, OptionError, "the operand of U is not in the trace"),
        (Stray, OptionError, "Stray: self.scale wants a gradient and is no parameter"),
    ):
        with pytest.raises(error) as caught:
            check_cell(cell)
        assert text in str(caught.value), caught.value


def test_a_step_that_writes_into_the_old_state_is_told_where_it_spoils_something():
    class InPlace(mg.cells.RNN):
        def step_forward(self, t, pre_t, state, trace):
            state[0][...] *= 0.5
            return super().step_forward(t, pre_t, state, trace)

    report = check_cell(InPlace, contracts=False)
    assert report.diagnosis.startswith("step_forward writes into the old state (h)")
