"""The exercises of lesson 08: a GRU step, its two reset orders there and back, and z read from the other side."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

BLOCKS = ("candidate", "update", "reset")
UNIT = ("n", "unit")


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


def broken_reset_before(da_h, h_prev, r, U_h):
    """The reset path back, reset before the product: da_r, and the candidate's share of dh_prev. One line is wrong."""
    d_reset_h = da_h @ U_h.T
    dr = da_h * h_prev
    da_r = dr * r * (1.0 - r)
    dh_prev = d_reset_h * r
    return da_r, dh_prev


SHARED = (sigmoid, broken_reset_before)


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in BLOCKS:
        found |= {f"W.{block}": rng.normal(size=(D, H)), f"U.{block}": 0.7 * rng.normal(size=(H, H)),
                  f"b.{block}": 0.5 * rng.normal(size=H)}  # fmt: skip
    return found


# ---- 08.step_before --------------------------------------------------------------------------------------


def step_before(x_t, h_prev, p):
    """One step, reset before the product: all it reads and makes, by name. x_t (N, D), h_prev (N, H)."""
    z = sigmoid(x_t @ p["W.update"] + h_prev @ p["U.update"] + p["b.update"])
    r = sigmoid(x_t @ p["W.reset"] + h_prev @ p["U.reset"] + p["b.reset"])
    reset_h = r * h_prev
    candidate = np.tanh(x_t @ p["W.candidate"] + reset_h @ p["U.candidate"] + p["b.candidate"])
    h = (1.0 - z) * h_prev + z * candidate
    return {"x_t": x_t, "h_prev": h_prev, "z": z, "r": r, "reset_h": reset_h, "candidate": candidate, "h": h}


STEP_OUTPUTS = tuple(Output(name, UNIT) for name in ("z", "r", "reset_h", "candidate", "h"))


def step_cases() -> list[Case]:
    """Random numbers, and a first step that starts from zeros."""
    rng = np.random.default_rng(0)
    x_t, h_prev, p = rng.normal(size=(3, 2)), rng.uniform(-1, 1, size=(3, 4)), _weights(rng)
    return [
        Case("N=3, D=2, H=4, random", (x_t, h_prev, p)),
        Case("a first step: h_prev is 0", (x_t, np.zeros((3, 4)), p)),
    ]


def _step(x_t, h_prev, p, *, gates=("update", "reset"), mix=None, past=None, squash=np.tanh):
    """The step with one thing changed."""
    z, r = (sigmoid(x_t @ p[f"W.{name}"] + h_prev @ p[f"U.{name}"] + p[f"b.{name}"]) for name in gates)
    reset_h = r * h_prev
    recurrent = past(r, h_prev, p["U.candidate"]) if past else reset_h @ p["U.candidate"]
    candidate = squash(x_t @ p["W.candidate"] + recurrent + p["b.candidate"])
    h = mix(z, h_prev, candidate) if mix else (1.0 - z) * h_prev + z * candidate
    return {"x_t": x_t, "h_prev": h_prev, "z": z, "r": r, "reset_h": reset_h, "candidate": candidate, "h": h}


def _reset_after(*given):
    return _step(*given, past=lambda r, h_prev, U: r * (h_prev @ U))


def _no_reset(*given):
    return _step(*given, past=lambda r, h_prev, U: h_prev @ U)


def _keep_convention(*given):
    return _step(*given, mix=lambda z, h_prev, candidate: z * h_prev + (1.0 - z) * candidate)


def _old_state_reset(x_t, h_prev, p):
    trace = _step(x_t, h_prev, p)
    return trace | {"h": (1.0 - trace["z"]) * trace["reset_h"] + trace["z"] * trace["candidate"]}


def _only_added(*given):
    return _step(*given, mix=lambda z, h_prev, candidate: h_prev + z * candidate)


def _gates_swapped(*given):
    return _step(*given, gates=("reset", "update"))


def _sigmoid_candidate(*given):
    return _step(*given, squash=sigmoid)


STEP_WRONG = (
    Wrong(_reset_after, slip="this is the other order, r ⊙ (h_prev U_h): here r meets h_prev before the product",
          expect=("candidate differs",)),
    Wrong(_no_reset, slip="the candidate sees all of h_prev: r is computed and not used",
          expect=("candidate differs",)),
    Wrong(_keep_convention, slip="z is taken for the share of the old; in this course it is the share of the new",
          expect=("h differs",)),
    Wrong(_old_state_reset, slip="what is kept is h_prev itself; the reset acts on what the candidate sees and no more",
          expect=("h differs",)),
    Wrong(_only_added, slip="the old state is kept in full; what the new takes, the old gives up: (1 − z) ⊙ h_prev",
          expect=("h differs",)),
    Wrong(_gates_swapped, slip="the gates have changed places: update is z, reset is r", expect=("z differs",)),
    Wrong(_sigmoid_candidate, slip="the candidate is content, not a gate: tanh", expect=("candidate differs",)),
)  # fmt: skip

# ---- 08.which: predict -----------------------------------------------------------------------------------

WHICH = {
    "z = 1, minigate: h is the old state or the new candidate?": "new",
    "z = 1, PyTorch: h is the old state or the new candidate?": "old",
    "r[1] = 0, before: a row or a column of U_h is out of use?": "row",
    "r[1] = 0, after: a row or a column of U_h is out of use?": "column",
    "r the same in all units: are the orders same or different?": "same",
}
_KEYS = tuple(WHICH)
WHY_WHICH = {
    _KEYS[0]: "h = (1 − z) ⊙ h_prev + z ⊙ h̃",
    _KEYS[1]: "h = (1 − z) ⊙ n + z ⊙ h_prev, with n for the candidate",
    _KEYS[2]: "h_prev[1] is multiplied by 0 before it meets U_h: what would it have met?",
    _KEYS[3]: "number 1 of h_prev U_h is multiplied by 0: which numbers of U_h made it?",
    _KEYS[4]: "a number can be taken out of a product: (r h) U = r (h U)",
}
WHICH_WRONG = (
    Wrong(WHICH | {_KEYS[0]: "old", _KEYS[1]: "new"}, expect=("3 of 5", "z ⊙ h̃", "z ⊙ h_prev")),
    Wrong(WHICH | {_KEYS[2]: "column", _KEYS[3]: "row"}, expect=("3 of 5", "before it meets U_h", "which numbers of")),
    Wrong(WHICH | {_KEYS[4]: "different"}, expect=("4 of 5", "taken out of a product")),
)

# ---- 08.reset_after: the reset path back, reset after the product -----------------------------------------


def reset_after_backward(da_h, h_prev, r, h_U, U_h):
    """Back through r ⊙ h_U with h_U = h_prev U_h: da_r, the candidate's share of dh_prev, dU_h. da_h (N, H)."""
    dr = da_h * h_U
    da_r = dr * r * (1.0 - r)
    dh_U = da_h * r
    dh_prev = dh_U @ U_h.T
    dU_h = h_prev.T @ dh_U
    return da_r, dh_prev, dU_h


AFTER_OUTPUTS = (Output("da_r", UNIT), Output("dh_prev", UNIT), Output("dU_h", ("from unit", "to unit")))


def after_cases() -> list[Case]:
    """Random numbers; a gate that is shut in one unit; a batch of one."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N in (("N=3, H=4, random", 3), ("r is 0 in unit 1", 3), ("a batch of one, N=1", 1)):
        da_h, h_prev, U_h = rng.normal(size=(N, 4)), rng.uniform(-1, 1, size=(N, 4)), 0.7 * rng.normal(size=(4, 4))
        r = rng.uniform(0.1, 0.9, size=(N, 4))
        r[:, 1] *= "unit 1" not in label
        cases.append(Case(label, (da_h, h_prev, r, h_prev @ U_h, U_h)))
    return cases


def _gate_not_on_the_way(da_h, h_prev, r, h_U, U_h):
    return da_h * h_U * r * (1.0 - r), da_h @ U_h.T, h_prev.T @ (da_h * r)


def _no_slope(da_h, h_prev, r, h_U, U_h):
    return da_h * h_U, (da_h * r) @ U_h.T, h_prev.T @ (da_h * r)


def _h_prev_for_h_U(da_h, h_prev, r, h_U, U_h):
    return da_h * h_prev * r * (1.0 - r), (da_h * r) @ U_h.T, h_prev.T @ (da_h * r)


def _the_other_order(da_h, h_prev, r, h_U, U_h):
    e = da_h @ U_h.T
    return e * h_prev * r * (1.0 - r), e * r, (r * h_prev).T @ da_h


def _gate_too_late(da_h, h_prev, r, h_U, U_h):
    return da_h * h_U * r * (1.0 - r), (da_h @ U_h.T) * r, h_prev.T @ (da_h * r)


def _dU_without_the_gate(da_h, h_prev, r, h_U, U_h):
    return da_h * h_U * r * (1.0 - r), (da_h * r) @ U_h.T, h_prev.T @ da_h


def _U_not_turned(da_h, h_prev, r, h_U, U_h):
    return da_h * h_U * r * (1.0 - r), (da_h * r) @ U_h, h_prev.T @ (da_h * r)


AFTER_WRONG = (
    Wrong(_gate_not_on_the_way, slip="dh_prev has lost its gate: what U_h meets on the way back is da_h · r",
          expect=("dh_prev differs",)),
    Wrong(_no_slope, slip="this is dr; between r and its pre-activation is a sigmoid: da_r = dr · r · (1 − r)",
          expect=("da_r differs",)),
    Wrong(_h_prev_for_h_U, slip="dr is made with h_prev; what r multiplied is h_U = h_prev U_h",
          expect=("da_r differs",)),
    Wrong(_the_other_order, slip="this is the way back of the other order, reset before the product"),
    Wrong(_gate_too_late, slip="the gate is met after U_h on the way back; forward it stood behind the product, so it "
          "comes first", expect=("dh_prev differs",)),
    Wrong(_dU_without_the_gate, slip="dU_h is made with da_h; what comes back to the product is da_h · r",
          expect=("dU_h differs",)),
    Wrong(_U_not_turned, slip="(…) @ U_h instead of @ U_h.T; U_h is square, so the shapes cannot tell",
          expect=("dh_prev differs",)),
)  # fmt: skip

# ---- 08.mend: the reset path back, reset before the product ------------------------------------------------


def mended_reset_before(da_h, h_prev, r, U_h):
    """The reset path back, reset before the product: da_r, and the candidate's share of dh_prev."""
    d_reset_h = da_h @ U_h.T
    dr = d_reset_h * h_prev  # r met h_prev before the product: the gradient has to pass U_h first
    da_r = dr * r * (1.0 - r)
    dh_prev = d_reset_h * r
    return da_r, dh_prev


def mend_cases() -> list[Case]:
    """As for the other order, without h_U."""
    return [Case(case.label, (*case.args[:3], case.args[4])) for case in after_cases()]


def _as_after(da_h, h_prev, r, U_h):
    return da_h * (h_prev @ U_h) * r * (1.0 - r), (da_h @ U_h.T) * r


def _gate_lost(da_h, h_prev, r, U_h):
    e = da_h @ U_h.T
    return e * h_prev * r * (1.0 - r), e


def _product_forward(da_h, h_prev, r, U_h):
    e = da_h @ U_h
    return e * h_prev * r * (1.0 - r), e * r


def _reset_h_for_h_prev(da_h, h_prev, r, U_h):
    e = da_h @ U_h.T
    return e * (r * h_prev) * r * (1.0 - r), e * r


MEND_WRONG = (
    Wrong(broken_reset_before,
          slip="this still is broken_reset_before: dr is made with da_h, which has not passed U_h yet",
          expect=("da_r differs",)),
    Wrong(_as_after, slip="this da_r belongs to the other order, where r stands behind the product",
          expect=("da_r differs",)),
    Wrong(_gate_lost, slip="dh_prev has lost its gate; that line was right before", expect=("dh_prev differs",)),
    Wrong(_product_forward, slip="da_h @ U_h instead of da_h @ U_h.T; that line was right before"),
    Wrong(_reset_h_for_h_prev, slip="dr is made with r ⊙ h_prev; what r multiplied is h_prev itself",
          expect=("da_r differs",)),
)  # fmt: skip

# ---- 08.turned: z from the other side -----------------------------------------------------------------------


def other_convention(weights):
    """The weights with which a GRU whose z is the share of the *old* is the same model. Nine arrays by name."""
    return {name: -array if name.endswith(".update") else array for name, array in weights.items()}


TURNED_OUTPUTS = tuple(
    Output(f"{letter}.{block}", axes)
    for block in BLOCKS
    for letter, axes in (("W", ("d", "unit")), ("U", ("from unit", "to unit")), ("b", ("unit",)))
)


def turned_cases() -> list[Case]:
    """Two sets of weights of different sizes."""
    rng = np.random.default_rng(2)
    return [Case(f"D={D}, H={H}", (_weights(rng, D, H),)) for D, H in ((2, 4), (3, 1))]


def _bias_only(weights):
    return {name: -array if name == "b.update" else array for name, array in weights.items()}


def _bias_forgotten(weights):
    turned = other_convention(weights)
    return turned | {"b.update": weights["b.update"]}


def _one_minus(weights):
    return {name: 1.0 - array if name.endswith(".update") else array for name, array in weights.items()}


def _all_turned(weights):
    return {name: -array for name, array in weights.items()}


def _reset_turned(weights):
    return {name: -array if name.endswith(".reset") else array for name, array in weights.items()}


def _as_it_was(weights):
    return dict(weights)


TURNED_WRONG = (
    Wrong(_one_minus, slip="1 − z is a statement about the gate, not about its weights: which a has σ(a) = 1 − z?",
          expect=("W.update differs",)),
    Wrong(_bias_only, slip="only the bias is turned; the whole pre-activation has to change its sign",
          expect=("W.update differs",)),
    Wrong(_bias_forgotten, slip="the bias is part of the pre-activation too: b.update changes its sign as well",
          expect=("b.update differs", "the sign")),
    Wrong(_all_turned, slip="only z is read from the other side; the candidate and r stay as they are",
          expect=("W.candidate differs",)),
    Wrong(_reset_turned, slip="it is the update gate whose meaning differs; r means the same in both conventions"),
    Wrong(_as_it_was, slip="these are the same weights; with them the other convention keeps where this one takes",
          expect=("W.update differs",)),
)  # fmt: skip

# ---- the exercises --------------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="08.step_before",
        title="One step of a GRU, reset before the product",
        minutes=6,
        difficulty=1,
        kind="forward",
        answer=step_before,
        judge=agrees_with(step_before, step_cases, outputs=STEP_OUTPUTS, slips=STEP_WRONG,
                          praise="five names in 2 of 2 cases"),
        hints=(
            "Five lines, in the order of the equations: z, r, reset_h, candidate, h.",
            "z and r have the same form, with the weights of update and of reset. The candidate has reset_h where they "
            "have h_prev.",
            "reset_h = r * h_prev; candidate = np.tanh(x_t @ p[\"W.candidate\"] + reset_h @ p[\"U.candidate\"] + …); "
            "h = (1.0 - z) * h_prev + z * candidate; return a dictionary with all seven names.",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="08.which",
        title="Which is which?",
        minutes=4,
        difficulty=2,
        kind="predict",
        name="which",
        answer=WHICH,
        judge=is_value(WHICH, why=WHY_WHICH),
        hints=(
            "Put the extreme value into the equation and see what is left of it.",
            "h_prev @ U_h: number j of h_prev meets row j of U_h, and column j of U_h makes number j of the result.",
            "Before: h_prev[1] is gone, and with it all that row 1 would do. After: result 1 is gone, and with it all "
            "that column 1 has done. One r for all units is a number, which commutes with a product.",
        ),
        wrong=WHICH_WRONG,
    ),
    Exercise(
        id="08.reset_after",
        title="The reset path back, reset after the product",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=reset_after_backward,
        judge=agrees_with(reset_after_backward, after_cases, outputs=AFTER_OUTPUTS, slips=AFTER_WRONG,
                          praise="da_r, dh_prev, dU_h in 3 of 3 cases"),
        hints=(
            "Two lines forward, h_U = h_prev @ U_h and r * h_U; what comes in is the gradient of the second. Take it "
            "first.",
            "Of the product r * h_U each factor gets da_h times the other. Then r has the slope of its sigmoid, and "
            "h_U is a matrix product like that of lesson 03.",
            "dr = da_h * h_U; dh_U = da_h * r; da_r = dr * r * (1 - r); dh_prev = dh_U @ U_h.T; dU_h = h_prev.T @ …",
        ),
        wrong=AFTER_WRONG,
    ),
    Exercise(
        id="08.mend",
        title="Find the planted bug and mend it",
        minutes=6,
        difficulty=2,
        kind="break",
        answer=mended_reset_before,
        judge=agrees_with(mended_reset_before, mend_cases, outputs=(Output("da_r", UNIT), Output("dh_prev", UNIT)),
                          slips=MEND_WRONG, praise="da_r and dh_prev in 3 of 3 cases"),
        hints=(
            "With one step only the block reset is wrong, and what it feeds: candidate and update are right. So it is "
            "dr or its slope.",
            "Forward: reset_h = r * h_prev, then reset_h @ U_h. What is the gradient of reset_h, and is that what dr "
            "is made with?",
            "dr = d_reset_h * h_prev",
        ),
        wrong=MEND_WRONG,
    ),
    Exercise(
        id="08.turned",
        title="The same model under z → 1 − z",
        minutes=5,
        difficulty=2,
        kind="build",
        answer=other_convention,
        judge=agrees_with(other_convention, turned_cases, outputs=TURNED_OUTPUTS, slips=TURNED_WRONG,
                          praise="nine arrays in 2 of 2 cases"),
        hints=(
            "The other model has to compute 1 − z where this one computes z. Which property of the sigmoid helps?",
            "1 − σ(a) = σ(−a), and a = x_t W + h_prev U + b: which of these have to change so that all of a changes "
            "its sign?",
            "return {name: -array if name.endswith(\".update\") else array for name, array in weights.items()}",
        ),
        wrong=TURNED_WRONG,
    ),
)  # fmt: skip
