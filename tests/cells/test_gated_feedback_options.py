"""Gated feedback with every option: by hand and composed; how it begins, what it is called, what it refuses."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.cells import GatedFeedback
from minigate.errors import OptionError
from minigate.gates import Constant
from tests.cells.test_gated_feedback import SIZES, D, masks, subject, units
from tests.contracts.differences import distance
from tests.contracts.example_gates import CHOICES, FEW, ParametricSigmoid
from tests.contracts.subjects import HOST, N, T
from tests.contracts.test_three_ways import along_a_direction, compare

# ---- every option, by hand and composed ----------------------------------------------------

OPTIONS = {
    "as printed": {},
    "the author's": {"gate_input": "all_parents", "gate_bias": True},
    "no skips": {"skip_input": False, "gate_bias": True},
    "own": {"unit_gates": "own"},
    "open": {"gates": "open"},
    "open, own, no skips": {"gates": "open", "unit_gates": "own", "skip_input": False},
    "stack": {"gates": "stack"},
}
UNITS = {
    "tanh": {"unit": "tanh"},
    "lstm": {"unit": "lstm"},
    "lstm, peepholes": {"unit": "lstm", "peephole": "diagonal"},
    "gru": {"unit": "gru"},
    "gru, before": {"unit": "gru", "reset": "before", "H": [3, 3]},
}
#: Every option with every unit that it means something to: a tanh unit has no gates of its own.
WITH_A_MEANING = [
    pytest.param(option, unit, id=f"{option}-{unit}") for option in OPTIONS for unit in UNITS
    if unit != "tanh" or "unit_gates" not in OPTIONS[option]
]  # fmt: skip


@pytest.mark.parametrize("masked, tokens", [(True, False), (False, True)], ids=["floats", "tokens"])
@pytest.mark.parametrize("option, unit", WITH_A_MEANING)
def test_by_hand_is_the_tape_with_every_option(masked, tokens, unit, option):
    options = {"tokens": tokens, **UNITS[unit], **OPTIONS[option]}
    hand, composed = (subject(HOST, method, masked, **options) for method in ("bptt", "tape"))
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert distance(found, expected) <= 1e-12
    for what, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, what)


@pytest.mark.parametrize("option, unit", [
    each for each in WITH_A_MEANING if each.values[0] in ("as printed", "the author's", "own", "open", "stack")
])  # fmt: skip
def test_gradients_of_three_layers_are_the_differences_along_a_direction(unit, option):
    along_a_direction(subject(HOST, masked=True, **UNITS[unit], **OPTIONS[option]))


@masks
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("gate", [
    {"global": ParametricSigmoid()}, {"layers.1.global": ParametricSigmoid(), "global": mg.gates.HardSigmoid()},
])  # fmt: skip
def test_any_gate_may_stand_between_layers(masked, unit, gate):
    options = {"gate": gate, **UNITS[unit]}
    hand, composed = (subject(HOST, method, masked, **options) for method in ("bptt", "tape"))
    assert "layers.1.global.gate.k" in hand.values and ("layers.0.global.gate.k" in hand.values) == (len(gate) == 1)
    assert hand.values["layers.1.global.gate.k"].shape == (len(hand.layer.cell.sizes),), "a unit for every source"
    for what, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, what)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice not in FEW])
def test_every_choice_of_gates(unit, choice):
    names = subject(HOST, **UNITS[unit]).layer.cell.gate_names
    options = {"gate": CHOICES[choice](names), **UNITS[unit]}
    hand, composed = (subject(HOST, method, masked=True, **options) for method in ("bptt", "tape"))
    for what, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, what)


def test_a_gate_by_its_name_goes_before_one_for_all_layers():
    hard, constant = mg.gates.HardSigmoid(), Constant(0.5)
    cell = GatedFeedback(D, [3, 2], unit="gru", gate={"layers.1.update": constant, "update": hard})
    assert cell.gates["layers.0.update"] is hard and cell.gates["layers.1.update"] is constant
    assert isinstance(cell.gates["layers.1.global"], mg.gates.Sigmoid)
    assert all(gate is hard for gate in GatedFeedback(D, [3, 2], unit="lstm", gate=hard).gates.values())


# ---- how it begins, and what it is called --------------------------------------------------


@units
def test_the_authors_way_to_begin(unit):
    cell = GatedFeedback(D, SIZES, unit=unit, gate_input="all_parents", gate_bias=True, init="author", seed=0)
    ends = numpy.cumsum([0, *SIZES])
    for name, array in cell.state_dict().items():
        symbol = name.split(".")[2]
        if symbol in ("W", "W_x", "w", "w_x", "u"):
            assert 0.0 < numpy.abs(array).max() <= 0.08, name
        elif symbol == "b":
            assert not array.any(), name
        else:  # one orthogonal block for every layer that is read
            whole = array.shape[0] == sum(SIZES)
            for first, end in zip(ends, ends[1:], strict=False) if whole else [(0, array.shape[0])]:
                block = array[first:end] if end - first <= array.shape[1] else array[first:end].T
                numpy.testing.assert_allclose(block @ block.T, numpy.eye(len(block)), atol=1e-6)


@pytest.mark.parametrize("options, expected", [
    ({}, 1.0), ({"init": "author"}, 0.0), ({"forget_bias": 0.0}, 0.0), ({"init": "author", "forget_bias": 2.0}, 2.0),
])  # fmt: skip
def test_where_the_forget_bias_begins(options, expected):
    weights = GatedFeedback(D, SIZES, unit="lstm", **options).state_dict()
    assert all(numpy.all(weights[f"layers.{j}.b.forget"] == expected) for j in range(3))
    assert not any(weights[f"layers.{j}.b.input"].any() for j in range(3))


@units
def test_its_state_and_its_output_are_those_of_all_layers(backend, unit):
    one = subject(backend, unit=unit)
    cell = one.layer.cell
    each = ["h", "c"] if unit == "lstm" else ["h"]
    assert cell.state_names == tuple(f"layers.{j}.{name}" for j in range(3) for name in each)
    assert [h.shape for h in cell.initial_state(7)] == [(7, size) for size in SIZES for _ in each]
    y, *state = one.outputs()
    assert cell.output_size == cell.H == 9 and y.shape == (T, N, 9)
    parts = cell.split(y)
    assert [part.shape for part in parts] == [(T, N, size) for size in SIZES]
    assert all(numpy.array_equal(part[-1], h) for part, h in zip(parts, state[:: len(each)], strict=True))
    assert [part.shape for part in cell.split(mg.Tensor(y))] == [(T, N, size) for size in SIZES]


def test_a_single_number_is_a_single_layer():
    assert GatedFeedback(D, 4).sizes == GatedFeedback(D, [4]).sizes == (4,)
    assert GatedFeedback(D, numpy.array([4, 3])).sizes == (4, 3)


def test_what_it_is_called():
    assert repr(GatedFeedback(2, [3, 1])) == "GatedFeedback(D=2, H=[3, 1], unit='tanh')"
    cell = GatedFeedback(2, [3], unit="lstm", gate_bias=True, peephole="diagonal", gate={"global": Constant(1.0)})
    assert repr(cell).startswith("GatedFeedback(D=2, H=[3], unit='lstm', gate_bias=True, peephole='diagonal', gate={")
    assert repr(GatedFeedback(2, [3], gates="stack")) == "GatedFeedback(D=2, H=[3], unit='tanh', gates='stack')"


ERRORS = {
    "no layer": ({"H": []}, """\
GatedFeedback: H has the hidden size of every layer, from the bottom up: expected whole numbers H_j >= 1, \
at least one, got []
  type: GatedFeedback(D=28, H=[100, 100, 100])"""),
    "an empty layer": ({"H": [3, 0]}, "whole numbers H_j >= 1, at least one, got [3, 0]"),
    "a size that is none": ({"H": "33"}, "whole numbers H_j >= 1, at least one, got '33'"),
    "D": ({"D": 0}, "GatedFeedback: D is the input size: expected a whole number D >= 1, got 0"),
    "another unit": ({"unit": "LSTM"}, """\
GatedFeedback: what is a layer made of?: expected unit='tanh' or 'lstm' or 'gru', got 'LSTM'"""),
    "other gates": ({"gates": None}, """\
GatedFeedback: what are the global gates?: expected gates='learned' or 'open' (g = 1) or 'stack' (g = 1 from a layer \
to itself, else 0), got None"""),
    "another input": ({"gate_input": "x"}, """\
expected gate_input='below' (the layer below, as printed) or 'all_parents' (and x, as in the author's code), \
got 'x'"""),
    "a bias of 1": ({"gate_bias": 1}, "do the global gates have a bias?: expected gate_bias=True or False, got 1"),
    "gates of units": ({"unit_gates": "none"}, """\
whose past do the gates of a unit see?: expected unit_gates='all' (that of all layers) or 'own' (their own layer's) or \
None (all; own in a stack), got 'none'"""),
    "another reset": ({"unit": "gru", "reset": "both"}, "reset='after' (h U, then r ⊙) or 'before' (r ⊙ h, then U)"),
    "how to begin": ({"init": "zeros"}, "expected init='glorot' (as in the other cells) or 'author'"),
    "peepholes of a GRU": ({"unit": "gru", "peephole": "diagonal"}, """\
GatedFeedback: peepholes look at c, which only the LSTM has: got peephole='diagonal' with unit='gru'"""),
    "a reset of an LSTM": ({"unit": "lstm", "reset": "before"}, """\
GatedFeedback: only the GRU has a reset gate: got reset='before' with unit='lstm'"""),
    "a stack that sees all": ({"unit": "gru", "gates": "stack", "unit_gates": "all"}, """\
GatedFeedback: in a stack a layer sees no past but its own: got unit_gates='all' with gates='stack'"""),
    "gates of a tanh unit": ({"unit_gates": "own"}, """\
GatedFeedback: a tanh unit has no gates: got unit_gates='own' with unit='tanh'"""),
    "a forget gate of a GRU": ({"unit": "gru", "forget_bias": 1.0}, """\
GatedFeedback: only the LSTM has a forget gate: got forget_bias=1.0 with unit='gru'"""),
    "a bias of open gates": ({"gates": "open", "gate_bias": True}, """\
GatedFeedback: what is not learned has no bias: got gate_bias=True with gates='open'"""),
    "what a stack's gates read": ({"gates": "stack", "gate_input": "all_parents"}, """\
GatedFeedback: what is not learned reads nothing: got gate_input='all_parents' with gates='stack'"""),
    "all parents, and x not among them": ({"skip_input": False, "gate_input": "all_parents"}, """\
GatedFeedback: x is a parent of no layer above the first: got gate_input='all_parents' with skip_input=False"""),
    "a bias that is none": ({"unit": "lstm", "forget_bias": float("nan")}, """\
GatedFeedback: forget_bias is a number: expected a finite number forget_bias, got nan"""),
    "a reset of other sizes": ({"unit": "gru", "reset": "before"}, """\
GatedFeedback: with the reset before the product, r of a layer multiplies the states of all layers: expected layers of \
one size, got H=[3, 2, 4]
  type: reset="after", or one size for all layers"""),
    "a gate that is not there": ({"gates": "open", "gate": {"global": Constant(1.0)}, "unit": "gru", "H": [2]}, """\
GatedFeedback: there is no gate 'global': expected one of update, reset, layers.0.update, layers.0.reset, \
got 'global'"""),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    options, text = ERRORS[case]
    with pytest.raises(OptionError) as caught:
        GatedFeedback(**{"D": D, "H": SIZES} | options)
    assert text in str(caught.value)
