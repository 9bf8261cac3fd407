"""The exercises of lesson 12: streams of text, bits per character, the gradient of the scores, and temperature."""

from __future__ import annotations

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value

# ---- 12.streams -------------------------------------------------------------------------------------


def streams(tokens, N):
    """N contiguous streams, each S = (M − 1) // N steps long. tokens (M,) → inputs (S, N), targets (S, N)."""
    S = (len(tokens) - 1) // N  # the last input has to have a target
    inputs = tokens[: N * S].reshape(N, S).T
    targets = tokens[1 : N * S + 1].reshape(N, S).T
    return inputs, targets


def stream_cases() -> list[Case]:
    """Lengths that fit, that leave a rest, that leave no last target; and a single stream."""
    lengths = (("M=31, N=3: S=10", 31, 3), ("M=33, N=3: a rest of two", 33, 3),
               ("M=30, N=3: nothing follows the last one", 30, 3), ("M=12, a single stream", 12, 1))  # fmt: skip
    return [Case(label, (np.arange(M) * 7 % 40, N)) for label, M, N in lengths]


STREAM_OUTPUTS = (Output("inputs", ("step", "stream")), Output("targets", ("step", "stream")))


def _dealt_out(tokens, N):
    S = (len(tokens) - 1) // N
    return tokens[: N * S].reshape(S, N), tokens[1 : N * S + 1].reshape(S, N)


def _not_shifted(tokens, N):
    inputs, _ = streams(tokens, N)
    return inputs, inputs


def _rolled(tokens, N):
    inputs, _ = streams(tokens, N)
    return inputs, np.roll(inputs, -1, axis=0)


def _batch_first(tokens, N):
    inputs, targets = streams(tokens, N)
    return inputs.T, targets.T


def _no_room_for_the_target(tokens, N):
    S = len(tokens) // N
    return tokens[: N * S].reshape(N, S).T, tokens[1 : N * S + 1].reshape(N, S).T


def _a_stream_ahead(tokens, N):
    inputs, _ = streams(tokens, N)
    return inputs, np.roll(inputs, -1, axis=1)


STREAM_WRONG = (
    Wrong(_dealt_out, expect=("inputs differs",),
          slip="dealt out like cards: the next row of a stream is N characters on. First (N, S), then transposed"),
    Wrong(_not_shifted, slip="the targets are the inputs; asked for is what comes next: begin at tokens[1]"),
    Wrong(_rolled, expect=("only step=9 is wrong",),
          slip="the last target of each stream is its own first character; what follows it is the start of the next"),
    Wrong(_batch_first, expect=("inputs has shape (3, 10), expected (step=10, stream=3)", "a transpose is missing")),
    Wrong(_no_room_for_the_target, expect=("M=33, N=3", "your code raised ValueError")),
    Wrong(_a_stream_ahead, slip="the targets are those of the stream beside: one step later, not one stream"),
)

# ---- 12.bits_per_character -------------------------------------------------------------------------


def bits_per_character(scores, targets):
    """The mean of −log₂ p(target) over all steps and streams, p = softmax(scores). scores (T, N, K), targets (T, N)."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    log_p = np.take_along_axis(shifted, targets[:, :, None], axis=-1)[:, :, 0] - log_sum
    return -log_p.mean() / np.log(2.0)


def bits_cases() -> list[Case]:
    """Random scores; a single step; scores so large that their exponentials are no numbers any more."""
    rng = np.random.default_rng(0)
    cases = []
    for label, T, N, size in (
        ("T=5, N=3, K=7, random scores", 5, 3, 2.0),
        ("T=1, N=4: a single step", 1, 4, 2.0),
        ("scores of about 1000", 5, 3, 1000.0),
    ):
        cases.append(Case(label, (size * rng.normal(size=(T, N, 7)), rng.integers(0, 7, size=(T, N)))))
    return cases


def _surprise(scores, targets):
    """−log₂ p(target) of each step and stream."""
    log_p = scores - scores.max(axis=-1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0] / np.log(2.0)


def _nats(scores, targets):
    return bits_per_character(scores, targets) * np.log(2.0)


def _overflows(scores, targets):
    p = np.exp(scores)
    p = p / p.sum(axis=-1, keepdims=True)
    return -np.log2(np.take_along_axis(p, targets[..., None], axis=-1)).mean()


def _summed(scores, targets):
    return _surprise(scores, targets).sum()


def _over_T_only(scores, targets):
    return _surprise(scores, targets).sum() / len(targets)


def _log_of_the_mean(scores, targets):
    return -np.log2(np.exp2(-_surprise(scores, targets)).mean())


def _negative(scores, targets):
    return -bits_per_character(scores, targets)


def _perplexity(scores, targets):
    return 2.0 ** bits_per_character(scores, targets)


def _its_own_opinion(scores, targets):
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    return -(p * np.log2(np.where(p > 0.0, p, 1.0))).sum(axis=-1).mean()


BITS_OUTPUTS = (Output("bits"),)
BITS_WRONG = (
    Wrong(_nats, expect=("T=5, N=3, K=7",), slip="these are nats, of the natural logarithm: divide by ln 2"),
    Wrong(_overflows, expect=("case: scores of about 1000", "bits is not finite")),
    Wrong(_summed, slip="the sum; asked for is the mean over all T · N characters"),
    Wrong(_over_T_only, slip="divided by T; every step has N characters: the mean is over T · N"),
    Wrong(_log_of_the_mean, slip="the logarithm of the mean probability; asked for is the mean of the logarithms"),
    Wrong(_negative, slip="the sign: log₂ of a probability is negative, a surprise is not"),
    Wrong(_perplexity, slip="2 to the power of it: the perplexity"),
    Wrong(_its_own_opinion,
          slip="the entropy of p: how unsure the model is, whatever comes. Only p of the target counts here"),
)

# ---- 12.scores_backward -----------------------------------------------------------------------------


def scores_backward(scores, targets):
    """d loss / d scores (T, N, K), where the loss is the mean of −ln p(target) over all T · N characters."""
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    y = np.arange(scores.shape[-1]) == targets[:, :, None]  # one-hot
    return (p - y) / targets.size


def backward_cases() -> list[Case]:
    """Random scores; a single step; a model that is certain and right, and one that is certain and wrong."""
    rng = np.random.default_rng(1)
    cases = []
    for label, T, N in (("T=5, N=3, K=7, random scores", 5, 3), ("T=1, N=4: a single step", 1, 4)):
        cases.append(Case(label, (2.0 * rng.normal(size=(T, N, 7)), rng.integers(0, 7, size=(T, N)))))
    certain = np.zeros((2, 3, 7))
    certain[..., 4] = 50.0
    return [*cases, Case("certain: right where the target is 4", (certain, np.array([[4, 1, 4], [0, 4, 6]])))]


def _p_and_y(scores, targets):
    p = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True), np.arange(scores.shape[-1]) == targets[..., None]


def _not_a_mean(scores, targets):
    return scores_backward(scores, targets) * targets.size


def _mean_over_T(scores, targets):
    return scores_backward(scores, targets) * targets.shape[1]


def _mean_over_K_too(scores, targets):
    return scores_backward(scores, targets) / scores.shape[-1]


def _y_minus_p(scores, targets):
    return -scores_backward(scores, targets)


def _slope_of_each(scores, targets):
    p, y = _p_and_y(scores, targets)
    return (p - y) * p * (1.0 - p) / targets.size


def _target_only(scores, targets):
    p, y = _p_and_y(scores, targets)
    return (p - y) * y / targets.size


def _p_alone(scores, targets):
    p, _ = _p_and_y(scores, targets)
    return p / targets.size


def _of_p(scores, targets):
    p, y = _p_and_y(scores, targets)
    return -(y / np.maximum(p, 1e-300)) / targets.size


def _scores_for_p(scores, targets):
    _, y = _p_and_y(scores, targets)
    return (scores - y) / targets.size


def _gradient_in_bits(scores, targets):
    return scores_backward(scores, targets) / np.log(2.0)


GRADIENT_OUTPUTS = (Output("dscores", ("t", "n", "k")),)
GRADIENT_WRONG = (
    Wrong(_not_a_mean, slip="p − y of each character; the loss is a mean, so each has a share of 1 / (T · N)",
          expect=("every number is 15 times",)),
    Wrong(_mean_over_T, slip="divided by T, not by T · N", expect=("every number is 3 times",)),
    Wrong(_mean_over_K_too, slip="divided by K as well; the K scores of a character are not averaged"),
    Wrong(_y_minus_p, slip="y − p is the way downhill; the gradient points uphill: p − y",
          expect=("the sign is the other way round",)),
    Wrong(_slope_of_each,
          slip="p (1 − p) once more: the slope of the softmax is in p − y already, it cancels against the logarithm"),
    Wrong(_target_only, slip="only the target's score; all the others are too high by p, and have to go down"),
    Wrong(_p_alone, slip="p without y: one has to be taken off at the target"),
    Wrong(_of_p, slip="this is the gradient with respect to p, −y / p; the softmax is still to be gone through"),
    Wrong(_scores_for_p, slip="scores − y: the softmax is missing"),
    Wrong(_gradient_in_bits, slip="the gradient of the loss in bits; here the loss is in nats, as in all of minigate"),
)

# ---- 12.predict -------------------------------------------------------------------------------------

PREDICTION = {
    "p = 1/2 every time, bits": 1.0,
    "p = 1/2 and 1/8 in turn, bits": 2.0,
    "64 symbols, all equally likely, bits": 6.0,
    "/ T: the gradient is longer by the factor": 32.0,
    "/ T: the first step of plain descent is": "longer",
    "/ T: the first step of Adam is": "the same",
}
WHY = {
    "p = 1/2 every time, bits": "2 to the power of minus what is ½?",
    "p = 1/2 and 1/8 in turn, bits": "the mean of two surprises, 1 bit and 3 bits; not the surprise of a mean",
    "64 symbols, all equally likely, bits": "p = 1/64, and 64 is 2 to the power of what?",
    "/ T: the gradient is longer by the factor": "the divisor should have been T · N, with N = 32",
    "/ T: the first step of plain descent is": "a step of plain gradient descent is the rate times the gradient",
    "/ T: the first step of Adam is": "Adam divides the gradient by its own running size",
}
PREDICT_WRONG = (
    Wrong(PREDICTION | {"p = 1/2 and 1/8 in turn, bits": 1.678}, expect=("5 of 6", "not the surprise of a mean")),
    Wrong(PREDICTION | {"/ T: the first step of Adam is": "longer"}, expect=("5 of 6", "its own running size")),
    Wrong(PREDICTION | {"/ T: the gradient is longer by the factor": 24.0}, expect=("5 of 6", "with N = 32")),
    Wrong(PREDICTION | {"64 symbols, all equally likely, bits": 64.0, "p = 1/2 every time, bits": 0.5},
          expect=("4 of 6", "p = 1/64", "2 to the power of minus")),
)  # fmt: skip

# ---- 12.draw ----------------------------------------------------------------------------------------


def draw(scores, temperature, u):
    """The token k at which the summed p first exceeds u, p = softmax(scores / temperature). scores (K,), 0 ≤ u < 1."""
    scaled = scores / temperature
    p = np.exp(scaled - scaled.max())
    p = p / p.sum()
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def draw_cases() -> list[Case]:
    """Six symbols: three temperatures, four numbers u; and scores so large that their exponentials overflow."""
    scores = np.array([0.5, 2.0, -1.0, 1.5, 0.0, 1.0])
    cases = [Case(f"temperature {temperature}, u = {u}", (scores, temperature, u))
             for temperature in (1.0, 0.5, 2.0) for u in (0.02, 0.35, 0.62, 0.97)]  # fmt: skip
    return [*cases, Case("temperature 0.01: scores / temperature is up to 20000", (100.0 * scores, 0.01, 0.5))]


def _with(p, u):
    return int(np.searchsorted(np.cumsum(p), u, side="right"))


def _softmax(scores):
    p = np.exp(scores - scores.max())
    return p / p.sum()


def _times_temperature(scores, temperature, u):
    return _with(_softmax(scores * temperature), u)


def _temperature_on_p(scores, temperature, u):
    p = _softmax(scores) / temperature
    return _with(p / p.sum(), u)


def _likeliest(scores, temperature, u):
    return int(np.argmax(scores))


def _not_normalised(scores, temperature, u):
    scaled = scores / temperature
    return min(_with(np.exp(scaled - scaled.max()), u), len(scores) - 1)


def _one_too_far(scores, temperature, u):
    return min(_with(_softmax(scores / temperature), u) + 1, len(scores) - 1)


def _no_sum(scores, temperature, u):
    return int(np.searchsorted(_softmax(scores / temperature), u))


def _overflowing(scores, temperature, u):
    p = np.exp(scores / temperature)
    return int(np.argmax(np.cumsum(p / p.sum()) > u))


def _a_probability(scores, temperature, u):
    return _softmax(scores / temperature)


DRAW_WRONG = (
    Wrong(_times_temperature, expect=("temperature 0.5",),
          slip="multiplied by the temperature: hot has to be flat, so the scores are divided by it"),
    Wrong(_temperature_on_p, expect=("temperature 0.5",),
          slip="the temperature is taken of p: a factor that is the same for all goes away when p is normalised"),
    Wrong(_likeliest, slip="this is always the likeliest symbol, whatever u is: nothing is drawn"),
    Wrong(_not_normalised, slip="the exponentials do not add up to 1: divide by their sum before you compare with u"),
    Wrong(_one_too_far, slip="one symbol too far: k is the first at which the sum exceeds u"),
    Wrong(_no_sum, slip="u is compared with each p; it has to be compared with the sum of all p up to k",
          expect=("token differs",)),
    Wrong(_overflowing, expect=("temperature 0.01", "token differs")),
    Wrong(_a_probability, expect=("token has shape (6,), expected ()",)),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="12.streams",
        title="A text as N streams",
        minutes=6,
        difficulty=2,
        kind="build",
        answer=streams,
        judge=agrees_with(streams, stream_cases, outputs=STREAM_OUTPUTS, slips=STREAM_WRONG,
                          praise="lengths that fit and that do not: 4 of 4"),
        hints=(
            "How many characters can be inputs, if each must have one that follows? And how many of these per stream?",
            "S = (M − 1) // N. A stream is a row of S neighbours: reshape to (N, S), and then time comes first.",
            "inputs = tokens[: N * S].reshape(N, S).T, and for the targets the same piece of the text, begun one later",
        ),
        wrong=STREAM_WRONG,
    ),
    Exercise(
        id="12.bits_per_character",
        title="Bits per character",
        minutes=7,
        difficulty=2,
        kind="forward",
        answer=bits_per_character,
        judge=agrees_with(bits_per_character, bits_cases, outputs=BITS_OUTPUTS, slips=BITS_WRONG,
                          praise="small scores and large: 3 of 3"),
        hints=(
            "Three things: the logarithm of the softmax, its value at the target, the mean.",
            "log p = scores − log Σ exp(scores). Take the largest score off first, left and right: p stays as it is, "
            "and no exponential overflows. np.take_along_axis picks the target.",
            "shifted = scores − max; log_p = shifted at the target − np.log(np.exp(shifted).sum(axis=-1)); "
            "return −log_p.mean() / …",
        ),
        wrong=BITS_WRONG,
    ),
    Exercise(
        id="12.scores_backward",
        title="The gradient of the scores",
        minutes=7,
        difficulty=2,
        kind="backward",
        answer=scores_backward,
        judge=agrees_with(scores_backward, backward_cases, outputs=GRADIENT_OUTPUTS, slips=GRADIENT_WRONG,
                          praise="3 of 3, a certain model among them"),
        hints=(
            "Write −ln p(target) as ln Σ exp(scores) − scores[target], and derive the two terms one by one.",
            "The derivative of ln Σ exp(scores) by a score is its p. The second term gives −1 at the target. Then the "
            "mean.",
            "p = softmax(scores); y = np.arange(K) == targets[..., None]; return (p − y) / … for a mean over T · N",
        ),
        wrong=GRADIENT_WRONG,
    ),
    Exercise(
        id="12.predict",
        title="Bits, and a wrong divisor",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="prediction",
        answer=PREDICTION,
        judge=is_value(PREDICTION, why=WHY),
        hints=(
            "A probability of 1/2 is 1 bit, of 1/4 is 2, of 1/8 is 3.",
            "Bits per character are a mean of surprises. Of the divisors T · N is right, and T too small: by what?",
            "Plain descent multiplies the gradient by the rate. Adam divides it by the root of its mean square, in "
            "which the same factor stands.",
        ),
        wrong=PREDICT_WRONG,
    ),
    Exercise(
        id="12.draw",
        title="Draw a character",
        minutes=6,
        difficulty=2,
        kind="build",
        answer=draw,
        judge=agrees_with(draw, draw_cases, outputs=(Output("token"),), slips=DRAW_WRONG,
                          praise="13 of 13 tokens, the last with scores of 20000"),
        hints=(
            "Lay the probabilities end to end on a line from 0 to 1. In whose piece does u lie?",
            "The temperature divides the scores before the softmax. np.cumsum gives the right ends of the pieces.",
            "p = softmax(scores / temperature), the largest score taken off; int(np.searchsorted(np.cumsum(p), u, …))",
        ),
        wrong=DRAW_WRONG,
    ),
)
