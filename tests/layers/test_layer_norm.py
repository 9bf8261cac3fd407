"""LayerNorm: numbers worked by hand, and what it does not change under."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.layers import LayerNorm
from tests.contracts.differences import distance

methods = pytest.mark.parametrize("method", ["hand", "tape"])


def with_weights(g, b, **options) -> LayerNorm:
    layer = LayerNorm(len(g), dtype="float64", **options)
    layer.load_state_dict({"g": numpy.array(g), "b": numpy.array(b)})
    return layer


@methods
def test_numbers_by_hand(backend, method):
    # (1, 3): μ = 2, σ² = 1, x̂ = (−1, 1);  (5, 5): σ = 0, and ε alone keeps x̂ at 0
    layer = with_weights([2.0, 3.0], [10.0, 20.0], epsilon=0.0, method=method)
    assert backend.host(layer(backend.to([[1.0, 3.0]]))).tolist() == [[8.0, 23.0]]
    layer.epsilon = 1e-5
    assert backend.host(layer(backend.to([[5.0, 5.0]]))).tolist() == [[10.0, 20.0]]
    # (0, 0, 0, 4) with ε = 1: μ = 1, σ² = 3, √(σ² + ε) = 2, x̂ = (−½, −½, −½, 3/2)
    layer = with_weights([1.0] * 4, [0.0] * 4, epsilon=1.0, method=method)
    assert backend.host(layer(backend.to([0.0, 0.0, 0.0, 4.0]))).tolist() == [-0.5, -0.5, -0.5, 1.5]


@methods
def test_the_gradient_by_hand(backend, method):
    """x = (0, 0, 0, 4), ε = 1, s = 2, x̂ = (−½, −½, −½, 3/2), g = 1 and dy = (0, 0, 0, 1):

    mean(q) = 1/4, mean(q ⊙ x̂) = 3/8; dx_4 = (1 − 1/4 − 3/2 · 3/8) / 2 = 3/32,
    dx_1 = (0 − 1/4 + 1/2 · 3/8) / 2 = −1/32; dg = (0, 0, 0, 3/2), db = dy.
    """
    layer = with_weights([1.0] * 4, [0.0] * 4, epsilon=1.0, method=method)
    x = mg.Tensor(backend.to([0.0, 0.0, 0.0, 4.0]), requires_grad=True)
    layer(x).backward(backend.to([0.0, 0.0, 0.0, 1.0]))
    assert backend.host(x.grad) == pytest.approx([-1 / 32, -1 / 32, -1 / 32, 3 / 32], rel=1e-14)
    assert backend.host(layer["g"].grad).tolist() == [0.0, 0.0, 0.0, 1.5]
    assert backend.host(layer["b"].grad).tolist() == [0.0, 0.0, 0.0, 1.0]


@methods
def test_shift_and_scale_of_the_input_do_not_matter(method, rng):
    layer = with_weights(rng.normal(size=6), rng.normal(size=6), epsilon=0.0, method=method)
    x, dy = rng.normal(size=(5, 3, 6)), rng.normal(size=(5, 3, 6))
    assert distance(layer(7.0 * x - 40.0).data, layer(x).data) <= 1e-13
    x = mg.Tensor(x, requires_grad=True)
    layer(x).backward(dy)
    dx = x.grad.data  # so nothing of the gradient points along a shift or along a scaling
    assert numpy.abs(dx.sum(axis=-1)).max() <= 1e-13 and numpy.abs((dx * x.data).sum(axis=-1)).max() <= 1e-13


def test_large_inputs_do_not_overflow_in_float32():
    y = LayerNorm(4)(numpy.array([[1e15, 2e15, -1e15, 0.0]], dtype="float32"))
    assert y.dtype == "float32" and numpy.isfinite(y.data).all() and abs(float(y.data.mean())) < 1e-6


def test_how_it_begins_and_what_it_is_called():
    layer = LayerNorm(4)
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == {"g": [1.0] * 4, "b": [0.0] * 4}
    assert repr(layer) == "LayerNorm(H=4, epsilon=1e-05)"
    with pytest.raises(OptionError, match="added to a variance: expected a finite number epsilon ≥ 0, got -1"):
        LayerNorm(4, epsilon=-1.0)
    with pytest.raises(OptionError, match="a whole number H >= 1, got 0"):
        LayerNorm(0)
