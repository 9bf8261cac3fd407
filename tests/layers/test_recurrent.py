"""Recurrent: which way it takes, what it lets one see, and what it is called."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.layers import Recurrent
from tests.contracts.example_gates import cells_and_gates
from tests.contracts.subjects import MASK, D, H, N, T, recurrent, sequence
from tests.contracts.test_masks import near

BY_HAND = [each for each in cells_and_gates() if mg.cells.registry[each[0]]().written_by_hand]


@pytest.mark.parametrize("name", mg.cells.registry)
def test_a_cell_by_hand_takes_the_fast_way_unless_told_otherwise(name):
    cell = mg.cells.registry[name]()
    assert Recurrent(cell).method == ("bptt" if cell.written_by_hand else "tape")
    assert Recurrent(cell, method="tape").method == "tape"


def test_shapes_kinds_and_dtype():
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0))
    y, state = layer(sequence((T, N, D), dtype="float32"))
    assert isinstance(y, mg.Tensor) and y.shape == (T, N, H) and y.dtype == "float32"
    assert isinstance(state, tuple) and [h.shape for h in state] == [(N, H), (N, H)]
    assert numpy.array_equal(y.data[-1], state[0].data)


def test_x_may_be_an_array_a_tensor_or_a_list(backend):
    layer = Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64"))
    x = sequence((T, N, D))
    one, two = (backend.host(layer(each)[0]) for each in (backend.to(x), mg.Tensor(backend.to(x))))
    assert numpy.array_equal(one, two)
    with mg.default_dtype("float64"):
        assert numpy.array_equal(backend.host(layer(x.tolist())[0]), one)


def test_the_states_may_be_arrays_or_tensors_in_a_tuple_or_a_list(backend):
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"))
    x = backend.to(sequence((T, N, D)))
    h, c = (backend.to(sequence((N, H)) + k) for k in range(2))
    ways = [(h, c), [h, c], (mg.Tensor(h), c)]
    one, two, three = (backend.host(layer(x, state)[0]) for state in ways)
    assert numpy.array_equal(one, two) and numpy.array_equal(one, three)


def test_its_parameters_are_those_of_the_cell_under_the_same_names():
    cell = mg.cells.GRU(D, H, seed=0)
    layer = Recurrent(cell)
    assert dict(layer.named_parameters()).keys() == dict(cell.named_parameters()).keys()
    assert all(p is cell[name] for name, p in layer.named_parameters())
    assert layer.children() == {"": cell} and layer.cell is cell
    assert repr(layer) == "Recurrent(GRU(D=2, H=4), method='bptt')"


@pytest.mark.parametrize("name, choice", BY_HAND)
@pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
def test_the_trace_shows_every_state_and_gate_over_time(backend, name, choice, masked):
    subject = recurrent(name, choice, backend, masked=masked)
    layer, cell = subject.layer, subject.layer.cell
    state = tuple(mg.Tensor(backend.to(subject.values[f"state.{k}"])) for k in range(len(cell.state_names)))
    mask = backend.to(MASK) if masked else None
    with mg.no_grad():
        y, *final = subject.outputs()
    trace = layer.trace(backend.to(subject.values["x"]), state, mask)
    trace = {key: backend.host(array) for key, array in trace.items()}
    assert all(array.shape[:2] == (T, N) for array in trace.values())
    for k, (name, end) in enumerate(zip(cell.state_names, final, strict=True)):
        assert near(trace[name][-1], end)
        assert near(trace[f"{name}_prev"][0], subject.values[f"state.{k}"])
        assert near(trace[f"{name}_prev"][1:], trace[name][:-1])
    real = MASK if masked else numpy.ones((T, N), dtype=bool)
    assert near(trace["h"][real], y[real])
    for gate in getattr(cell, "gate_names", ()):
        assert trace[gate].shape == (T, N, cell.gate_size(gate))
        assert trace[gate].min() >= 0.0 and trace[gate].max() <= 1.0 and trace[gate].std() > 0.0


@pytest.mark.parametrize("reset", ["after", "before"])
def test_the_gates_of_the_trace_are_those_of_the_equations(backend, reset):
    subject = recurrent(f"GRU-{reset}", "sigmoid", backend)
    v = subject.values
    trace = subject.layer.trace(backend.to(v["x"]), (backend.to(v["state.0"]),))
    h_prev = backend.host(trace["h_prev"])
    for gate in ("update", "reset"):
        a = v["x"] @ v[f"W.{gate}"] + h_prev @ v[f"U.{gate}"] + v[f"b.{gate}"]
        assert near(backend.host(trace[gate]), 1.0 / (1.0 + numpy.exp(-a)))


def test_the_trace_of_an_lstm_holds_its_equations(backend):
    subject = recurrent("LSTM", "sigmoid", backend)
    x, state = backend.to(subject.values["x"]), [backend.to(subject.values[f"state.{k}"]) for k in range(2)]
    trace = {key: backend.host(array) for key, array in subject.layer.trace(x, state).items()}
    assert near(trace["c"], trace["forget"] * trace["c_prev"] + trace["input"] * trace["candidate"])
    assert near(trace["h"], trace["output"] * numpy.tanh(trace["c"]))


def test_one_cell_in_two_layers_is_one_set_of_weights():
    """Sharing a cell shares its weights: the gradient is the sum of both uses, the parameters come once."""
    cell = mg.cells.RNN(H, H, seed=0, dtype="float64")
    stack = mg.layers.Stack([Recurrent(cell), Recurrent(cell, method="tape")])
    assert len(stack.parameters()) == 3
    assert list(stack.state_dict()) == ["layers.0.W", "layers.0.U", "layers.0.b"]
    copies = [mg.cells.RNN(H, H, seed=0, dtype="float64") for _ in range(2)]
    apart = mg.layers.Stack([Recurrent(copy) for copy in copies])
    x, cotangent = sequence((T, N, H)), numpy.random.default_rng(1).normal(size=(T, N, H))
    for each in (stack, apart):
        each(x)[0].backward(cotangent)
    for name in ("W", "U", "b"):
        assert near(cell[name].grad.data, copies[0][name].grad.data + copies[1][name].grad.data)
