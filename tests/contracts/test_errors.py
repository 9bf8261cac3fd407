"""Errors are an interface: the whole text of what each slip at the door of a recurrent layer is answered with."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate import errors
from minigate.layers import Recurrent, Stack
from tests.strict_double import strict_xp

x, h, mask = numpy.zeros((5, 3, 2)), numpy.zeros((3, 4)), numpy.ones((5, 3), dtype=bool)


class ComposedOnly(mg.cells.Cell):
    def step(self, x_t, state):
        return state[0], state


def gru(**options) -> Recurrent:
    return Recurrent(mg.cells.GRU(2, 4, seed=0, dtype="float64", **options))


def lstm() -> Recurrent:
    return Recurrent(mg.cells.LSTM(2, 4, seed=0, dtype="float64"))


CASES = {
    "one step": (lambda: gru()(x[0]), errors.ShapeError, """\
GRU: wrong shape: expected x of shape (T, N, D=2), got (3, 2)
  likely slip: one step, or one sequence?
  type: x[None] for one step (N, D); x[:, None] for one sequence (T, D)"""),
    "a single vector": (lambda: gru()(x[0, 0]), errors.ShapeError, """\
GRU: wrong shape: expected x of shape (T, N, D=2), got (2,)
  likely slip: a single vector
  type: x[None, None] for one step of one sequence"""),
    "no feature axis": (lambda: gru()(x[..., 0]), errors.ShapeError, """\
GRU: wrong shape: expected x of shape (T, N, D=2), got (5, 3)
  likely slip: batch and time only?
  type: x[..., None] where each step is a single number"""),
    "features before batch": (lambda: gru()(x.swapaxes(1, 2)), errors.ShapeError, """\
likely slip: features before batch?
  type: x.swapaxes(1, 2)"""),
    "another D": (lambda: gru()(numpy.zeros((5, 3, 7))), errors.ShapeError, """\
likely slip: the cell was made for another input size
  type: a cell with D=7"""),
    "booleans": (lambda: gru()(x > 0), errors.DTypeError, """\
GRU: x has no numbers to compute with: expected floating x (T, N, D), or whole-number tokens (T, N), got bool
  type: x.astype("float32")"""),
    "whole numbers as activations": (lambda: gru()(x.astype("int64")), errors.ShapeError, """\
GRU: whole numbers are tokens, one per step and sequence: expected tokens of shape (T, N), got (5, 3, 2) of int64
  likely slip: activations that should be floating?
  type: x.astype("float32")"""),
    "tokens of one sequence": (lambda: gru()(numpy.zeros(5, dtype="int64")), errors.ShapeError, """\
GRU: whole numbers are tokens, one per step and sequence: expected tokens of shape (T, N), got (5,) of int64
  likely slip: one sequence without a batch axis?
  type: x[:, None]"""),
    "a token too large": (lambda: gru()(numpy.array([[0, 2]])), errors.OptionError, """\
GRU: tokens outside of the table: expected 0 … 1 (D=2), got 0 … 2
  likely slip: a vocabulary that is larger than the table, or a padding of -1 without a mask"""),
    "a token below 0": (lambda: gru()(numpy.array([[0, -1]])), errors.OptionError, "got -1 … 0"),
    "a state that is no tuple": (lambda: gru()(x, h), errors.StateError, """\
GRU: a state is a tuple, also where it is a single array: expected state = (h,), got ndarray
  type: state=(h,)"""),
    "a state too few": (lambda: lstm()(x, (h,)), errors.StateError, """\
LSTM: wrong number of arrays in the state: expected 2: (h, c), got 1
  likely slip: the state of another kind of cell?
  type: cell.initial_state(N)"""),
    "a state too many": (lambda: gru()(x, (h, h)), errors.StateError, "expected 1: (h,), got 2"),
    "a state of another batch": (lambda: lstm()(x, (h, h[:2])), errors.StateError, """\
LSTM: wrong shape of the state 'c': expected c (3, 4) for a batch of N=3, got (2, 4)
  likely slip: a state carried over from a batch of another size
  type: cell.initial_state(N)"""),
    "a state of another cell": (lambda: gru()(x, (numpy.zeros((3, 6)),)), errors.StateError, """\
GRU: wrong shape of the state 'h': expected h (3, 4) for a batch of N=3, got (3, 6)
  likely slip: the state of a cell of another size
  type: cell.initial_state(N)"""),
    "a state of whole numbers": (lambda: gru()(x, (h.astype("int64"),)), errors.StateError, """\
GRU: wrong kind of the state 'h': expected an array or Tensor (3, 4) of float64, got int64
  likely slip: whole numbers, where the state is floating
  type: cell.initial_state(N)"""),
    "a state that is a list": (lambda: gru()(x, (h.tolist(),)), errors.StateError, "got list"),
    "a mask of numbers": (lambda: gru()(x, mask=mask * 1.0), errors.DTypeError, """\
GRU: the mask says which steps are real: expected mask of dtype bool, True = valid, got float64
  type: mask.astype(bool)"""),
    "a mask batch first": (lambda: gru()(x, mask=mask.T), errors.ShapeError, """\
GRU: wrong shape: expected mask of shape (T=5, N=3), got (3, 5)
  likely slip: batch first?
  type: mask.T"""),
    "a mask of another shape": (lambda: gru()(x, mask=mask[..., None]), errors.ShapeError, """\
GRU: wrong shape: expected mask of shape (T=5, N=3), got (5, 3, 1)"""),
    "a class as gate": (lambda: gru(gate=mg.gates.Sigmoid), errors.OptionError, """\
GRU: gate= takes a Gate, or one Gate per name: expected mg.gates.Sigmoid(), or {'update': gate, 'reset': gate}, got \
<class 'minigate.gates.sigmoid.Sigmoid'>
  likely slip: the class instead of an object of it
  type: gate=Sigmoid()"""),
    "a name as gate": (lambda: gru(gate="sigmoid"), errors.OptionError, "gate= takes a Gate, or one Gate per name"),
    "an unknown gate": (lambda: gru(gate={"forget": mg.gates.Sigmoid()}), errors.OptionError, """\
GRU: there is no gate 'forget': expected one of update, reset, got 'forget'"""),
    "a gate without compose": (lambda: gru(gate=mg.gates.Gate())(x), TypeError, """\
Gate is not a gate yet: write compose(self, s, p) in minigate.ops"""),
    "an unknown reset": (lambda: gru(reset="middle"), errors.OptionError, """\
GRU: where does the reset gate act?: expected reset='before' (r ⊙ h, then U) or 'after' (h U, then r ⊙), got \
'middle'"""),
    "a size of 0": (lambda: mg.cells.GRU(0, 4), errors.OptionError, """\
GRU: D is the input size: expected a whole number D >= 1, got 0
  type: GRU(D=28, H=100)"""),
    "half precision": (lambda: mg.cells.RNN(2, 4, dtype="float16"), errors.OptionError, """\
RNN: no such dtype for weights: expected "float32" | "float64", got 'float16'
  likely slip: half precision loses the gradients of long sequences"""),
    "no pair by hand": (lambda: Recurrent(ComposedOnly(2, 4), method="bptt"), errors.OptionError, """\
Recurrent: ComposedOnly has no step_forward / step_backward
  likely slip: a cell that is composed only
  type: Recurrent(cell, method="tape"), or leave method out"""),
    "no trace": (lambda: Recurrent(ComposedOnly(2, 4)).trace(x), errors.OptionError, """\
ComposedOnly: a composed cell leaves no trace
  likely slip: step alone keeps no arrays"""),
    "no step": (lambda: Recurrent(mg.cells.Cell(2, 4))(x), TypeError, """\
Cell is not a cell yet: write step(self, x_t, state) in minigate.ops"""),
    "an unknown method": (lambda: Recurrent(mg.cells.GRU(2, 4), method="fast"), errors.OptionError, """\
Recurrent: unknown method: expected method='bptt' or 'tape' or None, got 'fast'"""),
    "a class as cell": (lambda: Recurrent(mg.cells.GRU), errors.OptionError, """\
Recurrent: the layer carries a cell through time: expected a cell, such as mg.cells.GRU(D, H), got \
<class 'minigate.cells.gru.GRU'>
  likely slip: the class instead of an object of it"""),
    "an empty stack": (lambda: Stack([]), errors.OptionError, """\
Stack: a stack needs a layer
  type: Stack([Recurrent(GRU(D, H))])"""),
    "a stack of cells": (lambda: Stack([mg.cells.GRU(2, 4)]), errors.OptionError, """\
Stack: layer 0 is no Recurrent: got GRU(D=2, H=4)
  type: Recurrent(cell)"""),
    "a stack that does not fit": (lambda: Stack([gru(), gru()]), errors.OptionError, """\
Stack: layer 1 does not fit on layer 0: expected a cell with D=4, the output size below, got GRU(D=2, H=4)"""),
    "one state for two layers": (lambda: Stack([gru(), Recurrent(mg.cells.RNN(4, 3))])(x, (h,)), errors.StateError, """\
Stack: the state of a stack is a tuple of its layers' states: expected 2 tuples, one per layer, got tuple of length 1
  likely slip: the state of one layer
  type: state=None to begin with zeros"""),
}  # fmt: skip


@pytest.mark.parametrize("slip", CASES)
def test_the_text(slip):
    attempt, kind, text = CASES[slip]
    with pytest.raises(kind) as caught:
        attempt()
    found = str(caught.value)
    assert found == text if text.startswith(("GRU", "LSTM", "RNN", "Re", "Stack", "C", "Gate")) else text in found


@pytest.mark.parametrize("slip", [slip for slip, (_, kind, _) in CASES.items() if kind is not TypeError])
def test_every_one_is_an_error_of_minigate(slip):
    assert issubclass(CASES[slip][1], errors.MinigateError)


@pytest.mark.parametrize("name", [name for name, build in mg.cells.registry.items() if build().written_by_hand])
def test_a_second_derivative_by_hand_names_the_composed_way(name):
    layer = Recurrent(mg.cells.registry[name]())
    start = mg.Tensor(x, requires_grad=True)
    y, _ = layer(start)
    with pytest.raises(errors.SecondDerivativeError) as caught:
        mg.grad(y, start, numpy.ones(y.shape), create_graph=True)
    cell = type(layer.cell).__name__
    assert str(caught.value) == f"""\
{cell} through time: the backward pass of this computation is written by hand and has no derivative of its own
  likely slip: create_graph=True through the fast path
  type: Recurrent({cell.lower()}, method="tape"): the composed way can be differentiated to any order"""


@pytest.mark.parametrize("name", mg.cells.registry)
@pytest.mark.parametrize("method", ["bptt", "tape"])
def test_a_weight_that_is_edited_between_forward_and_backward_is_named(name, method):
    layer = Recurrent(mg.cells.registry[name](), method=method)
    named = list(layer.named_parameters())  # a recurrent weight, where there is one
    weight, parameter = next((key, p) for symbol in "UW" for key, p in named if symbol in key.split("."))
    y, _ = layer(mg.Tensor(x, requires_grad=True))
    with mg.no_grad():
        parameter.assign(numpy.zeros(parameter.shape))
    with pytest.raises(errors.TensorModifiedError, match=f"'{weight}', shape .* was edited"):
        y.backward(numpy.ones(y.shape))
    assert parameter.grad is None


def test_a_second_backward_pass_over_a_freed_graph_is_named():
    y, _ = gru()(x)
    y.backward(numpy.ones(y.shape))
    with pytest.raises(errors.GraphFreedError, match=r"backward through GRU through time: .*\n.*\n.*state\.detach\(\)"):
        y.backward(numpy.ones(y.shape))


MIXES = {
    "x": lambda layer: layer(strict_xp.zeros((5, 3, 2))),
    "state": lambda layer: layer(x, (strict_xp.zeros((3, 4)),)),
    "mask": lambda layer: layer(x, mask=strict_xp.ones((5, 3), dtype=bool)),
    "cotangent": lambda layer: layer(x)[0].backward(strict_xp.ones((5, 3, 4))),
}


@pytest.mark.parametrize("which", MIXES)
@pytest.mark.parametrize("method", ["bptt", "tape"])
def test_arrays_of_two_libraries_are_named(which, method):
    layer = Recurrent(mg.cells.GRU(2, 4, seed=0, dtype="float64"), method=method)
    with pytest.raises(errors.DeviceMixError) as caught:
        MIXES[which](layer)
    first, slip, remedy = str(caught.value).splitlines()
    assert first.startswith("arrays of two libraries in one operation") and "strict" in first and "numpy" in first
    assert slip == "  likely slip: one of them was made on the host and never moved"
    assert remedy == "  type: mg.backend.asarray(x, like=other), or mg.asnumpy(x) to come back to the host"
