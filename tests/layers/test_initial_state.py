"""A learned initial state: one row that every sequence begins with."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.cells import Cell
from minigate.errors import OptionError
from minigate.layers import Bidirectional, Recurrent
from tests.contracts.subjects import MASK, D, H, N, Subject, T, sequence
from tests.contracts.test_masks import near
from tests.contracts.test_three_ways import compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
cells = pytest.mark.parametrize("name", mg.cells.registry)
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


class Counting(Cell):
    """An accumulator that knows how many steps it has seen: a floating state and one of whole numbers."""

    state_names = ("total", "count")

    def __init__(self, D, H):
        super().__init__(D, H)
        self.parameter("W", numpy.ones((D, H)), "float64")

    def initial_state(self, N, like=None):
        (total, _) = super().initial_state(N, like)
        return total, mg.Tensor(mg.backend.asarray(numpy.full((N, 1), 3), like=total.data))

    def step(self, x_t, state):
        total, count = state
        total = total + (x_t @ self["W"]) * mg.ops.cast(count, dtype=total.dtype)
        return total, (total, count + 1)


def learned(name: str, method: str | None = None) -> Recurrent:
    cell = mg.cells.registry[name]()
    return Recurrent(cell, method=method if cell.written_by_hand else "tape", initial="learned")


@cells
def test_it_begins_where_the_cell_does(name):
    layer = learned(name)
    floating = [
        (f"initial.{key}", zero) for key, zero in zip(layer.cell.state_names, layer.cell.initial_state(1), strict=True)
        if zero.dtype.kind == "f"
    ]  # fmt: skip
    own = {key: value for key, value in layer.named_parameters() if key.startswith("initial.")}
    assert list(own) == [key for key, _ in floating] and list(layer.state_dict())[: len(own)] == list(own)
    assert all(numpy.array_equal(own[key].data, zero.data[0]) for key, zero in floating)
    x = sequence((T, N, D))
    y, state = layer(x)
    y_same, state_same = Recurrent(layer.cell, method=layer.method)(x)
    for one, other in zip([y, *state], [y_same, *state_same], strict=True):
        assert numpy.array_equal(one.data, other.data)


@cells
@methods
@masks
def test_its_gradient_is_that_of_the_state_summed_over_the_batch(backend, name, method, masked):
    layer, mask = learned(name, method), MASK if masked else None
    whole = Subject(layer, backend, sequence((T, N, D), mask=mask), mask)
    cotangents = whole.cotangents()["all"]
    own = [key for key in whole.values if key.startswith("initial.")]
    states = dict(zip(layer.cell.state_names, [f"state.{k}" for k in range(len(layer.cell.state_names))], strict=True))
    for key in own:
        state = states[key.removeprefix("initial.")]
        whole.values[state] = numpy.broadcast_to(whole.values[key], whole.values[state].shape).copy()
    for state, key in states.items():
        if f"initial.{state}" not in own:  # a count of steps is not learnt: it begins at 0
            whole.values[key] = numpy.zeros_like(whole.values[key])
    expected, y = whole.gradients(cotangents), whole.outputs()[0]
    assert not any(expected[key].any() for key in own), "a state that is passed in wins"
    total = {key: expected[states[key.removeprefix("initial.")]].sum(axis=0) for key in own}

    moved = [None if c is None else backend.to(c) for c in cotangents]
    x = mg.Tensor(backend.to(whole.values["x"]), requires_grad=True)
    y_own, state = layer(x, mask=None if mask is None else backend.to(mask))
    parameters = dict(layer.named_parameters())
    found = mg.grad([y_own, *state], [x, *parameters.values()], moved)
    assert near(backend.host(y_own), y)
    found = {key: backend.host(gradient) for key, gradient in zip(["x", *parameters], found, strict=True)}
    compare(found, {key: total.get(key, expected[key]) for key in found}, 1e-12, "all")


def test_a_sequence_of_which_nothing_is_real_hands_its_gradient_to_the_learned_state(backend):
    layer = learned("LSTM")
    _, (h, c) = layer(backend.to(sequence((T, N, D))), mask=backend.to(numpy.zeros((T, N), dtype=bool)))
    h.backward(backend.to(numpy.ones((N, H))))
    assert backend.host(layer["initial.h"].grad).tolist() == [float(N)] * H


def test_whole_numbers_are_not_learned():
    layer = Recurrent(Counting(D, H), initial="learned")
    assert list(layer.state_dict()) == ["initial.total", "W"]
    layer["initial.total"].assign(numpy.full(H, 2.0))
    y, (total, count) = layer(numpy.ones((2, N, D)))
    # 2 from the beginning; 3 · 2 in the first step, which the counter calls the third, and 4 · 2 in the next
    assert y.data[:, 0, 0].tolist() == [8.0, 16.0] and count.data.tolist() == [[5]] * N
    y.backward(numpy.ones(y.shape))
    assert layer["initial.total"].grad.data.tolist() == [2.0 * N] * H and total.shape == (N, H)


def test_in_two_directions_each_has_its_own():
    cells = [mg.cells.RNN(D, H, seed=k, dtype="float64") for k in range(2)]
    layer = Bidirectional(*(Recurrent(cell, initial="learned") for cell in cells))
    y, _ = layer(sequence((T, N, D)))
    y.backward(numpy.ones(y.shape))
    assert all(layer.directions[k]["initial.h"].grad.data.any() for k in range(2))
    assert {"forward.initial.h", "backward.initial.h"} <= set(layer.state_dict())


def test_float32_and_what_it_is_called():
    layer = Recurrent(mg.cells.GRU(D, H, dtype="float32", seed=0), initial="learned")
    assert layer["initial.h"].dtype == "float32"
    y, (h,) = layer(sequence((T, N, D), dtype="float32"))
    assert y.dtype == h.dtype == "float32"
    assert repr(layer) == "Recurrent(GRU(D=2, H=4), method='bptt', initial='learned')"
    assert (layer.D, layer.output_size) == (D, H)
    with pytest.raises(OptionError, match="unknown initial state: expected initial='zeros' or 'learned', got 'random'"):
        Recurrent(mg.cells.GRU(D, H), initial="random")
