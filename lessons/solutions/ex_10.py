"""The exercises of lesson 10: a stack, back; a Clockwork step, forward and back; what its triangle lets through."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- 10.stack_backward -----------------------------------------------------------------------------


def stack_backward(dy, back, D):
    """dx (T, N, D). dy[j] is the gradient of what layer j says; back[j] leads from it to that of what layer j read."""
    dx, from_above = 0.0, 0.0
    for j in reversed(range(1, len(dy))):
        dread = back[j](dy[j] + from_above)  # layer j was heard by the loss and by the layer above
        from_above = dread[:, :, :-D]  # and had read what the layer below says, and x beside it
        dx = dx + dread[:, :, -D:]
    return dx + back[0](dy[0] + from_above)


def stack_cases() -> list[Case]:
    """Three layers of different sizes, a loss on each, on one alone; a single layer."""
    rng = np.random.default_rng(2)
    cases = []
    for label, sizes, alone in (
        ("3 layers of 4, 3 and 5 units", (4, 3, 5), None),
        ("a loss on the lowest layer alone", (4, 3, 5), 0),
        ("a loss on the top layer alone", (4, 3, 5), 2),
        ("2 layers of 2 units, as many as D", (2, 2), None),
        ("a single layer", (4,), None),
    ):
        D, T, N = 2, 6, 3
        dy = [rng.normal(size=(T, N, H)) * (alone in (None, j)) for j, H in enumerate(sizes)]
        read = [D, *(H + D for H in sizes[:-1])]
        cases.append(Case(label, (dy, [_layer(rng, H, size) for H, size in zip(sizes, read)], D)))
    return cases


def _layer(rng: np.random.Generator, H: int, read: int) -> Any:
    """The way back through a layer that adds up what it has read so far: dy (T, N, H) → (T, N, read)."""
    W = 0.5 * rng.normal(size=(H, read))
    return lambda dy: np.cumsum(dy[::-1], axis=0)[::-1] @ W


def _back_of_stack(dy, back, D, heard=True, handed=True, skips="summed", swapped=False):
    """The way back with its rules as options: every mistake is one call of it."""
    dx, from_above = 0.0, 0.0
    dy = [dy_j if heard or j == len(dy) - 1 else np.zeros_like(dy_j) for j, dy_j in enumerate(dy)]
    for j in reversed(range(1, len(dy))):
        dread = back[j](dy[j] + from_above)
        below, own = (dread[:, :, D:], dread[:, :, :D]) if swapped else (dread[:, :, :-D], dread[:, :, -D:])
        from_above = below if handed else 0.0
        dx = {"summed": dx + own, "last": own, "none": 0.0}[skips]
    return dx + back[0](dy[0] + from_above)


def _top_loss_only(dy, back, D):
    return _back_of_stack(dy, back, D, heard=False)


def _nothing_handed_down(dy, back, D):
    return _back_of_stack(dy, back, D, handed=False)


def _skips_forgotten(dy, back, D):
    return _back_of_stack(dy, back, D, skips="none")


def _last_skip_only(dy, back, D):
    return _back_of_stack(dy, back, D, skips="last")


def _x_first(dy, back, D):
    return _back_of_stack(dy, back, D, swapped=True)


STACK_WRONG = (
    Wrong(_top_loss_only, slip="only the top layer's dy is used; the loss hears every layer: dy[j] comes in at layer j",
          expect=("case: 3 layers",)),
    Wrong(_nothing_handed_down, slip="a layer hands nothing down: what it read of the layer below has a gradient too",
          expect=("case: 3 layers",)),
    Wrong(_skips_forgotten, slip="the skips are forgotten: each layer above the lowest read x as well",
          expect=("case: 3 layers",)),
    Wrong(_last_skip_only, slip="= for +=: the shares that reach x from the layers are added up",
          expect=("case: 3 layers",)),
    Wrong(_x_first, slip="the two parts are exchanged: a layer read [y of the layer below, x], x last",
          expect=("case: 3 layers",)),
)

# ---- 10.step_forward -------------------------------------------------------------------------------


def step_forward(x_t, h_prev, t, W, U, b, period):
    """One step at step count t. x_t (N, D), h_prev (N, H), period (H,), of each unit → h (N, H)."""
    speaks = period[:, None] >= period[None, :]  # from a unit (row) to one that is as fast or faster (column)
    a = x_t @ W + h_prev @ (U * speaks) + b
    return np.where(t % period == 0, np.tanh(a), h_prev)


PERIOD = np.array([1, 1, 2, 2, 4])


def _arrays(rng: np.random.Generator, N: int = 3, D: int = 2) -> tuple[Any, ...]:
    H = len(PERIOD)
    x_t, h_prev = rng.normal(size=(N, D)), rng.uniform(-1, 1, size=(N, H))
    return x_t, h_prev, rng.normal(size=(D, H)), 0.7 * rng.normal(size=(H, H)), 0.5 * rng.normal(size=H)


def forward_cases() -> list[Case]:
    """Step counts at which all groups work, the fastest alone, the faster two, and all again."""
    rng = np.random.default_rng(0)
    cases = []
    for t, who in ((0, "all work"), (1, "the fastest works"), (2, "the faster two work"), (4, "all work again")):
        x_t, h_prev, W, U, b = _arrays(rng)
        cases.append(Case(f"t={t}, {who}; periods 1, 1, 2, 2, 4", (x_t, h_prev, t, W, U, b, PERIOD)))
    return cases


def _triangle_turned(x_t, h_prev, t, W, U, b, period):
    a = x_t @ W + h_prev @ (U * (period[:, None] <= period[None, :])) + b
    return np.where(t % period == 0, np.tanh(a), h_prev)


def _no_triangle(x_t, h_prev, t, W, U, b, period):
    return np.where(t % period == 0, np.tanh(x_t @ W + h_prev @ U + b), h_prev)


def _strictly_slower(x_t, h_prev, t, W, U, b, period):
    a = x_t @ W + h_prev @ (U * (period[:, None] > period[None, :])) + b
    return np.where(t % period == 0, np.tanh(a), h_prev)


def _zero_for_held(x_t, h_prev, t, W, U, b, period):
    return np.where(t % period == 0, step_forward(x_t, h_prev, 0, W, U, b, period), 0.0)


def _all_work(x_t, h_prev, t, W, U, b, period):
    return step_forward(x_t, h_prev, 0, W, U, b, period)


def _others_work(x_t, h_prev, t, W, U, b, period):
    return np.where(t % period == 0, h_prev, step_forward(x_t, h_prev, 0, W, U, b, period))


def _counted_from_one(x_t, h_prev, t, W, U, b, period):
    return step_forward(x_t, h_prev, t + 1, W, U, b, period)


def _tanh_of_held(x_t, h_prev, t, W, U, b, period):
    speaks = period[:, None] >= period[None, :]
    return np.tanh(np.where(t % period == 0, x_t @ W + h_prev @ (U * speaks) + b, h_prev))


FORWARD_WRONG = (
    Wrong(_triangle_turned,
          slip="the triangle is the wrong way round: a unit reads those that are as slow or slower, in h U a column",
          expect=("case: t=0",)),
    Wrong(_no_triangle, slip="all units read all; the fast ones must not speak to the slow ones", expect=("t=0",)),
    Wrong(_strictly_slower, slip="> for >=: a group reads itself as well", expect=("case: t=0",)),
    Wrong(_zero_for_held, slip="a group at rest becomes 0; it holds its state", expect=("case: t=1",)),
    Wrong(_all_work, slip="every group works at every step: the clocks are not used", expect=("case: t=1",)),
    Wrong(_others_work, slip="the groups that should rest work, and the other way round", expect=("case: t=0",)),
    Wrong(_counted_from_one, slip="t + 1 for t: at step count 0 every group works", expect=("case: t=0",)),
    Wrong(_tanh_of_held, slip="the held state goes through tanh; it stays as it is", expect=("case: t=1",)),
)

# ---- 10.blocks: predict ------------------------------------------------------------------------------

BLOCKS = {
    "blocks of U that exist": 10,
    "products at t = 0": 10,
    "products at t = 1": 4,
    "products at t = 2": 7,
    "products at t = 4": 9,
    "products in the eight steps 0 … 7": 49,
}
BLOCKS_WHY = {
    "blocks of U that exist": "group i reads the groups i … 4: 4 + 3 + 2 + 1",
    "products at t = 0": "0 is a multiple of everything: all work",
    "products at t = 1": "one group works; how many does it read?",
    "products at t = 2": "two groups work, and read four and three",
    "products at t = 4": "three groups work, and read four, three and two",
    "products in the eight steps 0 … 7": "4 every step, 3 every second, 2 every fourth, 1 once",
}
BLOCKS_WRONG = (
    Wrong(BLOCKS | {"blocks of U that exist": 16, "products at t = 0": 16}, expect=("4 of 6", "4 + 3 + 2 + 1")),
    Wrong(BLOCKS | {"blocks of U that exist": 6}, expect=("5 of 6", "group i reads the groups i … 4")),
    Wrong(BLOCKS | {"products at t = 1": 1, "products at t = 2": 3}, expect=("4 of 6", "how many does it read?")),
    Wrong(BLOCKS | {"products in the eight steps 0 … 7": 48}, expect=("5 of 6", "4 every step")),
)

# ---- 10.turned: predict ------------------------------------------------------------------------------

TURNED = {
    "as it is: from x[3] to slow after step 7": "no",
    "as it is: from x[4] to slow after step 7": "yes",
    "as it is: from x[4] to fast after step 7": "yes",
    "turned: from x[3] to slow after step 7": "yes",
    "turned: from the slow state before step 0 to fast after step 7": "no",
    "turned, gradients by the tape: does a gradient check fail?": "no",
}
TURNED_WHY = {
    "as it is: from x[3] to slow after step 7": "slow does not work at step 3, and nobody who did may tell it",
    "as it is: from x[4] to slow after step 7": "slow works at step 4, and holds after that",
    "as it is: from x[4] to fast after step 7": "fast works at step 4, and at each step since it has read itself",
    "turned: from x[3] to slow after step 7": "fast works at step 3; whom does fast tell at step 4, turned?",
    "turned: from the slow state before step 0 to fast after step 7": "turned, whom does fast read?",
    "turned, gradients by the tape: does a gradient check fail?": "what does it compare: two gradients, or two models?",
}
TURNED_WRONG = (
    Wrong(TURNED | {"as it is: from x[3] to slow after step 7": "yes"},
          expect=("5 of 6", "nobody who did may tell it")),
    Wrong(TURNED | {"turned: from x[3] to slow after step 7": "no"},
          expect=("5 of 6", "whom does fast tell at step 4")),
    Wrong(TURNED | {"turned: from the slow state before step 0 to fast after step 7": "yes"},
          expect=("5 of 6", "fast read?")),
    Wrong(TURNED | {"turned, gradients by the tape: does a gradient check fail?": "yes"},
          expect=("5 of 6", "two models")),
)

# ---- 10.step_backward --------------------------------------------------------------------------------


def step_backward(dh, x_t, h_prev, h, t, W, U, period):
    """From dh, the gradient of h, to dx_t, dh_prev, dW, dU, db. h (N, H) is what step_forward made of h_prev."""
    speaks, works = period[:, None] >= period[None, :], t % period == 0
    da = np.where(works, dh * (1.0 - h**2), 0.0)
    dx_t = da @ W.T
    dh_prev = da @ (U * speaks).T + np.where(works, 0.0, dh)  # through those that work; straight on where held
    dW = x_t.T @ da
    dU = (h_prev.T @ da) * speaks
    db = da.sum(axis=0)
    return dx_t, dh_prev, dW, dU, db


BACKWARD_OUTPUTS = (
    Output("dx_t", ("n", "d")),
    Output("dh_prev", ("n", "unit")),
    Output("dW", ("d", "unit")),
    Output("dU", ("from unit", "to unit")),
    Output("db", ("unit",)),
)


def backward_cases() -> list[Case]:
    """Step counts at which all groups work, the fastest alone, the faster two; a gradient of the slow unit alone."""
    rng = np.random.default_rng(1)
    cases = []
    labels = ("all work", "the fastest works", "the faster two work", "dh of the slow unit alone")
    for t, who in enumerate(labels):
        x_t, h_prev, W, U, b = _arrays(rng)
        h, dh = step_forward(x_t, h_prev, t, W, U, b, PERIOD), rng.normal(size=(3, len(PERIOD)))
        if t == 3:
            dh[:, :4] = 0.0
        cases.append(Case(f"t={t}, {who}; periods 1, 1, 2, 2, 4", (dh, x_t, h_prev, h, t, W, U, PERIOD)))
    return cases


def _back(dh, x_t, h_prev, h, t, W, U, period, held=1.0, kept=0.0, turned=False, unmasked=False, everywhere=False):
    """The step back with its rules as options: every mistake is one call of it."""
    speaks, works = period[:, None] >= period[None, :], t % period == 0
    da = np.where(works | everywhere, dh * (1.0 - h**2), 0.0)
    through = da @ (U * (speaks.T if turned else speaks)).T
    dU = h_prev.T @ da
    dh_prev = through + np.where(works, kept * dh, held * dh)
    return da @ W.T, dh_prev, x_t.T @ da, dU if unmasked else dU * speaks, da.sum(axis=0)


def _held_hands_back_nothing(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, held=0.0)


def _all_handed_on(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, kept=1.0)


def _back_triangle_turned(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, turned=True)


def _dU_everywhere(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, unmasked=True)


def _clocks_not_used(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, held=0.0, everywhere=True)


def _da_everywhere(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, everywhere=True)


def _held_through_tanh(dh, x_t, h_prev, h, t, W, U, period):
    return _back(dh, x_t, h_prev, h, t, W, U, period, held=1.0 - h**2)


BACKWARD_WRONG = (
    Wrong(_held_hands_back_nothing,
          slip="a group at rest hands back nothing; it held h_prev, so all of its dh goes to h_prev",
          expect=("case: t=1", "dh_prev differs")),
    Wrong(_all_handed_on, slip="dh goes on past the groups that work, too; what they were is overwritten, so 0 there",
          expect=("case: t=0", "dh_prev differs")),
    Wrong(_back_triangle_turned, slip="dh_prev goes through the wrong triangle: (U * speaks).T, both turned",
          expect=("case: t=0", "dh_prev differs")),
    Wrong(_dU_everywhere, slip="dU has numbers where there is no weight: a gradient there would bring it to life",
          expect=("case: t=0", "dU differs")),
    Wrong(_clocks_not_used, slip="da is made as if every group worked: where one rests its da is 0",
          expect=("case: t=1",)),
    Wrong(_da_everywhere, slip="a group at rest hands dh on, and has a da as well: no weight was used there",
          expect=("case: t=1", "dx_t differs")),
    Wrong(_held_through_tanh, slip="what is handed on has gone through the slope of tanh; no tanh was taken there",
          expect=("case: t=1", "dh_prev differs")),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="10.stack_backward",
        title="Back through a stack",
        minutes=7,
        difficulty=2,
        kind="backward",
        answer=stack_backward,
        judge=agrees_with(stack_backward, stack_cases, outputs=(Output("dx", ("t", "n", "d")),), slips=STACK_WRONG,
                          praise="1, 2 and 3 layers"),
        hints=(
            "From the top down. How many readers has what layer j says, and how many has x?",
            "At layer j, add dy[j] and what the layer above hands down; back[j] of the sum is the gradient of what "
            "layer j read. Its first part belongs to the layer below, its last D numbers to x.",
            "for j from the top to 1: dread = back[j](dy[j] + from_above); from_above = dread[:, :, :-D]; "
            "dx = dx + dread[:, :, -D:]. Layer 0 read x and nothing else.",
        ),
        wrong=STACK_WRONG,
    ),
    Exercise(
        id="10.step_forward",
        title="A step by the clock",
        minutes=7,
        difficulty=2,
        kind="forward",
        answer=step_forward,
        judge=agrees_with(step_forward, forward_cases, outputs=(Output("h", ("n", "unit")),), slips=FORWARD_WRONG,
                          praise="t = 0, 1, 2 and 4"),
        hints=(
            "Two masks: one over pairs of units, which of them speak to which; one over units, which of them work.",
            "speaks[j, i] is true where period[j] >= period[i]; works[i] where t % period[i] == 0. np.where chooses "
            "between the new and the old.",
            "a = x_t @ W + h_prev @ (U * (period[:, None] >= period[None, :])) + b; np.where(…, np.tanh(a), h_prev)",
        ),
        wrong=FORWARD_WRONG,
    ),
    Exercise(
        id="10.blocks",
        title="Count the products",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="blocks",
        answer=BLOCKS,
        judge=is_value(BLOCKS, why=BLOCKS_WHY),
        hints=(
            "Group 1 reads four groups, group 2 three, and so on. A group that rests makes no product.",
            "At t = 2 the groups with periods 1 and 2 work: 4 + 3.",
            "Over eight steps: group 1 works 8 times, group 2 four times, group 3 twice, group 4 once.",
        ),
        wrong=BLOCKS_WRONG,
    ),
    Exercise(
        id="10.turned",
        title="The triangle the wrong way round",
        minutes=5,
        difficulty=3,
        kind="predict",
        name="turned",
        answer=TURNED,
        judge=is_value(TURNED, why=TURNED_WHY),
        hints=(
            "slow works at the steps 0 and 4. Who has seen x[3], and whom may they tell?",
            "As it is, the slow speak to the fast. Turned, the fast speak to the slow, and nobody but the fast "
            "themselves speaks to the fast.",
            "A gradient check compares a gradient with the function that it belongs to, whichever function that is.",
        ),
        wrong=TURNED_WRONG,
    ),
    Exercise(
        id="10.step_backward",
        title="Back by the clock",
        minutes=10,
        difficulty=2,
        kind="backward",
        answer=step_backward,
        judge=agrees_with(step_backward, backward_cases, outputs=BACKWARD_OUTPUTS, slips=BACKWARD_WRONG,
                          praise="dx_t, dh_prev, dW, dU, db in 4 of 4 cases"),
        hints=(
            "It is step_backward of lesson 03 for the units that work, and next to nothing for the others.",
            "da is dh · (1 − h²) where a unit works and 0 where it rests. dh_prev has two parts: what da hands back "
            "through the weights that exist, and dh itself where the state was held.",
            "dh_prev = da @ (U * speaks).T + np.where(works, 0.0, dh); dU = (h_prev.T @ da) * speaks",
        ),
        wrong=BACKWARD_WRONG,
    ),
)
