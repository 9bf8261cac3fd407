"""A kernel expansion by hand, for any kernel: the K kernels of a block of numbers, and sums over them.

A block has so few numbers that its kernels stay in the cache; there never is an array of the kernels of a sequence.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigate.gates.kernels import Kernel

Array = Any


class ElementByElement:
    """KAF(s) = Σ_i α_i κ(s − d_i), its slope and the gradients of α and ln γ, every kernel computed by itself.

    **Shapes**: alpha (K, H) for s (…, H), or (K, G, 1, H) for s (…, G, N, H); gamma a number, or (H,), or (G, 1, H).
    """

    def __init__(
        self, kernel: Kernel, middle: float, spacing: float, alpha: Array, gamma: Any, far: float
    ) -> None:  # fmt: skip
        self.kernel, self.middle, self.spacing = kernel, middle, spacing
        self.alpha, self.gamma, self.far = alpha, gamma, far

    def value(self, xp: Any, s: Array) -> Array:
        """**Shapes**: s (…, H) → KAF(s) (…, H), a new array."""
        return weighted(xp, self._kernels(xp, s), self.alpha)

    def value_and_slope(self, xp: Any, s: Array) -> tuple[Array, Array]:
        """**Shapes**: s (…, H) → KAF(s) and dKAF/ds (…, H), new arrays."""
        slopes = self._for_each(xp, s, self.kernel.slope)
        slope = weighted(xp, slopes, self.alpha)
        slope *= (s > -self.far) & (s < self.far)
        return self.value(xp, s), slope

    def parameter_gradients(
        self, xp: Any, blocks: Iterable[tuple[Array, Array]], of_gamma: bool
    ) -> dict[str, Array]:
        """dα_i = Σ e κ(s − d_i) over all rows; d ln γ = −γ Σ_i α_i Σ e (s − d_i)² κ(s − d_i), of Gaussians.

        **Shapes**: each s and e (…, H) → alpha (H, K), log_gamma (H,).
        """
        dalpha, dlog_gamma = xp.zeros_like(self.alpha), xp.zeros_like(self.alpha[0])
        for s, e in blocks:
            kappa = self._kernels(xp, s)
            dalpha += summed(xp, kappa, e)
            if of_gamma:
                kappa *= self._for_each(xp, s, lambda xp, x, gamma: x * x)
                dlog_gamma += (self.alpha * summed(xp, kappa, e)).sum(axis=0)
        # common slip: no γ in front, which is the gradient of γ and not of its logarithm
        return {"alpha": dalpha.T} | ({"log_gamma": -self.gamma * dlog_gamma} if of_gamma else {})

    def _kernels(self, xp: Any, s: Array) -> Array:
        return self._for_each(xp, s, self.kernel.value)

    def _for_each(self, xp: Any, s: Array, function: Any) -> Array:
        """A function of s − d_i and γ for each element of the dictionary.

        **Shapes**: s (…, H) → (K, …, H).
        """
        v = xp.minimum(xp.maximum(s, -self.far), self.far)
        v -= self.middle
        v *= 1.0 / self.spacing
        found = xp.empty((len(self.alpha), *s.shape), dtype=s.dtype)
        for i in range(len(found)):
            x = v - (i - len(found) // 2)
            x *= self.spacing
            found[i] = function(xp, x, self.gamma)
        return found


def weighted(xp: Any, kernels: Array, a: Array) -> Array:
    """Σ_i a_i κ_i, every unit with its own a.

    **Shapes**: kernels (K, …, H), a (K, H) → (…, H); or (K, …, G, N, H) and (K, G, 1, H) → (…, G, N, H).
    """
    return xp.einsum("k...,k...->...", kernels, a.reshape(len(a), *(1,) * (kernels.ndim - a.ndim), *a.shape[1:]))


def summed(xp: Any, kernels: Array, e: Array) -> Array:
    """Σ e κ_i over all rows, for every element of the dictionary.

    **Shapes**: kernels (K, …, H), e (…, H) → (K, H).
    """
    H = e.shape[-1]
    return xp.einsum("kmh,mh->kh", kernels.reshape(len(kernels), -1, H), e.reshape(-1, H))
