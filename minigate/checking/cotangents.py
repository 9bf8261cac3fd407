"""Cotangents: which mixture of the outputs is differentiated.

A gradient belongs to one number. With many outputs that number is Σ cotangent · output, and the cotangent
decides what a check can see. A plain sum (a cotangent of ones) is blind to a whole family of mistakes: it
cannot tell an output from its neighbour, and of a softmax it sees nothing at all. So every number of a
cotangent here is random; and since the way back from the last step, from the final state and from the
middle of a sequence are different pieces of code, each is also asked for alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cotangent:
    """One random weight for every output number; ``None`` for an output that is left out.

    **Shapes**: each array of the shape of its output.
    """

    name: str
    arrays: tuple[Array | None, ...]

    def flat(self, outputs: Sequence[Array]) -> Array:
        """All weights as one vector, zeros for what is left out.

        **Shapes**: (M,) for M output numbers.
        """
        parts = [
            np.zeros(out.size) if weight is None else weight.ravel()
            for weight, out in zip(self.arrays, outputs, strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random numbers none of which is small: a sign, times something between ½ and 1½.

    **Shapes**: returns ``shape``.
    """
    return np.asarray(rng.choice((-1.0, 1.0), size=shape) * rng.uniform(0.5, 1.5, size=shape))


def of_function(rng: np.random.Generator, names: Sequence[str], outputs: Sequence[Array]) -> list[Cotangent]:
    """For a plain function: all outputs; each alone where there are several; one number alone.

    **Shapes**: outputs of any shape.
    """
    found = [Cotangent("all outputs", tuple(draw(rng, out.shape) for out in outputs))]
    if len(outputs) > 1:
        for k, name in enumerate(names):
            found.append(_only(f"{name} only", k, draw(rng, outputs[k].shape), len(outputs)))
    if sum(out.size for out in outputs) > 1:
        sizes = np.array([out.size for out in outputs], dtype=float)
        k = int(rng.choice(len(outputs), p=sizes / sizes.sum()))
        one = np.zeros(outputs[k].size)
        one[rng.integers(one.size)] = draw(rng, ())
        found.append(_only("one output number only", k, one.reshape(outputs[k].shape), len(outputs)))
    return found


def of_sequence(rng: np.random.Generator, names: Sequence[str], outputs: Sequence[Array]) -> list[Cotangent]:
    """For a recurrent cell: all outputs; the last output only; each final state only; one middle step only.

    **Shapes**: outputs: y (T, N, ·), then each final state (N, ·).
    """
    T = len(outputs[0])
    found = [
        Cotangent("all outputs", tuple(draw(rng, out.shape) for out in outputs)),
        _only("last output only", 0, _at(T - 1, draw(rng, outputs[0].shape)), len(outputs)),
    ]
    for k in range(1, len(outputs)):
        found.append(_only(f"{names[k]} only", k, draw(rng, outputs[k].shape), len(outputs)))
    if T > 1:
        found.append(_only("one middle step only", 0, _at((T - 1) // 2, draw(rng, outputs[0].shape)), len(outputs)))
    return found


def _only(name: str, k: int, array: Array, count: int) -> Cotangent:
    return Cotangent(name, tuple(array if i == k else None for i in range(count)))


def _at(step: int, array: Array) -> Array:
    """The same numbers at one time step, zero at all others."""
    alone = np.zeros_like(array)
    alone[step] = array[step]
    return alone
