"""The whole gradient, taken as one vector, is never longer than the limit."""

import math

import numpy
import pytest

from minigate.errors import OptionError
from minigate.layers import Linear
from minigate.module import Parameter
from minigate.tensor import Tensor
from minigate.train.clipping import clip_gradient_norm, gradient_norm


def with_gradients(*gradients, to=lambda array: array):
    parameters = [Parameter(to(numpy.zeros_like(numpy.asarray(g, dtype="float64")))) for g in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = Tensor(to(numpy.array(gradient, dtype="float64")))
    return parameters


def test_the_norm_is_that_of_all_gradients_together(backend):
    parameters = with_gradients([3.0], [[0.0, 4.0]], to=backend.to)
    assert gradient_norm(parameters) == 5.0
    assert clip_gradient_norm(parameters, 2.5) == 5.0
    assert backend.host(parameters[0].grad).tolist() == [1.5]
    assert backend.host(parameters[1].grad).tolist() == [[0.0, 2.0]]


def test_a_short_gradient_is_left_alone():
    parameters = with_gradients([3.0], [4.0])
    parameters.append(Parameter(numpy.ones(3)))  # without a gradient
    assert clip_gradient_norm(parameters, 5.0) == 5.0
    assert clip_gradient_norm(parameters, math.inf) == 5.0
    assert parameters[0].grad.data.tolist() == [3.0]
    assert parameters[2].grad is None


def test_the_norm_of_large_float32_gradients_does_not_overflow():
    parameter = Parameter(numpy.zeros(2, dtype="float32"))
    parameter.grad = Tensor(numpy.array([3e28, 4e28], dtype="float32"))
    assert clip_gradient_norm([parameter], 1.0) == pytest.approx(5e28, rel=1e-6)
    assert parameter.grad.dtype == "float32"
    numpy.testing.assert_allclose(parameter.grad.data, [0.6, 0.8], rtol=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_reported_and_not_spread(bad):
    parameters = with_gradients([1.0], [bad])
    assert not math.isfinite(clip_gradient_norm(parameters, 1.0))
    assert parameters[0].grad.data.tolist() == [1.0]


def test_memory_that_is_shared_is_not_scaled_twice():
    shared = Tensor(numpy.array([3.0]))
    parameters = with_gradients([0.0], [0.0])
    parameters[0].grad = parameters[1].grad = shared
    clip_gradient_norm(parameters, 1.0)
    assert shared.data.tolist() == [3.0]
    assert gradient_norm(parameters) == pytest.approx(1.0)


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan, "a", None])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(OptionError, match="limit > 0"):
        clip_gradient_norm(with_gradients([1.0]), limit)


def test_a_model_is_a_list_of_its_parameters():
    layer = Linear(2, 3, seed=0)
    for parameter in layer.parameters():
        parameter.grad = Tensor(numpy.ones(parameter.shape, dtype="float32"))
    assert gradient_norm(layer) == pytest.approx(3.0) == clip_gradient_norm(layer, 1.5)
    assert gradient_norm(layer.parameters()) == pytest.approx(1.5)
