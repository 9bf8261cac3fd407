"""The exercises of lesson 16: an image in patches, two sweeps of its columns, their way back, and who sees what."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- what notebook and exercises share: the cell of lesson 03 over a whole batch of lines ---------------


def sweep(x, W, U, b):
    """A tanh RNN over sequences, from zeros. x (T, N, D) → h (T, N, H), after each step."""
    T, N, _ = x.shape
    h = np.zeros((T + 1, N, len(U)))
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ W + h[t] @ U + b)
    return h[1:]


def sweep_backward(dh, x, h, W, U, b):
    """From dh (T, N, H), the gradient of every h of the sweep, to dx (T, N, D), dW, dU, db."""
    T, N, H = h.shape
    da, carry = np.zeros_like(h), np.zeros((N, H))
    for t in reversed(range(T)):
        da[t] = (dh[t] + carry) * (1.0 - h[t] ** 2)
        carry = da[t] @ U.T
    h_prev = np.concatenate([np.zeros((1, N, H)), h[:-1]])
    return da @ W.T, np.einsum("tnd,tnh->dh", x, da), np.einsum("tng,tnh->gh", h_prev, da), da.sum(axis=(0, 1))


SHARED = (sweep, sweep_backward)

# ---- 16.patches ----------------------------------------------------------------------------------------


def patches(images, h, w):
    """Patches side by side. images (N, C, Y, X) → (I, J, N, h · w · C), where Y = I · h and X = J · w."""
    N, C, Y, X = images.shape
    I, J = Y // h, X // w
    cut = images.reshape(N, C, I, h, J, w)
    return cut.transpose(2, 4, 0, 3, 5, 1).reshape(I, J, N, h * w * C)


PATCH_AXES = ("i", "j", "n", "number in the patch")


def patch_cases() -> list[Case]:
    """Images that are higher than wide; patches that are wider than high; colours; patches of one pixel."""
    rng = np.random.default_rng(0)
    return [
        Case("images (3, 1, 4, 4), patches 2 × 2", (rng.normal(size=(3, 1, 4, 4)), 2, 2)),
        Case("images (3, 1, 6, 4), patches 2 × 2", (rng.normal(size=(3, 1, 6, 4)), 2, 2)),
        Case("images (3, 2, 4, 6), patches 2 × 3", (rng.normal(size=(3, 2, 4, 6)), 2, 3)),
        Case("images (3, 2, 4, 6), patches 1 × 1", (rng.normal(size=(3, 2, 4, 6)), 1, 1)),
    ]


def _only_reshaped(images, h, w):
    N, C, Y, X = images.shape
    return images.reshape(Y // h, X // w, N, h * w * C)


def _every_Ith_pixel(images, h, w):
    N, C, Y, X = images.shape
    I, J = Y // h, X // w
    return images.reshape(N, C, h, I, w, J).transpose(3, 5, 0, 2, 4, 1).reshape(I, J, N, h * w * C)


def _channels_before_pixels(images, h, w):
    N, C, Y, X = images.shape
    I, J = Y // h, X // w
    return images.reshape(N, C, I, h, J, w).transpose(2, 4, 0, 1, 3, 5).reshape(I, J, N, h * w * C)


def _down_before_across(images, h, w):
    N, C, Y, X = images.shape
    I, J = Y // h, X // w
    return images.reshape(N, C, I, h, J, w).transpose(2, 4, 0, 5, 3, 1).reshape(I, J, N, h * w * C)


def _I_and_J_swapped(images, h, w):
    return patches(images, h, w).swapaxes(0, 1)


def _batch_first(images, h, w):
    return patches(images, h, w).transpose(2, 0, 1, 3)


def _not_flattened(images, h, w):
    N, C, Y, X = images.shape
    return images.reshape(N, C, Y // h, h, X // w, w).transpose(2, 4, 0, 3, 5, 1)


PATCH_WRONG = (
    Wrong(_only_reshaped, slip="reshape alone leaves every number where it is in memory: a patch then holds pixels "
          "that follow one another in a row, of other images too"),
    Wrong(_every_Ith_pixel, slip="Y is cut into (h, I) where it should be (I, h): the patch has every I-th row, not "
          "h neighbouring ones", expect=("differs",)),
    Wrong(_channels_before_pixels, slip="the channels come before the pixels; in a patch they come last: (h, w, C)",
          expect=("case: images (3, 2, 4, 6), patches 2 × 3",)),
    Wrong(_down_before_across, slip="inside the patch v runs before u: it is read down its columns; (h, w, C) reads it "
          "along its rows", expect=("differs",)),
    Wrong(_I_and_J_swapped, slip="I and J are swapped: i counts down, j across", expect=("differs",)),
    Wrong(_batch_first, expect=("has shape (3, 2, 2, 4), expected (i=2, j=2, n=3, number in the patch=4)",)),
    Wrong(_not_flattened, expect=("has shape (2, 2, 3, 2, 2, 1)",)),
)

# ---- 16.vertical ---------------------------------------------------------------------------------------


def vertical(x, down, up):
    """Both sweeps of every column. x (I, J, N, D); down, up: (W, U, b) → v (I, J, N, 2H), [down, up]."""
    I, J, N, D = x.shape
    columns = x.reshape(I, J * N, D)
    z_down = sweep(columns, *down)
    z_up = sweep(columns[::-1], *up)[::-1]
    return np.concatenate([z_down, z_up], axis=-1).reshape(I, J, N, -1)


V_AXES = ("i", "j", "n", "feature")


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> tuple[Any, Any, Any]:
    return rng.normal(size=(D, H)), 0.6 * rng.normal(size=(H, H)), 0.4 * rng.normal(size=H)


def vertical_cases() -> list[Case]:
    """One row, where there is nothing to turn; a square grid; and one that is none."""
    rng = np.random.default_rng(1)
    sizes = (("one row, I=1, J=3, N=2", (1, 3, 2, 2)), ("I=3, J=3, N=2", (3, 3, 2, 2)), ("I=4, J=2, N=3", (4, 2, 3, 2)))
    return [Case(label, (rng.normal(size=size), _weights(rng), _weights(rng))) for label, size in sizes]


def _halves(x, first, second):
    return np.concatenate([first, second], axis=-1).reshape(*x.shape[:3], -1)


def _columns(x):
    I, J, N, D = x.shape
    return x.reshape(I, J * N, D)


def _not_turned_back(x, down, up):
    return _halves(x, sweep(_columns(x), *down), sweep(_columns(x)[::-1], *up))


def _both_down(x, down, up):
    return _halves(x, sweep(_columns(x), *down), sweep(_columns(x), *up))


def _turned_back_only(x, down, up):
    return _halves(x, sweep(_columns(x), *down), sweep(_columns(x), *up)[::-1])


def _one_cell(x, down, up):
    return vertical(x, down, down)


def _halves_swapped(x, down, up):
    return _halves(x, sweep(_columns(x)[::-1], *up)[::-1], sweep(_columns(x), *down))


def _rows_for_columns(x, down, up):
    return vertical(x.swapaxes(0, 1), down, up).swapaxes(0, 1)


def _up_reads_down(x, down, up):
    z_down, H = sweep(_columns(x), *down), len(down[1])
    return _halves(x, z_down, sweep(z_down[::-1, :, : x.shape[3]] if x.shape[3] <= H else z_down, *up)[::-1])


def _one_long_sequence(x, down, up):
    I, J, N, D = x.shape
    line = x.reshape(I * J, N, D)
    return _halves(x, sweep(line, *down), sweep(line[::-1], *up)[::-1])


def _summed(x, down, up):
    v = vertical(x, down, up)
    return v[..., :4] + v[..., 4:]


VERTICAL_WRONG = (
    Wrong(_not_turned_back, slip="the result of the sweep up is not turned back: its first step, at the bottom row, "
          "stands at the top", expect=("case: I=3, J=3, N=2", "v differs")),
    Wrong(_both_down, slip="both cells read downwards: the second has to get the column turned round"),
    Wrong(_turned_back_only, slip="the result is turned, what is read is not: this is a sweep down, upside down"),
    Wrong(_one_cell, slip="both directions have the weights of the sweep down; each has its own",
          expect=("case: one row",)),
    Wrong(_halves_swapped, slip="v is [up, down]; the sweep down comes first", expect=("case: one row",)),
    Wrong(_rows_for_columns, slip="the rows were swept: time is the axis i, so the batch is J · N",
          expect=("case: one row",)),
    Wrong(_up_reads_down, slip="the sweep up reads what the sweep down has made; both read the patches"),
    Wrong(_one_long_sequence, slip="all patches of an image were read as one sequence: the state runs on from one "
          "row into the next", expect=("case: one row",)),
    Wrong(_summed, expect=("v has shape (1, 3, 2, 4), expected (i=1, j=3, n=2, feature=8)",)),
)

# ---- 16.seen -------------------------------------------------------------------------------------------

SEEN = {"down": 2, "up": 3, "v": 4, "right": 12, "left": 16, "y": 24, "parallel": 9, "steps": 10}
WHY_SEEN = {
    "down": "the sweep begins at row 0 and has come to row 1",
    "up": "the sweep begins at row 3, the last, and has come to row 1",
    "v": "both parts together: one column, all of it",
    "right": "it has read v at columns 0, 1 and 2; each v knows its own column",
    "left": "it has read v at columns 5, 4, 3 and 2; each v knows its own column",
    "y": "both parts together",
    "parallel": "its own column and its own row of patches, and they share one patch",
    "steps": "a column has 4 steps and a row 6; all columns go at once, and so do down and up",
}
SEEN_WRONG = (
    Wrong(SEEN | {"right": 3, "left": 4, "y": 6},
          expect=("5 of 8", "'right': 3 (it has read v at columns 0, 1 and 2; each v knows its own column)")),
    Wrong(SEEN | {"down": 1, "up": 2}, expect=("6 of 8", "'down': 1 (the sweep begins at row 0")),
    Wrong(SEEN | {"v": 5}, expect=("7 of 8", "'v': 5")),
    Wrong(SEEN | {"parallel": 24}, expect=("7 of 8", "its own column and its own row")),
    Wrong(SEEN | {"parallel": 10}, expect=("7 of 8", "they share one patch")),
    Wrong(SEEN | {"steps": 24}, expect=("7 of 8", "all columns go at once")),
    Wrong({"down": 2}, expect=("no answer for 'up'",)),
)

# ---- 16.vertical_backward ------------------------------------------------------------------------------


def vertical_backward(dv, x, v, down, up):
    """From dv (I, J, N, 2H) to dx (I, J, N, D), then dW, dU, db of the sweep down, then those of the sweep up."""
    I, J, N, D = x.shape
    H = dv.shape[3] // 2
    columns, z, dz = x.reshape(I, J * N, D), v.reshape(I, J * N, 2 * H), dv.reshape(I, J * N, 2 * H)
    dx_down, *d_down = sweep_backward(dz[:, :, :H], columns, z[:, :, :H], *down)
    dx_up, *d_up = sweep_backward(dz[::-1, :, H:], columns[::-1], z[::-1, :, H:], *up)
    dx = dx_down + dx_up[::-1]
    return dx.reshape(I, J, N, D), *d_down, *d_up


BACK_OUTPUTS = (
    Output("dx", ("i", "j", "n", "d")),
    Output("dW of down", ("d", "unit")),
    Output("dU of down", ("from unit", "to unit")),
    Output("db of down", ("unit",)),
    Output("dW of up", ("d", "unit")),
    Output("dU of up", ("from unit", "to unit")),
    Output("db of up", ("unit",)),
)


def backward_cases() -> list[Case]:
    """As forward, and a gradient that comes to the upper row alone."""
    rng = np.random.default_rng(2)
    cases = []
    sizes = (("one row, I=1, J=3, N=2", (1, 3, 2, 2)), ("I=4, J=2, N=3", (4, 2, 3, 2)))
    for label, size in (*sizes, ("I=4, J=2, N=3, dv is 0 but in the upper row", (4, 2, 3, 2))):
        x, down, up = rng.normal(size=size), _weights(rng), _weights(rng)
        v = vertical(x, down, up)
        dv = rng.normal(size=v.shape)
        if "upper" in label:
            dv[1:] = 0.0
        cases.append(Case(label, (dv, x, v, down, up)))
    return cases


def _ways(dv, x, v, down, up, turn_dv=True, turn_x=True, turn_v=True, turn_back=True):
    """The way back with each turning as an option: (dx of down, its weights), (dx of up, its weights)."""
    H = dv.shape[3] // 2
    columns, z, dz = (a.reshape(len(x), -1, a.shape[3]) for a in (x, v, dv))

    def turned(a, yes):
        return a[::-1] if yes else a

    dx_down, *d_down = sweep_backward(dz[..., :H], columns, z[..., :H], *down)
    dx_up, *d_up = sweep_backward(
        turned(dz[..., H:], turn_dv), turned(columns, turn_x), turned(z[..., H:], turn_v), *up
    )
    return (dx_down.reshape(x.shape), d_down), (turned(dx_up, turn_back).reshape(x.shape), d_up)


def _dx_not_turned_back(dv, x, v, down, up):
    (one, d_down), (other, d_up) = _ways(dv, x, v, down, up, turn_back=False)
    return one + other, *d_down, *d_up


def _dv_not_turned(dv, x, v, down, up):
    (one, d_down), (other, d_up) = _ways(dv, x, v, down, up, turn_dv=False)
    return one + other, *d_down, *d_up


def _x_not_turned(dv, x, v, down, up):
    (one, d_down), (other, d_up) = _ways(dv, x, v, down, up, turn_x=False)
    return one + other, *d_down, *d_up


def _nothing_turned(dv, x, v, down, up):
    (one, d_down), (other, d_up) = _ways(dv, x, v, down, up, False, False, False, False)
    return one + other, *d_down, *d_up


def _dv_halves_swapped(dv, x, v, down, up):
    H = dv.shape[3] // 2
    return vertical_backward(np.concatenate([dv[..., H:], dv[..., :H]], axis=-1), x, v, down, up)


def _one_direction(dv, x, v, down, up):
    (one, d_down), (_, d_up) = _ways(dv, x, v, down, up)
    return one, *d_down, *d_up


def _up_alone(dv, x, v, down, up):
    (_, d_down), (other, d_up) = _ways(dv, x, v, down, up)
    return other, *d_down, *d_up


def _mean_of_both(dv, x, v, down, up):
    dx, *weights = vertical_backward(dv, x, v, down, up)
    return 0.5 * dx, *weights


def _side_by_side(dv, x, v, down, up):
    (one, d_down), (other, d_up) = _ways(dv, x, v, down, up)
    return np.concatenate([one, other], axis=-1), *d_down, *d_up


BACK_WRONG = (
    Wrong(_dx_not_turned_back, slip="dx of the sweep up is not turned back: its first row belongs to the bottom",
          expect=("case: I=4, J=2, N=3", "dx differs")),
    Wrong(_dv_not_turned, slip="dv of the sweep up is not turned: its first step was the bottom row",
          expect=("case: I=4, J=2, N=3", "dx differs")),
    Wrong(_x_not_turned, slip="x is not turned for the sweep up; only dW of up needs it, and only that is wrong",
          expect=("dW of up differs",)),
    Wrong(_nothing_turned, slip="nothing is turned for the sweep up: this is the way back of a second sweep down"),
    Wrong(_dv_halves_swapped, slip="the halves of dv are swapped: the first H numbers belong to the sweep down",
          expect=("case: one row",)),
    Wrong(_one_direction, slip="the sweep up gives x nothing; x was read twice, so its gradient is the sum of two",
          expect=("case: one row", "dx differs")),
    Wrong(_up_alone, slip="the sweep down gives x nothing; x was read twice, so its gradient is the sum of two"),
    Wrong(_mean_of_both, slip="the mean of both directions; gradients of what is used twice add up",
          expect=("every number is ½ times",)),
    Wrong(_side_by_side, expect=("dx has shape (1, 3, 2, 4), expected (i=1, j=3, n=2, d=2)",)),
)

EXERCISES = (
    Exercise(
        id="16.patches",
        title="An image, cut into patches",
        minutes=6,
        difficulty=2,
        kind="forward",
        answer=patches,
        judge=agrees_with(patches, patch_cases, outputs=(Output("the result", PATCH_AXES),), slips=PATCH_WRONG,
                          praise="4 of 4 sizes"),
        hints=(
            "Three lines: cut two axes in two, put the axes in the order of the result, join the last three.",
            "Row y of the image is row u of patch i, with y = i · h + u. So the axis Y becomes (I, h), the slower one "
            "first, and X becomes (J, w).",
            "cut = images.reshape(N, C, I, h, J, w) has the axes 0 … 5; the result wants I, J, N, h, w, C: "
            "cut.transpose(2, 4, 0, 3, 5, 1)",
        ),
        wrong=PATCH_WRONG,
    ),
    Exercise(
        id="16.vertical",
        title="Down and up every column",
        minutes=6,
        difficulty=2,
        kind="forward",
        answer=vertical,
        judge=agrees_with(vertical, vertical_cases, outputs=(Output("v", V_AXES),), slips=VERTICAL_WRONG,
                          praise="3 of 3 grids"),
        hints=(
            "sweep reads (T, N, D). Which axis of x is T, and which two are together the batch?",
            "x.reshape(I, J * N, D) makes every column of every image a sequence. For the sweep up turn the time round "
            "before, and the result round after.",
            "z_up = sweep(columns[::-1], *up)[::-1]; then np.concatenate([z_down, z_up], axis=-1), and back to "
            "(I, J, N, …)",
        ),
        wrong=VERTICAL_WRONG,
    ),
    Exercise(
        id="16.seen",
        title="Who has seen how much?",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="seen",
        answer=SEEN,
        judge=is_value(SEEN, why=WHY_SEEN),
        hints=(
            "Draw the grid, four rows and six columns of patches, and put a finger on row 1, column 2, counted from 0.",
            "down has read the patches above in its column, and its own. right has read no patches at all: it has read "
            "v, and each v stands for a column.",
            "right: three columns of four patches. parallel: a column of four and a row of six, less the one that they "
            "share. steps: one half after the other, 4 and then 6.",
        ),
        wrong=SEEN_WRONG,
    ),
    Exercise(
        id="16.vertical_backward",
        title="The way back through both sweeps",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=vertical_backward,
        judge=agrees_with(vertical_backward, backward_cases, outputs=BACK_OUTPUTS, slips=BACK_WRONG,
                          praise="dx and six weights' gradients in 3 of 3 cases"),
        hints=(
            "Go through `vertical` from its last line to its first; undo each: the joining, the turning, the sweep.",
            "The joining: the first H numbers of dv are of the sweep down. The sweep up lived in turned time: turn "
            "all that you hand to sweep_backward, and turn what comes out for x. x was read twice.",
            "dx_up, *d_up = sweep_backward(dz[::-1, :, H:], columns[::-1], z[::-1, :, H:], *up); "
            "dx = dx_down + dx_up[::-1]; return dx.reshape(I, J, N, D), *d_down, *d_up",
        ),
        wrong=BACK_WRONG,
    ),
)  # fmt: skip
