"""The wave over a grid is the composed cell in raster order, for every shape of a grid and every kind of gate."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.bptt.diagonals import Diagonals
from minigate.errors import GraphFreedError, SecondDerivativeError, TensorModifiedError
from minigate.layers import Grid
from tests.contracts import differences
from tests.contracts.example_gates import CHOICES, FEW
from tests.contracts.subjects import HOST, Subject, sequence
from tests.contracts.test_three_ways import along_a_direction, compare

D, H, N = 2, 4, 3
SHAPES = [(3, 5), (5, 3), (4, 4), (1, 5), (5, 1), (1, 1), (2, 2)]
shapes = pytest.mark.parametrize("I, J", SHAPES)
peepholes = pytest.mark.parametrize("input_peepholes", [1, 2])
methods = pytest.mark.parametrize("method", ["bptt", "tape"])


def cell(choice: str = "sigmoid", **options) -> mg.cells.MDLSTM:
    gate = CHOICES[choice](mg.cells.MDLSTM.gate_names)
    return mg.cells.MDLSTM(D, H, gate=gate, seed=0, **{"dtype": "float64", **options})


def subject(backend, I: int, J: int, method: str = "bptt", choice: str = "sigmoid", **options) -> Subject:
    x = sequence((I, J, N, D), dtype=options.get("dtype", "float64"))
    return Subject(Grid(cell(choice, **options), method=method), backend, x)


def patterns(whole: Subject) -> dict[str, list[numpy.ndarray]]:
    """Cotangents everywhere, on the last position only, and on one in the middle."""
    (y,) = whole.cotangents()["all"]
    found = {"all": y}
    for what, place in (("last", (-1, -1)), ("middle", (len(y) // 2, y.shape[1] // 2))):
        found[what] = numpy.zeros_like(y)
        found[what][place] = y[place]
    return {what: [each] for what, each in found.items()}


@shapes
def test_the_diagonals_of_a_grid(backend, I, J):
    """Every position once, every predecessor where it is said to be, and zeros outside."""
    diagonals = Diagonals(backend.xp, I, J)
    rows, columns, rank, with_border = (
        backend.host(each).tolist()
        for each in (diagonals.rows, diagonals.columns, diagonals.rank, diagonals.rank_with_border)
    )
    place = list(zip(rows, columns, strict=True))
    assert sorted(place) == [(i, j) for i in range(I) for j in range(J)]
    assert all(rank[i][j] == p for p, (i, j) in enumerate(place))
    inside = {with_border[i][j]: (i, j) for i, j in place}
    assert len(inside) == I * J < diagonals.P_with_border == (I + 1) * (J + 1)
    assert len(diagonals.steps) == I + J - 1
    for k, diagonal in enumerate(diagonals.steps):
        here = place[diagonal.here]
        assert len(here) == diagonal.n <= diagonals.longest == min(I, J)
        assert all(i + j == k for i, j in here)
        assert [inside[p] for p in range(diagonal.after.start, diagonal.after.stop)] == here
        before = [inside.get(p) for p in range(diagonal.before.start, diagonal.before.stop)]
        assert before[:-1] == [(i - 1, j) if i else None for i, j in here]
        assert before[1:] == [(i, j - 1) if j else None for i, j in here]
        if k + 1 < len(diagonals.steps):
            start = diagonals.steps[k + 1].before.start
            own = slice(start + diagonal.own.start, start + diagonal.own.stop)
            assert own == diagonal.after


@pytest.mark.parametrize("I, J, choice", [(*shape, "sigmoid") for shape in SHAPES] + [(2, 3, each) for each in CHOICES])
@peepholes
def test_by_hand_is_the_tape(backend, I, J, choice, input_peepholes):
    hand, composed = (subject(backend, I, J, way, choice, input_peepholes=input_peepholes) for way in ("bptt", "tape"))
    assert differences.distance(hand.outputs()[0], composed.outputs()[0]) <= 1e-12
    for what, cotangents in patterns(composed).items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, what)


@pytest.mark.parametrize("I, J, choice, input_peepholes", [(2, 3, "sigmoid", 1), (3, 2, "one-of-each", 2)])
def test_gradients_are_the_differences_element_by_element(I, J, choice, input_peepholes):
    whole = subject(HOST, I, J, "bptt", choice, input_peepholes=input_peepholes)
    gradients = {what: whole.gradients(cotangents) for what, cotangents in patterns(whole).items()}
    for argument in whole.values:
        columns = differences.jacobian(whole.outputs, whole.values, argument)
        for what, cotangents in patterns(whole).items():
            found = gradients[what][argument]
            expected = differences.gradient(columns, cotangents, found.shape)
            scale = max(1.0, float(numpy.abs(expected).max()))
            assert numpy.abs(found - expected).max() <= 1e-9 * scale, f"{what}: d{argument}"


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice not in FEW])
def test_gradients_are_the_differences_along_a_direction(backend, choice):
    along_a_direction(subject(backend, 3, 4, "bptt", choice))


def test_second_derivatives_of_the_composed_way():
    """The gradient of (gradient · direction) is the difference of gradients along that direction."""
    whole = subject(HOST, 2, 3, "tape")
    cotangents = whole.cotangents()["all"]
    rng = numpy.random.default_rng(4)
    inputs, outputs = whole.call()
    direction = {key: rng.normal(size=value.shape) for key, value in whole.values.items()}
    first = mg.grad(outputs, list(inputs.values()), cotangents, create_graph=True)
    slope = sum((g * d).sum() for g, d in zip(first, direction.values(), strict=True))
    second = mg.grad(slope, list(inputs.values()), unused="zero")

    def gradients(values):
        inputs, outputs = whole.call(values)
        return [g.data for g in mg.grad(outputs, list(inputs.values()), cotangents)]

    expected = differences.along(gradients, whole.values, direction)
    for key, found, slopes in zip(inputs, second, expected, strict=True):
        assert differences.distance(found.data, slopes) <= 1e-8, key


def test_a_second_derivative_by_hand_names_the_composed_way():
    x = mg.Tensor(sequence((2, 3, N, D)), requires_grad=True)
    y = Grid(cell())(x)
    with pytest.raises(SecondDerivativeError) as caught:
        mg.grad(y, x, numpy.ones(y.shape), create_graph=True)
    assert str(caught.value) == """\
MDLSTM over a grid: the backward pass of this computation is written by hand and has no derivative of its own
  likely slip: create_graph=True through the fast path
  type: Grid(mdlstm, method="tape"): the composed way can be differentiated to any order"""


@shapes
@pytest.mark.parametrize("choice", FEW)
def test_without_a_gradient_the_same_comes_out_and_no_trace_is_kept(backend, I, J, choice):
    whole = subject(backend, I, J, choice=choice)
    (with_trace,) = [backend.host(y) for y in whole.call()[1]]
    assert whole.outputs()[0].tobytes() == with_trace.tobytes()
    x = backend.to(whole.values["x"])
    _, trace, _ = mg.bptt.forward_along_diagonals(backend.xp, whole.layer.cell, x, keep=False)
    assert trace["activations"].shape[0] == min(I, J)


def test_a_graph_that_is_kept_goes_back_twice_and_one_that_is_freed_says_so(backend):
    whole = subject(backend, 3, 4, choice="one-of-each")
    cotangent = [backend.to(c) for c in whole.cotangents()["all"]]
    inputs, outputs = whole.call()
    inside = list(inputs.values())
    one, two = (mg.grad(outputs, inside, cotangent, retain_graph=True) for _ in range(2))
    for found, again in zip(one, two, strict=True):
        assert differences.distance(backend.host(found), backend.host(again)) == 0.0
    outputs[0].backward(cotangent[0])
    with pytest.raises(GraphFreedError):
        outputs[0].backward(cotangent[0])


@methods
@pytest.mark.parametrize("I, J, batch", [(0, 3, 2), (3, 0, 2), (0, 0, 2), (3, 4, 0)])
def test_an_empty_grid_and_an_empty_batch(backend, method, I, J, batch):
    layer = Grid(cell(), method=method)
    x = mg.Tensor(backend.to(numpy.zeros((I, J, batch, D))), requires_grad=True)
    y = layer(x)
    assert y.shape == (I, J, batch, H)
    if method == "bptt":
        gradients = mg.grad(y, [x, *layer.parameters()], backend.to(numpy.zeros(y.shape)))
        assert gradients[0].shape == x.shape and not any(backend.host(g).any() for g in gradients)
        assert layer.trace(x)["c"].shape == (I, J, batch, H)


@methods
def test_a_batch_is_its_images_one_by_one(backend, method):
    whole = subject(backend, 3, 4, method)
    (cotangent,) = whole.cotangents()["all"]
    (y,), gradients = whole.outputs(), whole.gradients([cotangent])
    total = {name: 0.0 for name, _ in whole.layer.named_parameters()}
    for n in range(N):
        one = Subject(whole.layer, backend, whole.values["x"][:, :, n : n + 1])
        one.values = whole.values | {"x": whole.values["x"][:, :, n : n + 1]}
        assert differences.distance(one.outputs()[0], y[:, :, n : n + 1]) <= 1e-12
        found = one.gradients([cotangent[:, :, n : n + 1].copy()])
        assert differences.distance(found.pop("x"), gradients["x"][:, :, n : n + 1]) <= 1e-12
        total = {name: total[name] + found[name] for name in total}
    compare(total, {name: gradients[name] for name in total}, 1e-12, "the sum over the images")


@pytest.mark.parametrize("of_x, of_weights", [("float32", "float64"), ("float64", "float32")])
def test_where_dtypes_meet_the_wider_one_computes_and_every_gradient_is_like_its_value(backend, of_x, of_weights):
    found = {}
    for method in ("bptt", "tape"):
        whole = subject(backend, 3, 4, method, dtype=of_weights)
        whole.values["x"] = whole.values["x"].astype(of_x)
        assert whole.outputs()[0].dtype == "float64"
        found[method] = whole.gradients(whole.cotangents()["all"])
        assert {key: str(g.dtype) for key, g in found[method].items()} == {
            key: of_x if key == "x" else of_weights for key in found[method]
        }
    compare(found["bptt"], found["tape"], 1e-6, "by hand and composed")


def test_a_weight_that_is_edited_between_forward_and_backward_is_named():
    layer = Grid(cell())
    y = layer(sequence((2, 3, N, D)))
    with mg.no_grad():
        layer.cell["U.input"].assign(numpy.zeros((2 * H, H)))
    with pytest.raises(TensorModifiedError, match="'U.input', shape .* was edited"):
        y.backward(numpy.ones(y.shape))
