"""Stack: layers on top of one another, each with its own state."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.layers import Recurrent, Stack
from tests.contracts import differences
from tests.contracts.subjects import MASK, D, N, Subject, T, sequence
from tests.contracts.test_three_ways import compare

SIZES = (D, 4, 6, 5)


def stack(method: str | None = None) -> Stack:
    kinds = (mg.cells.GRU, mg.cells.LSTM, mg.cells.RNN)
    return Stack([
        Recurrent(kind(below, above, seed=k, dtype="float64"), method=method)
        for k, (kind, below, above) in enumerate(zip(kinds, SIZES, SIZES[1:], strict=False))
    ])  # fmt: skip


@pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
@pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
def test_by_hand_is_the_tape_through_all_layers(backend, masked, tokens):
    mask = MASK if masked else None
    x = sequence((T, N, D), tokens=tokens, mask=mask)
    x = x % D if tokens else x
    hand, tape = (Subject(stack(method), backend, x, mask) for method in ("bptt", "tape"))
    for found, expected in zip(hand.outputs(), tape.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    for pattern, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, pattern)


def test_the_state_has_one_tuple_for_each_layer():
    y, state = stack()(sequence((T, N, D)))
    assert y.shape == (T, N, 5)
    assert [[h.shape for h in own] for own in state] == [[(N, 4)], [(N, 6), (N, 6)], [(N, 5)]]
    again, _ = stack()(sequence((T, N, D)), state)
    assert not numpy.array_equal(again.data, y.data)


def test_a_layer_may_be_given_no_state_of_its_own():
    x = sequence((T, N, D))
    _, state = stack()(x)
    one, _ = stack()(x, (state[0], None, state[2]))
    zero = tuple(mg.Tensor(numpy.zeros((N, 6))) for _ in range(2))
    other, _ = stack()(x, (state[0], zero, state[2]))
    assert numpy.array_equal(one.data, other.data)


def test_the_mask_holds_every_layer(backend):
    subject = Subject(stack(), backend, sequence((T, N, D), mask=MASK), MASK)
    y, *states = subject.outputs()
    nothing = int(numpy.flatnonzero(~MASK.any(axis=0))[0])
    assert not y[~MASK].any()
    assert all(numpy.array_equal(h[nothing], subject.values[f"state.{k}"][nothing]) for k, h in enumerate(states))


def test_names_and_what_it_is_called():
    layers = stack()
    assert list(layers.children()) == ["layers.0", "layers.1", "layers.2"]
    assert [name for name, _ in layers.named_parameters()][-3:] == ["layers.2.W", "layers.2.U", "layers.2.b"]
    assert repr(Stack([Recurrent(mg.cells.RNN(2, 4))])) == "Stack([Recurrent(RNN(D=2, H=4), method='bptt')])"


@pytest.mark.parametrize("skip_input", [False, True])
def test_the_trace_has_every_layer_over_what_it_read(skip_input):
    skipped = D if skip_input else 0
    first, second = Recurrent(mg.cells.GRU(D, 4, seed=0)), Recurrent(mg.cells.LSTM(4 + skipped, 5, seed=1))
    layers = Stack([first, second], skip_input=skip_input)
    x = sequence((T, N, D), tokens=True) % D
    trace = layers.trace(x)
    assert {"layers.0.update", "layers.0.h", "layers.1.forget", "layers.1.c"} <= set(trace)
    y, state = layers(x)
    assert numpy.array_equal(trace["layers.1.h"], y.data)
    assert numpy.array_equal(trace["layers.0.h"], first(x)[0].data)
    again = layers.trace(x, state)
    assert numpy.array_equal(again["layers.1.c_prev"][0], state[1][1].data)
