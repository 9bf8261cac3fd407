"""The exercises of lesson 09: which terms of a gradient survive, windows by hand, states computed again."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- the pieces of lesson 03 (the same text stands in the notebook) -----------------------------------


def step(x_t, h_prev, W, U, b):
    """h = tanh(x_t W + h_prev U + b). x_t (N, D), h_prev (N, H) → h (N, H)."""
    return np.tanh(x_t @ W + h_prev @ U + b)


def sequence_forward(x, h0, W, U, b):
    """h[0] is h0, h[t + 1] the state after reading x[t]. x (T, N, D) → h (T + 1, N, H)."""
    h = np.zeros((len(x) + 1, *h0.shape))
    h[0] = h0
    for t in range(len(x)):
        h[t + 1] = step(x[t], h[t], W, U, b)
    return h


def step_backward(dh, x_t, h_prev, h, W, U):
    """From dh, the gradient of h = tanh(x_t W + h_prev U + b), to dx_t, dh_prev, dW, dU, db."""
    da = dh * (1.0 - h**2)
    return da @ W.T, da @ U.T, x_t.T @ da, h_prev.T @ da, da.sum(axis=0)


def sequence_backward(dy, dh_end, x, h, W, U):
    """From dy (T, N, H) and dh_end (N, H), what comes back from after the last step, to dx, dh0, dW, dU, db."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh_prev = dh_end
    for t in reversed(range(len(x))):
        dx[t], dh_prev, dW_t, dU_t, db_t = step_backward(dy[t] + dh_prev, x[t], h[t], h[t + 1], W, U)
        dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dh_prev, dW, dU, db


SHARED = (step, sequence_forward, step_backward, sequence_backward)

# ---- 09.terms: predict -------------------------------------------------------------------------------

TERMS = {
    "full, all terms": 78,
    "truncated(4), terms of the loss of step 7": 4,
    "truncated(4), terms of the loss of step 8": 1,
    "truncated(4), all terms": 30,
    "windowed(1, 4), terms of the loss of step 8": 4,
    "windowed(1, 4), all terms": 42,
    "windowed(2, 4), terms of the loss of step 8": 3,
}
TERMS_WHY = {
    "full, all terms": "the loss of step t has t + 1 terms: 1 + 2 + … + 12",
    "truncated(4), terms of the loss of step 7": "step 7 is the last of the window 4, 5, 6, 7",
    "truncated(4), terms of the loss of step 8": "step 8 is the first of the window 8, 9, 10, 11",
    "truncated(4), all terms": "three windows, each a small triangle of 1 + 2 + 3 + 4",
    "windowed(1, 4), terms of the loss of step 8": "its window ends with it and is 4 steps long: 5, 6, 7, 8",
    "windowed(1, 4), all terms": "4 for each loss, but for the first three, which have 1, 2 and 3",
    "windowed(2, 4), terms of the loss of step 8": "steps 8 and 9 share the window 6, 7, 8, 9",
}
TERMS_WRONG = (
    Wrong(TERMS | {"full, all terms": 144}, expect=("6 of 7", "'full, all terms': 144", "t + 1 terms")),
    Wrong(TERMS | {"full, all terms": 66}, expect=("6 of 7", "1 + 2 + … + 12")),
    Wrong(TERMS | {"truncated(4), terms of the loss of step 8": 4, "truncated(4), all terms": 42},
          expect=("5 of 7", "step 8 is the first of the window", "a small triangle")),
    Wrong(TERMS | {"windowed(1, 4), all terms": 48}, expect=("6 of 7", "but for the first three")),
    Wrong(TERMS | {"windowed(2, 4), terms of the loss of step 8": 4}, expect=("6 of 7", "share the window 6, 7, 8, 9")),
)

# ---- 09.windowed_backward ----------------------------------------------------------------------------


def windowed_backward(dy, x, h, W, U, windows):
    """dx, dW, dU, db by windows (start, first, end). dy (T, N, H), x (T, N, D), h (T + 1, N, H)."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    for start, first, end in windows:
        dh_prev = np.zeros_like(h[0])  # nothing comes in from a later window
        for t in reversed(range(start, end)):
            dh = dh_prev + dy[t] if t >= first else dh_prev  # earlier losses have had a window of their own
            dx_t, dh_prev, dW_t, dU_t, db_t = step_backward(dh, x[t], h[t], h[t + 1], W, U)
            dx[t] += dx_t  # a step lies in several windows where they overlap
            dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dW, dU, db


WINDOW_OUTPUTS = (
    Output("dx", ("t", "n", "d")),
    Output("dW", ("d", "unit")),
    Output("dU", ("from unit", "to unit")),
    Output("db", ("unit",)),
)
SIDE_BY_SIDE = [(0, 0, 3), (3, 3, 6), (6, 6, 7)]  # truncated(3), T = 7
OVERLAPPING = [(0, 0, 3), (2, 3, 5), (4, 5, 7)]  # windows of 3 at most, two losses each


def _sequence(rng: np.random.Generator, T: int, N: int = 3, D: int = 2, H: int = 4) -> tuple[Any, ...]:
    x, W, U, b = rng.normal(size=(T, N, D)), rng.normal(size=(D, H)), 0.7 * rng.normal(size=(H, H)), rng.normal(size=H)
    return rng.normal(size=(T, N, H)), x, rng.uniform(-1, 1, size=(N, H)), W, U, 0.5 * b


def window_cases() -> list[Case]:
    """One window over all; windows side by side, the last one short; windows that overlap; a last loss alone."""
    rng = np.random.default_rng(0)
    cases = []
    for label, windows in (
        ("one window over all 7 steps", [(0, 0, 7)]),
        ("windows side by side", SIDE_BY_SIDE),
        ("windows that overlap", OVERLAPPING),
        ("a window for each step, 4 long at most", [(max(0, t - 3), t, t + 1) for t in range(7)]),
    ):
        dy, x, h0, W, U, b = _sequence(rng, 7)
        cases.append(Case(f"{label}: {windows}", (dy, x, sequence_forward(x, h0, W, U, b), W, U, windows)))
    dy, x, h, W, U, _ = cases[1].args
    last = dy * (np.arange(7) == 6)[:, None, None]
    return [*cases, Case("windows that overlap, dy is 0 but for the last step", (last, x, h, W, U, OVERLAPPING))]


def _walk_windows(dy, x, h, W, U, windows, hand_on=False, every_loss=False, add=True, skip=False):
    """The loop with its rules as options: every mistake about windows is one call of it."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh_prev = np.zeros_like(h[0])
    for start, first, end in reversed(windows):
        dh_prev = dh_prev if hand_on else np.zeros_like(h[0])
        for t in reversed(range(first if skip else start, end)):
            dh = dh_prev + dy[t] if every_loss or t >= first else dh_prev
            dx_t, dh_prev, dW_t, dU_t, db_t = step_backward(dh, x[t], h[t], h[t + 1], W, U)
            dx[t] = dx[t] + dx_t if add else dx_t
            dW, dU, db = dW + dW_t, dU + dU_t, db + db_t
    return dx, dW, dU, db


def _handed_on(dy, x, h, W, U, windows):
    return _walk_windows(dy, x, h, W, U, windows, hand_on=True)


def _every_loss(dy, x, h, W, U, windows):
    return _walk_windows(dy, x, h, W, U, windows, every_loss=True)


def _dx_overwritten(dy, x, h, W, U, windows):
    return _walk_windows(dy, x, h, W, U, windows, add=False)


def _stops_at_first(dy, x, h, W, U, windows):
    return _walk_windows(dy, x, h, W, U, windows, skip=True)


def _windows_ignored(dy, x, h, W, U, windows):
    dx, _, dW, dU, db = sequence_backward(dy, np.zeros_like(h[0]), x, h, W, U)
    return dx, dW, dU, db


def _state_reset(dy, x, h, W, U, windows):
    h = h.copy()
    h[[start for start, _, _ in windows]] = 0.0
    return windowed_backward(dy, x, h, W, U, windows)


def _last_window_only(dy, x, h, W, U, windows):
    return windowed_backward(dy, x, h, W, U, windows[-1:])


WINDOW_WRONG = (
    Wrong(_handed_on,
          slip="what arrives at the start of a window goes on into the window before; that is the part that is dropped",
          expect=("case: windows side by side",)),
    Wrong(_every_loss,
          slip="losses before first are counted again; where windows overlap each loss sends its gradient back once",
          expect=("case: windows that overlap",)),
    Wrong(_dx_overwritten, slip="dx[t] = for +=: a step that lies in two windows has a share of both",
          expect=("case: windows that overlap", "dx differs")),
    Wrong(_stops_at_first,
          slip="the walk ends at first; it goes on to start, with no new losses, only with what is carried",
          expect=("case: windows that overlap",)),
    Wrong(_windows_ignored, slip="this is the full gradient: the windows are not used",
          expect=("case: windows side by side",)),
    Wrong(_state_reset, slip="the states at the starts are set to 0; it is the gradient that is cut, not the state",
          expect=("dU differs",)),
    Wrong(_last_window_only, slip="only the last window is walked through"),
)

# ---- 09.starts: a forward pass that forgets -----------------------------------------------------------


def forward_keeping_starts(x, h0, W, U, b, length):
    """The states at the starts of the segments, (S, N, H), and the last state, (N, H). Nothing else is kept."""
    starts, h = [], h0
    for t in range(len(x)):
        if t % length == 0:
            starts.append(h)  # the state before step t
        h = step(x[t], h, W, U, b)
    return np.array(starts), h


STARTS_OUTPUTS = (Output("starts", ("segment", "n", "unit")), Output("the last state", ("n", "unit")))


def starts_cases() -> list[Case]:
    """A length that divides T; one that does not; one segment; segments of a single step."""
    rng = np.random.default_rng(1)
    cases = []
    for T, length in ((6, 3), (7, 3), (5, 5), (4, 1)):
        _, x, h0, W, U, b = _sequence(rng, T)
        cases.append(Case(f"T={T}, length={length}", (x, h0, W, U, b, length)))
    return cases


def _state_after(x, h0, W, U, b, length):
    starts, h = [], h0
    for t in range(len(x)):
        h = step(x[t], h, W, U, b)
        if t % length == 0:
            starts.append(h)
    return np.array(starts), h


def _begins_with_zeros(x, h0, W, U, b, length):
    starts, h = [], h0
    for t in range(len(x)):
        if t % length == 0:
            starts.append(h)
            h = h if t == 0 else np.zeros_like(h)
        h = step(x[t], h, W, U, b)
    return np.array(starts), h


def _last_state_among_them(x, h0, W, U, b, length):
    starts, h = forward_keeping_starts(x, h0, W, U, b, length)
    return np.concatenate([starts, h[None]]), h


def _short_segment_lost(x, h0, W, U, b, length):
    starts, h = forward_keeping_starts(x, h0, W, U, b, length)
    return starts[: len(x) // length], h


def _every_state(x, h0, W, U, b, length):
    h = sequence_forward(x, h0, W, U, b)
    return h[:-1], h[-1]


STARTS_WRONG = (
    Wrong(_state_after, slip="each start is one step late: note the state before step t, then take the step",
          expect=("T=6, length=3", "starts differs")),
    Wrong(_begins_with_zeros, slip="each segment begins with zeros; the state goes on as if there were no segments",
          expect=("the last state differs",)),
    Wrong(_last_state_among_them, expect=("starts has shape (3, 3, 4), expected (segment=2, n=3, unit=4)",)),
    Wrong(_short_segment_lost, slip="the last segment, shorter than the others, has a start as well",
          expect=("T=7, length=3", "starts has shape (2, 3, 4), expected (segment=3, n=3, unit=4)")),
    Wrong(_every_state, slip="this keeps every state, which is what was to be saved: one for each segment",
          expect=("starts has shape (6, 3, 4)",)),
)

# ---- 09.segments_backward ----------------------------------------------------------------------------


def segments_backward(dy, x, starts, W, U, b, length):
    """dx, dh0, dW, dU, db of the whole sequence, one segment of states at a time. starts (S, N, H)."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh = np.zeros_like(starts[0])  # nothing comes back from after the last step
    for s in reversed(range(len(starts))):
        part = slice(s * length, (s + 1) * length)
        h = sequence_forward(x[part], starts[s], W, U, b)  # the states of this segment, once more
        dx[part], dh, dW_s, dU_s, db_s = sequence_backward(dy[part], dh, x[part], h, W, U)
        dW, dU, db = dW + dW_s, dU + dU_s, db + db_s
    return dx, dh, dW, dU, db


SEGMENT_OUTPUTS = (WINDOW_OUTPUTS[0], Output("dh0", ("n", "unit")), *WINDOW_OUTPUTS[1:])


def segment_cases() -> list[Case]:
    """One segment; two; a last one that is shorter; segments of a single step; a loss at the last step alone."""
    rng = np.random.default_rng(2)
    cases = []
    for T, length in ((5, 5), (6, 3), (7, 3), (4, 1)):
        dy, x, h0, W, U, b = _sequence(rng, T)
        starts, _ = forward_keeping_starts(x, h0, W, U, b, length)
        cases.append(Case(f"T={T}, length={length}", (dy, x, starts, W, U, b, length)))
    dy, *rest = cases[1].args
    last = dy * (np.arange(6) == 5)[:, None, None]
    return [*cases, Case("T=6, length=3, dy is 0 but for the last step", (last, *rest))]


def _segments(dy, x, starts, W, U, b, length, order=reversed, keep=1.0, add=True, begin=lambda starts, s: starts[s]):
    """The loop with its rules as options."""
    dx, dW, dU, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(U), np.zeros(len(U))
    dh = np.zeros_like(starts[0])
    for s in order(range(len(starts))):
        part = slice(s * length, (s + 1) * length)
        h = sequence_forward(x[part], begin(starts, s), W, U, b)
        dx[part], dh, *found = sequence_backward(dy[part], keep * dh, x[part], h, W, U)
        dW, dU, db = (q + add * old for q, old in zip(found, (dW, dU, db)))
    return dx, dh, dW, dU, db


def _dropped(dy, x, starts, W, U, b, length):
    return _segments(dy, x, starts, W, U, b, length, keep=0.0)


def _forward_order(dy, x, starts, W, U, b, length):
    return _segments(dy, x, starts, W, U, b, length, order=iter)


def _from_zeros(dy, x, starts, W, U, b, length):
    return _segments(dy, x, starts, W, U, b, length, begin=lambda starts, s: np.zeros_like(starts[s]))


def _from_the_first(dy, x, starts, W, U, b, length):
    return _segments(dy, x, starts, W, U, b, length, begin=lambda starts, s: starts[0])


def _segment_overwrites(dy, x, starts, W, U, b, length):
    return _segments(dy, x, starts, W, U, b, length, add=False)


def _handed_on_as_input(dy, x, starts, W, U, b, length):
    dx, dh, dW, dU, db = segments_backward(dy, x, starts, W, U, b, length)
    return dx, np.zeros_like(dh), dW, dU, db


SEGMENT_WRONG = (
    Wrong(_dropped, slip="nothing is handed on between segments: that is truncated BPTT; here dh goes on",
          expect=("case: T=6, length=3", "dx differs")),
    Wrong(_forward_order,
          slip="the segments are walked from the first to the last; dh of one is known once the one after it is done",
          expect=("case: T=6, length=3",)),
    Wrong(_from_zeros, slip="the states are computed again from zeros; each segment has a start of its own: starts[s]",
          expect=("case: T=5, length=5",)),
    Wrong(_from_the_first, slip="every segment is computed again from the first start: starts[s], not starts[0]",
          expect=("case: T=6, length=3",)),
    Wrong(_segment_overwrites, slip="= for +=: only the first segment's share of the weights' gradients is left",
          expect=("case: T=6, length=3", "dW differs")),
    Wrong(_handed_on_as_input, slip="dh0 is left at 0; it is what the first segment hands back",
          expect=("dh0 differs",)),
)

# ---- 09.learned: predict ------------------------------------------------------------------------------

LEARNED = {
    "truncated(8)": "no",
    "truncated(16)": "no",
    "truncated(20)": "yes",
    "windowed(4, 12)": "no",
    "windowed(4, 13)": "yes",
    "checkpointed(4)": "yes",
}
LEARNED_WHY = {
    "truncated(8)": "write down the windows: in which is step 19, in which step 7?",
    "truncated(16)": "longer than the lag, but where do its windows begin? step 19 lies in the second one",
    "truncated(20)": "what does a window as long as the sequence drop?",
    "windowed(4, 12)": "the last window is 12 steps long and ends with step 19: count back to its first step",
    "windowed(4, 13)": "the last window is 13 steps long and ends with step 19: count back to its first step",
    "checkpointed(4)": "the gradient is handed on between segments",
}
LEARNED_WRONG = (
    Wrong(LEARNED | {"truncated(16)": "yes"}, expect=("5 of 6", "'truncated(16)': 'yes'", "the second one")),
    Wrong(LEARNED | {"truncated(8)": "yes"}, expect=("5 of 6", "in which is step 19")),
    Wrong(LEARNED | {"windowed(4, 12)": "yes"}, expect=("5 of 6", "12 steps long")),
    Wrong(LEARNED | {"windowed(4, 13)": "no", "checkpointed(4)": "no"}, expect=("4 of 6", "handed on")),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="09.terms",
        title="Count what survives",
        minutes=5,
        difficulty=1,
        kind="predict",
        name="terms",
        answer=TERMS,
        judge=is_value(TERMS, why=TERMS_WHY),
        hints=(
            "Draw the triangle for 12 steps: a row for each loss, a square for each step at or before it.",
            "truncated(4) has the windows 0–3, 4–7, 8–11. A loss keeps the squares from the start of its window on.",
            "windowed(2, 4): the windows end before step 4, 6, 8, …; a loss belongs to the first that ends after it, "
            "and keeps the squares from that window's start on.",
        ),
        wrong=TERMS_WRONG,
    ),
    Exercise(
        id="09.windowed_backward",
        title="Back through windows",
        minutes=10,
        difficulty=2,
        kind="backward",
        answer=windowed_backward,
        judge=agrees_with(windowed_backward, window_cases, outputs=WINDOW_OUTPUTS, slips=WINDOW_WRONG,
                          praise="one window, side by side, overlapping: 5 of 5"),
        hints=(
            "It is sequence_backward inside a loop over the windows. Two things change: what the carry begins with, "
            "and which dy are used.",
            "In each window the carry begins as zeros. Walk from end − 1 down to start; add dy[t] where t >= first.",
            "for start, first, end in windows: dh_prev = zeros; for t in reversed(range(start, end)): dh = dh_prev, "
            "plus dy[t] if t >= first; then step_backward, dx[t] += dx_t, dW += dW_t, …",
        ),
        wrong=WINDOW_WRONG,
    ),
    Exercise(
        id="09.starts",
        title="Read, and forget nearly all of it",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=forward_keeping_starts,
        judge=agrees_with(forward_keeping_starts, starts_cases, outputs=STARTS_OUTPUTS, slips=STARTS_WRONG,
                          praise="lengths that divide T and one that does not: 4 of 4"),
        hints=(
            "One variable h is enough for the state. When is it noted?",
            "Before step t, where t is a multiple of length: 0, length, 2 · length, …",
            "for t in range(len(x)): if t % length == 0: starts.append(h); then h = step(x[t], h, W, U, b)",
        ),
        wrong=STARTS_WRONG,
    ),
    Exercise(
        id="09.segments_backward",
        title="All the way back, a segment at a time",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=segments_backward,
        judge=agrees_with(segments_backward, segment_cases, outputs=SEGMENT_OUTPUTS, slips=SEGMENT_WRONG,
                          praise="1, 2, 3 and 4 segments, and a loss at the last step alone"),
        hints=(
            "From the last segment to the first. Each needs its states, which are not there: make them again.",
            "sequence_forward from starts[s] over the segment's inputs gives its states; sequence_backward takes what "
            "the segment after handed back as dh_end, and hands back what the one before gets.",
            "part = slice(s * length, (s + 1) * length); h = sequence_forward(x[part], starts[s], W, U, b); "
            "dx[part], dh, dW_s, dU_s, db_s = sequence_backward(dy[part], dh, x[part], h, W, U)",
        ),
        wrong=SEGMENT_WRONG,
    ),
    Exercise(
        id="09.learned",
        title="Lag 12: who learns it?",
        minutes=4,
        difficulty=2,
        kind="predict",
        name="learned",
        answer=LEARNED,
        judge=is_value(LEARNED, why=LEARNED_WHY),
        hints=(
            "Only the loss of step 19 counts. Does its gradient get to step 7, where the bit is read?",
            "For each way: where does the window of step 19 begin? At 7 or before it is learnt.",
            "truncated(16) has the windows 0–15 and 16–19. windowed(4, 12): the last window is 8–19.",
        ),
        wrong=LEARNED_WRONG,
    ),
)
