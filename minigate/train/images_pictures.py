"""What there is to see of a model that reads images: its mistakes, what each stage has seen, the sweeps, features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate import plot
from minigate.backend import asarray, asnumpy
from minigate.data import Images, Labelled, read_images
from minigate.layers import ReNet
from minigate.tensor import Tensor, grad, no_grad
from minigate.train.curves import save_picture
from minigate.train.image_classifier import (
    ImageClassifier,
    as_numbers,
    build_image_classifier,
    load_image_classifier,
)
from minigate.train.image_models import LeNet
from minigate.train.mistakes import draw_mistakes
from minigate.train.run import Run

Array = Any
OVER = 10  # images that a receptive field is a mean over
SHOWN = 16  # features


def draw_read(run: Run, out: Path) -> list[Path]:
    """What was taken for what; the receptive fields before and after training; of a ReNet its sweeps; features.

    **Errors**: :class:`DataError` where the images are no longer there; :class:`CheckpointError` for a damaged run.
    """
    model, config = load_image_classifier(run.folder)
    images, result = read_images(config.data, config.folder or None), run.read("result.json")
    size = images.train.pixels.shape[1:]
    begun = build_image_classifier(config, size, len(images.classes))
    begun.eval()
    some, first = images.test[:OVER], result.get("wrong") or [[0, 0]]
    one = images.test[first[0][0] : first[0][0] + 1]
    with plot.off_screen():
        paths = draw_mistakes(run, images, result, out)
        fields = {"untrained": _fields(begun, images, some), "trained": _fields(model, images, some)}
        axes, _ = plot.receptive_fields(fields, place=(size[1] // 2, size[2] // 2))
        axes.figure.suptitle(f"which pixels a place in the middle depends on: {run.folder.name}", fontsize=10)
        paths.append(save_picture(axes, out / "receptive-field.png"))
        with no_grad():
            read = stages(model, as_numbers(one.pixels, images.largest, model))
            found = {name: asnumpy(y.data)[:, :, 0] for name, y in read.items()}
        what = f"test image {first[0][0]}, {images.classes[one.labels[0]]}"
        if config.model == "renet":
            axes, _ = plot.sweep_frames({name: abs(y).mean(axis=-1) for name, y in list(found.items())[:4]})
            axes.figure.suptitle(f"the sweeps of the first layer over {what}", fontsize=10)
            paths.append(save_picture(axes, out / "sweeps.png"))
        name, maps = next(iter(found.items()))
        axes, _ = plot.feature_maps(maps[..., :SHOWN])
        axes.figure.suptitle(f"{name}: the first {min(SHOWN, maps.shape[-1])} features of {what}", fontsize=10)
        return [*paths, save_picture(axes, out / "features.png")]


def stages(model: ImageClassifier, x: Any) -> dict[str, Tensor]:
    """The feature map after each sweep of a ReNet, each layer of MD-LSTMs, or each convolution.

    **Shapes**: x (N, C, Y, X) → name → (I, J, N, F).
    """
    body = model.body
    return body.sweeps(x) if isinstance(body, ReNet) else body.stages(x)


def receptive_field(y: Tensor, x: Tensor, place: tuple[int, int] | None = None) -> Array:
    """How strongly one place of a feature map, the one in its middle unless told, depends on each pixel.

    **Equations**: for signs s_k = ±1, one for each image and feature, drawn at random: the length over the channels c
    of Σ_k s_k ∂y_{ijnk} / ∂x_{nc}, with i, j = ``place``, or I // 2, J // 2; of that the mean over the images n and
    four draws. Its square is on average Σ_kc (∂y_{ijnk} / ∂x_{nc})², and it costs four ways back, not one for each
    feature.

    **Shapes**: y (I, J, N, F), made from x (N, C, Y, X) → (Y, X).
    """
    i, j = place or (y.shape[0] // 2, y.shape[1] // 2)
    rng, total = numpy.random.default_rng(0), 0.0
    for _ in range(4):
        cotangent = numpy.zeros(y.shape, dtype=str(y.dtype))
        cotangent[i, j] = rng.choice([-1.0, 1.0], size=y.shape[2:])
        (dx,) = grad([y], [x], [asarray(cotangent, like=y.data)], retain_graph=True)
        total = total + numpy.sqrt((asnumpy(dx.data) ** 2).sum(axis=1)).mean(axis=0)
    return total / 4


def _fields(model: ImageClassifier, images: Images, some: Labelled) -> dict[str, Array]:
    x = Tensor(as_numbers(some.pixels, images.largest, model), requires_grad=True)
    return {
        name: receptive_field(y, x, over_the_middle(model, k, x.shape[2:]))
        for k, (name, y) in enumerate(stages(model, x).items())
    }


def over_the_middle(model: ImageClassifier, stage: int, size: tuple[int, ...]) -> tuple[int, int] | None:
    """The place of a map whose patch of the image has the pixel (Y // 2, X // 2) in it; None for convolutions.

    With patches that do not divide a map there is padding below and on the right, so it is not the middle of the map.
    """
    body, (i, j) = model.body, (size[0] // 2, size[1] // 2)
    if isinstance(body, LeNet):
        return None
    patches = [layer.patch for layer in body.layers] if isinstance(body, ReNet) else body.patch
    for h, w in patches[: 1 + (stage // 4 if isinstance(body, ReNet) else stage)]:
        i, j = i // h, j // w
    return i, j
