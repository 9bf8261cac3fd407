"""Mutants of the cells with slow units: what a group at rest, or a unit with inertia, hands back, gone wrong."""

from __future__ import annotations

from minigate.cells import ClockworkRNN, LeakyRNN
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell

SUBJECTS = {
    "clockwork": OfCell(lambda: ClockworkRNN(2, 4, seed=0, dtype="float64", periods=(1, 2))),
    "leaky": OfCell(lambda: LeakyRNN(2, 4, seed=0, dtype="float64", time_constants=(2, 3))),
}

MUTANTS = [
    # ---- the Clockwork RNN -------------------------------------------------------------------
    Mutant("clockwork: a group at rest hands back nothing", "clockwork", ClockworkRNN, "step_backward",
           "dh[:, own] = 0.0", "dh[...] = 0.0", "carry", "wrong at unit 2, 3 only"),
    Mutant("clockwork: a group at work is held as well", "clockwork", ClockworkRNN, "step_backward",
           "dh[:, own] = 0.0", "pass", "state", "only dh0"),
    Mutant("clockwork: the triangle the wrong way round", "clockwork", ClockworkRNN, "begin_backward",
           'trace.weights["U"].T.copy()', 'trace.weights["U"].copy()', "state", "only dh0"),
    Mutant("clockwork: a group hands back to itself alone", "clockwork", ClockworkRNN, "step_backward",
           "dh[:, own.start :] += through", "dh[:, own] += through[:, : own.stop - own.start]",
           "carry", "from step t + 1 to step t"),
    Mutant("clockwork: no slope", "clockwork", ClockworkRNN, "step_backward",
           "xp.multiply(dh[:, own], slope[:, own], out=da)", "da[...] = dh[:, own]", "entry"),
    Mutant("clockwork: slope 1 - h", "clockwork", ClockworkRNN, "factors",
           "xp.multiply(h, h, out=slope)", "slope[...] = h", "entry"),
    Mutant("clockwork: dy of a group at rest ignored", "clockwork", ClockworkRNN, "step_backward",
           "dh += dy_t", "dh += dy_t * trace['active'][t]", "carry", "wrong at unit 2, 3 only"),
    Mutant("clockwork: U gets h in place of h_prev", "clockwork", ClockworkRNN, "begin_backward",
           'trace["h_prev"][at, :, beat.first :]', 'trace["h"][at, :, beat.first :]', "product", "dU.group0"),
    Mutant("clockwork: U gets h_prev of the step before", "clockwork", ClockworkRNN,
           "begin_backward", 'trace["h_prev"][at, :, beat.first :]',
           'trace.xp.roll(trace["h_prev"], 1, axis=0)[at, :, beat.first :]', "time sum"),
    # ---- the leaky RNN -----------------------------------------------------------------------
    Mutant("leaky: slope of h in place of the candidate's", "leaky", LeakyRNN, "factors",
           'trace["candidate"][t0:t1]', 'trace["h"][t0:t1]', "entry"),
    Mutant("leaky: the rate left out of da", "leaky", LeakyRNN, "factors",
           'factor *= trace["rate"]', "pass", "entry"),
    Mutant("leaky: the straight way missing", "leaky", LeakyRNN, "step_backward",
           'dh *= trace["1 - rate"]', "dh *= 0.0", "state", "the straight way, around the weights, is missing", "dh0"),
    Mutant("leaky: the straight way without the leak", "leaky", LeakyRNN, "step_backward",
           'dh *= trace["1 - rate"]', "pass", "state", "only dh0"),
    Mutant("leaky: the straight way with the rate", "leaky", LeakyRNN, "step_backward",
           'dh *= trace["1 - rate"]', 'dh *= trace["rate"]', "state", "only dh0"),
    Mutant("leaky: back through U, not its transpose", "leaky", LeakyRNN, "begin_backward",
           'trace.weights["U"].T.copy()', 'trace.weights["U"].copy()', "state",
           "the way through U takes U in the place of its transpose", "dh0"),
]  # fmt: skip
