"""Convolution and pooling as layers: the equations restated, another framework, the reductions, and the door."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import DTypeError, OptionError, ShapeError
from minigate.layers import Conv2d, Linear, MaxPool2d
from tests.contracts.differences import distance
from tests.layers.restate_convolution import convolution, pooling

N, C, K, Y, X = 2, 3, 4, 6, 5
WINDOWS = [((3, 3), (1, 1), (0, 0)), ((2, 3), (1, 2), (0, 1)), ((4, 1), (3, 2), (2, 0)), ((6, 5), (1, 1), (0, 0))]
windows = pytest.mark.parametrize("size, stride, padding", WINDOWS)


def images(seed: int = 0) -> numpy.ndarray:
    return numpy.random.default_rng(seed).normal(size=(N, C, Y, X))


def layer(size, stride, padding) -> Conv2d:
    found = Conv2d(C, K, size, stride=stride, padding=padding, seed=1, dtype="float64")
    found["b"].assign(found["b"].data + numpy.arange(1.0, K + 1.0))
    return found


@windows
def test_a_convolution_is_its_equation(backend, size, stride, padding):
    with mg.use(backend.name):
        conv = Conv2d(C, K, size, stride=stride, padding=padding, seed=1, dtype="float64")
    conv["b"].assign(backend.to(numpy.arange(1.0, K + 1.0)))
    x, weights = images(), conv.state_dict()
    found = backend.host(conv(backend.to(x)))
    expected = [convolution(weights["W"].tolist(), weights["b"].tolist(), x[n].tolist(), stride, padding)
                for n in range(N)]  # fmt: skip
    assert distance(found, numpy.array(expected)) <= 1e-13


@windows
def test_pooling_is_its_equation(backend, size, stride, padding):
    padding = (min(padding[0], size[0] - 1), min(padding[1], size[1] - 1))
    found = backend.host(MaxPool2d(size, stride, padding)(backend.to(images())))
    expected = [pooling(x.tolist(), size, stride, padding) for x in images()]
    assert numpy.array_equal(found, numpy.array(expected))


def test_windows_of_pooling_lie_side_by_side_and_leave_the_rest():
    x = numpy.arange(30.0).reshape(1, 1, 6, 5)
    assert MaxPool2d(2)(x).numpy().tolist() == [[[[6.0, 8.0], [16.0, 18.0], [26.0, 28.0]]]]


def test_numbers_that_tie_share_the_gradient():
    x = mg.Tensor(numpy.ones((1, 1, 2, 4)), requires_grad=True)
    MaxPool2d(2)(x).backward(numpy.array([[[[4.0, 8.0]]]]))
    assert x.grad.data.tolist() == [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]


def test_a_window_of_the_whole_image_is_linear():
    conv = layer((Y, X), 1, 0)
    linear = Linear(C * Y * X, K, dtype="float64")
    linear.load_state_dict({"W": conv.state_dict()["W"].reshape(K, -1).T, "b": conv.state_dict()["b"]})
    found, expected = conv(images()).numpy(), linear(images().reshape(N, -1)).numpy()
    assert found.shape == (N, K, 1, 1) and distance(found[:, :, 0, 0], expected) <= 1e-13


def test_a_shifted_image_gives_shifted_maps():
    """What shared weights are for; at the edges the padding is seen."""
    conv, x = layer(3, 1, 1), images()
    straight, shifted = (conv(each).numpy() for each in (x, numpy.roll(x, 1, axis=3)))
    assert distance(shifted[:, :, :, 2:-1], straight[:, :, :, 1:-2]) <= 1e-13


@windows
def test_it_is_what_pytorch_has(size, stride, padding):
    torch = pytest.importorskip("torch")
    conv, x = layer(size, stride, padding), images()
    pad = tuple(min(p, k // 2) for p, k in zip(padding, size, strict=True))  # theirs may be half of the window at most
    ours = mg.Tensor(x, requires_grad=True)
    theirs = torch.tensor(x, requires_grad=True)
    weights = {name: torch.tensor(array, requires_grad=True) for name, array in conv.state_dict().items()}
    for y, expected, own, others in (
        (conv(ours), torch.nn.functional.conv2d(theirs, weights["W"], weights["b"], stride, padding), conv.parameters(),
         list(weights.values())),
        (MaxPool2d(size, stride, pad)(ours), torch.nn.functional.max_pool2d(theirs, size, stride, pad), [], []),
    ):  # fmt: skip
        assert distance(y.numpy(), expected.detach().numpy()) <= 1e-10
        cotangent = numpy.random.default_rng(2).normal(size=y.shape)
        found = mg.grad(y, [ours, *own], cotangent)
        known = torch.autograd.grad(expected, [theirs, *others], torch.tensor(cotangent))
        assert all(distance(a.data, b.numpy()) <= 1e-10 for a, b in zip(found, known, strict=True))


def test_a_second_derivative_goes_through():
    report = mg.check_layer(Conv2d(2, 3, 2, seed=0, dtype="float64"), order=2, contracts=False)
    assert report, report


def test_weights_begin_as_they_should():
    conv = Conv2d(3, 5, (7, 4), seed=0)
    limit = (6.0 / ((3 + 5) * 28)) ** 0.5
    W = conv["W"].data
    assert 0.95 * limit < abs(W).max() <= limit and abs(float(W.mean())) < 0.1 * limit
    assert not conv["b"].data.any()
    assert list(Conv2d(1, 2, 3, bias=False).state_dict()) == ["W"]
    assert repr(conv) == "Conv2d(C=3, K=5, (7, 4), stride=(1, 1), padding=(0, 0))"
    assert repr(MaxPool2d(2)) == "MaxPool2d((2, 2), stride=(2, 2), padding=(0, 0))"


@pytest.mark.parametrize("shape, C, words", [
    ((2, 6, 5, 3), 3, "Conv2d: wrong shape: expected images x of shape (N, C=3, Y, X), got (2, 6, 5, 3)\n"
     "  likely slip: the channels last: images (N, Y, X, C), or a grid (I, J, N, C)\n"
     "  type: x.transpose(0, 3, 1, 2), or (2, 3, 0, 1) for a grid"),
    ((3, 6, 5), 3, "one image, without an axis for the batch\n  type: x[None]"),
    ((7, 6, 5), 1, "images without an axis of channels\n  type: x[:, None]"),
    ((6, 5), 1, "one image (Y, X), without axes for the batch and the channels\n  type: x[None, None]"),
    ((2, 4, 6, 5), 3, "another number of channels\n  type: Conv2d(C=4, …)"),
    ((2, 3, 2, 5), 3, "Conv2d: the image is smaller than the window: expected Y and X, with the padding (0, 0), of at "
     "least (3, 3), got (2, 3, 2, 5)\n  likely slip: more layers than the image is large: each makes it smaller\n"
     "  type: padding=(1, 0), or a smaller size"),
])  # fmt: skip
def test_what_is_no_image_is_named(shape, C, words):
    with pytest.raises(ShapeError) as caught:
        Conv2d(C, 2, 3, seed=0)(numpy.ones(shape, dtype="float32"))
    assert str(caught.value).endswith(words)


def test_what_pooling_cannot_take_is_named():
    with pytest.raises(ShapeError, match=r"MaxPool2d: wrong shape: expected images x of shape \(N, C, Y, X\), got"):
        MaxPool2d(2)(numpy.ones((3, 6, 5)))
    with pytest.raises(ShapeError, match=r"of at least \(7, 7\)[\s\S]*type: a smaller size$"):
        MaxPool2d(7)(numpy.ones((1, 3, 6, 5)))
    for look in (MaxPool2d(2), Conv2d(3, 2, 2)):
        with pytest.raises(DTypeError, match=r'got uint8[\s\S]*type: x.astype\("float32"\) / 255'):
            look(numpy.ones((1, 3, 6, 5), dtype="uint8"))


@pytest.mark.parametrize("build, words", [
    (lambda: Conv2d(0, 2, 3), "Conv2d: C is the number of channels: expected a whole number C >= 1, got 0"),
    (lambda: Conv2d(1, 2, 0), "size=: no such choice: expected one or two integers ≥ 1, got 0"),
    (lambda: Conv2d(1, 2, 3, stride=0), "stride="),
    (lambda: Conv2d(1, 2, 3, padding=-1), "padding="),
    (lambda: MaxPool2d((2, 2, 2)), "size="),
    (lambda: MaxPool2d(2, padding=2), "windows would lie in the padding alone"),
])  # fmt: skip
def test_options_that_cannot_be_meant(build, words):
    with pytest.raises(OptionError) as caught:
        build()
    assert words in str(caught.value)
