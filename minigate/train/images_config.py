"""Everything that the result of classifying images depends on, with the defaults."""

from __future__ import annotations

from dataclasses import dataclass

from minigate.data.images import READERS
from minigate.errors import OptionError, explain
from minigate.layers.sweeps import ORDERS
from minigate.train.configuration import option, with_presets
from minigate.train.images_presets import PRESETS
from minigate.train.named_gates import GATES
from minigate.train.training_config import TrainingConfig, by_default
from minigate.train.wiring import CELLS

MODELS = ("renet", "mdlstm", "lenet")
#: Option → the models that it is for, where it is not for all.
FOR = {
    "layers": ("renet", "mdlstm"), "hidden": ("renet", "mdlstm"), "patch": ("renet", "mdlstm"),
    "gate": ("renet", "mdlstm"), "cell": ("renet",), "order": ("renet",), "parallel": ("renet",),
    "channels": ("lenet",),
}  # fmt: skip


@with_presets(PRESETS)
@dataclass(frozen=True)
class ImagesConfig(TrainingConfig):
    """Which images, and what reads them: four sweeps, MD-LSTMs from four corners, or convolutions.

    The defaults read scikit-learn's digits, 8 × 8 pixels, which need no download: 35 updates are an epoch. The presets
    (:mod:`minigate.train.images_presets`) are for MNIST, CIFAR-10 and SVHN.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    preset: str = option("", "images and model by name, as listed below", list(PRESETS))
    data: str = option("digits", f"the images: {', '.join(READERS)}; the digits come with scikit-learn", tuple(READERS))
    folder: str = option("", "where the files of these images lie, if minigate has not fetched them")
    model: str = option("renet", "what reads an image", MODELS)
    layers: int = option(1, "for renet and mdlstm: how many layers, L")
    hidden: int = option(32, "for renet and mdlstm: units of each sweep, H")
    patch: str = option("2", "for renet and mdlstm: sides of the patches of all layers, or one for each: 4,2")
    cell: str = option("gru", "for renet: the cell of every sweep; rnn is tanh", tuple(CELLS))
    gate: str = option("sigmoid", f"for renet and mdlstm: the function of every gate: {', '.join(GATES)}", tuple(GATES))
    order: str = option("vertical-first", "for renet: which sweeps come first", ORDERS)
    parallel: bool = option(False, "for renet: both halves of a layer read the patches")
    channels: str = option("6,16", "for lenet: maps of each convolution")
    dense: str = option("", "units of the layers before the softmax, 4096,4096; none, but 120,84 for lenet")
    dropout: float = option(0.2, "share of what every layer says that is left out while training")
    input_dropout: float = option(0.0, "share of the image's numbers that are left out while training")
    shift: int = option(1, "in training move images by so many pixels each way: left, right or not; up, down or not")
    flip: bool = option(False, "in training turn images over: left to right, upside down, or not")
    batch: int = option(32, "images in an update, N")
    updates: int = by_default("updates", 1400)
    learning_rate: float = by_default("learning_rate", 2e-3)
    beta2: float = by_default("beta2", 0.999)
    clip: float = by_default("clip", 1.0)
    patience: int = by_default("patience", 20)
    evaluate_every: int = by_default("evaluate_every", 35)
    checkpoint_every: int = by_default("checkpoint_every", 350)

    def __post_init__(self) -> None:
        self.check("images", {"layers": 1, "hidden": 1, "batch": 1, "shift": 0, "dropout": 0, "input_dropout": 0})
        for name in ("dropout", "input_dropout"):
            if getattr(self, name) >= 1:
                got = str(getattr(self, name))
                raise OptionError(explain(f"{name} is too large", where="images", expected=f"{name} < 1", got=got))
        for name, models in FOR.items():
            if self.model not in models and getattr(self, name) != self.__dataclass_fields__[name].default:
                raise OptionError(
                    explain(f"{self.model} has no {name}", where="images", got=f"--model {self.model} with --{name}",
                            expected=f"--{name} with --model {' or '.join(models)}")
                )  # fmt: skip
        if self.model == "renet" and self.cell == "rnn" and self.gate != "sigmoid":
            raise OptionError(
                explain("an rnn has no gates", where="images", got=f"--cell rnn --gate {self.gate}",
                        expected="--cell gru or --cell lstm with --gate")
            )  # fmt: skip
        for name in ("patch", "channels", "dense"):
            self.numbers(name)
        if len(self.numbers("patch")) not in (1, self.layers):
            expected = "1 number" if self.layers == 1 else f"1 or {self.layers} numbers"
            raise OptionError(
                explain("a patch for each layer, or one for all", where="images", expected=expected,
                        got=f"--patch {self.patch}", remedy=f"--layers {len(self.numbers('patch'))}")
            )  # fmt: skip

    def numbers(self, name: str) -> list[int]:
        """A list of whole numbers, as in ``patch="4,2"``.

        **Errors**: :class:`OptionError` for anything else.
        """
        words = [word for word in getattr(self, name).split(",") if word.strip()]
        if not all(word.strip().isdecimal() and int(word) > 0 for word in words) or (not words and name != "dense"):
            raise OptionError(
                explain(f"{name} is a list of whole numbers", where="images", expected="such as 4,2",
                        got=repr(getattr(self, name)))
            )  # fmt: skip
        return [int(word) for word in words]

    @property
    def patches(self) -> list[tuple[int, int]]:
        """(down, across) of the patches of each layer."""
        sides = self.numbers("patch")
        return [(side, side) for side in (sides if len(sides) == self.layers else sides * self.layers)]

    @property
    def dense_sizes(self) -> list[int]:
        """The units of the layers before the softmax."""
        return self.numbers("dense") or ([120, 84] if self.model == "lenet" else [])

    @property
    def title(self) -> str:
        """A short name: images, model and its sizes."""
        sizes = {"lenet": self.channels.replace(",", "-")}.get(self.model, f"{self.layers}x{self.hidden}")
        gate = "" if self.gate == "sigmoid" else f"-{self.gate}"
        return f"{self.data}-{self.model}-{sizes}{gate}"
