"""Highway: exact where its gate stands still, and a number worked by hand."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Highway, Linear
from tests.contracts.differences import distance
from tests.contracts.subjects import Subject, sequence

methods = pytest.mark.parametrize("method", ["hand", "tape"])
activations = pytest.mark.parametrize("activation", ["relu", "tanh"])


def subject(backend, method, **options) -> Subject:
    return Subject(Highway(4, method=method, seed=0, dtype="float64", **options), backend, sequence((5, 3, 4)))


@methods
def test_a_number_by_hand(backend, method):
    """x = 1: h = tanh(½ ln 3) = 1/2, T = σ(ln 3) = 3/4, y = 1/2 · 3/4 + 1 · 1/4 = 5/8.

    dh = 3/4, da_h = 3/4 · (1 − 1/4) = 9/16; dT = 1/2 − 1, da_T = −1/2 · 3/4 · 1/4 = −3/32;
    dx = 1/4 + 9/16 · ½ ln 3 − 3/32 · ln 3 = 1/4 + 3/16 ln 3.
    """
    layer = Highway(1, activation="tanh", method=method, dtype="float64")
    weights = {"W.candidate": [[0.5 * log(3)]], "W.transform": [[log(3)]], "b.candidate": [0.0], "b.transform": [0.0]}
    layer.load_state_dict({key: numpy.array(value) for key, value in weights.items()})
    x = mg.Tensor(backend.to([[1.0]]), requires_grad=True)
    y = layer(x)
    assert float(backend.host(y)[0, 0]) == pytest.approx(5 / 8, rel=1e-14)
    y.backward(backend.to([[1.0]]))
    assert float(backend.host(x.grad)[0, 0]) == pytest.approx(1 / 4 + 3 / 16 * log(3), rel=1e-13)
    assert float(backend.host(layer["b.candidate"].grad)[0]) == pytest.approx(9 / 16, rel=1e-13)
    assert float(backend.host(layer["b.transform"].grad)[0]) == pytest.approx(-3 / 32, rel=1e-13)


@methods
@activations
def test_with_the_gate_shut_it_is_the_identity(backend, method, activation):
    whole = subject(backend, method, gate=Constant(0.0), activation=activation)
    (y,) = whole.outputs()
    assert numpy.array_equal(y, whole.values["x"])
    cotangents = whole.cotangents()["all"]
    gradients = whole.gradients(cotangents)
    assert numpy.array_equal(gradients.pop("x"), cotangents[0])
    assert not any(gradient.any() for gradient in gradients.values())


@methods
@activations
def test_with_the_gate_open_it_is_the_plain_layer(backend, method, activation):
    whole = subject(backend, method, gate=Constant(1.0), activation=activation)
    plain = Linear(4, 4, dtype="float64")
    plain.load_state_dict({"W": whole.values["W.candidate"], "b": whole.values["b.candidate"]})
    x = mg.Tensor(backend.to(whole.values["x"]), requires_grad=True)
    expected = getattr(mg.ops, activation)(plain(x))
    assert distance(whole.outputs()[0], backend.host(expected)) <= 1e-15
    cotangents = whole.cotangents()["all"]
    expected.backward(backend.to(cotangents[0]))
    gradients = whole.gradients(cotangents)
    for name, tensor in {"x": x, "W.candidate": plain["W"], "b.candidate": plain["b"]}.items():
        assert distance(gradients[name], backend.host(tensor.grad)) <= 1e-14, name
    assert not gradients["W.transform"].any() and not gradients["b.transform"].any()


def test_a_deep_stack_of_shut_gates_hands_the_gradient_through_where_plain_layers_lose_it():
    """Fifty layers, the gates nearly shut: the gradient at the bottom is still near that at the top."""
    rng = numpy.random.default_rng(0)
    x = rng.normal(size=(8, 10))

    def size_at_the_bottom(gate, bias):
        start = y = mg.Tensor(x, requires_grad=True)
        for k in range(50):
            y = Highway(10, gate=gate, bias=bias, activation="tanh", seed=k, dtype="float64")(y)
        y.backward(numpy.ones(y.shape))
        return float(numpy.sqrt((start.grad.data**2).mean()))

    assert size_at_the_bottom(None, -6.0) > 0.75
    assert size_at_the_bottom(Constant(1.0), 0.0) < 0.05


def test_how_it_begins_and_what_it_is_called():
    layer = Highway(4, seed=0)
    assert layer["b.transform"].data.tolist() == [-1.0] * 4 and not layer["b.candidate"].data.any()
    assert Highway(4, bias=-3.0)["b.transform"].data.tolist() == [-3.0] * 4
    assert repr(layer) == "Highway(D=4, bias=-1, activation='relu')"
    assert all(numpy.array_equal(a, Highway(4, seed=0).state_dict()[key]) for key, a in layer.state_dict().items())
    with pytest.raises(OptionError, match="Highway: unknown activation: expected .*'relu' or 'tanh', got 'elu'"):
        Highway(4, activation="elu")
