"""Dropout: what stays, what it is scaled by, and that its chance can be written down."""

import numpy
import pytest

from minigate.errors import DTypeError, OptionError
from minigate.layers.dropout import Dropout
from minigate.tensor import Tensor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_training_each_element_is_zero_or_scaled_up(backend, dtype):
    y = Dropout(0.25, seed=0)(backend.to(numpy.ones((50, 40)), dtype))
    assert y.dtype == dtype
    values = backend.host(y)
    kept = values != 0
    assert kept.mean() == pytest.approx(0.75, abs=0.03)
    numpy.testing.assert_allclose(values[kept], 1 / 0.75, rtol=1e-6)
    assert values.mean() == pytest.approx(1.0, abs=0.04)


def test_the_gradient_goes_where_the_value_went():
    x = Tensor(numpy.ones((5, 3)), requires_grad=True)
    y = Dropout(0.5, seed=0)(x)
    y.backward(numpy.full((5, 3), 3.0))
    numpy.testing.assert_array_equal(x.grad.data, 3.0 * y.numpy())


def test_in_evaluation_and_at_rate_zero_it_is_the_identity():
    x = Tensor(numpy.ones((5, 3)))
    layer = Dropout(0.5, seed=0)
    layer.eval()
    before = layer.generator.bit_generator.state
    assert layer(x) is x
    assert layer.generator.bit_generator.state == before
    assert Dropout(0.0)(x) is x


def test_every_call_draws_anew_and_a_saved_stream_draws_again():
    layer, x = Dropout(0.5, seed=0), numpy.ones((5, 3))
    first = layer(x).numpy()
    saved = layer.generator.bit_generator.state
    second = layer(x).numpy()
    assert not numpy.array_equal(first, second)
    layer.generator.bit_generator.state = saved
    assert numpy.array_equal(layer(x).numpy(), second)


@pytest.mark.parametrize("rate", [1.0, -0.1, 2.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(OptionError, match="0 ≤ rate < 1"):
        Dropout(rate)


@pytest.mark.parametrize("training", [True, False])
def test_whole_numbers_have_to_become_floating_first(training):
    with pytest.raises(DTypeError, match=r"Dropout: x has no numbers[\s\S]*floating x, got int64"):
        Dropout(0.5, seed=0).train(training)(numpy.ones((3, 2), dtype="int64"))
