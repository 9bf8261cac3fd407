"""How weights begin: the right spread, orthogonal where it is said, the same from the same seed."""

from __future__ import annotations

import math

import numpy
import pytest

from minigate.module import Module
from minigate.module.initialisers import glorot, normal, orthogonal, uniform, zeros

ALL = {"zeros": zeros, "uniform": uniform, "normal": normal, "glorot": glorot, "orthogonal": orthogonal}


def rng(seed=0):
    return numpy.random.default_rng(seed)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 3), (1, 5)])
def test_drawn_on_the_host_in_float64_from_the_generator_alone(name, shape):
    one, same, other = (ALL[name](rng(seed), shape) for seed in (0, 0, 1))
    assert type(one) is numpy.ndarray and one.dtype == "float64" and one.shape == shape
    assert numpy.array_equal(one, same)
    assert name == "zeros" or not numpy.array_equal(one, other)


@pytest.mark.parametrize("name", ALL)
def test_the_same_draw_in_every_dtype(backend, name):
    drawn = ALL[name](rng(), (3, 4))
    for dtype in ("float32", "float64"):
        parameter = Module().parameter("W", ALL[name](rng(), (3, 4)), dtype)
        assert numpy.array_equal(backend.host(parameter.data), drawn.astype(dtype))


def test_zeros_are_zeros_and_use_up_their_share_of_the_stream():
    generator, other = rng(), rng()
    assert not zeros(generator, (3, 4)).any()
    other.random((3, 4))
    assert generator.random() == other.random()


@pytest.mark.parametrize("limit", [0.08, 1.0])
def test_uniform_fills_its_interval(limit):
    w = uniform(rng(), (100, 200), limit)
    assert -limit <= w.min() < -0.99 * limit and 0.99 * limit < w.max() <= limit
    assert abs(w.mean()) < 0.02 * limit and w.std() == pytest.approx(limit / math.sqrt(3), rel=0.02)


@pytest.mark.parametrize("deviation", [0.1, 2.0])
def test_normal_has_its_deviation(deviation):
    w = normal(rng(), (100, 200), deviation)
    assert abs(w.mean()) < 0.03 * deviation and w.std() == pytest.approx(deviation, rel=0.02)
    assert 3.0 * deviation < numpy.abs(w).max() < 6.0 * deviation


@pytest.mark.parametrize("shape", [(100, 200), (200, 100), (5, 40, 60)])
def test_glorot_keeps_activations_and_gradients_in_scale(shape):
    """Variance 2 / (fan in + fan out), so limits of √(6 / (fan in + fan out))."""
    w, limit = glorot(rng(), shape), math.sqrt(6 / (shape[-1] + shape[-2]))
    assert w.var() == pytest.approx(2 / (shape[-1] + shape[-2]), rel=0.03)
    assert 0.99 * limit < numpy.abs(w).max() <= limit


@pytest.mark.parametrize("shape", [(4, 4), (3, 7), (7, 3), (1, 1), (1, 5), (128, 128), (100, 30)])
def test_orthogonal_rows_or_columns(shape):
    w = orthogonal(rng(), shape)
    smaller = w @ w.T if shape[0] <= shape[1] else w.T @ w
    assert numpy.abs(smaller - numpy.eye(min(shape))).max() < 1e-14 * max(shape)


def test_orthogonal_directions_are_spread_evenly():
    """Over many draws every entry has mean 0 and variance 1 / n, and the determinant both signs."""
    drawn = numpy.array([orthogonal(rng(seed), (4, 4)) for seed in range(500)])
    assert numpy.abs(drawn.mean(axis=0)).max() < 0.1
    assert numpy.abs(drawn.var(axis=0) - 0.25).max() < 0.06
    assert 0.4 < (numpy.linalg.det(drawn) > 0).mean() < 0.6
