"""The kernels of a kernel activation function: how near s is to an element d of the dictionary, κ(s, d).

Each is a function of x = s − d, once in differentiable operations and once by hand with its slope. The Gaussian is a
bump around d, whose width γ follows from the spacing of the dictionary; the other two grow to the right of d.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigate import ops
from minigate.errors import OptionError, explain
from minigate.tensor import Tensor

Array = Any


class Gaussian:
    """κ = exp(−γ x²), dκ/dx = −2 γ x κ: local, and smoother for smaller γ."""

    has_bandwidth = True

    def compose(self, x: Tensor, gamma: Any) -> Tensor:
        """**Shapes**: x (…, K), gamma a number or (H, 1) → (…, K)."""
        return ops.exp(-(x * x) * gamma)

    def value(self, xp: Any, x: Array, gamma: Any) -> Array:
        """**Shapes**: x (…), gamma a number or (H,) → (…), a new array."""
        kappa = x * x
        kappa *= -gamma
        return xp.exp(kappa, out=kappa)

    def slope(self, xp: Any, x: Array, gamma: Any) -> Array:
        """**Shapes**: x (…), gamma a number or (H,) → dκ/dx (…), a new array."""
        # common slip: −γ x κ, the 2 of the square forgotten
        slope = self.value(xp, x, gamma)
        slope *= x
        slope *= -2.0 * gamma
        return slope


class Rectifier:
    """κ = max(x, 0), dκ/dx = 1 where x > 0: the sum of them is a line with a corner at every element."""

    has_bandwidth = False

    def compose(self, x: Tensor, gamma: Any) -> Tensor:
        """**Shapes**: x (…, K) → (…, K)."""
        return ops.relu(x)

    def value(self, xp: Any, x: Array, gamma: Any) -> Array:
        """**Shapes**: x (…) → (…), a new array."""
        return xp.maximum(x, 0.0)

    def slope(self, xp: Any, x: Array, gamma: Any) -> Array:
        """**Shapes**: x (…) → dκ/dx (…), a new array."""
        return (x > 0.0).astype(x.dtype)


class Softplus:
    """κ = ln(1 + eˣ), dκ/dx = σ(x): the rectifier with a round corner."""

    has_bandwidth = False

    def compose(self, x: Tensor, gamma: Any) -> Tensor:
        """**Shapes**: x (…, K) → (…, K)."""
        return ops.softplus(x)

    def value(self, xp: Any, x: Array, gamma: Any) -> Array:
        """max(x, 0) + ln(1 + e^−|x|), which cannot overflow.

        **Shapes**: x (…) → (…), a new array.
        """
        kappa = -xp.abs(x)
        xp.exp(kappa, out=kappa)
        xp.log1p(kappa, out=kappa)
        kappa += xp.maximum(x, 0.0)
        return kappa

    def slope(self, xp: Any, x: Array, gamma: Any) -> Array:
        """**Shapes**: x (…) → dκ/dx (…), a new array."""
        slope = 0.5 * x
        xp.tanh(slope, out=slope)
        slope *= 0.5
        slope += 0.5
        return slope


Kernel = Gaussian | Rectifier | Softplus

#: By the name that ``kernel=`` takes.
KERNELS: dict[str, Kernel] = {"gaussian": Gaussian(), "relu": Rectifier(), "softplus": Softplus()}

#: γ of a Gaussian from the spacing Δ of the dictionary: that of the paper, and that of the authors' code (σ = 2Δ).
BANDWIDTHS: dict[str, Callable[[float], float]] = {
    "paper": lambda spacing: 1.0 / (6.0 * spacing**2),
    "code": lambda spacing: 1.0 / (8.0 * spacing**2),
}


def kernel_named(where: str, name: Any) -> Kernel:
    """The kernel of that name.

    **Errors**: :class:`OptionError` for another name.
    """
    if not isinstance(name, str) or name not in KERNELS:
        raise OptionError(
            explain(
                "unknown kernel",
                where=where,
                expected='"gaussian", "relu" or "softplus"',
                got=repr(name),
                remedy=f'{where}(kernel="gaussian")',
            )
        )
    return KERNELS[name]


def bandwidth(where: str, rule: Any, spacing: float) -> float:
    """γ by the name of a rule, or as the number that it is.

    **Errors**: :class:`OptionError` for another name, and for a number that is not positive and finite.
    """
    if isinstance(rule, str) and rule in BANDWIDTHS:
        return BANDWIDTHS[rule](spacing)
    is_number = isinstance(rule, (int, float)) and not isinstance(rule, bool)
    if not (is_number and 0.0 < rule < float("inf")):
        raise OptionError(
            explain(
                "gamma is how narrow the Gaussians are",
                where=where,
                expected='"paper" (1/(6 Δ²)), "code" (1/(8 Δ²)) or a number γ > 0',
                got=repr(rule),
                slip="κ would grow with the distance from d" if is_number else "",
                remedy=f'{where}(gamma="paper")',
            )
        )
    return float(rule)
