"""The LSTM's variants, one number at a time: peepholes, and the input gate coupled to the forget gate.

Weights are the papers', which write W x and V c: ``w["V.forget"][j][k]`` leads from the cell k to the gate j.
"""

from __future__ import annotations

from math import exp, tanh

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def logistic(a: float) -> float:
    """1 / (1 + e^−a)."""
    return 1.0 / (1.0 + exp(-a))


def weighted(row: Numbers, vector: Numbers) -> float:
    """Σ row_k vector_k."""
    return sum(weight * value for weight, value in zip(row, vector, strict=True))


def drive(w: Weights, block: str, j: int, x: Numbers, h: Numbers) -> float:
    """(W x + U h + b)_j: what a gate without a peephole sees."""
    return weighted(w[f"W.{block}"][j], x) + weighted(w[f"U.{block}"][j], h) + w[f"b.{block}"][j]


def lstm_peephole(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """V diagonal: i and f see their own c_{t−1}, o its own c_t. Chung et al. (2014)."""
    h_prev, c_prev = states
    h, c = [], []
    for j in range(len(h_prev)):
        i = logistic(drive(w, "input", j, x, h_prev) + w["V.input"][j] * c_prev[j])
        f = logistic(drive(w, "forget", j, x, h_prev) + w["V.forget"][j] * c_prev[j])
        c.append(f * c_prev[j] + i * tanh(drive(w, "candidate", j, x, h_prev)))
        o = logistic(drive(w, "output", j, x, h_prev) + w["V.output"][j] * c[j])
        h.append(o * tanh(c[j]))
    return h, [h, c]


def lstm_peephole_full(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """V any matrix: i and f see every c_{t−1}, o every c_t."""
    h_prev, c_prev = states
    units = range(len(h_prev))
    c = []
    for j in units:
        i = logistic(drive(w, "input", j, x, h_prev) + weighted(w["V.input"][j], c_prev))
        f = logistic(drive(w, "forget", j, x, h_prev) + weighted(w["V.forget"][j], c_prev))
        c.append(f * c_prev[j] + i * tanh(drive(w, "candidate", j, x, h_prev)))
    o = [logistic(drive(w, "output", j, x, h_prev) + weighted(w["V.output"][j], c)) for j in units]
    h = [o[j] * tanh(c[j]) for j in units]
    return h, [h, c]


def lstm_coupled(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """What is not kept is taken in: c_t = f c_{t−1} + (1 − f) c̃. Greff et al. (2017), "CIFG"."""
    h_prev, c_prev = states
    h, c = [], []
    for j in range(len(h_prev)):
        f = logistic(drive(w, "forget", j, x, h_prev))
        c.append(f * c_prev[j] + (1.0 - f) * tanh(drive(w, "candidate", j, x, h_prev)))
        h.append(logistic(drive(w, "output", j, x, h_prev)) * tanh(c[j]))
    return h, [h, c]
