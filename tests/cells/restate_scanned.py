"""minGRU and minLSTM once more, one number at a time. Weights are the papers', which write W x."""

from __future__ import annotations

import math

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def sigma(a: float) -> float:
    """σ(a), written for either sign so that nothing overflows."""
    return 1.0 / (1.0 + math.exp(-a)) if a >= 0.0 else math.exp(a) / (1.0 + math.exp(a))


def linear(w: Weights, block: str, j: int, x: Numbers) -> float:
    """(W x + b)_j of one block."""
    total = w[f"b.{block}"][j]
    for weight, value in zip(w[f"W.{block}"][j], x, strict=True):
        total += weight * value
    return total


def g(a: float) -> float:
    """a + ½ above 0, σ(a) below."""
    return a + 0.5 if a >= 0.0 else sigma(a)


def min_gru(w: Weights, x: Numbers, states: States, positive: bool = False) -> tuple[Numbers, States]:
    """z = σ(W_z x + b_z), h̃ = W_h x + b_h, h_t = (1 − z) h_{t−1} + z h̃. Feng et al. (2024), section 3."""
    (h_prev,) = states
    h = []
    for j, before in enumerate(h_prev):
        z = sigma(linear(w, "update", j, x))
        new = linear(w, "candidate", j, x)
        h.append((1.0 - z) * before + z * (g(new) if positive else new))
    return h, [h]


def min_gru_positive(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """The same with h̃ = g(W_h x + b_h). Feng et al. (2024), appendix B."""
    return min_gru(w, x, states, positive=True)


def min_lstm(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """f′ = f / (f + i), i′ = i / (f + i), h_t = f′ h_{t−1} + i′ h̃. Feng et al. (2024), section 3."""
    (h_prev,) = states
    h = []
    for j, before in enumerate(h_prev):
        f, i = sigma(linear(w, "forget", j, x)), sigma(linear(w, "input", j, x))
        h.append(f / (f + i) * before + i / (f + i) * linear(w, "candidate", j, x))
    return h, [h]
