"""A trained character model together with what its symbols mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minigate.data import Vocabulary
from minigate.errors import CheckpointError, DataError, explain
from minigate.train.char_model import CharModel, build
from minigate.train.charlm_config import CharLMConfig
from minigate.train.checkpoint import load_checkpoint
from minigate.train.run import Run
from minigate.train.trainer import part_of

Array = Any


@dataclass(frozen=True)
class Trained:
    """A model, its vocabulary, and whether its symbols are the bytes of UTF-8 text instead of its characters."""

    model: CharModel
    vocabulary: Vocabulary
    as_bytes: bool = False

    def tokens(self, text: str, what: str = "the text") -> Array:
        """The symbols of a text; ``what`` it is, for the message.

        **Shapes**: a str → int64 (M,); M is the number of its bytes where the symbols are bytes.

        **Errors**: :class:`DataError` for a text that is empty or has characters that the model has never seen.
        """
        symbols = text.encode("utf-8").decode("latin-1") if self.as_bytes else text
        unknown = self.vocabulary.unknown_in(symbols)
        if unknown or not text:
            raise DataError(
                explain(
                    f"{what} has characters that the model has never seen" if unknown else f"{what} is empty",
                    where="charlm",
                    expected="one character or more of " + "".join(self.vocabulary.symbols[1:]).replace("\n", "\\n"),
                    got=", ".join(repr(symbol) for symbol in unknown) or "''",
                )
            )
        return self.vocabulary.encode(symbols)

    def text(self, tokens: Iterable[int]) -> str:
        """What these symbols say; bytes that are no UTF-8 show as the replacement character.

        **Shapes**: int (M,) → a str.
        """
        symbols = self.vocabulary.decode(list(tokens))
        return symbols.encode("latin-1", "replace").decode("utf-8", "replace") if self.as_bytes else symbols

    def symbols(self, tokens: Iterable[int]) -> list[str]:
        """One short text for each symbol, to stand below a picture.

        **Shapes**: int (M,) → M texts.
        """
        return list(self.vocabulary.decode(list(tokens)))


Source = Trained | tuple[CharModel, Vocabulary]


def load_model(folder: str | Path) -> tuple[CharModel, Vocabulary]:
    """The model of a run, as it was when it was best on the validation text, and its vocabulary.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    trained = load_trained(folder)
    return trained.model, trained.vocabulary


def load_trained(source: str | Path | Source) -> Trained:
    """The best model of a run's folder with its vocabulary; what is one already comes back as it is.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    if isinstance(source, Trained):
        return source
    if isinstance(source, tuple):
        return Trained(*source)
    run = Run.open(source)
    if run.config.get("experiment") != "charlm":
        raise CheckpointError(
            explain(
                f"{source} is not a character model",
                where="charlm",
                expected="a run of charlm",
                got=str(run.config.get("experiment")),
            )
        )
    saved = load_checkpoint(run.best if run.best.exists() else run.checkpoint)
    vocabulary = Vocabulary.from_json(saved.meta["task"]["vocabulary"])
    config = CharLMConfig(**saved.meta["task"]["config"])
    model = build(config, len(vocabulary))
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return Trained(model, vocabulary, config.bytes)
