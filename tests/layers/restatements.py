"""The equations of the layers once more, one row and one number at a time, in plain Python.

Nothing here is shared with minigate. Weights are the papers', which write W x: ``w["G"][j][d]`` belongs to
unit j and input d, the transpose of what minigate stores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Numbers = list[float]
Weights = dict[str, list]


def sigma(a: float) -> float:
    """σ(a) = 1 / (1 + e^−a)."""
    return 1.0 / (1.0 + math.exp(-a))


def layer_norm(w: Weights, x: Numbers, epsilon: float = 1e-5) -> Numbers:
    """y_j = g_j (x_j − μ) / √(σ² + ε) + b_j. Ba, Kiros & Hinton (2016), eqs. 3 and 4."""
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return [g * (value - mean) / math.sqrt(variance + epsilon) + b for g, b, value in zip(w["g"], w["b"], x)]


def batch_norm(w: Weights, x: Numbers, mean: float = 0.0, variance: float = 1.0, epsilon: float = 1e-5) -> Numbers:
    """y = γ (x − E[x]) / √(Var[x] + ε) + β, with what is kept. Ioffe & Szegedy (2015), algorithm 2, line 11."""
    return [g * (value - mean) / math.sqrt(variance + epsilon) + b for g, b, value in zip(w["g"], w["b"], x)]


def highway(w: Weights, x: Numbers, activation: Callable[[float], float]) -> Numbers:
    """y = H(x) T(x) + x (1 − T(x)). Srivastava, Greff & Schmidhuber (2015), eq. 3."""
    y = []
    for j, value in enumerate(x):
        a, s = w["b.candidate"][j], w["b.transform"][j]
        for d, other in enumerate(x):
            a += w["W.candidate"][j][d] * other
            s += w["W.transform"][j][d] * other
        y.append(activation(a) * sigma(s) + value * (1.0 - sigma(s)))
    return y


def nac(w: Weights, x: Numbers) -> Numbers:
    """a = W x, W = tanh(Ŵ) σ(M̂). Trask et al. (2018), eq. 1."""
    return [
        sum(math.tanh(a) * sigma(b) * value for a, b, value in zip(row_a, row_b, x))
        for row_a, row_b in zip(w["W_hat"], w["M_hat"])
    ]


def nalu(w: Weights, x: Numbers, epsilon: float) -> Numbers:
    """y = g a + (1 − g) m, m = exp(W log(|x| + ε)) as the product of powers that it is. Trask et al. (2018), eq. 2."""
    y = []
    for j, a in enumerate(nac(w, x)):
        m = 1.0
        for d, value in enumerate(x):
            m *= (abs(value) + epsilon) ** (math.tanh(w["W_hat"][j][d]) * sigma(w["M_hat"][j][d]))
        g = sigma(sum(weight * value for weight, value in zip(w["G"][j], x)))
        y.append(g * a + (1.0 - g) * m)
    return y


def kaf(w: Weights, x: Numbers, kernel: Callable[[float, float, float], float]) -> Numbers:
    """y_k = Σ_i α_{k,i} κ(s_k, d_i), d from −4 to 4. Scardapane et al. (2019). ``w["alpha"][i][k]``."""
    K = len(w["alpha"])
    spacing = 8.0 / (K - 1)
    y = []
    for k, s in enumerate(x):
        gamma = math.exp(w["log_gamma"][k]) if "log_gamma" in w else 1.0 / (6.0 * spacing**2)
        y.append(sum(w["alpha"][i][k] * kernel(s, -4.0 + i * spacing, gamma) for i in range(K)))
    return y


def kaf_of_pairs(w: Weights, x: Numbers) -> Numbers:
    """y_k = Σ_{i,j} α κ((s_k, s_{k+H}), (d_i, d_j)), d from −3 to 3, γ = 1/(4 Δ²). ``w["alpha"][j][i][k]``."""
    K, H = len(w["alpha"]), len(x) // 2
    spacing = 6.0 / (K - 1)
    d = [-3.0 + i * spacing for i in range(K)]
    y = []
    for k in range(H):
        total = 0.0
        for i in range(K):
            for j in range(K):
                distance = (x[k] - d[i]) ** 2 + (x[k + H] - d[j]) ** 2
                total += w["alpha"][j][i][k] * math.exp(-distance / (4.0 * spacing**2))
        y.append(total)
    return y


def bump(s: float, d: float, gamma: float) -> float:
    """κ(s, d) = exp(−γ (s − d)²)."""
    return math.exp(-gamma * (s - d) ** 2)


#: name in the registry → one row, for every layer that maps rows and is no mere product.
RESTATEMENTS: dict[str, Callable[[Weights, Numbers], Numbers]] = {
    "LayerNorm": layer_norm,
    "BatchNorm": batch_norm,
    "Highway": lambda w, x: highway(w, x, lambda a: max(a, 0.0)),
    "Highway-tanh": lambda w, x: highway(w, x, math.tanh),
    "NAC": nac,
    "NALU": lambda w, x: nalu(w, x, 0.1),
    "KAF": lambda w, x: kaf(w, x, bump),
    "KAF-trained": lambda w, x: kaf(w, x, bump),
    "KAF-softplus": lambda w, x: kaf(w, x, lambda s, d, gamma: math.log(1.0 + math.exp(s - d))),
    "KAF2D": kaf_of_pairs,
}
