"""The Clockwork RNN and the leaky RNN once more, one number at a time, as the papers have them: with W x and U h.

The four units of the registry's cells are in three groups: units 0 and 1, unit 2, unit 3.
"""

from __future__ import annotations

import math

GROUP = (0, 0, 1, 2)  # of each unit
FIRST = (0, 2, 3)  # unit of each group
PERIODS = (1, 2, 4)
TIME_CONSTANTS = (1.0, 1.5, 4.0)


def clockwork(w: dict[str, list], x: list[float], states: list) -> tuple[list[float], list]:
    """Unit j of group i works where t mod T_i = 0, and then reads the units of group i and of all slower ones."""
    h_prev, t = states
    h = []
    for j, group in enumerate(GROUP):
        if t % PERIODS[group]:
            h.append(h_prev[j])
            continue
        a = w["b"][j]
        for d in range(len(x)):
            a += w["W"][j][d] * x[d]
        row = w[f"U.group{group}"][j - FIRST[group]]
        for k in range(FIRST[group], len(h_prev)):
            a += row[k - FIRST[group]] * h_prev[k]
        h.append(math.tanh(a))
    return h, [h, t + 1]


def leaky(w: dict[str, list], x: list[float], states: list) -> tuple[list[float], list]:
    """h_t = (1 − 1/τ) h_{t−1} + tanh(W x_t + U h_{t−1} + b) / τ."""
    (h_prev,) = states
    h = []
    for j, group in enumerate(GROUP):
        tau = TIME_CONSTANTS[group]
        a = w["b"][j]
        for d in range(len(x)):
            a += w["W"][j][d] * x[d]
        for k in range(len(h_prev)):
            a += w["U"][j][k] * h_prev[k]
        h.append(h_prev[j] - h_prev[j] / tau + math.tanh(a) / tau)
    return h, [h]
