"""A kernel expansion by hand, one element of the dictionary after the other: for any kernel, K kernels per number.

No array of all kernels is ever made: each is added to the sum, or summed over the rows, as soon as it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minigate.gates.kernels import Kernel

Array = Any


class ElementByElement:
    """KAF(s) = Σ_i α_i κ(s − d_i), its slope and the gradients of α and ln γ, as they are written.

    **Shapes**: alpha (K, H), or (K, G, 1, H); gamma a number, or (H,) or (G, 1, H); s (…, H), or (…, G, N, H).
    """

    def __init__(self, kernel: Kernel, d: Sequence[float], alpha: Array, gamma: Any, far: float) -> None:
        self.kernel, self.d, self.alpha, self.gamma, self.far = kernel, d, alpha, gamma, far

    def value(self, xp: Any, s: Array) -> Array:
        """**Shapes**: s (…, H) → KAF(s) (…, H), a new array."""
        s = xp.clip(s, -self.far, self.far)
        total = xp.zeros_like(s)
        for d, alpha in zip(self.d, self.alpha, strict=True):
            kappa = self.kernel.value(xp, s - d, self.gamma)
            kappa *= alpha
            total += kappa
        return total

    def slope(self, xp: Any, s: Array) -> Array:
        """**Shapes**: s (…, H) → dKAF/ds (…, H), a new array."""
        inside = (s > -self.far) & (s < self.far)
        s = xp.clip(s, -self.far, self.far)
        total = xp.zeros_like(s)
        for d, alpha in zip(self.d, self.alpha, strict=True):
            slope = self.kernel.slope(xp, s - d, self.gamma)
            slope *= alpha
            total += slope
        total *= inside
        return total

    def parameter_gradients(
        self, xp: Any, p: Mapping[str, Array], blocks: Iterable[tuple[Array, Array]], of_gamma: bool
    ) -> dict[str, Array]:
        """dα_i = Σ e κ(s − d_i) over all rows; d ln γ = −γ Σ_i α_i Σ e (s − d_i)² κ(s − d_i), of Gaussians.

        **Shapes**: each s and e (…, H) → alpha (H, K), log_gamma (H,).
        """
        dalpha = xp.zeros_like(self.alpha)
        dlog_gamma = xp.zeros_like(self.alpha[0])
        for s, e in blocks:
            over = tuple(range(s.ndim - 1))
            s = xp.clip(s, -self.far, self.far)
            for i, d in enumerate(self.d):
                x = s - d
                kappa = self.kernel.value(xp, x, self.gamma)
                kappa *= e
                dalpha[i] += kappa.sum(axis=over)
                if of_gamma:
                    x *= x
                    x *= kappa
                    # common slip: no γ, which is the gradient of γ and not of its logarithm
                    dlog_gamma -= self.gamma * self.alpha[i] * x.sum(axis=over)
        return {"alpha": dalpha.T} | ({"log_gamma": dlog_gamma} if of_gamma else {})
