"""The Clockwork RNN: who reads whom, who works when, and that it is a network with fewer weights and more patience."""

from __future__ import annotations

from math import log

import numpy
import pytest

import minigate as mg
from minigate.layers import Recurrent
from tests.contracts.differences import distance
from tests.contracts.subjects import HOST, MASK, D, H, N, Subject, T, sequence

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


def clockwork(periods=(1, 2, 4), units=H, **options) -> mg.cells.ClockworkRNN:
    return mg.cells.ClockworkRNN(D, units, periods=periods, seed=0, dtype="float64", **options)


def subject(cell, backend, method, masked=False, steps=T) -> Subject:
    mask = MASK if masked else None
    return Subject(Recurrent(cell, method=method), backend, sequence((steps, N, D), mask=mask), mask)


@methods
def test_two_units_by_hand(backend, method):
    """Unit 0 works at every step, unit 1 at every second; the slow one speaks to the fast one (ln 2) and itself (ln 3).

    W = (½ ln 2, ½ ln 3), x = (1, −1, 1), h_0 = 0; tanh(½ ln a) = (a − 1)/(a + 1).

    t = 0, both:      a = (½ ln 2, ½ ln 3)                              → h = (1/3, 1/2)
    t = 1, unit 0:    a_0 = −½ ln 2 + ½ · ln 2 = 0                      → h = (0, 1/2): unit 1 holds
    t = 2, both:      a_0 = ½ ln 2 + ½ ln 2 = ½ ln 4, a_1 = ½ ln 3 + ½ ln 3 = ½ ln 9
                                                                        → h = (3/5, 4/5)
    """
    cell = mg.cells.ClockworkRNN(1, 2, periods=(1, 2), dtype="float64")
    weights = {"W": [[0.5 * log(2), 0.5 * log(3)]], "U.group0": [[0.0], [log(2)]], "U.group1": [[log(3)]]}
    cell.load_state_dict(cell.state_dict() | {name: numpy.array(value) for name, value in weights.items()})
    y, (h, t) = Recurrent(cell, method=method)(backend.to([[[1.0]], [[-1.0]], [[1.0]]]))
    expected = numpy.array([[1 / 3, 1 / 2], [0.0, 1 / 2], [3 / 5, 4 / 5]])
    numpy.testing.assert_allclose(backend.host(y)[:, 0], expected, rtol=1e-14, atol=1e-16)
    assert backend.host(t).tolist() == [3] and backend.host(t).dtype == "int64"
    numpy.testing.assert_array_equal(backend.host(h), backend.host(y)[-1])


def test_the_matrix_is_block_lower_triangular_where_it_is_stored():
    """Rows are where a number comes from, columns where it goes: below the diagonal stands slow → fast."""
    cell = clockwork((1, 2, 4), units=5)  # units 0 1 | 2 3 | 4
    exists = cell.matrix() != 0.0
    assert exists.astype(int).tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 0],
        [1, 1, 1, 1, 1],
    ]


@methods
@pytest.mark.parametrize("periods", [(1, 2, 4), (1, 1, 1), (2, 3, 5)])
def test_slow_groups_speak_to_fast_ones_and_never_the_other_way(backend, method, periods):
    """What a group was at the start is heard by itself and the faster ones, from t = 0 where all work."""
    one = subject(clockwork(periods, units=6), backend, method)
    one.values["state.1"][...] = 0
    before = one.outputs()[0].reshape(T, N, 3, 2)
    for group in range(3):
        moved = one.values["state.0"].copy()
        moved[:, 2 * group : 2 * group + 2] += 0.5
        change = one.outputs(one.values | {"state.0": moved})[0].reshape(T, N, 3, 2) - before
        assert [bool(change[:, :, other].any()) for other in range(3)] == [other <= group for other in range(3)]
        cotangent = numpy.zeros((T, N, 6))
        cotangent[..., 2 * group : 2 * group + 2] = 1.0
        dh = one.gradients([cotangent, None, None])["state.0"].reshape(N, 3, 2)
        assert [bool(dh[:, other].any()) for other in range(3)] == [other >= group for other in range(3)]


@methods
@masks
def test_with_all_periods_1_it_is_the_rnn_with_zeros_in_its_matrix(backend, method, masked):
    one = subject(clockwork((1, 1, 1)), backend, method, masked)
    rnn = mg.cells.RNN(D, H, seed=0, dtype="float64")
    other = subject(rnn, backend, method, masked)
    one.outputs()  # gives the cell the weights of its subject
    U = backend.host(one.layer.cell.matrix())
    other.values |= {name: one.values[name] for name in ("x", "W", "b", "state.0")} | {"U": U}
    (y, h, _), (y_rnn, h_rnn) = one.outputs(), other.outputs()
    assert distance(y, y_rnn) <= 1e-13 and distance(h, h_rnn) <= 1e-13
    cotangents = one.cotangents()["all"]
    found, expected = one.gradients(cotangents), other.gradients(cotangents[:2])
    for name in ("x", "W", "b", "state.0"):
        assert distance(found[name], expected[name]) <= 1e-12, name
    for i, own in enumerate(one.layer.cell.groups):
        assert distance(found[f"U.group{i}"], expected["U"][own.start :, own]) <= 1e-12
    slow = subject(clockwork((1, 2, 4)), backend, method, masked)
    assert distance(slow.outputs(one.values)[0], y) > 0.01, "with other periods it is another network"


@methods
@pytest.mark.parametrize("period", [1, 3])
def test_one_group_alone_is_the_rnn_over_every_so_manieth_step(backend, method, period):
    one = subject(clockwork((period,)), backend, method, steps=7)
    one.values["state.1"][...] = 0
    other = Subject(Recurrent(mg.cells.RNN(D, H, dtype="float64"), method=method), backend, one.values["x"][::period])
    other.values |= {name: one.values[name] for name in ("W", "b", "state.0")} | {"U": one.values["U.group0"]}
    y = one.outputs()[0]
    assert distance(y, numpy.repeat(other.outputs()[0], period, axis=0)[:7]) <= 1e-13
    dy = one.cotangents()["all"][0]
    summed = numpy.add.reduceat(dy, range(0, 7, period), axis=0)  # what is held is heard once for each step
    found, expected = one.gradients([dy, None, None]), other.gradients([summed, None])
    assert distance(found["x"][::period], expected["x"]) <= 1e-13
    assert not numpy.delete(found["x"], slice(0, None, period), axis=0).any()
    for name, same in {"W": "W", "b": "b", "state.0": "state.0", "U.group0": "U"}.items():
        assert distance(found[name], expected[same]) <= 1e-12, name


@methods
@pytest.mark.parametrize("t", [0, 1, 6, 2**62])
def test_the_clock_may_stand_anywhere(backend, method, t):
    """Only t mod T_i counts, however far the clock has come."""
    one = subject(clockwork((1, 2, 3)), backend, method)
    outputs = []
    for start in (t, t % 6):
        one.values["state.1"] = numpy.full(N, start)
        outputs.append(one.outputs())
    assert numpy.array_equal(outputs[0][0], outputs[1][0])
    assert outputs[0][2].tolist() == [t + T] * N


@methods
def test_a_masked_step_does_not_advance_the_clock_of_its_sequence(backend, method):
    one = subject(clockwork(), backend, method, masked=True)
    final = one.outputs()[2]
    assert final.tolist() == (one.values["state.1"] + MASK.sum(axis=0)).tolist()


def test_the_trace_says_who_worked_when(backend):
    cell = clockwork((1, 2, 3))
    x, h = backend.to(sequence((T, N, D))), backend.to(numpy.zeros((N, H)))
    for mask in (None, MASK, numpy.arange(T)[:, None] < [5, 3, 1]):
        for start in ([0, 0, 0], [2, 2, 2], [0, 1, 2]):
            given = None if mask is None else backend.to(mask)
            trace = Recurrent(cell).trace(x, (h, backend.to(numpy.array(start))), given)
            active, t = backend.host(trace["active"]), backend.host(trace["t_prev"])
            real = numpy.ones((T, N), dtype=bool) if mask is None else mask
            expected = (t[..., None] % numpy.array([1, 1, 2, 3]) == 0) & real[..., None]
            numpy.testing.assert_array_equal(active, expected)
            h_, h_prev = backend.host(trace["h"]), backend.host(trace["h_prev"])
            numpy.testing.assert_array_equal(h_[~active], h_prev[~active])
            assert numpy.all(h_[active] != h_prev[active])


def test_its_weights_are_those_that_the_paper_counts():
    """n²/2 + nk/2 recurrent weights for n units in groups of k."""
    cell = mg.cells.ClockworkRNN(3, 40, periods=(1, 2, 4, 8, 16), seed=0)
    recurrent = [p.size for name, p in cell.named_parameters() if name.startswith("U")]
    assert sum(recurrent) == 40 * 40 // 2 + 40 * 8 // 2
    groups = mg.cells.ClockworkRNN(1, 11, periods=(1, 2, 4, 8)).groups
    assert [group.stop - group.start for group in groups] == [3, 3, 3, 2]


def test_what_is_not_there_stays_so_in_training():
    from minigate.train.optimisers import SGD

    layer = Recurrent(clockwork((1, 2, 4)))
    optimiser = SGD(layer, learning_rate=0.1, momentum=0.9)
    before = layer.cell.matrix()
    for _ in range(3):
        layer.zero_grad()
        y, _ = layer(sequence((T, N, D)))
        y.backward(numpy.ones(y.shape))
        optimiser.step()
    after = layer.cell.matrix()
    assert numpy.array_equal(after == 0.0, before == 0.0) and numpy.all((after != before) == (before != 0.0))


NO_PERIODS = [(), (0, 1), (-2,), (1, 2.0), (True, 2), (1, None), 4, "12", numpy.array([[1, 2]]).tolist()]
SLIPS = {
    (2, 1): ["  likely slip: the order is the wiring: a group reads itself and slower ones", "  type: periods=(1, 2)"],
    (1, 2, 3, 4, 5): ["  likely slip: 5 groups of 4 units", "  type: H=5 or more, or fewer periods"],
}


@pytest.mark.parametrize("periods", [*NO_PERIODS, *SLIPS], ids=repr)
def test_periods_that_are_none(periods):
    with pytest.raises(mg.errors.OptionError) as caught:
        clockwork(periods)
    first, *rest = str(caught.value).splitlines()
    expected = "whole numbers T_1 <= T_2 <= …, at least 1 each, at most H=4 of them"
    assert first == f"ClockworkRNN: each group of units has a period: expected {expected}, got {periods!r}"
    assert rest == (["  type: periods=(1, 2, 4, 8)"] if periods in NO_PERIODS else SLIPS[periods])


def test_periods_may_be_whole_numbers_of_numpy():
    cell = clockwork(2 ** numpy.arange(3))
    assert cell.periods == (1, 2, 4) and repr(cell) == "ClockworkRNN(D=2, H=4, periods=(1, 2, 4))"


def test_a_clock_that_counts_in_fractions_is_refused():
    layer, h = Recurrent(clockwork()), numpy.zeros((N, H))
    with pytest.raises(
        mg.errors.StateError, match=r"wrong kind of the state 't': expected .* \(3,\) of int64, got float64"
    ):
        layer(sequence((T, N, D)), (h, numpy.zeros(N)))
    assert HOST.host(layer(sequence((T, N, D)), (h, numpy.zeros(N, dtype=int)))[1][1]).tolist() == [T] * N
