"""A trained character model, found by the folder of its run, and a text as its symbols."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate.data import Vocabulary
from minigate.errors import DataError, explain
from minigate.train.char_model import CharModel, build
from minigate.train.charlm_config import CharLMConfig
from minigate.train.run import best_of
from minigate.train.trainer import part_of

Array = Any
Trained = tuple[CharModel, Vocabulary]


def load_model(run: str | Path | Trained) -> Trained:
    """The model of a run, as it was when it was best on the validation text, and its vocabulary.

    ``run`` is its folder; a model with its vocabulary comes back as it is.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    if isinstance(run, tuple):
        return run
    saved = best_of(run, "charlm", "a character model")
    vocabulary = Vocabulary.from_json(saved.meta["task"]["vocabulary"])
    model = build(CharLMConfig(**saved.meta["task"]["config"]), len(vocabulary))
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return model, vocabulary


def tokens_of(vocabulary: Vocabulary, text: str, what: str = "the text") -> Array:
    """The symbols of a text; ``what`` it is, for the message.

    **Shapes**: a str → int64 (M,); M is the number of its bytes where the vocabulary is of bytes.

    **Errors**: :class:`DataError` for a text that is empty or has characters that the model has never seen.
    """
    unknown = vocabulary.unknown_in(text)
    if unknown or not text:
        raise DataError(
            explain(
                f"{what} has characters that the model has never seen" if unknown else f"{what} is empty",
                where="charlm",
                expected="one character or more of " + "".join(vocabulary.symbols[1:]).replace("\n", "\\n"),
                got=", ".join(repr(character) for character in unknown) or "''",
            )
        )
    return vocabulary.encode(text).astype("int64")
