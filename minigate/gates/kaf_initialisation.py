"""How the mixing coefficients of a kernel activation function begin: as a known function, or at random.

A network that begins with random gates has first to find out what a gate is. The paper's remedy is a regression:
with α = (K + ε I)⁻¹ f(d) the function begins as f on the dictionary, and a gate with f(s) = s as the logistic one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigate.backend import array_module
from minigate.errors import OptionError, explain
from minigate.gates.kernels import Kernel, Rectifier, Softplus

Array = Any
Init = str | Callable[[Array], Array]

#: What ``init=`` may be besides a function.
NAMES = ("identity", "random")


def check_init(where: str, init: Any, kernel: Kernel) -> None:
    """Raise unless a function with this kernel can begin so.

    **Errors**: :class:`OptionError` for another name, and for a regression with rectifiers.
    """
    if not callable(init) and not (isinstance(init, str) and init in NAMES):
        raise OptionError(
            explain(
                "how do the coefficients begin?",
                where=where,
                expected='"identity", "random" or a function f of the dictionary d, to begin as f(d)',
                got=repr(init),
                remedy=f'{where}(init="identity")',
            )
        )
    if isinstance(kernel, Rectifier) and init != "random":
        raise OptionError(
            explain(
                "there is no regression with rectifiers: κ(d, d) = 0, so that their matrix is singular",
                where=where,
                expected='init="random" with kernel="relu"',
                got=f"init={init!r}",
                remedy=f'{where}(kernel="relu", init="random"), or kernel="softplus", whose matrix is regular',
            )
        )


def mixing_coefficients(
    where: str, kernel: Kernel, gamma: float, d: Array, init: Init, epsilon: float, deviation: float, H: int, rng: Any
) -> Array:
    """α of every unit: all alike where they begin as a function, drawn one by one where they are random.

    **Shapes**: d (K,) → (H, K).

    **Errors**: :class:`OptionError` where a function of d gives anything but K finite numbers.
    """
    K = len(d)
    if init == "random":
        return deviation * rng.normal(size=(H, K))
    xp = array_module(d)
    f = d if init == "identity" else _numbers(xp, init(d), d)  # type: ignore[operator]
    if f.shape != d.shape or not bool(xp.isfinite(f).all()):
        raise OptionError(
            explain(
                "init= is a function of the dictionary",
                where=where,
                expected=f"finite numbers f(d) of shape (K={K},) for d (K={K},)",
                got=f"shape {tuple(f.shape)}" if f.shape != d.shape else "numbers that are not all finite",
            )
        )
    matrix = kernel.value(xp, d[:, None] - d, gamma)
    if isinstance(kernel, Softplus):  # no Gram matrix: least squares, with ε for what K leaves undetermined
        matrix, f = matrix.T @ matrix, matrix.T @ f
    alpha = xp.linalg.solve(matrix + epsilon * xp.eye(K), f)
    return xp.zeros((H, K)) + alpha


def _numbers(xp: Any, values: Any, d: Array) -> Array:
    """What a function of d gave, as numbers; NaN where it gave none.

    **Shapes**: as what was given.
    """
    try:
        return xp.asarray(values, dtype=d.dtype)
    except (TypeError, ValueError):
        return d * math.nan
