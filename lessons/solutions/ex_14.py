"""The exercises of lesson 14: a flexible gate forward and backward, where it begins, and what its bandwidth does."""

from __future__ import annotations

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

UNIT = ("n", "unit")


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


SHARED = (sigmoid,)

# ---- 14.gate -----------------------------------------------------------------------------------------------


def flexible_gate(s, alpha, d, gamma):
    """σ(½ Σ α κ(s, d) + ½ s), each unit with coefficients of its own. s (N, H), alpha (H, K), d (K,) → (N, H)."""
    x = s[:, :, None] - d
    kaf = (alpha * np.exp(-gamma * x**2)).sum(axis=-1)
    return sigmoid(0.5 * kaf + 0.5 * s)


def gate_cases() -> list[Case]:
    """Random numbers; far from the dictionary; two elements and one unit; a wide kernel."""
    rng = np.random.default_rng(0)
    cases = []
    for label, N, H, K, gamma, spread in (
        ("N=3, H=4, K=5, random", 3, 4, 5, 0.7, 1.5),
        ("|s| about 30, far from the dictionary", 3, 4, 5, 0.7, 30.0),
        ("one unit, K=2", 3, 1, 2, 0.7, 1.5),
        ("γ = 0.05", 3, 4, 5, 0.05, 1.5),
    ):
        s, alpha = spread * rng.normal(size=(N, H)), rng.normal(size=(H, K))
        cases.append(Case(label, (s, alpha, np.linspace(-2.0, 2.0, K), gamma)))
    return cases


def _bump(s, d, gamma):
    return np.exp(-gamma * (s[:, :, None] - d) ** 2)


def _no_residual(s, alpha, d, gamma):
    return sigmoid(0.5 * (alpha * _bump(s, d, gamma)).sum(axis=-1))


def _no_halves(s, alpha, d, gamma):
    return sigmoid((alpha * _bump(s, d, gamma)).sum(axis=-1) + s)


def _whole_s(s, alpha, d, gamma):
    return sigmoid(0.5 * (alpha * _bump(s, d, gamma)).sum(axis=-1) + s)


def _residual_outside(s, alpha, d, gamma):
    return _no_residual(s, alpha, d, gamma) + 0.5 * s


def _one_shape(s, alpha, d, gamma):
    return sigmoid(0.5 * (alpha[0] * _bump(s, d, gamma)).sum(axis=-1) + 0.5 * s)


def _no_square(s, alpha, d, gamma):
    return sigmoid(0.5 * (alpha * np.exp(-gamma * np.abs(s[:, :, None] - d))).sum(axis=-1) + 0.5 * s)


def _a_width(s, alpha, d, gamma):
    return sigmoid(0.5 * (alpha * _bump(s, d, 1.0 / gamma)).sum(axis=-1) + 0.5 * s)


def _gate_of_each(s, alpha, d, gamma):
    return (alpha * sigmoid(0.5 * _bump(s, d, gamma) + 0.5 * s[:, :, None])).sum(axis=-1)


GATE_WRONG = (
    Wrong(_no_residual, slip="the half of s is missing: far from the dictionary this gate stands at ½",
          expect=("g differs",)),
    Wrong(_no_halves, slip="both terms are halved, ½ KAF(s) + ½ s: with KAF(s) ≈ s that is s, and the gate is σ(s)",
          expect=("g differs",)),
    Wrong(_whole_s, slip="s is halved too", expect=("g differs",)),
    Wrong(_residual_outside, slip="½ s stands inside of σ; added outside of it, g is no longer between 0 and 1",
          expect=("g differs",)),
    Wrong(_one_shape, slip="all units have the coefficients of unit 0; alpha (H, K) has a row for each",
          expect=("only unit=0 is right",)),
    Wrong(_no_square, slip="the square is missing: κ(s, d) = exp(−γ (s − d)²)", expect=("g differs",)),
    Wrong(_a_width, slip="γ multiplies the square: a larger γ is a narrower bump", expect=("g differs",)),
    Wrong(_gate_of_each, slip="there is one σ, around the whole sum", expect=("g differs",)),
)  # fmt: skip

# ---- 14.begin: kernel ridge regression -----------------------------------------------------------------------


def begin_as(f, d, gamma, epsilon=1e-4):
    """The coefficients with which KAF(s) begins as f(s): (K + ε I)⁻¹ f(d), K_ij = κ(d_i, d_j). d (K,) → (K,)."""
    kernels = np.exp(-gamma * (d[:, None] - d) ** 2)
    return np.linalg.solve(kernels + epsilon * np.eye(len(d)), f(d))


def _identity(s):
    return s


def begin_cases() -> list[Case]:
    """As the identity on ten elements with the paper's γ; as tanh with a large ε; bumps that hardly overlap."""
    ten = np.linspace(-4.0, 4.0, 10)
    return [
        Case("f(s) = s, K=10, the paper's γ", (_identity, ten, 1.0 / (6.0 * (ten[1] - ten[0]) ** 2))),
        Case("f = tanh, K=5, ε = 0.1", (np.tanh, np.linspace(-2.0, 2.0, 5), 0.8, 0.1)),
        Case("f = cos, K=4, narrow bumps", (np.cos, np.linspace(-3.0, 3.0, 4), 2.0, 1e-3)),
    ]


def _matrix(d, gamma):
    return np.exp(-gamma * (d[:, None] - d) ** 2)


def _values(f, d, gamma, epsilon=1e-4):
    return f(d)


def _no_ridge(f, d, gamma, epsilon=1e-4):
    return np.linalg.solve(_matrix(d, gamma), f(d))


def _ridge_everywhere(f, d, gamma, epsilon=1e-4):
    return np.linalg.solve(_matrix(d, gamma) + epsilon, f(d))


def _multiplied(f, d, gamma, epsilon=1e-4):
    return (_matrix(d, gamma) + epsilon * np.eye(len(d))) @ f(d)


def _the_identity(f, d, gamma, epsilon=1e-4):
    return np.linalg.solve(_matrix(d, gamma) + epsilon * np.eye(len(d)), d)


def _f_last(f, d, gamma, epsilon=1e-4):
    return f(_the_identity(f, d, gamma, epsilon))


BEGIN_WRONG = (
    Wrong(_values, slip="these are the values f(d) themselves: right only for bumps that do not overlap, K = I",
          expect=("alpha differs",)),
    Wrong(_no_ridge, slip="this has no ridge: ε is to be added to the diagonal of K", expect=("alpha differs",)),
    Wrong(_ridge_everywhere, slip="ε is added to all of K; it belongs to the diagonal: ε I, np.eye(len(d))",
          expect=("alpha differs",)),
    Wrong(_multiplied, slip="f(d) is multiplied by the matrix; the coefficients solve (K + ε I) α = f(d)",
          expect=("alpha differs",)),
    Wrong(_the_identity, slip="this begins as the identity, whatever f is: on the right stands f(d)",
          expect=("f = tanh",)),
    Wrong(_f_last, slip="f is applied to the coefficients; it belongs to the dictionary, f(d)", expect=("f = tanh",)),
)  # fmt: skip

# ---- 14.between: predict --------------------------------------------------------------------------------------

BETWEEN = {
    "γ = 30/Δ², s on an element: full, half or flat?": "full",
    "γ = 30/Δ², s halfway between two: full, half or flat?": "half",
    "γ = 30/Δ², no residual, halfway: full, half or flat?": "flat",
    "the paper's γ, s = 12: full, half or flat?": "half",
    "the paper's γ, no residual, s = 12: full, half or flat?": "flat",
}
_KEYS = tuple(BETWEEN)
WHY_BETWEEN = {
    _KEYS[0]: "there one bump is 1, the others are gone, and α was solved so that KAF(d) = d",
    _KEYS[1]: "the nearest bump is exp(−30 · ½²): what is KAF(s) there, and what is left of ½ KAF(s) + ½ s?",
    _KEYS[2]: "no bump reaches there, and no ½ s stands beside them: σ(0)",
    _KEYS[3]: "12 is nine steps beyond the last element, where a bump of this γ is e^−13: KAF(s) ≈ 0",
    _KEYS[4]: "KAF ≈ 0, and nothing beside it",
}
BETWEEN_WRONG = (
    Wrong(BETWEEN | {_KEYS[1]: "full"}, expect=("4 of 5", "exp(−30 · ½²)")),
    Wrong(BETWEEN | {_KEYS[3]: "full", _KEYS[4]: "full"}, expect=("3 of 5", "beyond the last element")),
    Wrong(BETWEEN | {_KEYS[0]: "half", _KEYS[2]: "half"}, expect=("3 of 5", "one bump is 1", "σ(0)")),
)

# ---- 14.backward -----------------------------------------------------------------------------------------------


def gate_backward(dg, s, g, alpha, d, gamma):
    """Back through g = σ(½ Σ α κ(s, d) + ½ s): ds (N, H), dalpha (H, K). dg, s, g (N, H)."""
    x = s[:, :, None] - d
    kappa = np.exp(-gamma * x**2)
    dz = dg * g * (1.0 - g)  # z = ½ KAF(s) + ½ s
    dkaf = 0.5 * dz
    dalpha = (dkaf[:, :, None] * kappa).sum(axis=0)
    ds = 0.5 * dz + dkaf * (alpha * -2.0 * gamma * x * kappa).sum(axis=-1)
    return ds, dalpha


BACK_OUTPUTS = (Output("ds", UNIT), Output("dalpha", ("unit", "k")))


def back_cases() -> list[Case]:
    """The cases of the forward pass, with its g, and random dg."""
    rng = np.random.default_rng(1)
    return [
        Case(case.label, (rng.normal(size=case.args[0].shape), case.args[0], flexible_gate(*case.args), *case.args[1:]))
        for case in gate_cases()
    ]


def _back(dg, s, g, alpha, d, gamma, *, slope=None, half=0.5, two=2.0, way="minus", one=0.5, rows=np.sum):
    """The way back with one thing changed."""
    x = s[:, :, None] - d
    kappa = np.exp(-gamma * x**2)
    dz = dg * (g * (1.0 - g) if slope is None else slope(s, g))
    sign = -1.0 if way == "minus" else 1.0
    ds = one * dz + half * dz * (alpha * sign * two * gamma * x * kappa).sum(axis=-1)
    return ds, rows(half * dz[:, :, None] * kappa, axis=0)


def _no_one(*given):
    return _back(*given, one=0.0)


def _no_two(*given):
    return _back(*given, two=1.0)


def _sign(*given):
    return _back(*given, way="plus")


def _no_half(*given):
    return _back(*given, half=1.0, one=1.0)


def _no_slope(*given):
    return _back(*given, slope=lambda s, g: 1.0)


def _slope_of_s(*given):
    return _back(*given, slope=lambda s, g: sigmoid(s) * (1.0 - sigmoid(s)))


def _mean_of_rows(*given):
    return _back(*given, rows=np.mean)


def _rows_not_summed(*given):
    return _back(*given, rows=lambda share, axis: share)


def _not_through_kernels(dg, s, g, alpha, d, gamma):
    ds, dalpha = _back(dg, s, g, alpha, d, gamma)
    return 0.5 * dg * g * (1.0 - g), dalpha


BACK_WRONG = (
    Wrong(_no_one, slip="s has two ways to g, and one is lost: that of ½ s, which adds ½ dz",
          expect=("ds differs",)),
    Wrong(_no_two, slip="the 2 of the square: κ′ = −2 γ (s − d) κ", expect=("ds differs",)),
    Wrong(_sign, slip="the sign of κ′: to the right of an element its bump falls", expect=("ds differs",)),
    Wrong(_no_half, slip="the halves are lost: both terms of z have a ½", expect=("ds differs", "is 2 times")),
    Wrong(_no_slope, slip="σ is passed by: dz = dg · g · (1 − g)", expect=("ds differs",)),
    Wrong(_slope_of_s, slip="this is the slope of σ(s); the gate here has another g, and its slope is g (1 − g)",
          expect=("ds differs",)),
    Wrong(_not_through_kernels, slip="ds goes by ½ s alone; s is in every kernel too", expect=("ds differs",)),
    Wrong(_mean_of_rows, slip="a mean over the rows: α was used in every row, and the shares add up",
          expect=("dalpha differs",)),
    Wrong(_rows_not_summed, slip="the rows are still there: α was used in every row, and the shares add up",
          expect=("dalpha has shape", "summed over")),
)  # fmt: skip

# ---- the exercises ----------------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="14.gate",
        title="A gate with kernels inside",
        minutes=6,
        difficulty=1,
        kind="forward",
        answer=flexible_gate,
        judge=agrees_with(flexible_gate, gate_cases, outputs=(Output("g", UNIT),), slips=GATE_WRONG),
        hints=(
            "Three lines: the distances, the sum, the sigmoid. The dictionary is a new last axis, to be summed over.",
            "s[:, :, None] − d is (N, H, K): each s from each element. alpha (H, K) meets it from the right.",
            "x = s[:, :, None] - d; kaf = (alpha * np.exp(-gamma * x**2)).sum(axis=-1); then sigmoid(0.5 * kaf + …)",
        ),
        wrong=GATE_WRONG,
    ),
    Exercise(
        id="14.begin",
        title="Begin as a function that is known",
        minutes=5,
        difficulty=2,
        kind="build",
        answer=begin_as,
        judge=agrees_with(begin_as, begin_cases, outputs=(Output("alpha", ("k",)),), slips=BEGIN_WRONG),
        hints=(
            "K equations for K numbers: at each element, Σ_j α_j κ(d_i, d_j) = f(d_i), with ε on the diagonal.",
            "The matrix has d_i − d_j in row i and column j: d[:, None] - d. A linear system is solved, not inverted.",
            "np.linalg.solve(np.exp(-gamma * (d[:, None] - d) ** 2) + epsilon * np.eye(len(d)), …)",
        ),
        wrong=BEGIN_WRONG,
    ),
    Exercise(
        id="14.between",
        title="Too narrow, and without a residual",
        minutes=4,
        difficulty=2,
        kind="predict",
        name="between",
        answer=BETWEEN,
        judge=is_value(BETWEEN, why=WHY_BETWEEN),
        hints=(
            "In each case ask first which bumps reach s at all.",
            "One step from its element a bump is exp(−γ Δ²), half a step from it exp(−γ Δ² / 4).",
            "Where no bump reaches, KAF(s) = 0, and z = ½ s with the residual, 0 without. On an element of narrow "
            "bumps KAF(d) = d.",
        ),
        wrong=BETWEEN_WRONG,
    ),
    Exercise(
        id="14.backward",
        title="Back through the gate",
        minutes=10,
        difficulty=2,
        kind="backward",
        answer=gate_backward,
        judge=agrees_with(gate_backward, back_cases, outputs=BACK_OUTPUTS, slips=BACK_WRONG,
                          praise="ds and dalpha in 4 of 4 cases"),
        hints=(
            "Name the steps forward: x = s − d, κ, KAF, z, g; and take them backwards, one d-line for each name.",
            "dz = dg · g · (1 − g). From z two ways lead to s: by ½ s, and by KAF, where every kernel has s in it. "
            "α_k of a unit was used in every row n.",
            "dkaf = 0.5 * dz; dalpha = (dkaf[:, :, None] * kappa).sum(axis=0); ds = 0.5 * dz + dkaf * (alpha * "
            "-2 * gamma * x * kappa).sum(axis=-1)",
        ),
        wrong=BACK_WRONG,
    ),
)  # fmt: skip
