"""Everything that the result of classifying images as sequences depends on, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from minigate.data import ORDERS
from minigate.data.images import READERS
from minigate.errors import OptionError, explain
from minigate.train.configuration import option, with_presets
from minigate.train.named_gates import GATES
from minigate.train.seqmnist_presets import PRESETS
from minigate.train.training_config import TrainingConfig, by_default
from minigate.train.wiring import CELLS


@with_presets(PRESETS)
@dataclass(frozen=True)
class SeqMnistConfig(TrainingConfig):
    """Which images are read in which order, by which cell with which gates.

    The defaults read scikit-learn's digits, which need no download, row by row: 35 updates are an epoch, and patience
    ends the run. The presets (:mod:`minigate.train.seqmnist_presets`) are for MNIST.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    preset: str = option("", "images and order by name, as listed below", list(PRESETS))
    data: str = option("digits", f"the images: {', '.join(READERS)}; the digits come with scikit-learn", tuple(READERS))
    folder: str = option("", "where the files of these images lie, if minigate has not fetched them")
    order: str = option("row", "what is read at each step: a row, or a pixel, in order or permuted", ORDERS)
    cell: str = option("gru", "the recurrent cell; rnn is tanh", tuple(CELLS))
    hidden: int = option(100, "its units, H")
    gate: str = option("sigmoid", f"the function of every gate: {', '.join(GATES)}", tuple(GATES))
    reset: str = option("before", "for gru: is the state reset before or after its product?", ("before", "after"))
    batch_norm: bool = option(True, "normalise the last state over the batch before the softmax")
    batch: int = option(32, "images in an update, N")
    updates: int = by_default("updates", 2800)
    beta2: float = by_default("beta2", 0.999)
    clip: float = by_default("clip", 1.0)
    patience: int = by_default("patience", 20)
    evaluate_every: int = by_default("evaluate_every", 35)
    checkpoint_every: int = by_default("checkpoint_every", 350)

    def __post_init__(self) -> None:
        self.check("seqmnist", {"hidden": 1, "batch": 2 if self.batch_norm else 1})
        if self.cell == "rnn" and self.gate != "sigmoid":
            raise OptionError(
                explain("an rnn has no gates", where="seqmnist", expected="--cell gru or --cell lstm with --gate",
                        got=f"--cell rnn --gate {self.gate}")
            )  # fmt: skip

    @property
    def title(self) -> str:
        """A short name: images and order, cell and size, gate."""
        gate = "" if self.cell == "rnn" else f"-{self.gate}"
        return f"{self.data}-{self.order}-{self.cell}{self.hidden}{gate}"
