"""Bidirectional: two readings, each from its own end of each sequence."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError, ShapeError, StateError
from minigate.layers import Bidirectional, Recurrent, Stack
from tests.contracts import differences
from tests.contracts.subjects import HOST, MASK, D, N, Subject, T, sequence
from tests.contracts.test_masks import near
from tests.contracts.test_three_ways import along_a_direction, compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
FORWARD, BACKWARD = 4, 3  # sizes


def layer(method: str = "bptt") -> Bidirectional:
    return Bidirectional(
        Recurrent(mg.cells.GRU(D, FORWARD, seed=0, dtype="float64"), method=method),
        Recurrent(mg.cells.LSTM(D, BACKWARD, seed=1, dtype="float64"), method=method),
    )


def subject(backend, method: str = "bptt", masked: bool = False, tokens: bool = False, x=None) -> Subject:
    mask = MASK if masked else None
    x = sequence((T, N, D), tokens=tokens, mask=mask) if x is None else x
    return Subject(layer(method), backend, x % D if tokens else x, mask)


@masks
@inputs
def test_by_hand_is_the_tape(backend, masked, tokens):
    hand, tape = (subject(backend, method, masked, tokens) for method in ("bptt", "tape"))
    for found, expected in zip(hand.outputs(), tape.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    for pattern, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, pattern)


@methods
@masks
@inputs
def test_gradients_are_the_differences_along_a_direction(method, masked, tokens):
    along_a_direction(subject(HOST, method, masked, tokens))


@methods
def test_each_direction_step_by_step(backend, method):
    """The forward half of y_t has seen x_1 … x_t, the backward half x_T … x_t, in that order."""
    whole = subject(backend, method)
    y, h, h_back, c_back = whole.outputs()
    x, start = whole.values["x"], [mg.Tensor(backend.to(whole.values[f"state.{k}"])) for k in range(3)]
    forward, backward = (direction.cell for direction in whole.layer.directions)
    state = (start[0],)
    for t in range(T):
        y_t, state = forward.step(mg.Tensor(backend.to(x[t])), state)
        assert near(backend.host(y_t), y[t, :, :FORWARD])
    assert near(backend.host(state[0]), h)
    state = (start[1], start[2])
    for t in reversed(range(T)):
        y_t, state = backward.step(mg.Tensor(backend.to(x[t])), state)
        assert near(backend.host(y_t), y[t, :, FORWARD:])
    assert near(backend.host(state[0]), h_back) and near(backend.host(state[1]), c_back)
    assert numpy.array_equal(y[-1, :, :FORWARD], h) and numpy.array_equal(y[0, :, FORWARD:], h_back)


@methods
@inputs
def test_a_masked_sequence_is_its_real_steps_alone(backend, method, tokens):
    """Padding at the end, holes in the middle, nothing real at all: each reading begins at the sequence's own end."""
    whole = subject(backend, method, masked=True, tokens=tokens)
    cotangents = whole.cotangents()["all"]
    y, *states = whole.outputs()
    gradients = whole.gradients(cotangents)
    assert not y[~MASK].any()
    if not tokens:
        assert not gradients["x"][~MASK].any()
    total = {key: numpy.zeros(parameter.shape) for key, parameter in whole.layer.named_parameters()}
    for n in range(N):
        real, own = MASK[:, n], slice(n, n + 1)
        if not real.any():  # nothing to read: both states are held, and their gradients with them
            for k, state in enumerate(states):
                assert numpy.array_equal(state[n], whole.values[f"state.{k}"][n])
                assert numpy.array_equal(gradients[f"state.{k}"][n], cotangents[1 + k][n])
            continue
        alone = Subject(whole.layer, backend, whole.values["x"][real, own])
        for key, value in whole.values.items():
            if key != "x":
                alone.values[key] = value[own] if key.startswith("state.") else value
        y_alone, *states_alone = alone.outputs()
        assert near(y_alone[:, 0], y[real, n])
        assert all(near(one[0], state[n]) for one, state in zip(states_alone, states, strict=True))
        parts = [cotangents[0][real, own], *(c[own] for c in cotangents[1:])]
        for key, found in alone.gradients(parts).items():
            if key == "x":
                assert near(found[:, 0], gradients["x"][real, n])
            elif key.startswith("state."):
                assert near(found[0], gradients[key][n]), key
            else:
                total[key] = total[key] + found
    assert all(near(total[key], gradients[key]) for key in total)


def test_a_mask_may_be_a_list_or_a_tensor(backend):
    x, both = backend.to(sequence((T, N, D))), layer()
    ways = [backend.to(MASK), MASK.tolist(), mg.Tensor(backend.to(MASK))]
    one, two, three = (backend.host(both(x, mask=mask)[0]) for mask in ways)
    assert numpy.array_equal(one, two) and numpy.array_equal(one, three)


def test_with_one_step_both_directions_read_the_same(backend):
    cells = [mg.cells.GRU(D, 4, seed=0, dtype="float64") for _ in range(2)]
    y, (one, other) = Bidirectional(*cells)(backend.to(sequence((1, N, D))))
    assert numpy.array_equal(backend.host(y)[..., :4], backend.host(y)[..., 4:])
    assert numpy.array_equal(backend.host(one[0]), backend.host(other[0]))


def test_two_of_them_in_a_stack():
    def stack(method):
        above = [mg.cells.RNN(FORWARD + BACKWARD, 2, seed=k, dtype="float64") for k in range(2)]
        return Stack([layer(method), Bidirectional(*(Recurrent(cell, method=method) for cell in above))])

    x = sequence((T, N, D), mask=MASK)
    hand, tape = (Subject(stack(method), HOST, x, MASK) for method in ("bptt", "tape"))
    for pattern, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, pattern)
    along_a_direction(hand)
    assert [key for key in hand.values if key.endswith("U")] == [f"layers.1.{way}.U" for way in ("forward", "backward")]


def test_sizes_names_and_what_it_is_called():
    both = layer()
    assert (both.D, both.output_size) == (D, FORWARD + BACKWARD)
    assert list(both.children()) == ["forward", "backward"]
    assert {name.split(".")[0] for name, _ in both.named_parameters()} == {"forward", "backward"}
    assert repr(Bidirectional(mg.cells.RNN(2, 3), mg.cells.RNN(2, 4))) == (
        "Bidirectional(Recurrent(RNN(D=2, H=3), method='bptt'), Recurrent(RNN(D=2, H=4), method='bptt'))"
    )


def test_misuse_is_named():
    cell = mg.cells.GRU(2, 4)
    with pytest.raises(OptionError) as caught:
        Bidirectional(cell, cell)
    assert (
        str(caught.value)
        == """\
Bidirectional: both directions have the same cell: expected two cells, each with weights of its own, got \
GRU(D=2, H=4) twice
  type: Bidirectional(GRU(D, H), GRU(D, H))"""
    )
    with pytest.raises(OptionError, match=r"read the same x: expected a backward layer with D=2, got GRU\(D=3, H=4\)"):
        Bidirectional(cell, mg.cells.GRU(3, 4))
    with pytest.raises(OptionError) as caught:
        Bidirectional(cell, mg.cells.GRU)
    assert (
        str(caught.value)
        == """\
Bidirectional: the backward direction is no recurrent layer: expected a cell or a Recurrent, got \
<class 'minigate.cells.gru.GRU'>
  likely slip: the class instead of an object of it"""
    )
    x, h = sequence((T, N, D)), numpy.zeros((N, FORWARD))
    with pytest.raises(StateError) as caught:
        layer()(x, (h,))
    assert (
        str(caught.value)
        == """\
Bidirectional: the state of two directions is a pair of states: expected (state of forward, state of backward), each \
a tuple, got tuple of length 1
  type: state=None to begin with zeros"""
    )
    with pytest.raises(ShapeError, match=r"GRU: wrong shape: expected x of shape \(T, N, D=2\), got \(3, 2\)"):
        layer()(x[0])
    with pytest.raises(ShapeError, match="expected mask of shape"):
        layer()(x, mask=numpy.ones((N, T), dtype=bool))


def test_a_trace_has_both_directions_each_number_where_its_x_stands():
    both, x, mask = layer(), sequence((T, N, D)), numpy.ones((T, N), dtype=bool)
    mask[-2:, 0] = False
    found = both.trace(x, mask=mask)
    with_time, against_time = (direction.trace for direction in both.directions)
    assert numpy.array_equal(found["forward.h"], with_time(x, mask=mask)["h"])
    assert numpy.array_equal(found["backward.h"], against_time(x[::-1], mask=mask[::-1])["h"][::-1])
    y = both(x, mask=mask)[0].data[mask]
    assert numpy.array_equal(y, numpy.concatenate([found["forward.h"], found["backward.h"]], axis=-1)[mask])
    stack = mg.layers.Stack([both, mg.layers.Recurrent(mg.cells.GRU(both.output_size, 2, dtype="float64"))])
    names = {"layers.0.forward.h", "layers.0.backward.h", "layers.1.update"}
    assert names < set(stack.trace(x, mask=mask))
