"""One problem of somebody's own, answered by a trained model: symbol by symbol, each with its probability."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigate.backend import asnumpy
from minigate.errors import OptionError, explain
from minigate.layers import Answer, beam, greedy
from minigate.train.program_model import Solver, load_solver

LONGEST = 100  # symbols of an answer
RIVALS = 3  # symbols that are shown at each place


@dataclass(frozen=True)
class Prediction:
    """What the model reads and answers, what is right, and what else it considered.

    ``symbols`` has for each place of the answer the likeliest symbols with their probabilities, the chosen one first.
    ``others`` are the next best whole answers of a search, with the logarithms of their probabilities.

    **Shapes**: plain values.
    """

    problem: str
    answer: str
    right: str | None
    log_probability: float
    symbols: list[list[tuple[str, float]]]
    others: list[tuple[str, float]]


def predict(run: str | Path | Solver, typed: str, width: int = 1) -> Prediction:
    """Let a run (its folder, or what :func:`load_solver` returns) answer a problem.

    With a ``width`` above 1 a search along so many paths looks for the likeliest answer as a whole.

    **Shapes**: one problem, plain values.

    **Errors**: :class:`DataError` for what is no problem of the task; :class:`OptionError` for a width below one;
    :class:`CheckpointError` where there is no run.
    """
    if width < 1:
        raise OptionError(explain("a search needs a path", where="predict", expected="width ≥ 1", got=str(width)))
    model, task = load_solver(run)
    problem, right = task.solve(typed)
    read = task.source(problem)
    source = task.inputs.encode(read, "predict")[:, None]
    marks: dict[str, Any] = {"start": task.start, "stop": task.stop, "limit": LONGEST}
    found = greedy(model, source, **marks) if width == 1 else beam(model, source, width=width, **marks)
    texts = [task.outputs.decode(answer.tokens) for answer in found]
    return Prediction(
        read, texts[0], None if right is None else f"{right}.", found[0].log_probability,
        _considered(found[0], task.outputs.characters),
        [(text, answer.log_probability) for text, answer in zip(texts[1:], found[1:], strict=True)],
    )  # fmt: skip


def _considered(answer: Answer, characters: str) -> list[list[tuple[str, float]]]:
    """At each place the chosen symbol, then those that were likeliest beside it."""
    places = []
    for token, row in zip(answer.tokens, asnumpy(answer.probabilities), strict=True):
        rivals = [int(k) for k in (-row).argsort(kind="stable")[:RIVALS] if k != token]
        places.append([(characters[k], float(row[k])) for k in [token, *rivals][:RIVALS]])
    return places
