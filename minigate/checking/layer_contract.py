"""Hold a layer to its contracts: those of arrays, and where it has a state those of sequences too."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.backend import asarray, asnumpy, generator, is_array
from minigate.checking.array_contract import ARRAYS, OVERFLOW, SAME_AGAIN
from minigate.checking.cell_contract import goes_all_the_way
from minigate.checking.contract import Outcome, hold
from minigate.checking.copies import float64_copy, random_point
from minigate.checking.example import batch_axis
from minigate.checking.sequence_contract import BATCH, MASK, PADDING, TIME
from minigate.checking.subject import flatten, rebuild
from minigate.checking.trial import Arrays, Case, Trial, set_out
from minigate.module import Module
from minigate.tensor import Tensor, no_grad


def layer_contract(
    layer: Module, inputs: Sequence[Any], names: Sequence[str], drawn: bool, seed: int = 0
) -> list[Outcome]:
    """Every promise of a layer, on a copy in evaluation, at random parameters.

    Where the input was ``drawn`` it is known where its sequences lie, and each is held to be its own; an input
    that was given may mean anything.

    **Shapes**: inputs as the layer takes them.
    """
    twin = float64_copy(layer)
    twin.eval()
    rng = generator(np.random.SeedSequence([seed, 11]))
    point = random_point(twin, rng)
    trial = _of_sequences(twin, inputs[0], point, rng) or _of_anything(twin, inputs, names, point, drawn)
    promises = [*SAME_AGAIN, *ARRAYS]
    if trial.large:
        promises.append(OVERFLOW)
    if trial.batch:
        promises.append(BATCH)
    if trial.time:
        promises += [*TIME, PADDING]
    return list(hold(set_out(trial, rng), promises))


def _of_sequences(layer: Module, x: Any, point: Arrays, rng: np.random.Generator) -> Trial | None:
    """A layer that takes (x, state) or (x, state, mask) and returns (y, state); None for any other.

    **Shapes**: x (T, N, …) → the same with T = 5, N = 3.
    """
    taken = inspect.signature(layer.forward).parameters
    needed = [p for p in taken.values() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if "state" not in taken or len(needed) != 1 or not (is_array(x) or isinstance(x, Tensor)) or x.ndim < 2:
        return None
    host, shape = asnumpy(x), (*MASK.shape, *x.shape[2:])
    values = rng.normal(size=shape) if host.dtype.kind == "f" else rng.choice(host.ravel(), size=shape)
    with no_grad():
        like = next((p.data for p in layer.parameters()), None)
        found = layer(asarray(values, like=like))
    if not isinstance(found, tuple) or len(found) != 2 or found[0].shape[:2] != MASK.shape:
        return None
    structure = found[1]
    carried = {f"final {name}": name for name, _ in flatten("state", structure)}

    def call(layer: Module, given: dict[str, Any]) -> list[tuple[str, Any]]:
        mask = {"mask": given["mask"]} if "mask" in given else {}
        y, state = layer(given["x"], state=rebuild("state", structure, given), **mask)
        return [("y", y), *flatten("final state", state)]

    return Trial(
        layer,
        {"the layer": call},
        Case(point, {"x": values, **{name: asnumpy(h) for name, h in flatten("state", structure)}}, {}),
        batch={**dict.fromkeys([*carried, *carried.values()], 0), "x": 1, "y": 1, "mask": 1},
        time={"x": 0, "y": 0, "mask": 0},
        carried=carried,
        masked="mask" in taken,
        reads_ahead=any(getattr(part, "reads_ahead", False) for _, part in layer.named_modules()),
        partial=("the layer",) if _goes_back_in_part(layer) else (),
        large=("x",),
    )


def _goes_back_in_part(layer: Module) -> bool:
    ways = [part.through for _, part in layer.named_modules() if hasattr(part, "through")]
    return not all(goes_all_the_way(way) for way in ways)


def _of_anything(layer: Module, inputs: Sequence[Any], names: Sequence[str], point: Arrays, drawn: bool) -> Trial:
    """A layer that takes what it takes."""
    structure = dict(zip(names, inputs, strict=True))
    leaves: dict[str, NDArray[Any]] = {}
    for name, value in structure.items():
        for part, leaf in flatten(name, value):
            if is_array(leaf) or isinstance(leaf, Tensor):
                array = asnumpy(leaf)
                leaves[part] = array.astype(np.float64) if array.dtype.kind == "f" else array

    def call(layer: Module, given: dict[str, Any]) -> list[tuple[str, Any]]:
        out = layer(*(rebuild(name, value, given) for name, value in structure.items()))
        return [(name, part) for name, part in flatten("output", out) if is_array(part) or isinstance(part, Tensor)]

    trial = Trial(layer, {"the layer": call}, Case(point, leaves, {}))
    if drawn:
        trial.large = tuple(leaves)
        trial.batch = _of_a_batch(trial, dict.fromkeys(leaves, batch_axis(layer)))
    return trial


def _of_a_batch(trial: Trial, axes: dict[str, int]) -> dict[str, int]:
    """The axis of the batch in what goes in and comes out; nothing where the outputs have none.

    In an output it is the one axis that is shorter where one example less goes in.
    """
    whole = trial.run("the layer", trial.case, back=False).outputs
    fewer = trial.run("the layer", trial.case.cut(axes, slice(0, -1)), back=False).outputs
    for name, out in whole.items():
        there = fewer[name].shape if name in fewer else ()
        shorter = [axis for axis, lengths in enumerate(zip(out.shape, there, strict=False)) if lengths[0] != lengths[1]]
        if len(shorter) != 1:
            return {}
        axes[name] = shorter[0]
    return axes
