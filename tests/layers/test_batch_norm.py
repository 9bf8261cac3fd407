"""BatchNorm: numbers worked by hand, in training three ways, what is kept, and when it is used."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError, ShapeError
from minigate.layers import BatchNorm
from tests.contracts.differences import distance
from tests.contracts.subjects import HOST, Subject
from tests.contracts.test_three_ways import along_a_direction, compare
from tests.layers.restatements import batch_norm

methods = pytest.mark.parametrize("method", ["hand", "tape"])


def with_weights(g, b, **options) -> BatchNorm:
    layer = BatchNorm(len(g), dtype="float64", **options)
    layer.load_state_dict({**layer.state_dict(), "g": numpy.array(g), "b": numpy.array(b)})
    return layer


@methods
def test_numbers_by_hand(backend, method):
    """Units (1, 3) and (0, 4) of two rows: μ = (2, 2), σ² = (1, 4), x̂ = ∓1."""
    layer = with_weights([2.0, 3.0], [10.0, 20.0], epsilon=0.0, method=method)
    y = layer(backend.to([[1.0, 4.0], [3.0, 0.0]]))
    assert backend.host(y).tolist() == [[8.0, 23.0], [12.0, 17.0]]
    # a tenth of the way from (0, 0) to (2, 2), and from (1, 1) to 2/1 · (1, 4)
    kept = layer.state_dict()
    assert kept["mean"] == pytest.approx([0.2, 0.2]) and kept["variance"] == pytest.approx([1.1, 1.7])


@methods
def test_the_gradient_by_hand(backend, method):
    """One unit, x = (0, 0, 0, 4) down the rows, ε = 1, s = 2, x̂ = (−½, −½, −½, 3/2), g = 1, dy = (0, 0, 0, 1).

    As of LayerNorm along a row: dx = (−1/32, −1/32, −1/32, 3/32); dg = 3/2, db = 1. In evaluation, with the mean 0
    and the variance 3 kept, dx = dy / 2, and dg = 4 / 2.
    """
    layer = with_weights([1.0], [0.0], epsilon=1.0, method=method)
    x, dy = mg.Tensor(backend.to([[0.0], [0.0], [0.0], [4.0]]), requires_grad=True), backend.to([[0.0]] * 3 + [[1.0]])
    layer(x).backward(dy)
    assert backend.host(x.grad).ravel() == pytest.approx([-1 / 32, -1 / 32, -1 / 32, 3 / 32], rel=1e-14)
    assert (float(layer["g"].grad.data[0]), float(layer["b"].grad.data[0])) == (1.5, 1.0)
    layer.load_state_dict({**layer.state_dict(), "mean": numpy.zeros(1), "variance": numpy.full(1, 3.0)})
    layer.eval().zero_grad()
    x.grad = None
    layer(x).backward(dy)
    assert backend.host(x.grad).ravel().tolist() == [0.0, 0.0, 0.0, 0.5]
    assert (float(layer["g"].grad.data[0]), float(layer["b"].grad.data[0])) == (2.0, 1.0)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("leading", [(3,), (7,), (5, 3), (2, 2, 3)])
def test_three_ways(backend, training, leading):
    """By hand = composed = differences, of every number that goes in.

    Not of two rows: there x̂ is ∓1 whatever x is, and dx no more than what ε and rounding leave.
    """
    x = numpy.random.default_rng(7).normal(size=(*leading, 4))
    hand, tape = (Subject(BatchNorm(4, method=method, dtype="float64"), backend, x) for method in ("hand", "tape"))
    for one in (hand, tape):
        one.layer.train(training)
        along_a_direction(one)
    assert distance(hand.outputs()[0], tape.outputs()[0]) <= 1e-13
    for name, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-12, name)


def test_the_check_that_everybody_has_says_so_too():
    assert mg.check_layer(BatchNorm(4)).verdict == "PASS"  # gradients in training, promises in evaluation
    assert mg.check_layer(BatchNorm(4, method="tape"), order=2, contracts=False).verdict == "PASS"


@methods
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_training_dtypes_stay_and_nothing_that_comes_in_is_changed(backend, method, dtype):
    x = numpy.random.default_rng(7).normal(size=(5, 3, 4)).astype(dtype)
    whole = Subject(BatchNorm(4, method=method, dtype=dtype), backend, x)
    (y,) = whole.outputs()
    gradients = whole.gradients([y.copy()])
    every = (y, *gradients.values(), *whole.layer.state_dict().values())
    assert {str(array.dtype) for array in every} == {dtype}
    assert not whole.disturbed()


@methods
def test_evaluation_has_the_statistics_of_training(backend, method, rng):
    """p = 1 keeps the last batch alone; evaluation knows no batch, moves nothing, and takes a row by itself."""
    layer = with_weights(rng.normal(size=3), rng.normal(size=3), momentum=1.0, method=method)
    x = rng.normal(size=(6, 2, 3))
    layer(backend.to(x))
    kept = layer.state_dict()
    assert distance(kept["mean"], x.mean(axis=(0, 1))) <= 1e-14
    assert distance(kept["variance"], x.reshape(12, 3).var(axis=0, ddof=1)) <= 1e-14
    layer.eval()
    y = backend.host(layer(backend.to(x)))
    for j in range(3):
        w = {"g": [kept["g"][j]] * 2, "b": [kept["b"][j]] * 2}
        expected = batch_norm(w, x[4, :, j].tolist(), kept["mean"][j], kept["variance"][j])
        assert y[4, :, j].tolist() == pytest.approx(expected, rel=1e-12)
    assert distance(backend.host(layer(backend.to(x[4, 1]))), y[4, 1]) <= 1e-14
    assert all(numpy.array_equal(array, kept[name]) for name, array in layer.state_dict().items())


@methods
def test_the_way_back_is_that_of_the_way_there(method, rng):
    """A batch in training between a forward pass in evaluation and its backward pass, or a switch, changes nothing."""
    layer = BatchNorm(3, method=method, dtype="float64")
    x = mg.Tensor(rng.normal(size=(4, 3)), requires_grad=True)
    dy = rng.normal(size=(4, 3))

    def gradient(training, between):
        layer.load_state_dict({name: numpy.full(3, float(name != "b")) for name in layer.state_dict()})
        layer.train(training)
        y = layer(x)
        between()
        return mg.grad(y, x, dy).data

    for training in (True, False):
        expected = gradient(training, lambda: None)
        assert numpy.array_equal(gradient(training, lambda: layer.train()(rng.normal(size=(4, 3)) * 9.0)), expected)
        assert numpy.array_equal(gradient(training, lambda: layer.eval()), expected)  # noqa: B023


def test_both_ways_keep_the_same_and_a_gradient_is_not_needed(rng):
    hand, tape = BatchNorm(4, dtype="float64"), BatchNorm(4, method="tape", dtype="float64")
    for k in range(3):
        x = rng.normal(size=(5, 4)) + k
        hand(x)
        with mg.no_grad():
            tape(x)
    for name, array in hand.state_dict().items():
        assert distance(array, tape.state_dict()[name]) <= 1e-14
    assert hand.state_dict()["mean"].any()


def test_what_is_kept_is_saved_and_loaded(rng):
    one, other = BatchNorm(4, dtype="float64"), BatchNorm(4, dtype="float64")
    one(rng.normal(size=(5, 4)) * 3.0)
    assert list(one.state_dict()) == ["g", "b", "mean", "variance"]
    assert [name for name, _ in one.named_parameters()] == ["g", "b"]
    other.load_state_dict(one.state_dict())
    x = rng.normal(size=(2, 4))
    assert numpy.array_equal(one.eval()(x).data, other.eval()(x).data)


def test_a_unit_that_is_the_same_in_all_rows_and_large_inputs():
    y = BatchNorm(2)(numpy.array([[5.0, 1e15], [5.0, -2e15]], dtype="float32"))
    assert y.dtype == "float32" and y.data[:, 0].tolist() == [0.0, 0.0] and numpy.isfinite(y.data).all()


@methods
@pytest.mark.parametrize("shape, got", [((3,), "1 row"), ((1, 1, 3), "1 row"), ((0, 3), "0 rows")])
def test_a_row_by_itself_cannot_train(method, shape, got):
    layer = BatchNorm(3, method=method)
    with pytest.raises(ShapeError) as caught:
        layer(numpy.ones(shape))
    assert str(caught.value) == f"""\
BatchNorm in training: one row has no deviation: expected x of shape (…, H) with two rows or more, got {got}
  likely slip: a last batch that is smaller than the others, or a layer that was not switched to evaluation
  type: layer.eval() to use what it has learnt"""
    assert not layer.state_dict()["mean"].any()
    assert layer.eval()(numpy.ones(shape)).shape == shape


def test_how_it_begins_and_what_cannot_be_meant():
    layer = BatchNorm(2)
    assert {key: value.tolist() for key, value in layer.state_dict().items()} == {
        "g": [1.0] * 2, "b": [0.0] * 2, "mean": [0.0] * 2, "variance": [1.0] * 2,
    }  # fmt: skip
    assert repr(layer) == "BatchNorm(H=2, momentum=0.1, epsilon=1e-05)"
    with pytest.raises(OptionError, match="added to a variance: expected a finite number epsilon ≥ 0, got -1"):
        BatchNorm(4, epsilon=-1.0)
    with pytest.raises(OptionError, match="share of the new batch: expected a finite number 0 ≤ momentum ≤ 1, got 9"):
        BatchNorm(4, momentum=9)
    with pytest.raises(OptionError, match="a whole number H >= 1, got 0"):
        BatchNorm(0)


def test_a_subject_in_training_has_nothing_but_its_batch():
    """What the layer does not promise in training: a row alone is another row."""
    x = numpy.random.default_rng(7).normal(size=(5, 3, 4))
    layer = Subject(BatchNorm(4, dtype="float64"), HOST, x).layer
    assert distance(layer(x[:2]).data, layer(x).data[:2]) > 1e-3
