"""What comes next in a text, one character at a time: the task, as the trainer sees it.

The corpus is read as N parallel streams, T characters at a time. The model looks its input share up by character
(which is what a one-hot vector times a matrix does), its output goes through dropout and one linear map to
K scores, and the loss is the cross entropy with the character that did come next. The state is carried
from window to window, and the gradient stops at the window's edge: stateful truncated BPTT.

The result is given in *bits per character*: how many bits this text would take if the model's probabilities
were used to compress it. Log₂ K (about 6.7) is knowing nothing; Chung et al. (2015) report 1.8 to 1.9 for
models of this kind on Wikipedia.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from minigate import data, ops
from minigate.backend import asarray, asnumpy
from minigate.data import Split, StreamReader, Text, Vocabulary, Window, overlap, split
from minigate.errors import CheckpointError, explain
from minigate.layers.states import detached
from minigate.tensor import Tensor, no_grad
from minigate.train.char_model import build
from minigate.train.charlm_config import CharLMConfig
from minigate.train.optimisers import Optimiser
from minigate.train.sampling import sample
from minigate.train.trainer import Task


def read(config: CharLMConfig) -> Text:
    """The text that a configuration names.

    **Errors**: :class:`DataError` where it cannot be read.
    """
    return data.read(config.text, config.file or None, config.bytes)


class CharLM(Task):
    """The task that the trainer works on: a character model, a text in three parts, and a carried state.

    **Errors**: :class:`DataError` where the text is too short for N streams.
    """

    measure, unit = "bpc", "characters"

    def __init__(self, config: CharLMConfig, text: Text | None = None, vocabulary: Vocabulary | None = None) -> None:
        self.config, self.text = config, read(config) if text is None else text
        self.parts: Split = split(self.text.characters)
        self.vocabulary = vocabulary or Vocabulary(self.parts.train, config.symbols)
        self.model = build(config, len(self.vocabulary))
        self.reader = StreamReader(self.vocabulary.encode(self.parts.train), config.batch, config.length)
        self.carried: Any = None
        self.seen = 0

    def optimiser(self) -> Optimiser:
        """The optimiser that the configuration names, on the model's parameters."""
        return self.config.make_optimiser(self.model)

    def describe(self) -> dict[str, Any]:
        """The data in plain values: what a resumed run must find again, and how much of it is known by heart."""
        parts = self.parts
        return {
            "text": self.text.description,
            "sha256": self.text.sha256,
            "characters": {part: len(getattr(parts, part)) for part in ("train", "valid", "test")},
            "vocabulary": len(self.vocabulary),
            "symbols": self.vocabulary.description,
            "repeats": {part: round(overlap(parts.train, getattr(parts, part)), 3) for part in ("valid", "test")},
        }

    def loss(self) -> Tensor:
        """Cross entropy in nats, the mean over the next window; the state is carried on without its history.

        It begins with zeros where the streams do, and every ``reset_every`` updates: how many have been made is
        known from the place in the text.

        **Shapes**: a scalar.
        """
        every, done = self.config.reset_every, self.reader.epoch * len(self.reader) + self.reader.index
        window = self.reader.next_window()
        anew = window.first or (every > 0 and done % every == 0)
        scores, state = self.model(window.inputs, None if anew else self.carried)
        self.carried = detached(state)
        self.seen += window.count
        return _cross_entropy(scores, window)

    def evaluate(self, part: str, streams: int | None = None) -> float:
        """Bits per character on ``"valid"`` or ``"test"``: every character but the first counts exactly once.

        The text is read as some parallel streams, up to a hundred in a long one, with carried state. The first few
        characters of each are predicted without a past, which costs less than a hundredth of a bit in the
        mean and saves most of the time.

        **Equations**: −(1/M) Σ log₂ p(next character | all before it in its stream).
        """
        tokens = self.vocabulary.encode(getattr(self.parts, part))
        reader = StreamReader(tokens, streams or _streams(len(tokens)), 256 if len(tokens) < 100_000 else 100)
        nats, state = 0.0, None
        with no_grad():
            for window in reader:
                scores, state = self.model(window.inputs, state)
                nats += _cross_entropy(scores, window).item() * window.count
        return nats / reader.count / math.log(2)

    def show(self) -> dict[str, Any]:
        """What the model writes, for the report at the end."""
        prime = "The " if not self.vocabulary.unknown_in("The ") else self.vocabulary.symbols[1]
        return {"sample": sample((self.model, self.vocabulary), prime=prime)}

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The carried state as arrays; the position, the vocabulary and the configuration as plain values."""
        values = {
            "position": self.reader.position,
            "vocabulary": self.vocabulary.to_json(),
            "config": asdict(self.config),
        }
        return _named("carried", self.carried), values

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved.

        **Errors**: :class:`CheckpointError` where the saved run learns another text.
        """
        if values["vocabulary"] != self.vocabulary.to_json():
            raise CheckpointError(explain("the text has other characters than in the checkpoint", where="charlm"))
        self.reader.position = values["position"]
        self.carried = _from_names("carried", arrays)


def _streams(characters: int) -> int:
    """Up to ten of a thousand characters or more, up to a hundred of five thousand or more."""
    return max(1, min(10, characters // 1000), min(100, characters // 5000))


def _named(name: str, state: Any) -> dict[str, Any]:
    """Every array of a state under its place in it: carried.0, or carried.2.1 for the second of the third layer.

    **Shapes**: each array as it is in the state.
    """
    if state is None:
        return {}
    if not isinstance(state, tuple):
        return {name: asnumpy(state)}
    return {key: array for place, part in enumerate(state) for key, array in _named(f"{name}.{place}", part).items()}


def _from_names(name: str, arrays: dict[str, Any]) -> Any:
    """The state that :func:`_named` took apart.

    **Shapes**: each array as it was.
    """
    if not arrays:
        return None
    if name in arrays:
        return Tensor(asarray(arrays[name]))
    parts: dict[int, dict[str, Any]] = {}
    for key, array in arrays.items():
        parts.setdefault(int(key[len(name) + 1 :].partition(".")[0]), {})[key] = array
    return tuple(_from_names(f"{name}.{place}", parts[place]) for place in sorted(parts))


def _cross_entropy(scores: Tensor, window: Window) -> Tensor:
    mask = None if window.mask is None else asarray(window.mask, like=scores.data)
    return ops.softmax_cross_entropy(scores, asarray(window.targets, like=scores.data), mask=mask)
