"""Where all sequences keep the same time, groups at rest are not computed: cheaper, and the same numbers."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.bptt import forward_through_time
from minigate.cells.clock import Beat, equal_groups, shared_clock, timetable
from minigate.layers import Recurrent
from tests.conftest import Backend
from tests.contracts import differences
from tests.contracts.subjects import HOST, MASK, D, K, N, Subject, sequence
from tests.contracts.test_state import same_as_whole
from tests.contracts.test_three_ways import along_a_direction, compare
from tests.strict_double import random_strides, strict_xp

STEPS = 7
RAGGED = numpy.arange(STEPS)[:, None] < numpy.array([7, 4, 0])
HOLED = numpy.random.default_rng(0).random((STEPS, N)) < 0.7
MASKS = {"all": None, "ragged": RAGGED, "holes": HOLED}
PERIODS = {"exponential": (1, 2, 4), "coprime": (2, 3, 5), "with gaps": (1, 2, 3, 4), "rnn": (1, 1), "single": (3,)}
CLOCKS = {"zero": [0, 0, 0], "late": [5, 5, 5], "one stopped": [5, 5, 2], "unequal": [3, 0, 8]}

every_period = pytest.mark.parametrize("periods", PERIODS.values(), ids=PERIODS)
every_mask = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
every_clock = pytest.mark.parametrize("clock", CLOCKS.values(), ids=CLOCKS)


def subject(periods, backend, mask=None, clock=(0, 0, 0), method=None, tokens=False, **options) -> Subject:
    cell = mg.cells.ClockworkRNN(K if tokens else D, 6, periods=periods, seed=0, dtype="float64")
    x = sequence((STEPS, N, D), tokens=tokens, mask=mask)
    found = Subject(Recurrent(cell, method=method, **options), backend, x, mask)
    found.values["state.1"] = numpy.array(clock)
    return found


@every_period
@every_mask
@every_clock
@pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
def test_by_hand_is_the_tape(backend, periods, mask, clock, tokens):
    hand, composed = (subject(periods, backend, mask, clock, method, tokens) for method in ("bptt", "tape"))
    for found, expected in zip(hand.outputs(), composed.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    for pattern, cotangents in composed.cotangents().items():
        compare(hand.gradients(cotangents), composed.gradients(cotangents), 1e-10, pattern)


@every_period
@every_mask
@every_clock
def test_gradients_are_the_differences(periods, mask, clock):
    along_a_direction(subject(periods, HOST, mask, clock))


@every_period
@every_mask
@pytest.mark.parametrize("cut", [1, 2, 5])
def test_a_state_that_is_carried_keeps_the_time(backend, periods, mask, cut):
    same_as_whole(subject(periods, backend, mask), [cut])


@pytest.mark.parametrize("way", ["truncated", "checkpointed", "windowed"])
@every_mask
def test_every_way_through_time_keeps_the_time(way, mask):
    """Windows of an odd length: most of them begin where some groups rest."""
    ways = {
        "truncated": mg.bptt.truncated(3),
        "checkpointed": mg.bptt.checkpointed(3),
        "windowed": mg.bptt.windowed(1, 3),
    }
    hand, composed, full = (
        subject((1, 2, 3), HOST, mask, method=method, through=through)
        for method, through in (("bptt", ways[way]), ("tape", ways[way]), ("bptt", mg.bptt.full))
    )
    for found, expected in zip(hand.outputs(), full.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-13
    for pattern, cotangents in full.cotangents().items():
        exact = full if way == "checkpointed" else composed
        compare(hand.gradients(cotangents), exact.gradients(cotangents), 1e-12, pattern)


@every_period
@every_mask
def test_one_sequence_with_another_time_changes_no_number_of_the_others(periods, mask):
    """The last sequence out of step sends all of them the long way: what the other two are does not change."""
    equal, unequal = subject(periods, HOST, mask), subject(periods, HOST, mask, clock=(0, 0, 1))
    cotangents = [c if c is None else c * (numpy.arange(N) < 2)[:, None] for c in equal.cotangents()["all"]]
    for found, expected in zip(unequal.outputs()[:2], equal.outputs()[:2], strict=True):
        assert differences.distance(found[..., :2, :], expected[..., :2, :]) <= 1e-14
    compare(unequal.gradients(cotangents), equal.gradients(cotangents), 1e-12, "the first two")


@every_mask
def test_computed_arrays_may_lie_in_memory_as_they_like(mask):
    with mg.use("strict"):
        one = subject((1, 2, 4), Backend("strict", strict_xp), mask)
        cotangents = one.cotangents()["all"]
        before = one.gradients(cotangents)
        for seed in range(3):
            with random_strides(seed):
                compare(one.gradients(cotangents), before, 1e-12, f"seed {seed}")


# ---- that it is the short way --------------------------------------------------------------------


def traced(periods, mask, clock) -> mg.cells.Trace:
    one = subject(periods, HOST, mask, clock)
    state = [one.values["state.0"], one.values["state.1"]]
    return forward_through_time(numpy, one.layer.cell, one.values["x"], state, mask)[2]


@pytest.mark.parametrize(
    ("mask", "clock", "short"),
    [
        (None, [0, 0, 0], True), (None, [5, 5, 5], True), (None, [0, 0, 1], False), (RAGGED, [0, 0, 0], True),
        (RAGGED, [3, 3, 0], True), (RAGGED, [3, 0, 3], False), (HOLED, [0, 0, 0], False),
        (numpy.zeros((STEPS, N), dtype=bool), [2, 2, 2], True),
    ],
)  # fmt: skip
def test_the_short_way_is_taken_where_all_keep_the_same_time(mask, clock, short):
    trace = traced((1, 2, 4), mask, clock)
    columns = [sum(own.stop - own.start for own in works) for works, _ in trace.timetable]
    assert bool(trace.beats) == short
    ticks = clock[0] + numpy.arange(STEPS)  # three groups of two units
    assert columns == ([2 + 2 * (t % 2 == 0) + 2 * (t % 4 == 0) for t in ticks] if short else [6] * STEPS)


def test_groups_at_rest_are_not_even_looked_at():
    """NaN in the weights of a group that rests all the time reaches no one, there and back."""
    one = subject((1, 2, 4), HOST, clock=[5, 5, 5])
    one.values["x"] = one.values["x"][:2]  # steps 5 and 6: the slowest group, which works at 4 and 8, rests
    cotangents = one.cotangents()["all"]
    outputs, gradients = one.outputs(), one.gradients(cotangents)
    for name in ("W", "b", "U.group2"):
        one.values[name][..., -2:] = numpy.nan
    for found, expected in zip(one.outputs(), outputs, strict=True):
        assert numpy.array_equal(found, expected)
    compare(one.gradients(cotangents), gradients, 1e-14, "the others")
    assert not gradients["U.group2"].any() and not gradients["b"][-2:].any()


def test_the_products_after_the_loop_are_of_the_steps_alone_at_which_a_group_works():
    one = subject((1, 2, 4), HOST)
    trace = traced((1, 2, 4), None, [0, 0, 0])
    one.layer.cell.begin_backward(trace, STEPS)
    assert [trace[f"h_prev.group{i}"].shape for i in range(3)] == [(7, N, 6), (4, N, 4), (2, N, 2)]
    assert [trace[f"da.group{i}"].shape for i in range(3)] == [(7, N, 2), (4, N, 2), (2, N, 2)]


# ---- its pieces ----------------------------------------------------------------------------------


def test_who_works_when():
    beats = [Beat(-5 % period, period, k, k + 1) for k, period in enumerate((1, 2, 3, 5))]
    table = timetable(beats, 30)
    for t, (works, rests) in enumerate(table):
        on = [k for k in range(4) if any(own.start <= k < own.stop for own in works)]
        off = [k for k in range(4) if any(own.start <= k < own.stop for own in rests)]
        assert on == [k for k, period in enumerate((1, 2, 3, 5)) if (5 + t) % period == 0]
        assert sorted(on + off) == [0, 1, 2, 3]
        assert all(one.stop < other.start for one, other in zip(works, works[1:], strict=False)), "neighbours are one"
    for later in range(7):
        assert timetable([beat.after(later) for beat in beats], 12) == table[later : later + 12]


@pytest.mark.parametrize(
    ("units", "count", "sizes"), [(6, 3, [2, 2, 2]), (8, 3, [3, 3, 2]), (3, 3, [1] * 3), (4, 1, [4])]
)
def test_groups_are_equal_and_what_is_left_over_goes_to_the_first(units, count, sizes):
    groups = equal_groups(units, count)
    assert [own.stop - own.start for own in groups] == sizes
    assert [own.start for own in groups] == [0, *numpy.cumsum(sizes)[:-1]]


def test_when_all_keep_the_same_time(backend):
    def shared(t, mask=None):
        return shared_clock(backend.xp, backend.to(numpy.array(t)), None if mask is None else backend.to(mask))

    assert shared([4, 4, 4]) == 4 and shared([4, 4, 5]) is None and shared([0]) == 0
    assert shared(numpy.zeros(0, dtype=int)) == 0
    assert shared([4, 4, 4], RAGGED) == 4 and shared([4, 4, 4], MASK) is None and shared([4, 4, 4], ~RAGGED) is None
    assert shared([1, 1, 1], numpy.zeros((0, 3), dtype=bool)) == 1
    assert shared([6, 6, 2], RAGGED) == 6, "the last one has no step left"
    assert shared([6, 2, 6], RAGGED) is None and shared([2, 2, 6], RAGGED) is None
