"""Text from a trained character model, one character after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate.backend import asnumpy, generator
from minigate.data import Vocabulary
from minigate.errors import CheckpointError, DataError, OptionError, explain
from minigate.tensor import no_grad
from minigate.train.char_model import CharModel, build
from minigate.train.charlm_config import CharLMConfig
from minigate.train.checkpoint import load_checkpoint
from minigate.train.run import Run
from minigate.train.trainer import part_of


def load_model(folder: str | Path) -> tuple[CharModel, Vocabulary]:
    """The model of a run, as it was when it was best on the validation text, and its vocabulary.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    run = Run.open(folder)
    if run.config.get("experiment") != "charlm":
        raise CheckpointError(
            explain(
                f"{folder} is not a character model",
                where="sample",
                expected="a run of charlm",
                got=str(run.config.get("experiment")),
            )
        )
    saved = load_checkpoint(run.best if run.best.exists() else run.checkpoint)
    vocabulary = Vocabulary.from_json(saved.meta["task"]["vocabulary"])
    model = build(CharLMConfig(**saved.meta["task"]["config"]), len(vocabulary))
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return model, vocabulary


def sample(
    run: str | Path | tuple[CharModel, Vocabulary],
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

    **Shapes**: returns len(prime) + length characters.

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
    model, vocabulary = run if isinstance(run, tuple) else load_model(run)
    unknown = vocabulary.unknown_in(prime)
    if unknown or not prime:
        raise DataError(
            explain(
                "the prime has characters that the model has never seen" if unknown else "the prime is empty",
                where="sample",
                expected="one character or more of " + "".join(vocabulary.symbols[1:]).replace("\n", "\\n"),
                got=", ".join(repr(character) for character in unknown) or "''",
            )
        )
    rng, training = generator(seed), model.training
    model.eval()
    written = []
    with no_grad():
        scores, state = model(vocabulary.encode(prime)[:, None], None)
        for _ in range(length):
            known = asnumpy(scores)[-1, 0, : len(vocabulary)]  # the model may have room for symbols that never came
            token = _draw(known.astype("float64"), temperature, rng)
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
