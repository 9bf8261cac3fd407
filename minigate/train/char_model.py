"""A character model: one cell, a stack of them, or a stack with gated feedback; and a linear map to the scores."""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.backend import asarray
from minigate.layers import Dropout, Linear
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.charlm_config import CharLMConfig
from minigate.train.initialisation import initialise
from minigate.train.recurrent_part import recurrent_part
from minigate.train.wiring import wiring_of


class CharModel(Module):
    """Cell or cells, dropout, linear map: tokens in, scores for the next character out.

    **Equations**: y, state = recurrent(x, state); scores = dropout(y) W + b. With L layers, layer j reads the layer
    below and x, and y = [y^1, …, y^L]: the softmax sees them all.

    **Shapes**: x (T, N) int → scores (T, N, K); the state is that of the cell, or one of each layer.

    ``feedback`` is "none" (a stack), "gated" (a Gated-Feedback RNN) or "open" (its gates held at 1); the other options
    are those of :func:`~minigate.train.recurrent_part.recurrent_part`. Without ``skip_output`` the softmax sees y^L
    alone.

    **Source**: the character models of Graves (2013), section 3, and Chung et al. (2015), section 4.2.

    **Errors**: :class:`OptionError` for an option that has no such value, or means nothing beside the others.
    """

    def __init__(
        self,
        K: int,
        cell: str = "gru",
        layers: int = 1,
        hidden: int = 256,
        feedback: str = "none",
        *,
        dropout: float = 0.0,
        skip_output: bool = True,
        init: str = "default",
        seed: int = 0,
        **wiring: Any,
    ) -> None:
        super().__init__()
        streams = backend.Streams(seed)
        self.K = K
        wiring |= {"skip_output": skip_output, "init": init}
        self.recurrent: Any = recurrent_part(K, cell, layers, hidden, feedback, seed=streams.init, **wiring)
        self.read = self.recurrent.output_size if skip_output else hidden
        self.dropout = Dropout(dropout, seed=streams.noise)
        self.linear = Linear(self.read, K, seed=streams.init)
        initialise(self, init, streams.init)

    def forward(self, x: Any, state: Any = None) -> tuple[Tensor, Any]:
        """Scores for what follows each character, and the state after the last.

        **Shapes**: x (T, N) int → (T, N, K).
        """
        y, state = self.recurrent(asarray(x, like=self.linear["W"]), state)
        if self.read < self.recurrent.output_size:  # Gated-Feedback says the states of all layers, the top one last
            y = y[..., -self.read :]
        return self.linear(self.dropout(y)), state


def build(config: CharLMConfig, K: int) -> CharModel:
    """The model of a configuration with its first weights, for a vocabulary of K symbols."""
    return CharModel(
        K,
        config.cell,
        config.layers,
        config.hidden,
        config.feedback,
        dropout=config.dropout,
        init=config.init,
        seed=config.seed,
        **wiring_of(config),
    )
