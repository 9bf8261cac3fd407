"""The LSTM with layer normalisation once more, one number at a time. Ba, Kiros & Hinton (2016)."""

from __future__ import annotations

import math

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]

BLOCKS = ("candidate", "input", "forget", "output")


def sigma(a: float) -> float:
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-a))


def layer_norm(a: Numbers, gain: Numbers) -> Numbers:
    """(a − μ) / √(σ² + ε) ⊙ gain."""
    mean = math.fsum(a) / len(a)
    variance = math.fsum((each - mean) ** 2 for each in a) / len(a)
    return [g * (each - mean) / math.sqrt(variance + 1e-5) for each, g in zip(a, gain, strict=True)]


def all_blocks(w: Weights, symbol: str) -> list:
    """The rows (or the numbers) of all four blocks, one below the other."""
    return [row for block in BLOCKS for row in w[f"{symbol}.{block}"]]


def times(matrix: list[Numbers], vector: Numbers) -> Numbers:
    """W x."""
    return [math.fsum(weight * value for weight, value in zip(row, vector, strict=True)) for row in matrix]


def layer_norm_lstm(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """a = LN(W x) + LN(U h) + b; c as in the LSTM; h = o ⊙ tanh(LN(c))."""
    h_prev, c_prev = states
    H = len(h_prev)
    from_x = layer_norm(times(all_blocks(w, "W"), x), all_blocks(w, "gain_x"))
    from_h = layer_norm(times(all_blocks(w, "U"), h_prev), all_blocks(w, "gain_h"))
    a = [p + q + b for p, q, b in zip(from_x, from_h, all_blocks(w, "b"), strict=True)]
    new, i, f, o = (a[k * H : (k + 1) * H] for k in range(4))
    c = [sigma(f[j]) * c_prev[j] + sigma(i[j]) * math.tanh(new[j]) for j in range(H)]
    shown = layer_norm(c, w["gain.cell"])
    h = [sigma(o[j]) * math.tanh(shown[j] + w["b.cell"][j]) for j in range(H)]
    return h, [h, c]
