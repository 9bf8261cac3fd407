"""A model that says what an image shows: something makes a feature map of it, fully connected layers read that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate import backend, ops
from minigate.layers import Dropout, Linear, ReNet
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.image_models import LeNet, MDLSTMNet
from minigate.train.images_config import ImagesConfig
from minigate.train.named_gates import GATES
from minigate.train.recurrent_part import CELLS
from minigate.train.run import best_of
from minigate.train.trainer import part_of


class ImageClassifier(Module):
    """Images in, scores of the classes out.

    **Equations**: a = the feature map of the ``body``, all of it one vector; for each size of ``dense``
    a ← dropout(relu(a A + b)); scores = a A + b. In training the numbers of the image are left out at random first.

    **Shapes**: x (N, C, Y, X) → scores (N, K), before the softmax.

    **Source**: Visin et al. (2015), section 4: relu layers before the softmax, dropout after every layer, masked input;
    LeCun et al. (1998), layers C5 and F6, for LeNet.

    **Errors**: those of the layers.
    """

    takes = "images"

    def __init__(
        self,
        body: ReNet | MDLSTMNet | LeNet,
        map_size: tuple[int, int],
        dense: list[int],
        K: int,
        *,
        dropout: float = 0.0,
        input_dropout: float = 0.0,
        seed: Any = None,
        noise: Any = None,
    ) -> None:
        super().__init__()
        self.C = body.C
        self.body = body
        self.masked = Dropout(input_dropout, seed=noise)
        I, J = map_size
        below = [I * J * body.output_size, *dense]
        self.dense = [Linear(D, H, seed=seed) for D, H in zip(below, dense, strict=False)]
        for k, layer in enumerate(self.dense):
            self.child(f"dense.{k}", layer)
        self.dropout = Dropout(dropout, seed=noise)
        self.linear = Linear(below[-1], K, seed=seed)

    def forward(self, x: Any) -> Tensor:
        """Scores for every class.

        **Shapes**: x (N, C, Y, X) → (N, K).
        """
        y = self.body(self.masked(x))
        I, J, N, F = y.shape
        a = ops.reshape(ops.transpose(y, (2, 0, 1, 3)), (N, I * J * F))
        for layer in self.dense:
            a = self.dropout(ops.relu(layer(a)))
        return self.linear(a)


def as_numbers(pixels: Any, largest: int, model: ImageClassifier) -> Any:
    """Pixels as the model takes them, from 0 to 1, in its dtype and on its device.

    **Shapes**: pixels (N, C, Y, X), whole numbers up to ``largest`` → the same.
    """
    like = model.linear["W"]
    return backend.asarray(numpy.divide(pixels, largest, dtype=str(like.dtype)), like=like)


def build_image_classifier(config: ImagesConfig, size: tuple[int, int, int], K: int) -> ImageClassifier:
    """The model of a configuration with its first weights, for images of ``size`` (C, Y, X) in K classes."""
    streams, (C, Y, X) = backend.Streams(config.seed), size
    gate: dict[str, Any] = {} if config.cell == "rnn" and config.model == "renet" else {"gate": GATES[config.gate]()}
    sizes = [config.hidden] * config.layers
    body: ReNet | MDLSTMNet | LeNet
    if config.model == "renet":
        body = ReNet(
            C, sizes, patch=[*config.patches], dropout=config.dropout, cell=CELLS[config.cell], order=config.order,
            parallel=config.parallel, seed=streams.init, **gate,
        )  # fmt: skip
    elif config.model == "mdlstm":
        body = MDLSTMNet(C, (Y, X), sizes, config.patches, dropout=config.dropout, seed=streams.init, **gate)
    else:
        body = LeNet(C, (Y, X), config.numbers("channels"), dropout=config.dropout, seed=streams.init)
    map_size = body.map_size(Y, X) if isinstance(body, ReNet) else body.map_size
    own = {"dropout": config.dropout, "input_dropout": config.input_dropout}
    return ImageClassifier(body, map_size, config.dense_sizes, K, seed=streams.init, noise=streams.noise, **own)


def load_image_classifier(run: str | Path) -> tuple[ImageClassifier, ImagesConfig]:
    """The model of a run, as it was when it was best on the validation part, and its configuration.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    saved = best_of(run, "images", "a model that classifies images")
    values = saved.meta["task"]
    config = ImagesConfig(**values["config"])
    C, Y, X = values["size"]
    model = build_image_classifier(config, (C, Y, X), values["classes"])
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return model, config
