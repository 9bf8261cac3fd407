"""The loop through time: that its blocks, its short cuts and its bookkeeping change no number."""

from __future__ import annotations

import sys

import numpy
import pytest

import minigate as mg
from minigate.layers import Recurrent
from tests.contracts import differences
from tests.contracts.example_gates import FEW, cells_and_gates
from tests.contracts.subjects import D, H, K, N, Subject, recurrent, sequence
from tests.contracts.test_three_ways import compare
from tests.strict_double import count_syncs, traffic

BY_HAND = [each for each in cells_and_gates(FEW) if mg.cells.registry[each[0]]().written_by_hand]
cells = pytest.mark.parametrize("name, choice", BY_HAND)
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])

loop = sys.modules["minigate.bptt.loop"]
input_share = sys.modules["minigate.bptt.input_share"]


@cells
@masks
@inputs
def test_the_size_of_a_block_of_steps_does_not_matter(backend, monkeypatch, name, choice, masked, tokens):
    """Blocks of one step, and blocks that do not divide T = 5, forward and back."""
    subject = recurrent(name, choice, backend, masked=masked, tokens=tokens)
    cotangents = subject.cotangents()["all"]
    outputs, gradients = subject.outputs(), subject.gradients(cotangents)
    for steps in (1, 2, 3):
        monkeypatch.setattr(loop, "BLOCK", steps * N * H * len(subject.layer.cell.blocks))
        for found, expected in zip(subject.outputs(), outputs, strict=True):
            assert differences.distance(found, expected) <= 1e-13
        compare(subject.gradients(cotangents), gradients, 1e-12, f"blocks of {steps} steps")


def test_the_gradient_of_rows_is_the_product_with_the_one_hot_matrix(backend):
    rng = numpy.random.default_rng(0)
    tokens, da = rng.integers(0, 7, 40), rng.normal(size=(40, 3))
    tokens[tokens == 2] = 3  # one that never comes
    found = input_share._rows_by_token(backend.xp, backend.to(tokens), backend.to(da), 8)
    assert differences.distance(backend.host(found), numpy.eye(8)[tokens].T @ da) <= 1e-14


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64"])
def test_tokens_may_be_whole_numbers_of_any_kind(backend, dtype):
    subject = recurrent("GRU-after", "none", backend, tokens=True)
    expected = subject.outputs()
    subject.values["x"] = subject.values["x"].astype(dtype)
    for found, same in zip(subject.outputs(), expected, strict=True):
        assert numpy.array_equal(found, same)


@cells
def test_a_long_sequence_agrees_with_the_tape(name, choice):
    """150 steps with the weights that a cell begins with; with larger ones the states are chaotic."""
    from tests.contracts.example_gates import build_cell
    from tests.contracts.subjects import HOST

    cell = build_cell(name, choice)
    start = cell.state_dict()
    one, other = (Subject(Recurrent(cell, method=method), HOST, sequence((150, N, D))) for method in ("bptt", "tape"))
    one.values |= start
    other.values = one.values
    cotangents = one.cotangents()["all"]
    compare(one.gradients(cotangents), other.gradients(cotangents), 1e-10, "150 steps")


@cells
@masks
def test_the_device_is_not_waited_for_inside_the_loop(name, choice, masked):
    """On a GPU every wait and every copy costs more than a step. Floats need none: nothing looks at their values.

    A state of whole numbers, a clock, is looked at once, before the loop: who works when has to be known there.
    """
    from tests.conftest import Backend
    from tests.strict_double import strict_xp

    strict = Backend("strict", strict_xp)
    for T in (2, 5):
        subject = recurrent(name, choice, strict, masked=masked, T=T)
        mask = strict.to(subject.mask) if masked else None
        inputs, _ = subject.call()
        cotangents = [None if c is None else strict.to(numpy.nan_to_num(c)) for c in subject.cotangents()["all"]]
        copies = traffic.transfers
        with mg.use("strict"), count_syncs() as waits:
            y, state = subject.layer(inputs["x"], mask=mask)
            mg.grad([y, *state], list(inputs.values()), cotangents, unused="zero")
        looks = any(h.dtype.kind != "f" for h in subject.layer.cell.initial_state(1))
        assert (len(waits), traffic.transfers - copies) == (looks, 0)


def test_nothing_is_computed_for_an_input_that_wants_no_gradient(monkeypatch):
    seen = []

    def watched(cell, trace, wanted):
        seen.append(wanted)
        return input_share.input_gradients(cell, trace, wanted)

    monkeypatch.setattr(loop, "input_gradients", watched)
    layer = Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64"))
    x = sequence((5, N, D))
    for wanted in (False, True):
        y, _ = layer(mg.Tensor(x, requires_grad=wanted))
        y.backward(numpy.ones(y.shape))
    assert seen == [False, True]


def test_without_a_tape_a_sequence_leaves_none():
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"))
    with mg.no_grad():
        y, state = layer(sequence((5, N, D)))
    assert not y.requires_grad and not any(h.requires_grad for h in state)


def test_a_whole_sequence_is_one_node():
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"))
    y, (h, c) = layer(sequence((5, N, D)))
    assert y._node is h._node is c._node
    assert y._node.name == "LSTM through time"


@cells
def test_the_way_through_time_can_be_exchanged(backend, name, choice):
    """``through=mg.bptt.tape`` is the composed way, in the place of full backpropagation through time."""
    hand = recurrent(name, choice, backend)
    expected = hand.gradients(cotangents := hand.cotangents()["all"])
    hand.layer.through = mg.bptt.tape
    assert hand.call()[1][0]._node.name == "stack"
    compare(hand.gradients(cotangents), expected, 1e-10, "through the tape")


def test_backward_leaves_gradients_on_the_leaves_and_adds_to_them():
    layer = Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64"))
    x, cotangent = sequence((5, N, D)), numpy.random.default_rng(0).normal(size=(5, N, H))
    expected = mg.grad(layer(x)[0], layer.parameters(), cotangent)
    assert all(p.grad is None for p in layer.parameters())
    for times in (1, 2):
        layer(x)[0].backward(cotangent)
        for p, gradient in zip(layer.parameters(), expected, strict=True):
            numpy.testing.assert_allclose(p.grad.data, times * gradient.data, rtol=1e-12)
    layer.zero_grad()
    assert all(p.grad is None for p in layer.parameters())


def test_every_gradient_has_memory_of_its_own():
    """The gradients of W and b are columns of one product inside; outside, no two share memory."""
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"))
    y, _ = layer(sequence((5, N, D)))
    y.backward(numpy.ones(y.shape))
    grads = [p.grad.data for p in layer.parameters()]
    assert not any(numpy.shares_memory(a, b) for k, a in enumerate(grads) for b in grads[:k])


def test_the_vocabulary_of_these_tests_repeats_tokens_and_leaves_some_out():
    tokens = sequence((5, N), tokens=True)
    assert len(set(tokens.ravel().tolist())) < min(tokens.size, K + 1)


def test_the_ways_take_arrays_as_the_layers_do():
    cell, x = mg.cells.GRU(D, H, seed=0, dtype="float64"), sequence((3, N, D))
    state = (numpy.ones((N, H)),)
    for way in (mg.bptt.full, mg.bptt.tape):
        y, (h,) = way(cell, x, state)
        expected, (after,) = Recurrent(cell)(x, state)
        assert numpy.allclose(y.data, expected.data, atol=1e-14) and numpy.allclose(h.data, after.data, atol=1e-14)
    grid = mg.cells.MDLSTM(D, H, seed=0, dtype="float64")
    y, composed = (way(grid, x[None]) for way in (mg.bptt.wavefront, mg.bptt.raster))
    assert numpy.allclose(y.data, composed.data, atol=1e-14)
