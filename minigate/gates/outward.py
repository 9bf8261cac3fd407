"""Gaussians on a uniform dictionary: all of them from two exponentials, outward from the element in the middle.

With u = s − d_m the distance from the middle element and j = i − m the number of steps from there,

    κ(s, d_i) = exp(−γ (u − jΔ)²) = q_j · κ(s, d_m) · r^j,    q_j = exp(−γ j²Δ²),    r = exp(2γΔu)

since (u − jΔ)² = u² − 2jΔu + j²Δ². The q are constants and are folded into α once, a_j = q_j α_{m+j}; what is left is
κ(s, d_m) times a polynomial in r to the right of the middle and one in 1/r to the left, both by Horner's rule, side by
side. The slope is the same with other coefficients, for dκ/ds = −2γ (u − jΔ) κ:

    KAF = κ(s, d_m) · Σ_j a_j r^j        dKAF/ds = 2γ κ(s, d_m) · (Σ_j jΔ a_j r^j − u Σ_j a_j r^j)

Far out r^j overflows and κ(s, d_m) is 0, though their product is neither. So s is clamped to where the last kernel
has just vanished; :func:`within_range` says whether everything is a number up to there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Array = Any


def within_range(xp: Any, d: Sequence[float], spacing: float, gamma: Any, dtype: Any) -> bool:
    """Do κ(s, d_m) and r^j stay within the numbers of this dtype wherever some kernel has not vanished?

    **Shapes**: gamma a number or an array.
    """
    m = len(d) // 2
    widest, narrowest = (gamma, gamma) if isinstance(gamma, float) else (float(gamma.min()), float(gamma.max()))
    if not 0.0 < widest <= narrowest < math.inf:
        return False
    limit = 0.9 * math.log(float(xp.finfo(dtype).max))
    for each in (widest, narrowest):
        half = m * spacing
        u = half + _vanished(xp, each, dtype)
        if each * u * u > limit or 2.0 * each * u * half > limit:
            return False
    return True


def _vanished(xp: Any, gamma: Any, dtype: Any) -> Any:
    """How far from its element a Gaussian is smaller than rounding: γ x² = 2 − ln(precision)."""
    return ((2.0 - math.log(float(xp.finfo(dtype).eps))) / gamma) ** 0.5


class Outward:
    """Σ_i α_i κ(s, d_i) of Gaussians, its slope and the gradients of α and ln γ, by powers of r.

    **Shapes**: alpha (K, H), or (K, G, 1, H); gamma a number, or (H,) or (G, 1, H); s (…, H), or (…, G, N, H).
    """

    def __init__(self, xp: Any, d: Sequence[float], spacing: float, alpha: Array, gamma: Any) -> None:
        K = len(d)
        m = K // 2
        self.spacing, self.alpha, self.gamma, self.middle, self.steps = spacing, alpha, gamma, d[m], K - m
        vanished = _vanished(xp, gamma, alpha.dtype)
        self.low, self.high = d[0] - vanished, d[-1] + vanished
        # side 0 goes up from the middle, j = 0, 1, …; side 1 goes down from its neighbour, j = −1, −2, …
        self.places = [(m + k, m - 1 - k) for k in range(K - m)]
        shape = (max(2, K - m), 2, *alpha.shape[1:])
        self.a, self.ja, self.jja = (xp.zeros(shape, dtype=alpha.dtype) for _ in range(3))
        for k, sides in enumerate(self.places):
            for side, i in enumerate(sides):
                if i >= 0:
                    self.a[k, side] = alpha[i] * self._q(xp, i - m)
                    self.ja[k, side] = (i - m) * self.a[k, side]
                    self.jja[k, side] = (i - m) * self.ja[k, side]

    def _q(self, xp: Any, j: int) -> Any:
        """q_j = exp(−γ (jΔ)²), a number where γ is one."""
        exponent = -((j * self.spacing) ** 2) * self.gamma
        return math.exp(exponent) if isinstance(exponent, float) else xp.exp(exponent)

    def _open(self, xp: Any, s: Array) -> tuple[Array, Array, Array]:
        """u, κ(s, d_m), and r beside 1/r: the two exponentials.

        **Shapes**: s (…, H) → (…, H), (…, H), (2, …, H).
        """
        u = xp.clip(s, self.low, self.high)
        u -= self.middle
        r = xp.empty((2, *s.shape), dtype=u.dtype)
        xp.multiply(u, 2.0 * self.spacing * self.gamma, out=r[0])
        xp.exp(r[0], out=r[0])
        xp.divide(1.0, r[0], out=r[1])
        kappa = u * u
        kappa *= -self.gamma
        return u, xp.exp(kappa, out=kappa), r

    def _series(self, r: Array, a: Array) -> Array:
        """Σ_j a_j r^j over both sides, by Horner's rule.

        **Shapes**: r (2, …, H), a (n, 2, H) or (n, 2, G, 1, H) → (…, H).
        """
        a = a.reshape(*a.shape[:2], *(1,) * (r.ndim + 1 - a.ndim), *a.shape[2:])
        both = r * a[-1]
        for a_j in a[-2:0:-1]:
            both += a_j
            both *= r
        both += a[0]
        up, down = both
        down *= r[1]
        up += down
        return up

    def value(self, xp: Any, s: Array) -> Array:
        """**Shapes**: s (…, H) → KAF(s) (…, H), a new array."""
        _, kappa, r = self._open(xp, s)
        kappa *= self._series(r, self.a)
        return kappa

    def slope(self, xp: Any, s: Array) -> Array:
        """**Shapes**: s (…, H) → dKAF/ds (…, H), a new array."""
        # common slip: the slope of the powers r^j alone, without that of κ(s, d_m) in front, −2γ u κ
        u, kappa, r = self._open(xp, s)
        slope = self._series(r, self.ja)
        slope *= self.spacing
        u *= self._series(r, self.a)
        slope -= u
        slope *= kappa
        slope *= 2.0 * self.gamma
        return slope

    def parameter_gradients(
        self, xp: Any, p: Mapping[str, Array], blocks: Iterable[tuple[Array, Array]], of_gamma: bool
    ) -> dict[str, Array]:
        """dα_i = q_j Σ e κ(s, d_m) r^j over all rows: from one j to the next a product, and a sum.

        d ln γ = −γ Σ e Σ_i α_i (s − d_i)² κ(s, d_i), where with (s − d_i)² = (u − jΔ)² the inner sum is
        κ(s, d_m) · (u² Σ_j a_j r^j − 2u Σ_j jΔ a_j r^j + Σ_j j²Δ² a_j r^j).

        **Shapes**: each s and e (…, H) → alpha (H, K), log_gamma (H,).
        """
        n, H = self.steps, self.alpha.shape[-1]
        sums = xp.zeros((n, 2, 1, H), dtype=self.alpha.dtype)
        dlog_gamma = xp.zeros((H,), dtype=self.alpha.dtype)
        for s, e in blocks:
            u, kappa, r = self._open(xp, s)
            kappa *= e
            powers = xp.empty_like(r)
            powers[0] = kappa
            xp.multiply(kappa, r[1], out=powers[1])
            rows = powers.reshape(2, -1, H)
            ones = xp.ones((1, rows.shape[1]), dtype=rows.dtype)
            for j in range(n):
                sums[j] += xp.matmul(ones, rows)  # a sum over the rows, at the speed of a product
                if j + 1 < n:
                    powers *= r
            if of_gamma:
                # common slip: no γ in front, which is the gradient of γ and not of its logarithm
                dlog_gamma -= self.gamma * self._of_gamma(u, kappa, r).sum(axis=tuple(range(s.ndim - 1)))
        dalpha = xp.empty_like(self.alpha)
        m = len(dalpha) // 2
        for k, sides in enumerate(self.places):
            for side, i in enumerate(sides):
                if i >= 0:
                    dalpha[i] = sums[k, side, 0] * self._q(xp, i - m)
        return {"alpha": dalpha.T} | ({"log_gamma": dlog_gamma} if of_gamma else {})

    def _of_gamma(self, u: Array, e_kappa: Array, r: Array) -> Array:
        """e Σ_i α_i (s − d_i)² κ(s, d_i).

        **Shapes**: u, e κ(s, d_m) (…, H), r (2, …, H) → (…, H).
        """
        squared = self._series(r, self.a)
        squared *= u
        squared -= 2.0 * self.spacing * self._series(r, self.ja)
        squared *= u
        squared += self.spacing**2 * self._series(r, self.jja)
        squared *= e_kappa
        return squared
