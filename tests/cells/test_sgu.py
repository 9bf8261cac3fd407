"""The SGU and the DSGU where their numbers are known, and what their hard sigmoid brings with it."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant, HardSigmoid, Sigmoid
from minigate.layers import Recurrent
from tests.cells.test_by_hand import run, unit
from tests.cells.test_reductions import masks, methods, same, subject
from tests.contracts.differences import distance
from tests.contracts.example_gates import ParametricSigmoid
from tests.contracts.subjects import MASK, D, H, N, T, recurrent

cells = pytest.mark.parametrize("cell", [mg.cells.SGU, mg.cells.DSGU])
names = pytest.mark.parametrize("name", ["SGU", "DSGU"])


@methods
def test_an_sgu_by_hand(backend, method):
    layer = unit(
        mg.cells.SGU(1, 1, dtype="float64"), method,
        W_update=2.0, b_update=0.5, W_deep=0.5 * log(3) / (0.6 * log(2)), U_deep=1.0,
    )  # fmt: skip
    # step 1: x = 0, h0 = 0:  z_g = tanh(0) = 0    z_out = softplus(0) = ln 2    z = 0.2 · 1/2 + 1/2 = 3/5
    #   h1 = 3/5 ln 2
    # step 2: x = 1:          z_g = tanh(½ ln 3 / h1 · h1) = 1/2                  z = 0.2 · 5/2 + 1/2 = 1
    #   h2 = softplus(3/10 ln 2) = ln(1 + 2^(3/10))
    y, (h,) = run(layer, backend, [0.0, 1.0], [0.0])
    assert y == pytest.approx([0.6 * log(2), log(1 + 2**0.3)], rel=1e-14)
    assert h == y[-1]


@methods
def test_a_dsgu_by_hand(backend, method):
    layer = unit(
        mg.cells.DSGU(1, 1, dtype="float64"), method,
        W_update=2.0, b_update=0.5, W_deep=0.5 * log(3) / 0.3, U_deep=1.0, U_out=log(3) / 0.15,
    )  # fmt: skip
    # step 1: x = 0, h0 = 0:  z_out = σ(0) = 1/2    z = 3/5                        h1 = 3/10
    # step 2: x = 1:          z_g = tanh(½ ln 3 / h1 · h1) = 1/2    z = 1
    #   z_out = σ(ln 3 / 0.15 · 1/2 · 3/10) = σ(ln 3) = 3/4                        h2 = 3/4
    y, (h,) = run(layer, backend, [0.0, 1.0], [0.0])
    assert y == pytest.approx([3 / 10, 3 / 4], rel=1e-14)
    assert h == y[-1]


@methods
@masks
@cells
def test_a_unit_that_does_not_update_holds_its_state(backend, method, masked, cell):
    one = subject(cell(D, H, gate=Constant(0.0), seed=0, dtype="float64"), backend, method, masked)
    y, h = one.outputs()
    real = MASK if masked else numpy.ones((T, N), dtype=bool)
    assert numpy.array_equal(y, numpy.where(real[..., None], one.values["state.0"], 0.0))
    assert numpy.array_equal(h, one.values["state.0"])
    gradients = one.gradients(one.cotangents()["all"])
    assert not any(gradient.any() for name, gradient in gradients.items() if name != "state.0")


@methods
@cells
@pytest.mark.parametrize("z", [1.0, 0.25])
def test_what_asks_nothing_of_its_memory_moves_towards_a_constant(backend, method, cell, z):
    """x_g = 0 makes z_g = 0: h moves by the share z towards softplus(0), or σ(0), whatever comes in."""
    one = subject(cell(D, H, gate=Constant(z), seed=0, dtype="float64"), backend, method)
    one.values["W.deep"][...] = one.values["b.deep"][...] = 0.0
    target = log(2) if cell is mg.cells.SGU else 0.5
    expected = [target + (one.values["state.0"] - target) * (1.0 - z) ** (t + 1) for t in range(T)]
    assert distance(one.outputs()[0], numpy.array(expected)) <= 1e-14


@methods
def test_a_dsgu_that_always_updates_and_whose_x_g_is_1_is_a_network_of_its_own_state(backend, method):
    """x_g = 1, z = 1: h = σ((tanh(h U_g) ⊙ h) U_o), in the test's own words."""
    one = subject(mg.cells.DSGU(D, H, gate=Constant(1.0), seed=0, dtype="float64"), backend, method)
    one.values["W.deep"][...], one.values["b.deep"][...] = 0.0, 1.0
    h = one.values["state.0"]
    for y in one.outputs()[0]:
        h = 1.0 / (1.0 + numpy.exp(-((numpy.tanh(h @ one.values["U.deep"]) * h) @ one.values["U.out"])))
        assert distance(y, h) <= 1e-14


@methods
@cells
def test_a_parametric_gate_with_slope_1_and_offset_0_is_the_sigmoid(backend, method, cell):
    one = subject(cell(D, H, gate=ParametricSigmoid(), seed=0, dtype="float64"), backend, method)
    other = subject(cell(D, H, gate=Sigmoid(), seed=0, dtype="float64"), backend, method)
    one.values["update.gate.k"][...], one.values["update.gate.m"][...] = 1.0, 0.0
    same(one, other, {name: name for name in other.values})


@cells
def test_the_gate_is_the_hard_sigmoid_unless_something_else_is_said(cell):
    assert repr(cell(2, 4)) == f"{cell.__name__}(D=2, H=4)"
    for built in (cell(2, 4), cell(2, 4, gate={})):
        assert repr(built.gates["update"]) == "HardSigmoid(form='fifth')"
    assert repr(cell(2, 4, gate=Sigmoid())) == f"{cell.__name__}(D=2, H=4, gate={{'update': Sigmoid()}})"
    with pytest.raises(OptionError) as caught:
        cell(2, 4, gate=HardSigmoid)
    assert (
        str(caught.value)
        == f"""\
{cell.__name__}: gate= takes a Gate, or one Gate per name: expected mg.gates.HardSigmoid(form='fifth'), or \
{{'update': gate}}, got <class 'minigate.gates.sigmoid.HardSigmoid'>
  likely slip: the class instead of an object of it
  type: gate=HardSigmoid()"""
    )


@names
@masks
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_by_hand_is_the_tape_with_the_hard_sigmoid(backend, name, masked, scale):
    """With weights twenty times as large, most update gates stand at exactly 0 or 1, where the slope is 0."""
    hand, composed = (recurrent(name, "none", backend, masked=masked) for _ in range(2))
    composed.layer.method = "tape"
    hand.values = composed.values = {
        key: value * (scale if key[0] in "WUb" else 1.0) for key, value in hand.values.items()
    }
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert distance(found, expected) <= 1e-12
    for what, cotangents in composed.cotangents().items():
        found, expected = hand.gradients(cotangents), composed.gradients(cotangents)
        assert all(distance(found[key], expected[key]) <= 1e-10 for key in expected), what


@methods
def test_nothing_overflows(backend, method):
    """softplus(a) is a where a is large, and 0 where a is far below 0, in float32 too."""
    layer = unit(mg.cells.SGU(1, 1, gate=Constant(1.0), dtype="float32"), method, b_deep=1.0, U_deep=1.0)
    for h, expected in ((1e3, 1e3), (-1e3, 1e3), (1e30, 1e30)):  # z_g has the sign of h, so that z_g h is |h|
        y, _ = layer(backend.to([[[0.0]]], "float32"), (backend.to([[h]], "float32"),))
        assert backend.host(y).ravel().tolist() == pytest.approx([expected], rel=1e-6)
    layer.cell["b.deep"].assign(backend.to([-1.0], "float32"))
    y, _ = layer(backend.to([[[0.0]]], "float32"), (backend.to([[1e3]], "float32"),))
    assert not backend.host(y).any()


def test_every_part_can_be_read_by_name(backend):
    layer = Recurrent(mg.cells.DSGU(2, 4, seed=0, dtype="float64"))
    trace = layer.trace(backend.to(numpy.ones((5, 3, 2))))
    assert {"x_g", "z_g", "z_out", "update", "h"} <= set(trace)
    assert all(array.shape == (5, 3, 4) for array in trace.values())
