"""The exercises of lesson 03: a recurrent step, its backward pass, and backpropagation through time by hand."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, difference, is_value, wrong

# ---- 03.step_forward -------------------------------------------------------------------------------


def step_forward(x_t, h_prev, W, U, b):
    """h = tanh(x_t W + h_prev U + b). x_t (N, D), h_prev (N, H) → h (N, H)."""
    a = x_t @ W + h_prev @ U + b
    return np.tanh(a)


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> tuple[Any, Any, Any]:
    return rng.normal(size=(D, H)), 0.7 * rng.normal(size=(H, H)), 0.5 * rng.normal(size=H)


def forward_cases() -> list[Case]:
    """Random numbers, and a first step that starts from zeros."""
    rng = np.random.default_rng(0)
    x_t, h_prev, weights = rng.normal(size=(3, 2)), rng.uniform(-1, 1, size=(3, 4)), _weights(rng)
    return [
        Case("N=3, D=2, H=4, random", (x_t, h_prev, *weights)),
        Case("a first step: h_prev is 0", (x_t, np.zeros((3, 4)), *weights)),
    ]


def _no_tanh(x_t, h_prev, W, U, b):
    return x_t @ W + h_prev @ U + b


def _no_past(x_t, h_prev, W, U, b):
    return np.tanh(x_t @ W + b)


def _no_bias(x_t, h_prev, W, U, b):
    return np.tanh(x_t @ W + h_prev @ U)


def _U_transposed_forward(x_t, h_prev, W, U, b):
    return np.tanh(x_t @ W + h_prev @ U.T + b)


def _sigmoid_for_tanh(x_t, h_prev, W, U, b):
    return 1.0 / (1.0 + np.exp(-(x_t @ W + h_prev @ U + b)))


def _two_tanhs(x_t, h_prev, W, U, b):
    return np.tanh(x_t @ W + b) + np.tanh(h_prev @ U)


def _weight_first(x_t, h_prev, W, U, b):
    return np.tanh(W @ x_t + U @ h_prev + b)


FORWARD_WRONG = (
    Wrong(_no_tanh, slip="this is the pre-activation a; tanh is missing", expect=("h differs",)),
    Wrong(_no_past, slip="h_prev is not used: without it the network has no past", expect=("N=3, D=2, H=4, random",)),
    Wrong(_no_bias, slip="the bias b is missing", expect=("h differs",)),
    Wrong(_U_transposed_forward, slip="U is transposed: in this course a weight stands on the right, operand @ weight"),
    Wrong(_sigmoid_for_tanh, slip="a sigmoid instead of tanh: this state is never negative"),
    Wrong(_two_tanhs, slip="tanh is taken of each part; it belongs around their sum"),
    Wrong(_weight_first, expect=("your code raised ValueError", "W @ x_t")),
)

# ---- 03.step_backward ------------------------------------------------------------------------------


def step_backward(dh, x_t, h_prev, h, W, U):
    """From dh, the gradient of h = tanh(x_t W + h_prev U + b), to dx_t, dh_prev, dW, dU, db."""
    da = dh * (1.0 - h**2)
    dx_t = da @ W.T
    dW = x_t.T @ da
    dh_prev = da @ U.T
    dU = h_prev.T @ da
    db = da.sum(axis=0)
    return dx_t, dh_prev, dW, dU, db


STEP_OUTPUTS = (
    Output("dx_t", ("n", "d")),
    Output("dh_prev", ("n", "unit")),
    Output("dW", ("d", "unit")),
    Output("dU", ("from unit", "to unit")),
    Output("db", ("unit",)),
)


def backward_cases() -> list[Case]:
    """Random numbers; a batch of one; a gradient that reaches one unit only."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N in (("N=3, D=2, H=4, random", 3), ("a batch of one, N=1", 1), ("dh is 0 but for unit 2", 3)):
        x_t, h_prev, (W, U, b) = rng.normal(size=(N, 2)), rng.uniform(-1, 1, size=(N, 4)), _weights(rng)
        h, dh = step_forward(x_t, h_prev, W, U, b), rng.normal(size=(N, 4))
        if "unit 2" in label:
            dh[:, [0, 1, 3]] = 0.0
        cases.append(Case(label, (dh, x_t, h_prev, h, W, U)))
    return cases


def _from_da(da, x_t, h_prev, W, U):
    return da @ W.T, da @ U.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


def _no_slope(dh, x_t, h_prev, h, W, U):
    return _from_da(dh, x_t, h_prev, W, U)


def _slope_not_squared(dh, x_t, h_prev, h, W, U):
    return _from_da(dh * (1.0 - h), x_t, h_prev, W, U)


def _slope_of_h_prev(dh, x_t, h_prev, h, W, U):
    return _from_da(dh * (1.0 - h_prev**2), x_t, h_prev, W, U)


def _tanh_twice(dh, x_t, h_prev, h, W, U):
    return _from_da(dh * (1.0 - np.tanh(h) ** 2), x_t, h_prev, W, U)


def _dh_not_used(dh, x_t, h_prev, h, W, U):
    return _from_da(1.0 - h**2, x_t, h_prev, W, U)


def _U_not_transposed(dh, x_t, h_prev, h, W, U):
    dx_t, _, dW, dU, db = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, (dh * (1.0 - h**2)) @ U, dW, dU, db


def _h_for_h_prev(dh, x_t, h_prev, h, W, U):
    dx_t, dh_prev, dW, _, db = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, dh_prev, dW, h.T @ (dh * (1.0 - h**2)), db


def _dU_turned(dh, x_t, h_prev, h, W, U):
    dx_t, dh_prev, dW, dU, db = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, dh_prev, dW, dU.T, db


def _db_not_summed(dh, x_t, h_prev, h, W, U):
    dx_t, dh_prev, dW, dU, _ = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, dh_prev, dW, dU, dh * (1.0 - h**2)


def _mean_over_batch(dh, x_t, h_prev, h, W, U):
    dx_t, dh_prev, dW, dU, db = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, dh_prev, dW / len(dh), dU / len(dh), db / len(dh)


def _dh_kept_as_well(dh, x_t, h_prev, h, W, U):
    dx_t, dh_prev, dW, dU, db = step_backward(dh, x_t, h_prev, h, W, U)
    return dx_t, dh_prev + dh, dW, dU, db


STEP_WRONG = (
    Wrong(_no_slope, slip="the slope of tanh is missing: da = dh · (1 − h²)", expect=("dx_t differs",)),
    Wrong(_slope_not_squared, slip="1 − h instead of 1 − h²"),
    Wrong(_slope_of_h_prev, slip="the slope is taken at h_prev; this step's tanh gave h, so it is 1 − h²"),
    Wrong(_tanh_twice, slip="tanh is taken twice: h is already tanh a, so the slope is 1 − h²"),
    Wrong(_dh_not_used, slip="dh is not used: da = dh · (1 − h²)"),
    Wrong(_U_not_transposed, slip="da @ U instead of da @ U.T; U is square, so the shapes cannot tell",
          expect=("dh_prev differs",)),
    Wrong(_h_for_h_prev, slip="dU is made with h; what met U in the forward pass was h_prev", expect=("dU differs",)),
    Wrong(_dU_turned, expect=("dU differs", "it is the transpose of what it should be")),
    Wrong(_db_not_summed, expect=("db has shape (3, 4), expected (unit=4)", "axis 0 (length 3) is still there")),
    Wrong(_mean_over_batch, slip="the weights' gradients are averaged over the batch; every row counts in full: a sum",
          expect=("dW differs", "⅓ times")),
    Wrong(_dh_kept_as_well, slip="dh is added to dh_prev; h_prev reaches h only through a, so dh_prev = da @ U.T"),
)

# ---- 03.sequence_backward --------------------------------------------------------------------------


def sequence_backward(dy, x, h, W, U):
    """From dy (T, N, H) to dx, dh0, dW, dU, db. x (T, N, D), h (T + 1, N, H) as sequence_forward left it."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh_prev = np.zeros_like(h[0])  # nothing comes back from after the last step
    for t in reversed(range(len(x))):
        dh = dy[t] + dh_prev  # two children: the output y[t], and the step after this one
        dx[t], dh_prev, dW_t, dU_t, db_t = step_backward(dh, x[t], h[t], h[t + 1], W, U)
        dW += dW_t
        dU += dU_t
        db += db_t
    return dx, dh_prev, dW, dU, db


SEQUENCE_OUTPUTS = (
    Output("dx", ("t", "n", "d")),
    Output("dh0", ("n", "unit")),
    Output("dW", ("d", "unit")),
    Output("dU", ("from unit", "to unit")),
    Output("db", ("unit",)),
)
LENGTHS = (1, 2, 3, 5)


def _sequence(rng: np.random.Generator, T: int, last_only: bool = False) -> tuple[Any, ...]:
    x, (W, U, b) = rng.normal(size=(T, 3, 2)), _weights(rng)
    h = [rng.uniform(-1, 1, size=(3, 4))]
    for x_t in x:
        h.append(step_forward(x_t, h[-1], W, U, b))
    dy = rng.normal(size=(T, 3, 4))
    dy[:-1] *= not last_only
    return dy, x, np.array(h), W, U


def sequence_cases() -> list[Case]:
    """Sequences of 1, 2, 3 and 5 steps, all from a state that is not 0; and a loss at the last step alone."""
    rng = np.random.default_rng(2)
    cases = [Case(f"T={T}, N=3, random dy and h[0]", _sequence(rng, T)) for T in LENGTHS]
    return [*cases, Case("T=5, dy is 0 but for the last step", _sequence(rng, 5, last_only=True))]


def through_time(slips: tuple[Wrong, ...], praise: str) -> Any:
    """A judge for a backward pass over a sequence: it also says from how many steps on which gradient is wrong."""
    plain = agrees_with(
        sequence_backward, sequence_cases, outputs=SEQUENCE_OUTPUTS, slips=slips, praise=praise
    )

    def judge(attempt: Any) -> Verdict:
        verdict = plain(attempt)
        summary = [] if verdict.passed else _by_length(attempt)
        if not summary:
            return verdict
        lines = verdict.text.splitlines()
        return Verdict("fail", "\n".join(lines[:1] + summary + lines[1:]))

    return judge


def _by_length(attempt: Any) -> list[str]:
    """One line for each set of gradients that begin to be wrong at the same number of steps."""
    rows: list[tuple[bool, ...]] = []  # for each length, which gradients are right
    for case in sequence_cases()[: len(LENGTHS)] if callable(attempt) else ():
        found = attempt(*case.args)
        if not isinstance(found, (tuple, list)) or len(found) != len(SEQUENCE_OUTPUTS):
            return []
        expected = sequence_backward(*case.args)
        rows.append(tuple(not difference(o.name, e, f) for o, e, f in zip(SEQUENCE_OUTPUTS, expected, found)))
    groups: dict[int | None, list[str]] = {}
    for i, output in enumerate(SEQUENCE_OUTPUTS if rows else ()):
        first = next((T for T, row in zip(LENGTHS, rows) if not row[i]), None)
        groups.setdefault(first, []).append(output.name)
    lines = []
    for first, names in sorted(groups.items(), key=lambda item: item[0] or 99):
        fine = ", ".join(str(T) for T in LENGTHS if first is None or T < first)
        right_at = f"right at T={fine}" if fine else ""
        wrong_at = f"wrong at T={first}" if first else ""
        lines.append(f"{', '.join(names)}: {' and '.join(filter(None, (right_at, wrong_at)))}")
    if 1 in groups:
        lines.append("wrong with one step already, with no later one to blame: look at the step, and at the indices")
    return lines


def _carry_missing(dy, x, h, W, U):
    parts = [step_backward(dy[t], x[t], h[t], h[t + 1], W, U) for t in range(len(x))]
    dx, dh_prev, dW, dU, db = (np.array(column) for column in zip(*parts))
    return dx, dh_prev[0], dW.sum(axis=0), dU.sum(axis=0), db.sum(axis=0)


def _overwritten(dy, x, h, W, U):
    dx, dh_prev = np.zeros_like(x), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dx[t], dh_prev, dW, dU, db = step_backward(dy[t] + dh_prev, x[t], h[t], h[t + 1], W, U)
    return dx, dh_prev, dW, dU, db


def _walk(dy, x, h, W, U, order, before, after):
    """The loop with its indices as arguments: every mistake about order and indices is one call of it."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh_prev = np.zeros_like(h[0])
    for t in order:
        dx[t], dh_prev, dW_t, dU_t, db_t = step_backward(dy[t] + dh_prev, x[t], h[before(t)], h[after(t)], W, U)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dh_prev, dW, dU, db


def _forward_in_time(dy, x, h, W, U):
    return _walk(dy, x, h, W, U, range(len(x)), lambda t: t, lambda t: t + 1)


def _index_minus_one(dy, x, h, W, U):
    return _walk(dy, x, h, W, U, reversed(range(len(x))), lambda t: t - 1, lambda t: t)


def _h_after_twice(dy, x, h, W, U):
    return _walk(dy, x, h, W, U, reversed(range(len(x))), lambda t: t + 1, lambda t: t + 1)


def _dy_of_the_last_step_only(dy, x, h, W, U):
    return sequence_backward(dy * (np.arange(len(dy)) == len(dy) - 1)[:, None, None], x, h, W, U)


def _carry_piles_up(dy, x, h, W, U):
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dh = dh + dy[t]
        dx[t], dh_prev, dW_t, dU_t, db_t = step_backward(dh, x[t], h[t], h[t + 1], W, U)
        dh = dh + dh_prev
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dh_prev, dW, dU, db


def _dh_for_dh0(dy, x, h, W, U):
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh_prev = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dh = dy[t] + dh_prev
        dx[t], dh_prev, dW_t, dU_t, db_t = step_backward(dh, x[t], h[t], h[t + 1], W, U)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dh, dW, dU, db


def _mean_over_time(dy, x, h, W, U):
    dx, dh0, dW, dU, db = sequence_backward(dy, x, h, W, U)
    return dx, dh0, dW / len(x), dU / len(x), db / len(x)


def _dx_in_the_order_of_the_walk(dy, x, h, W, U):
    dx, dh0, dW, dU, db = sequence_backward(dy, x, h, W, U)
    return dx[::-1], dh0, dW, dU, db


SEQUENCE_WRONG = (
    Wrong(_carry_missing,
          slip="the carry is missing: h[t + 1] has two children, y[t] and the step after; dh is the sum of both",
          expect=("case: T=2", "dx, dh0, dW, dU, db: right at T=1 and wrong at T=2", "only t=0 is wrong")),
    Wrong(_overwritten,
          slip="= for +=: the weights are used at every step, and only one step's share of their gradients is left",
          expect=("case: T=2", "dW, dU, db: right at T=1 and wrong at T=2", "dx, dh0: right at T=1, 2, 3, 5")),
    Wrong(_forward_in_time,
          slip="the loop runs forward in time; a state's gradient is whole once the step after had its turn: go back",
          expect=("right at T=1 and wrong at T=2",)),
    Wrong(_index_minus_one,
          slip="h[t] is the state before step t, h[t + 1] after it; with h[t − 1] step 0 reads h[−1], the last state",
          expect=("case: T=1", "wrong at T=1", "the indices")),
    Wrong(_h_after_twice, slip="h[t + 1] is passed twice; the state before step t is h[t]",
          expect=("dU: wrong at T=1", "dx, dh0, dW, db: right at T=1, 2, 3, 5")),
    Wrong(_dy_of_the_last_step_only, slip="dy[t] is used at the last step only; every output has a gradient of its own",
          expect=("right at T=1 and wrong at T=2",)),
    Wrong(_carry_piles_up, slip="dh is added to what is carried; only dh_prev goes on to the step before",
          expect=("right at T=1 and wrong at T=2", "only t=0 is wrong")),
    Wrong(_dh_for_dh0,
          slip="this is the gradient of h[1]; that of h[0] is one more step back: dh_prev of step 0",
          expect=("dh0: wrong at T=1", "dx, dW, dU, db: right at T=1, 2, 3, 5")),
    Wrong(_mean_over_time, slip="the weights' gradients are averaged over time; each step counts in full: a sum",
          expect=("dW, dU, db: right at T=1 and wrong at T=2", "½ times")),
    Wrong(_dx_in_the_order_of_the_walk,
          slip="dx stands in the order of the walk, last step first; dx[t] belongs to x[t]",
          expect=("dx: right at T=1 and wrong at T=2",)),
)

# ---- 03.weight_gradients: one product over all time ---------------------------------------------------


def weight_gradients(x, h, da):
    """dW, dU, db from the da of all steps at once. x (T, N, D), h (T + 1, N, H), da (T, N, H)."""
    T, N, D = x.shape
    H = da.shape[2]
    rows = da.reshape(T * N, H)
    dW = x.reshape(T * N, D).T @ rows
    dU = h[:-1].reshape(T * N, H).T @ rows
    db = rows.sum(axis=0)
    return dW, dU, db


def weight_cases() -> list[Case]:
    """Five steps; one step; a batch of one."""
    rng = np.random.default_rng(3)
    sizes = (("T=5, N=3, D=2, H=4", 5, 3), ("a single step, T=1", 1, 3), ("a batch of one, N=1", 5, 1))
    return [
        Case(label, (rng.normal(size=(T, N, 2)), rng.uniform(-1, 1, size=(T + 1, N, 4)), rng.normal(size=(T, N, 4))))
        for label, T, N in sizes
    ]


def _states_after(x, h, da):
    return weight_gradients(x, np.concatenate([h[1:], h[:1]]), da)


def _scrambled(x, h, da):
    rows = da.reshape(-1, da.shape[2])
    return x.reshape(x.shape[2], -1) @ rows, h[:-1].reshape(h.shape[2], -1) @ rows, rows.sum(axis=0)


def _time_not_summed(x, h, da):
    return x.swapaxes(1, 2) @ da, h[:-1].swapaxes(1, 2) @ da, da.sum(axis=1)


def _bias_over_time_only(x, h, da):
    dW, dU, _ = weight_gradients(x, h, da)
    return dW, dU, da.sum(axis=0)


def _with_a_loop(x, h, da):
    dW, dU, db = 0.0, 0.0, 0.0
    for t in range(len(x)):
        dW, dU, db = dW + x[t].T @ da[t], dU + h[t].T @ da[t], db + da[t].sum(axis=0)
    return dW, dU, db


WEIGHT_WRONG = (
    Wrong(_states_after, slip="the states after each step, h[1:], where those before it, h[:-1], met U",
          expect=("dU differs",)),
    Wrong(_scrambled, slip="reshape is no transpose: it keeps the numbers in their order. First (T · N, D), then .T",
          expect=("dW differs",)),
    Wrong(_time_not_summed, expect=("dW has shape (5, 2, 4), expected (d=2, unit=4)", "axis 0 (length 5)")),
    Wrong(_bias_over_time_only, expect=("db has shape (3, 4), expected (unit=4)", "summed over")),
    Wrong(_with_a_loop, expect=("the numbers are right, and there is a loop in it", "one product over T · N rows")),
)

_weight_numbers = agrees_with(
    weight_gradients, weight_cases, outputs=SEQUENCE_OUTPUTS[2:], slips=WEIGHT_WRONG[:4],
    praise="T=5, T=1 and N=1, without a loop",
)  # fmt: skip


def judge_weights(attempt: Any) -> Verdict:
    """Right where the numbers are, and no loop makes them."""
    verdict = _weight_numbers(attempt)
    if verdict.passed and _has_a_loop(attempt):
        return wrong(
            "the numbers are right, and there is a loop in it",
            slip="time is one more axis to sum over, like the batch: one product over T · N rows does both",
        )
    return verdict


def _has_a_loop(function: Any) -> bool:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function))))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(isinstance(node, (ast.For, ast.While, ast.comprehension)) for node in ast.walk(tree))


# ---- 03.first_wrong: predict ------------------------------------------------------------------------

FIRST_WRONG = {
    "A, any gradient": 2,
    "B, any gradient": 2,
    "C, any gradient": 1,
    "D, any gradient": 1,
    "D, only dW, dU, db": 2,
}
WHY = {
    "A, any gradient": "with one step there is no step after it, so nothing to carry",
    "B, any gradient": "with one step there is one share; = and += differ when a second one comes",
    "C, any gradient": "the one step there is already multiplies da with the wrong state",
    "D, any gradient": "dh_prev of step 0 is dh0, so dh0 shows it however short the sequence is",
    "D, only dW, dU, db": "a wrong dh_prev reaches a weight when there is a step before to receive it",
}
FIRST_WRONG_WRONG = (
    Wrong(FIRST_WRONG | {"A, any gradient": 1}, expect=("4 of 5", "'A, any gradient': 1", "nothing to carry")),
    Wrong(FIRST_WRONG | {"B, any gradient": 1}, expect=("4 of 5", "when a second one comes")),
    Wrong(FIRST_WRONG | {"C, any gradient": 2}, expect=("4 of 5", "with the wrong state")),
    Wrong(FIRST_WRONG | {"D, any gradient": 2, "D, only dW, dU, db": 3},
          expect=("3 of 5", "dh0 shows it", "to receive")),
)

# ---- 03.mend: a planted bug -------------------------------------------------------------------------


def broken_backward(dy, x, h, W, U):
    """dx, dh0, dW, dU, db of a sequence. One line of it is wrong."""
    slope = 1.0 - h[1:] ** 2
    da = np.zeros_like(dy)
    dh_prev = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        da[t] = (dy[t] + dh_prev) * slope[t]
        dh_prev = (dy[t] * slope[t]) @ U.T
    dW = np.einsum("tnd,tnh->dh", x, da)
    dU = np.einsum("tng,tnh->gh", h[:-1], da)
    return da @ W.T, dh_prev, dW, dU, da.sum(axis=(0, 1))


SHARED = (broken_backward,)


def mended_backward(dy, x, h, W, U):
    """dx, dh0, dW, dU, db of a sequence."""
    slope = 1.0 - h[1:] ** 2
    da = np.zeros_like(dy)
    dh_prev = np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        da[t] = (dy[t] + dh_prev) * slope[t]
        dh_prev = da[t] @ U.T  # all of da[t]: its own output's share, and what came from later steps
    dW = np.einsum("tnd,tnh->dh", x, da)
    dU = np.einsum("tng,tnh->gh", h[:-1], da)
    return da @ W.T, dh_prev, dW, dU, da.sum(axis=(0, 1))


def _with_carry(dy, x, h, W, U, carry):
    """The loop of mended_backward with another rule for dh_prev."""
    slope, da, dh_prev = 1.0 - h[1:] ** 2, np.zeros_like(dy), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        da[t] = (dy[t] + dh_prev) * slope[t]
        dh_prev = carry(dy[t], dh_prev, slope[t], da[t], U)
    dW, dU = np.einsum("tnd,tnh->dh", x, da), np.einsum("tng,tnh->gh", h[:-1], da)
    return da @ W.T, dh_prev, dW, dU, da.sum(axis=(0, 1))


def _slope_left_out(dy, x, h, W, U):
    return _with_carry(dy, x, h, W, U, lambda dy, dh_prev, slope, da, U: (dy + dh_prev) @ U.T)


def _past_not_through_the_slope(dy, x, h, W, U):
    return _with_carry(dy, x, h, W, U, lambda dy, dh_prev, slope, da, U: (dy * slope) @ U.T + dh_prev)


def _carry_with_U(dy, x, h, W, U):
    return _with_carry(dy, x, h, W, U, lambda dy, dh_prev, slope, da, U: da @ U)


def _only_what_came_back(dy, x, h, W, U):
    return _with_carry(dy, x, h, W, U, lambda dy, dh_prev, slope, da, U: (dh_prev * slope) @ U.T)


MEND_WRONG = (
    Wrong(broken_backward,
          slip="this still is broken_backward: dh_prev passes on what came from y[t], not what came from later steps",
          expect=("case: T=2", "dh0: right at T=1 and wrong at T=2",
                  "dx, dW, dU, db: right at T=1, 2 and wrong at T=3")),
    Wrong(_slope_left_out, slip="what is handed back has to go through this step's tanh as well: da[t] @ U.T",
          expect=("dh0: wrong at T=1", "dx, dW, dU, db: right at T=1 and wrong at T=2")),
    Wrong(_past_not_through_the_slope,
          slip="what came from later steps is passed round this step; it has to go through its tanh and through U",
          expect=("dh0: right at T=1 and wrong at T=2",)),
    Wrong(_carry_with_U, slip="da[t] @ U instead of da[t] @ U.T; U is square, so the shapes cannot tell"),
    Wrong(_only_what_came_back, slip="now what came from y[t] is left out: both shares are in da[t]"),
    Wrong(_carry_missing, slip="nothing is carried at all now", expect=("right at T=1 and wrong at T=2",)),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="03.step_forward",
        title="One step of a tanh RNN",
        minutes=4,
        difficulty=1,
        kind="forward",
        answer=step_forward,
        judge=agrees_with(step_forward, forward_cases, outputs=(Output("h", ("n", "unit")),), slips=FORWARD_WRONG,
                          praise="with a past and without: 2 of 2"),
        hints=(
            "Two products and a bias make the pre-activation a (N, H); the state is a function of a alone.",
            "The operand stands on the left: (N, D) @ (D, H) and (N, H) @ (H, H). The bias is stretched over n.",
            "a = x_t @ W + h_prev @ … + b, then return np.tanh(a)",
        ),
        wrong=FORWARD_WRONG,
    ),
    Exercise(
        id="03.step_backward",
        title="The step, backwards",
        minutes=10,
        difficulty=2,
        kind="backward",
        answer=step_backward,
        judge=agrees_with(step_backward, backward_cases, outputs=STEP_OUTPUTS, slips=STEP_WRONG,
                          praise="dx_t, dh_prev, dW, dU, db in 3 of 3 cases"),
        hints=(
            "Six lines, one for each d_name, last things first: da, then everything that a was made from.",
            "From dh to da it is the slope of tanh, in terms of h. Then twice the rule of y = x @ W, and once the rule "
            "of a stretched bias.",
            "da = dh * (1.0 - h**2); dx_t = da @ W.T; dW = x_t.T @ da. For U the same two lines with h_prev for x_t.",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="03.sequence_backward",
        title="Backpropagation through time",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=sequence_backward,
        judge=through_time(SEQUENCE_WRONG, "T=1, 2, 3, 5 and a loss at the last step alone"),
        hints=(
            "Walk from the last step to the first. What is the whole gradient of h[t + 1] when step t has its turn?",
            "dh = dy[t] + dh_prev, where dh_prev is what the step after handed back: zeros at the last step. The "
            "weights' shares of all steps add up.",
            "for t in reversed(range(T)): dh = dy[t] + dh_prev; dx[t], dh_prev, dW_t, … = step_backward(dh, x[t], "
            "h[t], h[t + 1], W, U); dW += dW_t … After the loop dh_prev is dh0.",
        ),
        wrong=SEQUENCE_WRONG,
    ),
    Exercise(
        id="03.weight_gradients",
        title="One product after the loop",
        minutes=5,
        difficulty=2,
        kind="build",
        answer=weight_gradients,
        judge=judge_weights,
        hints=(
            "dW is a sum over t of sums over n. Make one long axis of the two, and let one product do the sum.",
            "x.reshape(T * N, D) puts all rows of all steps below one another. Which states met U: h[1:] or h[:-1]?",
            "rows = da.reshape(T * N, H); dW = x.reshape(T * N, D).T @ rows; dU the same with h[:-1]; db = rows.sum(…)",
        ),
        wrong=WEIGHT_WRONG,
    ),
    Exercise(
        id="03.first_wrong",
        title="How short a sequence shows the slip?",
        minutes=4,
        difficulty=2,
        kind="predict",
        name="first_wrong",
        answer=FIRST_WRONG,
        judge=is_value(FIRST_WRONG, why=WHY),
        hints=(
            "Take T = 1 first. Which of the four lines does a single step use at all in a way that matters?",
            "A and B are about a second step. C is within the first. For D, ask where dh_prev of step 0 goes.",
            "dh0 is dh_prev of step 0, so a wrong dh_prev shows in dh0 at once, and in a weight one step later.",
        ),
        wrong=FIRST_WRONG_WRONG,
    ),
    Exercise(
        id="03.mend",
        title="Find the planted bug and mend it",
        minutes=6,
        difficulty=2,
        kind="break",
        answer=mended_backward,
        judge=through_time(MEND_WRONG, "T=1, 2, 3, 5 and a loss at the last step alone"),
        hints=(
            "The weights are right at T=2 and wrong at T=3: a gradient gets back by one step, and by two it does not.",
            "Follow the gradient of the last output: it comes into da[t] through dh_prev. Does it leave step t again?",
            "What is handed back is the whole da[t], times U.T.",
        ),
        wrong=MEND_WRONG,
    ),
)
