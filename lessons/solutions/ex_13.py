"""The exercises of lesson 13: an encoder that hands its state to a decoder, there and back, and answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, wrong

# ---- what lesson 03 has built: a tanh RNN over a sequence, and its way back ---------------------------------


def rnn_forward(x, h0, W, U, b):
    """h[0] is h0, h[t + 1] the state after x[t]. x (T, N, D) → h (T + 1, N, H)."""
    h = np.zeros((len(x) + 1, *h0.shape))
    h[0] = h0
    for t in range(len(x)):
        h[t + 1] = np.tanh(x[t] @ W + h[t] @ U + b)
    return h


def rnn_backward(dh_after, x, h, W, U):
    """From the gradient of every state after a step, dh_after (T, N, H), to dx, dh0, dW, dU, db."""
    da, carry = np.zeros_like(dh_after), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        da[t] = (dh_after[t] + carry) * (1.0 - h[t + 1] ** 2)
        carry = da[t] @ U.T
    dW, dU = np.einsum("tnd,tnh->dh", x, da), np.einsum("tng,tnh->gh", h[:-1], da)
    return da @ W.T, carry, dW, dU, da.sum(axis=(0, 1))


SHARED = (rnn_forward, rnn_backward)


def _weights(rng: np.random.Generator, D: int, H: int = 4) -> tuple[Any, Any, Any]:
    return rng.normal(size=(D, H)), 0.7 * rng.normal(size=(H, H)), 0.5 * rng.normal(size=H)


def _numbers(seed: int, T: int = 5, S: int = 3, N: int = 3) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(T, N, 2)), rng.normal(size=(S, N, 3)), _weights(rng, 2), _weights(rng, 3)


SIZES = {
    "T=5 read, S=3 written": (5, 3),
    "one step read, T=1": (1, 3),
    "one step written, S=1": (5, 1),
    "more written than read": (2, 6),
}

# ---- 13.forward --------------------------------------------------------------------------------------------


def read_and_write(x, v, encoder, decoder):
    """The decoder's states: it begins where the encoder ends. x (T, N, D), v (S, N, D') → y (S, N, H)."""
    nothing_read = np.zeros((x.shape[1], len(encoder[1])))
    read = rnn_forward(x, nothing_read, *encoder)
    written = rnn_forward(v, read[-1], *decoder)
    return written[1:]


def forward_cases() -> list[Case]:
    """Scripts and answers of several lengths."""
    return [Case(label, _numbers(seed, *sizes)) for seed, (label, sizes) in enumerate(SIZES.items())]


def _begins_with_zeros(x, v, encoder, decoder):
    return rnn_forward(v, np.zeros((x.shape[1], len(encoder[1]))), *decoder)[1:]


def _first_state(x, v, encoder, decoder):
    read = rnn_forward(x, np.zeros((x.shape[1], len(encoder[1]))), *encoder)
    return rnn_forward(v, read[1], *decoder)[1:]


def _state_before_the_last(x, v, encoder, decoder):
    read = rnn_forward(x, np.zeros((x.shape[1], len(encoder[1]))), *encoder)
    return rnn_forward(v, read[-2], *decoder)[1:]


def _with_the_state_before(x, v, encoder, decoder):
    read = rnn_forward(x, np.zeros((x.shape[1], len(encoder[1]))), *encoder)
    return rnn_forward(v, read[-1], *decoder)


def _states_read(x, v, encoder, decoder):
    return rnn_forward(x, np.zeros((x.shape[1], len(encoder[1]))), *encoder)[1:]


FORWARD_WRONG = (
    Wrong(_begins_with_zeros, slip="the decoder begins with zeros: it knows nothing of what was read",
          expect=("T=5 read, S=3 written", "y differs")),
    Wrong(_first_state, slip="the state after the first symbol; all that was read is in the last one, read[-1]"),
    Wrong(_state_before_the_last, slip="the state before the last symbol was read: read has T + 1 entries, the last "
          "is read[-1]"),
    Wrong(_with_the_state_before, expect=("y has shape (4, 3, 4), expected", "T=5 read, S=3 written")),
    Wrong(_states_read, slip="these are the encoder's states; asked for is what the decoder says",
          expect=("T=5 read, S=3 written",)),
)

# ---- 13.backward -------------------------------------------------------------------------------------------


def read_and_write_backward(dy, x, v, read, written, encoder, decoder):
    """From dy (S, N, H) to (dx, dv, the three gradients of the encoder, the three of the decoder)."""
    dv, dstate, *d_decoder = rnn_backward(dy, v, written, *decoder[:2])
    dread = np.zeros_like(read[1:])  # nobody asked the encoder anything on the way
    dread[-1] = dstate  # its last state has one child: the decoder's first
    dx, _, *d_encoder = rnn_backward(dread, x, read, *encoder[:2])
    return dx, dv, *d_encoder, *d_decoder


BACKWARD_OUTPUTS = (
    Output("dx", ("t", "n", "d")),
    Output("dv", ("s", "n", "d")),
    Output("dW of the encoder", ("d", "unit")),
    Output("dU of the encoder", ("from unit", "to unit")),
    Output("db of the encoder", ("unit",)),
    Output("dW of the decoder", ("d", "unit")),
    Output("dU of the decoder", ("from unit", "to unit")),
    Output("db of the decoder", ("unit",)),
)


def backward_cases() -> list[Case]:
    """The same lengths, random dy; and a loss at the last symbol of the answer alone."""
    cases = []
    for seed, (label, sizes) in enumerate([*SIZES.items(), ("a loss at the last symbol alone", (5, 3))]):
        x, v, encoder, decoder = _numbers(seed, *sizes)
        read = rnn_forward(x, np.zeros((3, 4)), *encoder)
        written = rnn_forward(v, read[-1], *decoder)
        dy = np.random.default_rng(seed + 50).normal(size=written[1:].shape)
        if "last" in label:
            dy[:-1] = 0.0
        cases.append(Case(label, (dy, x, v, read, written, encoder, decoder)))
    return cases


def _handed(dy, x, v, read, written, encoder, decoder, hand):
    dv, dstate, *d_decoder = rnn_backward(dy, v, written, *decoder[:2])
    dread = np.zeros_like(read[1:])
    hand(dread, dstate)
    dx, _, *d_encoder = rnn_backward(dread, x, read, *encoder[:2])
    return dx, dv, *d_encoder, *d_decoder


def _nothing_handed(*given):
    return _handed(*given, hand=lambda dread, dstate: None)


def _handed_to_the_first(*given):
    def hand(dread, dstate):
        dread[0] = dstate

    return _handed(*given, hand=hand)


def _handed_to_all(*given):
    def hand(dread, dstate):
        dread[:] = dstate

    return _handed(*given, hand=hand)


def _dy_handed(dy, x, v, read, written, encoder, decoder):
    def hand(dread, dstate):
        dread[-1] = dy[0]

    return _handed(dy, x, v, read, written, encoder, decoder, hand=hand)


def _dv_handed(dy, x, v, read, written, encoder, decoder):
    """The carry taken from the wrong side: through the slope of tanh once more."""

    def hand(dread, dstate):
        dread[-1] = dstate * (1.0 - read[-1] ** 2)

    return _handed(dy, x, v, read, written, encoder, decoder, hand=hand)


def _encoder_weights_for_both(dy, x, v, read, written, encoder, decoder):
    dv, dstate, *d_decoder = rnn_backward(dy, v, written, *decoder[:2])
    dread = np.zeros_like(read[1:])
    dread[-1] = dstate
    dx, _, *d_encoder = rnn_backward(dread, x, read, *encoder[:2])
    total = [one + other if one.shape == other.shape else one for one, other in zip(d_encoder, d_decoder)]
    return dx, dv, *total, *d_decoder


BACKWARD_WRONG = (
    Wrong(_nothing_handed, slip="the decoder's dh0 is not handed on: the encoder never hears of the loss",
          expect=("dx differs",)),
    Wrong(_handed_to_the_first, slip="handed to the encoder's first state; the decoder began with its last",
          expect=("dx differs", "T=5 read, S=3 written")),
    Wrong(_handed_to_all, slip="handed to every state of the encoder; the decoder read only the last of them"),
    Wrong(_dy_handed, slip="dy[0] is the gradient of the decoder's first output; what goes to the encoder is that of "
          "the state it began with, dh0"),
    Wrong(_dv_handed, slip="the slope of tanh once too often: rnn_backward takes the gradient of the state itself"),
    Wrong(_encoder_weights_for_both, slip="encoder and decoder have weights of their own, and gradients of their own",
          expect=("dU of the encoder differs",)),
)

# ---- 13.greedy ---------------------------------------------------------------------------------------------


def write_alone(decode, state, start, stop, limit):
    """The tokens of one answer: the likeliest symbol, again and again, until it is stop or there are limit of them."""
    tokens, token = [], start
    while len(tokens) < limit:
        scores, state = decode(token, state)
        token = int(np.argmax(scores))
        tokens.append(token)
        if token == stop:
            break
    return tokens


def _decoder_of(seed: int) -> Any:
    """A decoder of numbers: decode(token, state) → (scores (K,), state)."""
    rng = np.random.default_rng(seed)
    W, U, b, V = rng.normal(size=(6, 5)), 1.5 * rng.normal(size=(5, 5)), rng.normal(size=5), rng.normal(size=(5, 6))

    def decode(token, state):
        state = np.tanh(W[token] + state @ U + b)
        return state @ V, state

    return decode


def greedy_cases() -> list[Case]:
    """Answers that come to an end at once and later, and one that never does."""
    cases = []
    for label, seed, limit in GREEDY_CASES:
        cases.append(Case(label, (_decoder_of(seed), np.random.default_rng(seed + 9).normal(size=5), 5, 1, limit)))
    return cases


def _length(seed: int, limit: int) -> int:
    state = np.random.default_rng(seed + 9).normal(size=5)
    tokens = write_alone(_decoder_of(seed), state, 5, 1, limit)
    return len(tokens) if tokens[-1] == 1 else -1


def _first_with(lengths: tuple[int, ...]) -> int:
    return next(seed for seed in range(10_000) if _length(seed, 12) in lengths)


#: What happens, a decoder in which it does, and the limit.
GREEDY_CASES = (
    ("an answer of some symbols", _first_with((4, 5, 6)), 12),
    ("an answer that stops at once", _first_with((1,)), 12),
    ("an answer that never stops", _first_with((-1,)), 7),
    ("a limit that cuts an answer off", _first_with((5, 6, 7)), 3),
)


def _always_start(decode, state, start, stop, limit):
    tokens = []
    while len(tokens) < limit:
        scores, state = decode(start, state)
        tokens.append(int(np.argmax(scores)))
        if tokens[-1] == stop:
            break
    return tokens


def _state_kept(decode, state, start, stop, limit):
    tokens, token = [], start
    while len(tokens) < limit:
        scores, _ = decode(token, state)
        token = int(np.argmax(scores))
        tokens.append(token)
        if token == stop:
            break
    return tokens


def _never_stops(decode, state, start, stop, limit):
    tokens, token = [], start
    for _ in range(limit):
        scores, state = decode(token, state)
        token = int(np.argmax(scores))
        tokens.append(token)
    return tokens


def _stop_left_out(decode, state, start, stop, limit):
    tokens = write_alone(decode, state, start, stop, limit)
    return tokens[:-1] if tokens[-1] == stop else tokens


def _with_start(decode, state, start, stop, limit):
    return [start, *write_alone(decode, state, start, stop, limit)]


GREEDY_WRONG = (
    Wrong(_always_start, slip="the decoder is fed start at every step; it should read what it has just chosen"),
    Wrong(_state_kept, slip="the state that decode gives back is thrown away, so every step begins anew"),
    Wrong(_never_stops, slip="it goes on after stop: what comes after the end of an answer is none"),
    Wrong(_stop_left_out, slip="stop is left out; it is a symbol of the answer, and counted as one"),
    Wrong(_with_start, slip="start is in the answer; it is read, and never written"),
)

_same_tokens = agrees_with(
    lambda *given: np.array(write_alone(*given)), greedy_cases, outputs=(Output("tokens", ("s",)),),
    slips=tuple(Wrong(lambda *g, f=each.attempt: np.array(f(*g)), each.slip) for each in GREEDY_WRONG),
    praise="four answers, among them one that never stops",
)  # fmt: skip


def judge_greedy(attempt: Any) -> Verdict:
    """Tokens are a list or an array of whole numbers; the rest is comparison."""
    if not callable(attempt):
        return _same_tokens(attempt)

    def as_array(*given: Any) -> Any:
        found = attempt(*given)
        if found is None:
            raise TypeError("the result is None: is the return missing?")
        return np.array(found)

    for case in greedy_cases():
        try:
            found = as_array(*case.args)
            if found.size and found.dtype.kind not in "iu":
                slip = "the scores instead of their place"
                return wrong("the tokens are no whole numbers", case=case.label, slip=slip)
        except Exception:
            break  # the comparison says what happened
    return _same_tokens(as_array)


# ---- 13.window: predict -------------------------------------------------------------------------------------

WINDOW = {
    "script 7, answer 3, window 5: first step of the script that learns": 5,
    "script 7, answer 3, no window: first step of the script that learns": 0,
    "script 5, answer 3, window 5: steps of the script that learn": 0,
    "script 7, answer 6, window 5: answer symbols from which the script learns": 3,
}
WHY = {
    "script 7, answer 3, window 5: first step of the script that learns":
        "steps 0 … 4 are the first window, 5 … 9 the second: the answer stands in the second",
    "script 7, answer 3, no window: first step of the script that learns":
        "without windows the gradient goes all the way",
    "script 5, answer 3, window 5: steps of the script that learn": "the edge falls exactly where the answer begins",
    "script 7, answer 6, window 5: answer symbols from which the script learns":
        "the second window has script steps 5 and 6, and the first three symbols; the others stand in the third",
}
_ONE, _TWO, _THREE, _FOUR = WINDOW
WINDOW_WRONG = (
    Wrong(WINDOW | {_ONE: 0}, expect=("3 of 4", "the answer stands in the second")),
    Wrong(WINDOW | {_ONE: 2}, expect=("3 of 4", "5 … 9 the second")),
    Wrong(WINDOW | {_THREE: 5, _FOUR: 6}, expect=("2 of 4", "exactly where the answer begins", "stand in the third")),
    Wrong(WINDOW | {_TWO: 5}, expect=("3 of 4", "all the way")),
)

# ---- the exercises -----------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="13.forward",
        title="Read, hand over, write",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=read_and_write,
        judge=agrees_with(read_and_write, forward_cases, outputs=(Output("y", ("s", "n", "unit")),),
                          slips=FORWARD_WRONG, praise="four pairs of lengths"),
        hints=(
            "Two calls of rnn_forward: one over x, from zeros, and one over v. What does the second begin with?",
            "rnn_forward returns T + 1 states. The last one is what is known when all has been read.",
            "read = rnn_forward(x, zeros, *encoder); written = rnn_forward(v, read[-1], *decoder); return written[1:]",
        ),
        wrong=FORWARD_WRONG,
    ),
    Exercise(
        id="13.backward",
        title="The gradient crosses over",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=read_and_write_backward,
        judge=agrees_with(read_and_write_backward, backward_cases, outputs=BACKWARD_OUTPUTS, slips=BACKWARD_WRONG,
                          praise="all eight gradients, for four pairs of lengths and a loss at the last symbol alone"),
        hints=(
            "The decoder first: rnn_backward gives, besides the gradients of v and its weights, that of the state it "
            "began with.",
            "For the encoder rnn_backward wants the gradient of every state after a step. All are zero but one.",
            "dv, dstate, *d_decoder = rnn_backward(dy, v, written, W', U'); dread = zeros; dread[-1] = dstate; then "
            "rnn_backward(dread, x, read, W, U)",
        ),
        wrong=BACKWARD_WRONG,
    ),
    Exercise(
        id="13.greedy",
        title="Writing without a teacher",
        minutes=7,
        difficulty=2,
        kind="build",
        answer=write_alone,
        judge=judge_greedy,
        hints=(
            "A loop. It holds two things from step to step: the symbol that is read next, and the state.",
            "Begin with start. After each step the likeliest symbol is written, and is read in the next step.",
            "scores, state = decode(token, state); token = int(np.argmax(scores)); append it; stop if it is stop.",
        ),
        wrong=GREEDY_WRONG,
    ),
    Exercise(
        id="13.window",
        title="How far back does an answer teach?",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="window",
        answer=WINDOW,
        judge=is_value(WINDOW, why=WHY),
        hints=(
            "Lay script and answer out on one line, count from 0, and draw the edges of the windows.",
            "A gradient goes from a symbol of the answer back to the edge of the window in which the symbol stands.",
            "Script 7, answer 3, window 5: the line has ten steps, the edge is before step 5, the answer at 7, 8, 9.",
        ),
        wrong=WINDOW_WRONG,
    ),
)
