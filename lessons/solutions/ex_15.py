"""The exercises of lesson 15: a gate that leans, its slope and its parameters' gradients, and what a check will say."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigate as mg
from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, wrong

UNIT = ("n", "unit")
SIZES = (("N=3, H=4", (3, 4)), ("a batch of one, H=1", (1, 1)), ("T=5, N=3, H=4", (5, 3, 4)))


def _point(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any]]:
    p = {"left": rng.uniform(0.3, 3.0, size=shape[-1]), "right": rng.uniform(0.3, 3.0, size=shape[-1])}
    return 2.0 * rng.normal(size=shape), p


def _gate(s, p):
    return 0.5 * np.tanh(0.5 * np.where(s > 0.0, p["right"], p["left"]) * s) + 0.5


# ---- 15.compose ----------------------------------------------------------------------------------------------


def compose(s, p):
    """g = σ(k s), k = right where s > 0, left elsewhere; on the tape. s (…, H), p["left"] and p["right"] (H,)."""
    k = mg.ops.where(s.data > 0.0, p["right"], p["left"])
    return mg.ops.sigmoid(k * s)


def compose_cases() -> list[Case]:
    """Random numbers in two shapes, and both sides by themselves."""
    rng = np.random.default_rng(0)
    cases = []
    for label, shape in SIZES[:2]:
        s, p = _point(rng, shape)
        cases.append(Case(label, (mg.Tensor(s), {name: mg.Tensor(array) for name, array in p.items()})))
    s, p = _point(rng, (3, 4))
    on_tape = {name: mg.Tensor(array) for name, array in p.items()}
    for label, one_sided in (("s > 0 throughout", np.abs(s)), ("s < 0 throughout", -np.abs(s))):
        cases.append(Case(label, (mg.Tensor(one_sided), on_tape)))
    return cases


def _sides_swapped(s, p):
    return mg.ops.sigmoid(mg.ops.where(s.data > 0.0, p["left"], p["right"]) * s)


def _one_side(s, p):
    return mg.ops.sigmoid(p["right"] * s)


def _factor_outside(s, p):
    return mg.ops.where(s.data > 0.0, p["right"], p["left"]) * mg.ops.sigmoid(s)


def _factor_added(s, p):
    return mg.ops.sigmoid(mg.ops.where(s.data > 0.0, p["right"], p["left"]) + s)


def _no_sigmoid(s, p):
    return mg.ops.where(s.data > 0.0, p["right"], p["left"]) * s


def _off_the_tape(s, p):
    return _gate(s.data, {name: array.data for name, array in p.items()})


def _cut_from_s(s, p):
    k = mg.ops.where(s.data > 0.0, p["right"], p["left"])
    return mg.ops.sigmoid(k * s.data)


def _cut_from_p(s, p):
    return mg.ops.sigmoid(s * np.where(s.data > 0.0, p["right"].data, p["left"].data))


_by_value = Wrong(_off_the_tape, expect=("the numbers are right", "the tape cannot follow", "mg.ops"))
COMPOSE_WRONG = (
    Wrong(_sides_swapped, slip="the sides have changed places: right is for s > 0", expect=("g differs",)),
    Wrong(_one_side, slip="right is used on both sides; where s ≤ 0 it is left", expect=("g differs",)),
    Wrong(_factor_outside, slip="k stands outside of σ: this goes up to k, and no longer to 1",
          expect=("g differs",)),
    Wrong(_factor_added, slip="k is added to s, which shifts the curve; multiplied it makes it steeper",
          expect=("g differs",)),
    Wrong(_no_sigmoid, slip="the σ is missing: this is what goes into it", expect=("g differs",)),
    _by_value,
    Wrong(_cut_from_s, expect=("the numbers are right", "no gradient reaches s", ".data")),
    Wrong(_cut_from_p, expect=("the numbers are right", "no gradient reaches left, right", ".data")),
)  # fmt: skip

_agrees = agrees_with(compose, compose_cases, outputs=(Output("g", UNIT),), slips=COMPOSE_WRONG,
                      praise="g in 4 of 4 cases, and the tape finds its way back")  # fmt: skip


def judge_compose(attempt: Any) -> Verdict:
    """The right numbers, and a result that the tape can follow to s and to both parameters."""
    verdict = _agrees(attempt)
    if not verdict.passed:
        return verdict
    s, p = _point(np.random.default_rng(1), (6, 4))
    leaves = {name: mg.Tensor(array, requires_grad=True) for name, array in {"s": s, **p}.items()}
    g = attempt(leaves["s"], {name: leaves[name] for name in p})
    if not isinstance(g, mg.Tensor) or not g.requires_grad:
        return wrong(
            "the numbers are right, but g is not on the tape, and the tape cannot follow",
            slip="NumPy instead of mg.ops, or .data of everything: s and p are Tensors, and so is g",
        )
    found = mg.grad(g, list(leaves.values()), cotangent=np.ones(g.shape), unused="zero")
    lost = [name for name, gradient in zip(leaves, found, strict=True) if not np.any(gradient.data)]
    if lost:
        return wrong(
            f"the numbers are right, but no gradient reaches {', '.join(lost)}",
            slip="a .data takes an array off the tape; here it is good for the condition s.data > 0 and no more",
        )
    return verdict


# ---- 15.slope -------------------------------------------------------------------------------------------------


def slope(xp, s, g, p):
    """dg/ds. s, g (…, H), p["left"] and p["right"] (H,) → (…, H)."""
    k = xp.where(s > 0.0, p["right"], p["left"])
    return k * g * (1.0 - g)


def slope_cases() -> list[Case]:
    """In three shapes, with g as the forward pass made it."""
    rng = np.random.default_rng(2)
    points = [(label, *_point(rng, shape)) for label, shape in SIZES]
    return [Case(label, (np, s, _gate(s, p), p)) for label, s, p in points]


def _side(xp, s, p):
    return xp.where(s > 0.0, p["right"], p["left"])


def _no_factor(xp, s, g, p):
    return g * (1.0 - g)


def _other_branch(xp, s, g, p):
    return xp.where(s > 0.0, p["left"], p["right"]) * g * (1.0 - g)


def _factor_only(xp, s, g, p):
    return _side(xp, s, p) + 0.0 * g


def _of_the_parameter(xp, s, g, p):
    return s * g * (1.0 - g)


def _s_for_g(xp, s, g, p):
    return _side(xp, s, p) * s * (1.0 - s)


def _tanh_slope(xp, s, g, p):
    return _side(xp, s, p) * (1.0 - g * g)


def _right_only(xp, s, g, p):
    return p["right"] * g * (1.0 - g)


SLOPE_WRONG = (
    Wrong(_no_factor, slip="this is the slope of σ at k s; s was multiplied with k before, and k comes out too"),
    Wrong(_other_branch, slip="the k of the other side: right is for s > 0"),
    Wrong(_factor_only, slip="this is the derivative of k s; that of σ around it, g (1 − g), is missing"),
    Wrong(_of_the_parameter, slip="s comes out where k was asked about; this is dg/dk, and dg/ds has k"),
    Wrong(_s_for_g, slip="s where g belongs: the slope of σ is g (1 − g), of its result"),
    Wrong(_tanh_slope, slip="1 − g² is the slope of tanh; that of σ is g (1 − g)"),
    Wrong(_right_only, slip="right on both sides; where s ≤ 0 it is left"),
)
SLOPE_WRONG = tuple(Wrong(w.attempt, w.slip, ("dg/ds differs",)) for w in SLOPE_WRONG)

# ---- 15.param_gradients ------------------------------------------------------------------------------------------


def param_gradients(xp, dg, s, g, p):
    """From dg (…, H) to {"left": (H,), "right": (H,)}: every row of every step in which the unit was asked."""
    da = dg * g * (1.0 - g)  # a = k s
    over = tuple(range(s.ndim - 1))
    return {"left": (da * xp.minimum(s, 0.0)).sum(axis=over), "right": (da * xp.maximum(s, 0.0)).sum(axis=over)}


GRADIENT_OUTPUTS = (Output("left", ("unit",)), Output("right", ("unit",)))


def gradient_cases() -> list[Case]:
    """As for the slope, with random dg."""
    rng = np.random.default_rng(3)
    return [Case(case.label, (np, rng.normal(size=case.args[1].shape), *case.args[1:])) for case in slope_cases()]


def _gradients(xp, dg, s, g, p, *, reduce=None, sides=None, da=None):
    """The gradients with one thing changed."""
    da = dg * g * (1.0 - g) if da is None else da
    left, right = (xp.minimum(s, 0.0), xp.maximum(s, 0.0)) if sides is None else sides
    reduce = reduce or (lambda share: share.sum(axis=tuple(range(share.ndim - 1))))
    return {"left": reduce(da * left), "right": reduce(da * right)}


def _not_summed(*given):
    return _gradients(*given, reduce=lambda share: share)


def _first_axis(*given):
    return _gradients(*given, reduce=lambda share: share.sum(axis=0))


def _mean(*given):
    return _gradients(*given, reduce=lambda share: share.mean(axis=tuple(range(share.ndim - 1))))


def _over_everything(*given):
    return _gradients(*given, reduce=lambda share: share.sum())


def _both_get_all(xp, dg, s, g, p):
    return _gradients(xp, dg, s, g, p, sides=(s, s))


def _swapped(xp, dg, s, g, p):
    return _gradients(xp, dg, s, g, p, sides=(xp.maximum(s, 0.0), xp.minimum(s, 0.0)))


def _without_dg(xp, dg, s, g, p):
    return _gradients(xp, dg, s, g, p, da=g * (1.0 - g))


def _with_factor(xp, dg, s, g, p):
    return _gradients(xp, dg, s, g, p, da=dg * slope(xp, s, g, p))


def _without_s(xp, dg, s, g, p):
    return _gradients(xp, dg, s, g, p, sides=((s <= 0.0) * 1.0, (s > 0.0) * 1.0))


GRADIENT_WRONG = (
    Wrong(_not_summed, slip="the sum over all axes but the last is missing: a unit has one left and one right",
          expect=("left has shape (3, 4)", "summed over")),
    Wrong(_first_axis, slip="only the first axis is summed over; there may be two before the unit, time and batch",
          expect=("T=5, N=3, H=4", "left has shape (3, 4)")),
    Wrong(_mean, slip="a mean where a sum belongs: every row adds its share", expect=("left differs",)),
    Wrong(_over_everything, slip="the units are added up too; each has parameters of its own",
          expect=("left has shape ()",)),
    Wrong(_both_get_all, slip="a parameter gets shares from its own side: min(s, 0) for left, max(s, 0) for right",
          expect=("left differs",)),
    Wrong(_swapped, slip="the sides have changed places: right is for s > 0", expect=("left differs",)),
    Wrong(_without_dg, slip="dg has been forgotten: what is asked for is the gradient of the loss",
          expect=("left differs",)),
    Wrong(_with_factor, slip="k belongs to dg/ds; in dg/dk it is s that comes out", expect=("left differs",)),
    Wrong(_without_s, slip="k was multiplied with s, so s comes out; this is the gradient of an offset",
          expect=("left differs",)),
)  # fmt: skip

# ---- 15.verdicts: predict -----------------------------------------------------------------------------------------

VERDICTS = {
    "OtherBranch": "slope",
    "NoFactor": "slope",
    "NotSummed": "shape",
    "BothSides": "parameters",
    "Louder": "range",
    "Table(0.25)": "inconclusive",
    "OtherBranch, if left = right = 1 in every unit": "pass",
}
_KEYS = tuple(VERDICTS)
WHY_VERDICTS = {
    _KEYS[0]: "forward and param_gradients are as they were: what is left?",
    _KEYS[1]: "forward and param_gradients are as they were: what is left?",
    _KEYS[2]: "what has it to do with numbers, if there are (N, H) of them where (H,) belong?",
    _KEYS[3]: "its slope is as it was; and who gets a share that is not his?",
    _KEYS[4]: "there is nothing by hand in it, and the tape differentiates it rightly; what does it promise?",
    _KEYS[5]: "the grid of the check is −6, −5.75, −5.5, …; where are the corners of the table?",
    _KEYS[6]: "where the two sides are alike, which is the wrong one?",
}
VERDICTS_WRONG = (
    Wrong(VERDICTS | {_KEYS[2]: "parameters"}, expect=("6 of 7", "where (H,) belong")),
    Wrong(VERDICTS | {_KEYS[4]: "slope", _KEYS[5]: "slope"}, expect=("5 of 7", "what does it promise", "corners")),
    Wrong(VERDICTS | {_KEYS[6]: "slope"}, expect=("6 of 7", "which is the wrong one")),
)

# ---- the exercises ------------------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="15.compose",
        title="The idea as a formula that the tape can follow",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=compose,
        judge=judge_compose,
        hints=(
            "Two lines: which factor, and the sigmoid of the product. Both with mg.ops.",
            "mg.ops.where(condition, a, b) takes a plain array of truth values: s.data > 0.0. a and b are Tensors.",
            "k = mg.ops.where(s.data > 0.0, p[\"right\"], …); return mg.ops.sigmoid(k * s)",
        ),
        wrong=COMPOSE_WRONG,
    ),
    Exercise(
        id="15.slope",
        title="Its slope by hand",
        minutes=5,
        difficulty=2,
        kind="backward",
        answer=slope,
        judge=agrees_with(slope, slope_cases, outputs=(Output("dg/ds"),), slips=SLOPE_WRONG),
        hints=(
            "Two steps forward, a = k s and g = σ(a); the slope is the product of their two derivatives.",
            "dg/da = g (1 − g), and da/ds is the factor of the side on which s lies.",
            "k = xp.where(s > 0.0, p[\"right\"], p[\"left\"]); return k * g * (1.0 - g)",
        ),
        wrong=SLOPE_WRONG,
    ),
    Exercise(
        id="15.param_gradients",
        title="The gradients of its parameters by hand",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=param_gradients,
        judge=agrees_with(param_gradients, gradient_cases, outputs=GRADIENT_OUTPUTS, slips=GRADIENT_WRONG),
        hints=(
            "da = dg · g (1 − g) is what arrives at a = k s. What is the derivative of k s with respect to k?",
            "s, on its own side: min(s, 0) for left, max(s, 0) for right. And a unit's k was used in every row of "
            "every step.",
            "over = tuple(range(s.ndim - 1)); {\"left\": (da * xp.minimum(s, 0.0)).sum(axis=over), \"right\": …}",
        ),
        wrong=GRADIENT_WRONG,
    ),
    Exercise(
        id="15.verdicts",
        title="What will the check say?",
        minutes=6,
        difficulty=2,
        kind="predict",
        name="verdicts",
        answer=VERDICTS,
        judge=is_value(VERDICTS, why=WHY_VERDICTS),
        hints=(
            "Which of the methods differs from the right gate, and which line of the report belongs to it?",
            "A wrong shape is noticed before any number is compared. The range is asked of forward. A kink has no "
            "derivative to compare with, so it is left out.",
            "Two slopes, one shape, one about parameters, one range, one inconclusive, and one pass.",
        ),
        wrong=VERDICTS_WRONG,
    ),
)  # fmt: skip
