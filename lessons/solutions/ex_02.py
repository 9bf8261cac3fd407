"""The exercises of lesson 02: a central difference, its best nudge, a checked backward pass, what checks miss."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigate import ops
from minigate.checking import check_vjp
from minigate.errors import MinigateError
from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, right, wrong

# ---- 02.numeric_gradient: a central difference for every number --------------------------------------


def numeric_gradient(f, x, nudge):
    """How much f grows with each number of x, from nudging it up and down. f: array → number."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[place] += nudge
        down[place] -= nudge
        gradient[place] = (f(up) - f(down)) / (2.0 * nudge)
    return gradient


def _waves(x):
    """A smooth function with a different slope, and a different bend, at every number."""
    places = np.arange(1.0, x.size + 1.0).reshape(x.shape)
    return float((places * np.exp(0.5 * x) + x * x).sum())


def numeric_cases() -> list[Case]:
    """A row, a table, a pile of tables, and a single number."""
    rng = np.random.default_rng(2)
    shapes = (("a row (5,)", (5,)), ("a table (3, 4)", (3, 4)), ("(2, 3, 2)", (2, 3, 2)), ("one number ()", ()))
    return [Case(f"x is {label}", (_waves, rng.normal(size=shape), 1e-3)) for label, shape in shapes]


def _one_sided(f, x, nudge):
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        up = x.copy()
        up[place] += nudge
        gradient[place] = (f(up) - f(x)) / nudge
    return gradient


def _over_one_nudge(f, x, nudge):
    return 2.0 * numeric_gradient(f, x, nudge)


def _all_at_once(f, x, nudge):
    return np.full_like(x, (f(x + nudge) - f(x - nudge)) / (2.0 * nudge))


def _as_a_row(f, x, nudge):
    return numeric_gradient(f, x, nudge).ravel()


def _never_put_back(f, x, nudge):
    gradient, up, down = np.zeros_like(x), x.copy(), x.copy()
    for place in np.ndindex(*x.shape):
        up[place] += nudge
        down[place] -= nudge
        gradient[place] = (f(up) - f(down)) / (2.0 * nudge)
    return gradient


def _nudges_the_original(f, x, nudge):
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        x[place] += nudge
        above = f(x)
        x[place] -= 2.0 * nudge
        gradient[place] = (above - f(x)) / (2.0 * nudge)
    return gradient


NUMERIC_WRONG = (
    Wrong(_one_sided, slip="this looks upwards only, a forward difference; nudge down as well, and divide by both",
          expect=("case: x is a row (5,)",)),
    Wrong(_over_one_nudge, slip="from down to up it is two nudges, so divide by 2 · nudge", expect=("2",)),
    Wrong(_all_at_once, slip="all numbers are nudged together, so this is the sum of the gradient at every place"),
    Wrong(_as_a_row, expect=("case: x is a table (3, 4)", "shape (12,)")),
    Wrong(_never_put_back,
          slip="a number that has been nudged stays nudged while the next ones are: start from a fresh copy of x"),
    Wrong(_nudges_the_original, expect=("wrote into its input x",)),
)

# ---- 02.v_curve: predict -------------------------------------------------------------------------------

V_CURVE = {
    "forward, large nudges": -1,
    "central, large nudges": -2,
    "forward, small nudges": 1,
    "central, small nudges": 1,
    "forward, best nudge": -8,
    "forward, best error": -8,
}
WHY = {
    "forward, large nudges": "there the first term counts, ½ δ |f″|: a tenth of δ is a tenth of it",
    "central, large nudges": "there the first term counts, and it has δ²",
    "forward, small nudges": "there rounding counts, ε / δ: a tenth of δ is ten times as much",
    "central, small nudges": "rounding is the same for both: the difference of two rounded values, divided by δ",
    "forward, best nudge": "where ½ δ and ε / δ are equal, δ is √(2 ε); ε is 2 · 10⁻¹⁶. Of 10⁻³ the power is -3",
    "forward, best error": "put the best nudge into δ / 2 + ε / δ",
}
V_WRONG = (
    Wrong(V_CURVE | {"central, large nudges": -1}, expect=("5 of 6", "'central, large nudges': -1", "it has δ²")),
    Wrong(V_CURVE | {"forward, small nudges": -1, "central, small nudges": -2},
          expect=("4 of 6", "ten times as much", "rounding is the same for both")),
    Wrong(V_CURVE | {"forward, best nudge": -16, "forward, best error": -16},
          expect=("4 of 6", "δ is √(2 ε)", "put the best nudge into")),
    Wrong(V_CURVE | {"forward, best nudge": -5}, expect=("5 of 6", "δ is √(2 ε)")),
    Wrong(V_CURVE | {"forward, best nudge": 1e-8}, expect=("5 of 6", "Of 10⁻³ the power is -3")),
)

# ---- 02.cross_entropy_backward: a backward pass, and the checker's word on it --------------------------


def softmax(a):
    """p = e^a over the sum of its row. a (N, K) → p (N, K)."""
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cross_entropy(a, target):
    """The loss −log p of the right answer, one for each row. a (N, K), target (N,) → (N,)."""
    return -np.log(softmax(a)[np.arange(len(a)), target])


def cross_entropy_backward(dy, a, target):
    """From dy (N,), the gradient of cross_entropy(a, target), to da (N, K)."""
    da = softmax(a)
    da[np.arange(len(a)), target] -= 1.0
    return dy[:, None] * da


def entropy_cases() -> list[Case]:
    """Four rows; one row; scores that are far apart."""
    rng = np.random.default_rng(5)
    target = np.array([2, 0, 1, 1])
    return [
        Case("N=4, K=3", (rng.normal(size=4), rng.normal(size=(4, 3)), target)),
        Case("one row, N=1", (rng.normal(size=1), rng.normal(size=(1, 3)), target[:1])),
        Case("scores that are far apart", (rng.normal(size=4), 6.0 * rng.normal(size=(4, 3)), target)),
    ]


def checked_as_well(plain: Callable[[Any], Verdict], way: Callable[[Any], Any], *, output: bool) -> Any:
    """A judge that adds what ``check_vjp`` finds out by itself; ``way`` makes its arguments from an attempt."""

    def judge(attempt: Any) -> Verdict:
        verdict = plain(attempt)
        if not callable(attempt):
            return verdict
        try:
            report = check_vjp(*way(attempt))
        except (MinigateError, ValueError, TypeError, IndexError):  # of a shape that nothing can be said about
            return verdict
        if verdict.passed:
            return right(f"{verdict.text}; check_vjp: {report.verdict}")
        lines = verdict.text.splitlines()
        known = [line for line in report.diagnosis.splitlines() if "none of the usual" not in line]
        told = [f"check_vjp: {line}" for line in known] if output else []
        return Verdict("fail", "\n".join(lines[:1] + told + lines[1:]))

    return judge


def _entropy_way(attempt: Any) -> tuple[Any, ...]:
    _, a, target = entropy_cases()[0].args
    return cross_entropy, lambda dy, a, target: (attempt(dy, a, target), None), a, target


def _without_the_target(dy, a, target):
    return dy[:, None] * softmax(a)


def _dy_ignored(dy, a, target):
    return cross_entropy_backward(np.ones_like(dy), a, target)


def _sign_turned(dy, a, target):
    return -cross_entropy_backward(dy, a, target)


def _mean_over_rows(dy, a, target):
    return cross_entropy_backward(dy, a, target) / len(a)


def _only_the_right_answer(dy, a, target):
    da = np.zeros_like(a)
    rows = np.arange(len(a))
    da[rows, target] = dy * (softmax(a)[rows, target] - 1.0)
    return da


def _without_softmax(dy, a, target):
    da = a.copy()
    da[np.arange(len(a)), target] -= 1.0
    return dy[:, None] * da


def _one_column(dy, a, target):
    da = softmax(a)
    da[:, target] -= 1.0
    return dy[:, None] * da


ENTROPY_WRONG = (
    Wrong(_without_the_target, slip="nothing depends on target: at the right answer 1 has to be taken off p"),
    Wrong(_dy_ignored, slip="dy is not used: every row has a number of its own in it, and its da is multiplied by that",
          expect=("check_vjp: da: the incoming gradient is ignored",)),
    Wrong(_sign_turned, expect=("check_vjp: da: the sign is the other way round",)),
    Wrong(_mean_over_rows, slip="divided by N, but the losses stay one for each row; a mean would be in dy",
          expect=("check_vjp: da: the whole array is off by the constant factor 0.25",)),
    Wrong(_only_the_right_answer,
          slip="only the right answer's score gets a gradient; the others stand in the sum of p, so each gets dy · p"),
    Wrong(_without_softmax, slip="the scores a themselves, where p = softmax(a) belongs"),
    Wrong(_one_column, slip="da[:, target] takes 1 off in every row; da[np.arange(N), target] takes one place in each"),
)

# ---- 02.fool_the_sum: break something on purpose ------------------------------------------------------


def softmax_backward(dy, a):
    """From dy, the gradient of p = softmax(a), to da. All (N, K)."""
    p = softmax(a)
    return p * (dy - (dy * p).sum(axis=1, keepdims=True))


def fool_the_sum(dy, a):
    """A wrong da that a check by the plain sum of all outputs calls right. All (N, K)."""
    return np.zeros_like(a)


def judge_fool(attempt: Any) -> Verdict:
    """Right where the plain sum sees nothing, and random weights do."""
    if not callable(attempt):
        return wrong(f"this is {type(attempt).__name__}, expected a function of dy and a")
    rng = np.random.default_rng(8)
    a, dy = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    by_sum, by_random = (np.asarray(attempt(weights, a)) for weights in (np.ones_like(a), dy))
    if by_sum.shape != a.shape:
        return wrong(f"the result has the shape {by_sum.shape}, expected (4, 3), that of a")
    off = float(np.abs(by_sum - softmax_backward(np.ones_like(a), a)).max())
    if off > 1e-9:
        text = f"the plain sum sees it: with dy = 1 everywhere da should be 0, and yours is as large as {off:.2g}"
        return wrong(text, slip="the rows of p add up to 1 whatever a is: what is the gradient of their sum?")
    off = float(np.abs(by_random - softmax_backward(dy, a)).max())
    if off < 1e-9:
        return wrong("this is the right backward pass, and no check will mind it", slip="it has to be wrong")
    return right(f"seen by the plain sum: no; by random weights: yes, off by {off:.2g}")


def _fool_honest(dy, a):
    return softmax_backward(dy, a)


def _fool_diagonal(dy, a):
    p = softmax(a)
    return dy * p * (1.0 - p)


def _fool_no_sum(dy, a):
    return softmax(a) * dy


def _fool_one_row(dy, a):
    return np.zeros(a.shape[1])


FOOL_WRONG = (
    Wrong(_fool_honest, expect=("this is the right backward pass", "it has to be wrong")),
    Wrong(_fool_diagonal, expect=("the plain sum sees it", "add up to 1")),
    Wrong(_fool_no_sum, expect=("the plain sum sees it", "as large as")),
    Wrong(_fool_one_row, expect=("shape (3,)", "that of a")),
)

# ---- 02.mend: a planted bug ------------------------------------------------------------------------------


def gate_unit(x, old, W, U, b, V):
    """g · tanh(x V) + (1 − g) · old, where g = σ(x W + old U + b). x (N, D), old (N, H) → (N, H)."""
    g = 0.5 * np.tanh(0.5 * (x @ W + old @ U + b)) + 0.5
    return g * np.tanh(x @ V) + (1.0 - g) * old


def broken_gate_backward(dy, x, old, W, U, b, V):
    """dx, dold, dW, dU, db, dV of gate_unit. One line of it is wrong."""
    g = 0.5 * np.tanh(0.5 * (x @ W + old @ U + b)) + 0.5
    new = np.tanh(x @ V)
    dnew = dy * g
    dg = dy * new
    da_new = dnew * (1.0 - new**2)
    da_g = dg * g * (1.0 - g)
    dx = da_g @ W.T + da_new @ V.T
    dold = dy * (1.0 - g) + da_g @ U.T
    return dx, dold, x.T @ da_g, old.T @ da_g, da_g.sum(axis=0), x.T @ da_new


def mended_gate_backward(dy, x, old, W, U, b, V):
    """dx, dold, dW, dU, db, dV of gate_unit."""
    g = 0.5 * np.tanh(0.5 * (x @ W + old @ U + b)) + 0.5
    new = np.tanh(x @ V)
    dnew = dy * g
    dg = dy * (new - old)  # g stands twice in the mixture: with new, and with a minus with old
    da_new = dnew * (1.0 - new**2)
    da_g = dg * g * (1.0 - g)
    dx = da_g @ W.T + da_new @ V.T
    dold = dy * (1.0 - g) + da_g @ U.T
    return dx, dold, x.T @ da_g, old.T @ da_g, da_g.sum(axis=0), x.T @ da_new


GATE_OUTPUTS = (
    Output("dx", ("n", "d")), Output("dold", ("n", "unit")), Output("dW", ("d", "unit")),
    Output("dU", ("unit", "unit")), Output("db", ("unit",)), Output("dV", ("d", "unit")),
)  # fmt: skip


def gate_cases() -> list[Case]:
    """From nothing in the memory, and from something."""
    rng = np.random.default_rng(6)
    N, D, H = 3, 2, 4
    x, dy, old = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    weights = [rng.normal(size=shape) for shape in ((D, H), (H, H), (H,), (D, H))]
    return [
        Case("old is all zeros", (dy, x, np.zeros_like(old), *weights)),
        Case("old is random", (dy, x, old, *weights)),
    ]


def _gate_with(dg_of):
    """broken_gate_backward with another line for dg."""

    def backward(dy, x, old, W, U, b, V):
        g = 0.5 * np.tanh(0.5 * (x @ W + old @ U + b)) + 0.5
        new = np.tanh(x @ V)
        da_new, da_g = dy * g * (1.0 - new**2), dg_of(dy, new, old) * g * (1.0 - g)
        dold = dy * (1.0 - g) + da_g @ U.T
        return da_g @ W.T + da_new @ V.T, dold, x.T @ da_g, old.T @ da_g, da_g.sum(axis=0), x.T @ da_new

    return backward


_plus = _gate_with(lambda dy, new, old: dy * (new + old))
_turned = _gate_with(lambda dy, new, old: dy * (old - new))


def _slope_away(dy, x, old, W, U, b, V):
    g = 0.5 * np.tanh(0.5 * (x @ W + old @ U + b)) + 0.5
    new = np.tanh(x @ V)
    da_new, da_g = dy * g * (1.0 - new**2), dy * (new - old)
    dold = dy * (1.0 - g) + da_g @ U.T
    return da_g @ W.T + da_new @ V.T, dold, x.T @ da_g, old.T @ da_g, da_g.sum(axis=0), x.T @ da_new


MEND_WRONG = (
    Wrong(broken_gate_backward,
          slip="this still is broken_gate_backward: whatever comes through g is wrong as soon as old is not zero",
          expect=("case: old is random",)),
    Wrong(_plus, slip="new + old: in (1 − g) · old the gate stands with a minus", expect=("case: old is random",)),
    Wrong(_turned, slip="old − new is that of a gate which mixes the other way round",
          expect=("case: old is all zeros",)),
    Wrong(_slope_away, slip="dg is right now, and the slope of σ has gone: da_g = dg · g · (1 − g)"),
)

# ---- 02.catches: a second oracle -------------------------------------------------------------------------


def one_hot(target, K):
    """1 at the right answer, 0 elsewhere. target (N,) → (N, K)."""
    return (target[:, None] == np.arange(K)).astype(float)


def version_a(a, target):
    """Some cross entropy of a (N, K) and target (N,) → (N,); a may be a Tensor."""
    return -ops.sum(one_hot(target, a.shape[1]) * ops.log(ops.softmax(a, axis=0)), axis=1)


def version_b(a, target):
    """Some cross entropy of a (N, K) and target (N,) → (N,); a may be a Tensor."""
    return -ops.sum(one_hot(target - 1, a.shape[1]) * ops.log(ops.softmax(a, axis=1)), axis=1)


def version_c(a, target):
    """Some cross entropy of a (N, K) and target (N,) → (N,); a may be a Tensor."""
    return -ops.sum(one_hot(target, a.shape[1]) * ops.log(ops.softmax(a, axis=1)), axis=1) / len(target)


def version_d(a, target):
    """Some cross entropy of a (N, K) and target (N,) → (N,); a may be a Tensor."""
    return ops.log(ops.sum(ops.exp(a), axis=1)) - ops.sum(one_hot(target, a.shape[1]) * a, axis=1)


VERSIONS = (version_a, version_b, version_c, version_d)
SHARED = (softmax, cross_entropy, softmax_backward, gate_unit, broken_gate_backward, one_hot, *VERSIONS)


def catches(f):
    """True where f(a, target) → (N,) is not the cross entropy. f takes and returns arrays."""
    a = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
    target = np.array([1, 0])
    expected = []
    for row, k in zip(a.tolist(), target.tolist()):  # once more, in the slowest and plainest words
        total = 0.0
        for score in row:
            total += math.exp(score)
        expected.append(math.log(total) - row[k])
    return not np.allclose(f(a, target), expected)


def _as_arrays(version: Any) -> Any:
    def f(a, target):
        return np.array(version(np.asarray(a, dtype=float), np.asarray(target)).data)

    f.__name__ = version.__name__
    return f


def judge_catches(attempt: Any) -> Verdict:
    """Right where the two right versions get through, and the three wrong ones do not."""
    if not callable(attempt):
        return wrong(f"this is {type(attempt).__name__}, expected a function of f")
    if "cross_entropy" in getattr(getattr(inspect.unwrap(attempt), "__code__", None), "co_names", ()):
        return wrong("it calls cross_entropy", slip="that is one of the accused: whatever is wrong with it goes unseen")
    slips = {
        "version_a": "it divides by the sums over the rows instead of the columns: compare with a value of your own, "
        "at scores without any symmetry, and with N and K that differ",
        "version_b": "it takes the score beside the right one: scores that are all equal cannot show it",
        "version_c": "it divides by N: with a single row that is nothing",
    }
    for name, f in (("cross_entropy", cross_entropy), ("version_d", _as_arrays(version_d))):
        if attempt(f):
            return wrong(f"it says that {name} is wrong, and it is right",
                         slip="two ways to the same number differ in the last digits: np.allclose, not ==")
    for version in VERSIONS[:3]:
        if not attempt(_as_arrays(version)):
            return wrong(f"{version.__name__} gets through, and it is wrong", slip=slips[version.__name__])
    return right("2 right ones get through, 3 wrong ones do not")


def _never(f):
    return False


def _always(f):
    return True


def _to_the_last_digit(f):
    rng = np.random.default_rng(0)
    a, target = rng.normal(size=(40, 7)), rng.integers(0, 7, size=40)
    return not np.array_equal(f(a, target), -np.log(softmax(a))[np.arange(40), target])


def _equal_scores(f):
    return not np.allclose(f(np.zeros((3, 3)), np.array([0, 1, 2])), math.log(3.0) * np.ones(3))


def _equal_scores_one_row(f):
    return not np.allclose(f(np.zeros((1, 3)), np.array([1])), math.log(3.0))


def _one_row(f):
    a, target = np.array([[1.0, 2.0, 0.5]]), np.array([1])
    return not np.allclose(f(a, target), -np.log(softmax(a)[:, 1]))


def _asks_the_accused(f):
    a, target = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), np.array([1, 0])
    return not np.allclose(f(a, target), cross_entropy(a, target))


CATCHES_WRONG = (
    Wrong(_asks_the_accused, expect=("it calls cross_entropy", "one of the accused")),
    Wrong(_never, expect=("version_a gets through", "scores without any symmetry")),
    Wrong(_always, expect=("cross_entropy is wrong, and it is right",)),
    Wrong(_to_the_last_digit, expect=("version_d is wrong, and it is right", "np.allclose")),
    Wrong(_equal_scores, expect=("version_a gets through", "N and K that differ")),
    Wrong(_equal_scores_one_row, expect=("version_b gets through", "all equal cannot show it")),
    Wrong(_one_row, expect=("version_c gets through", "with a single row that is nothing")),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="02.numeric_gradient",
        title="A central difference for every number",
        minutes=6,
        difficulty=1,
        kind="forward",
        answer=numeric_gradient,
        judge=agrees_with(numeric_gradient, numeric_cases, outputs=(Output("gradient"),), slips=NUMERIC_WRONG,
                          tolerance=1e-7, praise="shapes (5,), (3, 4), (2, 3, 2) and ()"),
        hints=(
            "One number of x is nudged at a time; all the others have to be where they were.",
            "np.ndindex(*x.shape) goes through all places of an array of any shape. Work on copies of x.",
            "up = x.copy(); up[place] += nudge; the same for down; gradient[place] = (f(up) − f(down)) / (2 · nudge)",
        ),
        wrong=NUMERIC_WRONG,
    ),
    Exercise(
        id="02.v_curve",
        title="The shape of the curve",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="v_curve",
        answer=V_CURVE,
        judge=is_value(V_CURVE, why=WHY),
        hints=(
            "Of the two terms only one counts at each end of the curve. Which one, where δ is large?",
            "A term with δ² falls by 10² when δ falls by 10, one with 1/δ grows by 10. At the best nudge both are "
            "equal.",
            "δ / 2 = ε / δ gives δ = √(2 ε), about 2 · 10⁻⁸, and the error is then as large as δ.",
        ),
        wrong=V_WRONG,
    ),
    Exercise(
        id="02.fool_the_sum",
        title="Fool a check that adds up the outputs",
        minutes=4,
        difficulty=2,
        kind="break",
        answer=fool_the_sum,
        judge=judge_fool,
        hints=(
            "With the plain sum as the loss, dy is 1 everywhere. What is the right da then?",
            "The rows of p add up to 1, whatever a is: their sum has no gradient. So the check expects zeros.",
            "Anything that is zero for dy = 1 will do: 1000 times the right gradient, or np.zeros_like(a)",
        ),
        wrong=FOOL_WRONG,
    ),
    Exercise(
        id="02.cross_entropy_backward",
        title="The gradient of the cross entropy",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=cross_entropy_backward,
        judge=checked_as_well(
            agrees_with(cross_entropy_backward, entropy_cases, outputs=(Output("da", ("n", "k")),),
                        slips=ENTROPY_WRONG, praise="3 of 3 cases"),
            _entropy_way, output=True,
        ),
        hints=(
            "For one row: loss = log Σ e^a − a[target]. Differentiate the two terms each for itself.",
            "The derivative of log Σ e^a with respect to a_k is p_k; that of −a[target] is −1 at one place. Then dy.",
            "da = softmax(a); da[np.arange(len(a)), target] −= 1; every row times its number of dy: dy[:, None]",
        ),
        wrong=ENTROPY_WRONG,
    ),
    Exercise(
        id="02.mend",
        title="Find the planted bug and mend it",
        minutes=7,
        difficulty=2,
        kind="break",
        answer=mended_gate_backward,
        judge=checked_as_well(
            agrees_with(mended_gate_backward, gate_cases, outputs=GATE_OUTPUTS, slips=MEND_WRONG,
                        praise="from an empty memory and from a full one"),
            lambda attempt: (gate_unit, attempt, *gate_cases()[1].args[1:]), output=False,
        ),
        hints=(
            "dV is right and dW, dU, db are wrong. Which names does dV come from, and which do the other three?",
            "So da_g is wrong. It is made from dg and the slope. And it is right wherever old is zero.",
            "y = g · new + (1 − g) · old. g stands in it twice, the second time with a minus: dg = dy · (…)",
        ),
        wrong=MEND_WRONG,
    ),
    Exercise(
        id="02.catches",
        title="A second oracle",
        minutes=7,
        difficulty=3,
        kind="build",
        answer=catches,
        judge=judge_catches,
        hints=(
            "The gradient cannot help. Which number do you know that f has to give, from somewhere else than f?",
            "Choose small scores without any symmetry, two rows and three columns, and work the losses out in the "
            "plainest way: math.exp, math.log and a loop.",
            "For each row: math.log(sum(math.exp(s) for s in row)) − row[k]. Then not np.allclose(f(a, target), …)",
        ),
        wrong=CATCHES_WRONG,
    ),
)
