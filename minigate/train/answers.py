"""How many answers are right: symbol by symbol, given the right ones before, and as a whole.

Both come from one pass. Where every symbol is the likeliest one after the right symbols before it, the model left to
itself chooses the first, reads it, chooses the second, and so on: it writes exactly this answer. So a whole answer is
right here if and only if greedy decoding would write it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minigate.backend import asarray
from minigate.data import PairBatch, PairTask, collate
from minigate.layers import EncoderDecoder
from minigate.tensor import Tensor, no_grad

Array = Any
BATCH = 256


@dataclass(frozen=True)
class Score:
    """Right symbols of all symbols, right answers of all answers.

    **Shapes**: plain numbers.

    **Source**: the share of right symbols is the accuracy of Zaremba & Sutskever (2014) and Chung et al. (2015).
    """

    symbols: int = 0
    of_symbols: int = 0
    answers: int = 0
    of_answers: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(one + more for one, more in zip(vars(self).values(), vars(other).values(), strict=True)))

    @property
    def accuracy(self) -> float:
        """The share of right symbols, each predicted after the right ones before it."""
        return self.symbols / max(self.of_symbols, 1)

    @property
    def whole(self) -> float:
        """The share of answers that are right from the first symbol to the last."""
        return self.answers / max(self.of_answers, 1)


def scores_of(model: EncoderDecoder, batch: PairBatch) -> Tensor:
    """What the model says at each step of the answers.

    **Shapes**: (S, N, K).
    """
    like = model.linear["W"]
    source, inputs, mask = (asarray(x, like=like) for x in (batch.source, batch.inputs, batch.target_mask))
    source_mask = None if batch.source_mask is None else asarray(batch.source_mask, like=like)
    return model(source, inputs, source_mask, mask)


def score(scores: Tensor, batch: PairBatch) -> Score:
    """Count what is right in the scores of a batch.

    **Shapes**: scores (S, N, K).
    """
    targets, mask = (asarray(x, like=scores.data) for x in (batch.targets, batch.target_mask))
    right = scores.data.argmax(axis=-1) == targets
    symbols, answers = int((right & mask).sum()), int((right | ~mask).all(axis=0).sum())
    return Score(symbols, batch.count, answers, targets.shape[1])


def score_pairs(model: EncoderDecoder, task: PairTask, pairs: Sequence[tuple[str, str]]) -> Score:
    """The score of many pairs; those of a length go together, so that little is padding.

    **Shapes**: pairs of texts.
    """
    by_length = sorted(pairs, key=lambda pair: len(pair[0]))
    total = Score()
    with no_grad():
        for start in range(0, len(by_length), BATCH):
            batch = collate(task, by_length[start : start + BATCH])
            total += score(scores_of(model, batch), batch)
    return total
