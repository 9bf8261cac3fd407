"""Layers that map rows: by hand is composed is what the paper says, for any leading axes, dtype and gate."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import DTypeError, OptionError, SecondDerivativeError, ShapeError, TensorModifiedError
from minigate.layers import NAC, NALU, Highway, LayerNorm
from minigate.layers.rowwise import Rowwise
from tests.contracts import differences
from tests.contracts.example_gates import CHOICES
from tests.contracts.subjects import HOST, N, Subject, T, layer_of_registry, sequence
from tests.contracts.test_three_ways import along_a_direction, compare
from tests.layers.restatements import RESTATEMENTS

LAYERS = [name for name, build in mg.layers.registry.items() if isinstance(build(), Rowwise)]
GATES = {"Highway": "transform", "NALU": "mix"}
GATED = {
    f"{kind}-{choice}": lambda kind=kind, choice=choice: gated(kind, CHOICES[choice]((GATES[kind],)))
    for kind in GATES
    for choice in CHOICES
}
BUILD = GATED | {name: mg.layers.registry[name] for name in LAYERS}

layers = pytest.mark.parametrize("name", LAYERS)
methods = pytest.mark.parametrize("method", ["hand", "tape"])


def gated(kind: str, gate) -> Rowwise:
    """A layer with this gate."""
    if kind == "Highway":
        return Highway(4, gate=gate, seed=0, dtype="float64")
    return NALU(2, 4, gate=gate, seed=0, dtype="float64")


def subject(name: str, backend, method: str = "hand", leading=(T, N)) -> Subject:
    layer = BUILD[name]()
    layer.method = method
    return Subject(layer, backend, numpy.random.default_rng(7).normal(size=(*leading, layer.D)))


def test_every_layer_has_a_second_opinion():
    assert set(RESTATEMENTS) == set(LAYERS)


@layers
@methods
def test_a_layer_is_its_restatement(backend, name, method):
    whole = subject(name, backend, method)
    (y,) = whole.outputs()
    w = {key: whole.values[key].T.tolist() for key, _ in whole.layer.named_parameters()}
    for t in range(T):
        for n in range(N):
            expected = RESTATEMENTS[name](w, whole.values["x"][t, n].tolist())
            assert y[t, n].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", BUILD)
@pytest.mark.parametrize("leading", [(), (3,), (5, 3), (2, 5, 3)])
def test_by_hand_is_the_tape_for_any_leading_axes(backend, name, leading):
    hand, tape = (subject(name, backend, method, leading) for method in ("hand", "tape"))
    (found,), (expected,) = hand.outputs(), tape.outputs()
    assert found.shape == (*leading, hand.layer.H) and differences.distance(found, expected) <= 1e-13
    cotangents = [numpy.random.default_rng(2).normal(size=found.shape)]
    compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-12, name)


@pytest.mark.parametrize("name", GATED)
def test_the_parameters_of_a_gate_have_the_gradient_of_the_differences(name):
    whole = subject(name, HOST)
    if "NALU" in name:
        whole.layer.epsilon = 0.1  # differences cannot follow the product nearer to 0
    gate = GATES[name.split("-")[0]]
    expected = {f"{gate}.gate.{key}" for key in whole.layer.gates[gate].init(4, numpy.random)}
    assert {key for key in whole.values if ".gate." in key} == expected
    along_a_direction(whole)


@layers
@methods
@pytest.mark.parametrize("shape", [(0,), (0, 3), (5, 0)])
def test_no_rows_at_all(backend, name, method, shape):
    whole = subject(name, backend, method, shape)
    (y,) = whole.outputs()
    assert y.shape == (*shape, whole.layer.H)
    gradients = whole.gradients([numpy.zeros(y.shape)])
    assert gradients["x"].shape == (*shape, whole.layer.D)
    assert all(not gradient.any() for gradient in gradients.values())


@layers
@pytest.mark.parametrize("of_x, of_weights", [("float32", "float64"), ("float64", "float32"), ("float32", "float32")])
def test_where_dtypes_meet_the_wider_one_computes_and_every_gradient_is_like_its_value(name, of_x, of_weights):
    gradients = {}
    for method in ("hand", "tape"):
        whole = layer_of_registry(name, HOST, of_weights)
        whole.layer.method = method
        whole.values["x"] = whole.values["x"].astype(of_x)
        (y,) = whole.outputs()
        assert y.dtype == max(of_x, of_weights)
        gradients[method] = whole.gradients([numpy.ones_like(y)])
        for key, gradient in gradients[method].items():
            assert gradient.dtype == (of_x if key == "x" else of_weights), key
    compare(gradients["hand"], gradients["tape"], 1e-5, name)


@layers
def test_a_row_does_not_see_the_others(backend, name):
    whole = subject(name, backend)
    (y,) = whole.outputs()
    alone = whole.layer(backend.to(whole.values["x"][2, 1]))
    assert differences.distance(backend.host(alone), y[2, 1]) <= 1e-14


@layers
def test_a_second_derivative_is_for_the_composed_way(name):
    whole = subject(name, HOST)
    x = mg.Tensor(whole.values["x"], requires_grad=True)
    y = whole.layer(x)
    with pytest.raises(SecondDerivativeError, match=r'type: \w+\(…, method="tape"\): the composed way'):
        mg.grad(y, x, numpy.ones(y.shape), create_graph=True)
    whole.layer.method = "tape"
    y = whole.layer(x)
    assert mg.grad(y, x, numpy.ones(y.shape), create_graph=True).shape == x.shape


@layers
def test_a_weight_that_is_edited_before_the_backward_pass_is_named(name):
    whole = subject(name, HOST)
    y = whole.layer(whole.values["x"])
    weight, parameter = next(whole.layer.named_parameters())
    with mg.no_grad():
        parameter.assign(numpy.zeros(parameter.shape))
    with pytest.raises(TensorModifiedError, match=f"'{weight}'"):
        y.backward(numpy.ones(y.shape))


def test_a_backward_pass_may_be_taken_twice():
    whole = subject("NALU-parametric", HOST)
    inputs, outputs = whole.call()
    cotangent = [numpy.ones(outputs[0].shape)]
    first, second = (mg.grad(outputs, list(inputs.values()), cotangent, retain_graph=True) for _ in range(2))
    assert all(numpy.array_equal(one.data, other.data) for one, other in zip(first, second, strict=True))


class Composed(Rowwise):
    """Twice x, without anything by hand."""

    def compose(self, x):
        return x * 2.0


def test_a_layer_needs_no_more_than_compose():
    x = sequence((T, N, 4))
    assert numpy.array_equal(Composed(4, 4, "tape")(x).data, 2.0 * x)
    with pytest.raises(TypeError, match="Composed is composed only: method='tape'"):
        Composed(4, 4, "hand")(x)
    with pytest.raises(TypeError, match="write compose"):
        Rowwise(4, 4, "tape")(x)


def test_misuse_is_named():
    with pytest.raises(ShapeError) as caught:
        LayerNorm(4)(numpy.ones((3, 5)))
    assert str(caught.value) == (
        "LayerNorm: the last axis is not the input size: expected x of shape (…, D=4), got (3, 5)"
    )
    with pytest.raises(ShapeError, match=r"the wrong way round\n  type: x.swapaxes\(-1, -2\)"):
        NALU(4, 2)(numpy.ones((4, 3)))
    with pytest.raises(DTypeError) as caught:
        Highway(4)(numpy.ones((3, 4), dtype="int64"))
    assert (
        str(caught.value)
        == """\
Highway: x has no numbers to compute with: expected floating x (…, D=4), got int64
  type: x.astype("float32")"""
    )
    with pytest.raises(OptionError, match="NAC: H is the hidden size: expected a whole number H >= 1, got 0"):
        NAC(2, 0)
    with pytest.raises(OptionError, match="NAC: unknown method: expected method='hand' or 'tape', got 'bptt'"):
        NAC(2, 4, method="bptt")
    with pytest.raises(OptionError, match=r"Highway: gate= takes a Gate.*'transform': gate"):
        Highway(4, gate=mg.gates.Sigmoid)
    with pytest.raises(OptionError, match="NALU: there is no gate 'g': expected one of mix"):
        NALU(2, 4, gate={"g": mg.gates.Sigmoid()})
