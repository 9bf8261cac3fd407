"""The model that reads an image as a sequence and says what it shows, and found again by its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate import backend, cells
from minigate.data.sequences import sizes
from minigate.layers import BatchNorm, Linear, Recurrent
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.named_gates import GATES
from minigate.train.run import best_of
from minigate.train.seqmnist_config import SeqMnistConfig
from minigate.train.trainer import part_of


class SequenceClassifier(Module):
    """One cell over a sequence, its last state normalised over the batch, a linear map to the scores of the classes.

    **Equations**: h_t = cell(x_t, h_{t−1}); scores = BatchNorm(h_T) A + b, without ``batch_norm`` h_T A + b.

    **Shapes**: x (T, N, D) → scores (N, K), before the softmax.

    **Source**: Scardapane et al. (2018), eqs. 2–5, for a GRU with ``reset="before"``.
    """

    def __init__(self, cell: cells.Cell, K: int, batch_norm: bool = True, seed: Any = None) -> None:
        super().__init__()
        self.recurrent = Recurrent(cell)
        self.batch_norm = BatchNorm(cell.H) if batch_norm else None
        self.linear = Linear(cell.H, K, seed=seed)

    def forward(self, x: Any) -> Tensor:
        """Scores for every class, after the last step.

        **Shapes**: x (T, N, D) → (N, K).
        """
        _, state = self.recurrent(x)
        h: Tensor = state[0]
        return self.linear(h if self.batch_norm is None else self.batch_norm(h))


def build(config: SeqMnistConfig, size: tuple[int, int, int], K: int) -> SequenceClassifier:
    """The model of a configuration with its first weights, for images of ``size`` (C, Y, X) in K classes."""
    streams, D = backend.Streams(config.seed), sizes(config.order, size)[1]
    options: dict[str, Any] = {"seed": streams.init}
    cell: cells.Cell
    if config.cell == "gru":
        cell = cells.GRU(D, config.hidden, gate=GATES[config.gate](), reset=config.reset, **options)
    elif config.cell == "lstm":
        cell = cells.LSTM(D, config.hidden, gate=GATES[config.gate](), **options)
    else:
        cell = cells.RNN(D, config.hidden, **options)
    return SequenceClassifier(cell, K, config.batch_norm, streams.init)


def load_classifier(run: str | Path) -> tuple[SequenceClassifier, SeqMnistConfig]:
    """The model of a run, as it was when it was best on the validation part, and its configuration.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    saved = best_of(run, "seqmnist", "a model that classifies")
    values = saved.meta["task"]
    config = SeqMnistConfig(**values["config"])
    C, Y, X = values["size"]
    model = build(config, (C, Y, X), values["classes"])
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return model, config
