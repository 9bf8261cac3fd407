"""Layers: maps from arrays or Tensors to Tensors, with parameters of their own."""

from collections.abc import Callable

from minigate.cells import GRU, LSTM
from minigate.layers.dropout import Dropout
from minigate.layers.embedding import Embedding
from minigate.layers.linear import Linear
from minigate.layers.recurrent import Recurrent
from minigate.layers.stack import Stack
from minigate.module import Module

#: name → build(seed=0, dtype="float64"): a small one for the contract tests, input size 2, output size 4.
registry: dict[str, Callable[..., Module]] = {
    "Linear": lambda seed=0, dtype="float64": Linear(2, 4, seed=seed, dtype=dtype),
    "Embedding": lambda seed=0, dtype="float64": Embedding(7, 4, seed=seed, dtype=dtype),
    "Recurrent": lambda seed=0, dtype="float64": Recurrent(GRU(2, 4, seed=seed, dtype=dtype)),
    "Stack": lambda seed=0, dtype="float64": Stack(
        [Recurrent(GRU(2, 3, seed=seed, dtype=dtype)), Recurrent(LSTM(3, 4, seed=seed + 1, dtype=dtype))]
    ),
}

__all__ = ["Dropout", "Embedding", "Linear", "Recurrent", "Stack", "registry"]
