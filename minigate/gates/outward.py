"""Gaussians on a uniform dictionary: all of them from two exponentials, outward from the element in the middle.

Count in steps of the dictionary: v = (s − d_m)/Δ from the middle element d_m, j = i − m. With β = γΔ²

    κ(s, d_i) = exp(−β (v − j)²) = q_j · κ(s, d_m) · r^j,    q_j = exp(−β j²),    r = exp(2βv)

since (v − j)² = v² − 2jv + j². The q are constants and are folded into α once, a_j = q_j α_{m+j}. What is left is
κ(s, d_m) times a polynomial in r to the right of the middle and one in 1/r to the left, both by Horner's rule, side by
side. The slope is the same with other coefficients, for dκ/dv = −2β (v − j) κ:

    KAF = κ(s, d_m) Σ_j a_j r^j        Δ dKAF/ds = 2β (κ(s, d_m) Σ_j j a_j r^j − v KAF)

Far out r^j overflows and κ(s, d_m) is 0, though their product is neither. So s is clamped to where the last kernel
has just vanished; :func:`within_range` says whether everything is a number up to there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

Array = Any


def within_range(xp: Any, K: int, spacing: float, gamma: Any, dtype: Any) -> bool:
    """Do κ(s, d_m) and r^j stay within the numbers of this dtype wherever some kernel has not vanished?

    **Shapes**: gamma a number or an array.
    """
    half, limit = K // 2 * spacing, 0.9 * math.log(float(xp.finfo(dtype).max))
    for each in (gamma,) if isinstance(gamma, float) else (float(gamma.min()), float(gamma.max())):
        if not 0.0 < each < math.inf:
            return False
        u = half + _vanished(xp, each, dtype)
        if max(each * u * u, 2.0 * each * u * half) > limit:
            return False
    return True


def _vanished(xp: Any, gamma: Any, dtype: Any) -> Any:
    """How far from its element a Gaussian is smaller than rounding: γ x² = 2 − ln(precision)."""
    return ((2.0 - math.log(float(xp.finfo(dtype).eps))) / gamma) ** 0.5


class Outward:
    """Σ_i α_i κ(s, d_i) of Gaussians, its slope and the gradients of α and ln γ, by powers of r.

    **Shapes**: alpha (K, H) for s (…, H), or (K, G, 1, H) for s (…, G, N, H); gamma a number, or (H,), or (G, 1, H).
    """

    def __init__(self, xp: Any, middle: float, spacing: float, alpha: Array, gamma: Any) -> None:
        K, m = len(alpha), len(alpha) // 2
        self.spacing, self.middle, self.alpha, self.beta = spacing, middle, alpha, gamma * spacing**2
        vanished = _vanished(xp, gamma, alpha.dtype)
        self.low, self.high = middle - m * spacing - vanished, middle + (K - 1 - m) * spacing + vanished
        #: (j, step outward, side): side 0 goes up from the middle, j = 0, 1, …; side 1 down from its neighbour, −1, …
        self.places = [(j, j if j >= 0 else -1 - j, int(j < 0)) for j in range(-m, K - m)]
        self.q = [self._q(xp, j) for j, _, _ in self.places]
        self.a = xp.zeros((max(2, K - m), 2, *alpha.shape[1:]), dtype=alpha.dtype)
        for (_, k, side), q, alpha_i in zip(self.places, self.q, alpha, strict=True):
            xp.multiply(alpha_i, q, out=self.a[k, side])
        self.rooms: dict[Any, _Room] = {}

    def _q(self, xp: Any, j: int) -> Any:
        """q_j, a number where γ is one."""
        exponent = -(j**2) * self.beta
        return math.exp(exponent) if isinstance(exponent, float) else xp.exp(exponent)

    def _open(self, xp: Any, s: Array) -> _Room:
        """v, κ(s, d_m), and r beside 1/r: the two exponentials.

        **Shapes**: s (…, H).
        """
        room = self.rooms.get(s.shape)
        if room is None:
            room = self.rooms[s.shape] = _Room(xp, s.shape, self.alpha.dtype)
        v, kappa, r = room.v, room.kappa, room.r
        xp.maximum(s, self.low, out=v)
        xp.minimum(v, self.high, out=v)
        v -= self.middle
        v *= 1.0 / self.spacing
        xp.multiply(v, 2.0 * self.beta, out=r[0])
        xp.exp(r[0], out=r[0])
        xp.divide(1.0, r[0], out=r[1])
        xp.multiply(v, v, out=kappa)
        kappa *= -self.beta
        xp.exp(kappa, out=kappa)
        return room

    def value(self, xp: Any, s: Array) -> Array:
        """Horner's rule on both sides at once: P = (… (a_n r + a_{n−1}) r + …) r + a_0.

        **Shapes**: s (…, H) → KAF(s) (…, H), to be used before the next call.
        """
        room = self._open(xp, s)
        a, r, P = room.coefficients(xp, self.a), room.r, room.P
        xp.multiply(r, a[-1], out=P)
        for a_k in a[-2:0:-1]:
            P += a_k
            P *= r
        P += a[0]
        P[1] *= r[1]  # the left side begins at j = −1
        P[0] += P[1]
        P[0] *= room.kappa
        return P[0]

    def value_and_slope(self, xp: Any, s: Array) -> tuple[Array, Array]:
        """Horner's rule, and beside it that of R = r dP/dr, whose coefficients are j a_j: R ← r (R + P) as P ← r P + a.

        **Shapes**: s (…, H) → KAF(s) and dKAF/ds (…, H), to be used before the next call.
        """
        room = self._open(xp, s)
        a, r, P, R = room.coefficients(xp, self.a), room.r, room.P, room.R
        xp.multiply(r, a[-1], out=R)
        xp.add(R, a[-2], out=P)
        for a_k in a[-3::-1]:
            R += P
            R *= r
            P *= r
            P += a_k
        room.left *= r[1]  # P and R of the left side, which begins at j = −1
        P[0] += P[1]
        R[1] += P[1]
        R[0] -= R[1]
        room.right *= room.kappa
        value, slope = room.right
        # common slip: the slope of the powers alone, without that of κ(s, d_m) in front, which is −2β v κ
        slope -= xp.multiply(room.v, value, out=room.v)
        slope *= 2.0 / self.spacing * self.beta
        return value, slope

    def parameter_gradients(
        self, xp: Any, blocks: Iterable[tuple[Array, Array]], of_gamma: bool
    ) -> dict[str, Array]:
        """dα_i = Σ e κ(s, d_i) over all rows; d ln γ = −β Σ_i α_i Σ e (v − j)² κ(s, d_i).

        **Shapes**: each s and e (…, H) → alpha (H, K), log_gamma (H,).
        """
        sums, squared = xp.zeros_like(self.a), xp.zeros_like(self.a)
        for s, e in blocks:
            self._add_sums(xp, self._open(xp, s), e, sums, squared if of_gamma else None)
        dalpha, dlog_gamma = xp.empty_like(self.alpha), xp.zeros_like(self.alpha[0])
        for i, ((_, k, side), q) in enumerate(zip(self.places, self.q, strict=True)):
            xp.multiply(sums[k, side], q, out=dalpha[i])
            # common slip: no β, that is no γ, in front: the gradient of γ and not of its logarithm
            dlog_gamma -= self.beta * self.a[k, side] * squared[k, side]
        return {"alpha": dalpha.T} | ({"log_gamma": dlog_gamma} if of_gamma else {})

    def _add_sums(self, xp: Any, room: _Room, e: Array, sums: Array, squared: Array | None) -> None:
        """Σ e κ(s, d_m) r^j over all rows: from one j to the next it is one product, and a sum; so with (v − j)².

        **Shapes**: e (…, H); sums, squared (n, 2, H), to be added to.
        """
        powers, r, x = room.P, room.r, room.R
        xp.multiply(room.kappa, e, out=powers[0])
        xp.multiply(powers[0], r[1], out=powers[1])
        rows = powers.reshape(2, -1, e.shape[-1])
        ones = xp.ones((1, rows.shape[1]), dtype=rows.dtype)
        for k in range(len(sums)):
            if k:
                powers *= r
            sums[k] += xp.matmul(ones, rows)[:, 0]  # a sum over the rows, at the speed of a product
            if squared is not None:
                xp.subtract(room.v, k, out=x[0])
                xp.add(room.v, k + 1, out=x[1])
                x *= x
                x *= powers
                squared[k] += xp.matmul(ones, x.reshape(rows.shape))[:, 0]


class _Room:
    """Arrays to write to, the same at every call: fetching new memory would take longer than filling it.

    **Shapes**: v, kappa (…, H); r, P, R (2, …, H), the right side and the left one; those of P and R (2, …, H).
    """

    def __init__(self, xp: Any, shape: tuple[int, ...], dtype: Any) -> None:
        room = xp.empty((8, *shape), dtype=dtype)
        self.v, self.kappa, self.r, self.P, self.R = room[0], room[1], room[2:4], room[4:6], room[6:]
        self.right, self.left = room[4::2], room[5::2]
        self.for_every_row: Array | None = None

    def coefficients(self, xp: Any, a: Array) -> Array:
        """The a_j in the shape of s, made once: a sum without broadcasting takes half the time.

        **Shapes**: a (n, 2, H) or (n, 2, G, 1, H) → (n, 2, …, H).
        """
        if self.for_every_row is None:
            shape = self.v.shape
            a = a.reshape(*a.shape[:2], *(1,) * (len(shape) + 2 - a.ndim), *a.shape[2:])
            self.for_every_row = xp.ascontiguousarray(xp.broadcast_to(a, (*a.shape[:2], *shape)))
        return self.for_every_row
