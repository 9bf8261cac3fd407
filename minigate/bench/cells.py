"""``minigate bench cells``: the training step of every cell, beside PyTorch, the tape and the GEMM floor."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from minigate.backend import array_module, asarray, asnumpy, generator
from minigate.bench.bandwidth import bandwidth_floor
from minigate.bench.floor import gemm_floor
from minigate.bench.rows import Row
from minigate.bench.timing import in_turns
from minigate.cells import GRU, MDLSTM, Cell, GatedFeedback, registry
from minigate.cells.clock import equal_groups
from minigate.gates import KAF
from minigate.layers import Grid, Recurrent
from minigate.module import Module
from minigate.tensor import Tensor

Array = Any
Shape = tuple[int, ...]

#: (T, N, D, H): rows of a small image, text, text with a wide input, pixels of a small image.
SHAPES: tuple[Shape, ...] = ((28, 32, 28, 100), (100, 64, 64, 256), (100, 64, 256, 512), (784, 32, 1, 100))

#: How many of the shapes: all for the cells that PyTorch has too, the first two for the others.
BUILT_IN, SHAPES_OF_OTHERS = ("RNN", "GRU", "GRU-recurrent-bias", "LSTM"), 2

#: (I, J, N, D, H): images of 28 × 28 in patches of 2 × 2, of 32 × 32 in colour in patches of 4 × 4.
IMAGE_SHAPES: tuple[Shape, ...] = ((14, 14, 32, 4, 100), (8, 8, 32, 48, 256))
OVER_IMAGES = ("MDLSTM",)

#: Name → how to build it. "GRU" is the one of most frameworks, whose reset comes after.
CELLS: dict[str, Callable[..., Cell]] = {
    "GRU" if name == "GRU-after" else name: build
    for name, build in registry.items()
    if not name.startswith("GatedFeedback")
} | {"MDLSTM": MDLSTM, "GRU-before-KAF": partial(GRU, reset="before", gate=KAF())}

#: Of gated feedback three layers, which share H; it reads tokens.
LAYERS = 3
OF_LAYERS = {"GatedFeedback-tanh": "tanh", "GatedFeedback-LSTM": "lstm", "GatedFeedback-GRU": "gru"}


def _of_layers(unit: str) -> Callable[..., Cell]:
    def build(D: int, H: int, **options: Any) -> Cell:
        sizes = [units.stop - units.start for units in equal_groups(H, LAYERS)]
        return GatedFeedback(D, sizes, unit=unit, **options)

    return build


CELLS |= {name: _of_layers(unit) for name, unit in OF_LAYERS.items()}

#: (T, N, D, H): the characters of Chung et al. (2015), 3 layers of 303, of 191 and of 228 units.
SHAPES_OF_LAYERS: dict[str, tuple[Shape, ...]] = {
    "GatedFeedback-tanh": ((100, 100, 205, 909),),
    "GatedFeedback-LSTM": ((100, 100, 205, 573),),
    "GatedFeedback-GRU": ((100, 100, 205, 684),),
}

#: Where the registry has what suits a few units: what suits many.
OPTIONS: dict[str, dict[str, Any]] = {
    "Clockwork": {"periods": (1, 2, 4, 8)},
    "LeakyRNN": {"time_constants": (1, 2, 4, 8)},
}

#: The sizes (N, D, H) at which products and arithmetic cost next to nothing, and a step is its calls alone.
ALMOST_NOTHING = (1, 1, 8)


def shapes_of(name: str) -> tuple[Shape, ...]:
    """The shapes at which a cell is measured unless told otherwise."""
    if name in OVER_IMAGES:
        return IMAGE_SHAPES
    if name in OF_LAYERS:
        return SHAPES_OF_LAYERS[name]
    return SHAPES if name in BUILT_IN else SHAPES[:SHAPES_OF_OTHERS]


def layer_of(cell: Cell, method: str | None = None) -> Module:
    """What carries a cell through a sequence, or over an image."""
    return Grid(cell, method=method) if cell.dimensions == 2 else Recurrent(cell, method=method)


def training_step(layer: Module, x: Array, dy: Array) -> Callable[[], tuple[Array, Array]]:
    """Forward and backward of one layer; returns y and dx.

    **Shapes**: x (T, N, D), dy (T, N, H); or x (I, J, N, D), dy (I, J, N, H). Of tokens (T, N) there is no dx, but a
    gradient of the rows that they pick.
    """
    tokens = x.dtype.kind in "iu"
    x_, dy_ = Tensor(asarray(x), requires_grad=not tokens), Tensor(asarray(dy))

    def step() -> tuple[Array, Array]:
        layer.zero_grad()
        x_.grad = None
        found = layer(x_)
        y = found[0] if isinstance(found, tuple) else found  # a grid has no final state
        y.backward(dy_)
        dx: Any = x_.grad
        return y.data, _gradient_of_input(layer) if tokens else dx.data

    return step


def measure(
    name: str,
    shape: Shape,
    vs: str | None = None,
    tape: bool = False,
    rounds: int = 5,
    seed: int = 0,
    quiet: bool = False,
) -> Row:
    """Time one cell at one shape against its floor, PyTorch (``vs="torch"``) and the composed tape.

    **Shapes**: ``shape`` is (T, N, D, H), or (I, J, N, D, H) for a cell that reads images; float32 throughout.
    """
    *steps, N, D, H = shape
    tokens = name in OF_LAYERS
    x, dy = _data(shape, seed, tokens=tokens)
    cell = build(name, D, H, seed)
    layer = layer_of(cell)
    own = training_step(layer, x, dy)
    contestants: dict[str, Callable[[], object]] = {"step": own, "forward": lambda: layer(x)}
    contestants["products"] = gemm_floor(cell, *steps, N, tokens=tokens)
    if not cell.products:
        contestants["bandwidth"] = bandwidth_floor(cell, steps[0], N)
    n, d, h = ALMOST_NOTHING
    small = build(name, d, h, seed)
    contestants["small step"] = training_step(layer_of(small), *_data((*steps, n, d, h), seed, tokens=tokens))
    contestants["small products"] = gemm_floor(small, *steps, n, tokens=tokens)
    kind = None
    if vs == "torch":
        from minigate.bench.torch_peer import import_torch, opponent
        from minigate.bench.torch_peer import training_step as peer_step

        torch = import_torch()
        found = opponent(torch, cell)
        if found is not None:
            kind, peer = found
            check(torch, name, shape, seed)
            contestants["peer"] = peer_step(torch, peer, x, dy)
    if tape:
        contestants["tape"] = training_step(layer_of(cell, method="tape"), x, dy)
    calls = max(1, min(8, 2_000_000 // dy.size))  # a turn of a small shape is as long as one of a large
    times = in_turns(contestants, rounds, calls, label=f"{name} {shape}", quiet=quiet)
    ms = {key: 1e3 * value for key, value in times.items()}
    return Row(
        name, shape, ms["forward"], ms["step"], ms["products"], ms["small step"] - ms["small products"],
        bandwidth=ms.get("bandwidth"), opponent=kind, peer=ms.get("peer"), tape=ms.get("tape"),
    )  # fmt: skip


def check(torch: Any, name: str, shape: Shape, seed: int = 0) -> None:
    """Raise unless a cell and its opponent, made anew in double precision, compute the same at this shape.

    In single precision differences of rounding grow over a sequence, and could not be told from a small slip.

    **Errors**: :class:`MinigateError` where they do not.
    """
    from minigate.bench.torch_peer import must_agree, opponent
    from minigate.bench.torch_peer import training_step as peer_step

    cell = build(name, shape[-2], shape[-1], seed, "float64")
    x, dy = _data(shape, seed, "float64", name in OF_LAYERS)
    found = opponent(torch, cell)
    if found is not None:
        y, dx = training_step(layer_of(cell), x, dy)()
        must_agree((asnumpy(y), asnumpy(dx)), peer_step(torch, found[1], x, dy)(), f"{name} {shape}")


def build(name: str, D: int, H: int, seed: int, dtype: str = "float32") -> Cell:
    """A cell of which no parameter is all zeros or all ones: what is 0 cannot be compared."""
    cell, rng = CELLS[name](D=D, H=H, seed=seed, dtype=dtype, **OPTIONS.get(name, {})), generator(seed)
    for parameter in cell.parameters():
        if parameter.size and parameter.data.min() == parameter.data.max():
            rows = parameter.shape[0] if parameter.ndim == 2 else 1
            moved = 0.1 / rows**0.5 * rng.standard_normal(parameter.shape)
            parameter.assign(parameter.data + asarray(moved, dtype=dtype, like=parameter.data))
    return cell


def _gradient_of_input(layer: Any) -> Array:
    """The gradient of all weights that x meets.

    **Shapes**: (D, columns).
    """
    found = [layer.cell[part.weight].grad.data for part in layer.cell.input_parts if part.weight]
    return array_module(*found).concatenate(found, axis=1)


def _data(shape: Shape, seed: int, dtype: str = "float32", tokens: bool = False) -> tuple[Array, Array]:
    *rows, D, H = shape
    rng = generator(seed)
    x = rng.integers(0, D, rows) if tokens else rng.standard_normal((*rows, D)).astype(dtype)
    return x, (rng.standard_normal((*rows, H)) / math.prod(rows)).astype(dtype)
