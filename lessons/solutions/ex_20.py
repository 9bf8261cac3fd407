"""The exercises of lesson 20: two steps as one, the scan made of that, its way back, and what is lost."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, wrong


def step_by_step(a, b, h0):
    """h[t] = a[t] ⊙ h[t − 1] + b[t], with h0 before the first. a, b (T, N, H), h0 (N, H) → h (T, N, H)."""
    h, h_prev = np.empty_like(b), h0
    for t in range(len(a)):
        h_prev = h[t] = a[t] * h_prev + b[t]
    return h


SHARED = (step_by_step,)
PLACE = ("t", "n", "unit")

# ---- 20.combine ------------------------------------------------------------------------------------------


def combine(first, second):
    """Two steps as one: h ↦ a₁ h + b₁, and then h ↦ a₂ h + b₂. Each a pair (a, b) → a pair (a, b)."""
    (a_1, b_1), (a_2, b_2) = first, second
    return a_2 * a_1, a_2 * b_1 + b_2


def combine_cases() -> list[Case]:
    """Random steps; a second step that forgets all; a first that keeps all."""
    rng = np.random.default_rng(0)
    first, second = [tuple(rng.normal(size=(2, 3, 4))) for _ in range(2)]
    nothing, everything = np.zeros((3, 4)), np.ones((3, 4))
    return [
        Case("random", (first, second)),
        Case("the second step keeps nothing: a = 0", (first, (nothing, second[1]))),
        Case("the first step changes nothing: a = 1, b = 0", ((everything, nothing), second)),
    ]


def _other_order(first, second):
    return combine(second, first)


def _b_added(first, second):
    return second[0] * first[0], first[1] + second[1]


def _both_added(first, second):
    return first[0] + second[0], first[1] + second[1]


def _by_the_first(first, second):
    return second[0] * first[0], first[0] * first[1] + second[1]


def _b_multiplied(first, second):
    return second[0] * first[0], second[0] * (first[1] + second[1])


COMBINE_WRONG = (
    Wrong(_other_order, slip="the two steps are in the other order: the second is done to what the first has made",
          expect=("b differs",)),
    Wrong(_b_added, slip="b₁ was there before the second step, and is multiplied by a₂ with the rest of the state",
          expect=("b differs",)),
    Wrong(_both_added, slip="factors that follow each other are multiplied: a₂ a₁", expect=("a differs",)),
    Wrong(_by_the_first, slip="b₁ is multiplied by a₁; what comes after it is the second step, a₂"),
    Wrong(_b_multiplied, slip="b₂ comes after the multiplication by a₂, not before", expect=("b differs",)),
)  # fmt: skip

# ---- 20.scan ---------------------------------------------------------------------------------------------


def scan_forward(a, b, h0):
    """h[t] = a[t] ⊙ h[t − 1] + b[t] in rounds of doubling distance. a, b (T, N, H), h0 (N, H) → h (T, N, H)."""
    a, b = a.copy(), b.copy()
    b[0] = a[0] * h0 + b[0]
    distance = 1
    while distance < len(a):
        b[distance:] = a[distance:] * b[:-distance] + b[distance:]  # b first: it needs the a of this round
        a[distance:] = a[distance:] * a[:-distance]
        distance *= 2
    return b


def scan_cases() -> list[Case]:
    """Lengths that are and are not powers of two, one step, factors of both signs."""
    cases = []
    for seed, (label, T) in enumerate((("T=8", 8), ("T=5, no power of two", 5), ("one step, T=1", 1), ("T=13", 13))):
        rng = np.random.default_rng(seed)
        cases.append(Case(label, (rng.uniform(-1, 1, size=(T, 3, 4)), rng.normal(size=(T, 3, 4)),
                                  rng.normal(size=(3, 4)))))  # fmt: skip
    return cases


class Counted(np.ndarray):
    """An array that counts the operations done with it."""

    calls = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Do it with plain arrays, count it, and go on counting with the result."""
        Counted.calls += 1
        plain = [each.view(np.ndarray) if isinstance(each, Counted) else each for each in inputs]
        if "out" in options:
            options["out"] = tuple(each.view(np.ndarray) for each in options["out"])
        return np.asarray(getattr(ufunc, method)(*plain, **options)).view(Counted)


def scan_judge(attempt: Any) -> Verdict:
    """The numbers first; then the number of operations on arrays, which must not grow with every step."""
    verdict = agrees_with(scan_forward, scan_cases, outputs=(Output("h", PLACE),), slips=SCAN_WRONG)(attempt)
    if not verdict.passed:
        return verdict
    T = 64
    numbers = [np.full(shape, 0.5).view(Counted) for shape in ((T, 1, 1), (T, 1, 1), (1, 1))]
    Counted.calls = 0
    attempt(*numbers)
    if Counted.calls >= T:
        return wrong(f"right numbers, but {Counted.calls} operations on arrays for {T} steps",
                     slip="a loop over t, one step after the other; six rounds are enough")  # fmt: skip
    return Verdict("pass", f"{len(scan_cases())} of {len(scan_cases())} lengths, "
                           f"{Counted.calls} operations on arrays for {T} steps")  # fmt: skip


def _rounds(a, b, h0, *, grow=lambda distance: 2 * distance, a_first=False, end=None, start=None):
    """The scan with one thing changed."""
    a, b = a.copy(), b.copy()
    b[0] = start(a, b, h0) if start else a[0] * h0 + b[0]
    distance = 1
    while distance < (end(len(a)) if end else len(a)):
        before = a[distance:].copy()
        if a_first:
            before = a[distance:] * a[:-distance]
        b[distance:] = before * b[:-distance] + b[distance:]
        a[distance:] = a[distance:] * a[:-distance]
        distance = grow(distance)
    return b


def _a_first(*given):
    return _rounds(*given, a_first=True)


def _distance_plus_one(*given):
    return _rounds(*given, grow=lambda distance: distance + 1)


def _one_round_less(*given):
    return _rounds(*given, end=lambda T: (T + 1) // 2)


def _no_h0(*given):
    return _rounds(*given, start=lambda a, b, h0: b[0])


def _h0_added(*given):
    return _rounds(*given, start=lambda a, b, h0: h0 + b[0])


def _a_never_combined(a, b, h0):
    b, distance = b.copy(), 1
    b[0] = a[0] * h0 + b[0]
    while distance < len(a):
        b[distance:] = a[distance:] * b[:-distance] + b[distance:]
        distance *= 2
    return b


def _loop(a, b, h0):
    return step_by_step(a, b, h0)


SCAN_WRONG = (
    Wrong(_a_first, slip="a is brought up to date before b; b needs the a of before this round", expect=("T=8",)),
    Wrong(_distance_plus_one, slip="the distance grows by one; after each round a pair covers twice as many steps, so "
          "it doubles", expect=("T=8",)),
    Wrong(_one_round_less, slip="one round is missing: go on while the distance is smaller than T"),
    Wrong(_no_h0, slip="the state that it begins with is left out", expect=("h differs", "T=8")),
    Wrong(_h0_added, slip="h0 is added as it is; the first step keeps a[0] of it", expect=("h differs",)),
    Wrong(_a_never_combined, slip="only b is combined; the factors of what is put together have to be multiplied too",
          expect=("T=8",)),
    Wrong(_loop, expect=("operations on arrays for 64 steps", "one step after the other")),
)  # fmt: skip

# ---- 20.scan_backward ------------------------------------------------------------------------------------


def scan_backward(dy, a, h, h0, solve):
    """From dy (T, N, H) to da, db, dh0; h as the forward pass left it; solve(a, b, h0) solves the recurrence."""
    a_next = np.concatenate([a[1:], np.zeros_like(a[:1])])  # what step t + 1 keeps; nothing comes after the last
    dh = solve(a_next[::-1], dy[::-1], np.zeros_like(h0))[::-1]
    h_prev = np.concatenate([h0[None], h[:-1]])
    return dh * h_prev, dh, a[0] * dh[0]


BACK_OUTPUTS = (Output("da", PLACE), Output("db", PLACE), Output("dh0", ("n", "unit")))


def backward_cases() -> list[Case]:
    """The same lengths, random dy; and a loss at the last step alone."""
    cases = []
    for seed, case in enumerate([*scan_cases(), Case("a loss at the last step alone", scan_cases()[0].args)]):
        a, b, h0 = case.args
        dy = np.random.default_rng(seed + 50).normal(size=b.shape)
        if "last" in case.label:
            dy[:-1] = 0.0
        cases.append(Case(case.label, (dy, a, step_by_step(a, b, h0), h0, step_by_step)))
    return cases


def _solved(a, dy, h0):
    """dh with whatever stands in a beside dy."""
    return step_by_step(a[::-1], dy[::-1], np.zeros_like(h0))[::-1]


def _shares(dh, a, h, h0):
    return dh * np.concatenate([h0[None], h[:-1]]), dh, a[0] * dh[0]


def _not_shifted(dy, a, h, h0, solve):
    return _shares(_solved(a, dy, h0), a, h, h0)


def _shifted_the_other_way(dy, a, h, h0, solve):
    return _shares(_solved(np.concatenate([np.zeros_like(a[:1]), a[:-1]]), dy, h0), a, h, h0)


def _forward_in_time(dy, a, h, h0, solve):
    return _shares(step_by_step(a, dy, np.zeros_like(h0)), a, h, h0)


def _left_reversed(dy, a, h, h0, solve):
    a_next = np.concatenate([a[1:], np.zeros_like(a[:1])])
    return _shares(_solved(a_next, dy, h0)[::-1], a, h, h0)


def _nothing_carried(dy, a, h, h0, solve):
    return _shares(dy, a, h, h0)


def _state_after(dy, a, h, h0, solve):
    _, dh, dh0 = scan_backward(dy, a, h, h0, solve)
    return dh * h, dh, dh0


def _dh0_too_early(dy, a, h, h0, solve):
    da, dh, _ = scan_backward(dy, a, h, h0, solve)
    return da, dh, dh[0]


def _b_scaled(dy, a, h, h0, solve):
    da, dh, dh0 = scan_backward(dy, a, h, h0, solve)
    return da, a * dh, dh0


BACK_WRONG = (
    Wrong(_not_shifted, slip="dh of step t comes through a of the step after it, a[t + 1], not through its own",
          expect=("da differs", "T=8")),
    Wrong(_shifted_the_other_way, slip="a is shifted the wrong way: beside dy[t] stands a[t + 1], the step that comes "
          "next in time"),
    Wrong(_forward_in_time, slip="this runs forward in time; the gradient of a state comes from the states after it",
          expect=("da differs",)),
    Wrong(_left_reversed, slip="the result is still in the order of the way back: turn it round once more"),
    Wrong(_nothing_carried, slip="each state hears of its own output alone; what later states hand back is missing"),
    Wrong(_state_after, slip="a[t] met the state before the step, h[t − 1], with h0 before the first",
          expect=("da differs",)),
    Wrong(_dh0_too_early, slip="dh[0] is the gradient of the state after the first step; a factor a[0] leads to h0",
          expect=("dh0 differs",)),
    Wrong(_b_scaled, slip="b stands alone in the sum: its gradient is dh as it is", expect=("db differs",)),
)  # fmt: skip

# ---- 20.lost: predict ------------------------------------------------------------------------------------

LOST = {
    "rounds for T = 1000, doubling the distance": 10,
    "the step (½, 1) three times over, as one step: a": 0.125,
    "the step (½, 1) three times over, as one step: b": 1.75,
    "may first and second be exchanged? yes or no": "no",
    "two states, one above the other, same inputs: may they cross? yes or no": "no",
    "odd or even, one layer of minGRU: can it? yes or no": "no",
}
_KEYS = tuple(LOST)
WHY_LOST = {
    _KEYS[0]: "after round k a pair covers 2^k steps",
    _KEYS[1]: "factors are multiplied",
    _KEYS[2]: "start at h = 0 and take the three steps",
    _KEYS[3]: "forget all and then add 1; or add 1 and then forget all",
    _KEYS[4]: "h′ − h becomes (1 − z)(h′ − h), and where does 1 − z lie?",
    _KEYS[5]: "reading a 1 has to turn the states for odd and even round",
}
LOST_WRONG = (
    Wrong(LOST | {_KEYS[0]: 1000}, expect=("5 of 6", "covers 2^k steps")),
    Wrong(LOST | {_KEYS[1]: 1.5, _KEYS[2]: 3.0}, expect=("4 of 6", "factors are multiplied", "the three steps")),
    Wrong(LOST | {_KEYS[3]: "yes"}, expect=("5 of 6", "forget all")),
    Wrong(LOST | {_KEYS[4]: "yes", _KEYS[5]: "yes"}, expect=("4 of 6", "where does 1 − z lie", "turn the states")),
)

# ---- the exercises ---------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="20.combine",
        title="Two steps as one",
        minutes=4,
        difficulty=1,
        kind="build",
        answer=combine,
        judge=agrees_with(combine, combine_cases, outputs=(Output("a", ("n", "unit")), Output("b", ("n", "unit"))),
                          slips=COMBINE_WRONG, praise="a and b in 3 of 3 cases"),
        hints=(
            "Take a state h through the first step, and what comes out through the second. Then sort by h.",
            "a₂ (a₁ h + b₁) + b₂: what stands before h, and what stands alone?",
            "return a_2 * a_1, a_2 * b_1 + b_2",
        ),
        wrong=COMBINE_WRONG,
    ),
    Exercise(
        id="20.scan",
        title="All states in a few rounds",
        minutes=10,
        difficulty=3,
        kind="forward",
        answer=scan_forward,
        judge=scan_judge,
        hints=(
            "Put h0 into the first step. Then rounds: in each, every pair that has another one `distance` before it is "
            "combined with that one; all at once, with slices.",
            "a[distance:] and b[distance:] are the second steps, a[:-distance] and b[:-distance] the first ones. When "
            "the distance has reached T, b holds the states.",
            "b[0] = a[0] * h0 + b[0]; while distance < len(a): b[distance:] = a[distance:] * b[:-distance] + "
            "b[distance:]; then a[distance:] = a[distance:] * a[:-distance]; distance *= 2. Copy a and b first.",
        ),
        wrong=SCAN_WRONG,
    ),
    Exercise(
        id="20.scan_backward",
        title="The way back is a scan from the end",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=scan_backward,
        judge=agrees_with(scan_backward, backward_cases, outputs=BACK_OUTPUTS, slips=BACK_WRONG,
                          praise="da, db, dh0 in 5 of 5 cases"),
        hints=(
            "dh of the last step is its dy. One before it: its dy, and a of the last step times dh of the last step. "
            "That is the recurrence again, from the other end.",
            "Turn everything round with [::-1]; beside dy[t] stands a[t + 1]; nothing comes in at the end. Then "
            "da[t] = dh[t] · h[t − 1] and db[t] = dh[t].",
            "a_next = np.concatenate([a[1:], np.zeros_like(a[:1])]); dh = solve(a_next[::-1], dy[::-1], "
            "np.zeros_like(h0))[::-1]; dh0 = a[0] * dh[0]",
        ),
        wrong=BACK_WRONG,
    ),
    Exercise(
        id="20.lost",
        title="What is won and what is lost",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="lost",
        answer=LOST,
        judge=is_value(LOST, why=WHY_LOST),
        hints=(
            "The first four are about pairs (a, b); the last two about h_t = (1 − z) h_{t−1} + z h̃ with z between 0 "
            "and 1 and z, h̃ the same for both states.",
            "2¹⁰ = 1024. From h = 0 the step (½, 1) gives 1, then 1½, then 1¾.",
            "h′ − h is multiplied by 1 − z > 0 at each step: it keeps its sign. Odd or even needs a 1 to exchange two "
            "states.",
        ),
        wrong=LOST_WRONG,
    ),
)  # fmt: skip
