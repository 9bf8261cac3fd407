"""The leaky RNN: with τ = 1 the plain one, with τ > 1 a slower one, and a GRU whose gate stands still."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.layers import Recurrent
from tests.contracts.differences import distance
from tests.contracts.subjects import MASK, D, H, N, Subject, T, sequence

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


def subject(cell, backend, method, masked=False) -> Subject:
    mask = MASK if masked else None
    return Subject(Recurrent(cell, method=method), backend, sequence((T, N, D), mask=mask), mask)


def leaky(time_constants) -> mg.cells.LeakyRNN:
    return mg.cells.LeakyRNN(D, H, time_constants=time_constants, seed=0, dtype="float64")


@methods
def test_two_units_by_hand(backend, method):
    """τ = (1, 4), W = (½ ln 2, ½ ln 3), U = 0 but for 2 ln 2 from the slow unit to the fast; x = (1, −1), h_0 = (0, 1).

    t = 0: h̃ = (tanh(½ ln 2 + 2 ln 2), 1/2), ½ ln 2 + 2 ln 2 = ½ ln 32    → h = (31/33, ¾ · 1 + ¼ · ½ = 7/8)
    t = 1: h̃ = (tanh(−½ ln 2 + 7/4 ln 2), −1/2), which is ½ ln 2^(5/2)    → h = ((a − 1)/(a + 1), ¾ · 7/8 − 1/8 = 17/32)
    """
    cell = mg.cells.LeakyRNN(1, 2, time_constants=(1, 4), dtype="float64")
    weights = {"W": [[0.5 * log(2), 0.5 * log(3)]], "U": [[0.0, 0.0], [2 * log(2), 0.0]], "b": [0.0, 0.0]}
    cell.load_state_dict({name: numpy.array(value) for name, value in weights.items()})
    y, _ = Recurrent(cell, method=method)(backend.to([[[1.0]], [[-1.0]]]), (backend.to([[0.0, 1.0]]),))
    a = 2**2.5
    expected = [[31 / 33, 7 / 8], [(a - 1) / (a + 1), 17 / 32]]
    numpy.testing.assert_allclose(backend.host(y)[:, 0], expected, rtol=1e-14)


@methods
@masks
def test_with_time_constants_of_1_it_is_the_rnn_exactly(backend, method, masked):
    one = subject(leaky((1, 1.0)), backend, method, masked)
    other = subject(mg.cells.RNN(D, H, seed=0, dtype="float64"), backend, method, masked)
    other.values = one.values
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert numpy.array_equal(found, expected)
    for what, cotangents in one.cotangents().items():
        found, expected = one.gradients(cotangents), other.gradients(cotangents)
        for name in found:
            assert distance(found[name], expected[name]) <= 1e-14, f"{what}: d{name}"


@methods
@masks
@pytest.mark.parametrize("tau", [1, 2.5, 100])
def test_it_is_the_gru_whose_update_gate_stands_at_one_part_in_tau(backend, method, masked, tau):
    one = subject(leaky((tau,)), backend, method, masked)
    gates = {"update": mg.gates.Constant(1.0 / tau), "reset": mg.gates.Constant(1.0)}
    other = subject(mg.cells.GRU(D, H, gate=gates, seed=0, dtype="float64"), backend, method, masked)
    names = {"x": "x", "state.0": "state.0"} | {symbol: f"{symbol}.candidate" for symbol in "WUb"}
    other.values |= {theirs: one.values[ours] for ours, theirs in names.items()}
    for found, expected in zip(one.outputs(), other.outputs(), strict=True):
        assert distance(found, expected) <= 1e-13
    for what, cotangents in one.cotangents().items():
        found, expected = one.gradients(cotangents), other.gradients(cotangents)
        for ours, theirs in names.items():
            assert distance(found[ours], expected[theirs]) <= 1e-12, f"{what}: d{ours}"


@methods
def test_left_alone_every_unit_forgets_at_its_own_rate(backend, method):
    one = subject(leaky((1, 2, 4)), backend, method)
    for name in ("W", "U", "b"):
        one.values[name][...] = 0.0
    keeps = numpy.array([0.0, 0.0, 1 / 2, 3 / 4])  # four units, three groups: the first gets the one left over
    y = one.outputs()[0]
    assert distance(y, one.values["state.0"] * keeps ** numpy.arange(1, T + 1)[:, None, None]) <= 1e-15
    dh = one.gradients([None, numpy.ones((N, H))])["state.0"]
    assert distance(dh, numpy.broadcast_to(keeps**T, (N, H))) <= 1e-15


def test_the_trace_holds_its_equation(backend):
    one = subject(leaky((1, 2, 4)), backend, "bptt")
    v = one.values
    trace = Recurrent(one.layer.cell).trace(backend.to(v["x"]), (backend.to(v["state.0"]),))
    h, h_prev, candidate = (backend.host(trace[name]) for name in ("h", "h_prev", "candidate"))
    own = one.layer.cell
    assert distance(candidate, numpy.tanh(v["x"] @ backend.host(own["W"]) + h_prev @ backend.host(own["U"])
                                          + backend.host(own["b"]))) <= 1e-13  # fmt: skip
    rate = numpy.array([1.0, 1.0, 0.5, 0.25])
    assert distance(h, (1.0 - rate) * h_prev + rate * candidate) <= 1e-15


NONE = [(), (0.5, 2), (0,), (-1,), (2, float("inf")), (2, float("nan")), (True,), (1, None), 3, "12"]
SLIPS = {(1, 1, 1, 1, 1): "5 groups of 4 units", (0.5, 0.25): "rates 1/τ in the place of time constants"}


@pytest.mark.parametrize("given", [*NONE, *SLIPS], ids=repr)
def test_time_constants_that_are_none(given):
    with pytest.raises(mg.errors.OptionError) as caught:
        leaky(given)
    first, *rest = str(caught.value).splitlines()
    expected = "numbers of steps τ >= 1, at most H=4 of them"
    assert first == f"LeakyRNN: each group of units has a time constant: expected {expected}, got {given!r}"
    remedy = "  type: time_constants=(1, 2, 4, 8)"
    assert rest == ([remedy] if given in NONE else [f"  likely slip: {SLIPS[given]}", remedy])


def test_it_says_what_tells_it_from_others():
    assert repr(leaky([1, 2.5, numpy.float32(4.0)])) == "LeakyRNN(D=2, H=4, time_constants=(1, 2.5, 4))"
