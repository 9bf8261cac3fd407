"""Classifying images that are read as sequences, a row or a pixel at a time."""

from __future__ import annotations

from typing import Any

from minigate.backend import asarray
from minigate.data import Labelled, as_sequences
from minigate.data.sequences import sizes
from minigate.train.classifying import Classifying
from minigate.train.seqmnist_config import SeqMnistConfig
from minigate.train.seqmnist_model import SequenceClassifier, build

Array = Any
STEPS = 50_000  # of all sequences together that are read at once in evaluation


class ClassifyingSequences(Classifying):
    """Every image is a sequence of T steps of D numbers.

    **Errors**: those of :class:`Classifying`.
    """

    experiment = "seqmnist"
    config: SeqMnistConfig
    model: SequenceClassifier

    def make_model(self) -> SequenceClassifier:
        """A cell over the sequence, and a linear map of its last state."""
        return build(self.config, self.size, len(self.images.classes))

    def read(self, images: Labelled) -> Array:
        """**Shapes**: N images → (T, N, D)."""
        like = self.model.linear["W"]
        x = as_sequences(images.pixels, self.config.order, self.images.largest, str(like.dtype))
        return asarray(x, like=like)

    def at_once(self) -> int:
        """As many as have so many steps together, and not more than 500."""
        return min(500, STEPS // sizes(self.config.order, self.size)[0])

    def more(self) -> dict[str, Any]:
        """What a sequence is."""
        T, D = sizes(self.config.order, self.size)
        return {"sequence": f"{T} steps of {D} number{'s' if D > 1 else ''}, {self.config.order} order"}
