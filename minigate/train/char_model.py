"""A character model: one cell, a stack of them, or a stack with gated feedback; and a linear map to the scores."""

from __future__ import annotations

from typing import Any

from minigate import backend, cells
from minigate.backend import asarray
from minigate.layers import Dropout, Linear, Recurrent, Stack
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.charlm_config import CharLMConfig
from minigate.train.initialisation import author_initialisation

CELLS = {"gru": cells.GRU, "lstm": cells.LSTM, "rnn": cells.RNN}
UNITS = {"gru": "gru", "lstm": "lstm", "rnn": "tanh"}
GATES = {"gated": "learned", "open": "open"}


class CharModel(Module):
    """Cell or cells, dropout, linear map: tokens in, scores for the next character out.

    **Equations**: y, state = recurrent(x, state); scores = dropout(y) W + b. With L layers, layer j reads the layer
    below and x, and y = [y^1, …, y^L]: the softmax sees them all.

    **Shapes**: x (T, N) int → scores (T, N, K); the state is that of the cell, or one of each layer.

    **Source**: the character models of Graves (2013), section 3, and Chung et al. (2015), section 4.1; ``feedback``
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
        self.recurrent: Any
        if feedback != "none":
            options: dict[str, Any] = {"gates": GATES[feedback], "gate_input": gate_input, "seed": streams.init}
            self.recurrent = Recurrent(cells.GatedFeedback(K, [hidden] * layers, unit=UNITS[cell], **options))
        elif layers > 1:
            below = [K, *([hidden + K] * (layers - 1))]
            each = [Recurrent(CELLS[cell](D, hidden, seed=streams.init)) for D in below]
            self.recurrent = Stack(each, skip_input=True, skip_output=True)
        else:
            self.recurrent = Recurrent(CELLS[cell](K, hidden, seed=streams.init))
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
