"""Kernel activation functions as layers: how they begin, which units go together, and what is refused."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.layers import KAF, KAF2D


@pytest.mark.parametrize("method", ["hand", "tape"])
def test_it_begins_as_the_activation_whose_place_it_takes(method):
    layer = KAF(3, init=numpy.tanh, method=method, dtype="float64")
    s = numpy.linspace(-4.0, 4.0, 81)[:, None].repeat(3, 1)
    assert abs(layer(s).data - numpy.tanh(s)).max() < 5e-3
    assert abs(layer(s * 0.0 + 40.0).data).max() < 1e-12, "far from the dictionary nothing is left of it"


def test_a_block_of_rows_is_the_whole(monkeypatch):
    from minigate.gates import kernel_expansion

    layer = KAF(3, train_gamma=True, seed=0, dtype="float64")
    x = mg.Tensor(numpy.random.default_rng(0).normal(size=(7, 5, 3)), requires_grad=True)
    found = []
    for block in (10**6, 6):
        monkeypatch.setattr(kernel_expansion, "BLOCK", block)
        y = layer(x)
        found.append([y.data, *(g.data for g in mg.grad(y, [x, *layer.parameters()], numpy.cos(y.data)))])
    assert all(numpy.allclose(one, other, rtol=1e-12, atol=1e-14) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("method", ["hand", "tape"])
def test_a_pair_is_a_unit_of_the_first_half_with_one_of_the_second(method):
    layer = KAF2D(6, method=method, seed=0, dtype="float64")
    x = numpy.random.default_rng(0).normal(size=(1, 6))
    y = layer(x).data
    for unit in range(6):
        moved = x.copy()
        moved[0, unit] += 0.1
        changed = numpy.flatnonzero(layer(moved).data[0] != y[0])
        assert changed.tolist() == [unit % 3]


def test_a_pair_that_is_constant_along_one_side_is_a_function_of_the_other():
    """α_{x,y} = a_x b_y: the surface is a product of two functions of one number."""
    pair = KAF2D(2, elements=5, dtype="float64")
    rng = numpy.random.default_rng(0)
    a, b = rng.normal(size=(2, 5))
    pair["alpha"].assign(numpy.outer(a, b)[None])
    one = KAF(1, elements=5, reach=3.0, gamma=pair.gamma, dtype="float64")
    x = rng.normal(size=(20, 2))
    factors = []
    for alpha, column in ((a, x[:, :1]), (b, x[:, 1:])):
        one["alpha"].assign(alpha[None])
        factors.append(one(column).data)
    assert numpy.allclose(pair(x).data, factors[0] * factors[1], rtol=1e-12, atol=1e-14)


def test_at_infinity_nothing_is_left_and_nothing_flows():
    for layer, size in ((KAF(2, dtype="float64", seed=0), 2), (KAF2D(2, dtype="float64", seed=0), 2)):
        for method in ("hand", "tape"):
            layer.method = method
            x = mg.Tensor(numpy.array([[numpy.inf, -numpy.inf], [1e4, -1e4]])[:, :size], requires_grad=True)
            y = layer(x)
            dx = mg.grad(y, x, numpy.ones(y.shape)).data
            assert abs(y.data).max() < 1e-14 and abs(dx).max() < 1e-14


def test_misuse_is_named():
    with pytest.raises(OptionError) as caught:
        KAF2D(5)
    assert str(caught.value) == """\
KAF2D: pairs of units: expected an even D: unit k goes with unit k + D/2, got D=5
  type: KAF2D(6)"""
    with pytest.raises(OptionError, match="KAF2D: gamma is how narrow the Gaussians are"):
        KAF2D(4, gamma=-1.0)
    with pytest.raises(OptionError, match="KAF: there is no regression with rectifiers"):
        KAF(4, "relu", init="identity")
