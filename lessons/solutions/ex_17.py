"""The exercises of lesson 17: a step of an MD-LSTM and its two ways back, diagonals, a convolution's way back, ties."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- 17.md_step ----------------------------------------------------------------------------------------


def sigmoid(a):
    """From any number to one between 0 and 1, without overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


SHARED = (sigmoid,)


def md_step(x, h_row, c_row, h_column, c_column, p):
    """One position of an MD-LSTM. x (…, D), states (…, H) → a dictionary of seven names, each (…, H)."""
    h_before = np.concatenate([h_row, h_column], axis=-1)
    a = {name: x @ p[f"W.{name}"] + h_before @ p[f"U.{name}"] + p[f"b.{name}"] for name in BLOCKS}
    candidate = np.tanh(a["candidate"])
    i = sigmoid(a["input"] + p["V.input"] * (c_row + c_column))
    f_row = sigmoid(a["forget_row"] + p["V.forget_row"] * c_row)
    f_column = sigmoid(a["forget_column"] + p["V.forget_column"] * c_column)
    c = i * candidate + f_row * c_row + f_column * c_column
    o = sigmoid(a["output"] + p["V.output"] * c)
    h = o * np.tanh(c)
    return {"candidate": candidate, "i": i, "f_row": f_row, "f_column": f_column, "c": c, "o": o, "h": h}


BLOCKS = ("candidate", "input", "forget_row", "forget_column", "output")
UNIT = ("n", "unit")
STEP_OUTPUTS = tuple(Output(name, UNIT) for name in ("candidate", "i", "f_row", "f_column", "c", "o", "h"))


def _weights(rng: np.random.Generator, D: int = 2, H: int = 4) -> dict[str, Any]:
    p = {}
    for name in BLOCKS:
        p |= {f"W.{name}": rng.normal(size=(D, H)), f"U.{name}": 0.5 * rng.normal(size=(2 * H, H)),
              f"b.{name}": 0.5 * rng.normal(size=H)}  # fmt: skip
        p |= {} if name == "candidate" else {f"V.{name}": rng.normal(size=H)}
    return p


def _states(rng: np.random.Generator, *shape: int) -> list[Any]:
    return [rng.uniform(-1, 1, size=shape) for _ in range(4)]


def step_cases() -> list[Case]:
    """The corner, where all states are 0; the upper edge, where one predecessor is outside; the inside."""
    rng = np.random.default_rng(0)
    p, x, inside, outside = _weights(rng), rng.normal(size=(3, 2)), _states(rng, 3, 4), np.zeros((3, 4))
    return [
        Case("the corner: both predecessors are outside", (x, outside, outside, outside, outside, p)),
        Case("the upper edge: nothing above", (x, outside, outside, *inside[2:], p)),
        Case("inside the grid", (x, *inside, p)),
    ]


def _with(x, h_row, c_row, h_column, c_column, p, **own):
    """A step with some of its names made in another way: each a function of what is known by then."""
    h_before = np.concatenate([h_row, h_column], axis=-1)
    a = {name: x @ p[f"W.{name}"] + h_before @ p[f"U.{name}"] + p[f"b.{name}"] for name in BLOCKS}
    k: dict[str, Any] = {"a": a, "p": p, "c_row": c_row, "c_column": c_column, "candidate": np.tanh(a["candidate"])}
    usual = {
        "i": lambda k: sigmoid(a["input"] + p["V.input"] * (c_row + c_column)),
        "f_row": lambda k: sigmoid(a["forget_row"] + p["V.forget_row"] * c_row),
        "f_column": lambda k: sigmoid(a["forget_column"] + p["V.forget_column"] * c_column),
        "c": lambda k: k["i"] * k["candidate"] + k["f_row"] * c_row + k["f_column"] * c_column,
        "o": lambda k: sigmoid(a["output"] + p["V.output"] * k["c"]),
        "h": lambda k: k["o"] * np.tanh(k["c"]),
    }
    for name, make in usual.items():
        k[name] = own.get(name, make)(k)
    return {output.name: k[output.name] for output in STEP_OUTPUTS}


def _U_halves_swapped(x, h_row, c_row, h_column, c_column, p):
    turned = {name: np.roll(w, len(w) // 2, axis=0) if name.startswith("U.") else w for name, w in p.items()}
    return md_step(x, h_row, c_row, h_column, c_column, turned)


def _gates_crossed(*args):
    return _with(*args, c=lambda k: k["i"] * k["candidate"] + k["f_row"] * k["c_column"] + k["f_column"] * k["c_row"])


def _peepholes_crossed(*args):
    return _with(
        *args, f_row=lambda k: sigmoid(k["a"]["forget_row"] + k["p"]["V.forget_row"] * k["c_column"]),
        f_column=lambda k: sigmoid(k["a"]["forget_column"] + k["p"]["V.forget_column"] * k["c_row"]),
    )  # fmt: skip


def _forget_sees_both(*args):
    both = {
        f"f_{side}": lambda k, side=side: sigmoid(
            k["a"][f"forget_{side}"] + k["p"][f"V.forget_{side}"] * (k["c_row"] + k["c_column"])
        )
        for side in ("row", "column")
    }
    return _with(*args, **both)


def _input_sees_one(*args):
    return _with(*args, i=lambda k: sigmoid(k["a"]["input"] + k["p"]["V.input"] * k["c_row"]))


def _output_sees_old_c(*args):
    return _with(*args, o=lambda k: sigmoid(k["a"]["output"] + k["p"]["V.output"] * (k["c_row"] + k["c_column"])))


def _shares(*args):
    def c(k):
        total = k["i"] + k["f_row"] + k["f_column"]
        return (k["i"] * k["candidate"] + k["f_row"] * k["c_row"] + k["f_column"] * k["c_column"]) / total

    return _with(*args, c=c)


def _one_forget_gate(*args):
    return _with(*args, c=lambda k: k["i"] * k["candidate"] + k["f_row"] * (k["c_row"] + k["c_column"]))


def _no_last_tanh(*args):
    return _with(*args, h=lambda k: k["o"] * k["c"])


STEP_WRONG = (
    Wrong(_U_halves_swapped, slip="the upper half of U is for h_row, the lower for h_column: [h_row, h_column]",
          expect=("case: the upper edge", "candidate differs")),
    Wrong(_gates_crossed, slip="f_row opens for c_column and f_column for c_row; each gate belongs to its own c",
          expect=("c differs",)),
    Wrong(_peepholes_crossed, slip="each forget gate looks at the other's c; f_row looks at c_row",
          expect=("f_row differs",)),
    Wrong(_forget_sees_both, slip="a forget gate looks at its own c alone; only the input gate looks at the sum"),
    Wrong(_input_sees_one, slip="the input gate looks at c_row alone; it looks at c_row + c_column"),
    Wrong(_output_sees_old_c, slip="the output gate looks at the old c; it comes last and looks at the new one",
          expect=("o differs",)),
    Wrong(_shares, slip="the three gates are made shares of one; in an MD-LSTM each opens as it likes",
          expect=("case: the corner", "c differs")),
    Wrong(_one_forget_gate, slip="one forget gate for both predecessors; f_column is not used", expect=("c differs",)),
    Wrong(_no_last_tanh, slip="h = o ⊙ tanh(c); the tanh is missing", expect=("h differs",)),
)

# ---- 17.counts -----------------------------------------------------------------------------------------

COUNTS = {"diagonals": 20, "longest": 7, "step_of_3_5": 8, "mnist": 55, "renet": 56, "paths": 6}
WHY_COUNTS = {
    "diagonals": "from i + j = 0 to i + j = 6 + 13",
    "longest": "a diagonal has at most one position in each row",
    "step_of_3_5": "all positions of a diagonal have the same i + j",
    "mnist": "the same sum, 27 + 27, and one more",
    "renet": "a sweep down a column of 28, then one along a row of 28; the opposite sweeps go at the same time",
    "paths": "how many ways lead from (0, 0) to (2, 2), each going twice down and twice to the right?",
}
COUNTS_WRONG = (
    Wrong(COUNTS | {"diagonals": 98}, expect=("5 of 6", "from i + j = 0 to i + j = 6 + 13")),
    Wrong(COUNTS | {"diagonals": 21, "mnist": 56}, expect=("4 of 6", "'mnist': 56")),
    Wrong(COUNTS | {"longest": 14}, expect=("5 of 6", "at most one position in each row")),
    Wrong(COUNTS | {"renet": 112}, expect=("5 of 6", "the opposite sweeps go at the same time")),
    Wrong(COUNTS | {"paths": 16}, expect=("5 of 6", "twice down and twice to the right")),
    Wrong({"diagonals": 20}, expect=("no answer for 'longest'",)),
)

# ---- 17.memory_backward ----------------------------------------------------------------------------------


def memory_backward(dc, known, c_row, c_column, p):
    """From dc, all that comes to the new c, to da_i, da_row, da_column, dc_row, dc_column, each (N, H)."""
    i, f_row, f_column = known["i"], known["f_row"], known["f_column"]
    da_i = dc * known["candidate"] * i * (1.0 - i)
    da_row = dc * c_row * f_row * (1.0 - f_row)
    da_column = dc * c_column * f_column * (1.0 - f_column)
    dc_row = dc * f_row + da_i * p["V.input"] + da_row * p["V.forget_row"]
    dc_column = dc * f_column + da_i * p["V.input"] + da_column * p["V.forget_column"]
    return da_i, da_row, da_column, dc_row, dc_column


MEMORY_OUTPUTS = tuple(Output(name, UNIT) for name in ("da_i", "da_row", "da_column", "dc_row", "dc_column"))


def memory_cases() -> list[Case]:
    """Without peepholes first, where only the plain paths are left; then with them; then below the upper edge."""
    rng = np.random.default_rng(3)
    cases = []
    for label in ("all peepholes are 0", "with peepholes", "the upper edge: c_row is 0"):
        p, states, dc = _weights(rng), _states(rng, 3, 4), rng.normal(size=(3, 4))
        if "are 0" in label:
            p = {name: 0.0 * w if name.startswith("V.") else w for name, w in p.items()}
        if "edge" in label:
            states[0], states[1] = np.zeros((3, 4)), np.zeros((3, 4))
        cases.append(Case(label, (dc, md_step(rng.normal(size=(3, 2)), *states, p), states[1], states[3], p)))
    return cases


def _no_peepholes(dc, known, c_row, c_column, p):
    da_i, da_row, da_column, *_ = memory_backward(dc, known, c_row, c_column, p)
    return da_i, da_row, da_column, dc * known["f_row"], dc * known["f_column"]


def _forget_peepholes_only(dc, known, c_row, c_column, p):
    da_i, da_row, da_column, dc_row, dc_column = memory_backward(dc, known, c_row, c_column, p)
    return da_i, da_row, da_column, dc_row - da_i * p["V.input"], dc_column - da_i * p["V.input"]


def _input_peephole_only(dc, known, c_row, c_column, p):
    da_i, da_row, da_column, dc_row, dc_column = memory_backward(dc, known, c_row, c_column, p)
    return da_i, da_row, da_column, dc_row - da_row * p["V.forget_row"], dc_column - da_column * p["V.forget_column"]


def _split_in_two(dc, known, c_row, c_column, p):
    whole, half = (memory_backward(scale * dc, known, c_row, c_column, p) for scale in (1.0, 0.5))
    return *whole[:3], *half[3:]


def _swapped(dc, known, c_row, c_column, p):
    da_i, da_row, da_column, dc_row, dc_column = memory_backward(dc, known, c_row, c_column, p)
    return da_i, da_row, da_column, dc_column, dc_row


def _no_slopes(dc, known, c_row, c_column, p):
    da_i, da_row, da_column = dc * known["candidate"], dc * c_row, dc * c_column
    dc_row = dc * known["f_row"] + da_i * p["V.input"] + da_row * p["V.forget_row"]
    dc_column = dc * known["f_column"] + da_i * p["V.input"] + da_column * p["V.forget_column"]
    return da_i, da_row, da_column, dc_row, dc_column


def _other_c(dc, known, c_row, c_column, p):
    da_i, _, _, dc_row, dc_column = memory_backward(dc, known, c_row, c_column, p)
    f_row, f_column = known["f_row"], known["f_column"]
    da_row, da_column = dc * c_column * f_row * (1.0 - f_row), dc * c_row * f_column * (1.0 - f_column)
    return da_i, da_row, da_column, dc_row, dc_column


def _new_c(dc, known, c_row, c_column, p):
    return memory_backward(dc, known, known["c"], known["c"], p)


MEMORY_WRONG = (
    Wrong(_no_peepholes, slip="the gates looked at c_row and c_column, and those ways back are missing: + da_i ⊙ V_i, "
          "+ da_row ⊙ V_row", expect=("case: with peepholes", "dc_row differs")),
    Wrong(_forget_peepholes_only, slip="the input gate looked at c_row + c_column: each of them gets da_i ⊙ V_i"),
    Wrong(_input_peephole_only, slip="the forget gates' own peepholes are missing: da_row ⊙ V_row goes to c_row"),
    Wrong(_split_in_two, slip="dc is halved; both predecessors get it whole, each times its own gate: in a sum nothing "
          "is split", expect=("case: all peepholes are 0", "dc_row differs")),
    Wrong(_swapped, slip="dc_row and dc_column are swapped", expect=("case: all peepholes are 0", "dc_row differs")),
    Wrong(_no_slopes, slip="the slopes of the gates are missing: g ⊙ (1 − g)", expect=("da_i differs",)),
    Wrong(_other_c, slip="da_row is made with c_column; f_row was multiplied with c_row", expect=("da_row differs",)),
    Wrong(_new_c, slip="the new c where the predecessors' belong: the forget gates were multiplied with those"),
)

# ---- 17.convolution_backward -------------------------------------------------------------------------------


def convolution_backward(dy, x, W):
    """From dy (N, K, Y', X') to dx (N, C, Y, X), dW (K, C, k, k), db (K,)."""
    _, _, rows, columns = dy.shape
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for u in range(W.shape[2]):
        for v in range(W.shape[3]):
            seen = x[:, :, u : u + rows, v : v + columns]
            dW[:, :, u, v] = np.einsum("nkij,ncij->kc", dy, seen)
            dx[:, :, u : u + rows, v : v + columns] += np.einsum("nkij,kc->ncij", dy, W[:, :, u, v])
    return dx, dW, dy.sum(axis=(0, 2, 3))


CONVOLUTION_OUTPUTS = (
    Output("dx", ("n", "c", "y", "x")),
    Output("dW", ("k", "c", "u", "v")),
    Output("db", ("k",)),
)


def convolution_cases() -> list[Case]:
    """A window of one pixel; a window as large as the image, at one place; windows that overlap."""
    rng = np.random.default_rng(4)
    sizes = (("windows of one pixel, k=1", 4, 5, 1), ("one place: k=3, images of 3 × 3", 3, 3, 3),
             ("windows that overlap: k=3, images of 5 × 6", 5, 6, 3))  # fmt: skip
    return [
        Case(label, (rng.normal(size=(2, 4, Y - k + 1, X - k + 1)), rng.normal(size=(2, 3, Y, X)),
                     rng.normal(size=(4, 3, k, k))))
        for label, Y, X, k in sizes
    ]  # fmt: skip


def _overwritten(dy, x, W):
    _, dW, db = convolution_backward(dy, x, W)
    (_, _, rows, columns), dx = dy.shape, np.zeros_like(x)
    for u in range(W.shape[2]):
        for v in range(W.shape[3]):
            dx[:, :, u : u + rows, v : v + columns] = np.einsum("nkij,kc->ncij", dy, W[:, :, u, v])
    return dx, dW, db


def _W_flipped(dy, x, W):
    _, dW, db = convolution_backward(dy, x, W)
    return convolution_backward(dy, x, W[:, :, ::-1, ::-1])[0], dW, db


def _dW_flipped(dy, x, W):
    dx, dW, db = convolution_backward(dy, x, W)
    return dx, dW[:, :, ::-1, ::-1], db


def _mean_over_places(dy, x, W):
    dx, dW, db = convolution_backward(dy, x, W)
    return dx, dW / dy[0, 0].size, db / dy[0, 0].size


def _db_per_place(dy, x, W):
    dx, dW, _ = convolution_backward(dy, x, W)
    return dx, dW, dy.sum(axis=0)


def _db_per_image(dy, x, W):
    dx, dW, _ = convolution_backward(dy, x, W)
    return dx, dW, dy.sum(axis=(2, 3))


CONVOLUTION_WRONG = (
    Wrong(_overwritten, slip="= for +=: a pixel lies in many windows, and only what the last one said is left",
          expect=("case: windows that overlap", "dx differs")),
    Wrong(_W_flipped, slip="W is turned round for dx; taken window by window each weight stays with its pixel",
          expect=("case: one place", "dx differs")),
    Wrong(_dW_flipped, slip="dW stands upside down: dW[…, u, v] is made with what the window saw at u, v",
          expect=("case: one place", "dW differs")),
    Wrong(_mean_over_places, slip="the mean over all places; a weight is used at each of them, and its shares add up",
          expect=("dW differs",)),
    Wrong(_db_per_place, expect=("db has shape (4, 4, 5), expected (k=4)",)),
    Wrong(_db_per_image, expect=("db has shape (2, 4), expected (k=4)", "summed over")),
)

# ---- 17.ties ---------------------------------------------------------------------------------------------

TIES = {"winner": 2.0, "loser": 0.0, "tie": 1.0, "blank": 1.0, "before relu": 0.0, "numeric": 1.5}
WHY_TIES = {
    "winner": "y is this pixel, so y moves as it does",
    "loser": "nudge it a little: does the largest number change?",
    "tie": "three are equally large and share alike",
    "blank": "all four are equal, and share alike",
    "before relu": "which slope has relu left of 0?",
    "numeric": "up by δ moves the largest number by δ; down by δ does not move it at all",
}
TIES_WRONG = (
    Wrong(TIES | {"tie": 3.0}, expect=("5 of 6", "three are equally large and share alike")),
    Wrong(TIES | {"loser": 2.0, "winner": 0.5}, expect=("4 of 6", "nudge it a little")),
    Wrong(TIES | {"blank": 0.0}, expect=("5 of 6", "all four are equal")),
    Wrong(TIES | {"before relu": 1.0}, expect=("5 of 6", "which slope has relu")),
    Wrong(TIES | {"numeric": 3.0}, expect=("5 of 6", "does not move it at all")),
    Wrong(TIES | {"numeric": 1.0}, expect=("5 of 6", "up by δ moves the largest number")),
    Wrong({"winner": 2.0}, expect=("no answer for 'loser'",)),
)

EXERCISES = (
    Exercise(
        id="17.md_step",
        title="One position of an MD-LSTM",
        minutes=8,
        difficulty=2,
        kind="forward",
        answer=md_step,
        judge=agrees_with(md_step, step_cases, outputs=STEP_OUTPUTS, slips=STEP_WRONG,
                          praise="seven names in 3 of 3 cases"),
        hints=(
            "It is the LSTM of lesson 06 with a second forget gate. Join the two h first, then go through the "
            "equations from the candidate to h.",
            "h_before = np.concatenate([h_row, h_column], axis=-1). Every block is x @ W + h_before @ U + b; the "
            "gates add their peephole before the sigmoid. o needs the new c, so it comes after it.",
            "f_row = sigmoid(… + p[\"V.forget_row\"] * c_row); c = i * candidate + f_row * c_row + f_column * "
            "c_column; o = sigmoid(… + p[\"V.output\"] * c)",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="17.counts",
        title="How many steps?",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="counts",
        answer=COUNTS,
        judge=is_value(COUNTS, why=WHY_COUNTS),
        hints=(
            "Write i + j into every position of a small grid, 2 × 3 say, and look at which numbers there are.",
            "The largest i + j is that of the last corner, and the steps count from 0. A ReNet's second half waits "
            "for the first; within a half nothing waits for the opposite sweep.",
            "(7 − 1) + (14 − 1) + 1 diagonals. From the corner to (2, 2) there are four moves, two of them down: in "
            "how many orders?",
        ),
        wrong=COUNTS_WRONG,
    ),
    Exercise(
        id="17.memory_backward",
        title="Two forget paths back",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=memory_backward,
        judge=agrees_with(memory_backward, memory_cases, outputs=MEMORY_OUTPUTS, slips=MEMORY_WRONG,
                          praise="five gradients in 3 of 3 cases"),
        hints=(
            "c is a sum of three products. Each factor gets dc times the other factor, whole: a sum does not split.",
            "c_row stands in three places of the forward pass: in its product with f_row, in the peephole of f_row, "
            "and in that of i. So its gradient has three terms.",
            "da_row = dc * c_row * f_row * (1.0 - f_row); dc_row = dc * f_row + da_i * p[\"V.input\"] + da_row * "
            "p[\"V.forget_row\"]",
        ),
        wrong=MEMORY_WRONG,
    ),
    Exercise(
        id="17.convolution_backward",
        title="A convolution's way back",
        minutes=9,
        difficulty=2,
        kind="backward",
        answer=convolution_backward,
        judge=agrees_with(convolution_backward, convolution_cases, outputs=CONVOLUTION_OUTPUTS,
                          slips=CONVOLUTION_WRONG, praise="dx, dW, db in 3 of 3 cases"),
        hints=(
            "The same two loops over u and v as forward. In each turn there is one product, of `seen` and W[:, :, u, "
            "v], and both get a gradient.",
            "The letters say it: forward is \"ncij,kc->nkij\". For dW take dy in the place of W and ask for kc; for "
            "dx take dy in the place of x and ask for ncij. Which of the two is used in several turns?",
            "dW[:, :, u, v] = np.einsum(\"nkij,ncij->kc\", dy, seen); dx[:, :, u : u + rows, v : v + columns] += "
            "np.einsum(\"nkij,kc->ncij\", dy, W[:, :, u, v])",
        ),
        wrong=CONVOLUTION_WRONG,
    ),
    Exercise(
        id="17.ties",
        title="Who gets the gradient of the largest?",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="ties",
        answer=TIES,
        judge=is_value(TIES, why=WHY_TIES),
        hints=(
            "What happens to y if one of the four pixels moves a little, and the others do not?",
            "minigate lets equal numbers share alike: dy divided by how many there are.",
            "3 shared by three; 4 shared by four; nothing passes a relu below 0; 3 · (δ − 0) / (2 δ).",
        ),
        wrong=TIES_WRONG,
    ),
)  # fmt: skip
