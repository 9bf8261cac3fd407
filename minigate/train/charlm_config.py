"""Everything that a character model's result depends on besides the text itself, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from minigate.train.charlm_presets import PRESETS
from minigate.train.configuration import option, with_presets
from minigate.train.training_config import by_default
from minigate.train.wired_config import WiredConfig


@with_presets(PRESETS)
@dataclass(frozen=True)
class CharLMConfig(WiredConfig):
    """Everything that the result depends on, besides the text itself.

    The defaults were chosen by the validation part of Python's documentation, for a run of three minutes on a laptop.
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
    hidden: int = by_default("hidden", 112, WiredConfig)
    batch: int = option(16, "parallel streams, N")
    length: int = option(50, "steps per window, T")
    reset_every: int = option(0, "updates after which the carried state is set to zero; 0 is once per epoch only")
    dropout: float = option(0.3, "share of the cell's outputs left out before the linear map")
    updates: int = by_default("updates", 4200)
    learning_rate: float = by_default("learning_rate", 1e-2)
    schedule: str = by_default("schedule", "cosine")
    warm_up: int = by_default("warm_up", 50)
    clip: float = by_default("clip", 1.0)
    evaluate_every: int = by_default("evaluate_every", 350)
    checkpoint_every: int = by_default("checkpoint_every", 350)

    def __post_init__(self) -> None:
        ones = ("batch", "length")
        self.check("charlm", dict.fromkeys(ones, 1) | {"symbols": 0, "reset_every": 0})

    @property
    def title(self) -> str:
        """A short name: the preset, or cell and sizes."""
        if self.preset:
            return self.preset
        wiring = {"none": "", "gated": "gf-", "open": "gf-open-"}[self.feedback]
        return f"{wiring}{self.cell}{f'{self.layers}x' if self.layers > 1 else ''}{self.hidden}"
