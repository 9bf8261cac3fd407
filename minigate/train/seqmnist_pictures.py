"""What there is to see of a run that reads images as sequences: its mistakes, and its gates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate import plot
from minigate.backend import asarray, asnumpy, generator
from minigate.bptt import gradient_flow
from minigate.cells.gated import GatedCell
from minigate.data import as_sequences, read_images
from minigate.tensor import Tensor, grad, no_grad
from minigate.train.curves import save_picture
from minigate.train.mistakes import draw_mistakes
from minigate.train.run import Run
from minigate.train.seqmnist_config import SeqMnistConfig
from minigate.train.seqmnist_model import SequenceClassifier, build, load_classifier

Array = Any
OVER = 20  # images that the gradient is a mean over
SCALES = 10.0 ** numpy.linspace(-1, 2, 13)  # of the input of a gate
DRAWN = 200  # inputs of each scale
INPUTS = numpy.linspace(-6.0, 6.0, 121)  # that the shape of a gate is drawn over


def draw_classified(run: Run, out: Path) -> list[Path]:
    """What was taken for what, the test images among it, and of a cell with gates how they open.

    Nothing of the first two before the run has come to an end.

    **Errors**: :class:`DataError` where the images are no longer there; :class:`CheckpointError` for a damaged run.
    """
    result = run.read("result.json")
    with plot.off_screen():
        model, config = load_classifier(run.folder)
        images = read_images(config.data, config.folder or None)
        paths = draw_mistakes(run, images, result, out)
        wrong = result.get("wrong", [])
        cell, first = model.recurrent.cell, wrong[0][0] if wrong else 0
        if isinstance(cell, GatedCell):
            one, some = (_sequences(model, config.order, images, of) for of in (slice(first, first + 1), slice(OVER)))
            label = images.classes[images.test.labels[first]]
            paths += _gates(model, cell, one, some, f"while test image {first}, {label}, is read", out)
            paths += _shapes(model, cell, config, images, some, out)
    return paths


def _gates(
    model: SequenceClassifier, cell: GatedCell, one: Array, some: Array, title: str, out: Path
) -> list[Path]:
    """The gates while one image is read, and what they leave of a gradient."""
    with no_grad():
        trace = model.recurrent.trace(one)
    axes, _ = plot.gate_maps({name: asnumpy(trace[name]) for name in cell.gate_names}, cell.gate_names)
    axes[0].set_title(title)
    paths = [save_picture(axes[0], out / "gates.png")]
    flow = gradient_flow(model.recurrent, some).by_lag
    lengths = {name: array / array[0] for name, array in flow.items() if array[0] > 0.0}
    lags = numpy.arange(max((len(array) for array in lengths.values()), default=1))
    axes, _ = plot.saturation(SCALES, mean_slopes(cell), lags, lengths)
    return [*paths, save_picture(axes[0], out / "saturation.png")]


def _shapes(
    model: SequenceClassifier, cell: GatedCell, config: SeqMnistConfig, images: Any, some: Array, out: Path
) -> list[Path]:
    """Of every gate with parameters of its own: what each unit has made of it, and what it is asked."""
    paths: list[Path] = []
    begun = build(config, images.train.pixels.shape[1:], len(images.classes)).recurrent.cell
    with no_grad():
        trace = model.recurrent.trace(some)
        for name in cell.gate_names:
            if isinstance(begun, GatedCell) and cell.gate_parameters(name):
                asked = asnumpy(trace[f"a_{name}"])
                before, after = (_over(each, name) for each in (begun, cell))
                axes, _ = plot.gate_shapes(
                    INPUTS, before, after, asked.reshape(-1, asked.shape[-1]), colour=plot.gate_colour(name)
                )
                paths.append(save_picture(axes[0], out / f"gate-{name}.png"))
    return paths


def _over(cell: GatedCell, name: str) -> Array:
    """A gate of each unit over ``INPUTS``."""
    s = INPUTS[:, None] + numpy.zeros(cell.gate_size(name))
    return asnumpy(cell.gate(name, Tensor(asarray(s, like=cell.parameters()[0]))).data)


def mean_slopes(cell: GatedCell, seed: int = 0) -> dict[str, Array]:
    """How steep the gates of a cell are, as trained: the mean of \\|dg/ds\\| over all units, for inputs of each scale.

    **Equations**: mean \\|dg/ds\\| for s ~ N(0, scale²), at each scale of ``SCALES``, from 0.1 to 100.

    **Shapes**: name of the gate → (13,).
    """
    rng = generator(seed)
    found = {}
    for name in cell.gate_names:
        slopes = []
        for scale in SCALES:
            s = scale * rng.normal(size=(DRAWN, cell.gate_size(name)))
            given = Tensor(asarray(s, dtype="float64", like=cell.parameters()[0]), requires_grad=True)
            (dg_ds,) = grad([cell.gate(name, given)], [given], [numpy.ones_like(s)], unused="zero")
            slopes.append(float(abs(asnumpy(dg_ds.data)).mean()))
        found[name] = numpy.array(slopes)
    return found


def _sequences(model: SequenceClassifier, order: str, images: Any, which: slice) -> Array:
    like = model.linear["W"]
    return asarray(as_sequences(images.test[which].pixels, order, images.largest, str(like.dtype)), like=like)
