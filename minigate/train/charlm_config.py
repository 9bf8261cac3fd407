"""Everything that a character model's result depends on besides the text itself, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from minigate.errors import OptionError, explain
from minigate.train.charlm_presets import PRESETS
from minigate.train.configuration import check_configuration, option
from minigate.train.schedules import SCHEDULES

CELLS = ("gru", "lstm", "rnn")
INIT = ("default", "author")
FEEDBACK = ("none", "gated", "open")


@dataclass(frozen=True)
class CharLMConfig:
    """Everything that the result depends on, besides the text itself.

    The defaults were chosen by the validation part of Python's documentation, for a run of two minutes on a laptop.
    That text is short, so it is read about eight times, and what counts is to learn fast and not by heart: small
    batches, a high learning rate that falls to zero, and dropout before the linear map. The presets
    (:mod:`minigate.train.charlm_presets`) have the settings of Chung et al. (2015) instead.

    **Source**: β₂ = 0.99 is that of the large model of Chung et al. (2015). A shorter memory than
    the usual 0.999 fits the few thousand updates made here.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    preset: str = option("", "a row of the paper's table, as listed below", list(PRESETS))
    text: str = option("pydoc", "pydoc (Python's own documentation), enwik8, shakespeare, or any file")
    file: str = option("", "where a text that has a name lies, if minigate has not fetched it")
    bytes: bool = option(False, "read the file byte by byte instead of as UTF-8 text")
    symbols: int = option(0, "size of the vocabulary, whatever occurs; 0 is as large as the training text needs")
    cell: str = option("gru", "the recurrent cell; rnn is tanh", CELLS)
    layers: int = option(2, "how many layers, L; each reads the layer below and the text, the softmax reads all")
    hidden: int = option(112, "units of each layer, H")
    feedback: str = option("gated", "from every layer to every other: none, gated, or with gates open", FEEDBACK)
    gate_input: str = option("below", "what a feedback gate sees besides the states", ("below", "all_parents"))
    init: str = option("default", "how weights begin: the cells' way or the paper's author's", INIT)
    batch: int = option(16, "parallel streams, N")
    length: int = option(50, "steps per window, T")
    reset_every: int = option(0, "updates after which the carried state is set to zero; 0 is once per epoch only")
    updates: int = option(4200, "how many updates to make")
    optimiser: str = option("adam", "the optimiser", ("adam", "rmsprop", "sgd"))
    learning_rate: float = option(1e-2, "its learning rate, where it is highest")
    beta2: float = option(0.99, "for adam: how long the squared gradients are remembered")
    momentum: float = option(0.9, "for rmsprop and sgd: the share of the last step that is taken again")
    epsilon: float = option(1e-4, "for rmsprop: what is added to the variance of the gradient")
    schedule: str = option("cosine", "the learning rate over time", SCHEDULES)
    warm_up: int = option(50, "updates over which the learning rate rises at the start")
    clip: float = option(1.0, "largest norm of the gradient")
    explode_threshold: float = option(0.0, "a gradient norm above it halves the learning rate, for good; 0 is never")
    dropout: float = option(0.3, "share of the cell's outputs left out before the linear map")
    patience: int = option(0, "evaluations without a new best after which it ends early; 0 is never")
    evaluate_every: int = option(350, "updates between two looks at the validation text")
    checkpoint_every: int = option(350, "updates between two checkpoints")
    checkpoint_minutes: float = option(5.0, "and at most so many minutes between them; 0 is no such limit")
    seed: int = option(0, "the seed of weights and dropout")

    def __post_init__(self) -> None:
        ones = ("layers", "hidden", "batch", "length", "updates", "evaluate_every", "checkpoint_every")
        zeros = ("symbols", "reset_every", "warm_up", "explode_threshold", "patience", "checkpoint_minutes")
        check_configuration(self, "charlm", dict.fromkeys(ones, 1) | dict.fromkeys(zeros, 0))
        if not self.clip > 0:
            raise OptionError(explain("clip is out of range", where="charlm", expected="clip > 0", got=str(self.clip)))

    @property
    def title(self) -> str:
        """A short name: the preset, or cell and sizes."""
        if self.preset:
            return self.preset
        wiring = {"none": "", "gated": "gf-", "open": "gf-open-"}[self.feedback]
        return f"{wiring}{self.cell}{f'{self.layers}x' if self.layers > 1 else ''}{self.hidden}"
