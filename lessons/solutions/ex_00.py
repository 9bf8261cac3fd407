"""The exercises of lesson 00: shapes, a first gate, and the way back through broadcasting."""

from __future__ import annotations

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, right, wrong

# ---- 00.shapes: predict ----------------------------------------------------------------------------

SHAPES = {
    "x[0]": (3, 2),
    "x[:, 0]": (5, 2),
    "x[0] @ W": (3, 4),
    "x @ W": (5, 3, 4),
    "h @ U + b": (3, 4),
    "(x @ W + b).sum(axis=0)": (3, 4),
}
WHY = {
    "x[0]": "the first axis of x is time: one step of it is one row for each sequence",
    "x[:, 0]": "the first axis is kept whole, the second is fixed at sequence 0",
    "x[0] @ W": "(N, D) @ (D, H): the two D meet and are summed over",
    "x @ W": "a matrix product acts on the last axis; the axes before it stay",
    "h @ U + b": "b (H,) is stretched along n, which adds no axis",
    "(x @ W + b).sum(axis=0)": "the sum is over axis 0, which is time",
}


def _batch_first() -> dict[str, tuple[int, ...]]:
    return SHAPES | {"x[0]": (5, 2), "x[:, 0]": (3, 2)}


SHAPES_WRONG = (
    Wrong(_batch_first(), expect=("4 of 6", "'x[0]'", "the first axis of x is time")),
    Wrong(SHAPES | {"x @ W": (3, 4)}, expect=("5 of 6", "'x @ W'", "the axes before it stay")),
    Wrong(SHAPES | {"h @ U + b": (3, 4, 4)}, expect=("'h @ U + b'", "adds no axis")),
    Wrong({key: value for key, value in SHAPES.items() if key != "x[0]"}, expect=("no answer for 'x[0]'",)),
)

# ---- 00.gate: a forward pass -----------------------------------------------------------------------


def gate(s, old, new):
    """g · new + (1 − g) · old, where g = σ(s). All three (N, H), and so is the result."""
    g = 0.5 * np.tanh(0.5 * s) + 0.5
    return g * new + (1.0 - g) * old


def gate_cases() -> list[Case]:
    """Random numbers, and the two ends: a gate that is wide open, and one that is shut."""
    rng = np.random.default_rng(0)
    old, new, s = (rng.normal(size=(3, 4)) for _ in range(3))
    return [
        Case("s, old, new (N=3, H=4), random", (2.0 * s, old, new)),
        Case("every s = +800, a gate that is open", (np.full((3, 4), 800.0), old, new)),
        Case("every s = −800, a gate that is shut", (np.full((3, 4), -800.0), old, new)),
    ]


def _old_and_new_swapped(s, old, new):
    g = 0.5 * np.tanh(0.5 * s) + 0.5
    return g * old + (1.0 - g) * new


def _no_sigmoid(s, old, new):
    return s * new + (1.0 - s) * old


def _tanh_for_sigmoid(s, old, new):
    return np.tanh(s) * new + (1.0 - np.tanh(s)) * old


def _half_a_sigmoid(s, old, new):
    g = 0.5 * np.tanh(s) + 0.5
    return g * new + (1.0 - g) * old


def _both_added(s, old, new):
    g = 0.5 * np.tanh(0.5 * s) + 0.5
    return g * new + old


def _exponential_alone(s, old, new):
    with np.errstate(all="ignore"):
        g = np.exp(s) / (1.0 + np.exp(s))
        return g * new + (1.0 - g) * old


GATE_WRONG = (
    Wrong(_old_and_new_swapped, slip="old and new have changed places: here an open gate (g = 1) lets the new in"),
    Wrong(_no_sigmoid, slip="s itself is used as the gate; it has to go through σ first, to be between 0 and 1"),
    Wrong(_tanh_for_sigmoid, slip="tanh goes from −1 to 1; a gate goes from 0 to 1: ½·tanh(½s) + ½"),
    Wrong(_half_a_sigmoid, slip="σ(s) = ½·tanh(½s) + ½: the ½ inside the tanh is missing", expect=("random",)),
    Wrong(_both_added, slip="old is added whole; what the gate lets in of the new it takes from the old: (1 − g)"),
    Wrong(_exponential_alone, slip="exp(800) is more than a float can hold, and ∞/∞ is nan; tanh never overflows",
          expect=("+800", "not finite")),
)

# ---- 00.unbroadcast: a backward pass by hand -------------------------------------------------------


def unbroadcast(dy, shape):
    """The gradient of an array of this shape, from dy, that of the array it was stretched to."""
    new_axes = dy.ndim - len(shape)
    dx = dy.sum(axis=tuple(range(new_axes)))
    stretched = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return dx.sum(axis=stretched, keepdims=True)


PAIRS = (
    ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 4), (1, 4)), ((3, 4), (3, 1)), ((3, 4), (1, 1)), ((3, 4), ()),
    ((5, 3, 4), (4,)), ((5, 3, 4), (3, 1)), ((5, 3, 4), (5, 1, 4)), ((5, 3, 4), (1, 1, 4)),
    ((5, 3, 4), (1,)), ((1, 3), (1, 3)),
)  # fmt: skip


def unbroadcast_cases() -> list[Case]:
    """Twelve pairs of shapes: nothing stretched, new axes, axes of length 1, both, a single number."""
    rng = np.random.default_rng(1)
    return [Case(f"dy {big}, shape {small}", (rng.normal(size=big), small)) for big, small in PAIRS]


def _new_axes_only(dy, shape):
    return dy.sum(axis=tuple(range(dy.ndim - len(shape))))


def _one_copy(dy, shape):
    dx = dy[(0,) * (dy.ndim - len(shape))]
    for axis, length in enumerate(shape):
        if length == 1:
            dx = dx.take([0], axis=axis)
    return dx


def _mean_of_copies(dy, shape):
    return unbroadcast(dy, shape) * (max(1, int(np.prod(shape))) / dy.size)


def _axes_dropped(dy, shape):
    dx = dy.sum(axis=tuple(range(dy.ndim - len(shape))))
    return dx.sum(axis=tuple(axis for axis, length in enumerate(shape) if length == 1))


def _length_one_only(dy, shape):
    return dy.sum(axis=tuple(axis for axis, length in enumerate(shape) if length == 1), keepdims=True)


def _everything_summed(dy, shape):
    return np.full(shape, dy.sum())


UNBROADCAST_WRONG = (
    Wrong(_new_axes_only, expect=("dy (3, 4), shape (1, 4)", "dx has shape (3, 4), expected (1, 4)")),
    Wrong(_one_copy, slip="one copy's gradient is taken; every copy was used, so all their gradients add up"),
    Wrong(_mean_of_copies, slip="a mean over the copies; each copy acted on its own, so their gradients add up: a sum",
          expect=("dy (3, 4), shape (4,)", "⅓ times")),
    Wrong(_axes_dropped, expect=("shape (1, 4)", "dx has shape (4,), expected (1, 4)")),
    Wrong(_length_one_only, expect=("dx has shape (3, 4), expected (4,)", "axis 0 (length 3) is still there")),
    Wrong(_everything_summed, slip="everything is summed; only the axes that were stretched are"),
)

# ---- 00.silent: break something on purpose ---------------------------------------------------------


def careless_unbroadcast(dy, shape):
    """unbroadcast with one slip: a sum drops its axis, and the axes after it move up by one."""
    dx = dy
    while dx.ndim > len(shape):
        dx = dx.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1:
            dx = dx.sum(axis=axis)
    return dx.reshape(shape)


SHARED = (careless_unbroadcast,)


def judge_silent(attempt: object) -> Verdict:
    """Right where the careless function gives a wrong number for these shapes, and no error."""
    if not isinstance(attempt, dict) or not {"dy", "x"} <= attempt.keys():
        return wrong('this is not a dictionary with two shapes: {"dy": (…), "x": (…)}')
    big, small = attempt["dy"], attempt["x"]
    if not all(isinstance(s, tuple) and all(isinstance(n, int) and 0 < n < 1000 for n in s) for s in (big, small)):
        return wrong("a shape is a tuple of whole numbers above 0: (5, 3, 4)")
    try:
        stretches = np.broadcast_shapes(big, small) == big
    except ValueError:
        stretches = False
    if not stretches:
        return wrong(f"an array of shape {small} cannot be stretched to {big}: read both from the right")
    dy = np.random.default_rng(2).normal(size=big)
    try:
        careless = careless_unbroadcast(dy, small)
    except ValueError as error:  # an axis that is not there is one too
        return wrong(
            f"it is wrong there, but loudly ({type(error).__name__}: {error})",
            slip="the lengths all differ, so the mistake cannot fit; which of them must be equal for it to pass?",
        )
    if np.allclose(careless, unbroadcast(dy, small)):
        ones = sum(length == 1 for length in small)
        return wrong(
            f"it is right there: {small} has {ones} axis of length 1" if ones == 1 else "it is right there",
            slip="the slip can only show when axes move up and another one has to be summed after that",
        )
    return right(f"no error, and wrong by up to {np.abs(careless - unbroadcast(dy, small)).max():.2g}")


SILENT_WRONG = (
    Wrong({"dy": (5, 3, 4), "x": (4,)}, expect=("it is right there", "another one has to be summed after that")),
    Wrong({"dy": (5, 3, 4), "x": (5, 1, 4)}, expect=("it is right there: (5, 1, 4) has 1 axis of length 1",)),
    Wrong({"dy": (5, 3, 4), "x": (1, 1, 4)}, expect=("wrong there, but loudly", "must be equal")),
    Wrong({"dy": (5, 3, 4), "x": (3,)}, expect=("cannot be stretched to (5, 3, 4)",)),
    Wrong({"dy": "(5, 3, 3)", "x": (1, 1, 3)}, expect=("a shape is a tuple",)),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="00.shapes",
        title="Predict six shapes",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="shapes",
        answer=SHAPES,
        judge=is_value(SHAPES, why=WHY),
        hints=(
            "Write the letters before the numbers: x is (T, N, D). What does each operation do to the letters?",
            "An index takes its axis away; @ takes away the two letters that meet; + of a smaller array adds no axis.",
            "x @ W is (T, N, D) @ (D, H): T and N stay, D goes, H comes.",
        ),
        wrong=SHAPES_WRONG,
    ),
    Exercise(
        id="00.gate",
        title="A gate between old and new",
        minutes=6,
        difficulty=1,
        kind="forward",
        answer=gate,
        judge=agrees_with(gate, gate_cases, outputs=(Output("h", ("n", "unit")),), slips=GATE_WRONG,
                          praise="random numbers, open and shut: 3 of 3"),
        hints=(
            "First the gate: squash s into (0, 1). Then mix: how much of new, how much of old?",
            "σ(s) = ½·tanh(½s) + ½. The shares of new and old are g and 1 − g: they add up to 1.",
            "g = 0.5 * np.tanh(0.5 * s) + 0.5, then return g * new + …",
        ),
        wrong=GATE_WRONG,
    ),
    Exercise(
        id="00.unbroadcast",
        title="The way back through broadcasting",
        minutes=10,
        difficulty=2,
        kind="backward",
        answer=unbroadcast,
        judge=agrees_with(unbroadcast, unbroadcast_cases, outputs=(Output("dx"),), slips=UNBROADCAST_WRONG,
                          praise="12 of 12 pairs of shapes"),
        hints=(
            "Two things happen when an array is stretched: axes are added on the left, axes of length 1 grow. Undo it.",
            "Undoing is summing: over dy.ndim − len(shape) leading axes, then over the axes where shape has a 1.",
            "dy.sum(axis=(0, 1)) drops the axes it sums over; .sum(axis=…, keepdims=True) leaves them with length 1. "
            "You need one of each. An axis tuple may be empty.",
        ),
        wrong=UNBROADCAST_WRONG,
    ),
    Exercise(
        id="00.silent",
        title="Make a mistake silent",
        minutes=6,
        difficulty=3,
        kind="break",
        name="silent",
        answer={"dy": (5, 3, 3), "x": (1, 1, 3)},
        judge=judge_silent,
        hints=(
            "Follow dx.shape through the loop for shape (1, 1, 4): what is axis 1 after axis 0 has been summed away?",
            "With two neighbouring 1s the second sum takes the axis after the right one. The result must still fit.",
            "dy (5, 3, 4) with x (1, 1, 4) fails because 3 numbers cannot become 4. Make those two lengths the same.",
        ),
        wrong=SILENT_WRONG,
    ),
)
