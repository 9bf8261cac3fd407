"""Linear: the equation, any leading axes, and words about wrong shapes."""

import numpy
import pytest

from minigate.errors import DTypeError, OptionError, ShapeError
from minigate.layers.linear import Linear
from minigate.tensor import Tensor


def test_it_is_x_times_w_plus_b_at_every_position(backend):
    layer = Linear(2, 4, seed=0, dtype="float64")
    layer["b"].assign(backend.to(numpy.arange(4.0)))
    x = numpy.random.default_rng(1).normal(size=(5, 3, 2))
    y = backend.host(layer(backend.to(x)))
    W = layer.state_dict()["W"]
    assert y.shape == (5, 3, 4)
    for t in range(5):
        for n in range(3):
            for h in range(4):
                expected = sum(x[t, n, d] * W[d, h] for d in range(2)) + h
                assert y[t, n, h] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("leading", [(), (3,), (5, 3), (2, 5, 3), (0, 3)])
def test_the_leading_axes_are_free(leading):
    layer = Linear(2, 4, seed=0)
    assert layer(numpy.ones((*leading, 2), dtype="float32")).shape == (*leading, 4)


def test_gradients_against_differences():
    layer = Linear(2, 4, seed=0, dtype="float64")
    rng = numpy.random.default_rng(1)
    x, cotangent = Tensor(rng.normal(size=(5, 3, 2)), requires_grad=True), rng.normal(size=(5, 3, 4))
    layer(x).backward(cotangent)
    for tensor in (x, layer["W"], layer["b"]):
        for place in numpy.ndindex(tensor.shape):
            ends = []
            for way in (1e-6, -1e-6):
                changed = tensor.data.copy()
                changed[place] += way
                kept = tensor.data.copy()
                tensor.assign(changed)
                ends.append(float((layer(x.data).numpy() * cotangent).sum()))
                tensor.assign(kept)
            assert tensor.grad.data[place] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8)


def test_names_dtype_and_seed():
    layer = Linear(2, 4, seed=0)
    assert list(layer.state_dict()) == ["W", "b"]
    assert list(Linear(2, 4, bias=False).state_dict()) == ["W"]
    assert layer(numpy.ones((3, 2), dtype="float32")).dtype == "float32"
    assert numpy.array_equal(layer["W"].data, Linear(2, 4, seed=0)["W"].data)
    assert repr(layer) == "Linear(D=2, H=4)"


def test_a_wrong_last_axis_is_named():
    layer = Linear(2, 4, seed=0)
    with pytest.raises(ShapeError) as caught:
        layer(numpy.ones((3, 5)))
    assert str(caught.value) == "Linear: the last axis is not the input size: expected x of shape (…, D=2), got (3, 5)"
    with pytest.raises(ShapeError, match=r"swapaxes\(-1, -2\)"):
        layer(numpy.ones((2, 5)))
    with pytest.raises(ShapeError, match=r"got \(\)"):
        layer(1.0)
    with pytest.raises(OptionError, match="a whole number H >= 1, got 0"):
        Linear(2, 0)


def test_whole_numbers_have_to_become_floating_first():
    with pytest.raises(DTypeError, match=r"x has no numbers[\s\S]*floating x \(…, D=2\), got int64[\s\S]*astype"):
        Linear(2, 3)(numpy.ones((3, 2), dtype="int64"))
