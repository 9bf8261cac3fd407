"""Gradient flow: each length held to a derivative that was found in another way, and the bookkeeping of lags."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.bptt.gradient_flow import last_output
from minigate.bptt.loop import backward_through_time, forward_through_time
from minigate.errors import DTypeError, OptionError, ShapeError
from tests.contracts import differences
from tests.contracts.subjects import MASK, D, H, K, N, T, sequence

Recurrent, Stack = mg.layers.Recurrent, mg.layers.Stack

every_cell = pytest.mark.parametrize("name", mg.cells.registry)
KEEP_THEIRS = {"RNN": ("h",), "LSTM": ("h", "c"), "GRU-after": ("h",), "GRU-before": ("h",)}


def rows(array):
    """The length of each row, over everything but the first axis or axes (T, N)."""
    return numpy.sqrt((array * array).reshape(*array.shape[:-1], -1).sum(axis=-1))


def cotangent_of(layer, x, mask=None, seed=0):
    y, _ = layer(x, mask=mask)
    return numpy.random.default_rng(seed).normal(size=y.shape)


def state_of(cell, seed=1):
    """A state that is not zero; whole numbers stay as they are."""
    rng = numpy.random.default_rng(seed)
    return tuple(
        mg.Tensor(h.data + 0.5 * rng.normal(size=h.shape) if h.dtype.kind == "f" else h.data)
        for h in cell.initial_state(N)
    )


@every_cell
def test_the_initial_state_has_the_gradient_that_comes_out_by_hand(name):
    layer = Recurrent(mg.cells.registry[name]())
    x, state = sequence((T, N, D)), state_of(layer.cell)
    dy = cotangent_of(layer, x)
    flow = mg.gradient_flow(layer, x, dy, state)
    start = [mg.Tensor(h.data, requires_grad=h.dtype.kind == "f") for h in state]
    y, _ = layer(x, tuple(start))
    wanted = {s: h for s, h in zip(layer.cell.state_names, start, strict=True) if h.requires_grad}
    for (label, norms), d in zip(flow.norms.items(), mg.grad(y, list(wanted.values()), dy, unused="zero"), strict=True):
        assert label in wanted and norms.shape == (T + 1, N)
        expected = numpy.sqrt((d.data**2).reshape(N, -1).sum(axis=1))
        numpy.testing.assert_allclose(norms[0], expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", KEEP_THEIRS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "mask"])
def test_it_is_what_the_loop_by_hand_carries(name, mask):
    """The loop can keep the gradient of the state at every step; it is made of other lines than the tape's."""
    layer = Recurrent(mg.cells.registry[name]())
    x, state = sequence((T, N, D)), [h.data for h in state_of(layer.cell)]
    dy = cotangent_of(layer, x)
    _, _, trace = forward_through_time(numpy, layer.cell, x, state, mask)
    trace.keeps_dstate = True
    backward_through_time(layer.cell, trace, dy, [None] * len(state), mask)
    flow = mg.gradient_flow(layer, x, dy, tuple(state), mask)
    for s in KEEP_THEIRS[name]:
        numpy.testing.assert_allclose(flow.norms[s][1:], rows(trace[f"d{s}"]), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", ["RNN", "GRU-after", "GRU-before"])
def test_it_is_the_difference_quotient_of_beginning_again_at_a_state(name):
    """Begin at step t with another h: what the later outputs change by, and, of y_t = h_t itself, its cotangent."""
    layer = Recurrent(mg.cells.registry[name]())
    x = sequence((T, N, D))
    dy = cotangent_of(layer, x)
    states = [layer.cell.initial_state(N)[0].data] + [layer(x[: t + 1])[1][0].data for t in range(T)]
    flow = mg.gradient_flow(layer, x, dy)
    for t, h in enumerate(states):
        own = dy[t - 1] if t else 0.0
        if t < T:

            def rest(values, t=t):
                return [layer(x[t:], (values["h"],))[0].data]

            columns = differences.jacobian(rest, {"h": h}, "h")
            own = own + differences.gradient(columns, [dy[t:]], h.shape)
        numpy.testing.assert_allclose(flow.norms["h"][t], rows(own), rtol=1e-8)


def test_the_derivative_with_respect_to_c_has_the_way_by_h_of_the_same_step():
    layer = Recurrent(mg.cells.LSTM(D, H, seed=0, dtype="float64"))
    x = sequence((T, N, D))
    dy = numpy.zeros((T, N, H))
    dy[-1] = numpy.random.default_rng(0).normal(size=(N, H))
    trace = layer.trace(x)
    expected = dy[-1] * trace["output"][-1] * (1.0 - numpy.tanh(trace["c"][-1]) ** 2)
    numpy.testing.assert_allclose(mg.gradient_flow(layer, x, dy).norms["c"][T], rows(expected), rtol=1e-12)


@every_cell
def test_a_sequence_in_a_masked_batch_flows_as_it_does_alone(name):
    layer = Recurrent(mg.cells.registry[name]())
    x = sequence((T, N, D))
    dy = cotangent_of(layer, x)
    together, expected = mg.gradient_flow(layer, x, dy, mask=MASK), {}
    for n in range(N):
        real = MASK[:, n]
        alone = mg.gradient_flow(layer, x[real, n : n + 1], dy[real, n : n + 1])
        for s, norms in together.norms.items():
            assert not norms[1:, n][~real].any()
            if real.any():
                kept = norms[numpy.concatenate([[True], real]), n]
                numpy.testing.assert_allclose(kept, alone.norms[s][:, 0], rtol=1e-10, atol=1e-14)
                expected.setdefault(s, []).append(alone.by_lag[s])
    for s, curves in expected.items():
        for k, value in enumerate(together.by_lag[s]):
            reaching = [curve[k] for curve in curves if len(curve) > k]
            assert value == pytest.approx(numpy.mean(reaching), rel=1e-10)
        assert len(together.by_lag[s]) == max(map(len, curves))


def test_without_a_cotangent_it_is_one_direction_of_the_last_real_output():
    layer = Recurrent(mg.cells.RNN(D, H, seed=0, dtype="float64"))
    x = sequence((T, N, D))
    for mask in (None, MASK, MASK.tolist(), mg.Tensor(MASK)):
        flow = mg.gradient_flow(layer, x, mask=mask)
        last = [T, T, T] if mask is None else [1 + int(MASK[:, n].nonzero()[0][-1]) for n in range(2)]
        assert [flow.norms["h"][moment, n] for n, moment in enumerate(last)] == pytest.approx([1.0] * len(last))
        assert all(not flow.norms["h"][moment + 1 :, n].any() for n, moment in enumerate(last))
        assert flow.by_lag["h"][0] == pytest.approx(1.0)
    same, other = mg.gradient_flow(layer, x, seed=0), mg.gradient_flow(layer, x, seed=1)
    assert numpy.array_equal(same.norms["h"], mg.gradient_flow(layer, x).norms["h"])
    assert not numpy.allclose(same.norms["h"], other.norms["h"])


def test_lags_are_counted_from_the_last_step_with_a_cotangent():
    layer = Recurrent(mg.cells.RNN(D, H, seed=0, dtype="float64"))
    x, dy = sequence((T, N, D)), numpy.zeros((T, N, H))
    dy[1] = numpy.random.default_rng(0).normal(size=(N, H))
    flow = mg.gradient_flow(layer, x, dy)
    assert not flow.norms["h"][3:].any() and len(flow.by_lag["h"]) == 3
    numpy.testing.assert_allclose(flow.by_lag["h"], flow.norms["h"][2::-1].mean(axis=1), rtol=1e-12)


def test_an_orthogonal_linear_memory_neither_vanishes_nor_explodes():
    """h_t = h_{t−1} U with U orthogonal: every length is 1, whatever the lag; U halved: 2^−k, further than float32."""

    class Linear(mg.cells.RNN):
        def step(self, x_t, state):
            h = state[0] @ self["U"]
            return h, (h,)

    cell = Linear(D, H, seed=0, dtype="float32")
    layer, x = Recurrent(cell, method="tape"), sequence((60, N, D), dtype="float32")
    numpy.testing.assert_allclose(mg.gradient_flow(layer, x).by_lag["h"], numpy.ones(61), rtol=1e-5)
    cell["U"].assign(cell["U"].data * 0.5)
    numpy.testing.assert_allclose(mg.gradient_flow(layer, x).by_lag["h"], 0.5 ** numpy.arange(61), rtol=1e-4)
    cell["U"].assign(cell["U"].data * 0.5)  # 0.25^60 = 7e-37: its square is no number of float32, its length is
    assert mg.gradient_flow(layer, x).by_lag["h"][60] == pytest.approx(0.25**60, rel=1e-3)


def test_a_stack_has_every_layer_and_state_by_name():
    lower = Recurrent(mg.cells.LSTM(D, 3, seed=0, dtype="float64"))
    upper = Recurrent(mg.cells.GRU(3, H, seed=1, dtype="float64"), method="tape")
    x = sequence((T, N, D))
    flow = mg.gradient_flow(Stack([lower, upper]), x)
    assert list(flow.norms) == ["layers.0.h", "layers.0.c", "layers.1.h"] == list(flow.by_lag)
    above = mg.gradient_flow(upper, lower(x)[0].data)
    numpy.testing.assert_allclose(flow.norms["layers.1.h"], above.norms["h"], rtol=1e-12)
    start = [mg.Tensor(h.data, requires_grad=True) for h in lower.cell.initial_state(N)]
    y, _ = Stack([lower, upper])(x, (tuple(start), upper.cell.initial_state(N)))
    dy = last_output(y, None, 0)
    for s, d in zip("hc", mg.grad(y, start, dy), strict=True):
        numpy.testing.assert_allclose(flow.norms[f"layers.0.{s}"][0], rows(d.data), rtol=1e-10)


def test_a_layer_that_is_called_twice_is_there_twice():
    shared = Recurrent(mg.cells.RNN(D, D, seed=0, dtype="float64"))
    assert list(mg.gradient_flow(Stack([shared, shared]), sequence((T, N, D))).norms) == [
        "layers.0.h", "layers.0 (call 2).h",
    ]  # fmt: skip


@every_cell
@pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
def test_it_works_on_every_library(backend, name, tokens):
    layer = Recurrent(mg.cells.registry[name](D=K if tokens else D))
    flow = mg.gradient_flow(layer, backend.to(sequence((T, N, D), tokens=tokens)), mask=backend.to(MASK))
    for s in flow.norms:
        assert type(flow.norms[s]) is numpy.ndarray is type(flow.by_lag[s]) and flow.norms[s].dtype == "float64"
    assert any(flow.norms[s].any() for s in flow.norms)


def test_the_layer_is_as_it_was_also_after_an_error():
    ways = (mg.bptt.truncated(2), mg.bptt.full)
    stack = Stack([Recurrent(mg.cells.GRU(D, D, seed=0, dtype="float64"), through=way) for way in ways])
    x = sequence((T, N, D))
    with mg.no_grad():
        flow = mg.gradient_flow(stack, x)
    assert all(norms[0].any() for norms in flow.norms.values()), "the whole way back, whatever `through` says"
    with pytest.raises(ShapeError):
        mg.gradient_flow(stack, x[0])
    with pytest.raises(ShapeError, match="cotangent"):
        mg.gradient_flow(stack, x, numpy.ones((T, N, H + 1)))
    with pytest.raises(DTypeError, match="cotangent"):
        mg.gradient_flow(stack, x, numpy.ones((T, N, D), dtype="float32"))
    assert tuple(layer.through for layer in stack.layers) == ways
    assert all(p.grad is None for p in stack.parameters())


@pytest.mark.parametrize("shape", [(0, N, D), (T, 0, D)])
def test_nothing_to_go_back_along(shape):
    flow = mg.gradient_flow(Recurrent(mg.cells.GRU(D, H, seed=0, dtype="float64")), numpy.zeros(shape))
    assert flow.norms["h"].shape == (shape[0] + 1, shape[1]) and not flow.norms["h"].any()
    assert len(flow.by_lag["h"]) == 0


def test_what_carries_nothing_through_time_is_an_error():
    for ask in (mg.gradient_flow, mg.gradient_bias):
        with pytest.raises(OptionError) as caught:
            ask(mg.layers.Linear(D, H), sequence((T, N, D)))
        assert "nothing in it is carried through time: expected a recurrent layer" in str(caught.value)
        assert "type: mg.layers.Recurrent(cell)" in str(caught.value)
