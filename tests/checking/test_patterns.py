"""Every pattern is recognised where it is, and none where it is not."""

from __future__ import annotations

import numpy
import pytest

from minigate.checking.patterns import name_factor, recognise, where_wrong

RIGHT = numpy.random.default_rng(3).normal(size=(4, 4))
OTHER = numpy.random.default_rng(4).normal(size=(4, 4))
SHIFTED = numpy.vstack([OTHER[:1], RIGHT[:-1]])

KINDS = {
    "zero": numpy.zeros((4, 4)),
    "sign": -RIGHT,
    "factor": 0.5 * RIGHT,
    "transpose": RIGHT.T.copy(),
    "flip": RIGHT[::-1].copy(),
    "shift": SHIFTED,
    "sum": numpy.broadcast_to(RIGHT.sum(axis=0), (4, 4)),
    "not finite": numpy.where(RIGHT == RIGHT.max(), numpy.nan, RIGHT),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_is_recognised(kind):
    found = recognise(KINDS[kind], RIGHT, ("t", "unit"))
    assert found is not None and found.kind == kind


@pytest.mark.parametrize("kind", ["sign", "factor", "transpose", "flip", "shift"])
def test_a_pattern_survives_the_error_of_the_reference(kind):
    noise = 1e-8 * numpy.random.default_rng(5).normal(size=(4, 4))
    found = recognise(KINDS[kind], RIGHT + noise)
    assert found is not None and found.kind == kind


def test_another_gradient_is_recognised_by_its_name():
    found = recognise(OTHER, RIGHT, others={"the gradient of W.reset": OTHER})
    assert found is not None and (found.kind, found.text) == ("swapped", "this is the gradient of W.reset")


def test_no_pattern_is_invented():
    assert recognise(RIGHT + 0.1 * OTHER, RIGHT) is None
    assert recognise(OTHER, RIGHT) is None


def test_axes_are_named():
    found = recognise(RIGHT[::-1].copy(), RIGHT, ("t", "unit"))
    assert found is not None and found.text == "it is reversed along t"


@pytest.mark.parametrize(
    ("factors", "words"),
    [
        ([(2.0, {"T": 2, "N": 3}), (2.0, {"T": 5, "N": 3})], "2.000000 → counted twice, or a ½ is missing"),
        ([(0.5, {"T": 2, "N": 3}), (0.2, {"T": 5, "N": 3})], "1/T → a mean over time where a sum belongs"),
        (
            [(2.0, {"T": 2, "N": 3}), (5.0, {"T": 5, "N": 3})],
            "T → a sum over time where a mean belongs, or one sum too many",
        ),
        ([(1 / 3, {"T": 2, "N": 3}), (1 / 3, {"T": 5, "N": 3})], "1/N → a mean over the batch where a sum belongs"),
        ([(0.3, {"T": 2, "N": 3}), (0.3, {"T": 5, "N": 3})], "0.300000"),
        ([(0.3, {"T": 2, "N": 3}), (0.4, {"T": 5, "N": 3})], ""),
        ([(2.0, {})], "2.000000 → counted twice, or a ½ is missing"),
    ],
)
def test_factors_in_words(factors, words):
    assert name_factor(factors) == words


def bad(shape, *places):
    mask = numpy.zeros(shape, dtype=bool)
    for place in places:
        mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (bad((5, 3, 2), (2,)), "only t 2 is wrong"),
        (bad((5, 3, 2), (slice(1, None),)), "only t 0 is right"),
        (bad((5, 3, 2), (slice(0, 2),)), "wrong at t 0, 1 only"),
        (bad((5, 3, 2), (slice(None), 1)), "only n 1 is wrong"),
        (bad((5, 3, 2), (slice(None), slice(None), 0)), "only d 0 is wrong"),
        (numpy.ones((5, 3, 2), dtype=bool), ""),
    ],
)
def test_what_the_wrong_numbers_have_in_common(mask, words):
    assert where_wrong(mask, ("t", "n", "d")) == words


# ---- right in part ---------------------------------------------------------------------------------------

HALF = numpy.arange(16).reshape(4, 4) % 5 < 2
RELU = numpy.where(HALF, RIGHT, 0.0)


@pytest.mark.parametrize(
    ("got", "right", "kind"),
    [
        (RIGHT, RELU, "leak"),
        (RELU, RIGHT, "cut"),
        (RIGHT - RELU, RELU, "complement"),
        (RIGHT.ravel()[numpy.random.default_rng(6).permutation(16)].reshape(4, 4), RIGHT, "places"),
        (RIGHT + OTHER[:, :1], RIGHT, "row"),
    ],
)
def test_what_is_right_in_part_is_recognised(got, right, kind):
    found = recognise(got, right)
    assert found is not None and found.kind == kind


def test_one_place_that_is_wrong_is_left_to_be_named_as_a_place():
    got = RIGHT.copy()
    got[2] = 0.0
    assert recognise(got, RIGHT) is None and where_wrong(got != RIGHT, ("t", "unit")) == "only t 2 is wrong"


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (7.0, "7.000000 → a sum over 7 numbers where a mean belongs, or a factor 1/7 is missing"),
        (1 / 15, "0.066667 = 1/15 → a mean over 15 numbers where a sum belongs, or a factor 15 is missing"),
        (-7.0, "-7.000000"),
        (7.5, "7.500000"),
    ],
)
def test_whole_numbers_are_lengths(factor, words):
    assert name_factor([(factor, {})]) == words


def test_where_the_function_does_not_change_every_gradient_is_too_much():
    found = recognise(OTHER, numpy.zeros((4, 4)))
    assert found is not None and found.kind == "flat" and "is a rounding or a step in it?" in found.text


def test_a_factor_that_is_nearly_one_shows_by_how_much():
    assert name_factor([(1.0 + 1.5e-8, {})]) == "1 + 1e-08 → a constant that was rounded to float32?"
    assert name_factor([(1.0 - 2e-4, {})]) == "1 − 2e-04"


def test_an_axis_without_a_name_is_told_by_its_number():
    bad = numpy.zeros((4, 3), dtype=bool)
    bad[2] = True
    assert where_wrong(bad) == "only index 2 of axis 0 is wrong"
    assert where_wrong(bad, ("t", "unit")) == "only t 2 is wrong"
    bad[0] = True
    assert where_wrong(bad) == "wrong at index 0, 2 of axis 0 only"


def test_a_step_is_told_where_the_right_gradient_is_nearly_everywhere_zero():
    rare = numpy.zeros((40, 4))
    rare[0, 0] = 0.3  # a number at the step itself, of which nothing is known
    got = numpy.where(rare > 0.0, rare, 0.1 + numpy.abs(numpy.resize(RIGHT, (40, 4))))
    assert recognise(got, rare).kind == "flat" == recognise(got, 0.0 * rare).kind


def test_a_rounding_to_single_precision_is_told():
    assert recognise(RIGHT.astype("float32").astype("float64"), RIGHT).kind == "rounded"
    assert recognise(RIGHT + 1e-5 * OTHER, RIGHT) is None
