"""NAC and NALU: with ideal weights they calculate at any distance from 0; and where they do not."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import NAC, NALU
from tests.contracts.differences import distance
from tests.contracts.subjects import Subject, sequence

methods = pytest.mark.parametrize("method", ["hand", "tape"])
FAR = numpy.array([[1e-3, 2e3], [7.0, 1e6], [1e8, 3e-2], [12345.0, 6789.0]])


def ideal(W: list[list[float]], gate: float | None = None, **options) -> NAC | NALU:
    """A layer whose weight is W of −1, 0 and 1 exactly: tanh and σ are at their ends at ±40."""
    W = numpy.array(W, dtype="float64")
    weights = {"W_hat": 40.0 * numpy.sign(W), "M_hat": numpy.full(W.shape, 40.0)}
    if gate is None:
        layer = NAC(*W.shape, dtype="float64", **options)
    else:
        layer = NALU(*W.shape, gate=Constant(gate), dtype="float64", **options)
        weights["G"] = numpy.zeros(W.shape)
    layer.load_state_dict(weights)
    return layer


@methods
def test_ideal_weights_add_and_subtract_exactly(backend, method):
    layer = ideal([[1, 1, 0], [1, -1, -1]], method=method)
    a, b = FAR.T
    y = backend.host(layer(backend.to(FAR)))
    assert numpy.array_equal(y, numpy.stack([a + b, a - b, -b], axis=1))


@methods
def test_ideal_weights_multiply_and_divide_far_outside_of_any_training_range(backend, method):
    layer = ideal([[1, 1, 0], [1, -1, -1]], gate=0.0, method=method)
    a, b = FAR.T
    y = backend.host(layer(backend.to(FAR)))
    expected = numpy.stack([a * b, a / b, 1.0 / b], axis=1)
    # |x| + ε in the place of |x|: off by ε/|x| for each factor, and by the rounding of the logarithms
    bound = (1e-7 / a + 1e-7 / b)[:, None] + 1e-13
    assert (numpy.abs(y / expected - 1.0) <= bound).all()


@methods
def test_with_the_gate_open_it_is_the_accumulator(backend, method):
    whole = Subject(NALU(2, 4, gate=Constant(1.0), method=method, dtype="float64"), backend, sequence((5, 3, 2)))
    accumulator = Subject(NAC(2, 4, dtype="float64"), backend, whole.values["x"])
    accumulator.values = {key: value for key, value in whole.values.items() if key != "G"}
    assert distance(whole.outputs()[0], accumulator.outputs()[0]) <= 1e-15
    found, expected = (each.gradients(whole.cotangents()["all"]) for each in (whole, accumulator))
    assert not found.pop("G").any()
    assert all(distance(found[key], expected[key]) <= 1e-14 for key in expected) and found.keys() == expected.keys()


def test_the_weight_is_at_rest_near_minus_one_zero_and_one():
    """At Ŵ = M̂ = 20 no gradient moves the weight any more."""
    layer = NAC(2, 1, dtype="float64")
    layer.load_state_dict({"W_hat": numpy.array([[20.0], [-20.0]]), "M_hat": numpy.array([[20.0], [20.0]])})
    x = numpy.ones((3, 2))
    layer(x).backward(numpy.ones((3, 1)))
    assert all(numpy.abs(parameter.grad.data).max() < 1e-7 for parameter in layer.parameters())


# ---- the known weaknesses ------------------------------------------------------------------------


def test_the_product_loses_the_sign():
    layer = ideal([[1], [1]], gate=0.0)
    y = layer(numpy.array([[2.0, 3.0], [-2.0, 3.0], [-2.0, -3.0]])).data[:, 0]
    assert y == pytest.approx([6.0, 6.0, 6.0], rel=1e-6)  # −2 · 3 comes out as 6


def test_near_zero_a_quotient_and_its_slope_are_those_of_epsilon():
    layer = ideal([[1], [-1]], gate=0.0)  # ε = 1e-7
    x = mg.Tensor(numpy.array([[1.0, 0.0], [1.0, 1e-9]]), requires_grad=True)
    y = layer(x)
    assert y.data[:, 0] == pytest.approx([1e7, 1e7], rel=0.02)  # and not ∞ and 10⁹
    y.backward(numpy.ones((2, 1)))
    # |x| has no slope at 0, taken as 0; beside it the slope is y/ε, 14 orders above that of a sum
    assert x.grad.data[0, 1] == 0.0 and abs(x.grad.data[1, 1]) > 9e13


def test_the_slope_of_a_small_power_grows_towards_zero():
    layer = NALU(1, 1, gate=Constant(0.0), dtype="float64")
    layer.load_state_dict({"W_hat": numpy.array([[0.5]]), "M_hat": numpy.array([[0.0]]), "G": numpy.zeros((1, 1))})
    slopes = []
    for size in (1.0, 1e-2, 1e-4, 1e-6):
        x = mg.Tensor(numpy.array([[size]]), requires_grad=True)
        layer(x).backward(numpy.ones((1, 1)))
        slopes.append(float(x.grad.data[0, 0]))
    assert all(later > 10.0 * earlier for earlier, later in zip(slopes, slopes[1:], strict=False))


def test_a_large_power_of_a_large_number_overflows_as_the_equation_says():
    layer = ideal([[1], [1]], gate=0.0)
    with numpy.errstate(over="ignore"):
        assert numpy.isinf(layer(numpy.array([[1e200, 1e200]])).data).all()


def test_how_they_begin_and_what_they_are_called():
    layer = NALU(3, 5, seed=0)
    limit = (6.0 / 8.0) ** 0.5  # Glorot's, of 3 inputs and 5 outputs
    assert all(numpy.abs(array).max() <= limit and array.std() > 0.2 for array in layer.state_dict().values())
    assert repr(layer) == "NALU(D=3, H=5, epsilon=1e-07)" and repr(NAC(3, 5)) == "NAC(D=3, H=5)"
    with pytest.raises(OptionError, match=r"log\(\|x\| \+ ε\) finite: expected a finite number epsilon > 0, got 0"):
        NALU(2, 4, epsilon=0.0)
