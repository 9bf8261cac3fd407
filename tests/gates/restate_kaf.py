"""The flexible gate once more, one number at a time, in plain Python: Scardapane et al. (2018), eqs. 7 and 8.

Nothing here is shared with minigate.
"""

from __future__ import annotations

import math

KERNELS = {
    "gaussian": lambda s, d, gamma: math.exp(-gamma * (s - d) ** 2),
    "relu": lambda s, d, gamma: s - d if s > d else 0.0,
    "softplus": lambda s, d, gamma: math.log(1.0 + math.exp(s - d)),
}


def dictionary(K: int, reach: float) -> list[float]:
    """K numbers from −reach to reach, evenly spaced."""
    return [reach * (2 * i - (K - 1)) / (K - 1) for i in range(K)]


def kaf(s: float, alpha: list[float], reach: float, gamma: float, kernel: str = "gaussian") -> float:
    """KAF(s) = Σ_i α_i κ(s, d_i), eq. 7."""
    total = 0.0
    for alpha_i, d_i in zip(alpha, dictionary(len(alpha), reach)):
        total += alpha_i * KERNELS[kernel](s, d_i, gamma)
    return total


def gate(s: float, alpha: list[float], reach: float, gamma: float, kernel: str = "gaussian") -> float:
    """σ(½ KAF(s) + ½ s), eq. 8."""
    z = 0.5 * kaf(s, alpha, reach, gamma, kernel) + 0.5 * s
    return 1.0 / (1.0 + math.exp(-z))
