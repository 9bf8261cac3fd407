"""The exercises of lesson 06: an LSTM step, the way back, two carries through time, four slips, the forget bias."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- what the notebook has too ------------------------------------------------------------------------


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


def sequence_forward(x, h0, c0, W, U, b):
    """The traces of all steps, first to last. x (T, N, D), h0 and c0 (N, H)."""
    traces, h, c = [], h0, c0
    for x_t in x:
        trace = step(x_t, h, c, W, U, b)
        traces.append(trace)
        h, c = trace["h"], trace["c"]
    return traces


SHARED = (sigmoid, sequence_forward)

# ---- 06.step_forward -----------------------------------------------------------------------------------


def step_forward(x_t, h_prev, c_prev, W, U, b):
    """One step: everything it reads and makes, by name. W (D, 4H), U (H, 4H), b (4H,), the states (N, H)."""
    a = x_t @ W + h_prev @ U + b
    a_candidate, a_i, a_f, a_o = np.split(a, 4, axis=1)
    candidate = np.tanh(a_candidate)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    o = sigmoid(a_o)
    c = f * c_prev + i * candidate
    tanh_c = np.tanh(c)
    h = o * tanh_c
    made = {"candidate": candidate, "i": i, "f": f, "o": o, "c": c, "tanh_c": tanh_c, "h": h}
    return {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev} | made


step = step_forward

UNIT = ("n", "unit")
FORWARD_OUTPUTS = tuple(Output(name, UNIT) for name in ("candidate", "i", "f", "o", "c", "tanh_c", "h"))
TRACE_OUTPUTS = (*FORWARD_OUTPUTS, Output("x_t", ("n", "d")), Output("h_prev", UNIT), Output("c_prev", UNIT))


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> tuple[Any, Any, Any]:
    return rng.normal(size=(D, 4 * H)), 0.7 * rng.normal(size=(H, 4 * H)), 0.5 * rng.normal(size=4 * H)


def _states(rng: np.random.Generator, N: int = 3, H: int = 4) -> tuple[Any, Any]:
    return rng.uniform(-1, 1, size=(N, H)), 1.5 * rng.normal(size=(N, H))


def forward_cases() -> list[Case]:
    """Random numbers, and a first step that starts from zeros."""
    rng = np.random.default_rng(0)
    x_t, states, weights = rng.normal(size=(3, 2)), _states(rng), _weights(rng)
    return [
        Case("N=3, D=2, H=4, random", (x_t, *states, *weights)),
        Case("a first step: h_prev and c_prev are 0", (x_t, np.zeros((3, 4)), np.zeros((3, 4)), *weights)),
    ]


def _forward(x_t, h_prev, c_prev, W, U, b, *, order=(0, 1, 2, 3), squash=np.tanh, mix=None, out=None):
    """The step with one thing changed: the order of the blocks, the candidate's squashing, c, or h."""
    blocks = np.split(x_t @ W + h_prev @ U + b, 4, axis=1)
    a_candidate, a_i, a_f, a_o = (blocks[place] for place in order)
    candidate, i, f, o = squash(a_candidate), sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)
    c = mix(f, i, c_prev, candidate) if mix else f * c_prev + i * candidate
    h = out(o, c) if out else o * np.tanh(c)
    made = {"candidate": candidate, "i": i, "f": f, "o": o, "c": c, "tanh_c": np.tanh(c), "h": h}
    return {"x_t": x_t, "h_prev": h_prev, "c_prev": c_prev} | made


def _another_order(*given):
    return _forward(*given, order=(3, 0, 1, 2))


def _sigmoid_candidate(*given):
    return _forward(*given, squash=sigmoid)


def _gates_swapped(*given):
    return _forward(*given, mix=lambda f, i, c_prev, candidate: i * c_prev + f * candidate)


def _coupled(*given):
    return _forward(*given, mix=lambda f, i, c_prev, candidate: f * c_prev + (1.0 - f) * candidate)


def _no_squashing_of_c(*given):
    return _forward(*given, out=lambda o, c: o * c)


def _old_c_out(x_t, h_prev, c_prev, W, U, b):
    return _forward(x_t, h_prev, c_prev, W, U, b, out=lambda o, c: o * np.tanh(c_prev))


def _reads_not_kept(*given):
    trace = step_forward(*given)
    return {name: trace[name] for name in ("candidate", "i", "f", "o", "c", "tanh_c", "h")}


FORWARD_WRONG = (
    Wrong(_another_order, slip="the blocks stand in the order candidate, input, forget, output",
          expect=("candidate differs",)),
    Wrong(_sigmoid_candidate, slip="the candidate is content, not a gate: tanh, so that it can be negative",
          expect=("candidate differs",)),
    Wrong(_gates_swapped, slip="i and f have changed places: f keeps c_prev, i lets the candidate in",
          expect=("c differs",)),
    Wrong(_coupled, slip="1 − f in place of i: that is the coupled LSTM; here the input gate is a gate of its own",
          expect=("c differs",)),
    Wrong(_no_squashing_of_c, slip="h = o ⊙ c; the cell state goes through tanh first", expect=("h differs",)),
    Wrong(_old_c_out, slip="the output is made of c_prev; it shows the new c", expect=("h differs",)),
    Wrong(_reads_not_kept, expect=("the result has no x_t, h_prev, c_prev",)),
)  # fmt: skip

# ---- 06.step_backward ----------------------------------------------------------------------------------


def step_backward(dh, dc, trace, W, U):
    """From dh and dc, the gradients of h and c, to dx_t, dh_prev, dc_prev, dW, dU, db. dh, dc (N, H)."""
    names = ("x_t", "h_prev", "c_prev", "candidate", "i", "f", "o", "tanh_c")
    x_t, h_prev, c_prev, candidate, i, f, o, tanh_c = (trace[name] for name in names)

    do = dh * tanh_c  # h = o * tanh_c
    dtanh_c = dh * o
    dc = dc + dtanh_c * (1.0 - tanh_c**2)  # the second path into dc: what comes through h
    df = dc * c_prev  # c = f * c_prev + i * candidate
    dc_prev = dc * f
    di = dc * candidate
    dcandidate = dc * i
    da_candidate = dcandidate * (1.0 - candidate**2)
    da_i = di * i * (1.0 - i)
    da_f = df * f * (1.0 - f)
    da_o = do * o * (1.0 - o)
    da = np.concatenate([da_candidate, da_i, da_f, da_o], axis=1)  # the blocks side by side, as in W, U and b
    return da @ W.T, da @ U.T, dc_prev, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


STEP_OUTPUTS = (
    Output("dx_t", ("n", "d")),
    Output("dh_prev", UNIT),
    Output("dc_prev", UNIT),
    Output("dW", ("d", "column")),
    Output("dU", ("from unit", "column")),
    Output("db", ("column",)),
)


def backward_cases() -> list[Case]:
    """Only the output has a gradient; only the cell state; both; a batch of one."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N in (("dc is 0: all comes through h", 3), ("dh is 0: all comes through c", 3),
                     ("N=3, dh and dc random", 3), ("a batch of one, N=1", 1)):  # fmt: skip
        (W, U, b), states = _weights(rng), _states(rng, N)
        trace = step_forward(rng.normal(size=(N, 2)), *states, W, U, b)
        dh, dc = rng.normal(size=(2, N, 4))
        cases.append(Case(label, (dh * ("dh is 0" not in label), dc * ("dc is 0" not in label), trace, W, U)))
    return cases


def _backward(
    dh, dc, trace, W, U, *, through_h=True, slope_c=True, slopes=True, kept="f", seen="c_prev", tanh_slope=True,
    order=(0, 1, 2, 3), turned=True,
):  # fmt: skip
    """The backward pass with one thing changed."""
    candidate, i, f, o, tanh_c = (trace[name] for name in ("candidate", "i", "f", "o", "tanh_c"))
    do = dh * tanh_c
    if through_h:
        dc = dc + dh * o * ((1.0 - tanh_c**2) if slope_c else 1.0)
    gates = [(dc * candidate, i), (dc * trace[seen], f), (do, o)]
    da = [dc * i * ((1.0 - candidate**2) if tanh_slope else candidate * (1.0 - candidate))]
    da += [dg * g * (1.0 - g) if slopes else dg for dg, g in gates]
    da = np.concatenate([da[place] for place in order], axis=1)
    dh_prev = da @ U.T if turned else sum(part @ V for part, V in zip(np.split(da, 4, axis=1), np.split(U, 4, axis=1)))
    dc_prev = dc * trace[kept] if kept else dc
    return da @ W.T, dh_prev, dc_prev, trace["x_t"].T @ da, trace["h_prev"].T @ da, da.sum(axis=0)


def _second_path_missing(*given):
    return _backward(*given, through_h=False)


def _no_slope_of_tanh_c(*given):
    return _backward(*given, slope_c=False)


def _no_slopes(*given):
    return _backward(*given, slopes=False)


def _c_for_c_prev(*given):
    return _backward(*given, seen="c")


def _f_not_on_the_line(*given):
    return _backward(*given, kept="")


def _i_on_the_line(*given):
    return _backward(*given, kept="i")


def _sigmoid_slope_for_tanh(*given):
    return _backward(*given, tanh_slope=False)


def _blocks_in_another_order(*given):
    return _backward(*given, order=(1, 2, 3, 0))


def _U_not_turned(*given):
    return _backward(*given, turned=False)


def _dc_lost(dh, dc, trace, W, U):
    return _backward(dh, np.zeros_like(dc), trace, W, U)


def _dc_prev_too_early(dh, dc, trace, W, U):
    dx_t, dh_prev, _, dW, dU, db = _backward(dh, dc, trace, W, U)
    return dx_t, dh_prev, dc * trace["f"], dW, dU, db


STEP_WRONG = (
    Wrong(_second_path_missing,
          slip="the second path into dc is missing: c also reaches the loss through h, dc + dh · o · (1 − tanh² c)",
          expect=("case: dc is 0", "dx_t differs")),
    Wrong(_no_slope_of_tanh_c, slip="between h and c there is a tanh: its slope, 1 − tanh² c, is missing"),
    Wrong(_no_slopes, slip="the slope of the sigmoid is missing: da_g = dg · g · (1 − g) for each gate g"),
    Wrong(_c_for_c_prev, slip="df is made with c; what met f in the forward pass was c_prev"),
    Wrong(_f_not_on_the_line, slip="dc is handed back as it is; on its way to c_prev it passes the forget gate: dc · f",
          expect=("dc_prev differs",)),
    Wrong(_i_on_the_line, slip="dc_prev = dc · i; what multiplied c_prev was f", expect=("dc_prev differs",)),
    Wrong(_sigmoid_slope_for_tanh, slip="the candidate is a tanh: its slope is 1 − c̃², not that of a sigmoid"),
    Wrong(_blocks_in_another_order, slip="the blocks of da stand in the order candidate, input, forget, output"),
    Wrong(_U_not_turned, slip="da @ U instead of da @ U.T, block by block; each block is square, so no shape complains",
          expect=("dh_prev differs",)),
    Wrong(_dc_lost, slip="the dc that comes from the step after is not used: the whole dc is the sum of both paths",
          expect=("case: dh is 0",)),
    Wrong(_dc_prev_too_early,
          slip="dc_prev is made before the path through h has come to dc: first the whole dc, then what c was made of",
          expect=("dc_prev differs",)),
)  # fmt: skip

# ---- 06.sequence_backward -------------------------------------------------------------------------------


def sequence_backward(dy, traces, W, U):
    """From dy (T, N, H) to dx, dh0, dc0, dW, dU, db; ``traces`` as sequence_forward left them."""
    dx, dW, dU, db = [], np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])
    dh_prev, dc_prev = np.zeros_like(dy[0]), np.zeros_like(dy[0])  # nothing comes from after the last step
    for dy_t, trace in zip(reversed(dy), reversed(traces)):
        dx_t, dh_prev, dc_prev, dW_t, dU_t, db_t = step_backward(dy_t + dh_prev, dc_prev, trace, W, U)
        dx.append(dx_t)
        dW += dW_t
        dU += dU_t
        db += db_t
    return np.array(dx[::-1]), dh_prev, dc_prev, dW, dU, db


SEQUENCE_OUTPUTS = (
    Output("dx", ("t", "n", "d")),
    Output("dh0", UNIT),
    Output("dc0", UNIT),
    Output("dW", ("d", "column")),
    Output("dU", ("from unit", "column")),
    Output("db", ("column",)),
)


def _sequence(rng: np.random.Generator, T: int, last_only: bool = False) -> tuple[Any, ...]:
    (W, U, b), states = _weights(rng), _states(rng)
    traces = sequence_forward(rng.normal(size=(T, 3, 2)), *states, W, U, b)
    dy = rng.normal(size=(T, 3, 4))
    dy[:-1] *= not last_only
    return dy, traces, W, U


def sequence_cases() -> list[Case]:
    """Sequences of 1, 2, 3 and 5 steps, all from states that are not 0; and a loss at the last step alone."""
    rng = np.random.default_rng(2)
    cases = [Case(f"T={T}, N=3, random dy, h0 and c0", _sequence(rng, T)) for T in (1, 2, 3, 5)]
    return [*cases, Case("T=5, dy is 0 but for the last step", _sequence(rng, 5, last_only=True))]


def _walk(dy, traces, W, U, *, carry_h=True, carry_c=True, step_back=step_backward, pile=False, forwards=False):
    """The loop with one thing changed."""
    dx, sums = np.zeros((*dy.shape[:2], len(W))), [np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])]
    dh, dc = np.zeros_like(dy[0]), np.zeros_like(dy[0])
    for t in range(len(dy)) if forwards else reversed(range(len(dy))):
        dx[t], dh, dc, *parts = step_back(dy[t] + dh * carry_h, dc * carry_c, traces[t], W, U)
        sums = parts if pile else [whole + part for whole, part in zip(sums, parts)]
    return dx, dh, dc, *sums


def dc_not_carried(dy, traces, W, U):
    """Each step begins with dc = 0: what c hands on to the step after is forgotten."""
    return _walk(dy, traces, W, U, carry_c=False)


def _dh_not_carried(dy, traces, W, U):
    return _walk(dy, traces, W, U, carry_h=False)


def _overwritten(dy, traces, W, U):
    return _walk(dy, traces, W, U, pile=True)


def _forward_in_time(dy, traces, W, U):
    return _walk(dy, traces, W, U, forwards=True)


def second_path_missing(dy, traces, W, U):
    """c is taken to reach the loss through the next c alone, never through h."""
    return _walk(dy, traces, W, U, step_back=_second_path_missing)


def slope_missing(dy, traces, W, U):
    """The gates' gradients reach their pre-activations without the slope g (1 − g)."""
    return _walk(dy, traces, W, U, step_back=_no_slopes)


def f_of_the_wrong_step(dy, traces, W, U):
    """dc is carried whole and multiplied one step late: by the f of a step that it never passed."""
    dx, sums = np.zeros((*dy.shape[:2], len(W))), [np.zeros_like(W), np.zeros_like(U), np.zeros(W.shape[1])]
    dh, whole, dc_prev = np.zeros_like(dy[0]), np.zeros_like(dy[0]), np.zeros_like(dy[0])
    for t in reversed(range(len(dy))):
        f = traces[t]["f"]
        dx[t], dh, dc_prev, *parts = step_backward(dy[t] + dh, whole * f, traces[t], W, U)
        whole = dc_prev / f
        sums = [total + part for total, part in zip(sums, parts)]
    return dx, dh, dc_prev, *sums


def _dc_for_dc0(dy, traces, W, U):
    dx, dh0, dc0, dW, dU, db = sequence_backward(dy, traces, W, U)
    return dx, dh0, dc0 / traces[0]["f"], dW, dU, db


def _dx_in_the_order_of_the_walk(dy, traces, W, U):
    dx, *others = sequence_backward(dy, traces, W, U)
    return dx[::-1], *others


SEQUENCE_WRONG = (  # the first four are the A, B, C, D of the exercise 06.slips
    Wrong(f_of_the_wrong_step,
          slip="dc meets the f of a step that it never passed: dc of step t times f of step t is what step t − 1 gets",
          expect=("case: T=2", "dx differs")),
    Wrong(second_path_missing,
          slip="the second path into dc is missing at every step: c also reaches the loss through h",
          expect=("case: T=1", "dx differs")),
    Wrong(dc_not_carried,
          slip="dc is not carried: what the step after hands back as dc_prev is the dc that this one begins with",
          expect=("case: T=2", "only t=0 is wrong")),
    Wrong(slope_missing, slip="the slope of the sigmoid is missing at every step", expect=("case: T=1",)),
    Wrong(_dh_not_carried, slip="dh is not carried: dh = dy[t] + the dh_prev of the step after",
          expect=("case: T=2", "only t=0 is wrong")),
    Wrong(_overwritten, slip="= for +=: the weights are used at every step, and only one step's share is left",
          expect=("case: T=2", "dW differs")),
    Wrong(_forward_in_time, slip="the loop runs forward in time; the carries come from the step after: go back",
          expect=("case: T=2",)),
    Wrong(_dc_for_dc0, slip="dc0 is dc of the first step; that of c0 is one forget gate further back: its dc_prev",
          expect=("case: T=1", "dc0 differs")),
    Wrong(_dx_in_the_order_of_the_walk,
          slip="dx stands in the order of the walk, last step first; dx[t] belongs to x[t]",
          expect=("case: T=2", "dx differs")),
)  # fmt: skip

# ---- 06.slips: from the symptoms to the slip ----------------------------------------------------------

SLIPS = {"A": "wrong f", "B": "second path", "C": "carry", "D": "slope"}
WHY_SLIPS = {
    "A": "it is wrong from the second step on, and right as soon as f is the same at every step",
    "B": "one step from the loss already nothing at all gets back to c",
    "C": "it is right with one step, and two steps do not agree whatever f does",
    "D": "one step: what goes to c_prev is right, what goes through the pre-activations is not",
}
SLIPS_WRONG = (
    Wrong(SLIPS | {"A": "carry", "C": "wrong f"}, expect=("2 of 4", "the same at every step", "whatever f does")),
    Wrong(SLIPS | {"B": "slope", "D": "second path"}, expect=("2 of 4", "nothing at all gets back to c")),
    Wrong(SLIPS | {"D": "carry"}, expect=("3 of 4", "'D': 'carry'", "through the pre-activations")),
)

# ---- 06.forget_bias: predict --------------------------------------------------------------------------

FORGET_BIAS = {
    "b_f = 0, after 10 steps, in thousandths": 1,
    "b_f = 1, after 10 steps, in thousandths": 44,
    "b_f = 4, after 10 steps, in thousandths": 834,
    "smallest whole b_f that leaves half or more after 50 steps": 5,
    "f = 1 exactly, after 1000 steps, in thousandths": 1000,
}
WHY_FORGET_BIAS = {
    "b_f = 0, after 10 steps, in thousandths": "f is 0.5; a half, ten times",
    "b_f = 1, after 10 steps, in thousandths": "f = σ(1) is about 0.731; once for each of ten steps",
    "b_f = 4, after 10 steps, in thousandths": "f = σ(4) is about 0.982; once for each of ten steps",
    "smallest whole b_f that leaves half or more after 50 steps": "σ(b_f) to the power of 50 has to be at least 0.5",
    "f = 1 exactly, after 1000 steps, in thousandths": "a product of ones",
}
_KEYS = tuple(FORGET_BIAS)
FORGET_BIAS_WRONG = (
    Wrong(FORGET_BIAS | {_KEYS[0]: 500, _KEYS[1]: 731, _KEYS[2]: 982},
          expect=("2 of 5", "a half, ten times", "once for each of ten steps")),
    Wrong(FORGET_BIAS | {_KEYS[0]: 0, _KEYS[1]: 1000}, expect=("3 of 5", "σ(1) is about 0.731")),
    Wrong(FORGET_BIAS | {_KEYS[3]: 4}, expect=("4 of 5", "to the power of 50")),
    Wrong(FORGET_BIAS | {_KEYS[4]: 0}, expect=("4 of 5", "a product of ones")),
)  # fmt: skip

# ---- the exercises --------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="06.step_forward",
        title="One step of an LSTM",
        minutes=8,
        difficulty=1,
        kind="forward",
        answer=step_forward,
        judge=agrees_with(step_forward, forward_cases, outputs=TRACE_OUTPUTS, slips=FORWARD_WRONG,
                          praise="seven names in 2 of 2 cases"),
        hints=(
            "Three lines of pre-activation and gates, then two lines for c and h. Everything is element by element "
            "once a is there.",
            "np.split(a, 4, axis=1) gives the four blocks, each (N, H), in the order candidate, input, forget, output. "
            "One of them goes through tanh, three through sigmoid.",
            "c = f * c_prev + i * candidate; tanh_c = np.tanh(c); h = o * tanh_c. Return a dictionary with all ten "
            "names.",
        ),
        wrong=FORWARD_WRONG,
    ),
    Exercise(
        id="06.step_backward",
        title="The step, backwards",
        minutes=15,
        difficulty=3,
        kind="backward",
        answer=step_backward,
        judge=agrees_with(step_backward, backward_cases, outputs=STEP_OUTPUTS, slips=STEP_WRONG,
                          praise="dx_t, dh_prev, dc_prev, dW, dU, db in 4 of 4 cases"),
        hints=(
            "Take the lines of step_forward from the last to the first. Each product a * b gives da = d * b and "
            "db = d * a. Before you leave c, ask how many arrows leave it in the picture.",
            "dc has two parts: what the step after hands back, and dh * o through the slope of tanh at c. Only then "
            "df, di, dcandidate and dc_prev, all from the whole dc; then the slopes of sigmoid and tanh.",
            "dc = dc + dh * o * (1 - tanh_c**2); dc_prev = dc * f; da_f = dc * c_prev * f * (1 - f), and so on; "
            "da = np.concatenate([da_candidate, da_i, da_f, da_o], axis=1); the rest is lesson 03 with this da.",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="06.sequence_backward",
        title="Back through time, with two carries",
        minutes=7,
        difficulty=2,
        kind="backward",
        answer=sequence_backward,
        judge=agrees_with(sequence_backward, sequence_cases, outputs=SEQUENCE_OUTPUTS, slips=SEQUENCE_WRONG,
                          praise="T=1, 2, 3, 5 and a loss at the last step alone"),
        hints=(
            "The loop of lesson 03, with a second thing that is carried. Does dy go to h or to c?",
            "dh of a step is dy[t] plus the dh_prev of the step after; dc is the dc_prev of the step after, and "
            "nothing else. Both begin as zeros.",
            "step_backward(dy[t] + dh_prev, dc_prev, traces[t], W, U) gives the next dh_prev and dc_prev at once; "
            "the shares of dW, dU, db add up. After the loop dh_prev and dc_prev are dh0 and dc0.",
        ),
        wrong=SEQUENCE_WRONG,
    ),
    Exercise(
        id="06.slips",
        title="Which slip is it?",
        minutes=5,
        difficulty=2,
        kind="break",
        name="slips",
        answer=SLIPS,
        judge=is_value(SLIPS, why=WHY_SLIPS),
        hints=(
            "Begin with the rows for one step: two of the four are right there, so their slip needs a second step.",
            "Of those two, one is right again where f does not change from step to step. Of the other two, look at "
            "dc0 with one step: what has to be right for it to be right?",
            "Without the second path no gradient reaches c in a single step, so dc0 is wrong. A missing slope comes "
            "after dc_prev was made, so dc0 is right.",
        ),
        wrong=SLIPS_WRONG,
    ),
    Exercise(
        id="06.forget_bias",
        title="What is left after so many steps?",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="forget_bias",
        answer=FORGET_BIAS,
        judge=is_value(FORGET_BIAS, why=WHY_FORGET_BIAS),
        hints=(
            "With W_f and U_f at 0 the forget gate is σ(b_f) at every step. How often is dc multiplied by it?",
            "Once for each step: σ(b_f) to the power of the number of steps. Python may help: sigmoid(1.0) ** 10.",
            "For the fourth: try sigmoid(b) ** 50 for b = 3, 4, 5, 6 and take the first that is 0.5 or more.",
        ),
        wrong=FORGET_BIAS_WRONG,
    ),
)
