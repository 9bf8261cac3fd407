"""The linear recurrence: whichever way it is solved, the states are the same, and so are all gradients."""

from __future__ import annotations

import math
import sys

import numpy
import pytest

import minigate as mg
from minigate.bptt import checkpointed, log_scan, scan, step_by_step, truncated
from minigate.errors import OptionError
from tests.contracts import differences
from tests.contracts.example_gates import FEW, cells_and_gates
from tests.contracts.subjects import HOST, Subject, recurrent, sequence
from tests.contracts.test_three_ways import compare

scans = sys.modules["minigate.bptt.scan"]

SCANNED = [each for each in cells_and_gates(FEW) if isinstance(mg.cells.registry[each[0]](), mg.cells.ScannedCell)]
cells = pytest.mark.parametrize("name, choice", SCANNED)
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
both_ways = pytest.mark.parametrize("solve", [scan, step_by_step])


def one_by_one(a, b, h0):
    """The recurrence in the test's own words."""
    states, h = [], h0
    for a_t, b_t in zip(a, b, strict=True):
        h = a_t * h + b_t
        states.append(h)
    return numpy.array(states).reshape(b.shape)


# ---- the recurrence alone ------------------------------------------------------------------------


@both_ways
def test_three_steps_by_hand(backend, solve):
    """h0 = 5: 2 · 5 + 1 = 11, −3 · 11 + 4 = −29, 0 · (−29) − 7 = −7."""
    a, b, h0 = (backend.to(each, dtype="float64") for each in ([[2], [-3], [0]], [[1], [4], [-7]], [5]))
    assert backend.host(solve(a, b, h0)).ravel().tolist() == [11.0, -29.0, -7.0]


@both_ways
@pytest.mark.parametrize("T", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 100])
@pytest.mark.parametrize("shape", [(3,), (3, 2), (0, 2)])
def test_any_length_any_sign_and_zeros(backend, rng, solve, T, shape):
    a, b, h0 = rng.uniform(-1.2, 1.2, size=(T, *shape)), rng.normal(size=(T, *shape)), rng.normal(size=shape)
    a[rng.random(a.shape) < 0.2] = 0.0
    moved = [backend.to(each) for each in (a, b, h0)]
    found = backend.host(solve(*moved))
    assert differences.distance(found, one_by_one(a, b, h0)) <= 1e-14
    for array, value in zip(moved, (a, b, h0), strict=True):
        assert numpy.array_equal(backend.host(array), value), "what comes in is not changed"


@both_ways
def test_back_in_time_is_the_same_recurrence_reversed(backend, rng, solve):
    """dh_t = dy_t + a_{t+1} dh_{t+1}: its own transpose, Σ_t dy_t h_t = Σ_t dh_t b_t where h_0 = 0."""
    a, b, dy = rng.normal(size=(3, 20, 4))
    h = solve(backend.to(a), backend.to(b), backend.to(numpy.zeros(4)))
    last, others = backend.to(dy[-1]), [backend.to(each) for each in (a[:0:-1].copy(), dy[-2::-1].copy())]
    dh = numpy.concatenate([backend.host(solve(*others, last))[::-1], dy[-1:]])
    assert numpy.sum(dy * backend.host(h)) == pytest.approx(numpy.sum(dh * b), rel=1e-12)


@pytest.mark.parametrize("T", [1, 2, 7, 64, 1000])
def test_the_scan_is_five_operations_a_level_and_little_more_arithmetic(rng, T):
    numbers: list[int] = []

    def counting(operation):
        def counted(x, y, out=None):
            numbers.append(x.size)
            return operation(x, y, out=out)

        return counted

    a, h = rng.random((T, 1)), rng.random((T + 1, 1))
    expected = one_by_one(a, h[1:], h[0])
    scans._in_place(a, h, numpy.empty((T // 2, 1)), times=counting(numpy.multiply), plus=counting(numpy.add))
    assert differences.distance(h[1:], expected) <= 1e-14
    assert len(numbers) <= 2 + 5 * math.floor(math.log2(T)) and sum(numbers) <= 2 + 5 * T


def test_short_steps_are_scanned_and_long_ones_taken_one_after_the_other(monkeypatch):
    taken = []
    monkeypatch.setattr(scans, "scan_in_place", lambda *rest: taken.append("scan"))
    monkeypatch.setattr(scans, "step_by_step_in_place", lambda *rest: taken.append("step by step"))
    for N, H in [(1, 64), (1, scans.SHORT_STEP - 1), (1, scans.SHORT_STEP), (32, 100)]:
        scans.through_time(numpy.empty((5, N, H)), numpy.empty((6, N, H)), numpy.empty((2, N, H)))
    assert taken == ["scan", "scan", "step by step", "step by step"]


# ---- logarithms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("T", [0, 1, 2, 5, 64, 333])
def test_the_log_scan_is_the_scan_where_everything_is_positive(backend, rng, T):
    a, b, h0 = (backend.to(rng.uniform(0.01, 1.5, size=size)) for size in ((T, 3, 2), (T, 3, 2), (3, 2)))
    assert differences.distance(backend.host(log_scan(a, b, h0)), backend.host(scan(a, b, h0))) <= 1e-12


def test_without_logarithms_it_is_the_division_that_fails_and_not_the_scan(rng):
    """500 steps in float32: products of a are soon below 1e-38. Scan and log scan do not mind; which rounds less?"""
    a, b, h0 = (rng.uniform(0.1, 0.9, size=size).astype("float32") for size in ((500, 8), (500, 8), (8,)))
    right = one_by_one(a.astype("float64"), b.astype("float64"), h0.astype("float64"))
    products = numpy.cumprod(a, axis=0)
    with numpy.errstate(all="ignore"):
        divided = products * (h0 + numpy.cumsum(b / products, axis=0))
    assert not numpy.isfinite(divided).all()
    assert differences.distance(scan(a, b, h0), right) <= 2e-7
    assert differences.distance(log_scan(a, b, h0), right) <= 2e-6
    assert differences.distance(log_scan(a, b, h0), right) > differences.distance(scan(a, b, h0), right)


@pytest.mark.parametrize("name, least", [("a", -0.25), ("b", 0.0), ("h0", 0.0)])
def test_what_has_no_logarithm_is_named(backend, name, least):
    values = {"a": numpy.ones((4, 2)), "b": numpy.ones((4, 2)), "h0": numpy.ones(2)}
    values[name].flat[1] = least
    with pytest.raises(OptionError) as caught:
        log_scan(*(backend.to(each) for each in values.values()))
    assert str(caught.value) == f"""\
log_scan: {name} has no logarithm: expected every number of a, b and h0 above 0, got {name} down to {least:.3g}
  likely slip: h0 = 0, or a candidate that may be negative
  type: scan(a, b, h0), which takes any sign"""


def test_the_log_scan_solves_the_positive_minimal_gru(backend):
    subject = recurrent("MinGRU-positive", "none", backend)
    h0 = numpy.abs(subject.values["state.0"])
    trace = subject.layer.trace(backend.to(subject.values["x"]), (backend.to(h0),))
    z, candidate = trace["update"], trace["candidate"]
    h = log_scan(1.0 - z, z * candidate, backend.to(h0))
    assert differences.distance(backend.host(h), backend.host(trace["h"])) <= 1e-14
    assert numpy.all(backend.host(h) > 0.0)


# ---- the cells that are solved so ----------------------------------------------------------------


@cells
@masks
def test_a_cell_does_not_mind_which_way_it_is_solved(backend, monkeypatch, name, choice, masked):
    subject = recurrent(name, choice, backend, masked=masked)
    cotangents = subject.cotangents()["all"]
    results = []
    for short in (0, 1 << 30):
        monkeypatch.setattr(scans, "SHORT_STEP", short)
        results.append((subject.outputs(), subject.gradients(cotangents)))
    for found, expected in zip(results[0][0], results[1][0], strict=True):
        assert differences.distance(found, expected) <= 1e-14
    compare(results[0][1], results[1][1], 1e-13, "scan and step by step")


@cells
@pytest.mark.parametrize("short", [0, 1 << 30], ids=["step by step", "scan"])
def test_every_way_back_takes_these_cells_through_time(monkeypatch, name, choice, short):
    monkeypatch.setattr(scans, "SHORT_STEP", short)
    hand, composed = (recurrent(name, choice, HOST, T=5, masked=True, method=method) for method in ("bptt", "tape"))
    cotangents = hand.cotangents()["all"]
    whole = hand.gradients(cotangents)
    hand.layer.through = checkpointed()
    compare(hand.gradients(cotangents), whole, 1e-12, "checkpointed")
    hand.layer.through = composed.layer.through = truncated(2)
    compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-12, "truncated")


@cells
def test_where_no_gradient_is_wanted_a_long_sequence_is_the_same(backend, name, choice):
    subject = Subject(recurrent(name, choice, backend).layer, backend, sequence((150, 3, 2)))
    outputs = [backend.host(each) for each in subject.call()[1]]
    for found, expected in zip(subject.outputs(), outputs, strict=True):
        assert differences.distance(found, expected) <= 1e-14
