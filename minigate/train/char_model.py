"""A character model: one cell, a stack of them, or a stack with gated feedback; and a linear map to the scores."""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.backend import asarray
from minigate.layers import Dropout, Linear
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.charlm_config import CharLMConfig
from minigate.train.initialisation import author_initialisation
from minigate.train.recurrent_part import recurrent_part


class CharModel(Module):
    """Cell or cells, dropout, linear map: tokens in, scores for the next character out.

    **Equations**: y, state = recurrent(x, state); scores = dropout(y) W + b. With L layers, layer j reads the layer
    below and x, and y = [y^1, …, y^L]: the softmax sees them all.

    **Shapes**: x (T, N) int → scores (T, N, K); the state is that of the cell, or one of each layer.

    **Source**: the character models of Graves (2013), section 3, and Chung et al. (2015), section 4.2; ``feedback``
    is "none" (their stacked RNN), "gated" (their Gated-Feedback RNN) or "open" (its gates held at 1).
    """

    def __init__(
        self,
        K: int,
        cell: str = "gru",
        hidden: int = 256,
        dropout: float = 0.0,
        seed: int = 0,
        *,
        layers: int = 1,
        feedback: str = "none",
        gate_input: str = "below",
        init: str = "default",
    ) -> None:
        super().__init__()
        streams = backend.Streams(seed)
        self.K = K
        self.recurrent: Any = recurrent_part(K, cell, hidden, layers, feedback, gate_input, streams.init)
        self.dropout = Dropout(dropout, seed=streams.noise)
        self.linear = Linear(self.recurrent.output_size, K, seed=streams.init)
        if init == "author":
            author_initialisation(self, streams.init)

    def forward(self, x: Any, state: Any = None) -> tuple[Tensor, Any]:
        """Scores for what follows each character, and the state after the last.

        **Shapes**: x (T, N) int → (T, N, K).
        """
        y, state = self.recurrent(asarray(x, like=self.linear["W"]), state)
        return self.linear(self.dropout(y)), state


def build(config: CharLMConfig, K: int) -> CharModel:
    """The model of a configuration with its first weights, for a vocabulary of K symbols."""
    return CharModel(
        K,
        config.cell,
        config.hidden,
        config.dropout,
        config.seed,
        layers=config.layers,
        feedback=config.feedback,
        gate_input=config.gate_input,
        init=config.init,
    )
