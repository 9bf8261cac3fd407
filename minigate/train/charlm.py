"""A character model: what comes next in a text, one character at a time.

The corpus is read as N parallel streams, T characters at a time. The cell looks its input share up by character
(which is what a one-hot vector times a matrix does), its output goes through dropout and one linear map to
K scores, and the loss is the cross entropy with the character that did come next. The state is carried
from window to window, and the gradient stops at the window's edge: stateful truncated BPTT.

The result is given in *bits per character*: how many bits this text would take if the model's probabilities
were used to compress it. Log₂ K (about 6.7) is knowing nothing; Chung et al. (2015) report 1.8 to 1.9 for
models of this kind on Wikipedia.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from minigate import backend, cells, ops
from minigate.backend import asarray, asnumpy
from minigate.data import Split, StreamReader, Text, Vocabulary, Window, overlap, pydoc, read_text, split
from minigate.errors import CheckpointError, OptionError, explain
from minigate.layers import Dropout, Linear, Recurrent
from minigate.module import Module
from minigate.tensor import Tensor, no_grad
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp

CELLS = {"gru": cells.GRU, "lstm": cells.LSTM, "rnn": cells.RNN}
OPTIMISERS: dict[str, type[Optimiser]] = {"adam": Adam, "rmsprop": RMSProp, "sgd": SGD}
State = tuple[Tensor, ...] | None


def option(default: Any, text: str, choices: tuple[str, ...] = ()) -> Any:
    """A field of the configuration with the line that ``--help`` shows for it."""
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class CharLMConfig:
    """Everything that the result depends on, besides the text itself.

    The defaults were chosen by the validation part of Python's documentation, for a run of two minutes on a laptop.
    That text is short, so it is read about ten times, and what counts is to learn fast and not by heart: small
    batches, a high learning rate that falls to zero, and dropout before the linear map.

    **Source**: β₂ = 0.99 is that of the large model of Chung et al. (2015). A shorter memory than
    the usual 0.999 fits the few thousand updates made here.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    text: str = option("", "a text file; without it, Python's own documentation")
    bytes: bool = option(False, "read the file byte by byte instead of as UTF-8 text")
    cell: str = option("gru", "the recurrent cell", tuple(CELLS))
    hidden: int = option(256, "units of the cell, H")
    batch: int = option(16, "parallel streams, N")
    length: int = option(100, "steps per window, T")
    updates: int = option(2500, "how many updates to make")
    optimiser: str = option("adam", "the optimiser", tuple(OPTIMISERS))
    learning_rate: float = option(1e-2, "its learning rate, where it is highest")
    beta2: float = option(0.99, "for adam: how long the squared gradients are remembered")
    schedule: str = option("cosine", "the learning rate over time", ("constant", "linear", "cosine"))
    warm_up: int = option(50, "updates over which the learning rate rises at the start")
    clip: float = option(1.0, "largest norm of the gradient")
    dropout: float = option(0.4, "share of the cell's outputs left out before the linear map")
    evaluate_every: int = option(250, "updates between two looks at the validation text")
    checkpoint_every: int = option(250, "updates between two checkpoints")
    seed: int = option(0, "the seed of weights and dropout")

    def __post_init__(self) -> None:
        for name in ("hidden", "batch", "length", "updates", "evaluate_every", "checkpoint_every"):
            value = getattr(self, name)
            if value < 1:
                raise OptionError(explain(f"{name} is below one", where="charlm", expected="≥ 1", got=str(value)))
        if not self.clip > 0:
            raise OptionError(explain("clip is out of range", where="charlm", expected="clip > 0", got=str(self.clip)))
        for item in self.__dataclass_fields__.values():
            choices, value = item.metadata["choices"], getattr(self, item.name)
            if choices and value not in choices:
                raise OptionError(
                    explain(f"no such {item.name}", where="charlm", expected=" | ".join(choices), got=repr(value))
                )


class CharModel(Module):
    """Cell, dropout, linear map: tokens in, scores for the next character out.

    **Equations**: y, state = cell(x, state); scores = dropout(y) W + b.

    **Shapes**: x (T, N) int → scores (T, N, K); the state is the cell's.

    **Source**: the single-layer character models of Graves (2013), section 3, and Chung et al. (2015), section 4.1.
    """

    def __init__(self, K: int, cell: str = "gru", hidden: int = 256, dropout: float = 0.0, seed: int = 0) -> None:
        super().__init__()
        streams = backend.Streams(seed)
        self.K = K
        self.recurrent = Recurrent(CELLS[cell](K, hidden, seed=streams.init))
        self.dropout = Dropout(dropout, seed=streams.noise)
        self.linear = Linear(hidden, K, seed=streams.init)

    def forward(self, x: Any, state: State = None) -> tuple[Tensor, State]:
        """Scores for what follows each character, and the state after the last.

        **Shapes**: x (T, N) int → (T, N, K).
        """
        y, state = self.recurrent(asarray(x, like=self.linear["W"]), state)
        return self.linear(self.dropout(y)), state


def read(config: CharLMConfig) -> Text:
    """The text that a configuration names.

    **Errors**: :class:`DataError` where it cannot be read.
    """
    return read_text(config.text, config.bytes) if config.text else pydoc()


class CharLM:
    """The task that the trainer works on: a :class:`CharModel`, a text in three parts, and a carried state.

    **Errors**: :class:`DataError` where the text is too short for N streams.
    """

    measure = "bpc"

    def __init__(self, config: CharLMConfig, text: Text | None = None, vocabulary: Vocabulary | None = None) -> None:
        self.config, self.text = config, read(config) if text is None else text
        self.parts: Split = split(self.text.characters)
        self.vocabulary = vocabulary or Vocabulary(self.parts.train)
        self.model = build(config, self.vocabulary)
        self.reader = StreamReader(self.vocabulary.encode(self.parts.train), config.batch, config.length)
        self.carried: State = None

    def optimiser(self) -> Optimiser:
        """The optimiser that the configuration names, on the model's parameters."""
        rate = self.config.learning_rate
        if self.config.optimiser == "adam":
            return Adam(self.model, rate, beta2=self.config.beta2)
        return OPTIMISERS[self.config.optimiser](self.model, rate)

    def describe(self) -> dict[str, Any]:
        """The data in plain values: what a resumed run must find again, and how much of it is known by heart."""
        return {
            "text": self.text.description,
            "sha256": self.text.sha256,
            "characters": {part: len(getattr(self.parts, part)) for part in ("train", "valid", "test")},
            "vocabulary": len(self.vocabulary),
            "repeats": {
                "valid": round(overlap(self.parts.train, self.parts.valid), 3),
                "test": round(overlap(self.parts.train, self.parts.test), 3),
            },
        }

    def loss(self) -> Tensor:
        """Cross entropy in nats, the mean over the next window; the state is carried on without its history.

        **Shapes**: a scalar.
        """
        window = self.reader.next_window()
        scores, state = self.model(window.inputs, None if window.first else self.carried)
        self.carried = tuple(array.detach() for array in state)
        return _cross_entropy(scores, window)

    def evaluate(self, part: str, streams: int | None = None) -> float:
        """Bits per character on ``"valid"`` or ``"test"``: every character but the first counts exactly once.

        The text is read as up to ten parallel streams of a thousand characters or more, with carried state. The
        first few characters of each are predicted without a past, which costs less than a hundredth of a bit in
        the mean and saves most of the time.

        **Equations**: −(1/M) Σ log₂ p(next character | all before it in its stream).
        """
        tokens = self.vocabulary.encode(getattr(self.parts, part))
        reader = StreamReader(tokens, streams or max(1, min(10, len(tokens) // 1000)), 256)
        nats, state = 0.0, None
        with no_grad():
            for window in reader:
                scores, state = self.model(window.inputs, state)
                nats += _cross_entropy(scores, window).item() * window.count
        return nats / reader.count / math.log(2)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The carried state as arrays; the position, the vocabulary and the configuration as plain values."""
        carried = self.carried or ()
        values = {
            "position": self.reader.position,
            "vocabulary": self.vocabulary.to_json(),
            "config": asdict(self.config),
        }
        return {f"carried.{place}": asnumpy(array) for place, array in enumerate(carried)}, values

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved.

        **Errors**: :class:`CheckpointError` where the saved run learns another text.
        """
        if values["vocabulary"] != self.vocabulary.to_json():
            raise CheckpointError(explain("the text has other characters than in the checkpoint", where="charlm"))
        self.reader.position = values["position"]
        places = sorted(arrays, key=lambda name: int(name.rpartition(".")[2]))
        self.carried = tuple(Tensor(asarray(arrays[name])) for name in places) or None


def build(config: CharLMConfig, vocabulary: Vocabulary) -> CharModel:
    """The model of a configuration, with its first weights."""
    return CharModel(len(vocabulary), config.cell, config.hidden, config.dropout, config.seed)


def _cross_entropy(scores: Tensor, window: Window) -> Tensor:
    mask = None if window.mask is None else asarray(window.mask, like=scores.data)
    return ops.softmax_cross_entropy(scores, asarray(window.targets, like=scores.data), mask=mask)
