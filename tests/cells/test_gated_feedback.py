"""Gated feedback: what is known about its numbers, what its gates see and touch, and every option of it."""

from __future__ import annotations

import re
from math import log

import numpy
import pytest

import minigate as mg
from minigate.cells import GatedFeedback, gated_feedback
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.contracts.differences import distance
from tests.contracts.subjects import MASK, N, Subject, T, sequence
from tests.contracts.test_three_ways import compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
units = pytest.mark.parametrize("unit", ["tanh", "lstm", "gru"])
D, SIZES = 5, [3, 2, 4]


def subject(backend, method="bptt", masked=False, tokens=False, H=SIZES, **options) -> Subject:
    mask = MASK if masked else None
    cell = GatedFeedback(6 if tokens else D, H, **{"seed": 0, "dtype": "float64"} | options)
    x = sequence((T, N, cell.D), tokens=tokens, mask=mask)
    return Subject(Recurrent(cell, method=method), backend, x, mask)


# ---- numbers worked by hand ----------------------------------------------------------------


@methods
def test_by_hand(backend, method):
    layer = Recurrent(GatedFeedback(1, [1, 1], dtype="float64"), method=method)
    weights = {name: numpy.zeros(array.shape) for name, array in layer.state_dict().items()}
    # x = 1, both layers begin at 1, so h* = (1, 1)
    # layer 1: g(1→1) = σ(ln 2 · x) = 2/3,  g(2→1) = σ(ln 3 · x) = 3/4
    #          2/3 · 3/4 ln 2 · 1  +  3/4 · 2/3 ln 3/2 · 1  =  ½ ln 2 + ½ ln 3/2  =  ½ ln 3,     h1 = 1/2
    # layer 2: g(1→2) = σ(2 ln 3 · h1) = σ(ln 3) = 3/4, the new h1 = 1/2, not the old;  g(2→2) = σ(ln 2 · 1) = 2/3
    #          3/4 · 2/3 ln 2 · 1  +  2/3 · 3/4 ln 2 · 1  =  ½ ln 4,     h2 = 3/5
    for name, value in {
        "layers.0.w.global.from0": log(2), "layers.0.w.global.from1": log(3),
        "layers.0.U.candidate.from0": 3 / 4 * log(2), "layers.0.U.candidate.from1": 2 / 3 * log(3 / 2),
        "layers.1.w.global.from0": 2 * log(3), "layers.1.u.global.from1": [[log(2)], [0.0]],
        "layers.1.U.candidate.from0": 2 / 3 * log(2), "layers.1.U.candidate.from1": 3 / 4 * log(2),
    }.items():  # fmt: skip
        weights[name][...] = value
    layer.load_state_dict(weights)
    one = backend.to(numpy.ones((1, 1)))
    y, state = layer(backend.to(numpy.ones((1, 1, 1))), (one, one))
    assert backend.host(y).ravel().tolist() == pytest.approx([1 / 2, 3 / 5], rel=1e-14)
    assert [float(backend.host(h)[0, 0]) for h in state] == pytest.approx([1 / 2, 3 / 5], rel=1e-14)


@pytest.mark.parametrize(
    ("unit", "size", "below", "all_parents"),
    [
        ("tanh", 303, 1.394, 1.396),
        ("gru", 165, 1.312, 1.313),
        ("lstm", 140, 1.301, 1.303),
        ("gru", 228, 2.287, 2.288),
        ("lstm", 191, 2.204, 2.205),
    ],
)
def test_the_papers_numbers_of_parameters(monkeypatch, unit, size, below, all_parents):
    """In millions, with the softmax that reads all layers: 1.4 as 1 × 1000 tanh units, more where as many units."""
    monkeypatch.setattr(gated_feedback, "orthogonal", lambda rng, shape: numpy.zeros(shape))  # only counted
    options = {"unit": unit, "gate_bias": True, "peephole": "diagonal" if unit == "lstm" else "none"}
    for gate_input, expected in (("below", below), ("all_parents", all_parents)):
        cell = GatedFeedback(205, [size] * 3, gate_input=gate_input, **options)
        softmax = mg.layers.Linear(cell.output_size, 205)
        count = sum(parameter.size for part in (cell, softmax) for parameter in part.parameters())
        assert round(count / 1e6, 3) == expected


# ---- reductions ----------------------------------------------------------------------------

#: The unit → the cell of a single layer, and the options of both.
PLAIN = {
    "tanh": (mg.cells.RNN, {}),
    "lstm": (mg.cells.LSTM, {}),
    "lstm, peepholes": (mg.cells.LSTM, {"peephole": "diagonal"}),
    "gru": (mg.cells.GRU, {}),
    "gru, before": (mg.cells.GRU, {"reset": "before"}),
}
plain_cells = pytest.mark.parametrize("plain", PLAIN)


def plain_names(values, unit):
    """The weights under their names in a stack or a plain cell; what a layer reads of x comes below the rest."""
    found = {}
    for name, value in values.items():
        if ".W_x." in name:
            continue
        if ".W." in name and name.replace(".W.", ".W_x.") in values:
            value = numpy.concatenate([value, values[name.replace(".W.", ".W_x.")]])
        name = re.sub(r"\.from\d$", "", name)
        found[name.removesuffix(".candidate") if unit == "tanh" else name] = value
    return found


@methods
@masks
@plain_cells
@pytest.mark.parametrize("skip_input", [True, False])
def test_with_gates_of_a_stack_it_is_a_stack(backend, method, masked, plain, skip_input):
    build, options = PLAIN[plain]
    unit = plain.split(",")[0]
    one = subject(backend, method, masked, unit=unit, gates="stack", skip_input=skip_input, **options)
    reads = [D, *(size + (D if skip_input else 0) for size in SIZES[:-1])]
    cells = [build(*sizes, dtype="float64", **options) for sizes in zip(reads, SIZES, strict=True)]
    layers = [Recurrent(cell, method=method) for cell in cells]
    stack = mg.layers.Stack(layers, skip_input=skip_input, skip_output=True)
    other = Subject(stack, backend, one.values["x"], one.mask)
    other.values = plain_names(one.values, unit)
    assert all(distance(*pair) <= 1e-13 for pair in zip(one.outputs(), other.outputs(), strict=True))
    for what, cotangents in one.cotangents().items():
        compare(plain_names(one.gradients(cotangents), unit), other.gradients(cotangents), 1e-11, what)


@methods
@masks
@plain_cells
@pytest.mark.parametrize("gates", ["open", "stack"])
def test_a_single_layer_without_gates_is_the_plain_cell(backend, method, masked, plain, gates):
    build, options = PLAIN[plain]
    unit = plain.split(",")[0]
    one = subject(backend, method, masked, H=4, unit=unit, gates=gates, **options)
    plain_layer = Recurrent(build(D, 4, dtype="float64", **options), method=method)
    other = Subject(plain_layer, backend, one.values["x"], one.mask)

    def renamed(values):
        return {name.removeprefix("layers.0."): value for name, value in plain_names(values, unit).items()}

    other.values = renamed(one.values)
    assert all(distance(*pair) <= 1e-13 for pair in zip(one.outputs(), other.outputs(), strict=True))
    for what, cotangents in one.cotangents().items():
        compare(renamed(one.gradients(cotangents)), other.gradients(cotangents), 1e-12, what)


@methods
@masks
@units
def test_a_global_gate_that_is_always_1_is_an_open_one(backend, method, masked, unit):
    one = subject(backend, method, masked, unit=unit, gate={"global": Constant(1.0)})
    other = subject(backend, method, masked, unit=unit, gates="open")
    other.values = {name: one.values[name] for name in other.values}
    assert all(distance(*pair) <= 1e-13 for pair in zip(one.outputs(), other.outputs(), strict=True))
    for what, cotangents in other.cotangents().items():
        found = one.gradients(cotangents)
        compare({name: found.pop(name) for name in other.values}, other.gradients(cotangents), 1e-12, what)
        assert found and not any(gradient.any() for gradient in found.values()), "this gate does not move"


@methods
def test_layers_whose_gates_are_shut_have_no_past(backend, method):
    one = subject(backend, method, gate={"global": Constant(0.0)})
    v, below, ys = one.values, one.values["x"], []
    for j in range(3):
        a = below @ v[f"layers.{j}.W.candidate"] + v[f"layers.{j}.b.candidate"]
        ys.append(numpy.tanh(a + v["x"] @ v[f"layers.{j}.W_x.candidate"] if j else a))
        below = ys[-1]
    assert distance(one.outputs()[0], numpy.concatenate(ys, axis=-1)) <= 1e-14


# ---- what a global gate is, sees and touches -----------------------------------------------


@masks
@units
@pytest.mark.parametrize("gate_input", ["below", "all_parents"])
def test_a_global_gate_is_one_number_made_of_the_layer_below_now_and_of_all_layers_before(
    backend, masked, unit, gate_input
):
    one = subject(backend, "bptt", masked, unit=unit, gate_input=gate_input)
    state = tuple(backend.to(one.values[f"state.{k}"]) for k in range(len(one.layer.cell.state_names)))
    mask = None if one.mask is None else backend.to(one.mask)
    trace = one.layer.trace(backend.to(one.values["x"]), state, mask)
    g = backend.host(one.layer.cell.global_gates(trace))
    trace = {name: backend.host(array) for name, array in trace.items()}
    real = MASK if masked else numpy.ones((T, N), dtype=bool)
    h_star = numpy.concatenate([trace[f"layers.{j}.h_prev"] for j in range(3)], axis=-1)
    assert g.shape == (T, N, 3, 3)
    for j in range(3):
        below = trace[f"layers.{j - 1}.h"] if j else one.values["x"]
        for i in range(3):
            pair = f"global.from{i}"
            a = below @ one.values[f"layers.{j}.w.{pair}"] + h_star @ one.values[f"layers.{j}.u.{pair}"]
            if j and gate_input == "all_parents":
                a = a + one.values["x"] @ one.values[f"layers.{j}.w_x.{pair}"]
            expected = 1.0 / (1.0 + numpy.exp(-a[..., 0]))
            assert distance(g[..., i, j][real], expected[real]) <= 1e-13
            assert numpy.array_equal(g[..., i, j], trace[f"layers.{j}.global"][..., i])


@pytest.mark.parametrize("unit", ["lstm", "gru"])
def test_the_gates_of_a_unit_are_not_touched_by_global_gates(backend, unit):
    """One step: whatever the global gates of the first layer are, its unit gates are the same, its candidate is not."""
    found = []
    for g in (0.0, 1.0):
        one = subject(backend, unit=unit, gate={"layers.0.global": Constant(g)})
        x = backend.to(one.values["x"][:1])
        state = tuple(backend.to(one.values[f"state.{k}"]) for k in range(len(one.layer.cell.state_names)))
        found.append({name: backend.host(array) for name, array in one.layer.trace(x, state).items()})
    for name in one.layer.cell.unit_gate_names:
        assert numpy.array_equal(*(each[f"layers.0.{name}"] for each in found))
    assert not numpy.array_equal(*(each["layers.0.h"] for each in found))


@units
def test_what_goes_up_is_not_gated(unit, backend):
    """Without a past, the global gates make no difference to anything."""
    ys = []
    for g in (0.0, 0.3, 1.0):
        one = subject(backend, unit=unit, gate={"global": Constant(g)})
        y, _ = one.layer(backend.to(one.values["x"][:1]))
        ys.append(backend.host(y))
    assert numpy.array_equal(ys[0], ys[1]) and numpy.array_equal(ys[0], ys[2])


def test_gates_that_are_fixed_are_read_as_ones_and_zeros():
    for gates, expected in (("open", numpy.ones((2, 2))), ("stack", numpy.eye(2))):
        cell = GatedFeedback(D, [3, 2], gates=gates, unit="lstm", seed=0)
        found = cell.global_gates(Recurrent(cell).trace(sequence((T, N, D), dtype="float32")))
        assert found.shape == (T, N, 2, 2) and numpy.array_equal(found[0, 0], expected)
