"""An input for a layer that says what it takes: random numbers in the right shape, and which axis is the batch.

A layer takes sequences, unless it (or the first of its ``layers``) says otherwise: by a vocabulary ``K``, or by an
attribute of its class, ``takes = "images"``. Its sizes are ``D`` or ``C``; one that takes any number of channels has
no ``C``, and is given two.
"""

from __future__ import annotations

from typing import Any

from minigate.backend import asarray, generator
from minigate.errors import OptionError, explain
from minigate.layers import EncoderDecoder
from minigate.module import Module

#: What a layer can take → the axes of an example, a letter being a size of the layer, and which of them is the batch.
TAKES: dict[str, tuple[tuple[int | str, ...], int]] = {
    "sequences": ((5, 3, "D"), 1),  # x (T, N, D)
    "tokens": ((5, 3), 1),  # x (T, N), whole numbers below K
    "grids": ((2, 4, 3, "D"), 2),  # x (I, J, N, D)
    "images": ((3, "C", 4, 6), 0),  # x (N, C, Y, X)
}


def example_input(layer: Module, seed: int) -> tuple[Any, ...]:
    """A random input for a layer that says its sizes; what an encoder-decoder answers is a second one."""
    rng = generator(seed)
    like = next(iter(layer.parameters()), None)
    parts = (layer.encoder, layer.decoder) if isinstance(layer, EncoderDecoder) else (layer,)
    return tuple(_example_of(part, type(layer).__name__, rng, like) for part in parts)


def batch_axis(layer: Module) -> int:
    """Along which axis of its input one example follows another."""
    return TAKES[_takes(_reader(layer))][1]


def _reader(layer: Module) -> Any:
    """What it is that reads the input: the layer, the first of its layers, or the cell of that."""
    first = layer if hasattr(layer, "takes") else getattr(layer, "layers", [layer])[0]
    return first if hasattr(first, "takes") else getattr(first, "cell", first)


def _takes(reader: Any) -> str:
    return getattr(reader, "takes", "tokens" if hasattr(reader, "K") else "sequences")


def _example_of(layer: Module, name: str, rng: Any, like: Any) -> Any:
    reader = _reader(layer)
    takes = _takes(reader)
    if takes not in TAKES:
        raise OptionError(
            explain("there is no such input", where=f"{name}.takes", expected=" | ".join(TAKES), got=repr(takes))
        )
    sizes: dict[int | str, Any] = {"D": getattr(reader, "D", None), "C": getattr(reader, "C", 2)}
    shape = [sizes.get(axis, axis) for axis in TAKES[takes][0]]
    if not all(isinstance(length, int) for length in shape):
        raise OptionError(
            explain("the layer does not say what size its input has", where=f"check_layer({name})",
                    remedy="mg.check_layer(layer, x)")
        )  # fmt: skip
    values = rng.integers(0, reader.K, size=shape) if takes == "tokens" else rng.normal(size=shape)
    return asarray(values, like=like)
