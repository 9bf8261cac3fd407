"""Text from a trained character model, one character after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate.backend import asnumpy, generator
from minigate.errors import OptionError, explain
from minigate.tensor import no_grad
from minigate.train.trained import Trained, load_model, tokens_of


def sample(
    run: str | Path | Trained,
    prime: str = "The ",
    length: int = 400,
    temperature: float = 0.8,
    seed: int | None = 0,
) -> str:
    """Let a run (its folder, or what :func:`load_model` returns) write on from ``prime``; the prime comes first.

    The prime is read to bring the state to where it leads; then each character is drawn from the softmax and
    fed back. The unknown symbol is never drawn.

    **Equations**: p(k) ∝ exp(score[k] / temperature); temperature 1 is the model's own opinion, towards 0
    it always takes the likeliest, above 1 it dares more.

    **Shapes**: returns len(prime) + length characters; of a model of bytes, length bytes, read as UTF-8.

    **Source**: the generation protocol of Graves (2013), section 4, and Chung et al. (2015), section 5.1.

    **Errors**: :class:`DataError` for a prime that is empty or has characters that the model has never seen;
    :class:`OptionError` for a negative length or temperature; :class:`CheckpointError` where there is no run.
    """
    if length < 0 or not temperature >= 0:
        raise OptionError(
            explain(
                "out of range",
                where="sample",
                expected="length ≥ 0, temperature ≥ 0",
                got=f"length={length}, temperature={temperature}",
            )
        )
    model, vocabulary = load_model(run)
    known = len(vocabulary.symbols)  # there may be room for more, which never came
    rng, training = generator(seed), model.training
    tokens = tokens_of(vocabulary, prime, "the prime")
    model.eval()
    written = []
    with no_grad():
        scores, state = model(tokens[:, None], None)
        for _ in range(length):
            token = _draw(asnumpy(scores)[-1, 0, :known].astype("float64"), temperature, rng)
            written.append(token)
            scores, state = model(numpy.array([[token]]), state)
    model.train(training)
    return prime + vocabulary.decode(written)


def _draw(scores: Any, temperature: float, rng: numpy.random.Generator) -> int:
    """One token from the scores, never 0: the unknown symbol has no character to show.

    **Shapes**: scores (K,) float64.
    """
    scores = scores[1:] - scores[1:].max()
    if temperature == 0:
        return 1 + int(scores.argmax())
    summed = numpy.exp(scores / temperature).cumsum()
    return 1 + min(int(numpy.searchsorted(summed, rng.random() * summed[-1], side="right")), len(scores) - 1)
