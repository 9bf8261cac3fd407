"""The GRU with a bias inside of the reset, one number at a time. Weights are the papers', which write W x."""

from __future__ import annotations

from math import exp, tanh

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def gru_recurrent_bias(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """h̃ = tanh(W x + b + r ⊙ (U h_{t−1} + b_r̃)), h_t = (1 − z) h_{t−1} + z h̃."""
    (h_prev,) = states

    def product(weight: str, j: int, vector: Numbers) -> float:
        return sum(w[weight][j][k] * value for k, value in enumerate(vector))

    h = []
    for j in range(len(h_prev)):
        a_z, a_r = (
            product(f"W.{gate}", j, x) + product(f"U.{gate}", j, h_prev) + w[f"b.{gate}"][j]
            for gate in ("update", "reset")
        )
        z, r = 1.0 / (1.0 + exp(-a_z)), 1.0 / (1.0 + exp(-a_r))
        recurrent = product("U.candidate", j, h_prev) + w["b.recurrent"][j]
        new = tanh(product("W.candidate", j, x) + w["b.candidate"][j] + r * recurrent)
        h.append((1.0 - z) * h_prev[j] + z * new)
    return h, [h]
