"""The exercises of lesson 04: factors, a spectral radius, lengths by lag, clipping, an additive carry."""

from __future__ import annotations

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- 04.steps_left: predict ----------------------------------------------------------------------------

STEPS_LEFT = {
    "0.5, down to a hundredth": 7,
    "0.9, down to a hundredth": 44,
    "0.99, down to a hundredth": 459,
    "0.25, down to a hundredth": 4,
    "1.1, up to a hundred": 49,
}
WHY = {
    "0.5, down to a hundredth": "2 · 2 · 2 · … passes 100 between 64 and 128",
    "0.9, down to a hundredth": "k · log 0.9 < log 0.01; both logarithms are negative",
    "0.99, down to a hundredth": "k · log 0.99 < log 0.01: about ten times as many as with 0.9, and a little more",
    "0.25, down to a hundredth": "the first k with 4 · 4 · 4 · … above 100",
    "1.1, up to a hundred": "k · log 1.1 > log 100",
}
STEPS_WRONG = (
    Wrong(STEPS_LEFT | {"0.5, down to a hundredth": 6}, expect=("4 of 5", "between 64 and 128")),
    Wrong(STEPS_LEFT | {"0.9, down to a hundredth": 10, "0.99, down to a hundredth": 100},
          expect=("3 of 5", "both logarithms are negative", "ten times as many")),
    Wrong(STEPS_LEFT | {"1.1, up to a hundred": 1000}, expect=("4 of 5", "k · log 1.1 > log 100")),
)

# ---- 04.with_radius: a forward pass -----------------------------------------------------------------------


def with_radius(U, radius):
    """U times a number, so that its largest eigenvalue, by magnitude, is radius. (H, H) → (H, H)."""
    return U * (radius / np.abs(np.linalg.eigvals(U)).max())


def radius_cases() -> list[Case]:
    """Complex eigenvalues; a large negative one; a triangular matrix, whose lengths say another thing."""
    rng = np.random.default_rng(4)
    random = rng.normal(size=(6, 6))
    negative = np.diag([0.5, -2.0, 1.0]) + 0.1 * rng.normal(size=(3, 3))
    return [
        Case("a random matrix, to radius 0.9", (random, 0.9)),
        Case("the largest eigenvalue is about −2, to radius 1", (negative, 1.0)),
        Case("a triangle with 0.8 on the diagonal and 4 above it, to radius 1.1",
             (np.array([[0.8, 4.0], [0.0, 0.8]]), 1.1)),
    ]


def _by_singular_value(U, radius):
    return U * (radius / np.linalg.norm(U, 2))


def _by_real_part(U, radius):
    return U * (radius / np.linalg.eigvals(U).real.max())


def _by_length(U, radius):
    return U * (radius / np.linalg.norm(U))


def _times_only(U, radius):
    return U * radius


def _the_wrong_way(U, radius):
    return U * (np.abs(np.linalg.eigvals(U)).max() / radius)


RADIUS_WRONG = (
    Wrong(_by_singular_value,
          slip="that is the largest singular value: by how much one product can lengthen, not what many come to"),
    Wrong(_by_real_part,
          slip="the largest real part; an eigenvalue of −2, or one that turns, counts by its distance from zero"),
    Wrong(_by_length, slip="the norm of all numbers of U, where its eigenvalues are meant: np.linalg.eigvals"),
    Wrong(_times_only, slip="this takes for granted that the radius is 1 to begin with: divide by what it is"),
    Wrong(_the_wrong_way, slip="upside down: divide by the radius that U has, multiply by the one it should have"),
)

# ---- 04.gradient_lengths: a backward pass -------------------------------------------------------------------


def gradient_lengths(dh, h, U):
    """The mean length of the gradient after 0, 1, …, T steps back from the last state.

    dh (N, H) is the gradient of h[T]; h (T + 1, N, H), h[t + 1] = tanh(… + h[t] U + …) → (T + 1,).
    """
    lengths = [np.linalg.norm(dh, axis=1).mean()]
    for t in reversed(range(len(h) - 1)):
        dh = (dh * (1.0 - h[t + 1] ** 2)) @ U.T
        lengths.append(np.linalg.norm(dh, axis=1).mean())
    return np.array(lengths)


def lengths_cases() -> list[Case]:
    """A few steps; a single one; a state that grows from step to step, so that an index off by one shows."""
    rng = np.random.default_rng(7)
    N, H = 3, 4
    U = rng.normal(size=(H, H))
    return [
        Case(f"T={T}, N=3, H=4", (rng.normal(size=(N, H)), rng.uniform(-1, 1, size=(T + 1, N, H)), U)) for T in (5, 1)
    ]


def _lengths_with(step, order=None):
    """gradient_lengths with another step back."""

    def lengths_of(dh, h, U):
        lengths = [np.linalg.norm(dh, axis=1).mean()]
        for t in order(len(h) - 1) if order else reversed(range(len(h) - 1)):
            dh = step(dh, h, t, U)
            lengths.append(np.linalg.norm(dh, axis=1).mean())
        return np.array(lengths)

    return lengths_of


_no_slope = _lengths_with(lambda dh, h, t, U: dh @ U.T)
_no_transpose = _lengths_with(lambda dh, h, t, U: (dh * (1.0 - h[t + 1] ** 2)) @ U)
_state_before = _lengths_with(lambda dh, h, t, U: (dh * (1.0 - h[t] ** 2)) @ U.T)
_slope_after = _lengths_with(lambda dh, h, t, U: (dh @ U.T) * (1.0 - h[t + 1] ** 2))
_from_the_start = _lengths_with(lambda dh, h, t, U: (dh * (1.0 - h[t + 1] ** 2)) @ U.T, order=range)


def _oldest_first(dh, h, U):
    return gradient_lengths(dh, h, U)[::-1]


def _first_left_out(dh, h, U):
    return gradient_lengths(dh, h, U)[1:]


def _whole_batch(dh, h, U):
    lengths = [np.linalg.norm(dh)]
    for t in reversed(range(len(h) - 1)):
        dh = (dh * (1.0 - h[t + 1] ** 2)) @ U.T
        lengths.append(np.linalg.norm(dh))
    return np.array(lengths)


LENGTHS_WRONG = (
    Wrong(_no_slope, slip="U alone; on its way back the gradient also goes through tanh, whose slope is 1 − h²"),
    Wrong(_no_transpose, slip="dh @ U goes forwards; on the way back it is dh @ U.T"),
    Wrong(_state_before, slip="the slope of step t belongs to what the step made: h[t + 1], not h[t]"),
    Wrong(_slope_after, slip="first the slope, then U: last thing of the forward pass first"),
    Wrong(_from_the_start, slip="the loop runs forward in time; the gradient comes from the last state",
          expect=("case: T=5",)),
    Wrong(_oldest_first, slip="the oldest state stands first; entry k is k steps back, so entry 0 is dh itself"),
    Wrong(_first_left_out, expect=("shape (5,)", "(lag=6)")),
    Wrong(_whole_batch, slip="one length for the whole batch; each sequence has its own, axis=1, and then the mean"),
)

# ---- 04.clip ---------------------------------------------------------------------------------------------------


def clip(gradients, limit):
    """All gradients times one number, so that together they are no longer than limit. A list of arrays → a list."""
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    factor = min(1.0, limit / length) if length > 0.0 else 1.0
    return [gradient * factor for gradient in gradients]


def clip_cases() -> list[Case]:
    """Too long, short enough, nothing at all, and one of them much longer than the other."""
    rng = np.random.default_rng(9)
    dW, db = rng.normal(size=(3, 4)), rng.normal(size=4)
    unequal = [0.1 * dW, 30.0 * db]
    return [
        Case("longer than the limit", ([10.0 * dW, 10.0 * db], 1.0)),
        Case("shorter than the limit", ([0.01 * dW, 0.01 * db], 1.0)),
        Case("nothing but zeros", ([0.0 * dW, 0.0 * db], 1.0)),
        Case("one of them much longer than the other", (unequal, 5.0)),
    ]


def _number_by_number(gradients, limit):
    return [np.clip(gradient, -limit, limit) for gradient in gradients]


def _each_alone(gradients, limit):
    return [clip([gradient], limit)[0] for gradient in gradients]


def _always_to_the_limit(gradients, limit):
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * (limit / max(length, 1e-300)) for gradient in gradients]


def _not_the_root(gradients, limit):
    length = sum((gradient**2).sum() for gradient in gradients)
    return [gradient * (min(1.0, limit / length) if length else 1.0) for gradient in gradients]


def _thrown_away(gradients, limit):
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * float(length <= limit) for gradient in gradients]


def _divides_by_zero(gradients, limit):
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * np.minimum(1.0, limit / length) * (length / length) for gradient in gradients]


CLIP_OUTPUTS = (Output("dW", ("d", "unit")), Output("db", ("unit",)))
CLIP_WRONG = (
    Wrong(_number_by_number,
          slip="each number by itself: the direction changes, and the numbers together may still be long"),
    Wrong(_each_alone, slip="each array by itself; the length is that of all of them as one long vector"),
    Wrong(_always_to_the_limit, slip="a gradient that is short enough is to be left alone: at most 1 as a factor",
          expect=("case: shorter than the limit",)),
    Wrong(_not_the_root, slip="the length is the square root of the sum of squares"),
    Wrong(_thrown_away, slip="a gradient that is too long is thrown away; its direction is still of use"),
    Wrong(_divides_by_zero, expect=("case: nothing but zeros", "nan")),
)

# ---- 04.carry_backward: an additive carry ----------------------------------------------------------------------


def carry_backward(dh, n, U, keep):
    """From dh to dh_prev, for h = keep · h_prev + (1 − keep) · n and n = tanh(x W + h_prev U + b). (N, H)."""
    dn = (1.0 - keep) * dh
    da = dn * (1.0 - n**2)
    return keep * dh + da @ U.T


def carry_cases() -> list[Case]:
    """Half and half; nearly all kept; nothing kept, the plain RNN; all kept, no new thing at all."""
    rng = np.random.default_rng(10)
    N, H = 3, 4
    U = rng.normal(size=(H, H))
    return [
        Case(f"keep = {keep}", (rng.normal(size=(N, H)), rng.uniform(-1, 1, size=(N, H)), U, keep))
        for keep in (0.5, 0.95, 0.0, 1.0)
    ]


def _carry_only(dh, n, U, keep):
    return keep * dh


def _tanh_only(dh, n, U, keep):
    return ((1.0 - keep) * dh * (1.0 - n**2)) @ U.T


def _share_forgotten(dh, n, U, keep):
    return keep * dh + (dh * (1.0 - n**2)) @ U.T


def _carry_through_the_slope(dh, n, U, keep):
    return keep * dh * (1.0 - n**2) + ((1.0 - keep) * dh * (1.0 - n**2)) @ U.T


def _carry_through_U(dh, n, U, keep):
    return (keep * dh + (1.0 - keep) * dh * (1.0 - n**2)) @ U.T


def _carry_untransposed(dh, n, U, keep):
    return keep * dh + ((1.0 - keep) * dh * (1.0 - n**2)) @ U


CARRY_WRONG = (
    Wrong(_carry_only, slip="only the way past tanh; h_prev is also in n"),
    Wrong(_tanh_only, slip="only the way through tanh; h_prev also goes straight into h, times keep"),
    Wrong(_share_forgotten, slip="n enters h times (1 − keep), and so does its gradient"),
    Wrong(_carry_through_the_slope, slip="what is kept does not go through tanh, so its gradient knows no slope"),
    Wrong(_carry_through_U, slip="what is kept does not meet U: add keep · dh after the product, not before"),
    Wrong(_carry_untransposed, slip="da @ U instead of da @ U.T; U is square, so the shapes cannot tell"),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="04.steps_left",
        title="How many steps?",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="steps_left",
        answer=STEPS_LEFT,
        judge=is_value(STEPS_LEFT, why=WHY),
        hints=(
            "After k steps a factor f has become f multiplied by itself k times. Take logarithms.",
            "k is the first whole number above log 0.01 / log f, and above log 100 / log 1.1.",
            "np.log(0.01) / np.log(0.9) is 43.7, so 44. The others in the same way.",
        ),
        wrong=STEPS_WRONG,
    ),
    Exercise(
        id="04.with_radius",
        title="A matrix with a given spectral radius",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=with_radius,
        judge=agrees_with(with_radius, radius_cases, outputs=(Output("U", ("unit", "unit")),), slips=RADIUS_WRONG,
                          praise="3 of 3 matrices"),
        hints=(
            "A matrix times 2 has all its eigenvalues times 2.",
            "np.linalg.eigvals(U) gives them all, complex ones too; np.abs of a complex number is its distance from 0.",
            "U * (radius / np.abs(np.linalg.eigvals(U)).max())",
        ),
        wrong=RADIUS_WRONG,
    ),
    Exercise(
        id="04.gradient_lengths",
        title="The length of a gradient on its way back",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=gradient_lengths,
        judge=agrees_with(gradient_lengths, lengths_cases, outputs=(Output("lengths", ("lag",)),),
                          slips=LENGTHS_WRONG, praise="T=5 and T=1"),
        hints=(
            "One step back is what step_backward of lesson 03 does for dh_prev; the weights are of no interest here.",
            "da = dh · (1 − h[t + 1]²), then da @ U.T. From the last step to the first; note the length before the "
            "first step back and after each.",
            "np.linalg.norm(dh, axis=1).mean() is the mean length; dh = (dh * (1.0 − h[t + 1]**2)) @ U.T in the loop",
        ),
        wrong=LENGTHS_WRONG,
    ),
    Exercise(
        id="04.clip",
        title="Clip a gradient",
        minutes=6,
        difficulty=2,
        kind="build",
        answer=clip,
        judge=agrees_with(clip, clip_cases, outputs=CLIP_OUTPUTS, slips=CLIP_WRONG,
                          praise="long, short, zero, and unequal"),
        hints=(
            "All arrays are one long vector. It gets shorter without turning: one factor for all.",
            "Its length is the root of the sum of all squares. The factor is limit / length where that is below 1, "
            "and 1 elsewhere. What if the length is 0?",
            "length = np.sqrt(sum((g**2).sum() for g in gradients)); then [g * factor for g in gradients]",
        ),
        wrong=CLIP_WRONG,
    ),
    Exercise(
        id="04.carry_backward",
        title="Back through an additive carry",
        minutes=5,
        difficulty=2,
        kind="backward",
        answer=carry_backward,
        judge=agrees_with(carry_backward, carry_cases, outputs=(Output("dh_prev", ("n", "unit")),),
                          slips=CARRY_WRONG, praise="keep = 0.5, 0.95, 0 and 1"),
        hints=(
            "h_prev is used twice: once as it is, once inside tanh. Two ways forward are two gradients back, added.",
            "The first way is a product with keep. The second is dn, then the slope 1 − n², then U.T.",
            "dn = (1 − keep) · dh; da = dn · (1 − n²); return keep · dh + da @ U.T",
        ),
        wrong=CARRY_WRONG,
    ),
)
