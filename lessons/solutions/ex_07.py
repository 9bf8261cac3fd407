"""The exercises of lesson 07: an LSTM step with peepholes, a timer set by hand, the way back, four slips."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- what the notebook has too ------------------------------------------------------------------------


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


SHARED = (sigmoid,)

# ---- 07.step_forward -----------------------------------------------------------------------------------


def step_forward(x_t, h_prev, c_prev, W, U, V, b):
    """One step with peepholes: everything by name. W (D, 4H), U (H, 4H), V (3, H), b (4H,), the states (N, H)."""
    a = x_t @ W + h_prev @ U + b
    a_candidate, a_i, a_f, a_o = np.split(a, 4, axis=1)
    V_i, V_f, V_o = V
    candidate = np.tanh(a_candidate)
    i = sigmoid(a_i + c_prev * V_i)
    f = sigmoid(a_f + c_prev * V_f)
    c = f * c_prev + i * candidate
    o = sigmoid(a_o + c * V_o)  # waits for the new c
    tanh_c = np.tanh(c)
    h = o * tanh_c
    return {"c_prev": c_prev, "candidate": candidate, "i": i, "f": f, "o": o, "c": c, "tanh_c": tanh_c, "h": h}


UNIT = ("n", "unit")
TRACE_OUTPUTS = tuple(Output(name, UNIT) for name in ("candidate", "i", "f", "c", "o", "tanh_c", "h", "c_prev"))


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> tuple[Any, ...]:
    W, U, b = rng.normal(size=(D, 4 * H)), 0.7 * rng.normal(size=(H, 4 * H)), 0.5 * rng.normal(size=4 * H)
    return W, U, rng.normal(size=(3, H)), b


def _states(rng: np.random.Generator, N: int = 3, H: int = 4) -> tuple[Any, Any]:
    return rng.uniform(-1, 1, size=(N, H)), 1.5 * rng.normal(size=(N, H))


def forward_cases() -> list[Case]:
    """Random numbers; a first step from zeros; and V = 0, an LSTM without peepholes."""
    rng = np.random.default_rng(0)
    x_t, states, (W, U, V, b) = rng.normal(size=(3, 2)), _states(rng), _weights(rng)
    zeros = np.zeros((3, 4))
    return [
        Case("N=3, D=2, H=4, random", (x_t, *states, W, U, V, b)),
        Case("a first step: h_prev and c_prev are 0", (x_t, zeros, zeros, W, U, V, b)),
        Case("V is 0: no peepholes", (x_t, *states, W, U, 0.0 * V, b)),
    ]


def _forward(x_t, h_prev, c_prev, W, U, V, b, *, early="c_prev", late="c", rows=(0, 1, 2), candidate_sees=False):
    """The step with one thing changed: what i and f see, what o sees, which row of V is whose."""
    a_candidate, a_i, a_f, a_o = np.split(x_t @ W + h_prev @ U + b, 4, axis=1)
    V_i, V_f, V_o = (V[row] for row in rows)
    seen: dict[str, Any] = {"c_prev": c_prev, "h_prev": h_prev, "nothing": 0.0 * c_prev}
    candidate = np.tanh(a_candidate + (c_prev * V_i if candidate_sees else 0.0))
    if early == "c":  # a c made without peepholes first, to have something to look at
        seen["c"] = sigmoid(a_f) * c_prev + sigmoid(a_i) * candidate
    i, f = sigmoid(a_i + seen[early] * V_i), sigmoid(a_f + seen[early] * V_f)
    c = f * c_prev + i * candidate
    tanh_c = np.tanh(c)
    seen |= {"c": c, "tanh_c": tanh_c}
    o = sigmoid(a_o + seen[late] * V_o)
    made = {"candidate": candidate, "i": i, "f": f, "o": o, "c": c, "tanh_c": tanh_c, "h": o * tanh_c}
    return {"c_prev": c_prev} | made


def _o_sees_the_old_c(*given):
    return _forward(*given, late="c_prev")


def _o_sees_nothing(*given):
    return _forward(*given, late="nothing")


def _o_sees_tanh_c(*given):
    return _forward(*given, late="tanh_c")


def _early_see_a_trial_c(*given):
    return _forward(*given, early="c")


def _early_see_h(*given):
    return _forward(*given, early="h_prev")


def _rows_swapped(*given):
    return _forward(*given, rows=(1, 0, 2))


def _candidate_sees_c(*given):
    return _forward(*given, candidate_sees=True)


def _as_a_matrix(x_t, h_prev, c_prev, W, U, V, b):
    i = sigmoid(np.split(x_t @ W + h_prev @ U + b, 4, axis=1)[1] + c_prev @ V[0])
    return {"i": i}


FORWARD_WRONG = (
    Wrong(_o_sees_the_old_c, slip="o sees c_prev; it opens last, and what it sees is the new c", expect=("o differs",)),
    Wrong(_o_sees_nothing, slip="o has a peephole too: c * V_o, as soon as c is there", expect=("o differs",)),
    Wrong(_o_sees_tanh_c, slip="o sees tanh(c); a peephole looks at c itself", expect=("o differs",)),
    Wrong(_early_see_a_trial_c, slip="i and f see a c that is made without peepholes first; they see c_prev",
          expect=("i differs",)),
    Wrong(_early_see_h, slip="i and f see h_prev once more; through a peephole comes the cell state, c_prev",
          expect=("i differs",)),
    Wrong(_rows_swapped, slip="V_i and V_f have changed places: the rows of V are input, forget, output",
          expect=("i differs",)),
    Wrong(_candidate_sees_c, slip="the candidate sees c_prev too; only the gates have peepholes",
          expect=("candidate differs",)),
    Wrong(_as_a_matrix, expect=("your code raised ValueError", "c_prev @ V[0]")),
)  # fmt: skip

# ---- 07.timer: predict ---------------------------------------------------------------------------------

TIMER = {
    "o sees c: the first step at which o is open": 4,
    "o sees c: the value of c at that step": 5,
    "the first step at which f is shut": 5,
    "steps from one opening of o to the next": 6,
    "o sees c_prev: the first step at which o is open": 5,
    "o sees c_prev: the largest h": 0,
}
WHY_TIMER = {
    "o sees c: the first step at which o is open": "c is 1 after step 0, and o opens above 4.5",
    "o sees c: the value of c at that step": "one more at each step, and the first above 4.5",
    "the first step at which f is shut": "f sees c_prev, what c was after the step before",
    "steps from one opening of o to the next": "count: five steps up, and one at which c is cleared",
    "o sees c_prev: the first step at which o is open": "it then opens together with the shutting of f",
    "o sees c_prev: the largest h": "h shows the new c, and at that step it has just been cleared",
}
_KEYS = tuple(TIMER)
TIMER_WRONG = (
    Wrong(TIMER | {_KEYS[0]: 5, _KEYS[2]: 4}, expect=("4 of 6", "c is 1 after step 0", "f sees c_prev")),
    Wrong(TIMER | {_KEYS[3]: 5}, expect=("5 of 6", "one at which c is cleared")),
    Wrong(TIMER | {_KEYS[4]: 4, _KEYS[5]: 1}, expect=("4 of 6", "the shutting of f", "just been cleared")),
)

# ---- 07.cell_backward ----------------------------------------------------------------------------------


def cell_backward(dh, dc, trace, V):
    """From dh and dc to da (N, 4H), dc_prev (N, H), dV (3, H); blocks of da: candidate, input, forget, output."""
    names = ("c_prev", "candidate", "i", "f", "o", "c", "tanh_c")
    c_prev, candidate, i, f, o, c, tanh_c = (trace[name] for name in names)
    V_i, V_f, V_o = V

    da_o = dh * tanh_c * o * (1.0 - o)
    dc = dc + dh * o * (1.0 - tanh_c**2) + da_o * V_o  # three ways into dc: now it is whole
    da_candidate = dc * i * (1.0 - candidate**2)
    da_i = dc * candidate * i * (1.0 - i)
    da_f = dc * c_prev * f * (1.0 - f)
    dc_prev = dc * f + da_i * V_i + da_f * V_f
    dV = np.array([(da_i * c_prev).sum(axis=0), (da_f * c_prev).sum(axis=0), (da_o * c).sum(axis=0)])
    return np.concatenate([da_candidate, da_i, da_f, da_o], axis=1), dc_prev, dV


BACK_OUTPUTS = (Output("da", ("n", "column")), Output("dc_prev", UNIT), Output("dV", ("gate", "unit")))


def back_cases() -> list[Case]:
    """Only the output has a gradient; only the cell state; both; no peepholes; a batch of one."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N in (("dc is 0: all comes through h", 3), ("dh is 0: all comes through c", 3),
                     ("N=3, dh and dc random", 3), ("V is 0", 3), ("a batch of one, N=1", 1)):  # fmt: skip
        W, U, V, b = _weights(rng)
        V = V * (label != "V is 0")
        trace = step_forward(rng.normal(size=(N, 2)), *_states(rng, N), W, U, V, b)
        dh, dc = rng.normal(size=(2, N, 4))
        cases.append(Case(label, (dh * ("dh is 0" not in label), dc * ("dc is 0" not in label), trace, V)))
    return cases


def _back(dh, dc, trace, V, *, o_into_dc="early", into_c_prev=True, o_saw="c", slopes=True, second_path=True,
          summed=True):  # fmt: skip
    """The way back with one thing changed."""
    c_prev, candidate, i, f, o, tanh_c = (trace[name] for name in ("c_prev", "candidate", "i", "f", "o", "tanh_c"))
    V_i, V_f, V_o = V
    da_o = dh * tanh_c * (o * (1.0 - o) if slopes else 1.0)
    if second_path:
        dc = dc + dh * o * (1.0 - tanh_c**2)
    if o_into_dc == "early":
        dc = dc + da_o * V_o
    da_candidate = dc * i * (1.0 - candidate**2)
    da_i = dc * candidate * (i * (1.0 - i) if slopes else 1.0)
    da_f = dc * c_prev * (f * (1.0 - f) if slopes else 1.0)
    if o_into_dc == "late":
        dc = dc + da_o * V_o
    dc_prev = dc * f + ((da_i * V_i + da_f * V_f) if into_c_prev else 0.0)
    dV = [da_i * c_prev, da_f * c_prev, da_o * trace[o_saw]]
    dV = np.array([part.sum(axis=0) if summed else part for part in dV])
    return np.concatenate([da_candidate, da_i, da_f, da_o], axis=1), dc_prev, dV


def too_late(*given):
    """da of candidate, i and f are taken before the way through V_o has come to dc."""
    return _back(*given, o_into_dc="late")


def nothing_to_c_prev(*given):
    """The ways through V_i and V_f back to c_prev are left out."""
    return _back(*given, into_c_prev=False)


def nothing_from_o(*given):
    """The way through V_o back to c is left out."""
    return _back(*given, o_into_dc="never")


def wrong_c(*given):
    """dV_o is made with c_prev."""
    return _back(*given, o_saw="c_prev")


def _no_slopes(*given):
    return _back(*given, slopes=False)


def _second_path_missing(*given):
    return _back(*given, second_path=False)


def _dV_not_summed(*given):
    return _back(*given, summed=False)


def _dg_for_da(dh, dc, trace, V):
    da, _, dV = cell_backward(dh, dc, trace, V)
    c_prev, candidate, i, f, o, tanh_c = (trace[name] for name in ("c_prev", "candidate", "i", "f", "o", "tanh_c"))
    whole = dc + dh * o * (1.0 - tanh_c**2) + dh * tanh_c * o * (1.0 - o) * V[2]
    return da, whole * f + whole * candidate * V[0] + whole * c_prev * V[1], dV


BACK_WRONG = (  # the first four are the A, B, C, D of the exercise 07.slips
    Wrong(nothing_from_o,
          slip="c is also seen by o: the way back through V_o is missing, dc + da_o · V_o",
          expect=("case: dc is 0", "da differs")),
    Wrong(wrong_c, slip="dV_o is made with c_prev; what o saw was the new c",
          expect=("dV differs", "only gate=2 is wrong")),
    Wrong(too_late,
          slip="da_candidate, da_i and da_f are made before da_o · V_o has come to dc: first the whole dc",
          expect=("case: dc is 0", "da differs")),
    Wrong(nothing_to_c_prev,
          slip="c_prev is also seen by i and f: dc_prev = dc · f + da_i · V_i + da_f · V_f",
          expect=("dc_prev differs",)),
    Wrong(_no_slopes, slip="the slope of the sigmoid is missing: da_g = dg · g · (1 − g) for each gate g"),
    Wrong(_second_path_missing, slip="c also reaches the loss through tanh: dc + dh · o · (1 − tanh² c) is missing"),
    Wrong(_dV_not_summed, expect=("dV has shape (3, 3, 4), expected (gate=3, unit=4)",)),
    Wrong(_dg_for_da, slip="what goes back through a peephole is da, with the gate's slope in it, and not dg",
          expect=("dc_prev differs",)),
)  # fmt: skip

# ---- 07.slips: from the symptoms to the slip -----------------------------------------------------------

SLIPS = {"A": "not from o", "B": "wrong c", "C": "too late", "D": "not to c_prev"}
WHY_SLIPS = {
    "A": "i, f and the candidate are wrong, and dc_prev stays wrong when V_i and V_f are 0",
    "B": "one weight's gradient is wrong and nothing that goes on is: nobody was misled by it",
    "C": "i, f and the candidate are wrong, and dc_prev is right when V_i and V_f are 0",
    "D": "what is made at this step is right; what is handed to the step before is not",
}
SLIPS_WRONG = (
    Wrong(SLIPS | {"A": "too late", "C": "not from o"}, expect=("2 of 4", "stays wrong when V_i and V_f are 0")),
    Wrong(SLIPS | {"B": "not to c_prev", "D": "wrong c"}, expect=("2 of 4", "nothing that goes on is")),
    Wrong(SLIPS | {"D": "too late"}, expect=("3 of 4", "'D': 'too late'", "handed to the step before")),
)

# ---- the exercises --------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="07.step_forward",
        title="One step with peepholes",
        minutes=6,
        difficulty=1,
        kind="forward",
        answer=step_forward,
        judge=agrees_with(step_forward, forward_cases, outputs=TRACE_OUTPUTS, slips=FORWARD_WRONG,
                          praise="eight names in 3 of 3 cases"),
        hints=(
            "The step of lesson 06 with one term more in each gate's pre-activation. In which order can the names be "
            "made?",
            "A peephole is diagonal: c_prev * V_i, (N, H) times (H,). i and f first, then c, and only then o.",
            "i = sigmoid(a_i + c_prev * V_i); f = sigmoid(a_f + c_prev * V_f); c = f * c_prev + i * candidate; "
            "o = sigmoid(a_o + c * V_o)",
        ),
        wrong=FORWARD_WRONG,
    ),
    Exercise(
        id="07.timer",
        title="A timer, set by hand",
        minutes=6,
        difficulty=2,
        kind="predict",
        name="timer",
        answer=TIMER,
        judge=is_value(TIMER, why=WHY_TIMER),
        hints=(
            "Make a table: one row for each step, with c_prev, i and f (open or shut), c, and o.",
            "At step t, before anything is cleared, c_prev is t and c is t + 1. i and f look at c_prev, o at c.",
            "c over the steps: 1, 2, 3, 4, 5, 0, 1, … For the last two, o is open where c_prev is 5: what is c there?",
        ),
        wrong=TIMER_WRONG,
    ),
    Exercise(
        id="07.cell_backward",
        title="Back through the peepholes",
        minutes=12,
        difficulty=3,
        kind="backward",
        answer=cell_backward,
        judge=agrees_with(cell_backward, back_cases, outputs=BACK_OUTPUTS, slips=BACK_WRONG,
                          praise="da, dc_prev, dV in 5 of 5 cases"),
        hints=(
            "Last name first: h, o, and then c. Before you leave c, count the arrows that leave it in the picture: the "
            "next step, tanh, and the output gate.",
            "dc is whole after three shares: what came in, dh · o · (1 − tanh² c), and da_o · V_o. Then i, f and the "
            "candidate. dc_prev has three shares as well. dV is da times what was seen, summed over the batch.",
            "da_o = dh * tanh_c * o * (1 - o); dc = dc + dh * o * (1 - tanh_c**2) + da_o * V_o; …; "
            "dc_prev = dc * f + da_i * V_i + da_f * V_f; dV_o = (da_o * c).sum(axis=0)",
        ),
        wrong=BACK_WRONG,
    ),
    Exercise(
        id="07.slips",
        title="Which slip is it?",
        minutes=5,
        difficulty=2,
        kind="break",
        name="slips",
        answer=SLIPS,
        judge=is_value(SLIPS, why=WHY_SLIPS),
        hints=(
            "Two of the four have a wrong da, two have not. What comes before da in the backward pass, and what after?",
            "Of the two with a wrong da, one has dc whole in the end, only too late. Where would that show?",
            "With V_i and V_f at 0, dc_prev is dc · f: right where dc is whole by then, and wrong where the share of o "
            "never came.",
        ),
        wrong=SLIPS_WRONG,
    ),
)
