"""One unit, two steps, worked by hand.

The pre-activations are logarithms, for which both functions are fractions:

    tanh(½ ln a) = (a − 1) / (a + 1)        tanh(½ ln 2) = 1/3, tanh(½ ln 3) = 1/2, tanh(½ ln 4) = 3/5
    σ(ln a) = a / (1 + a)                   σ(0) = 1/2, σ(ln 2) = 2/3, σ(ln 3) = 3/4, σ(−ln 3) = 1/4
"""

from __future__ import annotations

import re
from math import log, tanh

import numpy
import pytest

import minigate as mg

methods = pytest.mark.parametrize("method", ["bptt", "tape"])


def unit(cell: mg.cells.Cell, method: str, **weights: float) -> mg.layers.Recurrent:
    """A cell of one unit with these weights, all others 0; ``W_update`` stands for W.update."""
    zero = {name: numpy.zeros_like(array) for name, array in cell.state_dict().items()}
    named = {key.replace("_", "."): value for key, value in weights.items()}
    assert set(named) <= set(zero)
    cell.load_state_dict(zero | {name: numpy.full_like(zero[name], value) for name, value in named.items()})
    return mg.layers.Recurrent(cell, method=method)


def run(layer: mg.layers.Recurrent, backend, x: list[float], state: list[float]) -> tuple[list[float], list[float]]:
    moved = tuple(mg.Tensor(backend.to([[value]])) for value in state)
    y, after = layer(backend.to([[[value]] for value in x]), moved)
    return backend.host(y).ravel().tolist(), [float(backend.host(h)[0, 0]) for h in after]


@methods
def test_rnn(backend, method):
    layer = unit(mg.cells.RNN(1, 1, dtype="float64"), method, W=log(2), U=log(3), b=-0.5 * log(2))
    # step 1: x = 1, h0 = 0:   a = ln 2 · 1 + 0 − ½ ln 2            = ½ ln 2   → h1 = 1/3
    # step 2: x = ½, h1 = 1/3: a = ½ ln 2 + ⅓ ln 3 − ½ ln 2         = ⅓ ln 3 = ½ ln 3^⅔ → h2 = (3^⅔ − 1)/(3^⅔ + 1)
    a = 3 ** (2 / 3)
    y, (h,) = run(layer, backend, [1.0, 0.5], [0.0])
    assert y == pytest.approx([1 / 3, (a - 1) / (a + 1)], rel=1e-14)
    assert h == y[-1]


@methods
def test_the_gradient_of_the_rnn(backend, method):
    """y2 = tanh(w x2 + u tanh(w x1 + u h0)), w = ½ ln 3, u = ln 3, x = (1, 0), h0 = 0.

    step 1: a = ½ ln 3 → h1 = 1/2, slope 1 − 1/4 = 3/4
    step 2: a = ½ ln 3 → h2 = 1/2, slope 3/4
    dh2/da2 = 3/4, dh2/dh1 = ¾ ln 3, dh2/da1 = ¾ ln 3 · ¾ = 9/16 ln 3
    dW = 3/4 · x2 + 9/16 ln 3 · x1 = 9/16 ln 3      dU = 3/4 · h1 + 9/16 ln 3 · h0 = 3/8
    db = 3/4 + 9/16 ln 3                            dx = (9/16 ln 3 · w, 3/4 · w)
    dh0 = 9/16 ln 3 · ln 3
    """
    layer = unit(mg.cells.RNN(1, 1, dtype="float64"), method, W=0.5 * log(3), U=log(3))
    x = mg.Tensor(backend.to([[[1.0]], [[0.0]]]), requires_grad=True)
    h0 = mg.Tensor(backend.to([[0.0]]), requires_grad=True)
    y, _ = layer(x, (h0,))
    y[1].sum().backward()
    chain = 9 / 16 * log(3)
    found = {name: backend.host(p.grad).ravel().tolist() for name, p in layer.named_parameters()}
    assert found["W"] == pytest.approx([chain], rel=1e-14)
    assert found["U"] == pytest.approx([3 / 8], rel=1e-14)
    assert found["b"] == pytest.approx([3 / 4 + chain], rel=1e-14)
    assert backend.host(x.grad).ravel().tolist() == pytest.approx([chain * 0.5 * log(3), 3 / 8 * log(3)], rel=1e-14)
    assert backend.host(h0.grad).ravel().tolist() == pytest.approx([chain * log(3)], rel=1e-14)


@methods
def test_lstm(backend, method):
    layer = unit(
        mg.cells.LSTM(1, 1, dtype="float64"), method,
        W_candidate=0.5 * log(3), W_input=log(3), W_forget=-log(3), b_output=log(2), b_forget=0.0, U_candidate=log(2),
    )  # fmt: skip
    # step 1: x = 1, h0 = 0, c0 = 2
    #   c̃ = tanh(½ ln 3) = 1/2    i = σ(ln 3) = 3/4    f = σ(−ln 3) = 1/4    o = σ(ln 2) = 2/3
    #   c1 = 1/4 · 2 + 3/4 · 1/2 = 7/8           h1 = 2/3 tanh(7/8)
    # step 2: x = 0
    #   c̃ = tanh(ln 2 · h1)        i = σ(0) = 1/2       f = 1/2               o = 2/3
    #   c2 = 1/2 · 7/8 + 1/2 · c̃                 h2 = 2/3 tanh(c2)
    h1 = 2 / 3 * tanh(7 / 8)
    c2 = 7 / 16 + 0.5 * tanh(log(2) * h1)
    y, (h, c) = run(layer, backend, [1.0, 0.0], [0.0, 2.0])
    assert y == pytest.approx([h1, 2 / 3 * tanh(c2)], rel=1e-14)
    assert (h, c) == (y[-1], pytest.approx(c2, rel=1e-14))


@methods
@pytest.mark.parametrize("reset", ["after", "before"])
def test_gru(backend, method, reset):
    """With one unit r (U h) = U (r h): both orders of the reset give the same numbers."""
    layer = unit(
        mg.cells.GRU(1, 1, reset=reset, dtype="float64"), method,
        W_update=log(3), W_reset=-log(3), W_candidate=0.5 * log(3), U_candidate=2 * log(4), b_candidate=-0.5 * log(3),
    )  # fmt: skip
    # step 1: x = 1, h0 = 1:  z = σ(ln 3) = 3/4,  r = σ(−ln 3) = 1/4
    #   h̃ = tanh(½ ln 3 + 1/4 · 2 ln 4 · 1 − ½ ln 3) = tanh(½ ln 4) = 3/5
    #   h1 = 1/4 · 1 + 3/4 · 3/5 = 7/10
    # step 2: x = 0:           z = r = 1/2
    #   h̃ = tanh(1/2 · 2 ln 4 · 7/10 − ½ ln 3) = tanh(½ ln a), a = 4^(7/5) / 3  → (a − 1)/(a + 1)
    #   h2 = 1/2 · 7/10 + 1/2 · h̃
    a = 4 ** (7 / 5) / 3
    y, (h,) = run(layer, backend, [1.0, 0.0], [1.0])
    assert y == pytest.approx([7 / 10, 7 / 20 + 0.5 * (a - 1) / (a + 1)], rel=1e-14)
    assert h == y[-1]


@methods
def test_the_two_orders_of_the_reset_part_with_two_units(backend, method):
    """U swaps the units, r = (1/4, 3/4), h0 = (0, ½ ln 3 · 4), no input, z = 1/2.

    after:  r ⊙ (h U) = (1/4 · 2 ln 3, 3/4 · 0) = (½ ln 3, 0)       → h̃ = (1/2, 0)
    before: (r ⊙ h) U = (3/4 · 2 ln 3, 0)       = (½ ln 27, 0)      → h̃ = (26/28, 0) = (13/14, 0)
    h1 = ½ h0 + ½ h̃ = (1/4, ln 3) and (13/28, ln 3)
    """
    for reset, first in (("after", 1 / 4), ("before", 13 / 28)):
        layer = unit(mg.cells.GRU(1, 2, reset=reset, dtype="float64"), method)
        layer.cell["b.reset"].assign(backend.to([-log(3), log(3)]))
        layer.cell["U.candidate"].assign(backend.to([[0.0, 1.0], [1.0, 0.0]]))
        y, _ = layer(backend.to([[[0.0]]]), (backend.to([[0.0, 2 * log(3)]]),))
        assert backend.host(y).ravel().tolist() == pytest.approx([first, log(3)], rel=1e-14)


def test_sizes_may_be_whole_numbers_of_numpy():
    """As K = tokens.max() + 1 is one."""
    cell = mg.cells.GRU(numpy.int64(2), numpy.int32(4))
    assert repr(cell) == "GRU(D=2, H=4)" and type(cell.D) is type(cell.H) is int


@pytest.mark.parametrize("name", mg.cells.registry)
def test_a_step_takes_plain_arrays(backend, name):
    cell = mg.cells.registry[name]()
    state = tuple(backend.to(numpy.ones(zero.shape, zero.dtype)) for zero in cell.initial_state(3))
    x = numpy.ones((3, 2))
    y, after = cell.step(backend.to(x), state)
    layer_y, layer_after = mg.layers.Recurrent(cell)(backend.to(x[None]), state)
    assert backend.host(y) == pytest.approx(backend.host(layer_y)[0], rel=1e-14)
    for one, other in zip(after, layer_after, strict=True):
        assert backend.host(one) == pytest.approx(backend.host(other), rel=1e-14)


def test_how_cells_begin():
    """Biases at 0, except that of the forget gate at 1; recurrent weights with orthonormal rows, or else columns."""
    for name, build in mg.cells.registry.items():
        for key, array in build().state_dict().items():
            key = re.sub(r"^layers\.\d+\.", "", key)
            if key.startswith("b"):
                assert numpy.all(array == (1.0 if key == "b.forget" else 0.0)), (name, key)
            if key.startswith("U"):
                array = array if array.shape[0] <= array.shape[1] else array.T
                numpy.testing.assert_allclose(array @ array.T, numpy.eye(len(array)), atol=1e-12)
    assert not mg.cells.LSTM(2, 4, forget_bias=0.0).state_dict()["b.forget"].any()
