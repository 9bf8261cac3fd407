"""The GRU's bias inside of the reset, and the other convention of z."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Recurrent
from tests.cells.test_by_hand import run, unit
from tests.contracts.differences import distance
from tests.contracts.subjects import MASK, D, H, N, Subject, T, sequence
from tests.contracts.test_three_ways import compare

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
resets = pytest.mark.parametrize("reset", ["after", "before"])


def subject(backend, cell, method, masked=False) -> Subject:
    mask = MASK if masked else None
    return Subject(Recurrent(cell, method=method), backend, sequence((T, N, D), mask=mask), mask)


def gru(**options) -> mg.cells.GRU:
    return mg.cells.GRU(D, H, seed=0, dtype="float64", **options)


class OtherConvention(mg.cells.GRU):
    """z is the share of the old: h = z ⊙ h_prev + (1 − z) ⊙ h̃, as some frameworks have it. Only composed."""

    def step(self, x_t, state):
        (h_prev,) = state
        z, r = (self.gate(g, self.input_share(x_t, g) + h_prev @ self[f"U.{g}"]) for g in ("update", "reset"))
        U = self["U.candidate"]
        recurrent = r * (h_prev @ U) if self.reset == "after" else (r * h_prev) @ U
        h = z * h_prev + (1.0 - z) * mg.ops.tanh(self.input_share(x_t, "candidate") + recurrent)
        return h, (h,)


@methods
@masks
@resets
def test_the_other_convention_is_the_same_model_with_the_update_gate_turned(backend, method, masked, reset):
    """Outputs, and all gradients: those of W.update, U.update and b.update have the other sign."""
    one = subject(backend, gru(reset=reset), method, masked)
    other = subject(backend, OtherConvention(D, H, reset=reset, seed=0, dtype="float64"), "tape", masked)
    other.values = {name: -value if "update" in name else value for name, value in one.values.items()}
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-13
    for what, cotangents in one.cotangents().items():
        expected = {k: -v if "update" in k else v for k, v in other.gradients(cotangents).items()}
        assert expected["U.update"].any()
        compare(one.gradients(cotangents), expected, 1e-12, what)


@methods
def test_the_recurrent_bias(backend, method):
    layer = unit(
        mg.cells.GRU(1, 1, recurrent_bias=True, dtype="float64"), method,
        W_reset=-log(3), U_candidate=2 * log(4), b_recurrent=2 * log(4), W_candidate=-0.5 * log(4),
    )  # fmt: skip
    # step 1: x = 1, h0 = 1:  z = 1/2,  r = σ(−ln 3) = 1/4
    #   h̃ = tanh(−½ ln 4 + 1/4 (2 ln 4 · 1 + 2 ln 4)) = tanh(½ ln 4) = 3/5       h1 = 1/2 + 3/10 = 4/5
    # step 2: x = 0:           z = r = 1/2
    #   h̃ = tanh(1/2 (2 ln 4 · 4/5 + 2 ln 4)) = tanh(9/5 ln 4) = tanh(½ ln a), a = 4^(18/5)
    a = 4 ** (18 / 5)
    y, _ = run(layer, backend, [1.0, 0.0], [1.0])
    assert y == pytest.approx([4 / 5, 2 / 5 + 0.5 * (a - 1) / (a + 1)], rel=1e-14)


@methods
@masks
def test_a_recurrent_bias_of_0_is_none(backend, method, masked):
    plain, one = (subject(backend, gru(recurrent_bias=own), method, masked) for own in (False, True))
    one.values = {name: plain.values.get(name, 0.0 * value) for name, value in one.values.items()}
    assert all(numpy.array_equal(*pair) for pair in zip(one.outputs(), plain.outputs(), strict=True))
    cotangents = plain.cotangents()["all"]
    found, expected = one.gradients(cotangents), plain.gradients(cotangents)
    compare({name: found[name] for name in expected}, expected, 1e-13, "all")


@methods
@masks
def test_where_nothing_is_reset_it_is_a_second_bias_of_the_candidate(backend, method, masked):
    one = subject(backend, gru(recurrent_bias=True, gate={"reset": Constant(1.0)}), method, masked)
    other = subject(backend, gru(gate={"reset": Constant(1.0)}), method, masked)
    other.values = {name: one.values[name] for name in other.values}
    other.values["b.candidate"] = one.values["b.candidate"] + one.values["b.recurrent"]
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-13
    gradients = one.gradients(one.cotangents()["all"])
    assert distance(gradients["b.recurrent"], gradients["b.candidate"]) <= 1e-13


@methods
def test_where_all_is_reset_it_does_not_matter(backend, method):
    one = subject(backend, gru(recurrent_bias=True, gate={"reset": Constant(0.0)}), method)
    before = one.outputs()
    one.values["b.recurrent"] = one.values["b.recurrent"] + 5.0
    assert all(numpy.array_equal(*pair) for pair in zip(one.outputs(), before, strict=True))
    assert not one.gradients(one.cotangents()["all"])["b.recurrent"].any()


def test_before_the_product_there_is_none():
    with pytest.raises(OptionError) as caught:
        mg.cells.GRU(2, 4, reset="before", recurrent_bias=True)
    text = """\
GRU: there is no recurrent bias where the reset comes before the product
  likely slip: (r ⊙ h) U + b is the sum that b.candidate already stands in: a second bias would be the same
  type: reset="after", or leave recurrent_bias out"""
    assert str(caught.value) == text


def test_what_a_gru_is_called():
    assert repr(gru(reset="before")) == "GRU(D=2, H=4, reset='before')"
    assert repr(gru(recurrent_bias=True)) == "GRU(D=2, H=4, recurrent_bias=True)"
