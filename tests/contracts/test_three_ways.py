"""The central contract: by hand, composed and by differences, every gradient is the same.

For every cell of the registry with every choice of gates; floats and tokens; with and without a mask, and
NaN wherever a step is not real; several steps and a single one; cotangents on all outputs, on the last
output, on the final state and on one middle step; for x, the initial state and every parameter, none of
them zero.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.example_gates import FEW, cells_and_gates
from tests.contracts.subjects import HOST, K, Subject, layer_of_registry, recurrent

EVERY, SOME = cells_and_gates(), cells_and_gates(FEW)
cells_and_lengths = pytest.mark.parametrize(
    "name, choice, T", [(*each, 5) for each in EVERY] + [(*each, 1) for each in SOME]
)
some_cells = pytest.mark.parametrize("name, choice", SOME)
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


def compare(found: dict[str, numpy.ndarray], expected: dict[str, numpy.ndarray], limit: float, what: str) -> None:
    """Every gradient by name; where one differs, all that differ are named."""
    assert found.keys() == expected.keys()
    far = {name: differences.distance(found[name], expected[name]) for name in found}
    far = {name: d for name, d in far.items() if not d <= limit}
    assert not far, f"{what}: " + ", ".join(f"d{name} off by {d:.1e}" for name, d in far.items())


@cells_and_lengths
@inputs
@masks
def test_by_hand_is_the_tape(backend, name, choice, tokens, masked, T):
    options = {"tokens": tokens, "masked": masked, "T": T}
    composed = recurrent(name, choice, backend, method="tape", **options)
    if not composed.layer.cell.written_by_hand:
        pytest.skip("composed only")
    hand = recurrent(name, choice, backend, method="bptt", **options)
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    for pattern, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, pattern)


@some_cells
@masks
def test_by_hand_is_the_tape_where_units_saturate(backend, name, choice, masked):
    """Weights so large that most units stand at their ends, where slopes are tiny or 0."""
    hand, composed = (recurrent(name, choice, backend, masked=masked) for _ in range(2))
    composed.layer.method = "tape"
    hand.values = composed.values = {
        key: value * 20.0 if key in dict(hand.layer.named_parameters()) else value for key, value in hand.values.items()
    }
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-10
    cotangents = composed.cotangents()["all"]
    compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-8, "saturated")


@cells_and_lengths
@inputs
@masks
def test_gradients_are_the_differences_along_a_direction(backend, name, choice, tokens, masked, T):
    subject = recurrent(name, choice, backend, tokens=tokens, masked=masked, T=T)
    along_a_direction(subject, known_of_cell(name, choice, tokens, masked, T))


@cache
def known_of_cell(name: str, choice: str, tokens: bool, masked: bool, T: int) -> differences.Known:
    """The differences of one cell on the host, for every array library."""
    subject = recurrent(name, choice, HOST, tokens=tokens, masked=masked, T=T)
    return differences.Known(subject.outputs, subject.values)


@cache
def known_of_layer(name: str) -> differences.Known:
    """The differences of one layer on the host, for every array library."""
    subject = layer_of_registry(name, HOST)
    return differences.Known(subject.outputs, subject.values)


@pytest.mark.parametrize("name", mg.layers.registry)
def test_gradients_of_every_layer_are_the_differences_along_a_direction(backend, name):
    along_a_direction(layer_of_registry(name, backend), known_of_layer(name))


def along_a_direction(subject: Subject, known: Any = None) -> None:
    """One direction of ±1 for each argument, so that every element of it has its say.

    ``known`` are the differences of the same function on the host, where they were taken before: the subject's own
    library gives the same function of the same numbers, as is seen here, and so has the same derivatives.
    """
    if known is None:
        known = differences.Known(subject.outputs, subject.values)
    assert known.values.keys() == subject.values.keys()
    assert all(numpy.array_equal(known.values[key], value, equal_nan=True) for key, value in subject.values.items())
    for found, expected in zip(subject.outputs(), known.centre, strict=True):
        assert differences.distance(found, expected) <= 1e-12
    patterns = {what: (c, subject.gradients(c)) for what, c in subject.cotangents().items()}
    rng = numpy.random.default_rng(3)
    for argument in patterns["all"][1]:
        direction = rng.choice([-1.0, 1.0], size=subject.values[argument].shape)
        for step in differences.STEPS:
            derivatives = known.along(argument, direction, step)
            wrong = []
            for what, (cotangents, gradients) in patterns.items():
                terms = gradients[argument] * direction
                expected = differences.contract(derivatives, real(cotangents))
                if not abs(terms.sum() - expected) <= 1e-9 * numpy.abs(terms).sum() + 1e-11:
                    wrong.append(f"{what}: d{argument} is {terms.sum()}, by differences {expected}")
            if not wrong:
                break
        assert not wrong, wrong


@some_cells  # of the others a wrong element shows along a direction, and so it does with tokens, which are one-hot rows
@masks
def test_gradients_are_the_differences_element_by_element(name, choice, masked):
    subject = recurrent(name, choice, HOST, masked=masked)
    patterns = {what: (c, subject.gradients(c)) for what, c in subject.cotangents().items()}
    for argument in patterns["all"][1]:
        for step in differences.STEPS:
            columns = differences.jacobian(subject.outputs, subject.values, argument, step)
            wrong = []
            for what, (cotangents, gradients) in patterns.items():
                found = gradients[argument]
                expected = differences.gradient(columns, real(cotangents), found.shape)
                scale = max(1.0, float(numpy.abs(expected).max()))
                if not numpy.abs(found - expected).max() <= 1e-9 * scale:
                    wrong.append(f"{what}: d{argument} off by {numpy.abs(found - expected).max():.1e}")
            if not wrong:
                break
        assert not wrong, wrong


@some_cells
@masks
@pytest.mark.parametrize("method", ["bptt", "tape"])
def test_a_token_is_a_one_hot_row(backend, name, choice, masked, method):
    tokens = recurrent(name, choice, backend, tokens=True, masked=masked)
    if method == "bptt" and not tokens.layer.cell.written_by_hand:
        pytest.skip("composed only")
    tokens.layer.method = method
    one_hot = Subject(tokens.layer, backend, numpy.eye(K)[tokens.values["x"]], tokens.mask)
    one_hot.values = tokens.values | {"x": one_hot.values["x"]}
    for found, expected in zip(tokens.outputs(), one_hot.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    cotangents = tokens.cotangents()["all"]  # one pattern: what tokens change comes after the loop through time
    expected = one_hot.gradients(cotangents)
    assert expected.pop("x").shape == (5, 3, K)
    compare(tokens.gradients(cotangents), expected, 1e-12, "all")


@pytest.mark.parametrize("name", mg.cells.registry)
def test_second_derivatives_of_the_composed_way(name):
    """The gradient of (gradient · direction) is the difference of gradients along that direction."""
    subject = recurrent(name, "none", HOST, method="tape", T=3)
    cotangents = subject.cotangents()["all"]
    rng = numpy.random.default_rng(4)
    inputs, outputs = subject.call()
    direction = {key: rng.normal(size=value.shape) for key, value in subject.values.items() if key in inputs}
    first = mg.grad(outputs, list(inputs.values()), cotangents, create_graph=True)
    slope = sum((g * d).sum() for g, d in zip(first, direction.values(), strict=True))
    second = mg.grad(slope, list(inputs.values()), unused="zero")

    def gradients(values):
        inputs, outputs = subject.call(values)
        return [g.data for g in mg.grad(outputs, list(inputs.values()), cotangents)]

    for (key, found), expected in zip(
        zip(inputs, second, strict=True), differences.along(gradients, subject.values, direction), strict=True
    ):
        assert differences.distance(found.data, expected) <= 1e-8, key


def test_a_gradient_that_is_wrong_by_a_thousandth_is_seen():
    """The control: the comparison itself can say no, at every element and with every pattern."""
    subject = recurrent("RNN", "none", HOST)
    right = subject.gradients

    def wrong(cotangents):
        found = right(cotangents)
        place = numpy.unravel_index(numpy.abs(found["U"]).argmax(), found["U"].shape)
        found["U"][place] *= 1.001
        return found

    subject.gradients = wrong
    with pytest.raises(AssertionError, match="dU"):
        along_a_direction(subject)


def real(cotangents):
    """The same, with zeros where NaN says that a cotangent is not looked at."""
    return [None if each is None else numpy.nan_to_num(each) for each in cotangents]
