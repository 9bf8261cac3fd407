"""The exercises of lesson 05: time constants, a gated mixture and its way back, a Highway layer, four slips."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- what the notebook has too ------------------------------------------------------------------------


def sigmoid(s):
    """1 / (1 + e^−s), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * s) + 0.5


SHARED = (sigmoid,)

# ---- 05.time_constants: predict -----------------------------------------------------------------------

TIME_CONSTANTS = {
    "g = 0.1: the time constant, in steps": 10,
    "g = 0.1: left of h after 10 steps, in hundredths": 35,
    "τ = 50: left of h after 50 steps, in hundredths": 36,
    "s = -3 and g = σ(s): the time constant, in steps": 21,
    "s = -3: the slope of σ, in thousandths": 45,
}
WHY_TIME_CONSTANTS = {
    "g = 0.1: the time constant, in steps": "τ = 1 / g",
    "g = 0.1: left of h after 10 steps, in hundredths": "each step leaves 1 − g of what was there; ten of them",
    "τ = 50: left of h after 50 steps, in hundredths": "g is a fiftieth, and each of fifty steps leaves 1 − g",
    "s = -3 and g = σ(s): the time constant, in steps": "1 / σ(s) is 1 + e^−s",
    "s = -3: the slope of σ, in thousandths": "g (1 − g), and g = σ(−3) is about 0.047",
}
_TIMES = tuple(TIME_CONSTANTS)
TIME_CONSTANTS_WRONG = (
    Wrong(TIME_CONSTANTS | {_TIMES[1]: 0, _TIMES[2]: 0},
          expect=("3 of 5", "each step leaves 1 − g", "each of fifty steps")),
    Wrong(TIME_CONSTANTS | {_TIMES[0]: 9, _TIMES[3]: 20}, expect=("3 of 5", "τ = 1 / g", "1 + e^−s")),
    Wrong(TIME_CONSTANTS | {_TIMES[4]: 47}, expect=("4 of 5", "g (1 − g)")),
)  # fmt: skip

# ---- 05.mix_backward -----------------------------------------------------------------------------------


def mix_backward(dh, h_prev, n, g):
    """From dh to dh_prev, dn, ds, for h = (1 − g) h_prev + g n and g = σ(s). All (N, H)."""
    dh_prev = dh * (1.0 - g)
    dn = dh * g
    dg = dh * (n - h_prev)  # more of the new is less of the old
    ds = dg * g * (1.0 - g)
    return dh_prev, dn, ds


UNIT = ("n", "unit")
MIX_OUTPUTS = (Output("dh_prev", UNIT), Output("dn", UNIT), Output("ds", UNIT))


def mix_cases() -> list[Case]:
    """Random gates; gates that are nearly shut; and one sequence alone."""
    rng = np.random.default_rng(0)
    cases = []
    for label, N, centre in (("N=3, H=4, random", 3, 0.0), ("gates nearly shut", 3, -4.0), ("N=1", 1, 0.0)):
        dh, h_prev, n = rng.normal(size=(3, N, 4))
        cases.append(Case(label, (dh, h_prev, n, sigmoid(centre + rng.normal(size=(N, 4))))))
    return cases


def _ways_turned(dh, h_prev, n, g):
    return dh * g, dh * (1.0 - g), mix_backward(dh, h_prev, n, g)[2]


def _old_left_out(dh, h_prev, n, g):
    return dh * (1.0 - g), dh * g, dh * n * g * (1.0 - g)


def _difference_turned(dh, h_prev, n, g):
    return dh * (1.0 - g), dh * g, dh * (h_prev - n) * g * (1.0 - g)


def _gate_slope_missing(dh, h_prev, n, g):
    return dh * (1.0 - g), dh * g, dh * (n - h_prev)


def _tanh_slope_of_g(dh, h_prev, n, g):
    return dh * (1.0 - g), dh * g, dh * (n - h_prev) * (1.0 - g**2)


def _nothing_kept(dh, h_prev, n, g):
    return np.zeros_like(dh), dh * g, dh * (n - h_prev) * g * (1.0 - g)


MIX_WRONG = (
    Wrong(_ways_turned, slip="dh_prev and dn have changed places: the old entered h times (1 − g), the new times g",
          expect=("dh_prev differs",)),
    Wrong(_old_left_out, slip="dg = dh · n; where g grows the new comes in and the old goes: dg = dh · (n − h_prev)",
          expect=("ds differs",)),
    Wrong(_difference_turned, slip="h_prev − n: the gate is the share of the new, so dg = dh · (n − h_prev)",
          expect=("ds differs", "the sign")),
    Wrong(_gate_slope_missing, slip="this is dg; between g and s there is the slope of the sigmoid, g (1 − g)",
          expect=("ds differs",)),
    Wrong(_tanh_slope_of_g, slip="1 − g² is the slope of tanh; that of the sigmoid is g (1 − g)"),
    Wrong(_nothing_kept, slip="h_prev also goes straight into h, times (1 − g)",
          expect=("dh_prev differs", "every number is 0")),
)  # fmt: skip

# ---- 05.highway ----------------------------------------------------------------------------------------


def highway(x, W_n, b_n, W_g, b_g):
    """One Highway layer: all it reads and makes, by name. x (N, D), weights (D, D), biases (D,)."""
    n = np.tanh(x @ W_n + b_n)
    g = sigmoid(x @ W_g + b_g)
    y = (1.0 - g) * x + g * n
    return {"x": x, "n": n, "g": g, "y": y}


ROW = ("n", "d")
HIGHWAY_OUTPUTS = tuple(Output(name, ROW) for name in ("n", "g", "y", "x"))


def _weights(rng: np.random.Generator, bias: float = 0.0, D: int = 4) -> tuple[Any, ...]:
    matrices, biases = 0.7 * rng.normal(size=(2, D, D)), 0.5 * rng.normal(size=(2, D))
    return matrices[0], biases[0], matrices[1], biases[1] + bias


def highway_cases() -> list[Case]:
    """Random numbers; a gate that is shut, where the layer is the identity; one that is open."""
    rng = np.random.default_rng(1)
    return [
        Case(label, (rng.normal(size=(3, 4)), *_weights(rng, bias)))
        for label, bias in (("N=3, D=4, random", 0.0), ("the gate is shut", -50.0), ("the gate is open", 50.0))
    ]


def _highway(x, W_n, b_n, W_g, b_g, *, squash=np.tanh, mix=None, gate_reads=None):
    """The layer with one thing changed: what makes n, how y is mixed, what the gate reads."""
    n = squash(x @ W_n + b_n)
    g = sigmoid((x if gate_reads is None else gate_reads(x, n)) @ W_g + b_g)
    y = mix(x, n, g) if mix else (1.0 - g) * x + g * n
    return {"x": x, "n": n, "g": g, "y": y}


def _gate_turned(*given):
    return _highway(*given, mix=lambda x, n, g: g * x + (1.0 - g) * n)


def _residual(*given):
    return _highway(*given, mix=lambda x, n, g: x + g * n)


def _nothing_carried(*given):
    return _highway(*given, mix=lambda x, n, g: g * n)


def _squashed_by_sigmoid(*given):
    return _highway(*given, squash=sigmoid)


def _gate_reads_n(*given):
    return _highway(*given, gate_reads=lambda x, n: n)


def _not_squashed(*given):
    return _highway(*given, squash=lambda a: a)


def _y_alone(*given):
    return {"y": highway(*given)["y"]}


HIGHWAY_WRONG = (
    Wrong(_gate_turned, slip="g is the share of the new: y = (1 − g) x + g n; shut, the layer hands x on",
          expect=("y differs",)),
    Wrong(_residual, slip="x comes in whole; what the gate lets in has to replace something: (1 − g) x",
          expect=("y differs",)),
    Wrong(_nothing_carried, slip="only g n: the carry, (1 − g) x, is missing", expect=("y differs",)),
    Wrong(_squashed_by_sigmoid, slip="n is content, not a gate: tanh, so that it can be negative",
          expect=("n differs",)),
    Wrong(_gate_reads_n, slip="the gate reads x, as the candidate does; both are made at once", expect=("g differs",)),
    Wrong(_not_squashed, slip="n is the pre-activation; tanh is missing", expect=("n differs",)),
    Wrong(_y_alone, expect=("the result has no n, g, x",)),
)  # fmt: skip

# ---- 05.highway_backward -------------------------------------------------------------------------------


def highway_backward(dy, trace, W_n, W_g):
    """From dy (N, D) to dx, dW_n, db_n, dW_g, db_g; ``trace`` is what ``highway`` returned."""
    x, n, g = (trace[name] for name in ("x", "n", "g"))
    carried, dn, ds = mix_backward(dy, x, n, g)
    da = dn * (1.0 - n**2)
    dx = carried + da @ W_n.T + ds @ W_g.T  # straight on, through the candidate, through the gate
    return dx, x.T @ da, da.sum(axis=0), x.T @ ds, ds.sum(axis=0)


BACK_OUTPUTS = (
    Output("dx", ROW),
    Output("dW_n", ("from d", "to d")),
    Output("db_n", ("d",)),
    Output("dW_g", ("from d", "to d")),
    Output("db_g", ("d",)),
)


def highway_back_cases() -> list[Case]:
    """Random numbers; a gate that is shut; one that is open; a batch of one."""
    rng = np.random.default_rng(2)
    cases = []
    for label, N, bias in (("N=3, D=4, random", 3, 0.0), ("the gate is shut", 3, -50.0), ("the gate is open", 3, 50.0),
                           ("a batch of one, N=1", 1, 0.0)):  # fmt: skip
        W_n, b_n, W_g, b_g = _weights(rng, bias)
        trace = highway(rng.normal(size=(N, 4)), W_n, b_n, W_g, b_g)
        cases.append(Case(label, (rng.normal(size=(N, 4)), trace, W_n, W_g)))
    return cases


def _highway_back(
    dy, trace, W_n, W_g, *, carry=True, share=True, gate_way=True, old=True, slope=True, tanh_slope=True, turned=True
):  # fmt: skip
    """The way back with one thing left out."""
    x, n, g = (trace[name] for name in ("x", "n", "g"))
    dn = dy * g if share else dy
    da = dn * (1.0 - n**2) if tanh_slope else dn
    dg = dy * (n - x if old else n)
    ds = dg * g * (1.0 - g) if slope else dg
    dx = da @ (W_n.T if turned else W_n)
    if carry:
        dx = dx + dy * (1.0 - g)
    if gate_way:
        dx = dx + ds @ (W_g.T if turned else W_g)
    return dx, x.T @ da, da.sum(axis=0), x.T @ ds, ds.sum(axis=0)


def old_forgotten(*given):
    """dg is made of the new alone."""
    return _highway_back(*given, old=False)


def carry_missing(*given):
    """Nothing goes straight on from y to x."""
    return _highway_back(*given, carry=False)


def share_missing(*given):
    """The candidate's gradient is dy itself."""
    return _highway_back(*given, share=False)


def gate_way_missing(*given):
    """The gate is taken for a number that does not depend on x."""
    return _highway_back(*given, gate_way=False)


def _no_gate_slope(*given):
    return _highway_back(*given, slope=False)


def _no_tanh_slope(*given):
    return _highway_back(*given, tanh_slope=False)


def _not_transposed(*given):
    return _highway_back(*given, turned=False)


def _dW_turned(*given):
    dx, dW_n, db_n, dW_g, db_g = highway_backward(*given)
    return dx, dW_n.T, db_n, dW_g.T, db_g


def _bias_not_summed(dy, trace, W_n, W_g):
    x, n, g = (trace[name] for name in ("x", "n", "g"))
    dx, dW_n, _, dW_g, _ = highway_backward(dy, trace, W_n, W_g)
    return dx, dW_n, dy * g * (1.0 - n**2), dW_g, dy * (n - x) * g * (1.0 - g)


BACK_WRONG = (  # the first four are the A, B, C, D of the exercise 05.slips
    Wrong(old_forgotten, slip="dg = dy · n; where the gate opens x goes: dg = dy · (n − x)",
          expect=("case: N=3, D=4, random", "dx differs")),
    Wrong(carry_missing, slip="the carry is missing: x also goes straight on to y, so dx has dy · (1 − g) in it",
          expect=("dx differs",)),
    Wrong(share_missing, slip="n enters y times g, and so does its gradient: dn = dy · g", expect=("dx differs",)),
    Wrong(gate_way_missing, slip="x also decides how far the gate is open: the way back through W_g is missing in dx",
          expect=("dx differs",)),
    Wrong(_no_gate_slope, slip="the slope of the sigmoid is missing: ds = dg · g (1 − g)"),
    Wrong(_no_tanh_slope, slip="the slope of tanh is missing: da = dn · (1 − n²)"),
    Wrong(_not_transposed, slip="W where W.T belongs; both are square, so no shape complains", expect=("dx differs",)),
    Wrong(_dW_turned, expect=("dW_n differs", "it is the transpose of what it should be")),
    Wrong(_bias_not_summed, expect=("db_n has shape (3, 4), expected (d=4)", "axis 0 (length 3) is still there")),
)  # fmt: skip

# ---- 05.slips: from the symptoms to the slip -----------------------------------------------------------

SLIPS = {"A": "the old", "B": "carry", "C": "share", "D": "gate's way"}
WHY_SLIPS = {
    "A": "the gate's own weights are wrong as well, so it is what comes to the gate that is wrong",
    "B": "no weight is wrong, only dx; and it is wrong where the gate is shut, where one way to x is left",
    "C": "it is right where the gate is open, g = 1, and the candidate's own weights are wrong elsewhere",
    "D": "no weight is wrong, only dx; and not where the gate is shut or open, that is, where its slope is 0",
}
SLIPS_WRONG = (
    Wrong(SLIPS | {"B": "gate's way", "D": "carry"}, expect=("2 of 4", "one way to x is left", "its slope is 0")),
    Wrong(SLIPS | {"A": "gate's way", "D": "the old"}, expect=("2 of 4", "what comes to the gate")),
    Wrong(SLIPS | {"C": "carry"}, expect=("3 of 4", "'C': 'carry'", "the candidate's own weights")),
)

# ---- the exercises --------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="05.time_constants",
        title="How slow is a gate?",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="time_constants",
        answer=TIME_CONSTANTS,
        judge=is_value(TIME_CONSTANTS, why=WHY_TIME_CONSTANTS),
        hints=(
            "What is left of h after one step without input? And after ten such steps?",
            "(1 − g) to the power of the number of steps, with g = 1 / τ. For the last two, g = σ(−3) first.",
            "0.9**10, 0.98**50; 1 / sigmoid(-3.0) and g * (1 - g) with g = sigmoid(-3.0). Round to whole numbers.",
        ),
        wrong=TIME_CONSTANTS_WRONG,
    ),
    Exercise(
        id="05.mix_backward",
        title="Back through a gate",
        minutes=7,
        difficulty=2,
        kind="backward",
        answer=mix_backward,
        judge=agrees_with(mix_backward, mix_cases, outputs=MIX_OUTPUTS, slips=MIX_WRONG,
                          praise="dh_prev, dn, ds in 3 of 3 cases"),
        hints=(
            "h is a sum of two products. Each factor of a product gets the gradient times the other factor; g stands "
            "in both products.",
            "dh_prev and dn are one factor each. dg has two shares, dh · n from one product and −dh · h_prev from the "
            "other. Then the slope of the sigmoid.",
            "dh_prev = dh * (1 - g); dn = dh * g; dg = dh * (n - h_prev); ds = dg * g * (1 - g)",
        ),
        wrong=MIX_WRONG,
    ),
    Exercise(
        id="05.highway",
        title="A Highway layer",
        minutes=4,
        difficulty=1,
        kind="forward",
        answer=highway,
        judge=agrees_with(highway, highway_cases, outputs=HIGHWAY_OUTPUTS, slips=HIGHWAY_WRONG,
                          praise="random, shut and open"),
        hints=(
            "Three lines: a candidate, a gate, and the mixture of the candidate with x.",
            "n is made as in a plain layer, with tanh. g is made of the same x with weights of its own, with sigmoid.",
            "y = (1 - g) * x + g * n, and then a dictionary of x, n, g and y.",
        ),
        wrong=HIGHWAY_WRONG,
    ),
    Exercise(
        id="05.highway_backward",
        title="Three ways back to x",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=highway_backward,
        judge=agrees_with(highway_backward, highway_back_cases, outputs=BACK_OUTPUTS, slips=BACK_WRONG,
                          praise="dx, dW_n, db_n, dW_g, db_g in 4 of 4 cases"),
        hints=(
            "Your mix_backward is the first half of it, with dy for dh and x for h_prev. Then two products with "
            "matrices, as in lesson 03.",
            "From dn to da through the slope of tanh; from da and ds to the weights and to x. x was used three times, "
            "so dx is a sum of three.",
            "da = dn * (1 - n**2); dx = dy * (1 - g) + da @ W_n.T + ds @ W_g.T; dW_n = x.T @ da, db_n = da.sum(axis=0) "
            "and the same with ds for the gate.",
        ),
        wrong=BACK_WRONG,
    ),
    Exercise(
        id="05.slips",
        title="Which term is missing?",
        minutes=5,
        difficulty=2,
        kind="break",
        name="slips",
        answer=SLIPS,
        judge=is_value(SLIPS, why=WHY_SLIPS),
        hints=(
            "Two of the four have no wrong weight at all. Which terms are in dx and in nothing else?",
            "Shut, g and its slope are 0, and 1 − g is 1: which of the terms are then 0 anyway? Open, g is 1 and both "
            "others are 0.",
            "The carry is all there is where the gate is shut. The gate's way has the slope of the gate in it, so it "
            "is missed only between shut and open.",
        ),
        wrong=SLIPS_WRONG,
    ),
)
