"""Differences: right to their error bar, and honest about kinks, jumps and noise."""

from __future__ import annotations

import numpy
import pytest

from minigate.checking.numeric import along, close_by, looks

SMOOTH = {
    "tanh": (numpy.tanh, lambda x: 1.0 - numpy.tanh(x) ** 2),
    "exp": (numpy.exp, numpy.exp),
    "cube": (lambda x: x**3, lambda x: 3.0 * x**2),
    "fast sine": (lambda x: numpy.sin(30.0 * x), lambda x: 30.0 * numpy.cos(30.0 * x)),
    "steep": (lambda x: numpy.tanh(200.0 * x), lambda x: 200.0 * (1.0 - numpy.tanh(200.0 * x) ** 2)),
    "far from zero": (lambda x: 1e6 + numpy.tanh(x), lambda x: 1.0 - numpy.tanh(x) ** 2),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_error_is_within_the_bar(name):
    f, slope = SMOOTH[name]
    x = numpy.random.default_rng(0).normal(size=200)
    for value in x if name in ("tanh", "steep") else x[:40]:
        found = along(lambda e, v=value: f(numpy.array([v + e])), f(numpy.array([value])))
        assert found.kink == "" or name == "steep"  # a sharp bend looks like a kink until the step is small enough
        assert abs(found.value[0] - slope(value)) <= 2.0 * found.error[0]


def test_a_smooth_function_is_known_to_eight_digits():
    for value in (-1.0, 0.0, 0.3, 2.0):
        found = along(lambda e, v=value: numpy.tanh(numpy.array([v + e])), numpy.tanh(numpy.array([value])))
        assert found.error[0] < 1e-8 * (1.0 - numpy.tanh(value) ** 2)


def relu(x):
    return numpy.maximum(x, 0.0)


def test_at_a_kink_there_is_no_derivative():
    assert along(lambda e: relu(numpy.array([e])), numpy.array([0.0])).kink == "at"
    assert along(lambda e: numpy.abs(numpy.array([3.0 * e, 1.0])), numpy.array([0.0, 1.0])).kink == "at"


@pytest.mark.parametrize("distance", [3e-3, 1e-3, 1e-4, -1e-3, -3e-3])
def test_a_kink_close_by_is_escaped_with_a_smaller_step(distance):
    found = along(lambda e: relu(numpy.array([distance + e])), relu(numpy.array([distance])))
    assert found.kink == "near" and found.step < abs(distance) * 16.0
    assert found.value[0] == pytest.approx(float(distance > 0.0), abs=1e-9)


def test_a_kink_in_one_output_is_seen_beside_smooth_ones():
    x = numpy.array([0.5, 1.0, 0.0, -0.3])
    found = along(
        lambda e: numpy.array([*numpy.tanh(x[:2] + e), *relu(x[2:] + e)]), numpy.array([*numpy.tanh(x[:2]), 0, 0])
    )
    assert found.kink == "at"


def test_where_nothing_changes_the_derivative_is_zero_and_no_kink():
    found = along(lambda e: numpy.array([0.7, 1.0]), numpy.array([0.7, 1.0]))
    assert found.kink == "" and not found.value.any()


def test_a_function_in_float32_gets_wide_bars():
    rng = numpy.random.default_rng(1)
    for _ in range(200):
        x = rng.normal(size=3)

        def f(e, x=x):
            return numpy.tanh((x + e).astype("float32")).astype("float64")

        found = along(f, f(0.0), 3)
        assert numpy.all(numpy.abs(found.value - (1.0 - numpy.tanh(x) ** 2)) <= 4.0 * found.error)
        assert found.error.max() > 1e-7


def test_a_jump_is_not_taken_for_a_derivative():
    found = along(lambda e: numpy.array([float(e > 0.0)]), numpy.array([0.0]))
    assert found.kink == "at" or found.error[0] > 1e-2 * abs(found.value[0])


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_an_edge_close_by_is_escaped_with_a_smaller_step_and_at_one_there_is_no_derivative():
    found = along(lambda e: numpy.log(numpy.array([1e-3 + e])), numpy.log(numpy.array([1e-3])))
    assert found.kink == "near" and found.value[0] == pytest.approx(1e3, rel=1e-6)
    assert along(lambda e: numpy.sqrt(numpy.array([e])), numpy.zeros(1)).kink == "at"


def wave(period):
    """Straight pieces, up and down."""

    def f(x):
        part = x / period - numpy.floor(x / period)
        return 2.0 * numpy.minimum(part, 1.0 - part)

    return f


def test_what_looks_smooth_by_the_choice_of_steps_does_not_from_other_distances():
    f, x = wave(1e-3), numpy.array([-0.662281])
    first = along(lambda e: f(x + e), f(x))
    assert abs(first.value[0]) < 100.0 and first.error[0] < 1e-6  # 1000 · 2⁻⁷ is close to 8, 1000 · 2⁻⁸ to 4
    found = close_by(lambda e: f(x + e), first, list(looks(lambda e: f(x + e), f(x))))
    assert found.kink == "near" and abs(found.value[0]) == pytest.approx(2000.0)
    f = wave(1e-7)
    assert close_by(lambda e: f(x + e), first, list(looks(lambda e: f(x + e), f(x)))).kink == "finer"
    seen = list(looks(lambda e: numpy.tanh(x + e), numpy.tanh(x)))
    assert len(seen) == 4 and numpy.allclose([each.value[0] for each in seen], 1.0 - numpy.tanh(x) ** 2, atol=1e-7)


def test_the_closest_two_of_several_looks_are_believed_where_they_agree():
    f, x = wave(0.01), numpy.array([0.0023])
    seen = list(looks(lambda e: f(x + e), f(x)))
    found = close_by(lambda e: f(x + e), along(lambda e: f(x + e), f(x)), seen)
    assert found.kink == "near" and found.value[0] == pytest.approx(200.0)
